//! Marked device units.

use hjm_ids::{ArticleNumber, LoanId, TenantId, UnitNumber};
use hjm_service::Failure;
use sqlx::PgConnection;

use super::{stored, texts};

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
    super::stored_all(&added)
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
