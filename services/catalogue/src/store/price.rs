//! Dated prices of articles.

use hjm_ids::{ArticleNumber, TenantId};
use hjm_money::UnitPrice;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::error::Error;

/// A price in force from a day until another.
#[derive(Debug, Clone)]
pub(crate) struct PriceRow {
    pub(crate) price: UnitPrice,
    pub(crate) valid_from: Date,
    pub(crate) valid_to: Option<Date>,
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
