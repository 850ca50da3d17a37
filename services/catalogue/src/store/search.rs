//! Search. Every question has the index that fits it: words are found by the index of words and then
//! sorted, numbers by theirs, and the rest is a walk in the order of the answer.

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

/// Articles with words. What is found is sorted by its keys before the whole rows are read: a word can
/// be in a sixteenth of all articles.
pub(crate) async fn search_words(
    connection: &mut PgConnection,
    tenant: &TenantId,
    search: &Search,
) -> Result<Vec<ArticleRow>, Failure> {
    let iso = search.iso_range();
    sqlx::query_as!(
        StoredArticle,
        r#"WITH found AS MATERIALIZED (
               SELECT iso_code, article_number, version
                 FROM catalogue.article_version
                WHERE tenant_id = $1
                  AND search @@ websearch_to_tsquery('pg_catalog.swedish', $9)
                  AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
                  AND (cardinality($5::text[]) = 0 OR state = ANY ($5))),
           page AS MATERIALIZED (
               SELECT article_number, version FROM found
                WHERE iso_code COLLATE "C" >= $3 AND iso_code COLLATE "C" < $4
                  AND (iso_code COLLATE "C", article_number COLLATE "C") > ($6, $7)
                ORDER BY iso_code COLLATE "C", article_number COLLATE "C" LIMIT $8)
           SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM page JOIN catalogue.article_version USING (article_number, version)
            WHERE tenant_id = $1
            ORDER BY iso_code COLLATE "C", article_number COLLATE "C""#,
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

/// Articles in the order of the answer.
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
        search.rows_max
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
        r#"WITH found AS MATERIALIZED (
               SELECT article_number, version FROM catalogue.article_version
                WHERE tenant_id = $1
                  AND article_number COLLATE "C" >= $10 AND article_number COLLATE "C" < $11
                  AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
               UNION
               SELECT article_number, version FROM catalogue.article_version
                WHERE tenant_id = $1 AND article_number = ANY ($12)
                  AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2))
           SELECT known.article_number, known.version, name, series,
                  iso_code, kind, charge_form, product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM found,
                  LATERAL (SELECT * FROM catalogue.article_version v
                            WHERE v.tenant_id = $1 AND v.article_number = found.article_number
                              AND v.version = found.version OFFSET 0) known
            WHERE ($9 = ''
                   OR (search @@ websearch_to_tsquery('pg_catalog.swedish', $9)) IS TRUE)
              AND iso_code COLLATE "C" >= $3 AND iso_code COLLATE "C" < $4
              AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
              AND (iso_code COLLATE "C", known.article_number COLLATE "C") > ($6, $7)
            ORDER BY iso_code COLLATE "C", known.article_number COLLATE "C" LIMIT $8"#,
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
