//! The task that closes months, in order: it waits until everything of the month has taken effect,
//! freezes the position that the lines are a function of, and posts owner by owner. It may be
//! killed at any moment: what is not done is done by the next process.

mod owner;
mod tariff;

use tariff::Tariffs;
pub(crate) use tariff::{Known, Tariff};

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};

use hjm_feed::{CatalogueFeed, Position, PrescriptionFeed, Source};
use hjm_ids::{Month, PrincipalId, TenantId};
use hjm_proto::billing::v1::RunState;
use hjm_service::{Caller, Failure, Scope, client, crash};

use crate::{
    Deps, Ring,
    app::{LOOK, look_again},
    convert::to_pb_run,
    events,
    store::{self, Outstanding, RunRow},
};

/// Owners whose parts are posted at the same time.
const OWNERS_MAX: usize = 4;
/// Without a wake-up the claims are looked at this often.
const IDLE: Duration = Duration::from_millis(500);

/// Works until the drain begins: the earliest month that is claimed and not closed.
pub(crate) async fn work(deps: Deps, tenant: TenantId) {
    let drain = deps.drain.clone();
    tokio::select! {
        () = drain.begun() => {}
        () = months(&deps, &tenant) => {}
    }
}

async fn months(deps: &Deps, tenant: &TenantId) {
    let mut claims = deps.wake.listen(tenant, Ring::Runs);
    let mut outcomes = deps.wake.listen(tenant, Ring::Outcome);
    let (mut heads, tariffs) = (None, Arc::default());
    loop {
        claims.borrow_and_update();
        outcomes.borrow_and_update();
        match step(deps, tenant, &mut heads, &tariffs).await {
            Ok(Step::Went) => {}
            Ok(Step::Waits) => look_again(&mut outcomes, LOOK).await,
            Ok(Step::Idle) => look_again(&mut claims, IDLE).await,
            Err(failure) => {
                tracing::warn!(%tenant, %failure, "the closing of a month waits");
                look_again(&mut claims, IDLE).await;
            }
        }
    }
}

/// What looking at the claims came to.
enum Step {
    /// Something was done; look again at once.
    Went,
    /// A month waits for others.
    Waits,
    /// No month is claimed and open.
    Idle,
}

/// How far the followed feeds must take effect before a month is frozen; read once, after the
/// claim.
struct Heads {
    month: Month,
    catalogue: i64,
    prescription: i64,
}

async fn step(
    deps: &Deps,
    tenant: &TenantId,
    heads: &mut Option<Heads>,
    tariffs: &Arc<Tariffs>,
) -> Result<Step, Failure> {
    let of = tenant.clone();
    let open = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move {
            let Some(month) = store::run_unfinished(tx, &of).await? else {
                return Ok(None);
            };
            store::run_find(tx, &of, month).await
        })
    });
    let Some(run) = open.await? else {
        return Ok(Step::Idle);
    };
    match run.feed_sequence {
        None => {
            if heads.as_ref().is_none_or(|heads| heads.month != run.month) {
                *heads = Some(read_heads(deps, tenant, run.month).await?);
            }
            let Some(heads) = heads else {
                return Ok(Step::Waits);
            };
            freeze(deps, tenant, &run, heads).await
        }
        Some(through) => {
            crash::point("between-claim-and-owners");
            post_owners(deps, tenant, &run, through, tariffs).await?;
            close(deps, tenant, run.month).await?;
            Ok(Step::Went)
        }
    }
}

async fn read_heads(deps: &Deps, tenant: &TenantId, month: Month) -> Result<Heads, Failure> {
    let caller = Caller::service(tenant.clone(), crate::SCHEMA);
    let sequence = |text: String| text.parse::<Position>().map_or(0, |head| head.sequence);
    let catalogue = deps.catalogue.head(&caller).await;
    let prescription = deps.prescription.head(&caller).await;
    Ok(Heads {
        month,
        catalogue: sequence(
            catalogue.map_err(|status| client::failure(CatalogueFeed::FEED, &status))?,
        ),
        prescription: sequence(
            prescription.map_err(|status| client::failure(PrescriptionFeed::FEED, &status))?,
        ),
    })
}

/// What a month still waits for; empty when it can be frozen.
fn waits_for(seen: &Outstanding, heads: &Heads) -> String {
    let mut waits = Vec::new();
    if seen.catalogue < heads.catalogue {
        waits.push("events of catalogue".to_owned());
    }
    if seen.prescription < heads.prescription {
        waits.push("events of prescription".to_owned());
    }
    if seen.accruals > 0 {
        waits.push(format!("the recurring fees of {} loans", seen.accruals));
    }
    if seen.fees > 0 {
        let refusals = seen.refusals.as_deref().unwrap_or_default();
        let why = if refusals.is_empty() {
            String::new()
        } else {
            format!(" ({refusals})")
        };
        waits.push(format!("the decision of {} own fees{why}", seen.fees));
    }
    waits.join(", ")
}

/// Freezes the month if nothing of it is outstanding: looked at first, and again when nobody can
/// post an own fee.
async fn freeze(
    deps: &Deps,
    tenant: &TenantId,
    run: &RunRow,
    heads: &Heads,
) -> Result<Step, Failure> {
    let (of, month) = (tenant.clone(), run.month);
    let seen = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::run_outstanding(tx, &of, month).await })
    });
    let waits = waits_for(&seen.await?, heads);
    if !waits.is_empty() {
        note_waits(deps, tenant, run, &waits).await?;
        return Ok(Step::Waits);
    }
    let of = tenant.clone();
    let now = deps.clock.now()?;
    let opened = deps.producer.transaction(tenant, now, move |tx| {
        Box::pin(async move {
            store::charge_month_open(tx, &of, month).await?;
            Ok::<_, Failure>(((), vec![]))
        })
    });
    opened.await?;
    let of = tenant.clone();
    let heads = Heads { ..*heads };
    let frozen = deps.producer.transaction(tenant, now, move |tx| {
        Box::pin(async move {
            store::posting_lock_alone(tx, &of).await?;
            if store::run_lock(tx, &of, month).await? != "WAITING" {
                return Ok::<_, Failure>((true, vec![]));
            }
            let seen = store::run_outstanding(tx, &of, month).await?;
            if !waits_for(&seen, &heads).is_empty() {
                return Ok((false, vec![]));
            }
            store::run_freeze(tx, &of, month, seen.prescription).await?;
            let owners = store::owner_list(tx, &of, seen.prescription).await?;
            store::run_owner_insert(tx, &of, month, &owners).await?;
            Ok((true, vec![]))
        })
    });
    Ok(if frozen.await? {
        Step::Went
    } else {
        Step::Waits
    })
}

async fn note_waits(
    deps: &Deps,
    tenant: &TenantId,
    run: &RunRow,
    waits: &str,
) -> Result<(), Failure> {
    if run.waits_for == waits {
        return Ok(());
    }
    tracing::info!(%tenant, month = %run.month, waits, "the month waits");
    let (of, month, waits) = (tenant.clone(), run.month, waits.to_owned());
    let noted = deps
        .producer
        .transaction(tenant, deps.clock.now()?, move |tx| {
            Box::pin(async move {
                store::run_waits_for(tx, &of, month, &waits).await?;
                Ok::<_, Failure>(((), vec![]))
            })
        });
    noted.await
}

/// Every owner that is not done, each in a transaction of its own. One that cannot be computed
/// says why in the run, and holds the month open until the cause is mended.
async fn post_owners(
    deps: &Deps,
    tenant: &TenantId,
    run: &RunRow,
    through: i64,
    tariffs: &Arc<Tariffs>,
) -> Result<(), Failure> {
    let (of, month) = (tenant.clone(), run.month);
    let left = deps.read(Scope::whole(tenant.clone()), |tx| {
        Box::pin(async move { store::run_owner_list(tx, &of, month).await })
    });
    let left: Vec<PrincipalId> = left.await?;
    let posted = stream::iter(left)
        .map(|owner| post_owner(deps, tenant, run, owner, through, tariffs))
        .buffer_unordered(OWNERS_MAX)
        .collect::<Vec<Result<(), Failure>>>();
    posted.await.into_iter().collect()
}

async fn post_owner(
    deps: &Deps,
    tenant: &TenantId,
    run: &RunRow,
    owner: PrincipalId,
    through: i64,
    tariffs: &Arc<Tariffs>,
) -> Result<(), Failure> {
    let (of, month) = (tenant.clone(), run.month);
    let (principal, tariffs) = (owner.clone(), Arc::clone(tariffs));
    let posted = deps
        .producer
        .transaction(tenant, deps.clock.now()?, move |tx| {
            Box::pin(async move {
                owner::post(tx, &of, month, &principal, through, &tariffs).await?;
                Ok::<_, Failure>(((), vec![]))
            })
        });
    if let Err(failure) = posted.await {
        note_waits(deps, tenant, run, &format!("owner {owner}: {failure}")).await?;
        return Err(failure);
    }
    crash::point("between-owners");
    Ok(())
}

async fn close(deps: &Deps, tenant: &TenantId, month: Month) -> Result<(), Failure> {
    let (of, now) = (tenant.clone(), deps.clock.now()?);
    let closed = deps.producer.transaction(tenant, now, move |tx| {
        Box::pin(async move {
            let state = store::run_lock(tx, &of, month).await?;
            let left = store::run_owner_list(tx, &of, month).await?;
            if state != "RUNNING" || !left.is_empty() {
                return Ok::<_, Failure>(((), vec![]));
            }
            store::run_close(tx, &of, month, now).await?;
            let run = store::run_find(tx, &of, month).await?;
            let run = run.filter(|run| run.state == RunState::Closed);
            let run = run.ok_or_else(|| Failure::internal("a closed month is not there"))?;
            Ok(((), vec![events::month_closed(to_pb_run(&run))]))
        })
    });
    closed.await?;
    deps.wake.ring(tenant, Ring::Outcome);
    Ok(())
}
