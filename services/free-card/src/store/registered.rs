//! Fees under their charging systems' keys, and fees that look alike.

use std::collections::{HashMap, HashSet};

use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// A fee as it was registered under the charging system's key.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredRow {
    pub(crate) account: AccountId,
    /// Of a fee that is not stored yet; else it is looked for where it matters.
    pub(crate) scheme_id: Option<String>,
    pub(crate) fee: FeeId,
    pub(crate) on: Date,
    pub(crate) nominal: Money,
    pub(crate) principal_id: String,
    pub(crate) answer: Vec<u8>,
    pub(crate) cancelled: bool,
}

/// The fees there are under charging systems' keys.
pub(crate) async fn registered_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    references: &[String],
) -> Result<HashMap<String, RegisteredRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT e.external_reference AS "external_reference!", account_id,
                  event_on AS "event_on!: jiff_sqlx::Date",
                  nominal_ore AS "nominal_ore!", principal_id AS "principal_id!",
                  answer AS "answer!", fee_id AS "fee_id!",
                  EXISTS (SELECT FROM free_card.account_event c
                           WHERE c.tenant_id = e.tenant_id AND c.fee_id = e.fee_id
                             AND c.kind = 'CANCEL') AS "cancelled!"
             FROM unnest($2::text[]) asked (reference),
                  LATERAL (SELECT * FROM free_card.account_event
                            WHERE tenant_id = $1 AND external_reference = asked.reference
                           OFFSET 0) e"#,
        tenant.as_str(),
        references
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let registered = RegisteredRow {
            account: AccountId::new(row.account_id),
            scheme_id: None,
            fee: FeeId::new(row.fee_id),
            on: row.event_on.to_jiff(),
            nominal: Money::from_ore(row.nominal_ore),
            principal_id: row.principal_id,
            answer: row.answer,
            cancelled: row.cancelled,
        };
        (row.external_reference, registered)
    });
    Ok(rows.collect())
}

/// A fee of an account, on its day, as another may look like it (D-32).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AlikeKey {
    pub(crate) account: AccountId,
    pub(crate) on: Date,
    pub(crate) nominal: Money,
    pub(crate) principal_id: String,
}

/// Which of the fees have one like them that was not cancelled.
pub(crate) async fn alike_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    asked: &[AlikeKey],
) -> Result<HashSet<AlikeKey>, Failure> {
    let accounts: Vec<Uuid> = asked.iter().map(|key| key.account.uuid()).collect();
    let days: Vec<jiff_sqlx::Date> = asked.iter().map(|key| key.on.to_sqlx()).collect();
    let nominals: Vec<i64> = asked.iter().map(|key| key.nominal.ore()).collect();
    let principals: Vec<String> = asked.iter().map(|key| key.principal_id.clone()).collect();
    let places = sqlx::query_scalar!(
        r#"SELECT asked.place AS "place!"
             FROM unnest($2::uuid[], $3::date[], $4::bigint[], $5::text[]) WITH ORDINALITY
                  asked (account_id, event_on, nominal_ore, principal_id, place),
                  LATERAL (SELECT FROM free_card.account_event e
                            WHERE e.tenant_id = $1 AND e.account_id = asked.account_id
                              AND e.kind = 'FEE' AND e.event_on = asked.event_on
                              AND e.nominal_ore = asked.nominal_ore
                              AND e.principal_id = asked.principal_id
                              AND NOT EXISTS (SELECT FROM free_card.account_event c
                                               WHERE c.tenant_id = $1 AND c.fee_id = e.fee_id
                                                 AND c.kind = 'CANCEL' OFFSET 0)
                            LIMIT 1) alike"#,
        tenant.as_str(),
        &accounts,
        &days as _,
        &nominals,
        &principals
    )
    .fetch_all(connection)
    .await?;
    let found = places.into_iter().filter_map(|place| {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        asked.get(place).cloned()
    });
    Ok(found.collect())
}
