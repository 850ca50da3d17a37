//! Loans: the row says what holds now, its versions are whole timelines.

use hjm_ids::{
    ArticleNumber, CustomerNumber, LoanId, PrincipalId, RecipientId, TenantId, UnitNumber,
};
use hjm_prescription::Timeline;
use hjm_proto::prescription::v1::LoanTimeline;
use hjm_service::{Database, Failure};
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{broken, stored_all, texts};
use crate::{convert::from_pb_timeline, error::Error};

/// A loan as it now is.
#[derive(Debug, Clone)]
pub(crate) struct LoanRow {
    pub(crate) loan: LoanId,
    /// The newest version as it is told.
    pub(crate) told: LoanTimeline,
    /// The same as the domain reads it.
    pub(crate) timeline: Timeline,
    /// Who may see it: they never grow fewer.
    pub(crate) parties: Vec<PrincipalId>,
    /// Every customer number it was ever on.
    pub(crate) customer_numbers: Vec<CustomerNumber>,
}

/// The loans to list.
#[derive(Debug, Clone)]
pub(crate) struct LoanFilter {
    pub(crate) recipient: Option<RecipientId>,
    pub(crate) customer_number: Option<CustomerNumber>,
    pub(crate) as_of: Option<Date>,
}

/// What a statement on a loan broke; `field` is the request's date.
fn refusal(error: sqlx::Error, field: &'static str) -> Error {
    match broken(&error) {
        Some("loan_of_line") => Error::AlreadyDelivered,
        Some("loan_unit_out") => Error::UnitOut,
        Some("loan_unit_held") => Error::UnitHeld { field },
        Some(_) | None => error.into(),
    }
}

/// A version as it is stored.
fn number(version: u32) -> Result<i32, Failure> {
    i32::try_from(version).map_err(|_| Failure::internal("a loan has too many versions"))
}

/// Opens a loan: refused when its line has one, or its unit was out on any of the days.
pub(crate) async fn loan_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &LoanRow,
    charge_form: &str,
    ids: (Uuid, RecipientId, &ArticleNumber, Option<&UnitNumber>),
) -> Result<(), Error> {
    let (line, recipient, article, unit) = ids;
    sqlx::query!(
        "INSERT INTO prescription.loan
            (tenant_id, loan_id, version, line_id, recipient_id, charge_form, unit_number,
             delivered_on, returned_on, died_on, customer_numbers, parties, article_number)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.as_str(),
        row.loan.uuid(),
        number(row.timeline.version())?,
        line,
        recipient.uuid(),
        charge_form,
        unit.map(UnitNumber::as_str),
        row.timeline.delivered_on().to_sqlx() as _,
        row.timeline.returned_on().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        row.timeline.died_on().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        &texts(&row.customer_numbers),
        &texts(&row.parties),
        article.as_str()
    )
    .execute(connection)
    .await
    .map_err(|error| refusal(error, "delivered_on"))?;
    Ok(())
}

/// Moves a loan to its next version; refused when its unit was out on any of the days.
pub(crate) async fn loan_update(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &LoanRow,
) -> Result<(), Error> {
    let version = number(row.timeline.version())?;
    let updated = sqlx::query!(
        "UPDATE prescription.loan
            SET version = $3, delivered_on = $4, returned_on = $5, died_on = $6,
                customer_numbers = $7, parties = $8
          WHERE tenant_id = $1 AND loan_id = $2 AND version = $3 - 1",
        tenant.as_str(),
        row.loan.uuid(),
        version,
        row.timeline.delivered_on().to_sqlx() as _,
        row.timeline.returned_on().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        row.timeline.died_on().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        &texts(&row.customer_numbers),
        &texts(&row.parties)
    )
    .execute(connection)
    .await
    .map_err(|error| refusal(error, "date"))?;
    if updated.rows_affected() == 1 {
        return Ok(());
    }
    Err(Failure::internal(format!(
        "loan {} was not at version {}",
        row.loan,
        version - 1
    ))
    .into())
}

/// Adds a version.
pub(crate) async fn loan_version_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &LoanRow,
    by: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO prescription.loan_version
            (tenant_id, loan_id, version, timeline, parties, recorded_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.as_str(),
        row.loan.uuid(),
        number(row.timeline.version())?,
        row.told.encode_to_vec(),
        &texts(&row.parties),
        by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks a loan, if the scope sees it. What it holds is read by [`loan_find`] afterwards: the
/// version that a lock waited for is newer than the statement that waited.
pub(crate) async fn loan_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
) -> Result<(), Failure> {
    let found = sqlx::query_scalar!(
        "SELECT version FROM prescription.loan
          WHERE tenant_id = $1 AND loan_id = $2 FOR NO KEY UPDATE",
        tenant.as_str(),
        loan.uuid()
    )
    .fetch_optional(connection)
    .await?;
    found.map(drop).ok_or(Failure::NotFound("loan"))
}

/// One loan with its newest version.
pub(crate) async fn loan_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
) -> Result<LoanRow, Failure> {
    let row = sqlx::query_as!(
        StoredLoan,
        "SELECT loan_id, timeline, l.parties, customer_numbers
           FROM prescription.loan l
           JOIN prescription.loan_version v USING (tenant_id, loan_id, version)
          WHERE l.tenant_id = $1 AND loan_id = $2",
        tenant.as_str(),
        loan.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.ok_or(Failure::NotFound("loan"))?.try_into()
}

/// Loans after one, oldest first.
pub(crate) async fn loan_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &LoanFilter,
    after: LoanId,
    rows_max: i64,
) -> Result<Vec<LoanRow>, Failure> {
    Database::plan_each(connection).await?;
    sqlx::query_as!(
        StoredLoan,
        "SELECT loan_id, timeline, l.parties, customer_numbers
           FROM prescription.loan l
           JOIN prescription.loan_version v USING (tenant_id, loan_id, version)
          WHERE l.tenant_id = $1 AND loan_id > $2
            AND ($3::uuid IS NULL OR recipient_id = $3)
            AND ($4::text IS NULL OR $4 = ANY (customer_numbers))
            AND ($5::date IS NULL
                 OR charge_form <> 'SALE' AND delivered_on <= $5
                    AND (returned_on IS NULL OR returned_on >= $5))
          ORDER BY loan_id LIMIT $6",
        tenant.as_str(),
        after.uuid(),
        filter.recipient.map(RecipientId::uuid),
        filter.customer_number.as_ref().map(CustomerNumber::as_str),
        filter.as_of.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// A person's loans of what comes back that are out, or came back after a day, by id.
pub(crate) async fn loan_ids_since(
    connection: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    day: Date,
) -> Result<Vec<LoanId>, Failure> {
    let found = sqlx::query_scalar!(
        "SELECT loan_id FROM prescription.loan
          WHERE tenant_id = $1 AND recipient_id = $2 AND charge_form <> 'SALE'
            AND (returned_on IS NULL OR returned_on > $3)
          ORDER BY loan_id",
        tenant.as_str(),
        recipient.uuid(),
        day.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(LoanId::new).collect())
}

struct StoredLoan {
    loan_id: Uuid,
    timeline: Vec<u8>,
    parties: Vec<String>,
    customer_numbers: Vec<String>,
}

impl TryFrom<StoredLoan> for LoanRow {
    type Error = Failure;

    fn try_from(row: StoredLoan) -> Result<Self, Failure> {
        let told = LoanTimeline::decode(row.timeline.as_slice())
            .map_err(|error| Failure::Internal(error.into()))?;
        Ok(Self {
            loan: LoanId::new(row.loan_id),
            timeline: from_pb_timeline(&told)?,
            told,
            parties: stored_all(&row.parties)?,
            customer_numbers: stored_all(&row.customer_numbers)?,
        })
    }
}
