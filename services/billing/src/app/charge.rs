//! Reading charges, and why each is what it is.

use hjm_billing::{LineKind, RentPolicy};
use hjm_ids::TenantId;
use hjm_policy::Explanation;
use hjm_proto::billing::v1 as pb;
use hjm_service::{Caller, Failure, Scope, convert::to_pb_explanation};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Deps, Ring,
    app::{LOOK, fee::rented, look_again},
    convert::{from_pb_prescription_position, to_pb_charge},
    error::Error,
    store::{self, ChargeFilter, ChargeRow, LineRow},
};

/// Returns when a position has taken effect and free-card has answered for the fees that it gave
/// rise to. The caller's deadline bounds the wait.
pub(crate) async fn wait(deps: &Deps, tenant: &TenantId, not_before: &str) -> Result<(), Error> {
    let told = from_pb_prescription_position(not_before)?;
    deps.followers.wait(tenant, not_before).await?;
    let Some(through) = told else { return Ok(()) };
    let mut wake = deps.wake.listen(tenant, Ring::Outcome);
    loop {
        wake.borrow_and_update();
        let of = tenant.clone();
        let untried = deps.read(Scope::whole(tenant.clone()), |tx| {
            Box::pin(async move { store::fee_untried(tx, &of, through).await })
        });
        if !untried.await? {
            return Ok(());
        }
        look_again(&mut wake, LOOK).await;
    }
}

/// Charges, a page.
pub(crate) async fn list_charges(
    deps: &Deps,
    caller: &Caller,
    filter: ChargeFilter,
    after: (Date, Uuid),
    rows_max: i64,
) -> Result<Vec<ChargeRow>, Error> {
    let tenant = caller.tenant.clone();
    let read = deps.read(caller.scope(), |tx| {
        Box::pin(async move { store::charge_list(tx, &tenant, &filter, after, rows_max).await })
    });
    Ok(read.await?)
}

/// One charge with why it is what it is.
pub(crate) async fn explain_charge(
    deps: &Deps,
    caller: &Caller,
    charge: Uuid,
) -> Result<pb::ExplainChargeResponse, Error> {
    let tenant = caller.tenant.clone();
    let read = deps.read(caller.scope(), |tx| {
        Box::pin(async move {
            let found = store::charge_find(tx, &tenant, charge).await?;
            // A credit is explained by what it credits.
            let decided = found.credits.unwrap_or(charge);
            let (decision, ceiling) = match store::line_find(tx, &tenant, decided).await? {
                _ if found.state == pb::ChargeState::Undecided => (None, None),
                Some(line) => (Some(explain_line(tx, &tenant, &line).await?), None),
                None => explain_fee(tx, &tenant, decided).await?,
            };
            Ok::<_, Failure>(pb::ExplainChargeResponse {
                charge: Some(to_pb_charge(&found)),
                decision: decision.as_ref().map(to_pb_explanation),
                ceiling: ceiling.as_ref().map(to_pb_explanation),
            })
        })
    });
    Ok(read.await?)
}

async fn explain_fee(
    tx: &mut PgConnection,
    tenant: &TenantId,
    charge: Uuid,
) -> Result<(Option<Explanation>, Option<Explanation>), Failure> {
    let due = store::fee_due_find(tx, tenant, charge).await?;
    let due = due.ok_or(Failure::NotFound("charge"))?;
    let posted = store::own_fee_find(tx, tenant, charge).await?;
    let ceiling = posted.and_then(|posted| posted.ceiling);
    Ok((Some(due.explanation), ceiling))
}

/// Rent by the policy version that decided it, a sale by the fee rule that left it to the payer.
async fn explain_line(
    tx: &mut PgConnection,
    tenant: &TenantId,
    line: &LineRow,
) -> Result<Explanation, Failure> {
    let known = store::loan_version_find(tx, tenant, line.loan, line.loan_version).await?;
    match line.line.kind {
        LineKind::Rent => {
            let policy =
                store::policy_find(tx, tenant, &line.policy.id, line.policy.version).await?;
            let Ok(Some(rent)) = RentPolicy::parse(&policy) else {
                return Err(Failure::internal("a policy in force cannot be read"));
            };
            Ok(rent.explain(&rented(&known.loan), &line.line))
        }
        LineKind::Sale => Ok(known.loan.own_fee.explanation),
    }
}
