//! Dated prices of articles, on one list for each class of customers.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey};
use jiff::civil::Date;

use super::Written;
use crate::{
    Deps,
    convert::to_pb_price,
    error::Error,
    events,
    store::{self, PriceFilter, PriceRow, PricesAfter},
};

/// Sets a price from a day on.
pub(crate) async fn set_price(
    deps: &Deps,
    key: WriteKey,
    number: ArticleNumber,
    price: PriceRow,
) -> Written<pb::SetPriceResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::article_find(tx, &tenant, &number, price.valid_from).await?;
            store::price_lock(tx, &tenant, &number).await?;
            store::price_set(tx, &tenant, &number, &price).await?;
            let price = to_pb_price(&number, &price);
            let events = vec![events::price_changed(price.clone())];
            Ok((
                pb::SetPriceResponse {
                    price: Some(price),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// The price of an article on a list and a day.
pub(crate) async fn get_price(
    deps: &Deps,
    caller: &Caller,
    number: ArticleNumber,
    class: pb::CustomerClass,
    on: Date,
) -> Result<pb::GetPriceResponse, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let price = store::price_find(tx, &tenant, &number, class, on).await?;
            let price = price.ok_or(Failure::NotFound("price"))?;
            Ok::<_, Failure>(to_pb_price(&number, &price))
        })
    });
    Ok(pb::GetPriceResponse {
        price: Some(read.await?),
    })
}

/// Prices by article, list and day, a page.
pub(crate) async fn list_prices(
    deps: &Deps,
    caller: &Caller,
    filter: PriceFilter,
    after: PricesAfter,
    rows_max: i64,
) -> Result<Vec<(ArticleNumber, PriceRow)>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::price_list(tx, &tenant, &filter, &after, rows_max).await })
    });
    Ok(read.await?)
}
