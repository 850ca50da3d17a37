//! Prescription's RPCs: parse, do, answer.

mod device;
mod feed;
mod loan;
mod organisation;
mod prescription;
mod recipient;

use hjm_proto::prescription::v1::{
    device_service_server::DeviceServiceServer, event_feed_service_server::EventFeedServiceServer,
    event_follower_service_server::EventFollowerServiceServer,
    loan_service_server::LoanServiceServer, organisation_service_server::OrganisationServiceServer,
    prescription_service_server::PrescriptionServiceServer,
    recipient_service_server::RecipientServiceServer,
};
use tonic::service::RoutesBuilder;

use crate::Deps;

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(OrganisationServiceServer::new(deps.clone()))
        .add_service(RecipientServiceServer::new(deps.clone()))
        .add_service(DeviceServiceServer::new(deps.clone()))
        .add_service(PrescriptionServiceServer::new(deps.clone()))
        .add_service(LoanServiceServer::new(deps.clone()))
        .add_service(EventFeedServiceServer::new(deps.clone()))
        .add_service(EventFollowerServiceServer::new(deps.clone()));
}
