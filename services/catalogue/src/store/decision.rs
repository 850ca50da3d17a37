//! Kept decisions, and the policies as they were known at an instant.

use hjm_ids::{DecisionId, TenantId};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// A decision as it is kept: encoded messages of the contract.
#[derive(Debug, Clone)]
pub(crate) struct DecisionRow {
    pub(crate) id: DecisionId,
    pub(crate) question: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    /// The versions that decided, as `Decision.policies`.
    pub(crate) policies: Vec<u8>,
    pub(crate) decided_at: Timestamp,
}

/// Keeps decisions; what is kept already stays as it is.
pub(crate) async fn decision_keep(
    connection: &mut PgConnection,
    tenant: &TenantId,
    decisions: &[DecisionRow],
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = decisions.iter().map(|row| row.id.uuid()).collect();
    let column = |part: fn(&DecisionRow) -> &Vec<u8>| -> Vec<Vec<u8>> {
        decisions.iter().map(part).cloned().collect()
    };
    let decided_at: Vec<jiff_sqlx::Timestamp> = decisions
        .iter()
        .map(|row| row.decided_at.to_sqlx())
        .collect();
    sqlx::query!(
        "INSERT INTO catalogue.decision (tenant_id, decision_id, question, answer, policies,
                                         decided_at)
         SELECT $1, * FROM unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[],
                                  $6::timestamptz[])
         ON CONFLICT (tenant_id, decision_id) DO NOTHING",
        tenant.as_str(),
        &ids,
        &column(|row| &row.question),
        &column(|row| &row.answer),
        &column(|row| &row.policies),
        &decided_at as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct StoredDecision {
    decision_id: Uuid,
    question: Vec<u8>,
    answer: Vec<u8>,
    policies: Vec<u8>,
    decided_at: jiff_sqlx::Timestamp,
}

impl From<StoredDecision> for DecisionRow {
    fn from(row: StoredDecision) -> Self {
        Self {
            id: DecisionId::new(row.decision_id),
            question: row.question,
            answer: row.answer,
            policies: row.policies,
            decided_at: row.decided_at.to_jiff(),
        }
    }
}

/// A kept decision.
pub(crate) async fn decision_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: DecisionId,
) -> Result<DecisionRow, Failure> {
    let row = sqlx::query_as!(
        StoredDecision,
        "SELECT decision_id, question, answer, policies, decided_at
           FROM catalogue.decision WHERE tenant_id = $1 AND decision_id = $2",
        tenant.as_str(),
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    row.map(Into::into).ok_or(Failure::NotFound("decision"))
}

/// Kept decisions after one, in order of id.
pub(crate) async fn decision_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<DecisionRow>, Failure> {
    let rows = sqlx::query_as!(
        StoredDecision,
        "SELECT decision_id, question, answer, policies, decided_at
           FROM catalogue.decision WHERE tenant_id = $1 AND decision_id > $2
          ORDER BY decision_id LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// When each version was put in force, the earliest first.
pub(crate) async fn activation_instants(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<Timestamp>, Failure> {
    let instants = sqlx::query_scalar!(
        "SELECT activated_at FROM catalogue.policy_activation
          WHERE tenant_id = $1 ORDER BY activated_at, policy_id, version",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(instants
        .into_iter()
        .map(jiff_sqlx::Timestamp::to_jiff)
        .collect())
}

/// The texts of the versions that were put in force, in the order of [`activation_instants`], and
/// the day each decides from.
pub(crate) async fn activated_texts(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(String, Date)>, Failure> {
    let rows = sqlx::query!(
        "SELECT text, active_from
           FROM catalogue.policy_activation JOIN catalogue.policy USING (tenant_id, policy_id, version)
          WHERE tenant_id = $1 ORDER BY activated_at, policy_id, version",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let texts = rows.into_iter();
    Ok(texts
        .map(|row| (row.text, row.active_from.to_jiff()))
        .collect())
}
