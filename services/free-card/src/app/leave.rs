//! Pools that are left without being asked: by who stays outside (D-21), and by who is of age (D-17).

use std::collections::{BTreeMap, BTreeSet};

use hjm_feed::NewEvent;
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{Failure, clock::civil_date};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    circle::{Circle, States},
    pool::{changed, members},
};
use crate::{
    error::Error,
    events,
    store::{self, PoolRow},
};

/// Why who stays outside left its pools, and on what its kept cards stand.
pub(super) const OUTSIDE: &str = "opted out";

/// The pools that persons are in, each with everything that was known of it.
pub(super) async fn pools_with(
    tx: &mut PgConnection,
    tenant: &TenantId,
    persons: &BTreeSet<RecipientId>,
) -> Result<Vec<Vec<PoolRow>>, Failure> {
    let ids: Vec<Uuid> = persons.iter().map(|one| one.uuid()).collect();
    let rows = store::pool_list(tx, tenant, &ids, None).await?;
    let pools = rows.chunk_by(|one, other| one.pool == other.pool);
    let is_in = |rows: &&[PoolRow]| members(rows).keys().any(|one| persons.contains(one));
    Ok(pools.filter(is_in).map(<[PoolRow]>::to_vec).collect())
}

/// Takes persons who stay outside out of pools whose accounts are held: what others are shown
/// would show them too.
pub(super) async fn leave(
    tx: &mut PgConnection,
    tenant: &TenantId,
    pools: &mut [Vec<PoolRow>],
    persons: &BTreeSet<RecipientId>,
    now: Timestamp,
) -> Result<(), Failure> {
    let today = civil_date(now);
    let leaving = persons.iter().map(|person| (*person, today)).collect();
    for rows in pools {
        leave_one(tx, tenant, rows, &leaving, OUTSIDE, now).await?;
    }
    Ok(())
}

/// Takes persons out of a pool whose accounts are held, each from a day on.
pub(super) async fn leave_one(
    tx: &mut PgConnection,
    tenant: &TenantId,
    rows: &mut Vec<PoolRow>,
    leaving: &BTreeMap<RecipientId, Date>,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let number = rows.last().map_or(0, |row| row.number).saturating_add(1);
    let left = members(rows).into_values().filter_map(|row| {
        Some(PoolRow {
            number,
            joined: false,
            on: *leaving.get(&row.person)?,
            at: now,
            ..row.clone()
        })
    });
    let left: Vec<PoolRow> = left.collect();
    let stored = left.iter().cloned().map(|row| (row, reason.to_owned()));
    store::pool_append(tx, tenant, &stored.collect::<Vec<_>>()).await?;
    rows.extend(left);
    Ok(())
}

/// What is told of pools that were left, the first with what should now have cost something else.
pub(super) async fn told_left(
    tx: &mut PgConnection,
    tenant: &TenantId,
    pools: &[Vec<PoolRow>],
    circles: &[(Circle, States)],
    mut reassessed: Vec<pb::Fee>,
    now: Timestamp,
) -> Result<Vec<NewEvent>, Error> {
    let mut told = Vec::new();
    for rows in pools {
        let Some(pool) = rows.first().map(|row| row.pool) else {
            continue;
        };
        let head = store::pool_find(tx, tenant, pool).await?;
        told.push(events::pool_changed(pb::PoolChanged {
            pool: Some(changed(pool, &head, rows, circles, now)?),
            reassessed: std::mem::take(&mut reassessed),
        }));
    }
    Ok(told)
}
