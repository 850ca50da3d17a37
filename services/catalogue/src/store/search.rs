//! Search. Every question has the index that fits it: few articles with the words are found by them
//! and sorted; many are met soon enough on a walk in the order of the answer.

use hjm_catalogue::ArticleState;
use hjm_ids::{IsoCode, TenantId};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::article::{ArticleRow, StoredArticle};

/// More than any character of a code or a number.
const AFTER_ALL: &str = "~";

/// What is looked for, and after which ISO code and number.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) words: String,
    pub(crate) iso: Option<IsoCode>,
    pub(crate) number: String,
    pub(crate) states: Vec<ArticleState>,
    pub(crate) on: Date,
    pub(crate) after: (String, String),
    pub(crate) rows_max: i64,
}

impl Search {
    /// From the first code to the first one beyond.
    fn iso_range(&self) -> (String, String) {
        let prefix = self.iso.as_ref().map_or("", IsoCode::as_str);
        (prefix.to_owned(), format!("{prefix}{AFTER_ALL}"))
    }

    fn state_names(&self) -> Vec<String> {
        let names = self.states.iter().map(|state| state.name().to_owned());
        names.collect()
    }
}

/// Whether at most so many versions have the words.
pub(crate) async fn search_is_rare(
    connection: &mut PgConnection,
    tenant: &TenantId,
    words: &str,
    most: i64,
) -> Result<bool, Failure> {
    let found = sqlx::query_scalar!(
        r#"SELECT count(*) AS "found!"
             FROM (SELECT FROM catalogue.article_version
                    WHERE tenant_id = $1
                      AND search @@ websearch_to_tsquery('pg_catalog.swedish', $2)
                    LIMIT $3) found"#,
        tenant.as_str(),
        words,
        most + 1
    )
    .fetch_one(connection)
    .await?;
    Ok(found <= most)
}

/// Articles with words that few have.
pub(crate) async fn search_words(
    connection: &mut PgConnection,
    tenant: &TenantId,
    search: &Search,
) -> Result<Vec<ArticleRow>, Failure> {
    let iso = search.iso_range();
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1
              AND search @@ websearch_to_tsquery('pg_catalog.swedish', $9)
              AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
              AND iso_code COLLATE "C" >= $3 AND iso_code COLLATE "C" < $4
              AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
              AND (iso_code COLLATE "C", article_number COLLATE "C") > ($6, $7)
            ORDER BY iso_code COLLATE "C", article_number COLLATE "C" LIMIT $8"#,
        tenant.as_str(),
        search.on.to_sqlx() as _,
        iso.0,
        iso.1,
        &search.state_names(),
        search.after.0,
        search.after.1,
        search.rows_max,
        search.words
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Articles in the order of the answer, with words that many have or with none asked for. The words
/// are asked for in a way that no index knows.
pub(crate) async fn search_walk(
    connection: &mut PgConnection,
    tenant: &TenantId,
    search: &Search,
) -> Result<Vec<ArticleRow>, Failure> {
    let iso = search.iso_range();
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1
              AND ($9 = ''
                   OR (search @@ websearch_to_tsquery('pg_catalog.swedish', $9)) IS TRUE)
              AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
              AND iso_code COLLATE "C" >= $3 AND iso_code COLLATE "C" < $4
              AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
              AND (iso_code COLLATE "C", article_number COLLATE "C") > ($6, $7)
            ORDER BY iso_code COLLATE "C", article_number COLLATE "C" LIMIT $8"#,
        tenant.as_str(),
        search.on.to_sqlx() as _,
        iso.0,
        iso.1,
        &search.state_names(),
        search.after.0,
        search.after.1,
        search.rows_max,
        search.words
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Articles whose number begins so, or that are among those named.
pub(crate) async fn search_number(
    connection: &mut PgConnection,
    tenant: &TenantId,
    search: &Search,
    named: &[String],
) -> Result<Vec<ArticleRow>, Failure> {
    let iso = search.iso_range();
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1
              AND ($9 = ''
                   OR (search @@ websearch_to_tsquery('pg_catalog.swedish', $9)) IS TRUE)
              AND (article_number COLLATE "C" >= $10 AND article_number COLLATE "C" < $11
                   OR article_number = ANY ($12))
              AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
              AND iso_code COLLATE "C" >= $3 AND iso_code COLLATE "C" < $4
              AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
              AND (iso_code COLLATE "C", article_number COLLATE "C") > ($6, $7)
            ORDER BY iso_code COLLATE "C", article_number COLLATE "C" LIMIT $8"#,
        tenant.as_str(),
        search.on.to_sqlx() as _,
        iso.0,
        iso.1,
        &search.state_names(),
        search.after.0,
        search.after.1,
        search.rows_max,
        search.words,
        search.number,
        format!("{}{AFTER_ALL}", search.number),
        named
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}
