//! Two identities of one person, who is one from then on; and two persons after all.

use std::collections::BTreeSet;

use hjm_feed::NewEvent;
use hjm_free_card::{Identity, SubjectEvent, check_link};
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{AccessNote, WriteKey, clock::civil_date};
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Core, Written, again_if_taken,
    circle::{Regrouped, Regrouping, identities},
    leave::{OUTSIDE, leave, pools_with, told_left},
};
use crate::{
    Deps,
    error::{Error, Part},
    events, store,
};

type Told = (Vec<pb::AccountStatus>, Vec<NewEvent>, Vec<AccessNote>);

/// Two identities that are to be linked.
#[derive(Debug, Clone)]
pub(crate) struct Linking {
    pub(crate) one: (RecipientId, Identity),
    pub(crate) other: (RecipientId, Identity),
    pub(crate) evidence: String,
}

/// Two identities that are not to be linked any more.
#[derive(Debug)]
pub(crate) struct Unlinking {
    pub(crate) one: RecipientId,
    pub(crate) other: RecipientId,
    pub(crate) text: String,
}

/// Links two identities, once.
pub(crate) async fn link_subjects(
    deps: &Deps,
    key: WriteKey,
    asked: Linking,
) -> Written<pb::LinkSubjectsResponse> {
    again_if_taken(|| link(deps, key.clone(), asked.clone())).await
}

async fn link(deps: &Deps, key: WriteKey, asked: Linking) -> Written<pb::LinkSubjectsResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            check_link(asked.one.1, asked.other.1, civil_date(by.now))
                .map_err(|refusal| Error::Group(Part::Account, refusal))?;
            let pair = (asked.one.0, asked.other.0);
            let (statuses, events, notes) =
                change(&core, tx, &by, pair, true, &asked.evidence).await?;
            let answer = pb::LinkSubjectsResponse {
                statuses,
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}

/// Takes a link back, once.
pub(crate) async fn unlink_subjects(
    deps: &Deps,
    key: WriteKey,
    asked: Unlinking,
) -> Written<pb::UnlinkSubjectsResponse> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let pair = (asked.one, asked.other);
            let (statuses, events, notes) =
                change(&core, tx, &by, pair, false, &asked.text).await?;
            let answer = pb::UnlinkSubjectsResponse {
                statuses,
                ..Default::default()
            };
            Ok((answer, events, notes))
        })
    });
    written.await
}

async fn change(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    pair: (RecipientId, RecipientId),
    link: bool,
    reason: &str,
) -> Result<Told, Error> {
    let (tenant, now) = (&by.caller.tenant, by.now);
    let (statuses, events) = change_in(core, tx, tenant, pair, link, reason, now).await?;
    let action = if link {
        "LinkSubjects"
    } else {
        "UnlinkSubjects"
    };
    let note = |person| AccessNote::new(&by.caller, action, person, "", reason);
    Ok((statuses, events, vec![note(pair.0), note(pair.1)]))
}

/// Links or unlinks in a transaction at hand: where the first person then stands, and what is to be
/// told.
pub(super) async fn change_in(
    core: &Core,
    tx: &mut PgConnection,
    tenant: &TenantId,
    pair: (RecipientId, RecipientId),
    link: bool,
    reason: &str,
    now: Timestamp,
) -> Result<(Vec<pb::AccountStatus>, Vec<NewEvent>), Error> {
    let policies = core.policies.of(tx, tenant).await?;
    let schemes = core.schemes_on(&policies, civil_date(now))?;
    let persons = [pair.0, pair.1];
    let regrouping = Regrouping::begin(tx, tenant, &schemes, &persons, now).await?;
    let links = store::link_list(tx, tenant, &[pair.0.uuid()], None).await?;
    let linked = links
        .iter()
        .any(|row| [row.one, row.other].contains(&pair.1));
    match (link, linked) {
        (true, true) => return Err(Error::AlreadyLinked),
        (false, false) => return Err(Error::NotLinked),
        (true, false) | (false, true) => {}
    }
    let now = regrouping.now;
    store::link_append(tx, tenant, pair, link, reason, now).await?;
    let (mut events, mut pools) = (Vec::new(), Vec::new());
    if link {
        let all = identities(tx, tenant, pair.0).await?;
        if let Some(told) = opt_out_all(tx, tenant, &all, now).await? {
            events = told;
            pools = pools_with(tx, tenant, &all).await?;
            leave(tx, tenant, &mut pools, &all, now).await?;
        }
    }
    let keep = (!pools.is_empty()).then_some(OUTSIDE);
    let done = regrouping.finish(tx, tenant, keep).await?;
    events.extend(told_left(tx, tenant, &pools, &done.circles, Vec::new(), now).await?);
    let statuses = statuses(&done, pair.0, now)?;
    let mut told = statuses.clone();
    if !link {
        told.extend(self::statuses(&done, pair.1, now)?);
    }
    events.push(events::link_changed(pb::LinkChanged {
        recipient_id: pair.0.to_string(),
        other_recipient_id: pair.1.to_string(),
        linked: link,
        statuses: told,
        reassessed: done.reassessed,
    }));
    Ok((statuses, events))
}

/// Who stays outside under one identity does so under all of them: what is then told. None where
/// it stays outside under none.
async fn opt_out_all(
    tx: &mut PgConnection,
    tenant: &TenantId,
    all: &BTreeSet<RecipientId>,
    now: Timestamp,
) -> Result<Option<Vec<NewEvent>>, Error> {
    let ids: Vec<Uuid> = all.iter().map(|one| one.uuid()).collect();
    let known = store::subject_list(tx, tenant, &ids).await?;
    let subject = |one: &RecipientId| known.get(one).copied().unwrap_or_default().subject;
    if !all.iter().any(|one| subject(one).person.opted_out) {
        return Ok(None);
    }
    let mut told = Vec::new();
    for one in all.iter().filter(|one| !subject(one).person.opted_out) {
        store::subject_hold(tx, tenant, *one).await?;
        store::subject_append(tx, tenant, *one, SubjectEvent::OptedOut, now).await?;
        let after = subject(one).with(SubjectEvent::OptedOut);
        told.push(events::subject_changed(*one, after));
    }
    Ok(Some(told))
}

/// Where a person stands today in each scheme, in order of id; nothing of who stays outside.
fn statuses(
    done: &Regrouped,
    person: RecipientId,
    now: Timestamp,
) -> Result<Vec<pb::AccountStatus>, Error> {
    let mut statuses = Vec::new();
    for (circle, states) in &done.circles {
        if circle.subject.person.opted_out || !circle.persons.contains(&person) {
            continue;
        }
        for scheme_id in states.keys() {
            statuses.push(circle.status(states, scheme_id, civil_date(now), now)?);
        }
    }
    statuses.sort_by(|one, other| one.scheme_id.cmp(&other.scheme_id));
    Ok(statuses)
}
