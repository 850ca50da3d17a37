//! Billing's RPCs: parse, do, answer.

mod charge;
mod feed;
mod run;
mod statement;

use hjm_proto::billing::v1::{
    charge_service_server::ChargeServiceServer, event_feed_service_server::EventFeedServiceServer,
    event_follower_service_server::EventFollowerServiceServer,
    run_service_server::RunServiceServer, statement_service_server::StatementServiceServer,
};
use tonic::service::RoutesBuilder;

use crate::Deps;

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(ChargeServiceServer::new(deps.clone()))
        .add_service(RunServiceServer::new(deps.clone()))
        .add_service(StatementServiceServer::new(deps.clone()))
        .add_service(EventFeedServiceServer::new(deps.clone()))
        .add_service(EventFollowerServiceServer::new(deps.clone()));
}
