//! `ArticleService`.

use hjm_proto::catalogue::v1::{self as pb, article_service_server::ArticleService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_page_size, from_pb_text, from_pb_words,
        to_pb_next_page,
    },
};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{import, relation, search};
use crate::{
    Deps,
    app::article::{self, Withdrawal},
    convert::{from_pb_article, from_pb_state, to_pb_article},
};

const REASON_LENGTH_MAX: usize = 500;

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

    async fn change_article(
        &self,
        request: Request<pb::ChangeArticleRequest>,
    ) -> Result<Response<pb::ChangeArticleResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let article = from_pb_article(&mut violations, request.article.as_ref());
        let article = violations.finish(article)?;
        let changed = article::change_article(self, key, article, request.expected_version);
        Ok(changed.await?.into_response())
    }

    async fn withdraw_article(
        &self,
        request: Request<pb::WithdrawArticleRequest>,
    ) -> Result<Response<pb::WithdrawArticleResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let number = from_pb_text(&mut violations, "article_number", &request.article_number);
        let state = from_pb_state(&mut violations, "state", request.state);
        let state = state.filter(|state| {
            if !state.is_withdrawn() {
                violations.add("state", "must be PHASING_OUT, DISCONTINUED or BLOCKED");
            }
            state.is_withdrawn()
        });
        let from = from_pb_date(&mut violations, "valid_from", request.valid_from.as_ref());
        let reason = &request.reason;
        let reason = from_pb_words(&mut violations, "reason", reason, REASON_LENGTH_MAX);
        let parsed = number.zip(state).zip(from.zip(reason));
        let ((article_number, state), (from, reason)) = violations.finish(parsed)?;
        let withdrawal = Withdrawal {
            article_number,
            expected: request.expected_version,
            state,
            from,
            reason,
        };
        let withdrawn = article::withdraw_article(self, key, withdrawal);
        Ok(withdrawn.await?.into_response())
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
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let (rows_max, on) = violations.finish(rows_max.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        let token = request.page_token;
        let found = article::list_articles(self, &caller, on, token, rows_max).await?;
        let last = found
            .last()
            .map(|article| article.article_number.to_string());
        Ok(Response::new(pb::ListArticlesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            articles: found.iter().map(to_pb_article).collect(),
        }))
    }

    async fn relate_articles(
        &self,
        request: Request<pb::RelateArticlesRequest>,
    ) -> Result<Response<pb::RelateArticlesResponse>, Status> {
        relation::relate_articles(self, request).await
    }

    async fn end_relation(
        &self,
        request: Request<pb::EndRelationRequest>,
    ) -> Result<Response<pb::EndRelationResponse>, Status> {
        relation::end_relation(self, request).await
    }

    async fn list_accessories(
        &self,
        request: Request<pb::ListAccessoriesRequest>,
    ) -> Result<Response<pb::ListAccessoriesResponse>, Status> {
        relation::list_accessories(self, request).await
    }

    async fn list_substitutes(
        &self,
        request: Request<pb::ListSubstitutesRequest>,
    ) -> Result<Response<pb::ListSubstitutesResponse>, Status> {
        relation::list_substitutes(self, request).await
    }

    async fn search_articles(
        &self,
        request: Request<pb::SearchArticlesRequest>,
    ) -> Result<Response<pb::SearchArticlesResponse>, Status> {
        search::search_articles(self, request).await
    }

    type ImportArticlesStream = import::Answers;

    async fn import_articles(
        &self,
        request: Request<Streaming<pb::ImportArticlesRequest>>,
    ) -> Result<Response<Self::ImportArticlesStream>, Status> {
        import::import_articles(self, request)
    }
}
