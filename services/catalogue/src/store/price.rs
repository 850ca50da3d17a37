//! Dated prices of articles, on one list for each class of customers.

use hjm_ids::{ArticleNumber, TenantId};
use hjm_money::UnitPrice;
use hjm_proto::catalogue::v1::CustomerClass;
use hjm_service::{Database, Failure};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::error::Error;

const CLASS_PREFIX: &str = "CUSTOMER_CLASS_";

/// A price in force from a day until another.
#[derive(Debug, Clone)]
pub(crate) struct PriceRow {
    pub(crate) class: CustomerClass,
    pub(crate) price: UnitPrice,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
}

/// Which prices are asked for.
#[derive(Debug, Clone)]
pub(crate) struct PriceFilter {
    pub(crate) article: Option<ArticleNumber>,
    pub(crate) class: Option<CustomerClass>,
    pub(crate) on: Option<Date>,
}

/// The list's name in the books.
pub(crate) fn class_name(class: CustomerClass) -> &'static str {
    class.as_str_name().trim_start_matches(CLASS_PREFIX)
}

fn read_price(
    class: &str,
    price: Decimal,
    from: jiff_sqlx::Date,
    to: Option<jiff_sqlx::Date>,
) -> Result<PriceRow, Failure> {
    let wrong = || Failure::internal("a stored price cannot be read");
    let class = CustomerClass::from_str_name(&format!("{CLASS_PREFIX}{class}"));
    Ok(PriceRow {
        class: class.ok_or_else(wrong)?,
        price: UnitPrice::new(price).map_err(|_| wrong())?,
        valid_from: from.to_jiff(),
        valid_to: to.map(jiff_sqlx::Date::to_jiff),
    })
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

/// Ends the open price of the list the day before a new one and adds that; refused when one begins
/// later.
pub(crate) async fn price_set(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    price: &PriceRow,
) -> Result<(), Error> {
    let newest = sqlx::query_scalar!(
        "SELECT valid_from FROM catalogue.price
          WHERE tenant_id = $1 AND article_number = $2 AND customer_class = $3
          ORDER BY valid_from DESC LIMIT 1",
        tenant.as_str(),
        number.as_str(),
        class_name(price.class)
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(jiff_sqlx::Date::to_jiff);
    if let Some(newest) = newest.filter(|newest| *newest >= price.valid_from) {
        return Err(Error::PriceNotAfter(newest));
    }
    sqlx::query!(
        "UPDATE catalogue.price SET valid_to = $4
          WHERE tenant_id = $1 AND article_number = $2 AND customer_class = $3
            AND valid_to IS NULL",
        tenant.as_str(),
        number.as_str(),
        class_name(price.class),
        price.valid_from.to_sqlx() as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO catalogue.price (tenant_id, article_number, customer_class, price, valid_from)
         VALUES ($1, $2, $3, $4, $5)",
        tenant.as_str(),
        number.as_str(),
        class_name(price.class),
        price.price.get(),
        price.valid_from.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The price of a list in force on a day, if there is one.
pub(crate) async fn price_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    class: CustomerClass,
    on: Date,
) -> Result<Option<PriceRow>, Failure> {
    let row = sqlx::query!(
        r#"SELECT customer_class, price, valid_from, valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.price
            WHERE tenant_id = $1 AND article_number = $2 AND customer_class = $3
              AND valid_from <= $4 AND (valid_to IS NULL OR valid_to > $4)"#,
        tenant.as_str(),
        number.as_str(),
        class_name(class),
        on.to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| read_price(&row.customer_class, row.price, row.valid_from, row.valid_to))
        .transpose()
}

/// Where a page of prices begins: after an article's price on a list from a day.
pub(crate) type PricesAfter = (String, String, Date);

/// Prices after one, by article, list and day.
pub(crate) async fn price_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &PriceFilter,
    after: &PricesAfter,
    rows_max: i64,
) -> Result<Vec<(ArticleNumber, PriceRow)>, Failure> {
    Database::plan_each(connection).await?;
    let rows = sqlx::query!(
        r#"SELECT article_number, customer_class, price, valid_from,
                  valid_to AS "valid_to: jiff_sqlx::Date"
             FROM catalogue.price
            WHERE tenant_id = $1
              AND (article_number, customer_class, valid_from) > ($2, $3, $4)
              AND ($5::text IS NULL OR article_number = $5)
              AND ($6::text IS NULL OR customer_class = $6)
              AND ($7::date IS NULL
                   OR valid_from <= $7 AND (valid_to IS NULL OR valid_to > $7))
            ORDER BY article_number, customer_class, valid_from LIMIT $8"#,
        tenant.as_str(),
        after.0,
        after.1,
        after.2.to_sqlx() as _,
        filter.article.as_ref().map(ArticleNumber::as_str),
        filter.class.map(class_name),
        filter.on.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let number = row.article_number.parse();
        let number = number.map_err(|_| Failure::internal("a stored price cannot be read"))?;
        let price = read_price(&row.customer_class, row.price, row.valid_from, row.valid_to)?;
        Ok((number, price))
    });
    read.collect()
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
           WINDOW following AS (PARTITION BY article_number, customer_class ORDER BY valid_from)"#,
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
