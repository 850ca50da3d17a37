//! Credits of own fees that were asked for.

use hjm_ids::{ChargeId, PrincipalId, RequestId, TenantId};
use hjm_service::{Failure, WriteKey};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::stored;

/// A credit that was asked for, with the key of the request that asked.
#[derive(Debug, Clone)]
pub(crate) struct Intention {
    pub(crate) charge: ChargeId,
    pub(crate) reason: String,
    pub(crate) client: String,
    pub(crate) request_id: RequestId,
    pub(crate) body_hash: Vec<u8>,
}

/// Keeps an intention; the charge, or the request, may have one already.
pub(crate) async fn intention_insert(
    connection: &mut PgConnection,
    key: &WriteKey,
    charge: ChargeId,
    owner: &PrincipalId,
    reason: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.credit_intention
            (tenant_id, charge_id, owner_principal, reason, client, request_id, body_hash,
             intended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        key.caller.tenant.as_str(),
        charge.uuid(),
        owner.as_str(),
        reason,
        key.caller.client,
        key.request_id.as_str(),
        key.hash,
        key.now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The intention of a request, or of a charge, whichever there is.
pub(crate) async fn intention_find(
    connection: &mut PgConnection,
    key: &WriteKey,
    charge: ChargeId,
) -> Result<Vec<Intention>, Failure> {
    let rows = sqlx::query!(
        "SELECT charge_id, reason, client, request_id, body_hash FROM billing.credit_intention
          WHERE tenant_id = $1 AND (charge_id = $2 OR (client = $3 AND request_id = $4))",
        key.caller.tenant.as_str(),
        charge.uuid(),
        key.caller.client,
        key.request_id.as_str()
    )
    .fetch_all(connection)
    .await?;
    let intentions = rows.into_iter().map(|row| {
        Ok(Intention {
            charge: ChargeId::new(row.charge_id),
            reason: row.reason,
            client: row.client,
            request_id: stored(&row.request_id)?,
            body_hash: row.body_hash,
        })
    });
    intentions.collect()
}

/// Intentions whose credit is not posted, oldest first.
pub(crate) async fn intention_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows_max: i64,
) -> Result<Vec<Intention>, Failure> {
    let rows = sqlx::query!(
        "SELECT i.charge_id, i.reason, i.client, i.request_id, i.body_hash
           FROM billing.credit_intention i
          WHERE i.tenant_id = $1
            AND NOT EXISTS (SELECT FROM billing.own_fee_charge c
                             WHERE c.tenant_id = $1 AND c.credits_charge_id = i.charge_id)
          ORDER BY i.intended_at, i.charge_id LIMIT $2",
        tenant.as_str(),
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let intentions = rows.into_iter().map(|row| {
        Ok(Intention {
            charge: ChargeId::new(row.charge_id),
            reason: row.reason,
            client: row.client,
            request_id: stored(&row.request_id)?,
            body_hash: row.body_hash,
        })
    });
    intentions.collect()
}
