//! Queries that look for what must not be there. Read in the scope of the whole tenant.

use hjm_ids::{LoanId, TenantId};
use hjm_service::Failure;
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

/// How many, and which of them are wrong.
pub(crate) type Counted = (u64, Vec<String>);

/// A loan's row beside its newest stored version.
#[derive(Debug)]
pub(crate) struct CurrentLoan {
    pub(crate) loan: LoanId,
    pub(crate) version: i32,
    pub(crate) line: Uuid,
    pub(crate) recipient: Uuid,
    pub(crate) charge_form: String,
    pub(crate) article: String,
    pub(crate) unit: Option<String>,
    pub(crate) delivered_on: Date,
    pub(crate) returned_on: Option<Date>,
    pub(crate) died_on: Option<Date>,
    pub(crate) customer_numbers: Vec<String>,
    pub(crate) parties: Vec<String>,
    pub(crate) newest: Option<Vec<u8>>,
}

/// A told loan beside the version that was stored.
#[derive(Debug)]
pub(crate) struct ToldLoan {
    pub(crate) sequence: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) stored: Option<Vec<u8>>,
}

fn counted(count: i64) -> u64 {
    count.unsigned_abs()
}

/// Loans whose versions do not go 1, 2, 3 … up to the row's.
pub(crate) async fn version_gaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Counted, Failure> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM prescription.loan WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"SELECT l.loan_id, l.version, count(v.version) AS "versions!",
                  min(v.version) AS first, max(v.version) AS last
             FROM prescription.loan l
             LEFT JOIN prescription.loan_version v USING (tenant_id, loan_id)
            WHERE l.tenant_id = $1
            GROUP BY l.loan_id, l.version
           HAVING count(v.version) <> l.version OR min(v.version) <> 1
               OR max(v.version) <> l.version
            ORDER BY l.loan_id"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let breaches = rows.into_iter().map(|row| {
        format!(
            "loan {} is at version {} and has {} versions, {:?} to {:?}",
            row.loan_id, row.version, row.versions, row.first, row.last
        )
    });
    Ok((counted(count), breaches.collect()))
}

/// Units that are out on two loans on one day.
pub(crate) async fn units_held_twice(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Counted, Failure> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT unit_number) AS "count!" FROM prescription.loan
            WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"SELECT one.unit_number AS "unit!", one.loan_id AS one, other.loan_id AS other
             FROM prescription.loan one
             JOIN prescription.loan other
               ON other.tenant_id = one.tenant_id AND other.unit_number = one.unit_number
              AND other.loan_id > one.loan_id
            WHERE one.tenant_id = $1
              AND (one.returned_on IS NULL AND other.returned_on IS NULL
                   OR daterange(one.delivered_on, one.returned_on)
                      && daterange(other.delivered_on, other.returned_on))
            ORDER BY one.unit_number, one.loan_id"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let breaches = rows.into_iter().map(|row| {
        format!(
            "unit {} is out on loans {} and {}",
            row.unit, row.one, row.other
        )
    });
    Ok((counted(count), breaches.collect()))
}

/// Facts of a person that overlap.
pub(crate) async fn facts_overlaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Counted, Failure> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM prescription.recipient_facts WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        "SELECT one.recipient_id, one.valid_from AS one, other.valid_from AS other
           FROM prescription.recipient_facts one
           JOIN prescription.recipient_facts other
             ON other.tenant_id = one.tenant_id AND other.recipient_id = one.recipient_id
            AND other.valid_from > one.valid_from
          WHERE one.tenant_id = $1
            AND daterange(one.valid_from, one.valid_to)
                && daterange(other.valid_from, other.valid_to)
          ORDER BY one.recipient_id, one.valid_from",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let breaches = rows.into_iter().map(|row| {
        let (one, other) = (row.one.to_jiff(), row.other.to_jiff());
        format!(
            "recipient {}: facts from {one} and from {other} overlap",
            row.recipient_id
        )
    });
    Ok((counted(count), breaches.collect()))
}

/// Loans after one with their newest versions, a page.
pub(crate) async fn current_loans(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: LoanId,
    rows_max: i64,
) -> Result<Vec<CurrentLoan>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT l.loan_id, l.version, l.line_id, l.recipient_id, l.charge_form, l.unit_number,
                  l.article_number, l.delivered_on, l.returned_on AS "returned_on: jiff_sqlx::Date",
                  l.died_on AS "died_on: jiff_sqlx::Date", l.customer_numbers, l.parties,
                  (SELECT v.timeline FROM prescription.loan_version v
                    WHERE v.tenant_id = l.tenant_id AND v.loan_id = l.loan_id
                    ORDER BY v.version DESC LIMIT 1) AS newest
             FROM prescription.loan l
            WHERE l.tenant_id = $1 AND l.loan_id > $2 ORDER BY l.loan_id LIMIT $3"#,
        tenant.as_str(),
        after.uuid(),
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let row = rows.into_iter().map(|row| CurrentLoan {
        loan: LoanId::new(row.loan_id),
        version: row.version,
        line: row.line_id,
        recipient: row.recipient_id,
        charge_form: row.charge_form,
        article: row.article_number,
        unit: row.unit_number,
        delivered_on: row.delivered_on.to_jiff(),
        returned_on: row.returned_on.map(jiff_sqlx::Date::to_jiff),
        died_on: row.died_on.map(jiff_sqlx::Date::to_jiff),
        customer_numbers: row.customer_numbers,
        parties: row.parties,
        newest: row.newest,
    });
    Ok(row.collect())
}

/// Told loans after a sequence with what was stored of them, a page.
pub(crate) async fn told_loans(
    connection: &mut PgConnection,
    tenant: &TenantId,
    kind: &str,
    after: i64,
    rows_max: i64,
) -> Result<Vec<ToldLoan>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT e.sequence, e.payload, v.timeline AS "stored?"
             FROM (SELECT sequence, payload, aggregate_id::uuid AS loan_id, aggregate_version
                     FROM prescription.feed_event
                    WHERE tenant_id = $1 AND kind = $2 AND sequence > $3
                    ORDER BY sequence LIMIT $4) e
             LEFT JOIN prescription.loan_version v
               ON v.tenant_id = $1 AND v.loan_id = e.loan_id AND v.version = e.aggregate_version
            ORDER BY e.sequence"#,
        tenant.as_str(),
        kind,
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let row = rows.into_iter().map(|row| ToldLoan {
        sequence: row.sequence,
        payload: row.payload,
        stored: row.stored,
    });
    Ok(row.collect())
}

/// Stored versions that no event tells.
pub(crate) async fn untold_versions(
    connection: &mut PgConnection,
    tenant: &TenantId,
    kind: &str,
) -> Result<Vec<String>, Failure> {
    let rows = sqlx::query!(
        "SELECT v.loan_id, v.version FROM prescription.loan_version v
          WHERE v.tenant_id = $1
            AND NOT EXISTS (SELECT FROM prescription.feed_event e
                             WHERE e.tenant_id = v.tenant_id AND e.kind = $2
                               AND e.aggregate_id = v.loan_id::text
                               AND e.aggregate_version = v.version)
          ORDER BY v.loan_id, v.version",
        tenant.as_str(),
        kind
    )
    .fetch_all(connection)
    .await?;
    let untold = |(loan, version)| format!("version {version} of loan {loan} is not told");
    Ok(rows
        .into_iter()
        .map(|row| untold((row.loan_id, row.version)))
        .collect())
}
