//! The catalogue's RPCs: parse, do, answer.

mod article;
mod classification;
mod decision;
mod feed;
mod import;
mod policy;
mod price;
mod relation;
mod search;

use hjm_proto::catalogue::v1::{
    article_service_server::ArticleServiceServer,
    classification_service_server::ClassificationServiceServer,
    decision_service_server::DecisionServiceServer,
    event_feed_service_server::EventFeedServiceServer, policy_service_server::PolicyServiceServer,
    price_service_server::PriceServiceServer,
};
use tonic::service::RoutesBuilder;

use crate::Deps;

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(ArticleServiceServer::new(deps.clone()))
        .add_service(ClassificationServiceServer::new(deps.clone()))
        .add_service(DecisionServiceServer::new(deps.clone()))
        .add_service(PriceServiceServer::new(deps.clone()))
        .add_service(PolicyServiceServer::new(deps.clone()))
        .add_service(EventFeedServiceServer::new(deps.clone()));
}
