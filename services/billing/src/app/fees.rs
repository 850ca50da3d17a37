//! The task that posts own fees: what is due is decided by free-card where a high-cost protection
//! applies, and what a round decided is posted in a second transaction. A crash between the two
//! repeats the same calls with the same ids and gets the same answers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use hjm_ids::{ChargeId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_proto::free_card::v1::{
    FeeDraft, RegisterFeeRequest, RegisterFeeResponse,
    free_card_service_client::FreeCardServiceClient,
};
use hjm_service::{
    Caller, Failure, Scope, Violations, client,
    convert::{from_pb_explanation, from_pb_money, from_pb_text, to_pb_date, to_pb_money},
    crash,
};
use tokio::time::Instant;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{
    Deps, Ring,
    app::{accrual, credit, fee, look_again},
    convert::to_pb_charge,
    events,
    store::{self, Ceiling, FeeDue, NewOwnFee, Pending},
};

/// Without a wake-up the books are looked at this often.
const IDLE: Duration = Duration::from_millis(500);
/// Fees that are taken in one round, and posted in one transaction.
const ROUND_MAX: i64 = 256;
/// Persons whose fees are decided at the same time; one person's are decided in order.
const PERSONS_MAX: usize = 8;
/// A refused fee rests so long, twice as long each time.
const REST_FIRST: Duration = Duration::from_secs(1);
const REST_LAST: Duration = Duration::from_mins(1);

/// Fees that free-card refused, and until when each rests.
#[derive(Debug, Default)]
struct Resting(Mutex<HashMap<Uuid, (Instant, Duration)>>);

impl Resting {
    fn now(&self) -> Vec<Uuid> {
        let now = Instant::now();
        let resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting
            .iter()
            .filter(|(_, (until, _))| *until > now)
            .map(|(charge, _)| *charge)
            .collect()
    }

    fn rest(&self, charge: ChargeId) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = resting.get(&charge.uuid()).map(|(_, rest)| *rest * 2);
        let rest = before.map_or(REST_FIRST, |rest| rest.min(REST_LAST));
        resting.insert(charge.uuid(), (Instant::now() + rest, rest));
    }

    fn end(&self, charge: ChargeId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&charge.uuid());
    }
}

/// Works until the drain begins: periods that begin, fees that are due, credits left half done.
pub(crate) async fn work(deps: Deps, tenant: TenantId) {
    let drain = deps.drain.clone();
    tokio::select! {
        () = drain.begun() => {}
        () = rounds(&deps, &tenant) => {}
    }
}

async fn rounds(deps: &Deps, tenant: &TenantId) {
    let mut wake = deps.wake.listen(tenant, Ring::Fees);
    let (resting, mut seen) = (Resting::default(), HashSet::new());
    loop {
        wake.borrow_and_update();
        let pause = match round(deps, tenant, &resting, &mut seen).await {
            Ok(true) => continue,
            Ok(false) => IDLE,
            Err(failure) => {
                tracing::warn!(%tenant, %failure, "own fees wait");
                // A wake-up would only ask the same again at once.
                tokio::time::sleep(IDLE).await;
                continue;
            }
        };
        look_again(&mut wake, pause).await;
    }
}

/// One look at the books; true when something was posted.
async fn round(
    deps: &Deps,
    tenant: &TenantId,
    resting: &Resting,
    seen: &mut HashSet<ChargeId>,
) -> Result<bool, Failure> {
    let (of, rest, today) = (tenant.clone(), resting.now(), deps.clock.today()?);
    let pending = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::fee_pending(tx, &of, today, &rest).await })
    });
    let pending: Pending = pending.await?;
    if pending.accruals
        && let Err(failure) = accrual::accrue(deps, tenant).await
    {
        tracing::warn!(%tenant, %failure, "recurring fees wait");
    }
    if pending.credits || !seen.is_empty() {
        credit::complete(deps, tenant, seen).await?;
    }
    if !pending.accruals && !pending.fees {
        return Ok(false);
    }
    let (of, rest) = (tenant.clone(), resting.now());
    let due = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::fee_due_list(tx, &of, &rest, ROUND_MAX).await })
    });
    let due: Vec<FeeDue> = due.await?;
    if due.is_empty() {
        return Ok(false);
    }
    let (asked, plain): (Vec<FeeDue>, Vec<FeeDue>) = due
        .into_iter()
        .partition(|due| due.scheme.is_some() && !due.nominal.is_zero());
    let mut persons: BTreeMap<RecipientId, Vec<FeeDue>> = BTreeMap::new();
    for due in asked {
        persons.entry(due.recipient).or_default().push(due);
    }
    let answered = stream::iter(persons.into_values())
        .map(|fees| person(deps, tenant, resting, fees))
        .buffer_unordered(PERSONS_MAX)
        .collect::<Vec<(Vec<Decided>, Result<(), Failure>)>>();
    let mut decided: Vec<Decided> = plain.into_iter().map(Decided::plain).collect();
    let mut asked = Ok(());
    for (fees, ended) in answered.await {
        decided.extend(fees);
        asked = asked.and(ended);
    }
    settle_all(deps, tenant, resting, decided).await?;
    asked.map(|()| true)
}

/// One person's fees in order, as far as free-card answers. A refusal is an outcome: the fee stays
/// due and says why. When free-card does not answer, the person's later fees wait too.
async fn person(
    deps: &Deps,
    tenant: &TenantId,
    resting: &Resting,
    fees: Vec<FeeDue>,
) -> (Vec<Decided>, Result<(), Failure>) {
    let mut decided = Vec::new();
    for due in fees {
        let charge = due.charge;
        match register(deps, tenant, &due).await {
            Ok(answer) => {
                crash::point("between-fee-and-settlement");
                let answer = Some(answer);
                decided.push(Decided { due, answer });
            }
            Err(status) if client::may_pass(&status) => {
                return (decided, Err(client::failure("free-card", &status)));
            }
            Err(status) => {
                let reason = refusal_reason(&status);
                tracing::warn!(%tenant, %charge, reason, "free-card refused an own fee");
                resting.rest(charge);
                if let Err(failure) = note_refusal(deps, tenant, charge, reason).await {
                    return (decided, Err(failure));
                }
            }
        }
    }
    (decided, Ok(()))
}

/// The stable reason of a refusal.
pub(crate) fn refusal_reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map_or_else(|| format!("{:?}", status.code()), |info| info.reason)
}

async fn note_refusal(
    deps: &Deps,
    tenant: &TenantId,
    charge: ChargeId,
    reason: String,
) -> Result<(), Failure> {
    let (of, now) = (tenant.clone(), deps.clock.now()?);
    let noted = deps.producer.transaction(tenant, now, move |tx| {
        Box::pin(async move {
            store::fee_attempt_note(tx, &of, charge, &reason, now).await?;
            Ok::<_, Failure>(((), vec![]))
        })
    });
    noted.await?;
    deps.wake.ring(tenant, Ring::Outcome);
    Ok(())
}

/// A fee that is to be posted: at what free-card answered, or as it was decided where nobody is
/// asked.
struct Decided {
    due: FeeDue,
    answer: Option<Answer>,
}

impl Decided {
    fn plain(due: FeeDue) -> Self {
        Self { due, answer: None }
    }
}

/// An amount that free-card decided.
struct Answer {
    amount: Money,
    ceiling: Ceiling,
}

async fn register(deps: &Deps, tenant: &TenantId, due: &FeeDue) -> Result<Answer, Status> {
    let reference = due.key.reference();
    let request = RegisterFeeRequest {
        request_id: fee::derived_id(tenant, "fee", &reference).to_string(),
        recipient_id: due.recipient.to_string(),
        scheme_id: due.scheme.clone().unwrap_or_default(),
        fee: Some(FeeDraft {
            event_on: Some(to_pb_date(due.dated_on)),
            nominal: Some(to_pb_money(due.nominal)),
            principal_id: due.owner.to_string(),
            ..Default::default()
        }),
        external_reference: reference,
        ..Default::default()
    };
    let caller = Caller::service(tenant.clone(), crate::SCHEMA);
    let mut free_card = FreeCardServiceClient::new(deps.free_card.clone());
    let answer = free_card
        .register_fee(client::request(&caller, request))
        .await?
        .into_inner();
    from_pb_answer(due, answer).map_err(|failure| {
        tracing::error!(%failure, "free-card's answer cannot be read");
        Status::data_loss("free-card's answer cannot be read")
    })
}

/// Reads what free-card answered: at least nothing and at most what was decided.
fn from_pb_answer(due: &FeeDue, answer: RegisterFeeResponse) -> Result<Answer, Failure> {
    let mut violations = Violations::default();
    let fee = from_pb_text(&mut violations, "fee_id", &answer.fee_id);
    let answer = violations.need("answer", answer.answer);
    let amount = answer.as_ref().and_then(|answer| {
        from_pb_money(
            &mut violations,
            "answer.to_charge",
            answer.to_charge.as_ref(),
        )
    });
    if amount.is_some_and(|amount| amount > due.nominal) {
        violations.add("answer.to_charge", "must not be above the nominal amount");
    }
    let explanation = answer.and_then(|answer| answer.explanation);
    let explanation = violations.need("answer.explanation", explanation);
    let ((fee, amount), explanation) = violations.finish(fee.zip(amount).zip(explanation))?;
    Ok(Answer {
        amount,
        ceiling: Ceiling {
            fee,
            explanation: from_pb_explanation(explanation),
        },
    })
}

/// Posts what a round decided in one transaction; if that cannot be, one by one, so that a bad fee
/// costs the others time and never their posting.
async fn settle_all(
    deps: &Deps,
    tenant: &TenantId,
    resting: &Resting,
    mut decided: Vec<Decided>,
) -> Result<(), Failure> {
    if decided.is_empty() {
        return Ok(());
    }
    // One order for every process, so that two of them never wait for each other.
    decided.sort_by_key(|one| (one.due.dated_on, one.due.feed_sequence, one.due.charge));
    let decided: Vec<Arc<Decided>> = decided.into_iter().map(Arc::new).collect();
    let settled = match settle(deps, tenant, decided.clone()).await {
        Err(Failure::Internal(source)) if decided.len() > 1 => {
            tracing::error!(%tenant, error = %source, "own fees are posted one by one");
            let mut settled = Ok(());
            for one in &decided {
                settled = settled.and(settle(deps, tenant, vec![Arc::clone(one)]).await);
            }
            settled
        }
        settled => settled,
    };
    for one in &decided {
        resting.end(one.due.charge);
    }
    deps.wake.ring(tenant, Ring::Outcome);
    settled
}

/// Posts decided fees in one transaction and tells of each. What is posted already stays.
async fn settle(deps: &Deps, tenant: &TenantId, decided: Vec<Arc<Decided>>) -> Result<(), Failure> {
    let (of, now) = (tenant.clone(), deps.clock.now()?);
    let settled = deps.producer.transaction(tenant, now, move |tx| {
        Box::pin(async move {
            store::posting_lock(tx, &of).await?;
            let mut events = Vec::new();
            for one in &decided {
                let Decided { due, answer } = &**one;
                let new = NewOwnFee {
                    id: due.charge,
                    due,
                    dated_on: due.dated_on,
                    posting_month: store::posting_month(tx, &of, due.dated_on).await?,
                    amount: answer.as_ref().map_or(due.nominal, |answer| answer.amount),
                    credits: None,
                    ceiling: answer.as_ref().map(|answer| &answer.ceiling),
                };
                if store::own_fee_insert(tx, &of, &new, now).await? {
                    let charge = store::charge_find(tx, &of, due.charge.uuid()).await?;
                    events.push(events::own_fee_posted(to_pb_charge(&charge)));
                }
            }
            Ok::<_, Failure>(((), events))
        })
    });
    settled.await
}
