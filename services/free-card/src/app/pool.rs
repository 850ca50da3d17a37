//! Children of a household who share one ceiling in a scheme.

use std::{collections::BTreeMap, sync::Arc};

use hjm_feed::NewEvent;
use hjm_free_card::{Refusal, Scheme, check_pool_member, leaves_pool_on};
use hjm_ids::{PoolId, RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, Failure, WriteKey, clock::civil_date, convert::to_pb_date};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Core, Looking, Written, again_if_taken,
    circle::{Circle, Regrouped, Regrouping, States, Together, check_version},
};
use crate::{
    Deps,
    error::{Error, Part},
    events,
    store::{self, PoolHead, PoolRow},
};

/// Children in a pool at the most.
const MEMBERS_MAX: usize = 20;

/// A child that joins.
#[derive(Debug, Clone)]
pub(crate) struct Entrant {
    pub(crate) person: RecipientId,
    pub(crate) born_on: Date,
    pub(crate) evidence: String,
}

/// A pool to make.
#[derive(Debug, Clone)]
pub(crate) struct Pooling {
    pub(crate) scheme_id: String,
    pub(crate) members: Vec<Entrant>,
    pub(crate) guardians: Vec<RecipientId>,
}

/// What is to change in a pool.
#[derive(Debug, Clone)]
pub(crate) struct Repooling {
    pub(crate) pool: PoolId,
    pub(crate) expected_version: u64,
    pub(crate) joining: Vec<Entrant>,
    pub(crate) leaving: Vec<RecipientId>,
    pub(crate) text: String,
}

type Told = (pb::Pool, Vec<NewEvent>, Vec<AccessNote>);

/// Makes a pool, once.
pub(crate) async fn create_pool(
    deps: &Deps,
    key: WriteKey,
    asked: Pooling,
) -> Written<pb::CreatePoolResponse> {
    again_if_taken(|| create(deps, key.clone(), asked.clone())).await
}

async fn create(deps: &Deps, key: WriteKey, asked: Pooling) -> Written<pb::CreatePoolResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let (pool, events, notes) = create_in(&core, tx, &by, asked).await?;
            let answer = pb::CreatePoolResponse {
                pool: Some(pool),
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}

/// Changes a pool, once.
pub(crate) async fn change_pool(
    deps: &Deps,
    key: WriteKey,
    asked: Repooling,
) -> Written<pb::ChangePoolResponse> {
    again_if_taken(|| change(deps, key.clone(), asked.clone())).await
}

async fn change(deps: &Deps, key: WriteKey, asked: Repooling) -> Written<pb::ChangePoolResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let (pool, events, notes) = change_in(&core, tx, &by, asked).await?;
            let answer = pb::ChangePoolResponse {
                pool: Some(pool),
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}

/// A pool as it is, or as it was known.
pub(crate) async fn get_pool(
    deps: &Deps,
    looking: Looking,
    pool: PoolId,
    as_of: Option<Date>,
) -> Result<pb::Pool, Error> {
    let (core, by) = (deps.core.clone(), looking.clone());
    let found = deps.core.look(&looking, |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            let head = store::pool_find(tx, tenant, pool).await?;
            let rows = store::pool_events(tx, tenant, pool, by.known_at).await?;
            let scheme_id = &head.scheme_id;
            let together = core.together_in(tx, tenant, scheme_id, by.now).await?;
            let mut circle = None;
            if let Some(first) = members(&rows).keys().next() {
                let read = Circle::read(tx, tenant, together, *first, by.known_at).await?;
                let states = read.states().map_err(Part::Account.refused())?;
                circle = Some((read, states));
            }
            let (on, at) = (as_of.unwrap_or_else(|| civil_date(by.at())), by.at());
            let told = to_pb_pool(pool, &head, &rows, circle.as_ref(), on, at)?;
            let notes = rows.iter().map(|row| by.note(row.person, scheme_id));
            Ok((told, notes.collect()))
        })
    });
    found.await
}

async fn create_in(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: Pooling,
) -> Result<Told, Error> {
    let tenant = &by.caller.tenant;
    let scheme = poolable(core, tx, tenant, &asked.scheme_id, by.now).await?;
    let today = civil_date(by.now);
    let persons: Vec<RecipientId> = asked.members.iter().map(|one| one.person).collect();
    let schemes = [scheme];
    let regrouping = Regrouping::begin(tx, tenant, &schemes, &persons, by.now).await?;
    // The pool's period begins with the first of theirs that runs (D-17).
    let starts = persons
        .iter()
        .filter_map(|one| regrouping.period_start(*one));
    let from = starts.min().unwrap_or(today);
    check_ages("members", &asked.members, from)?;
    let pool = PoolId::new(Uuid::now_v7());
    let head = PoolHead {
        scheme_id: asked.scheme_id,
        valid_from: today,
        guardians: asked.guardians.iter().map(|one| one.uuid()).collect(),
    };
    store::pool_insert(tx, tenant, pool, &head).await?;
    let entrants = ("members", &asked.members[..]);
    let events = joining(tx, tenant, pool, &head, 1, entrants, regrouping.now).await?;
    store::pool_append(tx, tenant, &events).await?;
    let done = regrouping.finish(tx, tenant, None).await?;
    let rows: Vec<PoolRow> = events.into_iter().map(|(row, _)| row).collect();
    told(by, pool, &head, &rows, done, "CreatePool")
}

async fn change_in(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    asked: Repooling,
) -> Result<Told, Error> {
    let tenant = &by.caller.tenant;
    let head = store::pool_find(tx, tenant, asked.pool).await?;
    let scheme = poolable(core, tx, tenant, &head.scheme_id, by.now).await?;
    // Who is in the pool is only known for certain once nobody else changes it.
    let rows = store::pool_events(tx, tenant, asked.pool, None).await?;
    let mut persons: Vec<RecipientId> = rows.iter().map(|row| row.person).collect();
    persons.extend(asked.joining.iter().map(|one| one.person));
    persons.sort_unstable();
    persons.dedup();
    let schemes = [scheme];
    let regrouping = Regrouping::begin(tx, tenant, &schemes, &persons, by.now).await?;
    let mut rows = store::pool_events(tx, tenant, asked.pool, None).await?;
    let version = rows.last().map_or(0, |row| row.number);
    check_version(Some(asked.expected_version), version.unsigned_abs())?;
    let (number, now) = (version.saturating_add(1), regrouping.now);
    let known = members(&rows);
    if known.len() + asked.joining.len() > MEMBERS_MAX + asked.leaving.len() {
        return Err(Error::PoolFull);
    }
    let mut changes = Vec::new();
    for person in &asked.leaving {
        let row = *known.get(person).ok_or(Error::NotInPool)?;
        let row = PoolRow {
            number,
            joined: false,
            on: civil_date(by.now),
            at: now,
            ..row.clone()
        };
        changes.push((row, asked.text.clone()));
    }
    let first = known.keys().next();
    let from = first.and_then(|first| regrouping.period_start(*first));
    check_ages(
        "joining",
        &asked.joining,
        from.unwrap_or(civil_date(by.now)),
    )?;
    let entrants = ("joining", &asked.joining[..]);
    changes.extend(joining(tx, tenant, asked.pool, &head, number, entrants, now).await?);
    store::pool_append(tx, tenant, &changes).await?;
    let evidence = format!("pool {}", asked.pool);
    let done = regrouping.finish(tx, tenant, Some(&evidence)).await?;
    rows.extend(changes.into_iter().map(|(row, _)| row));
    told(by, asked.pool, &head, &rows, done, "ChangePool")
}

/// The scheme, if persons may be pooled in it: a composite sums up what each person has paid.
async fn poolable(
    core: &Core,
    tx: &mut PgConnection,
    tenant: &TenantId,
    scheme_id: &str,
    now: Timestamp,
) -> Result<Arc<Scheme>, Error> {
    let together: Together = core.together_in(tx, tenant, scheme_id, now).await?;
    let scheme = together.scheme(scheme_id).ok_or(Error::SchemeUnknown)?;
    if together.composite.is_some() {
        return Err(Error::PoolUnderComposite);
    }
    Ok(Arc::clone(scheme))
}

/// A pool is of children: who of a list is too old on the first day of its period is named.
fn check_ages(list: &'static str, entrants: &[Entrant], from: Date) -> Result<(), Error> {
    for (at, entrant) in entrants.iter().enumerate() {
        let refused = |refusal| Error::Group(Part::Entrant(list, at), refusal);
        check_pool_member(entrant.born_on, from).map_err(refused)?;
    }
    Ok(())
}

/// What is stored of children who join: who stays outside does not, and nobody is in two pools.
async fn joining(
    tx: &mut PgConnection,
    tenant: &TenantId,
    pool: PoolId,
    head: &PoolHead,
    number: i64,
    (list, entrants): (&'static str, &[Entrant]),
    now: Timestamp,
) -> Result<Vec<(PoolRow, String)>, Error> {
    let persons: Vec<Uuid> = entrants.iter().map(|one| one.person.uuid()).collect();
    let known = store::subject_list(tx, tenant, &persons).await?;
    let is_out = |person| {
        let known = known.get(person);
        known.is_some_and(|known| known.subject.person.opted_out)
    };
    if let Some(at) = entrants.iter().position(|one| is_out(&one.person)) {
        return Err(Error::Fee(Part::Entrant(list, at), Refusal::OptedOut));
    }
    let pools = store::pool_list(tx, tenant, &persons, None).await?;
    let mut there: BTreeMap<_, bool> = BTreeMap::new();
    for row in pools.iter().filter(|row| row.scheme_id == head.scheme_id) {
        there.insert((row.pool, row.person), row.joined);
    }
    let is_in = |person| there.iter().any(|(key, joined)| key.1 == person && *joined);
    if let Some(at) = entrants.iter().position(|one| is_in(one.person)) {
        return Err(Error::InPool(Part::Entrant(list, at)));
    }
    let rows = entrants.iter().map(|entrant| {
        let row = PoolRow {
            pool,
            scheme_id: head.scheme_id.clone(),
            number,
            person: entrant.person,
            joined: true,
            on: civil_date(now),
            born_on: entrant.born_on,
            at: now,
        };
        (row, entrant.evidence.clone())
    });
    Ok(rows.collect())
}

/// Who is in a pool, each with what put it there.
pub(super) fn members(rows: &[PoolRow]) -> BTreeMap<RecipientId, &PoolRow> {
    let mut last: BTreeMap<RecipientId, &PoolRow> = BTreeMap::new();
    for row in rows {
        last.insert(row.person, row);
    }
    last.retain(|_, row| row.joined);
    last
}

/// A pool as it is after a change.
pub(super) fn changed(
    pool: PoolId,
    head: &PoolHead,
    rows: &[PoolRow],
    circles: &[(Circle, States)],
    now: Timestamp,
) -> Result<pb::Pool, Error> {
    let members = members(rows);
    let first = members.keys().next();
    let of_pool = |circle: &&(Circle, States)| {
        let is_in = first.is_some_and(|first| circle.0.persons.contains(first));
        is_in && circle.0.together.scheme(&head.scheme_id).is_some()
    };
    let circle = circles.iter().find(of_pool);
    to_pb_pool(pool, head, rows, circle, civil_date(now), now)
}

fn told(
    by: &WriteKey,
    pool: PoolId,
    head: &PoolHead,
    rows: &[PoolRow],
    done: Regrouped,
    action: &'static str,
) -> Result<Told, Error> {
    let told = changed(pool, head, rows, &done.circles, by.now)?;
    let event = pb::PoolChanged {
        pool: Some(told.clone()),
        reassessed: done.reassessed,
    };
    let mut persons: Vec<RecipientId> = rows.iter().map(|row| row.person).collect();
    persons.sort_unstable();
    persons.dedup();
    let note = |person| AccessNote::new(&by.caller, action, person, &head.scheme_id, "");
    let notes = persons.into_iter().map(note);
    Ok((told, vec![events::pool_changed(event)], notes.collect()))
}

/// A pool on a day. Everybody who was ever in it, in order of joining.
fn to_pb_pool(
    pool: PoolId,
    head: &PoolHead,
    rows: &[PoolRow],
    circle: Option<&(Circle, States)>,
    on: Date,
    at: Timestamp,
) -> Result<pb::Pool, Error> {
    let mut told: Vec<pb::PoolMember> = Vec::new();
    for row in rows {
        let (recipient_id, day) = (row.person.to_string(), Some(to_pb_date(row.on)));
        if row.joined {
            let adult_on = circle.map(|circle| adult_on(circle, &head.scheme_id, row.born_on));
            told.push(pb::PoolMember {
                recipient_id,
                joined_on: day,
                adult_on: adult_on.transpose()?.map(to_pb_date),
                ..Default::default()
            });
            continue;
        }
        let mut stays = told.iter_mut().rev();
        if let Some(stay) = stays.find(|stay| stay.recipient_id == recipient_id) {
            stay.left_on = day;
            stay.adult_on = None;
        }
    }
    let status = circle.map(|(circle, states)| circle.status(states, &head.scheme_id, on, at));
    Ok(pb::Pool {
        pool_id: pool.to_string(),
        scheme_id: head.scheme_id.clone(),
        members: told,
        guardian_ids: head.guardians.iter().map(Uuid::to_string).collect(),
        valid_from: Some(to_pb_date(head.valid_from)),
        version: rows.last().map_or(0, |row| row.number.unsigned_abs()),
        status: status.transpose()?,
    })
}

pub(super) fn adult_on(
    circle: &(Circle, States),
    scheme_id: &str,
    born_on: Date,
) -> Result<Date, Error> {
    let (circle, states) = circle;
    let lost = || Failure::internal("a pool's scheme has no state");
    let scheme: &Scheme = circle.together.scheme(scheme_id).ok_or_else(lost)?;
    let state = states.get(scheme_id).ok_or_else(lost)?;
    leaves_pool_on(scheme, state, born_on).map_err(Part::Account.refused())
}
