//! Articles and their dated prices.

use hjm_catalogue::ProductGroup;
use hjm_ids::{ArticleNumber, IsoCode, TenantId};
use hjm_money::UnitPrice;
use hjm_proto::{catalogue::v1::ArticleKind, common::v1::ChargeForm};
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
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

/// A price in force from a day until another.
#[derive(Debug, Clone)]
pub(crate) struct PriceRow {
    pub(crate) price: UnitPrice,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
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

/// One price at a time of an article: setting one reads the newest.
pub(crate) async fn price_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('catalogue price ' || $1 || ' ' || $2, 0))",
        tenant.as_str(),
        number.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Ends the open price the day before a new one and adds that; refused when one begins later.
pub(crate) async fn price_set(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    price: &PriceRow,
) -> Result<(), Error> {
    let newest = sqlx::query_scalar!(
        "SELECT valid_from FROM catalogue.price
          WHERE tenant_id = $1 AND article_number = $2 ORDER BY valid_from DESC LIMIT 1",
        tenant.as_str(),
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(jiff_sqlx::Date::to_jiff);
    if let Some(newest) = newest.filter(|newest| *newest >= price.valid_from) {
        return Err(Error::PriceNotAfter(newest));
    }
    sqlx::query!(
        "UPDATE catalogue.price SET valid_to = $3
          WHERE tenant_id = $1 AND article_number = $2 AND valid_to IS NULL",
        tenant.as_str(),
        number.as_str(),
        price.valid_from.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO catalogue.price (tenant_id, article_number, price, valid_from)
         VALUES ($1, $2, $3, $4)",
        tenant.as_str(),
        number.as_str(),
        price.price.get(),
        price.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The price in force on a day, if there is one.
pub(crate) async fn price_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<Option<PriceRow>, Failure> {
    let row = sqlx::query!(
        r#"SELECT price, valid_from, valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.price
            WHERE tenant_id = $1 AND article_number = $2
              AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)"#,
        tenant.as_str(),
        number.as_str(),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(PriceRow {
        price: unit_price(row.price)?,
        valid_from: row.valid_from.to_jiff(),
        valid_to: row.valid_to.map(jiff_sqlx::Date::to_jiff),
    }))
}

fn unit_price(price: Decimal) -> Result<UnitPrice, Failure> {
    UnitPrice::new(price).map_err(|_| Failure::internal("a stored price cannot be read"))
}

/// How many prices there are, and those that do not begin where the one before ends.
pub(crate) async fn price_gaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT article_number, valid_from,
                  lag(valid_to) OVER following IS DISTINCT FROM valid_from
                  AND row_number() OVER following > 1 AS "apart!"
             FROM catalogue.price WHERE tenant_id = $1
           WINDOW following AS (PARTITION BY article_number ORDER BY valid_from)"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let apart = rows.iter().filter(|row| row.apart).map(|row| {
        let from = row.valid_from.to_jiff();
        format!(
            "the price of {} from {from} does not follow the one before",
            row.article_number
        )
    });
    Ok((rows.len() as u64, apart.collect()))
}
