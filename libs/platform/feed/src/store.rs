//! The SQL of feeds and cursors. Table names are unqualified: `search_path` says whose they are.

use hjm_ids::TenantId;
use hjm_service::Failure;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::NewEvent;

/// A stored event.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) sequence: i64,
    pub(crate) event_id: Uuid,
    pub(crate) kind: String,
    pub(crate) aggregate_id: String,
    pub(crate) aggregate_version: i64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) payload: Vec<u8>,
}

/// Events, each part of them a list.
pub(crate) struct EventLists<'a> {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) aggregates: Vec<&'a str>,
    pub(crate) payloads: Vec<&'a [u8]>,
}

impl<'a> EventLists<'a> {
    pub(crate) fn of(events: &'a [NewEvent]) -> Self {
        let aggregates = events.iter().map(|event| event.aggregate_id.as_str());
        Self {
            ids: events.iter().map(|_| Uuid::now_v7()).collect(),
            kinds: events.iter().map(|event| event.kind).collect(),
            aggregates: aggregates.collect(),
            payloads: events
                .iter()
                .map(|event| event.payload.as_slice())
                .collect(),
        }
    }
}

/// Appends events and answers the last one's sequence. Holds the tenant's feed until the transaction
/// ends, so that commit order is sequence order.
pub(crate) async fn event_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    now: Timestamp,
    events: &[NewEvent],
) -> Result<i64, Failure> {
    let events = EventLists::of(events);
    let last = sqlx::query_scalar!(
        "SELECT feed_append($1, $2, $3, $4, $5, $6)",
        tenant.as_str(),
        &events.ids,
        &events.kinds as _,
        &events.aggregates as _,
        &events.payloads as _,
        now.to_sqlx() as _,
    )
    .fetch_one(connection)
    .await?;
    last.ok_or_else(|| Failure::internal("no event was appended"))
}

/// The newest sequence; 0 when there is no event.
pub(crate) async fn feed_head(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<i64, Failure> {
    let head = sqlx::query_scalar!(
        r#"SELECT coalesce(max(sequence), 0) AS "head!" FROM feed_event WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(head)
}

/// Events after a sequence, in order. No kinds means all.
pub(crate) async fn event_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: i64,
    kinds: &[String],
    rows_max: i64,
) -> Result<Vec<EventRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT sequence, event_id, kind, aggregate_id, aggregate_version,
                  recorded_at, payload
             FROM feed_event
            WHERE tenant_id = $1 AND sequence > $2
              AND (cardinality($3::text[]) = 0 OR kind = ANY ($3))
            ORDER BY sequence LIMIT $4"#,
        tenant.as_str(),
        after,
        kinds,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EventRow {
            sequence: row.sequence,
            event_id: row.event_id,
            kind: row.kind,
            aggregate_id: row.aggregate_id,
            aggregate_version: row.aggregate_version,
            recorded_at: row.recorded_at.to_jiff(),
            payload: row.payload,
        })
        .collect())
}

/// Makes sure that there is a cursor.
pub(crate) async fn cursor_ensure(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO follower (tenant_id, feed, sequence, error) VALUES ($1, $2, 0, '')
         ON CONFLICT (tenant_id, feed) DO NOTHING",
        tenant.as_str(),
        feed
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a cursor stands, and what it stands still for; 0 before it was made.
pub(crate) async fn cursor_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
) -> Result<(i64, String), Failure> {
    let row = sqlx::query!(
        "SELECT sequence, error FROM follower WHERE tenant_id = $1 AND feed = $2",
        tenant.as_str(),
        feed
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or((0, String::new()), |row| (row.sequence, row.error)))
}

/// As [`cursor_find`] of a cursor that was made, and nobody else moves it until the transaction
/// ends.
pub(crate) async fn cursor_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
) -> Result<(i64, String), Failure> {
    let row = sqlx::query!(
        "SELECT sequence, error FROM follower WHERE tenant_id = $1 AND feed = $2 FOR UPDATE",
        tenant.as_str(),
        feed
    )
    .fetch_one(connection)
    .await?;
    Ok((row.sequence, row.error))
}

/// Moves a cursor, and clears what it stood still for.
pub(crate) async fn cursor_move(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
    sequence: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE follower SET sequence = $3, error = '' WHERE tenant_id = $1 AND feed = $2",
        tenant.as_str(),
        feed,
        sequence
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes at which event a cursor stands still, and what for; nothing once it has been moved.
pub(crate) async fn cursor_halt(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
    sequence: i64,
    error: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE follower SET error = $4
          WHERE tenant_id = $1 AND feed = $2 AND sequence = $3::bigint - 1",
        tenant.as_str(),
        feed,
        sequence,
        error
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// That somebody would pass over an event.
#[derive(Debug)]
pub(crate) struct SkipRow {
    pub(crate) sequence: i64,
    /// What the feed stood still for.
    pub(crate) error: String,
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) reason: String,
    pub(crate) recorded_at: Timestamp,
}

/// Adds that somebody would pass over an event; at most once a user.
pub(crate) async fn skip_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
    skip: &SkipRow,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO follower_skip
            (tenant_id, feed, sequence, user_name, client, reason, error, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.as_str(),
        feed,
        skip.sequence,
        skip.user,
        skip.client,
        skip.reason,
        skip.error,
        skip.recorded_at.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who would pass over which events of a feed, newest first.
pub(crate) async fn skip_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    feed: &str,
    rows_max: i64,
) -> Result<Vec<SkipRow>, Failure> {
    let rows = sqlx::query!(
        "SELECT sequence, error, client, user_name, reason, recorded_at FROM follower_skip
          WHERE tenant_id = $1 AND feed = $2
          ORDER BY sequence DESC, recorded_at DESC, user_name LIMIT $3",
        tenant.as_str(),
        feed,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SkipRow {
            sequence: row.sequence,
            error: row.error,
            client: row.client,
            user: row.user_name,
            reason: row.reason,
            recorded_at: row.recorded_at.to_jiff(),
        })
        .collect())
}
