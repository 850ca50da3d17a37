//! What others call articles, and since when.

use hjm_catalogue::Identifier;
use hjm_ids::{ArticleNumber, TenantId};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::ArticleRow;

/// Who is called by an identifier from a day until another.
#[derive(Debug, Clone)]
pub(crate) struct HolderRow {
    pub(crate) kind: String,
    pub(crate) issuer: String,
    pub(crate) key: String,
    pub(crate) article_number: ArticleNumber,
    pub(crate) valid_to: Option<Date>,
}

/// Adds what versions are called by.
pub(crate) async fn identifier_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[ArticleRow],
) -> Result<(), Failure> {
    let pairs: Vec<(&ArticleRow, &Identifier)> = rows
        .iter()
        .flat_map(|row| {
            row.identifiers
                .iter()
                .map(move |identifier| (row, identifier))
        })
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let texts = |part: fn(&ArticleRow, &Identifier) -> String| -> Vec<String> {
        pairs.iter().map(|(row, it)| part(row, it)).collect()
    };
    let versions = pairs.iter().map(|(row, _)| i32::try_from(row.version));
    let versions: Vec<i32> = versions
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Internal(error.into()))?;
    let starts = pairs.iter().map(|(row, _)| row.valid_from.to_sqlx());
    let ends = pairs
        .iter()
        .map(|(row, _)| row.valid_to.map(jiff_sqlx::ToSqlx::to_sqlx));
    sqlx::query!(
        "INSERT INTO catalogue.article_identifier
            (tenant_id, article_number, version, kind, issuer, key, valid_from, valid_to)
         SELECT $1, new.* FROM unnest($2::text[], $3::integer[], $4::text[], $5::text[],
                                      $6::text[], $7::date[], $8::date[]) new",
        tenant.as_str(),
        &texts(|row, _| row.article_number.to_string()),
        &versions,
        &texts(|_, it| it.kind().name().to_owned()),
        &texts(|_, it| it.issuer().to_owned()),
        &texts(|_, it| it.key()),
        &starts.collect::<Vec<jiff_sqlx::Date>>() as _,
        &ends.collect::<Vec<Option<jiff_sqlx::Date>>>() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who has, or had, any of these keys.
pub(crate) async fn identifier_holders(
    connection: &mut PgConnection,
    tenant: &TenantId,
    keys: &[String],
) -> Result<Vec<HolderRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT kind, issuer, key, article_number, valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_identifier
            WHERE tenant_id = $1 AND key = ANY ($2)"#,
        tenant.as_str(),
        keys
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let number = row.article_number.parse();
        Ok(HolderRow {
            kind: row.kind,
            issuer: row.issuer,
            key: row.key,
            article_number: number
                .map_err(|_| Failure::internal("a stored identifier cannot be read"))?,
            valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
        })
    });
    read.collect()
}

/// The articles that are called so on a day.
pub(crate) async fn identifier_articles(
    connection: &mut PgConnection,
    tenant: &TenantId,
    key: &str,
    on: Date,
) -> Result<Vec<String>, Failure> {
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT article_number FROM catalogue.article_identifier
          WHERE tenant_id = $1 AND key = $2
            AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)",
        tenant.as_str(),
        key,
        on.to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
