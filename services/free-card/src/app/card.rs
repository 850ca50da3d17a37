//! Cards without fees: of others, and for a medical reason.

use hjm_free_card::{CardReason, RegisteredCard};
use hjm_proto::{free_card::v1 as pb, write::WriteResponse};
use hjm_service::{AccessNote, Failure, WriteKey};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::{Core, Holder, Written, again_if_taken, circle::Held};
use crate::{
    Deps,
    error::{Error, Part},
    events,
    store::Beside,
};

/// A card to register.
#[derive(Debug, Clone)]
pub(crate) struct Carding {
    pub(crate) holder: Holder,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) reason: CardReason,
    pub(crate) evidence: String,
    pub(crate) card_number: Option<String>,
    pub(crate) extend_existing: bool,
}

/// Registers a card, once.
pub(crate) async fn add_card<R: WriteResponse>(
    deps: &Deps,
    key: WriteKey,
    asked: Carding,
    action: &'static str,
    answer: fn(pb::AccountStatus) -> R,
) -> Written<R> {
    again_if_taken(|| write(deps, key.clone(), asked.clone(), action, answer)).await
}

async fn write<R: WriteResponse>(
    deps: &Deps,
    key: WriteKey,
    asked: Carding,
    action: &'static str,
    answer: fn(pb::AccountStatus) -> R,
) -> Written<R> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let (status, events, notes) = register_card(&core, tx, &by, asked, action).await?;
            Ok((answer(status), events, notes))
        })
    });
    written.await
}

type Told = (pb::AccountStatus, Vec<hjm_feed::NewEvent>, Vec<AccessNote>);

/// Registers a card in a transaction at hand: where the person then stands on its first day.
async fn register_card(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: Carding,
    action: &'static str,
) -> Result<Told, Error> {
    let (tenant, holder) = (&by.caller.tenant, &asked.holder);
    let together = core
        .together_in(tx, tenant, &holder.scheme_id, by.now)
        .await?;
    let mut held = Held::open(tx, tenant, together, holder.recipient, by.now).await?;
    held.circle.shows()?;
    let card = RegisteredCard {
        from: asked.from,
        to: asked.to,
        reason: asked.reason,
        at: by.now,
    };
    let beside = Beside::Card {
        evidence: asked.evidence,
        card_number: asked.card_number,
    };
    let done = held.register_card(holder, card, asked.extend_existing, &beside);
    done.map_err(Part::Account.refused())?;
    let (drawn, reassessed) = held.outcome(None)?;
    let status = held
        .circle
        .status(&drawn, &holder.scheme_id, asked.from, held.now)?;
    let lost = || Failure::internal("an account at hand is lost");
    let account = held
        .circle
        .accounts
        .get(holder)
        .ok_or_else(lost)?
        .row
        .account;
    held.store(tx, tenant, &drawn).await?;
    let event = pb::CardRegistered {
        recipient_id: holder.recipient.to_string(),
        status: Some(status.clone()),
        reassessed,
    };
    let version = i64::try_from(status.account_version).unwrap_or(i64::MAX);
    let note = AccessNote::new(&by.caller, action, holder.recipient, &holder.scheme_id, "");
    let event = events::card_registered(account, event);
    Ok((status, vec![event], vec![note.seen(version)]))
}
