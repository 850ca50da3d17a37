//! What a question about an article needs of it.

use hjm_catalogue::ProductGroup;
use hjm_ids::{ArticleNumber, IsoCode, TenantId};
use hjm_money::{Money, Rounding};
use hjm_proto::{catalogue::v1::CustomerClass, common::v1::ChargeForm};
use hjm_service::{Caller, Failure};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::Undecided;
use crate::{Deps, error::Error, store};

/// An article's facts on a day.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) iso: IsoCode,
    pub(crate) group: ProductGroup,
    /// Its listed price when it is sold.
    pub(crate) sale_price: Option<Money>,
}

/// The articles of some questions; none where a question is not about one.
pub(crate) async fn products(
    deps: &Deps,
    caller: &Caller,
    asked: Vec<Option<(ArticleNumber, Date)>>,
) -> Result<Vec<Option<Result<Product, Undecided>>>, Error> {
    if asked.iter().all(Option::is_none) {
        return Ok(asked.iter().map(|_| None).collect());
    }
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let mut products = Vec::with_capacity(asked.len());
            for asked in asked {
                products.push(match asked {
                    None => None,
                    Some((number, on)) => Some(product(tx, &tenant, &number, on).await?),
                });
            }
            Ok::<_, Failure>(products)
        })
    });
    Ok(read.await?)
}

async fn product(
    tx: &mut PgConnection,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
) -> Result<Result<Product, Undecided>, Failure> {
    let article = match store::article_find(tx, tenant, number, on).await {
        Ok(article) => article,
        Err(Failure::NotFound(_)) => {
            return Ok(Err(Undecided {
                reason: "ARTICLE_UNKNOWN",
                facts: vec!["article_number".to_owned()],
                text: format!("the catalogue has no article {number} on {on}"),
            }));
        }
        Err(failure) => return Err(failure),
    };
    let sold = article.charge_form != ChargeForm::Rental;
    let price = store::price_find(tx, tenant, number, CustomerClass::Member, on).await?;
    let sale_price = price
        .filter(|_| sold)
        .map(|price| Money::round(price.price.get(), Rounding::HalfUp))
        .transpose()
        .map_err(|_| Failure::internal("a stored price is too large"))?;
    Ok(Ok(Product {
        iso: article.iso_code,
        group: article.product_group,
        sale_price,
    }))
}
