//! Registering, correcting and cancelling fees.

use hjm_free_card::ProposedFee;
use hjm_ids::AccountId;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, Caller, Failure, WriteKey, clock::civil_date};
use sqlx::PgConnection;

use super::{Changing, Core, Holder, Queued, Registering, Written, again_if_taken, circle::Held};
use crate::{
    Deps,
    convert::to_pb_fee,
    error::{Error, Part},
    events, store,
};

/// Queues a fee to be registered, charged as it is entitled then.
pub(crate) fn register_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Registering,
) -> Result<Queued, Error> {
    check_principal(&key.caller, &asked.draft.fee, Part::Fee)?;
    Ok(deps.queue.enqueue(key, asked)?)
}

/// A principal's fees are its own to charge: what is too much, the one that charged pays back.
pub(super) fn check_principal(caller: &Caller, fee: &ProposedFee, part: Part) -> Result<(), Error> {
    let own = caller.scope().principal;
    if own.is_some_and(|own| own != fee.principal) {
        return Err(Error::FeeOfAnotherPrincipal(part));
    }
    Ok(())
}

/// What a change came to.
struct Changed {
    account: AccountId,
    holder: Holder,
    fee: pb::Fee,
    /// Absent of a person who stays outside.
    status: Option<pb::AccountStatus>,
    version: u64,
    reassessed: Vec<pb::Fee>,
}

impl Changed {
    fn note(&self, by: &WriteKey, action: &'static str) -> AccessNote {
        let version = i64::try_from(self.version).unwrap_or(i64::MAX);
        let (subject, scheme) = (self.holder.recipient, &self.holder.scheme_id);
        AccessNote::new(&by.caller, action, subject, scheme, "").seen(version)
    }
}

/// Cancels a fee, wholly.
pub(crate) async fn cancel_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Changing,
) -> Written<pb::CancelFeeResponse> {
    again_if_taken(|| cancel(deps, key.clone(), asked.clone())).await
}

async fn cancel(deps: &Deps, key: WriteKey, asked: Changing) -> Written<pb::CancelFeeResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let changed = change_in(&core, tx, &by, &asked).await?;
            let note = changed.note(&by, "CancelFee");
            let event = pb::FeeCancelled {
                recipient_id: changed.holder.recipient.to_string(),
                fee: Some(changed.fee.clone()),
                status: changed.status.clone(),
                reassessed: changed.reassessed,
            };
            let answer = pb::CancelFeeResponse {
                fee: Some(changed.fee),
                status: changed.status,
                ..Default::default()
            };
            let event = events::fee_cancelled(changed.account, event);
            Ok((answer, vec![event], vec![note]))
        })
    });
    written.await
}

/// Gives a fee the date and amount it should have had.
pub(crate) async fn correct_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Changing,
) -> Written<pb::CorrectFeeResponse> {
    again_if_taken(|| correct(deps, key.clone(), asked.clone())).await
}

async fn correct(deps: &Deps, key: WriteKey, asked: Changing) -> Written<pb::CorrectFeeResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let changed = change_in(&core, tx, &by, &asked).await?;
            let note = changed.note(&by, "CorrectFee");
            let event = pb::FeeCorrected {
                recipient_id: changed.holder.recipient.to_string(),
                fee: Some(changed.fee.clone()),
                status: changed.status.clone(),
                reassessed: changed.reassessed,
            };
            let answer = pb::CorrectFeeResponse {
                fee: Some(changed.fee),
                status: changed.status,
                ..Default::default()
            };
            let event = events::fee_corrected(changed.account, event);
            Ok((answer, vec![event], vec![note]))
        })
    });
    written.await
}

/// What was charged and what goes back. What it should have cost tells what remained (D-21).
fn without_rest(fee: pb::Fee) -> pb::Fee {
    pb::Fee {
        entitled: None,
        undercharge: None,
        ..fee
    }
}

/// A fee is changed by the principal that registered it, or by the aid centre (R18), of a person
/// who stays outside too: then nothing but that fee is told.
async fn change_in(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: &Changing,
) -> Result<Changed, Error> {
    let tenant = &by.caller.tenant;
    let owner = store::account_of_fee(tx, tenant, asked.fee).await?;
    let own = by.caller.scope().principal;
    if own.is_some_and(|own| own.as_str() != owner.principal_id) {
        return Err(Error::FeeRegisteredElsewhere);
    }
    let today = civil_date(by.now);
    let holder = Holder {
        scheme_id: owner.scheme_id,
        recipient: owner.subject,
    };
    let together = core
        .together_in(tx, tenant, &holder.scheme_id, by.now)
        .await?;
    let mut held = Held::open(tx, tenant, together, holder.recipient, by.now).await?;
    if let Some((on, _)) = asked.to {
        let mut refused = held.circle.subject.person.refuses_day(on, today);
        if let Some(refusal) = refused.next() {
            return Err(Error::Fee(Part::Change, refusal));
        }
    }
    let part = asked.to.map_or(Part::Account, |_| Part::Change);
    held.change(&holder, asked).map_err(part.refused())?;
    let (drawn, reassessed) = held.outcome(Some(asked.fee))?;
    let lost = || Failure::internal("a fee at hand is not in its account's state");
    let state = drawn.get(&holder.scheme_id).ok_or_else(lost)?;
    let fee = state.fee(asked.fee).ok_or_else(lost)?;
    let own = held.circle.accounts.get(&holder).ok_or_else(lost)?;
    let status = held
        .circle
        .status(&drawn, &holder.scheme_id, today, held.now)?;
    let shown = held.circle.shows().is_ok();
    let told = to_pb_fee(fee, held.circle.registered_at(asked.fee), None);
    let changed = Changed {
        account: own.row.account,
        fee: if shown { told } else { without_rest(told) },
        status: shown.then_some(status),
        version: held.circle.version(),
        holder,
        reassessed,
    };
    held.store(tx, tenant, &drawn).await?;
    Ok(changed)
}
