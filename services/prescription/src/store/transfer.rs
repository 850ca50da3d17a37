//! Offers of loans to another customer number, and their answers.

use hjm_ids::{CustomerNumber, LoanId, PrincipalId, TenantId, TransferId};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::{stored, stored_all, texts};

/// An offer.
#[derive(Debug, Clone)]
pub(crate) struct TransferRow {
    pub(crate) transfer: TransferId,
    pub(crate) to: CustomerNumber,
    pub(crate) effective_on: Date,
    pub(crate) loans: Vec<LoanId>,
    pub(crate) parties: Vec<PrincipalId>,
    pub(crate) answered: bool,
}

/// Adds an offer.
pub(crate) async fn transfer_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &TransferRow,
    by: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let loans: Vec<_> = row.loans.iter().map(|loan| loan.uuid()).collect();
    sqlx::query!(
        "INSERT INTO prescription.transfer
            (tenant_id, transfer_id, to_customer_number, effective_on, loan_ids, parties,
             offered_by, offered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.as_str(),
        row.transfer.uuid(),
        row.to.as_str(),
        row.effective_on.to_sqlx() as _,
        &loans,
        &texts(&row.parties),
        by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An offer, to be answered.
pub(crate) async fn transfer_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    transfer: TransferId,
) -> Result<TransferRow, Failure> {
    let row = sqlx::query!(
        r#"SELECT to_customer_number, effective_on, loan_ids, parties,
                  answered_at IS NOT NULL AS "answered!"
             FROM prescription.transfer
            WHERE tenant_id = $1 AND transfer_id = $2 FOR NO KEY UPDATE"#,
        tenant.as_str(),
        transfer.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("transfer"))?;
    Ok(TransferRow {
        transfer,
        to: stored(&row.to_customer_number)?,
        effective_on: row.effective_on.to_jiff(),
        loans: row.loan_ids.into_iter().map(LoanId::new).collect(),
        parties: stored_all(&row.parties)?,
        answered: row.answered,
    })
}

/// Notes when an offer was answered.
pub(crate) async fn transfer_answered(
    connection: &mut PgConnection,
    tenant: &TenantId,
    transfer: TransferId,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE prescription.transfer SET answered_at = $3
          WHERE tenant_id = $1 AND transfer_id = $2",
        tenant.as_str(),
        transfer.uuid(),
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds the answer on one loan.
pub(crate) async fn answer_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    transfer: &TransferRow,
    answer: (LoanId, bool),
    by: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.transfer_answer
            (tenant_id, transfer_id, loan_id, accepted, parties, answered_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_str(),
        transfer.transfer.uuid(),
        answer.0.uuid(),
        answer.1,
        &texts(&transfer.parties),
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}
