//! What a person decides about the electronic protection, and its death as prescription tells it.

use hjm_feed::NewEvent;
use hjm_free_card::SubjectEvent;
use hjm_ids::{RecipientId, TenantId};
use hjm_proto::{free_card::v1 as pb, write::WriteResponse};
use hjm_service::{AccessNote, Failure, WriteKey};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;

use super::Written;
use crate::{Deps, error::Error, events, store};

/// Stores a decision; one that changes nothing stores and tells nothing.
pub(crate) async fn change_subject<R: WriteResponse>(
    deps: &Deps,
    key: WriteKey,
    subject: RecipientId,
    event: SubjectEvent,
    action: &'static str,
) -> Written<R> {
    let by = key.clone();
    let written = deps.core.write(key, move |tx| {
        Box::pin(async move {
            let told = change_in(tx, &by, subject, event).await?;
            let note = AccessNote::new(&by.caller, action, subject, "", "");
            Ok((R::default(), told, vec![note]))
        })
    });
    written.await
}

async fn change_in(
    tx: &mut PgConnection,
    by: &WriteKey,
    subject: RecipientId,
    event: SubjectEvent,
) -> Result<Vec<NewEvent>, Error> {
    let tenant = &by.caller.tenant;
    store::subject_hold(tx, tenant, subject).await?;
    let before = store::subject_list(tx, tenant, &[subject.uuid()]).await?;
    let before = before.get(&subject).copied().unwrap_or_default();
    let after = before.with(event);
    if after == before {
        return Ok(Vec::new());
    }
    store::subject_append(tx, tenant, subject, event, by.now).await?;
    let event = pb::SubjectChanged {
        recipient_id: subject.to_string(),
        opted_out: after.person.opted_out,
        read_consent: after.read_consent,
    };
    Ok(vec![events::subject_changed(event)])
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
