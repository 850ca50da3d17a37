//! Articles and their versions.

use hjm_catalogue::{ArticleState, Identifier, ProductGroup};
use hjm_ids::{ArticleNumber, IsoCode, TenantId};
use hjm_proto::{
    catalogue::v1::{Article, ArticleKind},
    common::v1::ChargeForm,
};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use prost::Message as _;
use sqlx::PgConnection;

use crate::convert::stored_identifiers;

const KIND_PREFIX: &str = "ARTICLE_KIND_";
const FORM_PREFIX: &str = "CHARGE_FORM_";

/// A version of an article.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArticleRow {
    pub(crate) article_number: ArticleNumber,
    pub(crate) version: u32,
    pub(crate) name: String,
    pub(crate) series: String,
    pub(crate) iso_code: IsoCode,
    pub(crate) kind: ArticleKind,
    pub(crate) charge_form: ChargeForm,
    pub(crate) product_group: ProductGroup,
    pub(crate) state: ArticleState,
    /// Those of the details, read.
    pub(crate) identifiers: Vec<Identifier>,
    /// What is not a field here, as it is told.
    pub(crate) details: Article,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
}

/// The columns of a version.
pub(crate) struct StoredArticle {
    pub(crate) article_number: String,
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) series: String,
    pub(crate) iso_code: String,
    pub(crate) kind: String,
    pub(crate) charge_form: String,
    pub(crate) product_group: i16,
    pub(crate) state: String,
    pub(crate) details: Vec<u8>,
    pub(crate) valid_from: jiff_sqlx::Date,
    pub(crate) valid_to: Option<jiff_sqlx::Date>,
}

impl TryFrom<StoredArticle> for ArticleRow {
    type Error = Failure;

    fn try_from(row: StoredArticle) -> Result<Self, Failure> {
        let wrong = || Failure::internal("a stored article cannot be read");
        let kind = ArticleKind::from_str_name(&format!("{KIND_PREFIX}{}", row.kind));
        let form = ChargeForm::from_str_name(&format!("{FORM_PREFIX}{}", row.charge_form));
        let group = u8::try_from(row.product_group)
            .ok()
            .and_then(ProductGroup::from_number);
        let details = Article::decode(row.details.as_slice()).map_err(|_| wrong())?;
        Ok(Self {
            article_number: row.article_number.parse().map_err(|_| wrong())?,
            version: u32::try_from(row.version).map_err(|_| wrong())?,
            name: row.name,
            series: row.series,
            iso_code: row.iso_code.parse().map_err(|_| wrong())?,
            kind: kind.ok_or_else(wrong)?,
            charge_form: form.ok_or_else(wrong)?,
            product_group: group.ok_or_else(wrong)?,
            state: row.state.parse().map_err(|_| wrong())?,
            identifiers: stored_identifiers(&details).ok_or_else(wrong)?,
            details,
            valid_from: row.valid_from.to_jiff(),
            valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
        })
    }
}

impl ArticleRow {
    /// Whether nothing but days and version differs.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let dated = Self {
            version: other.version,
            valid_from: other.valid_from,
            valid_to: other.valid_to,
            ..self.clone()
        };
        dated == *other
    }

    fn suppliers(&self) -> String {
        let names = self.details.suppliers.iter();
        names
            .map(|supplier| supplier.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// One write of a tenant's articles at a time: a version reads the one before it, and an identifier
/// who else has it.
pub(crate) async fn article_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('catalogue articles ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Adds versions, and the numbers that are new with them.
pub(crate) async fn article_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[ArticleRow],
) -> Result<(), Failure> {
    let texts = |part: fn(&ArticleRow) -> String| rows.iter().map(part).collect::<Vec<_>>();
    let groups: Vec<i16> = rows
        .iter()
        .map(|row| i16::from(row.product_group.number()))
        .collect();
    let details: Vec<Vec<u8>> = rows.iter().map(|row| row.details.encode_to_vec()).collect();
    let ends: Vec<Option<jiff_sqlx::Date>> = rows
        .iter()
        .map(|row| row.valid_to.map(jiff_sqlx::ToSqlx::to_sqlx))
        .collect();
    let starts: Vec<jiff_sqlx::Date> = rows.iter().map(|row| row.valid_from.to_sqlx()).collect();
    let versions = rows.iter().map(|row| i32::try_from(row.version));
    let versions: Vec<i32> = versions
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Internal(error.into()))?;
    let numbers = texts(|row| row.article_number.to_string());
    sqlx::query!(
        "INSERT INTO catalogue.article (tenant_id, article_number)
         SELECT DISTINCT $1, number FROM unnest($2::text[]) number
         ON CONFLICT (tenant_id, article_number) DO NOTHING",
        tenant.as_str(),
        &numbers
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO catalogue.article_version
            (tenant_id, article_number, version, name, series, suppliers, iso_code, kind,
             charge_form, product_group, state, details, valid_from, valid_to)
         SELECT $1, new.* FROM unnest($2::text[], $3::integer[], $4::text[], $5::text[],
                $6::text[], $7::text[], $8::text[], $9::text[], $10::smallint[], $11::text[],
                $12::bytea[], $13::date[], $14::date[]) new",
        tenant.as_str(),
        &numbers,
        &versions,
        &texts(|row| row.name.clone()),
        &texts(|row| row.series.clone()),
        &texts(ArticleRow::suppliers),
        &texts(|row| row.iso_code.to_string()),
        &texts(|row| kind_name(row.kind).to_owned()),
        &texts(|row| form_name(row.charge_form).to_owned()),
        &groups,
        &texts(|row| row.state.name().to_owned()),
        &details,
        &starts as _,
        &ends as _
    )
    .execute(&mut *connection)
    .await?;
    super::identifier_insert(connection, tenant, rows).await
}

/// Ends versions, and what they are called by with them. Each is looked for by its key, whatever the
/// planner believes of a table that has just grown; nobody else writes them meanwhile.
pub(crate) async fn article_end(
    connection: &mut PgConnection,
    tenant: &TenantId,
    ended: &[(ArticleNumber, u32, Date)],
) -> Result<(), Failure> {
    let numbers: Vec<String> = ended
        .iter()
        .map(|(number, ..)| number.to_string())
        .collect();
    let versions = ended.iter().map(|(_, version, _)| i32::try_from(*version));
    let versions: Vec<i32> = versions
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Internal(error.into()))?;
    let ends: Vec<jiff_sqlx::Date> = ended.iter().map(|(.., to)| to.to_sqlx()).collect();
    sqlx::query!(
        "UPDATE catalogue.article_version old SET valid_to = ended.valid_to
           FROM (SELECT found.ctid AS place, asked.valid_to
                   FROM unnest($2::text[], $3::integer[], $4::date[])
                        asked (article_number, version, valid_to),
                        LATERAL (SELECT v.ctid FROM catalogue.article_version v
                                  WHERE v.tenant_id = $1 AND v.version = asked.version
                                    AND v.article_number = asked.article_number
                                 OFFSET 0) found) ended
          WHERE old.ctid = ended.place",
        tenant.as_str(),
        &numbers,
        &versions,
        &ends as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE catalogue.article_identifier old SET valid_to = ended.valid_to
           FROM (SELECT found.ctid AS place, asked.valid_to
                   FROM unnest($2::text[], $3::integer[], $4::date[])
                        asked (article_number, version, valid_to),
                        LATERAL (SELECT i.ctid FROM catalogue.article_identifier i
                                  WHERE i.tenant_id = $1 AND i.version = asked.version
                                    AND i.article_number = asked.article_number
                                 OFFSET 0) found) ended
          WHERE old.ctid = ended.place",
        tenant.as_str(),
        &numbers,
        &versions,
        &ends as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn kind_name(kind: ArticleKind) -> &'static str {
    kind.as_str_name().trim_start_matches(KIND_PREFIX)
}

fn form_name(form: ChargeForm) -> &'static str {
    form.as_str_name().trim_start_matches(FORM_PREFIX)
}

/// An article as it is on a day.
pub(crate) async fn article_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<ArticleRow, Failure> {
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1 AND article_number = $2
              AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)"#,
        tenant.as_str(),
        number.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("article"))?
    .try_into()
}

/// Every version of articles, in order.
pub(crate) async fn article_versions(
    connection: &mut PgConnection,
    tenant: &TenantId,
    numbers: &[String],
) -> Result<Vec<ArticleRow>, Failure> {
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1 AND article_number = ANY ($2)
            ORDER BY article_number, version"#,
        tenant.as_str(),
        numbers
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// Articles as they are on a day, after a number, in order of number.
pub(crate) async fn article_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    on: Date,
    after: &str,
    rows_max: i64,
) -> Result<Vec<ArticleRow>, Failure> {
    sqlx::query_as!(
        StoredArticle,
        r#"SELECT article_number, version, name, series, iso_code, kind, charge_form,
                  product_group, state, details, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.article_version
            WHERE tenant_id = $1 AND article_number > $3
              AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
            ORDER BY article_number LIMIT $4"#,
        tenant.as_str(),
        on.to_sqlx() as _,
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// How many versions there are, and those that do not begin where the one before ends.
pub(crate) async fn article_gaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT article_number, version,
                  lag(valid_to) OVER following IS DISTINCT FROM valid_from
                  AND row_number() OVER following > 1
                  OR row_number() OVER following <> version AS "apart!"
             FROM catalogue.article_version WHERE tenant_id = $1
           WINDOW following AS (PARTITION BY article_number ORDER BY version)"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let apart = rows.iter().filter(|row| row.apart).map(|row| {
        let (number, version) = (&row.article_number, row.version);
        format!("version {version} of article {number} does not follow the one before")
    });
    Ok((rows.len() as u64, apart.collect()))
}
