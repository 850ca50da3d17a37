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
        "PROTECTED" => Some(SubjectEvent::Protected),
        "UNPROTECTED" => Some(SubjectEvent::Unprotected),
        "DIED" => died_on.map(|on| SubjectEvent::Died(on.to_jiff())),
        _ => None,
    }
}

/// What is known of a person.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) subject: Subject,
    /// It shares accounts with others, or once did.
    pub(crate) has_shared: bool,
}

/// What is known of persons now. One of whom nothing is known is not in it.
pub(crate) async fn subject_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    subjects: &[Uuid],
) -> Result<HashMap<RecipientId, Known>, Failure> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT known.subject_id, kind, died_on AS "died_on: jiff_sqlx::Date"
             FROM unnest($2::uuid[]) asked (id),
                  LATERAL (SELECT subject_id FROM free_card.known_subject
                            WHERE tenant_id = $1 AND subject_id = asked.id OFFSET 0) known,
                  LATERAL (SELECT number, kind, died_on FROM free_card.subject_event
                            WHERE tenant_id = $1 AND subject_id = known.subject_id
                           UNION ALL
                           SELECT 0, NULL, NULL FROM free_card.link_event
                            WHERE tenant_id = $1 AND one_id = known.subject_id
                           UNION ALL
                           SELECT 0, NULL, NULL FROM free_card.link_event
                            WHERE tenant_id = $1 AND other_id = known.subject_id
                           UNION ALL
                           SELECT 0, NULL, NULL FROM free_card.pool_event
                            WHERE tenant_id = $1 AND subject_id = known.subject_id) event
            ORDER BY known.subject_id, number"#,
        tenant.as_str(),
        subjects
    )
    .fetch_all(connection)
    .await?;
    let mut all: HashMap<RecipientId, Known> = HashMap::new();
    for row in rows {
        let known = all.entry(RecipientId::new(row.subject_id)).or_default();
        let Some(kind) = row.kind else {
            known.has_shared = true;
            continue;
        };
        let event = read(&kind, row.died_on)
            .ok_or_else(|| Failure::internal("a stored event of a person cannot be read"))?;
        known.subject = known.subject.with(event);
    }
    Ok(all)
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
        SubjectEvent::Protected => ("PROTECTED", None),
        SubjectEvent::Unprotected => ("UNPROTECTED", None),
        SubjectEvent::Died(on) => ("DIED", Some(on)),
    };
    sqlx::query!(
        "WITH known AS (
             INSERT INTO free_card.known_subject VALUES ($1, $2) ON CONFLICT DO NOTHING)
         INSERT INTO free_card.subject_event
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
