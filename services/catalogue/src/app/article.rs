//! Articles: added, changed from a day on, taken out of the range, and read as of a day.

use hjm_catalogue::ArticleState;
use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::{
    Written,
    shelf::{CHANGED, Shelf, WITHDRAWN},
};
use crate::{
    Deps,
    convert::{to_pb_article, to_pb_price},
    error::Error,
    events,
    store::{self, ArticleRow},
};

/// Adds an article.
pub(crate) async fn create_article(
    deps: &Deps,
    key: WriteKey,
    article: ArticleRow,
) -> Written<pb::CreateArticleResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let mut shelf = Shelf::load(tx, &tenant, std::slice::from_ref(&article)).await?;
            shelf.create(article)?;
            let article = put(tx, &tenant, &shelf).await?;
            let events = vec![events::article_changed(article.clone())];
            Ok((
                pb::CreateArticleResponse {
                    article: Some(article),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// Adds a version of an article.
pub(crate) async fn change_article(
    deps: &Deps,
    key: WriteKey,
    article: ArticleRow,
    expected: u32,
) -> Written<pb::ChangeArticleResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let mut shelf = Shelf::load(tx, &tenant, std::slice::from_ref(&article)).await?;
            shelf.expect(&article.article_number, expected)?;
            shelf.change(article, &CHANGED)?;
            let article = put(tx, &tenant, &shelf).await?;
            let events = vec![events::article_changed(article.clone())];
            Ok((
                pb::ChangeArticleResponse {
                    article: Some(article),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// What an article becomes when it leaves the range.
#[derive(Debug, Clone)]
pub(crate) struct Withdrawal {
    pub(crate) article_number: ArticleNumber,
    pub(crate) expected: u32,
    pub(crate) state: ArticleState,
    pub(crate) from: Date,
    pub(crate) reason: String,
}

/// Adds a version that differs from the newest in its state alone.
pub(crate) async fn withdraw_article(
    deps: &Deps,
    key: WriteKey,
    withdrawal: Withdrawal,
) -> Written<pb::WithdrawArticleResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::article_lock(tx, &tenant).await?;
            let numbers = [withdrawal.article_number.to_string()];
            let versions = store::article_versions(tx, &tenant, &numbers).await?;
            let newest = versions.last().cloned();
            let mut article = newest.ok_or(Failure::NotFound("article"))?;
            article.state = withdrawal.state;
            article.details.state_reason = withdrawal.reason;
            article.details.trial = None;
            article.valid_from = withdrawal.from;
            let mut shelf = Shelf::load(tx, &tenant, std::slice::from_ref(&article)).await?;
            shelf.expect(&article.article_number, withdrawal.expected)?;
            shelf.change(article, &WITHDRAWN)?;
            let article = put(tx, &tenant, &shelf).await?;
            let events = vec![events::article_changed(article.clone())];
            Ok((
                pb::WithdrawArticleResponse {
                    article: Some(article),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    written.await
}

/// Stores what one write put on the shelf, and answers it.
async fn put(
    tx: &mut PgConnection,
    tenant: &hjm_ids::TenantId,
    shelf: &Shelf,
) -> Result<pb::Article, Error> {
    let added = shelf.store(tx, tenant).await?;
    let one = added.first().map(to_pb_article);
    Ok(one.ok_or_else(|| Failure::internal("a write of an article added none"))?)
}

/// An article and its price for members on a day, with the feed's head at the same moment.
pub(crate) async fn get_article(
    deps: &Deps,
    caller: &Caller,
    number: ArticleNumber,
    on: Date,
) -> Result<pb::GetArticleResponse, Error> {
    let (tenant, producer) = (caller.tenant.clone(), deps.producer.clone());
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let position = producer.head_within(tx, &tenant).await?.to_wire();
            let article = store::article_find(tx, &tenant, &number, on).await?;
            let class = pb::CustomerClass::Member;
            let price = store::price_find(tx, &tenant, &number, class, on).await?;
            Ok::<_, Failure>(pb::GetArticleResponse {
                article: Some(to_pb_article(&article)),
                price: price.map(|price| to_pb_price(&number, &price)),
                position,
            })
        })
    });
    Ok(read.await?)
}

/// Articles by number as they are on a day, a page.
pub(crate) async fn list_articles(
    deps: &Deps,
    caller: &Caller,
    on: Date,
    after: String,
    rows_max: i64,
) -> Result<Vec<ArticleRow>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::article_list(tx, &tenant, on, &after, rows_max).await })
    });
    Ok(read.await?)
}
