//! Marked device units.

use hjm_ids::{ArticleNumber, LoanId, TenantId, UnitNumber};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::{stored, stored_all, texts};

/// A unit, and the loan it is out on.
#[derive(Debug, Clone)]
pub(crate) struct DeviceRow {
    pub(crate) unit: UnitNumber,
    pub(crate) article: ArticleNumber,
    pub(crate) loan: Option<LoanId>,
}

/// Adds units of an article; answers those that were added.
pub(crate) async fn device_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleNumber,
    units: &[UnitNumber],
) -> Result<Vec<UnitNumber>, Failure> {
    let added = sqlx::query_scalar!(
        "INSERT INTO prescription.device_unit (tenant_id, unit_number, article_number)
         SELECT $1, unit, $2 FROM unnest($3::text[]) unit ORDER BY unit
         ON CONFLICT (tenant_id, unit_number) DO NOTHING RETURNING unit_number",
        tenant.as_str(),
        article.as_str(),
        &texts(units)
    )
    .fetch_all(connection)
    .await?;
    stored_all(&added)
}

/// One unit with the open loan it is out on, whoever pays for that: in a widened scope.
pub(crate) async fn device_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    unit: &UnitNumber,
) -> Result<Option<DeviceRow>, Failure> {
    let row = sqlx::query!(
        r#"SELECT d.unit_number, d.article_number, l.loan_id AS "loan_id?"
             FROM prescription.device_unit d
             LEFT JOIN prescription.loan l
               ON l.tenant_id = d.tenant_id AND l.unit_number = d.unit_number
              AND l.returned_on IS NULL
            WHERE d.tenant_id = $1 AND d.unit_number = $2"#,
        tenant.as_str(),
        unit.as_str()
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(DeviceRow {
        unit: stored(&row.unit_number)?,
        article: stored(&row.article_number)?,
        loan: row.loan_id.map(LoanId::new),
    }))
}

/// Of articles those with a unit that is in store, and was on a day: in a widened scope.
pub(crate) async fn articles_in_store(
    connection: &mut PgConnection,
    tenant: &TenantId,
    articles: &[ArticleNumber],
    on: Date,
) -> Result<Vec<ArticleNumber>, Failure> {
    let found = sqlx::query_scalar!(
        r#"SELECT asked.article AS "article!"
             FROM unnest($2::text[]) asked (article)
            WHERE EXISTS (
                SELECT FROM prescription.device_unit d
                 WHERE d.tenant_id = $1 AND d.article_number = asked.article
                   AND NOT EXISTS (SELECT FROM prescription.loan l
                                    WHERE l.tenant_id = $1 AND l.unit_number = d.unit_number
                                      AND (l.returned_on IS NULL OR l.returned_on > $3)))"#,
        tenant.as_str(),
        &texts(articles),
        on.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    stored_all(&found)
}

/// How many units of an article were ever handed out, apart from one: in a widened scope. Who asks
/// for the same article waits until this transaction ends, so that no two take the last one.
pub(crate) async fn units_used(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleNumber,
    unit: Option<&UnitNumber>,
) -> Result<u32, Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('article ' || $1 || ' ' || $2, 0))",
        tenant.as_str(),
        article.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    let used = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT unit_number) FILTER (WHERE unit_number IS DISTINCT FROM $3)
                  + count(*) FILTER (WHERE unit_number IS NULL) AS "used!"
             FROM prescription.loan WHERE tenant_id = $1 AND article_number = $2"#,
        tenant.as_str(),
        article.as_str(),
        unit.map(UnitNumber::as_str)
    )
    .fetch_one(connection)
    .await?;
    u32::try_from(used).map_err(|_| Failure::internal("an article has too many units"))
}
