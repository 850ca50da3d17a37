//! Cards without fees: of others, and for a medical reason.

use hjm_free_card::{CardReason, RegisteredCard};
use hjm_ids::AccountId;
use hjm_proto::{free_card::v1 as pb, write::WriteResponse};
use hjm_service::{AccessNote, WriteKey};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Core, Holder, Written,
    book::{Book, store_books},
    look::subject_in,
};
use crate::{
    Deps,
    error::Error,
    events,
    store::{self, AccountRow, Beside},
};

/// A card to register.
#[derive(Debug)]
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
    answer: impl FnOnce(pb::AccountStatus) -> R + Send + 'static,
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
    let scheme = core
        .scheme_in(tx, tenant, &holder.scheme_id, by.now)
        .await?;
    subject_in(tx, tenant, holder).await?;
    let mut book = hold(tx, tenant, holder, scheme).await?;
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
    let extend = asked.extend_existing;
    let told = book.register_card(tx, tenant, card, extend, beside).await;
    let (status, reassessed) = told?;
    store_books(tx, tenant, &[&book]).await?;
    let event = pb::CardRegistered {
        recipient_id: holder.recipient.to_string(),
        status: Some(status.clone()),
        reassessed,
    };
    let version = i64::try_from(book.version()).unwrap_or(i64::MAX);
    let note = AccessNote::new(&by.caller, action, holder.recipient, &holder.scheme_id, "");
    let event = events::card_registered(book.row.account, event);
    Ok((status, vec![event], vec![note.seen(version)]))
}

/// The person's account, added and held where there is none.
async fn hold(
    tx: &mut PgConnection,
    tenant: &hjm_ids::TenantId,
    holder: &Holder,
    scheme: std::sync::Arc<hjm_free_card::Scheme>,
) -> Result<Book, Error> {
    let keys = ([holder.scheme_id.clone()], [holder.recipient.uuid()]);
    let mut rows = store::account_hold(tx, tenant, &keys.0, &keys.1).await?;
    let held = rows.pop();
    let is_new = held.is_none();
    let row = held.unwrap_or_else(|| AccountRow {
        account: AccountId::new(Uuid::now_v7()),
        scheme_id: holder.scheme_id.clone(),
        subject: holder.recipient,
        version: 0,
        snapshot: None,
    });
    Ok(Book::open(row, is_new, scheme))
}
