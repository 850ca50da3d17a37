//! What articles have to do with each other.

use std::collections::BTreeMap;

use hjm_ids::{ArticleNumber, TenantId};
use hjm_proto::catalogue::v1::RelationKind;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

const KIND_PREFIX: &str = "RELATION_KIND_";

/// Two articles that belong together from a day until another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelationRow {
    pub(crate) kind: RelationKind,
    pub(crate) article: ArticleNumber,
    pub(crate) other: ArticleNumber,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
    pub(crate) end_reason: String,
}

fn kind_name(kind: RelationKind) -> &'static str {
    kind.as_str_name().trim_start_matches(KIND_PREFIX)
}

fn number(text: &str) -> Result<ArticleNumber, Failure> {
    text.parse()
        .map_err(|_| Failure::internal("a stored relation cannot be read"))
}

/// Adds a relation.
pub(crate) async fn relation_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &RelationRow,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO catalogue.article_relation
            (tenant_id, kind, article_number, other_number, valid_from, end_reason)
         VALUES ($1, $2, $3, $4, $5, '')",
        tenant.as_str(),
        kind_name(row.kind),
        row.article.as_str(),
        row.other.as_str(),
        row.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What an article is said of in one kind and direction, on a day or after it: the other one, and
/// the relation's days.
pub(crate) async fn relation_since(
    connection: &mut PgConnection,
    tenant: &TenantId,
    kind: RelationKind,
    article: &ArticleNumber,
    day: Date,
) -> Result<Vec<RelationRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT other_number, valid_from, valid_to AS "valid_to: jiff_sqlx::Date", end_reason
             FROM catalogue.article_relation
            WHERE tenant_id = $1 AND kind = $2 AND article_number = $3
              AND (valid_to IS NULL OR valid_to > $4)
            ORDER BY valid_from, other_number"#,
        tenant.as_str(),
        kind_name(kind),
        article.as_str(),
        day.to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        Ok(RelationRow {
            kind,
            article: article.clone(),
            other: number(&row.other_number)?,
            valid_from: row.valid_from.to_jiff(),
            valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
            end_reason: row.end_reason,
        })
    });
    read.collect()
}

/// Ends an open relation.
pub(crate) async fn relation_end(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &RelationRow,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE catalogue.article_relation SET valid_to = $5, end_reason = $6
          WHERE tenant_id = $1 AND kind = $2 AND article_number = $3 AND other_number = $4
            AND valid_to IS NULL",
        tenant.as_str(),
        kind_name(row.kind),
        row.article.as_str(),
        row.other.as_str(),
        row.valid_to.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        row.end_reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The links of the chain that an article is in, old to new: those of a day, or with `or_later` also
/// those that hold after it. At most `links_max`.
pub(crate) async fn chain_links(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleNumber,
    day: Date,
    or_later: bool,
    links_max: i64,
) -> Result<Vec<(ArticleNumber, ArticleNumber)>, Failure> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE link AS (
               SELECT article_number, other_number FROM catalogue.article_relation
                WHERE tenant_id = $1 AND kind = 'REPLACED_BY'
                  AND (valid_from <= $3 OR $4) AND (valid_to IS NULL OR valid_to > $3)
           ), chain AS (
               SELECT $2::text AS number
               UNION
               SELECT next.number
                 FROM chain, LATERAL (
                      SELECT other_number AS number FROM link
                       WHERE article_number = chain.number
                      UNION ALL
                      SELECT article_number FROM link WHERE other_number = chain.number) next
           )
           SELECT article_number AS "old!", other_number AS "new!"
             FROM link WHERE article_number IN (SELECT number FROM chain)
            ORDER BY article_number, other_number LIMIT $5"#,
        tenant.as_str(),
        article.as_str(),
        day.to_sqlx() as _,
        or_later,
        links_max
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok((number(&row.old)?, number(&row.new)?)))
        .collect()
}

/// An article that another one goes with.
#[derive(Debug, Clone)]
pub(crate) struct RelatedRow {
    pub(crate) kind: RelationKind,
    pub(crate) inverse: bool,
    pub(crate) article: ArticleNumber,
}

/// What an article goes with on a day: kind, direction and number, in that order, after one.
pub(crate) async fn related_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleNumber,
    day: Date,
    after: &(String, bool, String),
    rows_max: i64,
) -> Result<Vec<RelatedRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind!", inverse AS "inverse!", number AS "number!"
             FROM (SELECT kind, false AS inverse, other_number AS number
                     FROM catalogue.article_relation
                    WHERE tenant_id = $1 AND kind IN ('ACCESSORY', 'COMPATIBLE')
                      AND article_number = $2
                      AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)
                   UNION ALL
                   SELECT kind, kind = 'ACCESSORY', article_number
                     FROM catalogue.article_relation
                    WHERE tenant_id = $1 AND kind IN ('ACCESSORY', 'COMPATIBLE')
                      AND other_number = $2
                      AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)) related
            WHERE (kind, inverse, number) > ($4, $5, $6)
              AND EXISTS (SELECT FROM catalogue.article_version v
                           WHERE v.tenant_id = $1 AND v.article_number = related.number
                             AND v.valid_from <= $3 AND (v.valid_to IS NULL OR v.valid_to > $3))
            ORDER BY kind, inverse, number LIMIT $7"#,
        tenant.as_str(),
        article.as_str(),
        day.to_sqlx() as _,
        after.0,
        after.1,
        after.2,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let kind = RelationKind::from_str_name(&format!("{KIND_PREFIX}{}", row.kind));
        Ok(RelatedRow {
            kind: kind.ok_or_else(|| Failure::internal("a stored relation cannot be read"))?,
            inverse: row.inverse,
            article: number(&row.number)?,
        })
    });
    read.collect()
}

/// The links of a chain as a map. A day has one successor an article; over many days the first is
/// kept.
pub(crate) fn successors(
    links: Vec<(ArticleNumber, ArticleNumber)>,
) -> BTreeMap<ArticleNumber, ArticleNumber> {
    let mut map = BTreeMap::new();
    for (old, new) in links {
        map.entry(old).or_insert(new);
    }
    map
}
