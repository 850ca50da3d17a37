//! Posted own fees: charges, and credits that name the charge they credit.

use hjm_ids::{ChargeId, FeeId, Month, TenantId};
use hjm_money::Money;
use hjm_policy::Explanation;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{FeeDue, from_json, to_json};

/// Whoever posts an own fee holds its tenant's posting months until it has committed.
pub(crate) async fn posting_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('billing posting ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Whoever closes a month waits for those who post, and they for it.
pub(crate) async fn posting_lock_alone(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('billing posting ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The month an own fee is posted in: its day's, or the first after it that is not frozen. Under
/// [`posting_lock`] it stays open until the transaction ends.
pub(crate) async fn posting_month(
    connection: &mut PgConnection,
    tenant: &TenantId,
    dated_on: Date,
) -> Result<Month, Failure> {
    let frozen = sqlx::query_scalar!(
        r#"SELECT max(month) AS "month: jiff_sqlx::Date" FROM billing.run
            WHERE tenant_id = $1 AND state <> 'WAITING'"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    let own = Month::of(dated_on);
    Ok(frozen.map_or(own, |frozen| own.max(Month::of(frozen.to_jiff()).next())))
}

/// What free-card said of a fee.
#[derive(Debug, Clone)]
pub(crate) struct Ceiling {
    pub(crate) fee: FeeId,
    pub(crate) explanation: Explanation,
}

/// A row to post: the charge of a fee, or the credit of one.
#[derive(Debug)]
pub(crate) struct NewOwnFee<'a> {
    pub(crate) id: ChargeId,
    pub(crate) due: &'a FeeDue,
    pub(crate) dated_on: Date,
    pub(crate) posting_month: Month,
    pub(crate) amount: Money,
    pub(crate) credits: Option<ChargeId>,
    pub(crate) ceiling: Option<&'a Ceiling>,
}

/// Posts a row, and closes its fee if it was open; false when it is posted already.
pub(crate) async fn own_fee_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    new: &NewOwnFee<'_>,
    now: Timestamp,
) -> Result<bool, Failure> {
    let explanation = new
        .ceiling
        .map(|ceiling| to_json(&ceiling.explanation))
        .transpose()?;
    sqlx::query!(
        "DELETE FROM billing.fee_open WHERE tenant_id = $1 AND charge_id = $2",
        tenant.as_str(),
        new.id.uuid()
    )
    .execute(&mut *connection)
    .await?;
    let inserted = sqlx::query!(
        "INSERT INTO billing.own_fee_charge
            (tenant_id, charge_id, line_id, fee_kind, period, customer_number, owner_principal,
             dated_on, posting_month, amount_ore, credits_charge_id, free_card_fee_id, ceiling,
             posted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14)
         ON CONFLICT (tenant_id, charge_id) DO NOTHING",
        tenant.as_str(),
        new.id.uuid(),
        new.due.key.line.uuid(),
        new.due.key.kind_text(),
        i64::from(new.due.key.period),
        new.due.customer_number.as_str(),
        new.due.owner.as_str(),
        new.dated_on.to_sqlx() as _,
        new.posting_month.first().to_sqlx() as _,
        new.amount.ore(),
        new.credits.map(ChargeId::uuid),
        new.ceiling.map(|ceiling| ceiling.fee.uuid()),
        explanation,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A posted own fee as far as crediting and explaining it need.
#[derive(Debug)]
pub(crate) struct PostedFee {
    pub(crate) amount: Money,
    pub(crate) credited: bool,
    pub(crate) free_card_fee: Option<FeeId>,
    pub(crate) ceiling: Option<Explanation>,
}

/// A posted own fee, or its credit, by id.
pub(crate) async fn own_fee_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    charge: Uuid,
) -> Result<Option<PostedFee>, Failure> {
    let row = sqlx::query!(
        r#"SELECT c.amount_ore, c.free_card_fee_id, c.ceiling::text AS ceiling,
                  EXISTS (SELECT FROM billing.own_fee_charge k
                           WHERE k.tenant_id = c.tenant_id AND k.credits_charge_id = c.charge_id)
                  AS "credited!"
             FROM billing.own_fee_charge c WHERE c.tenant_id = $1 AND c.charge_id = $2"#,
        tenant.as_str(),
        charge
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(PostedFee {
        amount: Money::from_ore(row.amount_ore),
        credited: row.credited,
        free_card_fee: row.free_card_fee_id.map(FeeId::new),
        ceiling: row.ceiling.map(|text| from_json(&text)).transpose()?,
    }))
}

/// How many own fees are posted, and what is wrong with them.
pub(crate) async fn own_fee_faults(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT c.charge_id, d.line_id IS NULL AS "without_fee!",
                  c.credits_charge_id IS NOT NULL
                  AND (o.charge_id IS NULL OR o.amount_ore <> -c.amount_ore
                       OR o.credits_charge_id IS NOT NULL) AS "wrong_credit!",
                  c.credits_charge_id IS NULL AND c.amount_ore > coalesce(d.nominal_ore, 0)
                  AS "above_nominal!",
                  EXISTS (SELECT FROM billing.fee_open f
                           WHERE f.tenant_id = c.tenant_id AND f.charge_id = c.charge_id)
                  AS "still_open!"
             FROM billing.own_fee_charge c
             LEFT JOIN billing.fee_due d USING (tenant_id, line_id, fee_kind, period)
             LEFT JOIN billing.own_fee_charge o
                    ON o.tenant_id = c.tenant_id AND o.charge_id = c.credits_charge_id
            WHERE c.tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let checked = rows.len() as u64;
    let mut faults = Vec::new();
    for row in rows {
        if row.without_fee {
            faults.push(format!("own fee {} has no fee that was due", row.charge_id));
        }
        if row.wrong_credit {
            faults.push(format!(
                "credit {} is not its charge's opposite",
                row.charge_id
            ));
        }
        if row.still_open {
            faults.push(format!(
                "own fee {} is posted and still open",
                row.charge_id
            ));
        }
        if row.above_nominal {
            faults.push(format!(
                "own fee {} is above what was decided",
                row.charge_id
            ));
        }
    }
    Ok((checked, faults))
}

/// What stands charged under a high-cost protection of every fee that is or was due, by external
/// reference.
pub(crate) async fn charged_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(String, Option<Money>)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT d.line_id || '/' || d.fee_kind || '/' || d.period AS "reference!",
                  c.amount_ore AS "amount_ore?"
             FROM billing.fee_due d
             LEFT JOIN billing.own_fee_charge c
                    ON c.tenant_id = d.tenant_id AND c.line_id = d.line_id
                   AND c.fee_kind = d.fee_kind AND c.period = d.period
                   AND c.free_card_fee_id IS NOT NULL AND c.credits_charge_id IS NULL
                   AND NOT EXISTS (SELECT FROM billing.own_fee_charge credit
                                    WHERE credit.tenant_id = c.tenant_id
                                      AND credit.credits_charge_id = c.charge_id)
            WHERE d.tenant_id = $1
            ORDER BY 1"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.reference, row.amount_ore.map(Money::from_ore)))
        .collect())
}
