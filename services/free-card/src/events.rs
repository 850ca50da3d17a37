//! What free-card tells, and what it hears: policies, who a number is, and who has died.

use hjm_feed::{Followed, NewEvent, policies::policy_keep};
use hjm_free_card::Subject;
use hjm_ids::{AccountId, FeeId, RecipientId};
use hjm_proto::{
    catalogue::v1::{CatalogueEvent, catalogue_event},
    free_card::v1::{
        CardRegistered, ClaimDecided, FeeCancelled, FeeCorrected, FeeRegistered, FreeCardEvent,
        LinkChanged, PoolChanged, SubjectChanged, free_card_event::Event,
    },
    prescription::v1::{PrescriptionEvent, prescription_event},
};
use hjm_service::{Clock, Failure, TxFuture, Violations, convert};
use prost::Message as _;
use sqlx::PgConnection;

use crate::{
    app::{self, Core},
    config::keys::Digest,
};

pub(crate) fn fee_registered(account: AccountId, event: FeeRegistered) -> NewEvent {
    event_of("FeeRegistered", account, Event::FeeRegistered(event))
}

pub(crate) fn fee_cancelled(account: AccountId, event: FeeCancelled) -> NewEvent {
    event_of("FeeCancelled", account, Event::FeeCancelled(event))
}

pub(crate) fn fee_corrected(account: AccountId, event: FeeCorrected) -> NewEvent {
    event_of("FeeCorrected", account, Event::FeeCorrected(event))
}

pub(crate) fn card_registered(account: AccountId, event: CardRegistered) -> NewEvent {
    event_of("CardRegistered", account, Event::CardRegistered(event))
}

pub(crate) fn claim_decided(fee: FeeId, event: ClaimDecided) -> NewEvent {
    let aggregate = format!("claim {fee}");
    event_about("ClaimDecided", aggregate, Event::ClaimDecided(event))
}

pub(crate) fn link_changed(event: LinkChanged) -> NewEvent {
    let aggregate = format!("person {}", event.recipient_id);
    event_about("LinkChanged", aggregate, Event::LinkChanged(event))
}

pub(crate) fn pool_changed(event: PoolChanged) -> NewEvent {
    let pool = event.pool.as_ref().map_or("", |pool| &pool.pool_id);
    let aggregate = format!("pool {pool}");
    event_about("PoolChanged", aggregate, Event::PoolChanged(event))
}

pub(crate) fn subject_changed(subject: RecipientId, after: Subject) -> NewEvent {
    let event = SubjectChanged {
        recipient_id: subject.to_string(),
        opted_out: after.person.opted_out,
        read_consent: after.read_consent,
        is_protected: after.is_protected,
    };
    let aggregate = format!("person {}", event.recipient_id);
    event_about("SubjectChanged", aggregate, Event::SubjectChanged(event))
}

fn event_of(kind: &'static str, account: AccountId, event: Event) -> NewEvent {
    event_about(kind, format!("account {account}"), event)
}

fn event_about(kind: &'static str, aggregate_id: String, event: Event) -> NewEvent {
    let payload = FreeCardEvent { event: Some(event) }.encode_to_vec();
    NewEvent {
        kind,
        aggregate_id,
        payload,
    }
}

/// Keeps every policy version that catalogue puts in force; the rest is not free-card's.
pub(crate) fn react(
    connection: &mut PgConnection,
    followed: Followed<CatalogueEvent>,
) -> TxFuture<'_, (), Failure> {
    Box::pin(async move {
        let missing = || Failure::internal("an event of catalogue is empty");
        match followed.event.event.ok_or_else(missing)? {
            catalogue_event::Event::PolicyActivated(activated) => {
                let policy = activated.policy.ok_or_else(missing)?;
                policy_keep(connection, &followed.tenant, &policy).await
            }
            catalogue_event::Event::ArticleChanged(_)
            | catalogue_event::Event::RelationChanged(_)
            | catalogue_event::Event::PriceChanged(_)
            | catalogue_event::Event::PolicyImported(_) => Ok(()),
        }
    })
}

/// Keeps who a number is and the day of a death; the rest is not free-card's.
pub(crate) fn react_to_prescription(
    connection: &mut PgConnection,
    followed: Followed<PrescriptionEvent>,
    core: Core,
    clock: Clock,
) -> TxFuture<'_, (), Failure> {
    Box::pin(async move {
        let missing = || Failure::internal("an event of prescription is empty");
        let tenant = &followed.tenant;
        let mut violations = Violations::default();
        match followed.event.event.ok_or_else(missing)? {
            prescription_event::Event::RecipientRegistered(registered) => {
                let id = &registered.recipient_id;
                let recipient = convert::from_pb_text(&mut violations, "recipient_id", id);
                let recipient = violations.finish(recipient)?;
                let digests = registered.digests.into_iter().map(|one| Digest {
                    key_id: one.key_id,
                    digest: one.digest,
                });
                let (digests, now) = (digests.collect(), clock.now()?);
                app::subject_registered(&core, connection, tenant, recipient, digests, now).await
            }
            prescription_event::Event::RecipientDied(died) => {
                let id = &died.recipient_id;
                let recipient = convert::from_pb_text(&mut violations, "recipient_id", id);
                let on = died.died_on.as_ref();
                let died_on = convert::from_pb_date(&mut violations, "died_on", on);
                let (recipient, died_on) = violations.finish(recipient.zip(died_on))?;
                app::subject_died(connection, tenant, recipient, died_on, clock.now()?).await
            }
            prescription_event::Event::PrincipalChanged(_)
            | prescription_event::Event::CustomerUnitChanged(_)
            | prescription_event::Event::RecipientFactsChanged(_)
            | prescription_event::Event::DevicesRegistered(_)
            | prescription_event::Event::Prescribed(_)
            | prescription_event::Event::LoanChanged(_)
            | prescription_event::Event::TransferOffered(_) => Ok(()),
        }
    })
}
