//! Periods of recurring fees that have begun and cannot be decided yet.

use hjm_ids::{
    ArticleNumber, ChargeId, CustomerNumber, LoanId, PrincipalId, RecipientId, TenantId,
};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// A period, and what its fee waits for.
#[derive(Debug)]
pub(crate) struct FeeUndecided {
    pub(crate) loan: LoanId,
    pub(crate) period: u32,
    pub(crate) charge: ChargeId,
    pub(crate) recipient: RecipientId,
    pub(crate) article: ArticleNumber,
    pub(crate) customer_number: CustomerNumber,
    pub(crate) owner: PrincipalId,
    pub(crate) dated_on: Date,
    /// The newest policy that it was looked at with, by its event.
    pub(crate) policies_through: i64,
    pub(crate) waits_for: String,
}

/// The event of the newest policy that has taken effect; 0 for none.
pub(crate) async fn policies_through(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<i64, Failure> {
    let through = sqlx::query_scalar!(
        r#"SELECT coalesce(max(feed_sequence), 0) AS "through!" FROM billing.policy_known
            WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(through)
}

/// Notes what a period waits for, anew if it is noted already.
pub(crate) async fn fee_undecided_note(
    connection: &mut PgConnection,
    tenant: &TenantId,
    undecided: &FeeUndecided,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.fee_undecided
            (tenant_id, loan_id, period, charge_id, recipient_id, article_number,
             customer_number, owner_principal, dated_on, policies_through, waits_for, noted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (tenant_id, loan_id, period) DO UPDATE
            SET customer_number = $7, owner_principal = $8, dated_on = $9,
                policies_through = $10, waits_for = $11, noted_at = $12",
        tenant.as_str(),
        undecided.loan.uuid(),
        i64::from(undecided.period),
        undecided.charge.uuid(),
        undecided.recipient.uuid(),
        undecided.article.as_str(),
        undecided.customer_number.as_str(),
        undecided.owner.as_str(),
        undecided.dated_on.to_sqlx() as _,
        undecided.policies_through,
        undecided.waits_for,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A fee was decided: it waits no more, on whichever loan it was noted.
pub(crate) async fn fee_undecided_end(
    connection: &mut PgConnection,
    tenant: &TenantId,
    charge: ChargeId,
) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM billing.fee_undecided WHERE tenant_id = $1 AND charge_id = $2",
        tenant.as_str(),
        charge.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A loan changed: which of its periods wait is found anew.
pub(crate) async fn fee_undecided_forget(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM billing.fee_undecided WHERE tenant_id = $1 AND loan_id = $2",
        tenant.as_str(),
        loan.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}
