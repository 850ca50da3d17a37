//! What a person decides about the electronic protection, and its death as prescription tells it.

use hjm_feed::NewEvent;
use hjm_free_card::SubjectEvent;
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::{free_card::v1 as pb, write::WriteResponse};
use hjm_service::{AccessNote, Failure, WriteKey, clock::civil_date};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Core, Written,
    circle::{Regrouping, identities},
    leave::{OUTSIDE, leave, pools_with, told_left},
};
use crate::{Deps, config::keys::Digest, error::Error, events, store};

/// Why two persons of one number are linked.
const SAME: &str = "the same identity number";

/// Stores a decision; one that changes nothing stores and tells nothing.
pub(crate) async fn change_subject<R: WriteResponse>(
    deps: &Deps,
    key: WriteKey,
    subject: RecipientId,
    event: SubjectEvent,
    action: &'static str,
) -> Written<R> {
    let (core, by) = (deps.core.clone(), key.clone());
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let out = event == SubjectEvent::OptedOut;
            // Who is in a pool is only known for certain once nobody else changes it.
            store::sharing_hold(tx, &by.caller.tenant, out).await?;
            let mut told = change_in(tx, &by, subject, event).await?;
            if out {
                told.extend(leave_pools(&core, tx, &by, subject).await?);
            }
            let note = AccessNote::new(&by.caller, action, subject, "", "");
            Ok((R::default(), told, vec![note]))
        })
    });
    written.await
}

/// Who stays outside does so under all of its identities, and shares with nobody.
async fn leave_pools(
    core: &Core,
    tx: &mut PgConnection,
    by: &WriteKey,
    subject: RecipientId,
) -> Result<Vec<NewEvent>, Error> {
    let tenant = &by.caller.tenant;
    let persons = identities(tx, tenant, subject).await?;
    let mut pools = pools_with(tx, tenant, &persons).await?;
    if pools.is_empty() {
        return Ok(Vec::new());
    }
    let policies = core.policies.of(tx, tenant).await?;
    let mut schemes = core.schemes_on(&policies, civil_date(by.now))?;
    schemes.retain(|scheme| {
        let mut rows = pools.iter().flatten();
        rows.any(|row| row.scheme_id == scheme.id())
    });
    let all: Vec<RecipientId> = persons.iter().copied().collect();
    let regrouping = Regrouping::begin(tx, tenant, &schemes, &all, by.now).await?;
    let now = regrouping.now;
    leave(tx, tenant, &mut pools, &persons, now).await?;
    let done = regrouping.finish(tx, tenant, Some(OUTSIDE)).await?;
    told_left(tx, tenant, &pools, &done.circles, done.reassessed, now).await
}

/// A decision of a person holds for it under all of its identities.
async fn change_in(
    tx: &mut PgConnection,
    by: &WriteKey,
    subject: RecipientId,
    event: SubjectEvent,
) -> Result<Vec<NewEvent>, Error> {
    let tenant = &by.caller.tenant;
    let identities: Vec<RecipientId> = identities(tx, tenant, subject).await?.into_iter().collect();
    for identity in &identities {
        store::subject_hold(tx, tenant, *identity).await?;
    }
    let ids: Vec<Uuid> = identities.iter().map(|one| one.uuid()).collect();
    let before = store::subject_list(tx, tenant, &ids).await?;
    let mut told = Vec::new();
    for identity in identities {
        let before = before.get(&identity).copied().unwrap_or_default().subject;
        let after = before.with(event);
        if after == before {
            continue;
        }
        store::subject_append(tx, tenant, identity, event, by.now).await?;
        told.push(events::subject_changed(identity, after));
    }
    Ok(told)
}

/// Keeps a person's death; told again with another day, that day holds.
pub(crate) async fn subject_died(
    tx: &mut PgConnection,
    tenant: &TenantId,
    subject: RecipientId,
    died_on: Date,
    at: Timestamp,
) -> Result<(), Failure> {
    store::subject_hold(tx, tenant, subject).await?;
    store::subject_append(tx, tenant, subject, SubjectEvent::Died(died_on), at).await
}

/// The person of a number, known by its digests; one that nobody has asked for gets an id.
pub(crate) async fn find_subject(
    deps: &Deps,
    key: WriteKey,
    digests: Vec<Digest>,
    purpose: String,
) -> Written<pb::FindSubjectResponse> {
    let by = key.clone();
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            store::alias_hold(tx, tenant, &digests).await?;
            let known = store::alias_find(tx, tenant, &digests).await?;
            let subject = known.unwrap_or_else(|| RecipientId::new(Uuid::now_v7()));
            if let (None, Some(written_with)) = (known, digests.first()) {
                store::alias_insert(tx, tenant, written_with, subject, by.now).await?;
            }
            let answer = pb::FindSubjectResponse {
                recipient_id: subject.to_string(),
                ..Default::default()
            };
            let note = AccessNote::new(&by.caller, "FindSubject", subject, "", &purpose);
            Ok((answer, Vec::new(), vec![note]))
        })
    });
    written.await
}

/// Keeps whose number a digest is. Where a desk has asked for the number first, the two are one
/// person: a link, never a change of what is stored.
pub(crate) async fn subject_registered(
    core: &Core,
    tx: &mut PgConnection,
    tenant: &TenantId,
    subject: RecipientId,
    digests: Vec<Digest>,
    now: Timestamp,
) -> Result<(), Failure> {
    store::alias_hold(tx, tenant, &digests).await?;
    let Some(known) = store::alias_find(tx, tenant, &digests).await? else {
        for digest in &digests {
            store::alias_insert(tx, tenant, digest, subject, now).await?;
        }
        return Ok(());
    };
    if known == subject || identities(tx, tenant, subject).await?.contains(&known) {
        return Ok(());
    }
    let linked = super::link::change_in(core, tx, tenant, (subject, known), true, SAME, now);
    let (_, events) = linked.await.map_err(|error| {
        if let Error::Failure(failure) = error {
            failure
        } else {
            Failure::Internal(error.into())
        }
    })?;
    core.producer.append(tx, tenant, now, &events).await?;
    Ok(())
}
