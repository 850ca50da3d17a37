//! Registrations that are decided with more accounts than a batch holds: of persons who share
//! accounts, and in schemes that a composite reads.

use hjm_free_card::status_on;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, Answered, Failure, Scope, WriteKey};
use prost::Message as _;
use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::{
    Item, Response, Waiter,
    desk::{answer_again, check, whole},
};
use crate::{
    app::{Core, Registering, Written, circle::Held},
    convert::{registered_at, to_pb_fee, to_pb_fee_answer},
    error::{Error, Part},
    events,
    store::{self, BatchKeys, Beside},
};

/// Runs what waits, one after another.
pub(super) async fn write_each(core: Core, mut queue: mpsc::Receiver<Waiter>) {
    while let Some(waiting) = queue.recv().await {
        let mut answer = write(&core, &waiting.item).await;
        // A key that a twin has taken meanwhile is found now.
        if answer.as_ref().is_err_and(Error::is_taken) {
            answer = write(&core, &waiting.item).await;
        }
        waiting.answer(answer);
    }
}

async fn write(core: &Core, item: &Item) -> Written<Response> {
    let (by, asked) = (item.key.clone(), item.asked.clone());
    let inner = core.clone();
    let written = core.write(item.key.clone(), move |tx| {
        Box::pin(async move {
            let (answer, event) = register(&inner, tx, &by, &asked).await?;
            let version = i64::try_from(answer.account_version).unwrap_or(i64::MAX);
            let (subject, scheme) = (asked.holder.recipient, &asked.holder.scheme_id);
            let note = AccessNote::new(&by.caller, "RegisterFee", subject, scheme, "");
            Ok((
                answer,
                event.into_iter().collect(),
                vec![note.seen(version)],
            ))
        })
    });
    let answered = written.await?;
    if answered.message.answer.is_some() {
        return Ok(answered);
    }
    // A batch has answered it first, of a person who shared nothing then.
    let keys = key_of(&item.asked);
    let tenant = item.key.caller.tenant.clone();
    let scope = Scope::whole(tenant.clone());
    let found = core.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::batch_find(tx, &tenant, &keys).await })
    });
    let found = found.await?;
    let message = whole(answered.message, found.registered.values().next())?;
    Ok(Answered {
        message,
        ..answered
    })
}

/// A fee's key with its charging system, to be looked for alone.
fn key_of(asked: &Registering) -> BatchKeys {
    BatchKeys {
        references: vec![asked.external_reference.clone()],
        ..BatchKeys::default()
    }
}

async fn register(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: &Registering,
) -> Result<(Response, Option<hjm_feed::NewEvent>), Error> {
    let (tenant, holder) = (&by.caller.tenant, &asked.holder);
    let together = core
        .together_in(tx, tenant, &holder.scheme_id, by.now)
        .await?;
    let mut held = Held::open(tx, tenant, together, holder.recipient, by.now).await?;
    check(&asked.draft, held.circle.subject.person, by.now, Part::Fee)?;
    let lost = || Failure::internal("an account at hand is lost");
    let own = held.circle.accounts.get(holder).ok_or_else(lost)?;
    let account = own.row.account;
    let known = store::batch_find(tx, tenant, &key_of(asked)).await?;
    if let Some(found) = known.registered.get(&asked.external_reference) {
        let again = answer_again(tx, tenant, found, asked, Some(account)).await?;
        return Ok((again, None));
    }
    held.circle.check_version(asked.expected_version)?;
    let done = held.register(holder, &asked.draft);
    done.map_err(Part::Fee.refused())?;
    let fee = asked.draft.fee.fee;
    let (drawn, reassessed) = held.outcome(Some(fee))?;
    let scheme = held
        .circle
        .together
        .scheme(&holder.scheme_id)
        .ok_or_else(lost)?;
    let state = drawn.get(&holder.scheme_id).ok_or_else(lost)?;
    let assessed = state.fee(fee).ok_or_else(lost)?;
    let status = status_on(scheme, state, assessed.on, held.now).map_err(Part::Fee.refused())?;
    let version = held.circle.version();
    let answer = to_pb_fee_answer(scheme, assessed, &status, version, |_| true);
    let event = pb::FeeRegistered {
        recipient_id: holder.recipient.to_string(),
        fee: Some(to_pb_fee(assessed, Some(held.now), None)),
        status: answer.status.clone(),
        reassessed,
    };
    let own = held.circle.accounts.get(holder).ok_or_else(lost)?;
    let of_person = |other| registered_at(&own.log, other).is_some();
    let possible_duplicate = state.has_alike(fee, of_person);
    let beside = Beside::Fee {
        external_reference: asked.external_reference.clone(),
        answer: answer.encode_to_vec(),
        device_id: asked.draft.device_id.clone(),
        receipt: asked.draft.receipt.clone(),
    };
    held.describe(fee, beside);
    held.store(tx, tenant, &drawn).await?;
    let response = Response {
        fee_id: fee.to_string(),
        answer: Some(answer),
        account_version: version,
        possible_duplicate,
        ..Default::default()
    };
    Ok((response, Some(events::fee_registered(account, event))))
}
