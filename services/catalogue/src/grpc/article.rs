//! `ArticleService`.

use hjm_proto::catalogue::v1::{self as pb, article_service_server::ArticleService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date_optional, from_pb_page_size, from_pb_text, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::article,
    convert::{from_pb_article, to_pb_article},
};

#[async_trait]
impl ArticleService for Deps {
    async fn create_article(
        &self,
        request: Request<pb::CreateArticleRequest>,
    ) -> Result<Response<pb::CreateArticleResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let article = from_pb_article(&mut violations, request.article.as_ref());
        let article = violations.finish(article)?;
        Ok(article::create_article(self, key, article)
            .await?
            .into_response())
    }

    async fn get_article(
        &self,
        request: Request<pb::GetArticleRequest>,
    ) -> Result<Response<pb::GetArticleResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let number = from_pb_text(&mut violations, "article_number", &request.article_number);
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let (number, on) = violations.finish(number.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        Ok(Response::new(
            article::get_article(self, &caller, number, on).await?,
        ))
    }

    async fn list_articles(
        &self,
        request: Request<pb::ListArticlesRequest>,
    ) -> Result<Response<pb::ListArticlesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let rows_max = violations.finish(rows_max)?;
        let found = article::list_articles(self, &caller, request.page_token, rows_max).await?;
        let last = found
            .last()
            .map(|article| article.article_number.to_string());
        Ok(Response::new(pb::ListArticlesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            articles: found.iter().map(to_pb_article).collect(),
        }))
    }
}
