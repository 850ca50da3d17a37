//! Billing's own invariants, looked for in the books in the serving role.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hjm_billing::{Line, LineKind};
use hjm_ids::{LoanId, Month, PrincipalId, TenantId};
use hjm_money::Money;
use hjm_proto::billing::v1::RunState;
use hjm_service::{Database, Failure, Scope, verify::Finding};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    app::closing::{Known, Tariff},
    convert::{FIRST_DAY, Loan},
    store::{self, LineRow, OwnerRun, RunRow},
};

/// Rows that are looked at together.
const PAGE: i64 = 500;

/// Looks through a tenant's books.
///
/// - I19: every line that stands is what the timelines say at the position of its owner's last
///   closed month, computed again with the prices and policies known then; every day of a loan
///   stands once.
/// - I5: credits name a line or a charge, are its exact opposite, and are its only one; no own fee
///   is above what was decided.
/// - I10: months were claimed without a gap, and every owner of a closed month is done.
/// - I22: a statement is the sum of its lines and own fees.
/// - I27: no own fee that was decided is lost: it is posted, or due.
/// - I26: the versions of a loan have no gap.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn verify(database_url: &str, tenant: &TenantId) -> Result<Vec<Finding>, Failure> {
    let database = Database::connect(database_url.parse()?, crate::SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let (fees, fee_faults) = store::own_fee_faults(&mut tx, tenant).await?;
    let (decided, lost) = store::fee_lost_list(&mut tx, tenant).await?;
    let (credits, credit_faults) = store::line_credit_faults(&mut tx, tenant).await?;
    let (statements, statement_faults) = store::statement_faults(&mut tx, tenant).await?;
    let (versions, version_gaps) = store::loan_version_gaps(&mut tx, tenant).await?;
    let findings = vec![
        recompute(&mut tx, tenant).await?,
        runs(&mut tx, tenant).await?,
        finding("I5 own fees have a fee that was due", fees, fee_faults),
        finding("I27 a decided own fee is posted or due", decided, lost),
        finding("I5 credit lines are opposites", credits, credit_faults),
        finding("I22 statements are sums", statements, statement_faults),
        finding("I26 loan versions have no gap", versions, version_gaps),
    ];
    tx.commit().await?;
    Ok(findings)
}

/// What stands charged under a high-cost protection of every fee that is or was due, by external
/// reference: to be compared with what free-card has registered.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn charged_total(
    database_url: &str,
    tenant: &TenantId,
) -> Result<Vec<(String, Option<Money>)>, Failure> {
    let database = Database::connect(database_url.parse()?, crate::SCHEMA).await?;
    let mut tx = database.begin(&Scope::whole(tenant.clone())).await?;
    let charged = store::charged_list(&mut tx, tenant).await?;
    tx.commit().await?;
    Ok(charged)
}

fn finding(invariant: &'static str, checked: u64, breaches: Vec<String>) -> Finding {
    Finding {
        invariant,
        checked,
        breaches,
    }
}

async fn runs(tx: &mut PgConnection, tenant: &TenantId) -> Result<Finding, Failure> {
    let mut breaches = Vec::new();
    let mut all: Vec<RunRow> = Vec::new();
    loop {
        let after = all.last().map_or(FIRST_DAY, |run| run.month.first());
        let page = store::run_list(tx, tenant, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    for pair in all.windows(2) {
        if pair[0].month.next() != pair[1].month {
            breaches.push(format!("{} follows {}", pair[1].month, pair[0].month));
        }
        if pair[0].state != RunState::Closed && pair[1].feed_sequence.is_some() {
            breaches.push(format!(
                "{} was frozen before {} was closed",
                pair[1].month, pair[0].month
            ));
        }
    }
    for run in all.iter().filter(|run| run.state == RunState::Closed) {
        if run.owners_done != run.owners {
            breaches.push(format!("{} is closed and an owner is not done", run.month));
        }
    }
    Ok(finding(
        "I10 months are closed in order and whole",
        all.len() as u64,
        breaches,
    ))
}

/// What each owner's parts were computed from.
struct Parts {
    known: BTreeMap<PrincipalId, Vec<Known>>,
    last: BTreeMap<PrincipalId, (Month, i64)>,
}

impl Parts {
    fn new(runs: Vec<OwnerRun>) -> Self {
        let (mut known, mut last) = (BTreeMap::new(), BTreeMap::new());
        for run in runs {
            let months: &mut Vec<Known> = known.entry(run.owner.clone()).or_default();
            months.push((run.month, run.catalogue));
            last.insert(run.owner, (run.month, run.prescription));
        }
        Self { known, last }
    }
}

/// Recomputes what stands. Owners whose last parts were frozen at different positions (a month
/// that is running) are each compared with the timelines at their own.
async fn recompute(tx: &mut PgConnection, tenant: &TenantId) -> Result<Finding, Failure> {
    let parts = Parts::new(store::owner_run_list(tx, tenant, None).await?);
    let positions: BTreeSet<i64> = parts.last.values().map(|(_, position)| *position).collect();
    let tariff = Tariff::read(tx, tenant, i64::MAX).await?;
    let (mut checked, mut breaches) = (0, Vec::new());
    for position in positions {
        let owners: Vec<&PrincipalId> = parts
            .last
            .iter()
            .filter(|(_, last)| last.1 == position)
            .map(|(one, _)| one)
            .collect();
        let mut after = Uuid::nil();
        loop {
            let loans = store::loan_list(tx, tenant, position, after, PAGE).await?;
            let Some(last) = loans.last() else { break };
            after = last.loan.holding.loan.uuid();
            let ids: Vec<Uuid> = loans
                .iter()
                .map(|known| known.loan.holding.loan.uuid())
                .collect();
            let mut standing: HashMap<LoanId, Vec<LineRow>> = HashMap::new();
            for row in store::line_standing_list(tx, tenant, None, &ids).await? {
                standing.entry(row.loan).or_default().push(row);
            }
            for known in loans {
                let posted = standing
                    .remove(&known.loan.holding.loan)
                    .unwrap_or_default();
                checked += posted.len() as u64;
                breaches.extend(days_twice(&known.loan, &posted));
                for owner in &owners {
                    let own = posted.iter().filter(|row| row.line.principal == **owner);
                    let own: Vec<Line> = own.map(|row| row.line.clone()).collect();
                    breaches.extend(compare(&tariff, &parts, &known.loan, owner, own));
                }
            }
        }
    }
    Ok(finding(
        "I19 every billable day is billed once",
        checked,
        breaches,
    ))
}

fn compare(
    tariff: &Tariff,
    parts: &Parts,
    loan: &Loan,
    owner: &PrincipalId,
    mut posted: Vec<Line>,
) -> Option<String> {
    let (known, (through, _)) = (parts.known.get(owner)?, parts.last.get(owner)?);
    let mut desired: Vec<Line> = Vec::new();
    let mut month = Month::of(loan.holding.delivered_on);
    while month <= *through {
        match tariff.lines(loan, owner, month, known) {
            Ok(lines) => desired.extend(lines.into_iter().map(|desired| desired.line)),
            Err(failure) => {
                let id = loan.holding.loan;
                return Some(format!("loan {id} in {month} for {owner}: {failure}"));
            }
        }
        month = month.next();
    }
    posted.sort();
    desired.sort();
    let id = loan.holding.loan;
    (posted != desired).then(|| format!("what stands of loan {id} for {owner} is not what it says"))
}

/// Days of a loan that stand more than once.
fn days_twice(loan: &Loan, posted: &[LineRow]) -> Vec<String> {
    let mut spans: Vec<(Date, Date)> = posted
        .iter()
        .filter(|row| row.line.kind == LineKind::Rent)
        .map(|row| (row.line.from, row.line.to))
        .collect();
    spans.sort();
    let id = loan.holding.loan;
    let twice = spans.windows(2).filter(|pair| pair[1].0 <= pair[0].1);
    twice
        .map(|pair| format!("{} of loan {id} is billed twice", pair[1].0))
        .collect()
}
