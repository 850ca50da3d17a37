//! Who shares accounts with whom: links between identities, and pools of children.

use hjm_free_card::Share;
use hjm_ids::{PoolId, RecipientId, TenantId};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// A link between two identities that holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkRow {
    pub(crate) one: RecipientId,
    pub(crate) other: RecipientId,
    pub(crate) at: Timestamp,
}

impl LinkRow {
    pub(crate) fn share(&self) -> Share {
        Share {
            at: self.at,
            persons: vec![self.one, self.other],
        }
    }
}

/// A child of a pool, at some time.
#[derive(Debug, Clone)]
pub(crate) struct PoolRow {
    pub(crate) pool: PoolId,
    pub(crate) scheme_id: String,
    /// Of the event that put it there, or took it out.
    pub(crate) number: i64,
    pub(crate) person: RecipientId,
    pub(crate) joined: bool,
    pub(crate) on: Date,
    pub(crate) born_on: Date,
    pub(crate) at: Timestamp,
}

/// A pool without its children.
#[derive(Debug, Clone)]
pub(crate) struct PoolHead {
    pub(crate) scheme_id: String,
    pub(crate) valid_from: Date,
    pub(crate) guardians: Vec<Uuid>,
}

/// Nobody changes who shares while this is held; many hold it at once, but whoever changes it
/// (`alone`) holds it with nobody else.
pub(crate) async fn sharing_hold(
    connection: &mut PgConnection,
    tenant: &TenantId,
    alone: bool,
) -> Result<(), Failure> {
    let key = format!("{tenant}");
    if alone {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('free_card sharing ' || $1, 0))",
            key
        )
        .fetch_one(connection)
        .await?;
    } else {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('free_card sharing ' || $1, 0))",
            key
        )
        .fetch_one(connection)
        .await?;
    }
    Ok(())
}

/// The links of persons, as they were known.
pub(crate) async fn link_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    persons: &[Uuid],
    known_at: Option<Timestamp>,
) -> Result<Vec<LinkRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT one_id, other_id, recorded_at AS "at: jiff_sqlx::Timestamp"
             FROM (SELECT DISTINCT ON (one_id, other_id) one_id, other_id, kind, recorded_at
                     FROM free_card.link_event
                    WHERE tenant_id = $1 AND (one_id = ANY ($2) OR other_id = ANY ($2))
                      AND ($3::timestamptz IS NULL OR recorded_at <= $3)
                    ORDER BY one_id, other_id, number DESC) last
            WHERE kind = 'LINKED' ORDER BY one_id, other_id"#,
        tenant.as_str(),
        persons,
        known_at.map(Timestamp::to_sqlx) as _
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| LinkRow {
        one: RecipientId::new(row.one_id),
        other: RecipientId::new(row.other_id),
        at: row.at.to_jiff(),
    });
    Ok(rows.collect())
}

/// Adds that two persons are linked, or no longer are.
pub(crate) async fn link_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    pair: (RecipientId, RecipientId),
    linked: bool,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "WITH known AS (
             INSERT INTO free_card.known_subject VALUES ($1, $2), ($1, $3) ON CONFLICT DO NOTHING)
         INSERT INTO free_card.link_event
            (tenant_id, one_id, other_id, number, kind, reason, recorded_at)
         SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6
           FROM free_card.link_event WHERE tenant_id = $1 AND one_id = $2 AND other_id = $3",
        tenant.as_str(),
        pair.0.min(pair.1).uuid(),
        pair.0.max(pair.1).uuid(),
        if linked { "LINKED" } else { "UNLINKED" },
        reason,
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Everything that was known of the pools that persons are or were in, in order.
pub(crate) async fn pool_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    persons: &[Uuid],
    known_at: Option<Timestamp>,
) -> Result<Vec<PoolRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT pool_id, p.scheme_id, e.number, e.subject_id, e.kind,
                  e.event_on AS "on: jiff_sqlx::Date", e.born_on AS "born_on: jiff_sqlx::Date",
                  e.recorded_at AS "at: jiff_sqlx::Timestamp"
             FROM free_card.pool_event e JOIN free_card.pool p USING (tenant_id, pool_id)
            WHERE tenant_id = $1
              AND pool_id IN (SELECT pool_id FROM free_card.pool_event
                               WHERE tenant_id = $1 AND subject_id = ANY ($2))
              AND ($3::timestamptz IS NULL OR e.recorded_at <= $3)
            ORDER BY pool_id, e.number, e.subject_id"#,
        tenant.as_str(),
        persons,
        known_at.map(Timestamp::to_sqlx) as _
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| PoolRow {
        pool: PoolId::new(row.pool_id),
        scheme_id: row.scheme_id,
        number: row.number,
        person: RecipientId::new(row.subject_id),
        joined: row.kind == "JOINED",
        on: row.on.to_jiff(),
        born_on: row.born_on.to_jiff(),
        at: row.at.to_jiff(),
    });
    Ok(rows.collect())
}

/// Everything that was known of one pool's children, in order.
pub(crate) async fn pool_events(
    connection: &mut PgConnection,
    tenant: &TenantId,
    pool: PoolId,
    known_at: Option<Timestamp>,
) -> Result<Vec<PoolRow>, Failure> {
    let persons = sqlx::query_scalar!(
        "SELECT subject_id FROM free_card.pool_event WHERE tenant_id = $1 AND pool_id = $2",
        tenant.as_str(),
        pool.uuid()
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = pool_list(connection, tenant, &persons, known_at).await?;
    rows.retain(|row| row.pool == pool);
    Ok(rows)
}

/// The pools of which somebody who was born by a day is a member.
pub(crate) async fn pool_ids_born_by(
    connection: &mut PgConnection,
    tenant: &TenantId,
    born_by: Date,
) -> Result<Vec<PoolId>, Failure> {
    let pools = sqlx::query_scalar!(
        "SELECT DISTINCT pool_id
           FROM (SELECT DISTINCT ON (pool_id, subject_id) pool_id, kind, born_on
                   FROM free_card.pool_event WHERE tenant_id = $1
                  ORDER BY pool_id, subject_id, number DESC) last
          WHERE kind = 'JOINED' AND born_on <= $2 ORDER BY pool_id",
        tenant.as_str(),
        born_by.to_sqlx() as _
    )
    .fetch_all(connection)
    .await?;
    Ok(pools.into_iter().map(PoolId::new).collect())
}

/// A pool.
pub(crate) async fn pool_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    pool: PoolId,
) -> Result<PoolHead, Failure> {
    let row = sqlx::query!(
        r#"SELECT scheme_id, valid_from AS "valid_from: jiff_sqlx::Date", guardian_ids
             FROM free_card.pool WHERE tenant_id = $1 AND pool_id = $2"#,
        tenant.as_str(),
        pool.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("pool"))?;
    Ok(PoolHead {
        scheme_id: row.scheme_id,
        valid_from: row.valid_from.to_jiff(),
        guardians: row.guardian_ids,
    })
}

/// Adds a pool.
pub(crate) async fn pool_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    pool: PoolId,
    head: &PoolHead,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO free_card.pool (tenant_id, pool_id, scheme_id, valid_from, guardian_ids)
         VALUES ($1, $2, $3, $4, $5)",
        tenant.as_str(),
        pool.uuid(),
        head.scheme_id,
        head.valid_from.to_sqlx() as _,
        &head.guardians
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds what happens to children of a pool, each with its reason.
pub(crate) async fn pool_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[(PoolRow, String)],
) -> Result<(), Failure> {
    for (row, reason) in rows {
        sqlx::query!(
            "WITH known AS (
                 INSERT INTO free_card.known_subject VALUES ($1, $4) ON CONFLICT DO NOTHING)
             INSERT INTO free_card.pool_event
                (tenant_id, pool_id, number, subject_id, kind, event_on, born_on, reason,
                 recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant.as_str(),
            row.pool.uuid(),
            row.number,
            row.person.uuid(),
            if row.joined { "JOINED" } else { "LEFT" },
            row.on.to_sqlx() as _,
            row.born_on.to_sqlx() as _,
            reason,
            row.at.to_sqlx() as _
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
