//! What free-card tells, fees, and what it hears, policies.

use hjm_feed::{Followed, NewEvent, policies::policy_keep};
use hjm_ids::AccountId;
use hjm_proto::{
    catalogue::v1::{CatalogueEvent, catalogue_event},
    free_card::v1::{FeeCancelled, FeeRegistered, FreeCardEvent, free_card_event::Event},
};
use hjm_service::{Failure, TxFuture};
use prost::Message as _;
use sqlx::PgConnection;

pub(crate) fn fee_registered(account: AccountId, event: FeeRegistered) -> NewEvent {
    event_of("FeeRegistered", account, Event::FeeRegistered(event))
}

pub(crate) fn fee_cancelled(account: AccountId, event: FeeCancelled) -> NewEvent {
    event_of("FeeCancelled", account, Event::FeeCancelled(event))
}

fn event_of(kind: &'static str, account: AccountId, event: Event) -> NewEvent {
    let payload = FreeCardEvent { event: Some(event) }.encode_to_vec();
    NewEvent {
        kind,
        aggregate_id: format!("account {account}"),
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
            | catalogue_event::Event::PriceChanged(_)
            | catalogue_event::Event::PolicyImported(_) => Ok(()),
        }
    })
}
