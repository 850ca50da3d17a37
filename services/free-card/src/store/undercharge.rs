//! What was charged too little: listed, never collected.

use hjm_free_card::Undercharge;
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_service::{Database, Failure};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::claim::principal_of;

/// An undercharge with whose it is.
#[derive(Debug, Clone)]
pub(crate) struct UnderchargeRow {
    pub(crate) scheme_id: String,
    pub(crate) subject: RecipientId,
    pub(crate) undercharge: Undercharge,
}

pub(super) fn undercharge_of(
    fee: Uuid,
    principal_id: &str,
    on: jiff_sqlx::Date,
    ore: i64,
) -> Result<Undercharge, Failure> {
    Ok(Undercharge {
        fee: FeeId::new(fee),
        principal: principal_of(principal_id)?,
        on: on.to_jiff(),
        amount: Money::from_ore(ore),
    })
}

/// Keeps undercharges of accounts that are held.
pub(crate) async fn undercharge_upsert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[(AccountId, Undercharge)],
) -> Result<(), sqlx::Error> {
    let accounts: Vec<Uuid> = rows.iter().map(|(account, _)| account.uuid()).collect();
    let rows = || rows.iter().map(|(_, undercharge)| undercharge);
    let fees: Vec<Uuid> = rows().map(|one| one.fee.uuid()).collect();
    let principals: Vec<String> = rows().map(|one| one.principal.to_string()).collect();
    let days: Vec<jiff_sqlx::Date> = rows().map(|one| one.on.to_sqlx()).collect();
    let amounts: Vec<i64> = rows().map(|one| one.amount.ore()).collect();
    sqlx::query!(
        "INSERT INTO free_card.undercharge
            (tenant_id, fee_id, account_id, principal_id, event_on, amount_ore)
         SELECT $1, new.*
           FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::bigint[]) new
         ON CONFLICT (tenant_id, fee_id)
            DO UPDATE SET amount_ore = excluded.amount_ore, event_on = excluded.event_on",
        tenant.as_str(),
        &fees,
        &accounts,
        &principals,
        &days as _,
        &amounts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Undercharges after a fee's, in order of fee: of some persons, or of all; of one principal, or of
/// all. Nothing of persons who stay outside.
pub(crate) async fn undercharge_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    subjects: Option<&[Uuid]>,
    principal_id: Option<&str>,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<UnderchargeRow>, Failure> {
    Database::plan_each(connection).await?;
    let rows = sqlx::query!(
        r#"SELECT u.fee_id, a.scheme_id, a.subject_id, u.principal_id,
                  u.event_on AS "event_on: jiff_sqlx::Date", u.amount_ore
             FROM free_card.undercharge u JOIN free_card.account a USING (tenant_id, account_id)
            WHERE u.tenant_id = $1 AND u.fee_id > $2
              AND ($3::uuid[] IS NULL OR a.subject_id = ANY ($3))
              AND ($4::text IS NULL OR u.principal_id = $4)
              AND NOT coalesce(
                    (SELECT e.kind = 'OPTED_OUT' FROM free_card.subject_event e
                      WHERE e.tenant_id = $1 AND e.subject_id = a.subject_id
                        AND e.kind IN ('OPTED_OUT', 'OPTED_IN')
                      ORDER BY e.number DESC LIMIT 1), false)
              AND u.amount_ore > 0
            ORDER BY u.fee_id LIMIT $5"#,
        tenant.as_str(),
        after,
        subjects as _,
        principal_id,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let (principal, ore) = (&row.principal_id, row.amount_ore);
        Ok(UnderchargeRow {
            scheme_id: row.scheme_id,
            subject: RecipientId::new(row.subject_id),
            undercharge: undercharge_of(row.fee_id, principal, row.event_on, ore)?,
        })
    });
    rows.collect()
}
