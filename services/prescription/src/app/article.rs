//! Articles, asked of the catalogue. Not to be called inside a transaction.

use hjm_ids::{ArticleNumber, TenantId};
use hjm_proto::catalogue::v1::{
    GetArticleRequest, ListSubstitutesRequest, article_service_client::ArticleServiceClient,
};
use hjm_service::{Caller, client, convert::to_pb_date};
use jiff::civil::Date;
use tonic::{Code, Status};

use crate::{
    Deps, SCHEMA,
    convert::{Article, from_pb_article},
    error::Error,
};

/// One article of a day. Returns when every policy that the catalogue knew by then has taken
/// effect here, so that no older one decides.
pub(crate) async fn article(
    deps: &Deps,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
    field: &'static str,
) -> Result<Article, Error> {
    let caller = Caller::service(tenant.clone(), SCHEMA);
    let request = GetArticleRequest {
        article_number: number.to_string(),
        as_of: Some(to_pb_date(on)),
    };
    let mut catalogue = ArticleServiceClient::new(deps.catalogue.0.clone());
    let answer = catalogue
        .get_article(client::request(&caller, request))
        .await
        .map_err(|status| unanswered(&status, number, on, field))?
        .into_inner();
    deps.followers.wait(tenant, &answer.position).await?;
    let article = from_pb_article(answer.article.as_ref(), answer.price.as_ref())?;
    Ok(article)
}

/// The chain of equivalents that an article is in on a day, oldest first, without prices.
pub(crate) async fn chain(
    deps: &Deps,
    tenant: &TenantId,
    number: &ArticleNumber,
    on: Date,
    field: &'static str,
) -> Result<Vec<Article>, Error> {
    let caller = Caller::service(tenant.clone(), SCHEMA);
    let request = ListSubstitutesRequest {
        article_number: number.to_string(),
        as_of: Some(to_pb_date(on)),
    };
    let mut catalogue = ArticleServiceClient::new(deps.catalogue.0.clone());
    let answer = catalogue
        .list_substitutes(client::request(&caller, request))
        .await
        .map_err(|status| unanswered(&status, number, on, field))?
        .into_inner();
    let articles = answer.substitutes.iter();
    let articles = articles.map(|one| from_pb_article(one.article.as_ref(), None));
    Ok(articles.collect::<Result<_, _>>()?)
}

fn unanswered(status: &Status, article: &ArticleNumber, on: Date, field: &'static str) -> Error {
    if status.code() == Code::NotFound {
        let article = article.clone();
        return Error::ArticleUnknown { article, on, field };
    }
    client::failure("catalogue", status).into()
}
