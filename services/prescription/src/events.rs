//! What prescription tells, and how it reacts to the catalogue's feed.
//!
//! A loan's aggregate id is its own id, so that the aggregate's version is the timeline's.

use hjm_feed::{Followed, NewEvent, policies::policy_keep};
use hjm_ids::{ArticleNumber, RecipientId};
use hjm_proto::{
    catalogue::v1::{CatalogueEvent, catalogue_event},
    prescription::v1::{
        CustomerUnit, CustomerUnitChanged, DevicesRegistered, IdentityDigest, LoanChanged,
        LoanTimeline, Prescribed, Prescription, PrescriptionEvent, Principal, PrincipalChanged,
        RecipientDied, RecipientFactsChanged, RecipientRegistered, TransferOffered,
        prescription_event::Event,
    },
};
use hjm_service::{Failure, TxFuture, Violations, convert::to_pb_date};
use jiff::civil::Date;
use prost::Message as _;
use sqlx::PgConnection;

use crate::config::keys::Digest;

/// The kind of the event that carries a loan's timeline.
pub(crate) const LOAN_CHANGED: &str = "LoanChanged";

pub(crate) fn principal_changed(principal: Principal) -> NewEvent {
    let aggregate = format!("principal {}", principal.principal_id);
    let event = Event::PrincipalChanged(PrincipalChanged {
        principal: Some(principal),
    });
    event_of("PrincipalChanged", aggregate, event)
}

pub(crate) fn customer_unit_changed(unit: CustomerUnit) -> NewEvent {
    let aggregate = format!("customer unit {}", unit.customer_number);
    let event = Event::CustomerUnitChanged(CustomerUnitChanged { unit: Some(unit) });
    event_of("CustomerUnitChanged", aggregate, event)
}

pub(crate) fn recipient_registered(recipient: RecipientId, digests: &[Digest]) -> NewEvent {
    let digests = digests
        .iter()
        .map(|digest| IdentityDigest {
            key_id: digest.key_id.clone(),
            digest: digest.digest.clone(),
        })
        .collect();
    let told = RecipientRegistered {
        recipient_id: recipient.to_string(),
        digests,
    };
    let event = Event::RecipientRegistered(told);
    event_of("RecipientRegistered", recipient_aggregate(recipient), event)
}

pub(crate) fn recipient_facts_changed(recipient: RecipientId, valid_from: Date) -> NewEvent {
    let told = RecipientFactsChanged {
        recipient_id: recipient.to_string(),
        valid_from: Some(to_pb_date(valid_from)),
    };
    let event = Event::RecipientFactsChanged(told);
    event_of(
        "RecipientFactsChanged",
        recipient_aggregate(recipient),
        event,
    )
}

pub(crate) fn recipient_died(recipient: RecipientId, died_on: Date) -> NewEvent {
    let told = RecipientDied {
        recipient_id: recipient.to_string(),
        died_on: Some(to_pb_date(died_on)),
    };
    event_of(
        "RecipientDied",
        recipient_aggregate(recipient),
        Event::RecipientDied(told),
    )
}

fn recipient_aggregate(recipient: RecipientId) -> String {
    format!("recipient {recipient}")
}

pub(crate) fn devices_registered(article: &ArticleNumber, count: u32) -> NewEvent {
    let event = Event::DevicesRegistered(DevicesRegistered {
        article_number: article.to_string(),
        count,
    });
    event_of("DevicesRegistered", format!("devices {article}"), event)
}

pub(crate) fn prescribed(prescription: Prescription) -> NewEvent {
    let aggregate = format!("prescription {}", prescription.prescription_id);
    let event = Event::Prescribed(Prescribed {
        prescription: Some(prescription),
    });
    event_of("Prescribed", aggregate, event)
}

pub(crate) fn loan_changed(loan: LoanTimeline) -> NewEvent {
    let aggregate = loan.loan_id.clone();
    let event = Event::LoanChanged(LoanChanged { loan: Some(loan) });
    event_of(LOAN_CHANGED, aggregate, event)
}

pub(crate) fn transfer_offered(offer: TransferOffered) -> NewEvent {
    let aggregate = format!("transfer {}", offer.transfer_id);
    event_of("TransferOffered", aggregate, Event::TransferOffered(offer))
}

fn event_of(kind: &'static str, aggregate_id: String, event: Event) -> NewEvent {
    let payload = PrescriptionEvent { event: Some(event) }.encode_to_vec();
    NewEvent {
        kind,
        aggregate_id,
        payload,
    }
}

/// Keeps the policies that the catalogue puts in force. Articles and prices are asked for when
/// something is prescribed.
pub(crate) fn react(
    connection: &mut PgConnection,
    followed: Followed<CatalogueEvent>,
) -> TxFuture<'_, (), Failure> {
    use catalogue_event::Event as Told;
    Box::pin(async move {
        match followed.event.event {
            Some(Told::PolicyActivated(activated)) => {
                let policy = activated
                    .policy
                    .ok_or_else(|| Violations::one("policy", "must be given"))?;
                policy_keep(connection, &followed.tenant, &policy).await
            }
            Some(
                Told::ArticleChanged(_)
                | Told::PriceChanged(_)
                | Told::PolicyImported(_)
                | Told::RelationChanged(_),
            )
            | None => Ok(()),
        }
    })
}
