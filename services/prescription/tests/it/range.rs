//! The catalogue's range as tests change it: states, chains, trials.

use hjm_proto::catalogue::v1::{self as catalogue, article_service_client::ArticleServiceClient};
use hjm_proto::common::v1::ChargeForm;
use hjm_testkit::{date, request_id};
use tonic::transport::Channel;

use crate::world::World;

impl World {
    fn articles(&self) -> ArticleServiceClient<Channel> {
        ArticleServiceClient::new(self.catalogue.clone())
    }

    /// Takes an article's first version out of the range from a day on.
    pub(crate) async fn withdraw(&self, article: &str, state: catalogue::ArticleState, from: &str) {
        let request = catalogue::WithdrawArticleRequest {
            request_id: request_id(),
            article_number: article.to_owned(),
            expected_version: 1,
            state: state.into(),
            valid_from: date(from),
            reason: "a test".to_owned(),
        };
        let withdrawn = self.articles().withdraw_article(self.ask(request)).await;
        withdrawn.unwrap();
    }

    /// Says that an article is replaced by a newer one.
    pub(crate) async fn replace(&self, old: &str, new: &str, from: &str) {
        let relation = catalogue::Relation {
            kind: catalogue::RelationKind::ReplacedBy.into(),
            article_number: old.to_owned(),
            other_number: new.to_owned(),
            valid_from: date(from),
            ..Default::default()
        };
        let request = catalogue::RelateArticlesRequest {
            request_id: request_id(),
            relation: Some(relation),
        };
        let related = self.articles().relate_articles(self.ask(request)).await;
        related.unwrap();
    }

    /// A rented medical device that is for care and treatment, for a time, unless it is said.
    pub(crate) async fn treatment_article(&self, article: &str) {
        let article = catalogue::Article {
            article_number: article.to_owned(),
            name: "a device for treatment".to_owned(),
            iso_code: "181210".to_owned(),
            kind: catalogue::ArticleKind::MainProduct.into(),
            charge_form: ChargeForm::Rental.into(),
            product_group: 4,
            valid_from: date("2015-01-01"),
            regulatory_class: catalogue::RegulatoryClass::MdrI.into(),
            default_purpose: catalogue::Purpose::CareAndTreatment.into(),
            default_duration: catalogue::Duration::Temporary.into(),
            ..Default::default()
        };
        self.create(article).await;
    }

    async fn create(&self, article: catalogue::Article) {
        let request = catalogue::CreateArticleRequest {
            request_id: request_id(),
            article: Some(article),
        };
        let created = self.articles().create_article(self.ask(request)).await;
        created.unwrap();
    }

    /// A rented bed on trial.
    pub(crate) async fn try_article(&self, article: &str, units: u32, until: &str) {
        let decision = catalogue::AssortmentDecision {
            subject: catalogue::AssortmentSubject::NewProduct.into(),
            body: "the range council".to_owned(),
            decided_on: date("2024-12-01"),
            reference: "RC 1".to_owned(),
        };
        let article = catalogue::Article {
            article_number: article.to_owned(),
            name: "a bed on trial".to_owned(),
            iso_code: "181210".to_owned(),
            kind: catalogue::ArticleKind::MainProduct.into(),
            charge_form: ChargeForm::Rental.into(),
            product_group: 4,
            valid_from: date("2025-01-01"),
            state: catalogue::ArticleState::Trial.into(),
            trial: Some(catalogue::Trial {
                units,
                until: date(until),
            }),
            decision: Some(decision),
            ..Default::default()
        };
        self.create(article).await;
    }
}
