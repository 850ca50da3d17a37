//! Policy documents and their activation.

use hjm_ids::TenantId;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// A stored policy version with its activation, if it has one.
#[derive(Debug, Clone)]
pub(crate) struct PolicyRow {
    pub(crate) policy_id: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) hash: String,
    pub(crate) sections: Vec<String>,
    pub(crate) text: String,
    pub(crate) imported_by: String,
    pub(crate) active_from: Option<Date>,
    pub(crate) activated_by: Option<String>,
}

/// Stores a version, unless it is stored; says whether it was new. The version number is used
/// either way.
pub(crate) async fn policy_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &PolicyRow,
    now: Timestamp,
) -> Result<bool, Failure> {
    let inserted = sqlx::query!(
        "INSERT INTO catalogue.policy (tenant_id, policy_id, version, title, hash, sections, text,
                                       imported_by, imported_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (tenant_id, policy_id, version) DO NOTHING",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        policy.title,
        policy.hash,
        &policy.sections,
        policy.text,
        policy.imported_by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

struct StoredPolicy {
    policy_id: String,
    version: i64,
    title: String,
    hash: String,
    sections: Vec<String>,
    text: String,
    imported_by: String,
    active_from: Option<jiff_sqlx::Date>,
    activated_by: Option<String>,
}

impl TryFrom<StoredPolicy> for PolicyRow {
    type Error = Failure;

    fn try_from(row: StoredPolicy) -> Result<Self, Failure> {
        let version = u32::try_from(row.version);
        Ok(Self {
            policy_id: row.policy_id,
            version: version.map_err(|_| Failure::internal("a stored version is too large"))?,
            title: row.title,
            hash: row.hash,
            sections: row.sections,
            text: row.text,
            imported_by: row.imported_by,
            active_from: row.active_from.map(jiff_sqlx::Date::to_jiff),
            activated_by: row.activated_by,
        })
    }
}

/// One version.
pub(crate) async fn policy_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
    version: u32,
) -> Result<PolicyRow, Failure> {
    sqlx::query_as!(
        StoredPolicy,
        r#"SELECT p.policy_id, p.version, p.title, p.hash, p.sections, p.text, p.imported_by,
                  a.active_from AS "active_from?: jiff_sqlx::Date",
                  a.activated_by AS "activated_by?"
             FROM catalogue.policy p
             LEFT JOIN catalogue.policy_activation a USING (tenant_id, policy_id, version)
            WHERE p.tenant_id = $1 AND p.policy_id = $2 AND p.version = $3"#,
        tenant.as_str(),
        policy_id,
        i64::from(version)
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("policy"))?
    .try_into()
}

/// Versions after one, by document and version.
pub(crate) async fn policy_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: (&str, u32),
    rows_max: i64,
) -> Result<Vec<PolicyRow>, Failure> {
    sqlx::query_as!(
        StoredPolicy,
        r#"SELECT p.policy_id, p.version, p.title, p.hash, p.sections, '' AS "text!",
                  p.imported_by, a.active_from AS "active_from?: jiff_sqlx::Date",
                  a.activated_by AS "activated_by?"
             FROM catalogue.policy p
             LEFT JOIN catalogue.policy_activation a USING (tenant_id, policy_id, version)
            WHERE p.tenant_id = $1 AND (p.policy_id, p.version) > ($2, $3)
            ORDER BY p.policy_id, p.version LIMIT $4"#,
        tenant.as_str(),
        after.0,
        i64::from(after.1),
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// One activation at a time in a tenant: what follows reads what is in force.
pub(crate) async fn activation_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('catalogue activation ' || $1, 0))",
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The highest version of a document that was put in force, if one was.
pub(crate) async fn activation_highest(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy_id: &str,
) -> Result<Option<u32>, Failure> {
    let highest = sqlx::query_scalar!(
        "SELECT max(version) FROM catalogue.policy_activation
          WHERE tenant_id = $1 AND policy_id = $2",
        tenant.as_str(),
        policy_id
    )
    .fetch_one(connection)
    .await?;
    let highest = highest.map(u32::try_from).transpose();
    highest.map_err(|_| Failure::internal("a stored version is too large"))
}

/// When a version of any document was last put in force, if one was.
pub(crate) async fn activation_last(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Option<Timestamp>, Failure> {
    let last = sqlx::query_scalar!(
        r#"SELECT max(activated_at) AS "last: jiff_sqlx::Timestamp"
             FROM catalogue.policy_activation WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(last.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Puts a version in force.
pub(crate) async fn activation_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &PolicyRow,
    active_from: Date,
    activated_by: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO catalogue.policy_activation
            (tenant_id, policy_id, version, active_from, activated_by, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        active_from.to_sqlx() as _,
        activated_by,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every stored policy: name, hash, text.
pub(crate) async fn policy_texts(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(String, String, String)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT policy_id || ' ' || version AS "name!", hash, text
             FROM catalogue.policy WHERE tenant_id = $1 ORDER BY policy_id, version"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, row.hash, row.text))
        .collect())
}
