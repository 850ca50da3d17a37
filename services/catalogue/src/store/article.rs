//! Articles.

use hjm_catalogue::ProductGroup;
use hjm_ids::{ArticleNumber, IsoCode, TenantId};
use hjm_proto::{catalogue::v1::ArticleKind, common::v1::ChargeForm};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use crate::error::Error;

/// An article.
#[derive(Debug, Clone)]
pub(crate) struct ArticleRow {
    pub(crate) article_number: ArticleNumber,
    pub(crate) name: String,
    pub(crate) iso_code: IsoCode,
    pub(crate) kind: ArticleKind,
    pub(crate) charge_form: ChargeForm,
    pub(crate) product_group: ProductGroup,
    pub(crate) valid_from: Date,
}

struct StoredArticle {
    article_number: String,
    name: String,
    iso_code: String,
    kind: String,
    charge_form: String,
    product_group: i16,
    valid_from: jiff_sqlx::Date,
}

impl TryFrom<StoredArticle> for ArticleRow {
    type Error = Failure;

    fn try_from(row: StoredArticle) -> Result<Self, Failure> {
        let wrong = || Failure::internal("a stored article cannot be read");
        let kind = ArticleKind::from_str_name(&format!("ARTICLE_KIND_{}", row.kind));
        let form = ChargeForm::from_str_name(&format!("CHARGE_FORM_{}", row.charge_form));
        let group = u8::try_from(row.product_group)
            .ok()
            .and_then(ProductGroup::from_number);
        Ok(Self {
            article_number: row.article_number.parse().map_err(|_| wrong())?,
            name: row.name,
            iso_code: row.iso_code.parse().map_err(|_| wrong())?,
            kind: kind.ok_or_else(wrong)?,
            charge_form: form.ok_or_else(wrong)?,
            product_group: group.ok_or_else(wrong)?,
            valid_from: row.valid_from.to_jiff(),
        })
    }
}

/// Adds an article; refused when its number is taken.
pub(crate) async fn article_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    article: &ArticleRow,
) -> Result<(), Error> {
    let inserted = sqlx::query!(
        "INSERT INTO catalogue.article (tenant_id, article_number, name, iso_code, kind,
                                        charge_form, product_group, valid_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, article_number) DO NOTHING",
        tenant.as_str(),
        article.article_number.as_str(),
        article.name,
        article.iso_code.as_str(),
        article
            .kind
            .as_str_name()
            .trim_start_matches("ARTICLE_KIND_"),
        article
            .charge_form
            .as_str_name()
            .trim_start_matches("CHARGE_FORM_"),
        i16::from(article.product_group.number()),
        article.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    if inserted.rows_affected() == 0 {
        Err(Error::ArticleExists)
    } else {
        Ok(())
    }
}

/// An article that can be prescribed on a day.
pub(crate) async fn article_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<ArticleRow, Failure> {
    sqlx::query_as!(
        StoredArticle,
        "SELECT article_number, name, iso_code, kind, charge_form, product_group, valid_from
           FROM catalogue.article
          WHERE tenant_id = $1 AND article_number = $2 AND valid_from <= $3",
        tenant.as_str(),
        number.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("article"))?
    .try_into()
}

/// Articles after a number, in order of number.
pub(crate) async fn article_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: &str,
    rows_max: i64,
) -> Result<Vec<ArticleRow>, Failure> {
    sqlx::query_as!(
        StoredArticle,
        "SELECT article_number, name, iso_code, kind, charge_form, product_group, valid_from
           FROM catalogue.article
          WHERE tenant_id = $1 AND article_number > $2
          ORDER BY article_number LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}
