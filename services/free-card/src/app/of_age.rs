//! Children who have turned 18 and leave their pools: from the day after the period in which they
//! did, card included (D-17, R3). Looked for once a day, without anybody asking.

use std::{collections::BTreeMap, time::Duration};

use hjm_free_card::adults_born_by;
use hjm_ids::{PoolId, RecipientId, TenantId};
use hjm_service::{Clock, Failure, Scope, clock::civil_date, server::Drain};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use tokio::time;

use super::{
    Core,
    circle::{Circle, Regrouping},
    leave::{leave_one, told_left},
    pool::{adult_on, members},
};
use crate::{
    error::{Error, Part},
    store::{self, PoolRow},
};

/// Why who is of age left its pool, and on what its kept cards stand.
const OF_AGE: &str = "turned 18";
/// How often it is looked whether another day has begun.
const LOOK: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(10);

/// Takes who is of age out of a tenant's pools, each day, until the drain begins.
pub(crate) async fn leave_each_day(core: Core, clock: Clock, tenant: TenantId, drain: Drain) {
    let mut done = None;
    loop {
        let pause = match leave_on(&core, &clock, &tenant, done).await {
            Ok(today) => {
                done = Some(today);
                LOOK
            }
            Err(error) => {
                tracing::warn!(%tenant, %error, "pools are not looked through for who is of age");
                RETRY
            }
        };
        tokio::select! {
            () = drain.begun() => return,
            () = time::sleep(pause) => {}
        }
    }
}

/// Answers the day for which it is done. A pool that cannot be left holds up no other.
async fn leave_on(
    core: &Core,
    clock: &Clock,
    tenant: &TenantId,
    done: Option<Date>,
) -> Result<Date, Error> {
    let now = clock.now()?;
    let today = civil_date(now);
    if done == Some(today) {
        return Ok(today);
    }
    let scope = Scope::whole(tenant.clone());
    let pools = core.producer.database().read(&scope, |tx| {
        let tenant = tenant.clone();
        Box::pin(async move { store::pool_ids_born_by(tx, &tenant, adults_born_by(today)).await })
    });
    let pools: Vec<PoolId> = pools.await?;
    for pool in pools {
        match leave_pool(core, tenant, pool, now).await {
            Ok(()) => {}
            Err(Error::Failure(away @ Failure::Unavailable(_))) => return Err(away.into()),
            Err(error) => tracing::warn!(%tenant, %pool, %error, "who is of age stays in a pool"),
        }
    }
    Ok(today)
}

async fn leave_pool(
    core: &Core,
    tenant: &TenantId,
    pool: PoolId,
    now: Timestamp,
) -> Result<(), Error> {
    let (scope, database) = (Scope::whole(tenant.clone()), core.producer.database());
    let is_due = database.read(&scope, |tx| {
        let (core, tenant) = (core.clone(), tenant.clone());
        Box::pin(async move {
            let rows = store::pool_events(tx, &tenant, pool, None).await?;
            Ok::<_, Error>(!due(&core, tx, &tenant, &rows, now).await?.is_empty())
        })
    });
    if !is_due.await? {
        return Ok(());
    }
    let left = core.producer.transaction(tenant, now, |tx| {
        let (core, tenant) = (core.clone(), tenant.clone());
        Box::pin(async move {
            let head = store::pool_find(tx, &tenant, pool).await?;
            let together = core.together_in(tx, &tenant, &head.scheme_id, now).await?;
            let scheme = together.scheme(&head.scheme_id).cloned();
            let schemes = [scheme.ok_or(Error::SchemeUnknown)?];
            // Who is in the pool is only known for certain once nobody else changes it.
            let rows = store::pool_events(tx, &tenant, pool, None).await?;
            let persons: Vec<RecipientId> = members(&rows).into_keys().collect();
            let regrouping = Regrouping::begin(tx, &tenant, &schemes, &persons, now).await?;
            let mut rows = store::pool_events(tx, &tenant, pool, None).await?;
            let leaving = due(&core, tx, &tenant, &rows, now).await?;
            if leaving.is_empty() {
                return Ok(((), Vec::new()));
            }
            let at = regrouping.now;
            leave_one(tx, &tenant, &mut rows, &leaving, OF_AGE, at).await?;
            let done = regrouping.finish(tx, &tenant, Some(OF_AGE)).await?;
            let (circles, reassessed) = (&done.circles, done.reassessed);
            let told = told_left(tx, &tenant, &[rows], circles, reassessed, at).await?;
            Ok::<_, Error>(((), told))
        })
    });
    left.await
}

/// Who of a pool is to leave it by today, each with the first day outside it.
async fn due(
    core: &Core,
    tx: &mut PgConnection,
    tenant: &TenantId,
    rows: &[PoolRow],
    now: Timestamp,
) -> Result<BTreeMap<RecipientId, Date>, Error> {
    let (members, today) = (members(rows), civil_date(now));
    let Some((first, row)) = members.first_key_value() else {
        return Ok(BTreeMap::new());
    };
    let scheme_id = &row.scheme_id;
    let together = core.together_in(tx, tenant, scheme_id, now).await?;
    let circle = Circle::read(tx, tenant, together, *first, None).await?;
    let states = circle.states().map_err(Part::Account.refused())?;
    let read = (circle, states);
    let mut due = BTreeMap::new();
    for (person, row) in members {
        let on = adult_on(&read, scheme_id, row.born_on)?;
        if on <= today {
            due.insert(person, on);
        }
    }
    Ok(due)
}
