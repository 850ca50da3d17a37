//! Recurring own fees: each period is decided anew on the day it begins (decisions 21).

use hjm_catalogue::{FeeTable, FeeTables};
use hjm_feed::{CatalogueFeed, Position, Source, policies::all_in_force};
use hjm_ids::{LoanId, TenantId};
use hjm_policy::Section;
use hjm_service::{Caller, Failure, Refusal, Scope, client};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Deps, app::fee, store};

/// Loans that are looked at in one page.
const LOANS_MAX: i64 = 64;

/// Makes every period due that has begun by today. A loan that cannot be decided is left as it is
/// and holds up no other; while catalogue has told more than has taken effect, all wait.
pub(crate) async fn accrue(deps: &Deps, tenant: &TenantId) -> Result<(), Failure> {
    let today = deps.clock.today()?;
    let mut after = Uuid::nil();
    loop {
        let of = tenant.clone();
        let begun = deps.read(Scope::whole(tenant.clone()), |tx| {
            Box::pin(async move { store::accrual_list(tx, &of, today, after, LOANS_MAX).await })
        });
        let loans: Vec<LoanId> = begun.await?;
        let Some(last) = loans.last() else {
            return Ok(());
        };
        after = last.uuid();
        // A fee is never decided with an older policy than there is.
        let caller = Caller::service(tenant.clone(), crate::SCHEMA);
        let head = deps.catalogue.head(&caller).await;
        let head = head.map_err(|status| client::failure("catalogue", &status))?;
        let head = head.parse::<Position>().map_or(0, |head| head.sequence);
        if deps.followers.consumed(tenant, CatalogueFeed::FEED).await? < head {
            return Ok(());
        }
        for loan in loans {
            if let Err(failure) = accrue_loan(deps, tenant, loan, today).await {
                tracing::warn!(%tenant, %loan, %failure, "a recurring fee is not decided");
            }
        }
    }
}

async fn accrue_loan(
    deps: &Deps,
    tenant: &TenantId,
    loan: LoanId,
    today: Date,
) -> Result<(), Failure> {
    let (worker, of) = (deps.clone(), tenant.clone());
    let done = deps
        .producer
        .transaction(tenant, deps.clock.now()?, move |tx| {
            Box::pin(async move {
                periods_begin(&worker, tx, &of, loan, today).await?;
                Ok::<_, Failure>(((), vec![]))
            })
        });
    done.await
}

async fn periods_begin(
    deps: &Deps,
    tx: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
    today: Date,
) -> Result<(), Failure> {
    store::accrual_lock(tx, tenant, loan).await?;
    let known = store::loan_newest(tx, tenant, loan).await?;
    let line = fee::counted_line(tenant, &known.loan);
    let mut periods = store::fee_periods(tx, tenant, line, known.loan.own_fee.kind).await?;
    let policies = deps.policies.of(tx, tenant).await?;
    while let Some(accrual) =
        fee::next_period(&known.loan, &periods).filter(|next| next.on <= today)
    {
        let (rules, on) = (&deps.fee_tables, accrual.on);
        let tables = all_in_force(&policies, Section::Fees, on, rules, FeeTable::parse)?;
        let basis = &known.loan.basis;
        let decision = FeeTables::new(tables)
            .decide(&basis.facts(on), basis.fee_table.as_deref())
            .map_err(|error| {
                Failure::Refused(Refusal::new("FEE_UNDECIDED", "", error.to_string()))
            })?;
        let due = fee::period(tenant, &known.loan, known.sequence, accrual, decision);
        store::fee_due_insert(tx, tenant, &due).await?;
        periods.insert(u32::from(accrual.number));
    }
    let next_on = fee::next_period(&known.loan, &periods).map(|next| next.on);
    store::accrual_plan(tx, tenant, loan, next_on).await
}
