//! Articles: adding one, and reading them.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey};
use jiff::civil::Date;

use super::Written;
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
            store::article_insert(tx, &tenant, &article).await?;
            let article = to_pb_article(&article);
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

/// An article and its price on a day, with the feed's head at the same moment.
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
            let price = store::price_find(tx, &tenant, &number, on).await?;
            Ok::<_, Failure>(pb::GetArticleResponse {
                article: Some(to_pb_article(&article)),
                price: price.map(|price| to_pb_price(&number, &price)),
                position,
            })
        })
    });
    Ok(read.await?)
}

/// Articles by number, a page.
pub(crate) async fn list_articles(
    deps: &Deps,
    caller: &Caller,
    after: String,
    rows_max: i64,
) -> Result<Vec<ArticleRow>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::article_list(tx, &tenant, &after, rows_max).await })
    });
    Ok(read.await?)
}
