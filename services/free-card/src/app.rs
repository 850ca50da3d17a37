//! Free-card's use cases: one function, one transaction.
//!
//! Every answer is a replay of the account's log. A write holds the account's row from before it
//! reads the log until it has added to it, so writers of one account come one after another;
//! locks are taken in the order request, account, feed.

use std::sync::Arc;

use hjm_feed::NewEvent;
use hjm_free_card::{
    AccountState, LogEntry, ProposedFee, Scheme, quote, register, replay, status_on,
};
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_policy::Section;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{Answered, Caller, Failure, WriteKey, clock::civil_date};
use jiff::{Timestamp, civil::Date};
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Deps,
    convert::{to_pb_fee, to_pb_fee_answer, to_pb_status},
    error::{Error, Part},
    events,
    store::{self, AccountRow, Beside},
};

type Written<R> = Result<Answered<R>, Error>;

/// A person in a scheme.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) recipient: RecipientId,
    pub(crate) scheme_id: String,
}

/// A fee to register.
#[derive(Debug)]
pub(crate) struct Registering {
    pub(crate) holder: Holder,
    pub(crate) fee: ProposedFee,
    pub(crate) external_reference: String,
}

/// A fee to cancel.
#[derive(Debug)]
pub(crate) struct Cancelling {
    pub(crate) fee: FeeId,
    pub(crate) reason: &'static str,
    pub(crate) text: String,
}

/// The scheme as the document in force today has it, for all the dates that document covers.
async fn scheme_of(
    deps: &Deps,
    connection: &mut PgConnection,
    tenant: &TenantId,
    scheme_id: &str,
    today: Date,
) -> Result<Arc<Scheme>, Error> {
    let policies = deps.policies.of(connection, tenant).await?;
    let document = policies.in_force(Section::FreeCard, today);
    let scheme = document.map(|document| deps.schemes.of(document, Scheme::parse));
    scheme
        .transpose()?
        .filter(|scheme| scheme.id() == scheme_id)
        .ok_or(Error::SchemeUnknown)
}

/// A person's log; empty for who has no account.
async fn log_of(
    connection: &mut PgConnection,
    tenant: &TenantId,
    holder: &Holder,
) -> Result<Vec<LogEntry>, Failure> {
    let (scheme_id, subject) = (&holder.scheme_id, holder.recipient);
    match store::account_find(connection, tenant, scheme_id, subject).await? {
        Some(account) => store::log_list(connection, tenant, account).await,
        None => Ok(Vec::new()),
    }
}

/// What fees would cost, in the order given.
pub(crate) async fn quote_fees(
    deps: &Deps,
    caller: &Caller,
    holder: Holder,
    fees: Vec<ProposedFee>,
    now: Timestamp,
) -> Result<pb::QuoteFeesResponse, Error> {
    let (deps, tenant, scope) = (deps.clone(), caller.tenant.clone(), caller.scope());
    let database = deps.producer.database().clone();
    let read = database.read(&scope, |tx| {
        Box::pin(async move {
            let today = civil_date(now);
            let scheme = scheme_of(&deps, tx, &tenant, &holder.scheme_id, today).await?;
            for fee in &fees {
                check(fee, today, Part::Fees)?;
            }
            let log = log_of(tx, &tenant, &holder).await?;
            let quotes = quote(&scheme, &log, &fees, now).map_err(Part::Fees.refused())?;
            let stored = |fee| fees.iter().all(|draft| draft.fee != fee);
            let answer = |quote: &hjm_free_card::Quote| {
                to_pb_fee_answer(&scheme, &quote.fee, &quote.status, stored)
            };
            Ok(pb::QuoteFeesResponse {
                answers: quotes.iter().map(answer).collect(),
            })
        })
    });
    read.await
}

fn check(fee: &ProposedFee, today: Date, part: Part) -> Result<(), Error> {
    let refused = fee.check(today).err().into_iter().flatten().next();
    refused.map_or(Ok(()), |refusal| Err(Error::Fee(part, refusal)))
}

/// Registers a fee, charged as it is entitled now.
pub(crate) async fn register_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Registering,
) -> Written<pb::RegisterFeeResponse> {
    let (here, tenant, now) = (deps.clone(), key.caller.tenant.clone(), key.now);
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { register_in(&here, tx, &tenant, &asked, now).await })
    });
    written.await
}

async fn register_in(
    deps: &Deps,
    tx: &mut PgConnection,
    tenant: &TenantId,
    asked: &Registering,
    now: Timestamp,
) -> Result<(pb::RegisterFeeResponse, Vec<NewEvent>), Error> {
    let Registering {
        holder,
        fee: proposed,
        external_reference,
    } = asked;
    let today = civil_date(now);
    let scheme = scheme_of(deps, tx, tenant, &holder.scheme_id, today).await?;
    check(proposed, today, Part::Fee)?;
    let new = AccountRow {
        account: AccountId::new(Uuid::now_v7()),
        scheme_id: holder.scheme_id.clone(),
        subject: holder.recipient,
    };
    store::account_ensure(tx, tenant, &new).await?;
    let account = store::account_lock(tx, tenant, &new.scheme_id, new.subject).await?;
    if let Some(found) = store::registered_find(tx, tenant, external_reference).await? {
        return Ok((answer_again(&found, account, proposed)?, Vec::new()));
    }
    let mut log = store::log_list(tx, tenant, account).await?;
    let before = replay(&scheme, &log).map_err(Part::Account.refused())?;
    let done = register(&scheme, &log, proposed, now).map_err(Part::Fee.refused())?;
    let lost = || Failure::internal("a registered fee is not in its account's state");
    let fee = done.state.fee(proposed.fee).ok_or_else(lost)?;
    let status = status_on(&scheme, &done.state, proposed.on, now);
    let status = status.map_err(Part::Account.refused())?;
    let answer = to_pb_fee_answer(&scheme, fee, &status, |_| true);
    let beside = Beside::Fee {
        external_reference: external_reference.clone(),
        answer: answer.encode_to_vec(),
    };
    append(tx, tenant, account, &mut log, done.entries, &beside).await?;
    let event = pb::FeeRegistered {
        recipient_id: holder.recipient.to_string(),
        fee: Some(to_pb_fee(&log, fee)),
        status: answer.status.clone(),
        reassessed: reassessed(&log, &before, &done.state, proposed.fee),
    };
    let response = pb::RegisterFeeResponse {
        fee_id: proposed.fee.to_string(),
        answer: Some(answer),
        ..Default::default()
    };
    Ok((response, vec![events::fee_registered(account, event)]))
}

/// One fee, one door (decisions 22): the same fee under the same key gets what it was told first.
fn answer_again(
    found: &store::RegisteredRow,
    account: AccountId,
    proposed: &ProposedFee,
) -> Result<pb::RegisterFeeResponse, Error> {
    let same = !found.cancelled
        && found.account == account
        && found.on == proposed.on
        && found.nominal == proposed.nominal
        && found.principal_id == proposed.principal.as_str();
    if !same {
        return Err(Error::FeeReferenceTaken);
    }
    let answer = pb::FeeAnswer::decode(found.answer.as_slice())
        .map_err(|error| Failure::Internal(error.into()))?;
    Ok(pb::RegisterFeeResponse {
        fee_id: found.fee.to_string(),
        answer: Some(answer),
        ..Default::default()
    })
}

/// Adds entries to an account that is held, and to its log at hand.
async fn append(
    tx: &mut PgConnection,
    tenant: &TenantId,
    account: AccountId,
    log: &mut Vec<LogEntry>,
    entries: Vec<LogEntry>,
    beside: &Beside,
) -> Result<(), Error> {
    for entry in entries {
        let beside = match entry {
            LogEntry::Fee(_) | LogEntry::Cancel { .. } => beside,
            LogEntry::Correct(_)
            | LogEntry::CardFixed(_)
            | LogEntry::CardReleased(_)
            | LogEntry::CardRegistered(_)
            | LogEntry::Joined { .. } => &Beside::Nothing,
        };
        let sequence = i64::try_from(log.len())
            .map_err(|error| Failure::Internal(error.into()))?
            .saturating_add(1);
        store::log_append(tx, tenant, account, sequence, &entry, beside).await?;
        log.push(entry);
    }
    Ok(())
}

/// The fees, other than the one at hand, that should now have cost something else.
fn reassessed(
    log: &[LogEntry],
    before: &AccountState,
    after: &AccountState,
    at_hand: FeeId,
) -> Vec<pb::Fee> {
    let others = after.fees.iter().filter(|fee| fee.fee != at_hand);
    others
        .filter(|fee| {
            let earlier = before.fee(fee.fee);
            earlier.is_some_and(|earlier| earlier.entitled != fee.entitled)
        })
        .map(|fee| to_pb_fee(log, fee))
        .collect()
}

/// Cancels a fee, wholly.
pub(crate) async fn cancel_fee(
    deps: &Deps,
    key: WriteKey,
    asked: Cancelling,
) -> Written<pb::CancelFeeResponse> {
    let (here, tenant, now) = (deps.clone(), key.caller.tenant.clone(), key.now);
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { cancel_in(&here, tx, &tenant, asked, now).await })
    });
    written.await
}

async fn cancel_in(
    deps: &Deps,
    tx: &mut PgConnection,
    tenant: &TenantId,
    asked: Cancelling,
    now: Timestamp,
) -> Result<(pb::CancelFeeResponse, Vec<NewEvent>), Error> {
    let today = civil_date(now);
    let AccountRow {
        account,
        scheme_id,
        subject,
    } = store::account_lock_of_fee(tx, tenant, asked.fee).await?;
    let scheme = scheme_of(deps, tx, tenant, &scheme_id, today).await?;
    let mut log = store::log_list(tx, tenant, account).await?;
    let before = replay(&scheme, &log).map_err(Part::Account.refused())?;
    let done = hjm_free_card::cancel(&scheme, &log, asked.fee, now);
    let done = done.map_err(Part::Account.refused())?;
    let lost = || Failure::internal("a cancelled fee is not in its account's state");
    let fee = done.state.fee(asked.fee).ok_or_else(lost)?;
    let status = status_on(&scheme, &done.state, today, now);
    let status = status.map_err(Part::Account.refused())?;
    let beside = Beside::Cancel {
        reason: asked.reason,
        text: asked.text,
    };
    append(tx, tenant, account, &mut log, done.entries, &beside).await?;
    let fee = to_pb_fee(&log, fee);
    let status = to_pb_status(&scheme, today, &status);
    let event = pb::FeeCancelled {
        recipient_id: subject.to_string(),
        fee: Some(fee.clone()),
        status: Some(status.clone()),
        reassessed: reassessed(&log, &before, &done.state, asked.fee),
    };
    let response = pb::CancelFeeResponse {
        fee: Some(fee),
        status: Some(status),
        ..Default::default()
    };
    Ok((response, vec![events::fee_cancelled(account, event)]))
}

/// Where a person stands on a day; today when none is given.
pub(crate) async fn get_status(
    deps: &Deps,
    caller: &Caller,
    holder: Holder,
    as_of: Option<Date>,
    now: Timestamp,
) -> Result<pb::GetStatusResponse, Error> {
    let on = as_of.unwrap_or_else(|| civil_date(now));
    let (scheme, _, state) = state_of(deps, caller, holder, now).await?;
    let status = status_on(&scheme, &state, on, now).map_err(Part::Account.refused())?;
    Ok(pb::GetStatusResponse {
        status: Some(to_pb_status(&scheme, on, &status)),
    })
}

/// A person's fees after one, in the order that decides, with the log they come from.
pub(crate) async fn list_fees(
    deps: &Deps,
    caller: &Caller,
    holder: Holder,
    after: (Date, u64),
    rows_max: i64,
    now: Timestamp,
) -> Result<(Vec<hjm_free_card::AssessedFee>, Vec<LogEntry>), Error> {
    let (_, log, state) = state_of(deps, caller, holder, now).await?;
    let rows_max = usize::try_from(rows_max).map_err(|error| Failure::Internal(error.into()))?;
    let fees = state.fees.into_iter();
    let page = fees.filter(|fee| (fee.on, fee.sequence) > after);
    Ok((page.take(rows_max).collect(), log))
}

async fn state_of(
    deps: &Deps,
    caller: &Caller,
    holder: Holder,
    now: Timestamp,
) -> Result<(Arc<Scheme>, Vec<LogEntry>, AccountState), Error> {
    let (deps, tenant, scope) = (deps.clone(), caller.tenant.clone(), caller.scope());
    let database = deps.producer.database().clone();
    let read = database.read(&scope, |tx| {
        Box::pin(async move {
            let today = civil_date(now);
            let scheme = scheme_of(&deps, tx, &tenant, &holder.scheme_id, today).await?;
            let log = log_of(tx, &tenant, &holder).await?;
            let state = replay(&scheme, &log).map_err(Part::Account.refused())?;
            Ok::<_, Error>((scheme, log, state))
        })
    });
    read.await
}
