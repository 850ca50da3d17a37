//! Free-card's RPCs: parse, do, answer.

mod audit;
mod card;
mod claim;
mod fee;
mod feed;
mod scheme;
mod subject;

use hjm_proto::free_card::v1::{
    audit_service_server::AuditServiceServer, card_service_server::CardServiceServer,
    claim_service_server::ClaimServiceServer, event_feed_service_server::EventFeedServiceServer,
    event_follower_service_server::EventFollowerServiceServer,
    free_card_service_server::FreeCardServiceServer, scheme_service_server::SchemeServiceServer,
    subject_service_server::SubjectServiceServer,
};
use hjm_service::{
    Caller, Violations,
    convert::{from_pb_text, from_pb_words},
};
use jiff::Timestamp;
use tonic::{Status, service::RoutesBuilder};
use tonic_types::StatusExt as _;

use crate::{
    Deps,
    app::{Holder, Looking},
};

const SCHEME_ID_LENGTH_MAX: usize = 100;
const PURPOSE_LENGTH_MAX: usize = 200;

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(FreeCardServiceServer::new(deps.clone()))
        .add_service(CardServiceServer::new(deps.clone()))
        .add_service(ClaimServiceServer::new(deps.clone()))
        .add_service(SubjectServiceServer::new(deps.clone()))
        .add_service(SchemeServiceServer::new(deps.clone()))
        .add_service(AuditServiceServer::new(deps.clone()))
        .add_service(EventFeedServiceServer::new(deps.clone()))
        .add_service(EventFollowerServiceServer::new(deps.clone()));
}

fn from_pb_holder(
    violations: &mut Violations,
    recipient_id: &str,
    scheme_id: &str,
) -> Option<Holder> {
    let recipient = from_pb_text(violations, "recipient_id", recipient_id);
    let scheme_id = from_pb_words(violations, "scheme_id", scheme_id, SCHEME_ID_LENGTH_MAX);
    Some(Holder {
        recipient: recipient?,
        scheme_id: scheme_id?,
    })
}

fn from_pb_purpose(violations: &mut Violations, purpose: &str) -> Option<String> {
    if purpose.is_empty() {
        return Some(String::new());
    }
    from_pb_words(violations, "purpose", purpose, PURPOSE_LENGTH_MAX)
}

fn looking(
    caller: Caller,
    action: &'static str,
    purpose: &str,
    known_at: Option<Timestamp>,
    now: Timestamp,
) -> Looking {
    Looking {
        caller,
        action,
        purpose: purpose.to_owned(),
        now,
        known_at,
    }
}

/// Code, reason and text of a refusal, for one item of many.
fn status_parts(status: &Status) -> (i32, String, String) {
    let reason = status.get_details_error_info().map(|info| info.reason);
    let text = status.message().to_owned();
    (status.code().into(), reason.unwrap_or_default(), text)
}
