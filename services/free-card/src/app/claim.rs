//! What principals owe persons who paid too much, and who decides it.

use std::collections::{BTreeMap, BTreeSet};

use hjm_free_card::{ClaimDecision, ClaimState, PaidClaim, Subject, decide, may_pay, settle};
use hjm_ids::{FeeId, PrincipalId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, Failure, WriteKey, clock::civil_date, convert::to_pb_money};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Core, Looking, Written,
    circle::{identities, subject_of, subjects},
    look::{outside, unless_outside},
};
use crate::{
    Deps,
    convert::{to_pb_claim, to_pb_settlement, to_pb_undercharge},
    error::Error,
    events,
    store::{self, ClaimFilter, ClaimKey, ClaimRow},
};

/// Claims settled in one call at the most: as many accesses are one batch of the log.
const SETTLED_MAX: i64 = 200;
/// Claims of one fee that are looked through at the most.
const OF_FEE_MAX: i64 = 100;
/// Claims that one member paid for another, in one report at the most.
const NETTED_MAX: i64 = 1000;
/// Claims in a page at the most: the access to each person, and to the one asked for, is one batch
/// of the log.
const PAGE_MAX: i64 = 255;

/// What is decided about the claim of a fee.
#[derive(Debug)]
pub(crate) struct Deciding {
    pub(crate) fee: FeeId,
    pub(crate) decision: ClaimDecision,
    pub(crate) text: String,
    /// Of a claim that is paid: by whom, where not by the principal that owes it.
    pub(crate) paid_by: Option<PrincipalId>,
}

fn inner(error: hjm_money::MoneyError) -> Failure {
    Failure::Internal(error.into())
}

/// What of persons is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listing {
    /// What principals owe.
    Claims,
    /// What they charged too little.
    Undercharges,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) claims: Vec<pb::Claim>,
    pub(crate) undercharges: Vec<pb::Undercharge>,
    /// The last one's key where more may follow.
    pub(crate) last: Option<ClaimKey>,
}

/// A page of a listing after a key; of one person, under any of its identities, where it is given.
pub(crate) async fn list_claims(
    deps: &Deps,
    looking: Looking,
    (listing, subject): (Listing, Option<RecipientId>),
    mut filter: ClaimFilter,
    after: ClaimKey,
    rows_max: i64,
) -> Result<Listed, Error> {
    let (by, rows_max) = (looking.clone(), rows_max.min(PAGE_MAX));
    let found = deps.core.look(&looking, |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            if let Some(subject) = subject {
                let all = identities(tx, tenant, subject).await?;
                filter.subjects = Some(all.iter().map(|one| one.uuid()).collect());
                let shown = shows(tx, tenant, subject).await;
                if unless_outside(shown)?.is_none() {
                    return Ok((None, vec![by.note(subject, "claims")]));
                }
            }
            let mut listed = Listed::default();
            let (found, mut persons) = match listing {
                Listing::Claims => {
                    let rows = store::claim_list(tx, tenant, &filter, after, rows_max).await?;
                    let (claims, of) = told(tx, &by, &rows, |row| row.subject, to_pb_claim).await?;
                    (listed.claims, listed.last) = (claims, rows.last().map(key_of));
                    (rows.len(), of)
                }
                Listing::Undercharges => {
                    let (subjects, of) =
                        (filter.subjects.as_deref(), filter.principal_id.as_deref());
                    let rows = store::undercharge_list(tx, tenant, subjects, of, after.0, rows_max);
                    let rows = rows.await?;
                    let told = told(tx, &by, &rows, |row| row.subject, to_pb_undercharge);
                    let (undercharges, of) = told.await?;
                    let last = rows.last().map(|row| (row.undercharge.fee.uuid(), 0));
                    (listed.undercharges, listed.last) = (undercharges, last);
                    (rows.len(), of)
                }
            };
            let full = i64::try_from(found).is_ok_and(|found| found == rows_max);
            listed.last = listed.last.filter(|_| full);
            persons.extend(subject);
            persons.sort_unstable();
            persons.dedup();
            let notes = persons.into_iter().map(|one| by.note(one, "claims"));
            Ok((Some(listed), notes.collect()))
        })
    });
    found.await?.ok_or_else(outside)
}

/// What holds for a person; nothing of one who stays outside is shown.
async fn shows(
    tx: &mut PgConnection,
    tenant: &TenantId,
    person: RecipientId,
) -> Result<Subject, Error> {
    let subject = subject_of(tx, tenant, person).await?;
    if subject.person.opted_out {
        return Err(outside());
    }
    Ok(subject)
}

fn key_of(row: &ClaimRow) -> ClaimKey {
    (row.claim.fee.uuid(), row.claim.number.into())
}

/// Rows as they are told, and of whom they all are; nothing is told of who stays outside.
async fn told<R, T>(
    tx: &mut PgConnection,
    by: &Looking,
    rows: &[R],
    whose: fn(&R) -> RecipientId,
    to_pb: fn(&R, Subject, Option<&PrincipalId>) -> T,
) -> Result<(Vec<T>, Vec<RecipientId>), Error> {
    let persons: BTreeSet<RecipientId> = rows.iter().map(whose).collect();
    let known = subjects(tx, &by.caller.tenant, &persons).await?;
    let caller = by.caller.scope().principal;
    let told = rows.iter().filter_map(|row| {
        let subject = known.get(&whose(row)).copied().unwrap_or_default();
        let outside = subject.person.opted_out;
        (!outside).then(|| to_pb(row, subject, caller.as_ref()))
    });
    Ok((told.collect(), persons.into_iter().collect()))
}

/// Decides the claim of a fee that is not closed. What another principal owes is not there for
/// this one: it says itself, or the aid centre does, that another member has paid for it.
pub(crate) async fn decide_claim(
    deps: &Deps,
    key: WriteKey,
    asked: Deciding,
) -> Written<pb::DecideClaimResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let filter = ClaimFilter {
                fee: Some(asked.fee),
                principal_id: by.caller.scope().principal.map(|own| own.to_string()),
                with_outside: true,
                ..ClaimFilter::default()
            };
            let tenant = &by.caller.tenant;
            let rows = hold(tx, tenant, &filter, OF_FEE_MAX).await?;
            let row = rows.last().ok_or(Failure::NotFound("claim"))?;
            let subject = shows(tx, tenant, row.subject).await?;
            let owed_by = &row.claim.principal;
            let payer = asked.paid_by.as_ref().unwrap_or(owed_by);
            if let Some(schemes) = schemes_paid(&core, tx, &by, payer, owed_by).await?
                && !schemes.contains(&row.scheme_id)
            {
                return Err(Error::PayerNotAMember);
            }
            let decided = decide_in(tx, &by, row, subject, &asked).await?;
            let (claim, event) = decided;
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

/// In which schemes a principal may pay today what another owes; none for all, its own claims.
async fn schemes_paid(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    payer: &PrincipalId,
    owed_by: &PrincipalId,
) -> Result<Option<Vec<String>>, Error> {
    if payer == owed_by {
        return Ok(None);
    }
    let today = civil_date(by.now);
    let policies = core.policies.of(tx, &by.caller.tenant).await?;
    let schemes = core.schemes_on(&policies, today)?.into_iter();
    let joint = schemes.filter(|scheme| may_pay(scheme, payer, owed_by, today));
    Ok(Some(joint.map(|scheme| scheme.id().to_owned()).collect()))
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
    subject: Subject,
    asked: &Deciding,
) -> Result<(pb::Claim, hjm_feed::NewEvent), Error> {
    let (tenant, user) = (&by.caller.tenant, &by.caller.user);
    let (decision, text) = (asked.decision, &asked.text);
    let mut after = row.clone();
    after.claim.state = decide(row.claim.state, decision)?;
    if after.claim.state == ClaimState::Paid {
        let owed_by = &row.claim.principal;
        after.paid_by = Some(asked.paid_by.as_ref().unwrap_or(owed_by).clone());
    }
    store::decision_insert(tx, tenant, &after, decision, user, text, by.now).await?;
    let caller = by.caller.scope().principal;
    let event = pb::ClaimDecided {
        recipient_id: row.subject.to_string(),
        claim: Some(to_pb_claim(&after, subject, None)),
    };
    let claim = to_pb_claim(&after, subject, caller.as_ref());
    Ok((claim, events::claim_decided(row.claim.fee, event)))
}

/// Marks a principal's approved claims as paid, by itself or another member, and tells the aid
/// centre what the members owe each other for it.
pub(crate) async fn settle_claims(
    deps: &Deps,
    key: WriteKey,
    principal: PrincipalId,
    paid_by: Option<PrincipalId>,
) -> Written<pb::SettleClaimsResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            let payer = paid_by.as_ref().unwrap_or(&principal);
            let schemes = schemes_paid(&core, tx, &by, payer, &principal).await?;
            if schemes.as_ref().is_some_and(Vec::is_empty) {
                return Err(Error::PayerNotAMember);
            }
            let filter = ClaimFilter {
                principal_id: Some(principal.as_str().to_owned()),
                state: Some(ClaimState::Approved),
                schemes,
                ..ClaimFilter::default()
            };
            let mut rows = hold(tx, tenant, &filter, SETTLED_MAX).await?;
            let persons = rows.iter().map(|row| row.subject).collect();
            let known = subjects(tx, tenant, &persons).await?;
            let of = |row: &ClaimRow| known.get(&row.subject).copied().unwrap_or_default();
            rows.retain(|row| !of(row).person.opted_out);
            let (mut claims, mut events, mut notes) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                let paying = paying(row, payer);
                let (claim, event) = decide_in(tx, &by, row, of(row), &paying).await?;
                claims.push(claim);
                events.push(event);
                let note = AccessNote::new(&by.caller, "SettleClaims", row.subject, "claims", "");
                notes.push(note);
            }
            let total = Money::sum(rows.iter().map(|row| row.claim.amount)).map_err(inner)?;
            let answer = pb::SettleClaimsResponse {
                claims,
                total: Some(to_pb_money(total)),
                settlements: net(tx, &by, &principal, payer, &rows).await?,
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}

fn paying(row: &ClaimRow, payer: &PrincipalId) -> Deciding {
    Deciding {
        fee: row.claim.fee,
        decision: ClaimDecision::Pay,
        text: "settled".to_owned(),
        paid_by: Some(payer.clone()),
    }
}

/// What the members of each scheme owe each other: for the claims paid now, and for those paid
/// before by another than who owed them, once. Only the aid centre has both sides' books, so it
/// alone is told; the sums name no person.
async fn net(
    tx: &mut PgConnection,
    by: &WriteKey,
    principal: &PrincipalId,
    payer: &PrincipalId,
    paid_now: &[ClaimRow],
) -> Result<Vec<pb::Settlement>, Error> {
    if by.caller.scope().principal.is_some() {
        return Ok(Vec::new());
    }
    let tenant = &by.caller.tenant;
    let mut paid = store::claim_net(tx, tenant, principal, by.now, NETTED_MAX).await?;
    // What it paid itself is in no member's debt, and is told with what it owed.
    if payer == principal {
        let own = paid_now.iter().map(|row| {
            let claim = PaidClaim {
                owed_by: principal.clone(),
                paid_by: principal.clone(),
                amount: row.claim.amount,
            };
            (row.scheme_id.clone(), claim)
        });
        paid.extend(own);
    }
    let mut by_scheme: BTreeMap<String, Vec<PaidClaim>> = BTreeMap::new();
    for (scheme_id, claim) in paid {
        by_scheme.entry(scheme_id).or_default().push(claim);
    }
    let reports = by_scheme.into_iter().map(|(scheme_id, claims)| {
        let report = settle(&claims).map_err(|error| Failure::Internal(error.into()))?;
        Ok(to_pb_settlement(scheme_id, &report))
    });
    reports.collect()
}
