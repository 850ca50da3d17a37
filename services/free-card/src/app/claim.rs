//! What principals owe persons who paid too much, and who decides it.

use std::collections::BTreeSet;

use hjm_free_card::{ClaimDecision, ClaimState, Refusal, decide};
use hjm_ids::{FeeId, PrincipalId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, Failure, WriteKey, convert::to_pb_money};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Looking, Written, circle::identities};
use crate::{
    Deps,
    convert::to_pb_claim,
    error::{Error, Part},
    events,
    store::{self, ClaimFilter, ClaimKey, ClaimRow},
};

/// Claims settled in one call at the most: as many accesses are one batch of the log.
const SETTLED_MAX: i64 = 200;
/// Claims of one fee that are looked through at the most.
const OF_FEE_MAX: i64 = 100;

fn inner(error: hjm_money::MoneyError) -> Failure {
    Failure::Internal(error.into())
}

/// A page of claims after one, with its last one's key where more may follow; of one person, under
/// any of its identities, where it is given.
pub(crate) async fn list_claims(
    deps: &Deps,
    looking: Looking,
    subject: Option<RecipientId>,
    mut filter: ClaimFilter,
    after: ClaimKey,
    rows_max: i64,
) -> Result<(Vec<pb::Claim>, Option<ClaimKey>), Error> {
    let by = looking.clone();
    let found = deps.core.look(&looking, |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            if let Some(subject) = subject {
                let all = identities(tx, tenant, subject).await?;
                filter.subjects = Some(all.iter().map(|one| one.uuid()).collect());
                shows(tx, tenant, subject).await?;
            }
            let rows = store::claim_list(tx, tenant, &filter, after, rows_max).await?;
            let claims = told(tx, &by, &rows).await?;
            let mut subjects: Vec<_> = rows.iter().map(|row| row.subject).collect();
            subjects.extend(subject);
            subjects.sort_unstable();
            subjects.dedup();
            let notes = subjects.into_iter().map(|one| by.note(one, "claims"));
            let notes = notes.take(hjm_service::access::NOTES_MAX).collect();
            let full = i64::try_from(rows.len()).is_ok_and(|found| found == rows_max);
            let last = rows.last().filter(|_| full).map(|row| key_of(&row.claim));
            Ok(((claims, last), notes))
        })
    });
    found.await
}

/// Nothing of a person who stays outside is shown.
async fn shows(
    tx: &mut PgConnection,
    tenant: &TenantId,
    subject: RecipientId,
) -> Result<(), Error> {
    let known = store::subject_list(tx, tenant, &[subject.uuid()]).await?;
    let known = known.get(&subject).copied().unwrap_or_default();
    if known.subject.person.opted_out {
        return Err(Error::Fee(Part::Account, Refusal::OptedOut));
    }
    Ok(())
}

fn key_of(claim: &hjm_free_card::Claim) -> ClaimKey {
    (claim.fee.uuid(), claim.number.into())
}

async fn told(
    tx: &mut PgConnection,
    by: &Looking,
    rows: &[ClaimRow],
) -> Result<Vec<pb::Claim>, Error> {
    let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject.uuid()).collect();
    let subjects = store::subject_list(tx, &by.caller.tenant, &subjects).await?;
    let told = rows.iter().filter_map(|row| {
        let known = subjects.get(&row.subject).copied().unwrap_or_default();
        let outside = known.subject.person.opted_out;
        (!outside).then(|| to_pb_claim(row, known.subject))
    });
    Ok(told.collect())
}

/// Decides the claim of a fee that is not closed. What another principal owes is not there for
/// this one.
pub(crate) async fn decide_claim(
    deps: &Deps,
    key: WriteKey,
    fee: FeeId,
    decision: ClaimDecision,
    text: String,
) -> Written<pb::DecideClaimResponse> {
    let by = key.clone();
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let filter = ClaimFilter {
                fee: Some(fee),
                principal_id: by.caller.scope().principal.map(|own| own.to_string()),
                ..ClaimFilter::default()
            };
            let rows = hold(tx, &by.caller.tenant, &filter, OF_FEE_MAX).await?;
            let row = rows.last().ok_or(Failure::NotFound("claim"))?;
            shows(tx, &by.caller.tenant, row.subject).await?;
            let (claim, event) = decide_in(tx, &by, row, decision, &text).await?;
            let answer = pb::DecideClaimResponse {
                claim: Some(claim),
                ..Default::default()
            };
            let note = AccessNote::new(&by.caller, "DecideClaim", row.subject, "claims", "");
            Ok((answer, vec![event], vec![note]))
        })
    });
    written.await
}

/// The first claims that a filter finds, by way of their accounts: whose they are is looked up,
/// the accounts are held in ascending order, and the claims are read again.
async fn hold(
    tx: &mut PgConnection,
    tenant: &TenantId,
    filter: &ClaimFilter,
    rows_max: i64,
) -> Result<Vec<ClaimRow>, Failure> {
    let first = (Uuid::nil(), 0);
    let found = store::claim_list(tx, tenant, filter, first, rows_max).await?;
    let accounts: BTreeSet<Uuid> = found.iter().map(|row| row.account.uuid()).collect();
    let held: Vec<Uuid> = accounts.iter().copied().collect();
    store::account_hold_ids(tx, tenant, &held).await?;
    let mut rows = store::claim_list(tx, tenant, filter, first, rows_max).await?;
    rows.retain(|row| accounts.contains(&row.account.uuid()));
    Ok(rows)
}

async fn decide_in(
    tx: &mut PgConnection,
    by: &WriteKey,
    row: &ClaimRow,
    decision: ClaimDecision,
    text: &str,
) -> Result<(pb::Claim, hjm_feed::NewEvent), Error> {
    let (tenant, user) = (&by.caller.tenant, &by.caller.user);
    let mut after = row.clone();
    after.claim.state = decide(row.claim.state, decision)?;
    store::decision_insert(tx, tenant, &after.claim, decision, user, text, by.now).await?;
    let subjects = store::subject_list(tx, tenant, &[row.subject.uuid()]).await?;
    let subject = subjects
        .get(&row.subject)
        .copied()
        .unwrap_or_default()
        .subject;
    let claim = to_pb_claim(&after, subject);
    let event = pb::ClaimDecided {
        recipient_id: row.subject.to_string(),
        claim: Some(claim.clone()),
    };
    Ok((claim, events::claim_decided(row.claim.fee, event)))
}

/// Marks a principal's approved claims as paid.
pub(crate) async fn settle_claims(
    deps: &Deps,
    key: WriteKey,
    principal: PrincipalId,
) -> Written<pb::SettleClaimsResponse> {
    let by = key.clone();
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let filter = ClaimFilter {
                principal_id: Some(principal.as_str().to_owned()),
                state: Some(ClaimState::Approved),
                ..ClaimFilter::default()
            };
            let mut rows = hold(tx, &by.caller.tenant, &filter, SETTLED_MAX).await?;
            let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject.uuid()).collect();
            let known = store::subject_list(tx, &by.caller.tenant, &subjects).await?;
            let outside = |row: &ClaimRow| {
                let known = known.get(&row.subject);
                known.is_some_and(|known| known.subject.person.opted_out)
            };
            rows.retain(|row| !outside(row));
            let (mut claims, mut events, mut notes) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                let paid = decide_in(tx, &by, row, ClaimDecision::Pay, "settled").await?;
                claims.push(paid.0);
                events.push(paid.1);
                let (caller, subject) = (&by.caller, row.subject);
                notes.push(AccessNote::new(
                    caller,
                    "SettleClaims",
                    subject,
                    "claims",
                    "",
                ));
            }
            let total = Money::sum(rows.iter().map(|row| row.claim.amount)).map_err(inner)?;
            let answer = pb::SettleClaimsResponse {
                claims,
                total: Some(to_pb_money(total)),
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}
