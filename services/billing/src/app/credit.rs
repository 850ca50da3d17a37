//! Crediting an own fee: the intention first, then free-card, then the credit. Whoever dies in
//! between is completed by the tenant's task; asking again gets the same answer.

use std::collections::HashSet;

use hjm_ids::{ChargeId, FeeId, TenantId};
use hjm_proto::{
    billing::v1::{CreditChargeRequest, CreditChargeResponse},
    free_card::v1::{
        CancelFeeRequest, CancelReason, free_card_service_client::FreeCardServiceClient,
    },
    write::WriteRequest as _,
};
use hjm_service::{Answered, Caller, Failure, Scope, WriteKey, client, crash, idempotency};
use sqlx::PgConnection;
use tonic::Status;

use crate::{
    Deps, Ring,
    app::{fee, fees::refusal_reason},
    convert::to_pb_charge,
    error::Error,
    events,
    store::{self, Intention, NewOwnFee},
};

/// Intentions that are completed in one round.
const ROUND_MAX: i64 = 64;
/// How free-card says that a fee is cancelled already: what was to be done is done.
const CANCELLED_ALREADY: &str = "ALREADY_CANCELLED";

type Credited = Answered<CreditChargeResponse>;

/// Credits an own fee in full. The work goes on whether or not its caller stays.
pub(crate) async fn credit_charge(
    deps: &Deps,
    key: WriteKey,
    charge: ChargeId,
    reason: String,
) -> Result<Credited, Error> {
    let deps = deps.clone();
    let work = tokio::spawn(async move {
        match intend(&deps, &key, charge, &reason).await? {
            Intended::Answered(message) => Ok(Answered {
                message: *message,
                replayed: true,
            }),
            Intended::Open(fee) => carry_out(&deps, key, charge, fee, reason).await,
        }
    });
    work.await
        .map_err(|error| Failure::internal(format!("a credit was lost: {error}")))?
}

enum Intended {
    /// The same request was answered before.
    Answered(Box<CreditChargeResponse>),
    /// To be carried out; with the fee to cancel in free-card, if it is known there.
    Open(Option<FeeId>),
}

/// First transaction: may it be credited, and by this request.
async fn intend(
    deps: &Deps,
    key: &WriteKey,
    charge: ChargeId,
    reason: &str,
) -> Result<Intended, Error> {
    let mut tx = deps.producer.database().begin(&key.caller.scope()).await?;
    if let Some(message) = idempotency::find::<CreditChargeResponse>(&mut tx, key).await? {
        return Ok(Intended::Answered(Box::new(message)));
    }
    let tenant = &key.caller.tenant;
    let posted = store::own_fee_find(&mut tx, tenant, charge.uuid()).await?;
    let due = store::fee_due_find(&mut tx, tenant, charge.uuid()).await?;
    let (Some(posted), Some(due)) = (posted, due) else {
        return Err(not_an_own_fee(&mut tx, tenant, charge).await);
    };
    if posted.credited {
        return Err(Error::AlreadyCredited);
    }
    store::intention_insert(&mut tx, key, charge, &due.owner, reason).await?;
    for kept in store::intention_find(&mut tx, key, charge).await? {
        let own = kept.client == key.caller.client && kept.request_id == key.request_id;
        if own && (kept.charge != charge || kept.body_hash != key.hash) {
            return Err(Failure::RequestIdReused.into());
        }
        if !own {
            return Err(Error::AlreadyCredited);
        }
    }
    tx.commit().await?;
    Ok(Intended::Open(posted.free_card_fee))
}

/// Why what was named is no posted own fee's charge.
async fn not_an_own_fee(tx: &mut PgConnection, tenant: &TenantId, charge: ChargeId) -> Error {
    use hjm_proto::billing::v1::ChargeKind;
    match store::charge_find(tx, tenant, charge.uuid()).await {
        Ok(found) => match found.kind {
            ChargeKind::Rent | ChargeKind::Sale => Error::CorrectTheLoan,
            ChargeKind::OwnFee | ChargeKind::Unspecified if found.credits.is_some() => {
                Error::IsACredit
            }
            ChargeKind::OwnFee | ChargeKind::Unspecified => Error::NotPosted,
        },
        Err(failure) => failure.into(),
    }
}

/// Free-card, then the second transaction.
async fn carry_out(
    deps: &Deps,
    key: WriteKey,
    charge: ChargeId,
    fee: Option<FeeId>,
    reason: String,
) -> Result<Credited, Error> {
    if let Some(fee) = fee {
        cancel(deps, &key.caller.tenant, charge, fee, reason).await?;
    }
    crash::point("between-cancel-and-settlement");
    let (caller, now) = (key.caller.clone(), key.now);
    let of = caller.tenant.clone();
    let today = hjm_service::clock::civil_date(now);
    let done = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &caller.tenant;
            store::posting_lock(tx, tenant).await?;
            let due = store::fee_due_find(tx, tenant, charge.uuid()).await?;
            let posted = store::own_fee_find(tx, tenant, charge.uuid()).await?;
            let (Some(due), Some(posted)) = (due, posted) else {
                return Err(Failure::NotFound("charge").into());
            };
            let amount = posted.amount.checked_neg();
            let reference = due.key.reference();
            let new = NewOwnFee {
                id: ChargeId::new(fee::derived_id(tenant, "credit", &reference)),
                due: &due,
                dated_on: today,
                posting_month: store::posting_month(tx, tenant, today).await?,
                amount: amount.map_err(|error| Failure::Internal(error.into()))?,
                credits: Some(charge),
                ceiling: None,
            };
            if !store::own_fee_insert(tx, tenant, &new, now).await? {
                return Err(Error::AlreadyCredited);
            }
            let credit = to_pb_charge(&store::charge_find(tx, tenant, new.id.uuid()).await?);
            let events = vec![events::own_fee_posted(credit.clone())];
            Ok((
                CreditChargeResponse {
                    credit: Some(credit),
                    ..Default::default()
                },
                events,
            ))
        })
    });
    let done = done.await?;
    deps.wake.ring(&of, Ring::Outcome);
    Ok(done)
}

async fn cancel(
    deps: &Deps,
    tenant: &TenantId,
    charge: ChargeId,
    fee: FeeId,
    reason: String,
) -> Result<(), Error> {
    let request = CancelFeeRequest {
        request_id: fee::derived_id(tenant, "cancel", &charge.to_string()).to_string(),
        fee_id: fee.to_string(),
        reason: CancelReason::Credited.into(),
        text: reason,
    };
    let caller = Caller::service(tenant.clone(), crate::SCHEMA);
    let mut free_card = FreeCardServiceClient::new(deps.free_card.clone());
    match free_card
        .cancel_fee(client::request(&caller, request))
        .await
    {
        Ok(_) => Ok(()),
        Err(status) if client::may_pass(&status) => {
            Err(client::failure("free-card", &status).into())
        }
        Err(status) => refused(&status),
    }
}

fn refused(status: &Status) -> Result<(), Error> {
    let reason = refusal_reason(status);
    if reason == CANCELLED_ALREADY {
        Ok(())
    } else {
        Err(Error::FreeCardRefused { reason })
    }
}

/// Carries out the intentions that were open in the round before and still are: their process died
/// or free-card did not answer. `seen` is what was open then.
pub(crate) async fn complete(
    deps: &Deps,
    tenant: &TenantId,
    seen: &mut HashSet<ChargeId>,
) -> Result<(), Failure> {
    let of = tenant.clone();
    let open = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::intention_list(tx, &of, ROUND_MAX).await })
    });
    let open: Vec<Intention> = open.await?;
    let before = std::mem::replace(seen, open.iter().map(|open| open.charge).collect());
    for intention in open
        .into_iter()
        .filter(|open| before.contains(&open.charge))
    {
        let charge = intention.charge;
        if let Err(error) = resume(deps, tenant, intention).await {
            tracing::warn!(%tenant, %charge, %error, "a credit waits");
        }
    }
    Ok(())
}

async fn resume(deps: &Deps, tenant: &TenantId, intention: Intention) -> Result<(), Error> {
    let (of, charge) = (tenant.clone(), intention.charge);
    let posted = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::own_fee_find(tx, &of, charge.uuid()).await })
    });
    let posted = posted.await?.ok_or(Failure::NotFound("charge"))?;
    // The answer is kept under the key of who asked, whoever carries it out.
    let key = WriteKey {
        caller: Caller {
            client: intention.client,
            ..Caller::service(tenant.clone(), crate::SCHEMA)
        },
        method: CreditChargeRequest::METHOD,
        request_id: intention.request_id,
        hash: intention.body_hash,
        now: deps.clock.now()?,
    };
    carry_out(deps, key, charge, posted.free_card_fee, intention.reason)
        .await
        .map(drop)
}
