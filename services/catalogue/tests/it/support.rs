//! The service on a port of its own, and the clients that call it.

use std::future::Future;

use hjm_ids::TenantId;
use hjm_postgres::Context;
use hjm_proto::{
    catalogue::v1::{
        self as pb, article_service_client::ArticleServiceClient,
        classification_service_client::ClassificationServiceClient,
        decision_service_client::DecisionServiceClient,
        event_feed_service_client::EventFeedServiceClient,
        policy_service_client::PolicyServiceClient, price_service_client::PriceServiceClient,
    },
    common::v1::ChargeForm,
};
use hjm_service::{Caller, client, server::Drain};
use hjm_testkit::{
    ClockFile, OTHER_TENANT, TENANT, TestDatabase, aid_centre, date, listener, request_id,
    serve_args, unit_price,
};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::task::JoinHandle;
use tonic::{Response, Status, transport::Channel};

pub(crate) const RENT: &str = include_str!("../../../../policies/jamtland-harjedalen/rent.toml");
pub(crate) const RENT_ID: &str = "jamtland-harjedalen-rent";

pub(crate) fn importer() -> Caller {
    aid_centre(TENANT, "importer")
}

pub(crate) fn second_person() -> Caller {
    aid_centre(TENANT, "second person")
}

/// The service, its clock, and the clients that call it.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: ClockFile,
    pub(crate) articles: ArticleServiceClient<Channel>,
    pub(crate) classification: ClassificationServiceClient<Channel>,
    pub(crate) decisions: DecisionServiceClient<Channel>,
    pub(crate) prices: PriceServiceClient<Channel>,
    pub(crate) policies: PolicyServiceClient<Channel>,
    pub(crate) feed: EventFeedServiceClient<Channel>,
    pub(crate) drain: Drain,
    pub(crate) server: JoinHandle<Result<(), hjm_service::Failure>>,
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::open_for(vec![TENANT.parse().unwrap(), OTHER_TENANT.parse().unwrap()]).await
    }

    /// A service that keeps these tenants' books.
    pub(crate) async fn open_for(tenants: Vec<TenantId>) -> Self {
        let database = TestDatabase::create("catalogue", |database| async move {
            catalogue_service::migrate(&database.migration_url())
                .await
                .unwrap();
        })
        .await;
        let clock = ClockFile::at("2025-03-10".parse().unwrap());
        let (listener, url) = listener().await;
        let mut serve = serve_args(&database, Context::Catalogue, &clock);
        serve.tenants = tenants;
        let drain = Drain::default();
        let config = catalogue_service::config::Serve { serve };
        let server = tokio::spawn(catalogue_service::serve(config, listener, drain.clone()));
        let channel = client::channel(&url).unwrap();
        Self {
            database,
            clock,
            articles: ArticleServiceClient::new(channel.clone()),
            classification: ClassificationServiceClient::new(channel.clone()),
            decisions: DecisionServiceClient::new(channel.clone()),
            prices: PriceServiceClient::new(channel.clone()),
            policies: PolicyServiceClient::new(channel.clone()),
            feed: EventFeedServiceClient::new(channel),
            drain,
            server,
        }
    }

    pub(crate) async fn create(
        &self,
        request: pb::CreateArticleRequest,
    ) -> Result<Response<pb::CreateArticleResponse>, Status> {
        let request = client::request(&importer(), request);
        self.articles.clone().create_article(request).await
    }

    pub(crate) async fn article(
        &self,
        number: &str,
        as_of: &str,
    ) -> Result<pb::GetArticleResponse, Status> {
        let request = pb::GetArticleRequest {
            article_number: number.to_owned(),
            as_of: date(as_of),
        };
        let mut client = self.articles.clone();
        let got = client
            .get_article(client::request(&importer(), request))
            .await;
        got.map(Response::into_inner)
    }

    pub(crate) async fn change(
        &self,
        article: pb::Article,
        expected_version: u32,
    ) -> Result<pb::Article, Status> {
        let request = pb::ChangeArticleRequest {
            request_id: request_id(),
            article: Some(article),
            expected_version,
        };
        let request = client::request(&importer(), request);
        let changed = self.articles.clone().change_article(request).await?;
        Ok(changed.into_inner().article.unwrap())
    }

    pub(crate) async fn withdraw(
        &self,
        request: pb::WithdrawArticleRequest,
    ) -> Result<pb::Article, Status> {
        let request = client::request(&importer(), request);
        let withdrawn = self.articles.clone().withdraw_article(request).await?;
        Ok(withdrawn.into_inner().article.unwrap())
    }

    pub(crate) async fn page(
        &self,
        page_size: i32,
        page_token: &str,
    ) -> Result<pb::ListArticlesResponse, Status> {
        let page_token = page_token.to_owned();
        let request = pb::ListArticlesRequest {
            page_size,
            page_token,
            as_of: None,
        };
        let mut client = self.articles.clone();
        let listed = client
            .list_articles(client::request(&importer(), request))
            .await;
        listed.map(Response::into_inner)
    }

    pub(crate) async fn set_price(
        &self,
        request: pb::SetPriceRequest,
    ) -> Result<Response<pb::SetPriceResponse>, Status> {
        let request = client::request(&importer(), request);
        self.prices.clone().set_price(request).await
    }

    /// The price on a day, as text.
    pub(crate) async fn price_on(&self, number: &str, day: &str) -> Result<pb::Price, Status> {
        let request = pb::GetPriceRequest {
            article_number: number.to_owned(),
            as_of: date(day),
            ..Default::default()
        };
        let mut client = self.prices.clone();
        let got = client
            .get_price(client::request(&importer(), request))
            .await?;
        Ok(got.into_inner().price.unwrap())
    }

    pub(crate) async fn import(
        &self,
        text: &str,
    ) -> Result<Response<pb::ImportPolicyResponse>, Status> {
        self.import_as(&importer(), text, false).await
    }

    pub(crate) async fn import_as(
        &self,
        caller: &Caller,
        text: &str,
        dry_run: bool,
    ) -> Result<Response<pb::ImportPolicyResponse>, Status> {
        let request = pb::ImportPolicyRequest {
            request_id: request_id(),
            text: text.to_owned(),
            dry_run,
        };
        let request = client::request(caller, request);
        self.policies.clone().import_policy(request).await
    }

    pub(crate) async fn activate(
        &self,
        caller: &Caller,
        policy_id: &str,
        version: u32,
        from: &str,
    ) -> Result<Response<pb::ActivatePolicyResponse>, Status> {
        let request = pb::ActivatePolicyRequest {
            request_id: request_id(),
            policy_id: policy_id.to_owned(),
            version,
            active_from: date(from),
        };
        let request = client::request(caller, request);
        self.policies.clone().activate_policy(request).await
    }

    /// How many decisions are kept.
    pub(crate) async fn kept_decisions(&self) -> i64 {
        let mut admin = PgConnection::connect_with(&self.database.admin())
            .await
            .unwrap();
        let counted = sqlx::raw_sql("SELECT count(*) FROM catalogue.decision")
            .fetch_one(&mut admin)
            .await
            .unwrap();
        counted.get(0)
    }

    pub(crate) async fn policy_list(&self) -> Vec<pb::Policy> {
        let request = client::request(&importer(), pb::ListPoliciesRequest::default());
        let listed = self.policies.clone().list_policies(request).await;
        listed.unwrap().into_inner().policies
    }

    /// The feed as a request reads it, to its end.
    pub(crate) async fn read(&self, request: pb::ReadRequest) -> Vec<pb::ReadResponse> {
        let request = client::streaming_request(&importer(), request);
        let mut stream = self.feed.clone().read(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(event) = stream.message().await.unwrap() {
            events.push(event);
        }
        events
    }

    /// The kinds of all events, in order.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let events = self.read(pb::ReadRequest::default()).await;
        let envelopes = events.into_iter().map(|event| event.envelope.unwrap());
        envelopes.map(|envelope| envelope.kind).collect()
    }
}

pub(crate) fn rollator(number: &str) -> pb::CreateArticleRequest {
    pb::CreateArticleRequest {
        request_id: request_id(),
        article: Some(pb::Article {
            article_number: number.to_owned(),
            name: "Rollator".to_owned(),
            iso_code: "120606".to_owned(),
            kind: pb::ArticleKind::MainProduct.into(),
            charge_form: ChargeForm::Rental.into(),
            product_group: 3,
            valid_from: date("2020-01-01"),
            ..Default::default()
        }),
    }
}

/// A new article as it is answered: its first version, active where nothing else was said.
pub(crate) fn as_stored(article: Option<pb::Article>) -> Option<pb::Article> {
    article.map(|mut article| {
        article.version = 1;
        if article.state() == pb::ArticleState::Unspecified {
            article.state = pb::ArticleState::Active.into();
        }
        article
    })
}

pub(crate) fn price(number: &str, amount: &str, from: &str) -> pb::SetPriceRequest {
    pb::SetPriceRequest {
        request_id: request_id(),
        article_number: number.to_owned(),
        price: unit_price(amount),
        valid_from: date(from),
        ..Default::default()
    }
}

/// The rent policy's next version, otherwise the same.
pub(crate) fn rent_version(version: u32) -> String {
    RENT.replace("version = 1", &format!("version = {version}"))
}

/// The refusal that a call ends in.
pub(crate) async fn refused<T: std::fmt::Debug>(
    call: impl Future<Output = Result<T, Status>>,
) -> Status {
    call.await.unwrap_err()
}
