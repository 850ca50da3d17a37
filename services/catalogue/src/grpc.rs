//! The catalogue's RPCs: parse, do, answer.

use hjm_feed::read::{self, Item, Reading};
use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1::{
    self as pb, article_service_server as article, event_feed_service_server as feed,
    policy_service_server as policy, price_service_server as price,
};
use hjm_service::{
    Failure, Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_page_size, from_pb_text, from_pb_unit_price,
        to_pb_next_page,
    },
};
use prost::Message as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait, service::RoutesBuilder};

use crate::{
    Deps, app,
    convert::{from_pb_article, to_pb_article, to_pb_policy},
    store::PriceRow,
};

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(article::ArticleServiceServer::new(deps.clone()))
        .add_service(price::PriceServiceServer::new(deps.clone()))
        .add_service(policy::PolicyServiceServer::new(deps.clone()))
        .add_service(feed::EventFeedServiceServer::new(deps.clone()));
}

#[async_trait]
impl article::ArticleService for Deps {
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
        Ok(app::create_article(self, key, article)
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
            app::get_article(self, &caller, number, on).await?,
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
        let found = app::list_articles(self, &caller, request.page_token, rows_max).await?;
        let last = found
            .last()
            .map(|article| article.article_number.to_string());
        Ok(Response::new(pb::ListArticlesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            articles: found.iter().map(to_pb_article).collect(),
        }))
    }
}

#[async_trait]
impl price::PriceService for Deps {
    async fn set_price(
        &self,
        request: Request<pb::SetPriceRequest>,
    ) -> Result<Response<pb::SetPriceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let number: Option<ArticleNumber> =
            from_pb_text(&mut violations, "article_number", &request.article_number);
        let price = from_pb_unit_price(&mut violations, "price", request.price.as_ref());
        let from = from_pb_date(&mut violations, "valid_from", request.valid_from.as_ref());
        let ((number, price), valid_from) = violations.finish(number.zip(price).zip(from))?;
        let price = PriceRow {
            price,
            valid_from,
            valid_to: None,
        };
        Ok(app::set_price(self, key, number, price)
            .await?
            .into_response())
    }

    async fn get_price(
        &self,
        request: Request<pb::GetPriceRequest>,
    ) -> Result<Response<pb::GetPriceResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let number = from_pb_text(&mut violations, "article_number", &request.article_number);
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let (number, on) = violations.finish(number.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        Ok(Response::new(
            app::get_price(self, &caller, number, on).await?,
        ))
    }
}

#[async_trait]
impl policy::PolicyService for Deps {
    async fn import_policy(
        &self,
        request: Request<pb::ImportPolicyRequest>,
    ) -> Result<Response<pb::ImportPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let policy = app::check_policy(&caller, &request.text)?;
        if request.dry_run {
            let preview = app::preview_policy(self, &caller, policy);
            return Ok(Response::new(preview.await?));
        }
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        Ok(app::import_policy(self, key, policy).await?.into_response())
    }

    async fn activate_policy(
        &self,
        request: Request<pb::ActivatePolicyRequest>,
    ) -> Result<Response<pb::ActivatePolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let from = from_pb_date(&mut violations, "active_from", request.active_from.as_ref());
        let from = violations.finish(from)?;
        let done = app::activate_policy(self, key, request.policy_id, request.version, from);
        Ok(done.await?.into_response())
    }

    async fn list_policies(
        &self,
        request: Request<pb::ListPoliciesRequest>,
    ) -> Result<Response<pb::ListPoliciesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let token = policy_token(&request.page_token).ok_or("is not a token of this list");
        let after = violations.take("page_token", token);
        let (rows_max, after) = violations.finish(rows_max.zip(after))?;
        let found = app::list_policies(self, &caller, after, rows_max).await?;
        let last = found
            .last()
            .map(|policy| format!("{} {}", policy.policy_id, policy.version));
        Ok(Response::new(pb::ListPoliciesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            policies: found.iter().map(to_pb_policy).collect(),
        }))
    }

    async fn get_policy(
        &self,
        request: Request<pb::GetPolicyRequest>,
    ) -> Result<Response<pb::GetPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let found = app::get_policy(self, &caller, request.policy_id, request.version).await?;
        Ok(Response::new(found))
    }
}

fn policy_token(token: &str) -> Option<(String, u32)> {
    if token.is_empty() {
        return Some((String::new(), 0));
    }
    let (policy_id, version) = token.split_once(' ')?;
    Some((policy_id.to_owned(), version.parse().ok()?))
}

#[async_trait]
impl feed::EventFeedService for Deps {
    type ReadStream = ReceiverStream<Result<pb::ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<pb::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let tenant = caller(&request)?.tenant;
        let asked = request.into_inner();
        let reading = Reading::new(
            crate::SCHEMA,
            &asked.after,
            asked.limit,
            asked.kinds,
            asked.follow,
        )?;
        let (producer, drain) = (self.producer.clone(), self.drain.clone());
        Ok(Response::new(read::stream(
            producer, tenant, reading, drain, answer,
        )))
    }

    async fn get_head(
        &self,
        request: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::GetHeadResponse>, Status> {
        let tenant = caller(&request)?.tenant;
        let position = self.producer.head(&tenant).await?.to_wire();
        Ok(Response::new(pb::GetHeadResponse { position }))
    }
}

fn answer(item: Item) -> Result<pb::ReadResponse, Status> {
    match item {
        Item::Heartbeat => Ok(pb::ReadResponse::default()),
        Item::Event(envelope, payload) => {
            let event = pb::CatalogueEvent::decode(payload.as_slice())
                .map_err(|error| Failure::Internal(error.into()))?;
            Ok(pb::ReadResponse {
                envelope: Some(*envelope),
                event: Some(event),
            })
        }
    }
}
