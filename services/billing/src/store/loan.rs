//! Customer numbers and loan versions.

use hjm_billing::Segment;
use hjm_ids::{CustomerNumber, LoanId, Month, PrincipalId, TenantId};
use hjm_proto::{common::v1::ChargeForm, prescription::v1 as prescription};
use hjm_service::Failure;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::stored;
use crate::convert::{Loan, from_pb_loan};

/// Keeps who owns a customer number; telling it again changes nothing.
///
/// # Errors
/// [`Failure::Internal`] when another principal owns it: posted lines would change hands.
pub(crate) async fn customer_unit_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &CustomerNumber,
    owner: &PrincipalId,
    sequence: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.customer_unit
            (tenant_id, customer_number, owner_principal, feed_sequence)
         VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, customer_number) DO NOTHING",
        tenant.as_str(),
        number.as_str(),
        owner.as_str(),
        sequence
    )
    .execute(&mut *connection)
    .await?;
    let unowned = unowned_count(connection, tenant, &[number.as_str()], &[owner.as_str()]).await?;
    if unowned == 0 {
        Ok(())
    } else {
        Err(Failure::internal(format!(
            "customer number {number} belongs to another principal"
        )))
    }
}

/// Refuses a timeline whose customer numbers are not known as its payers'.
pub(crate) async fn customer_number_check(
    connection: &mut PgConnection,
    tenant: &TenantId,
    segments: &[Segment],
) -> Result<(), Failure> {
    let numbers: Vec<&str> = segments
        .iter()
        .map(|segment| segment.customer_number.as_str())
        .collect();
    let owners: Vec<&str> = segments
        .iter()
        .map(|segment| segment.principal.as_str())
        .collect();
    if unowned_count(connection, tenant, &numbers, &owners).await? == 0 {
        Ok(())
    } else {
        Err(Failure::internal(
            "a loan is on a customer number that is not its payer's",
        ))
    }
}

async fn unowned_count(
    connection: &mut PgConnection,
    tenant: &TenantId,
    numbers: &[&str],
    owners: &[&str],
) -> Result<i64, Failure> {
    let unowned = sqlx::query_scalar!(
        r#"SELECT count(*) AS "unowned!" FROM unnest($2::text[], $3::text[]) told (number, owner)
            WHERE NOT EXISTS (SELECT FROM billing.customer_unit u
                               WHERE u.tenant_id = $1 AND u.customer_number = told.number
                                 AND u.owner_principal = told.owner)"#,
        tenant.as_str(),
        numbers as _,
        owners as _
    )
    .fetch_one(connection)
    .await?;
    Ok(unowned)
}

/// Every principal with a customer number told up to an event, in order.
pub(crate) async fn owner_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    through: i64,
) -> Result<Vec<PrincipalId>, Failure> {
    let owners = sqlx::query_scalar!(
        "SELECT DISTINCT owner_principal FROM billing.customer_unit
          WHERE tenant_id = $1 AND feed_sequence <= $2 ORDER BY owner_principal",
        tenant.as_str(),
        through
    )
    .fetch_all(connection)
    .await?;
    owners.iter().map(|owner| stored(owner)).collect()
}

/// Keeps a version of a loan.
///
/// # Errors
/// [`Failure::Internal`] when it does not follow the newest version: an event was lost or is told
/// twice.
pub(crate) async fn loan_version_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: &Loan,
    timeline: &prescription::LoanTimeline,
    sequence: i64,
) -> Result<(), Failure> {
    let id = loan.holding.loan;
    let newest = sqlx::query_scalar!(
        r#"SELECT coalesce(max(version), 0) AS "newest!" FROM billing.loan_version
            WHERE tenant_id = $1 AND loan_id = $2"#,
        tenant.as_str(),
        id.uuid()
    )
    .fetch_one(&mut *connection)
    .await?;
    if i64::from(loan.version) != newest + 1 {
        let text = format!(
            "version {} of loan {id} follows version {newest}",
            loan.version
        );
        return Err(Failure::internal(text));
    }
    sqlx::query!(
        "INSERT INTO billing.loan_version (tenant_id, loan_id, version, feed_sequence, principals,
                                           charge_form, delivered_on, returned_on, timeline)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.as_str(),
        id.uuid(),
        i64::from(loan.version),
        sequence,
        &loan.principals(),
        form_text(loan.form),
        loan.holding.delivered_on.to_sqlx() as _,
        loan.holding.returned_on.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        timeline.encode_to_vec(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn form_text(form: ChargeForm) -> &'static str {
    form.as_str_name().trim_start_matches("CHARGE_FORM_")
}

/// A loan as it was told by an event.
#[derive(Debug)]
pub(crate) struct KnownLoan {
    pub(crate) loan: Loan,
    pub(crate) sequence: i64,
}

fn known(timeline: &[u8], sequence: i64) -> Result<KnownLoan, Failure> {
    let timeline = prescription::LoanTimeline::decode(timeline)
        .map_err(|error| Failure::Internal(error.into()))?;
    let loan = from_pb_loan(&timeline)
        .map_err(|_| Failure::internal("a stored loan version cannot be read"))?;
    Ok(KnownLoan { loan, sequence })
}

/// The newest version of a loan.
pub(crate) async fn loan_newest(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
) -> Result<KnownLoan, Failure> {
    let row = sqlx::query!(
        "SELECT timeline, feed_sequence FROM billing.loan_version
          WHERE tenant_id = $1 AND loan_id = $2 ORDER BY version DESC LIMIT 1",
        tenant.as_str(),
        loan.uuid()
    )
    .fetch_one(connection)
    .await?;
    known(&row.timeline, row.feed_sequence)
}

/// One version of a loan.
pub(crate) async fn loan_version_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
    version: u32,
) -> Result<KnownLoan, Failure> {
    let row = sqlx::query!(
        "SELECT timeline, feed_sequence FROM billing.loan_version
          WHERE tenant_id = $1 AND loan_id = $2 AND version = $3",
        tenant.as_str(),
        loan.uuid(),
        i64::from(version)
    )
    .fetch_one(connection)
    .await?;
    known(&row.timeline, row.feed_sequence)
}

/// Whose loans a month needs, and as they were told when.
#[derive(Debug)]
pub(crate) struct OwnerLoans<'a> {
    /// The owner of the customer numbers.
    pub(crate) owner: &'a PrincipalId,
    /// The month.
    pub(crate) month: Month,
    /// The event that the owner's run before went up to.
    pub(crate) previous: i64,
    /// The event that this run goes up to.
    pub(crate) through: i64,
}

/// Loans that an owner pays for in a month, and those that changed since its run before and ever
/// were its: each as its newest version told up to an event, by id after one.
pub(crate) async fn loan_of_owner_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    asked: &OwnerLoans<'_>,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<KnownLoan>, Failure> {
    let rows = sqlx::query!(
        "SELECT n.timeline, n.feed_sequence
           FROM (SELECT DISTINCT ON (loan_id) loan_id, version, feed_sequence, principals,
                        charge_form, delivered_on, returned_on, timeline
                   FROM billing.loan_version
                  WHERE tenant_id = $1 AND loan_id > $2 AND feed_sequence <= $5
                  ORDER BY loan_id, version DESC) n
          WHERE ($3 = ANY (n.principals) AND n.delivered_on <= $7
                 AND (n.returned_on IS NULL OR n.returned_on >= $6)
                 AND (n.charge_form = 'RENTAL' OR n.delivered_on >= $6))
             OR (n.feed_sequence > $4
                 AND EXISTS (SELECT FROM billing.loan_version v
                              WHERE v.tenant_id = $1 AND v.loan_id = n.loan_id
                                AND v.feed_sequence <= $5 AND $3 = ANY (v.principals)))
          ORDER BY n.loan_id LIMIT $8",
        tenant.as_str(),
        after,
        asked.owner.as_str(),
        asked.previous,
        asked.through,
        asked.month.first().to_sqlx() as _,
        asked.month.last().to_sqlx() as _,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| known(&row.timeline, row.feed_sequence))
        .collect()
}

/// Every loan as its newest version told up to an event, by id after one.
pub(crate) async fn loan_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    through: i64,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<KnownLoan>, Failure> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (loan_id) timeline, feed_sequence FROM billing.loan_version
          WHERE tenant_id = $1 AND loan_id > $2 AND feed_sequence <= $3
          ORDER BY loan_id, version DESC LIMIT $4",
        tenant.as_str(),
        after,
        through,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| known(&row.timeline, row.feed_sequence))
        .collect()
}

/// How many versions there are, and loans whose versions have a gap.
pub(crate) async fn loan_version_gaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT loan_id, count(*) AS "versions!", max(version) AS "newest!"
             FROM billing.loan_version WHERE tenant_id = $1 GROUP BY loan_id"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let checked = rows.iter().map(|row| row.versions.unsigned_abs()).sum();
    let gaps = rows.into_iter().filter(|row| row.versions != row.newest);
    Ok((
        checked,
        gaps.map(|row| format!("the versions of loan {} have a gap", row.loan_id))
            .collect(),
    ))
}
