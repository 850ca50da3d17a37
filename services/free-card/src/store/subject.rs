//! What persons decided.

use std::collections::HashMap;

use hjm_free_card::{Subject, SubjectEvent};
use hjm_ids::{RecipientId, TenantId};
use hjm_service::Failure;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

fn read(kind: &str, died_on: Option<jiff_sqlx::Date>) -> Option<SubjectEvent> {
    match kind {
        "OPTED_OUT" => Some(SubjectEvent::OptedOut),
        "OPTED_IN" => Some(SubjectEvent::OptedIn),
        "CONSENT_GIVEN" => Some(SubjectEvent::ConsentGiven),
        "CONSENT_WITHDRAWN" => Some(SubjectEvent::ConsentWithdrawn),
        "DIED" => died_on.map(|on| SubjectEvent::Died(on.to_jiff())),
        _ => None,
    }
}

/// What holds for persons now. One without an event is not in it.
pub(crate) async fn subject_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    subjects: &[Uuid],
) -> Result<HashMap<RecipientId, Subject>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT subject_id, kind, died_on AS "died_on: jiff_sqlx::Date"
             FROM free_card.subject_event
            WHERE tenant_id = $1 AND subject_id = ANY ($2) ORDER BY subject_id, number"#,
        tenant.as_str(),
        subjects
    )
    .fetch_all(connection)
    .await?;
    let mut events: HashMap<RecipientId, Vec<SubjectEvent>> = HashMap::new();
    for row in rows {
        let event = read(&row.kind, row.died_on)
            .ok_or_else(|| Failure::internal("a stored event of a person cannot be read"))?;
        let known = events.entry(RecipientId::new(row.subject_id)).or_default();
        known.push(event);
    }
    let all = events.into_iter();
    Ok(all
        .map(|(subject, events)| (subject, Subject::of(events)))
        .collect())
}

/// Adds an event after the person's last. Two at once fail on the number.
pub(crate) async fn subject_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    subject: RecipientId,
    event: SubjectEvent,
    now: Timestamp,
) -> Result<(), Failure> {
    let (kind, died_on) = match event {
        SubjectEvent::OptedOut => ("OPTED_OUT", None),
        SubjectEvent::OptedIn => ("OPTED_IN", None),
        SubjectEvent::ConsentGiven => ("CONSENT_GIVEN", None),
        SubjectEvent::ConsentWithdrawn => ("CONSENT_WITHDRAWN", None),
        SubjectEvent::Died(on) => ("DIED", Some(on)),
    };
    sqlx::query!(
        "INSERT INTO free_card.subject_event
            (tenant_id, subject_id, number, kind, died_on, recorded_at)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5
           FROM free_card.subject_event WHERE tenant_id = $1 AND subject_id = $2",
        tenant.as_str(),
        subject.uuid(),
        kind,
        died_on.map(jiff::civil::Date::to_sqlx) as _,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds a person until the transaction ends, so that its events come one after another.
pub(crate) async fn subject_hold(
    connection: &mut PgConnection,
    tenant: &TenantId,
    subject: RecipientId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('free_card subject ' || $1, 0))",
        format!("{tenant} {subject}")
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
