//! Runs: the claim on a month, and the position it is frozen at.

use hjm_ids::{Month, RunId, TenantId};
use hjm_proto::billing::v1::RunState;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::count;

/// A run with its progress.
#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) id: RunId,
    pub(crate) month: Month,
    pub(crate) state: RunState,
    pub(crate) waits_for: String,
    pub(crate) feed_sequence: Option<i64>,
    pub(crate) started_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) owners: u32,
    pub(crate) owners_done: u32,
    pub(crate) lines: u64,
}

struct StoredRun {
    run_id: Uuid,
    month: jiff_sqlx::Date,
    state: String,
    waits_for: String,
    feed_sequence: Option<i64>,
    started_at: jiff_sqlx::Timestamp,
    closed_at: Option<jiff_sqlx::Timestamp>,
    owners: i64,
    owners_done: i64,
    lines: i64,
}

impl TryFrom<StoredRun> for RunRow {
    type Error = Failure;

    fn try_from(row: StoredRun) -> Result<Self, Failure> {
        let state = RunState::from_str_name(&format!("RUN_STATE_{}", row.state));
        Ok(Self {
            id: RunId::new(row.run_id),
            month: Month::of(row.month.to_jiff()),
            state: state.ok_or_else(|| Failure::internal("a stored run cannot be read"))?,
            waits_for: row.waits_for,
            feed_sequence: row.feed_sequence,
            started_at: row.started_at.to_jiff(),
            closed_at: row.closed_at.map(jiff_sqlx::Timestamp::to_jiff),
            owners: count(row.owners)?,
            owners_done: count(row.owners_done)?,
            lines: row.lines.unsigned_abs(),
        })
    }
}

/// One claim at a time in a tenant: what follows reads which month is next.
pub(crate) async fn run_claim_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('billing run ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The month claimed last, if any was.
pub(crate) async fn run_newest(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Option<Month>, Failure> {
    let newest = sqlx::query_scalar!(
        r#"SELECT max(month) AS "month: jiff_sqlx::Date" FROM billing.run WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(newest.map(|month| Month::of(month.to_jiff())))
}

/// Claims a month.
pub(crate) async fn run_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.run (tenant_id, month, run_id, state, waits_for, started_at)
         VALUES ($1, $2, $3, 'WAITING', '', $4)",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        Uuid::now_v7(),
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The run of a month.
pub(crate) async fn run_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
) -> Result<Option<RunRow>, Failure> {
    sqlx::query_as!(
        StoredRun,
        r#"SELECT r.run_id, r.month, r.state, r.waits_for, r.feed_sequence, r.started_at,
                  r.closed_at AS "closed_at: jiff_sqlx::Timestamp", count(o.*) AS "owners!",
                  count(o.*) FILTER (WHERE o.done) AS "owners_done!",
                  coalesce(sum(o.lines), 0)::bigint AS "lines!"
             FROM billing.run r
             LEFT JOIN billing.run_owner o USING (tenant_id, month)
            WHERE r.tenant_id = $1 AND r.month = $2
            GROUP BY r.tenant_id, r.month"#,
        tenant.as_str(),
        month.first().to_sqlx() as _,
    )
    .fetch_optional(connection)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Runs after a month, by month.
pub(crate) async fn run_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: Date,
    rows_max: i64,
) -> Result<Vec<RunRow>, Failure> {
    sqlx::query_as!(
        StoredRun,
        r#"SELECT r.run_id, r.month, r.state, r.waits_for, r.feed_sequence, r.started_at,
                  r.closed_at AS "closed_at: jiff_sqlx::Timestamp", count(o.*) AS "owners!",
                  count(o.*) FILTER (WHERE o.done) AS "owners_done!",
                  coalesce(sum(o.lines), 0)::bigint AS "lines!"
             FROM billing.run r
             LEFT JOIN billing.run_owner o USING (tenant_id, month)
            WHERE r.tenant_id = $1 AND r.month > $2
            GROUP BY r.tenant_id, r.month
            ORDER BY r.month LIMIT $3"#,
        tenant.as_str(),
        after.to_sqlx() as _,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// The earliest month that is claimed and not closed.
pub(crate) async fn run_unfinished(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Option<Month>, Failure> {
    let month = sqlx::query_scalar!(
        r#"SELECT min(month) AS "month: jiff_sqlx::Date" FROM billing.run
            WHERE tenant_id = $1 AND state <> 'CLOSED'"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(month.map(|month| Month::of(month.to_jiff())))
}

/// What stands between a claimed month and freezing it, seen at one moment.
#[derive(Debug)]
pub(crate) struct Outstanding {
    pub(crate) catalogue: i64,
    pub(crate) prescription: i64,
    pub(crate) accruals: i64,
    pub(crate) fees: i64,
    pub(crate) refusals: Option<String>,
}

/// How far the followed feeds have taken effect, and what of a month is not decided.
pub(crate) async fn run_outstanding(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
) -> Result<Outstanding, Failure> {
    let seen = sqlx::query_as!(
        Outstanding,
        r#"WITH due AS (
               SELECT a.reason FROM billing.fee_open o
                 LEFT JOIN billing.fee_attempt a USING (tenant_id, charge_id)
                WHERE o.tenant_id = $1 AND o.dated_on <= $2)
           SELECT coalesce((SELECT sequence FROM billing.follower
                             WHERE tenant_id = $1 AND feed = 'catalogue'), 0) AS "catalogue!",
                  coalesce((SELECT sequence FROM billing.follower
                             WHERE tenant_id = $1 AND feed = 'prescription'), 0)
                  AS "prescription!",
                  (SELECT count(DISTINCT loan_id) FROM billing.accrual_ahead
                    WHERE tenant_id = $1 AND next_on <= $2) AS "accruals!",
                  (SELECT count(*) FROM due) AS "fees!",
                  (SELECT string_agg(DISTINCT reason, ', ') FROM due) AS refusals"#,
        tenant.as_str(),
        month.last().to_sqlx() as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(seen)
}

/// Makes the partition that the month's lines are posted in.
pub(crate) async fn charge_month_open(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT billing.charge_month_open($1, $2)",
        tenant.as_str(),
        month.first().to_sqlx() as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Holds a run until the transaction ends and answers where it stands.
pub(crate) async fn run_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
) -> Result<String, Failure> {
    let state = sqlx::query_scalar!(
        "SELECT state FROM billing.run WHERE tenant_id = $1 AND month = $2 FOR UPDATE",
        tenant.as_str(),
        month.first().to_sqlx() as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(state)
}

/// Freezes a waiting run at a position: no own fee is posted in its month from here on.
pub(crate) async fn run_freeze(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    sequence: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE billing.run SET state = 'RUNNING', waits_for = '', feed_sequence = $3
          WHERE tenant_id = $1 AND month = $2 AND state = 'WAITING'",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        sequence
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says what a run waits for; nothing when it is closed.
pub(crate) async fn run_waits_for(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    waits_for: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE billing.run SET waits_for = $3
          WHERE tenant_id = $1 AND month = $2 AND state <> 'CLOSED' AND waits_for <> $3",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        waits_for
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes a run.
pub(crate) async fn run_close(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE billing.run SET state = 'CLOSED', waits_for = '', closed_at = $3
          WHERE tenant_id = $1 AND month = $2",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
