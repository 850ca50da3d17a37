//! The owners a run is made of, and what each one's part was computed from.

use hjm_ids::{Month, PrincipalId, TenantId};
use hjm_service::Failure;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use super::stored;

/// Adds the owners that a frozen run is made of.
pub(crate) async fn run_owner_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owners: &[PrincipalId],
) -> Result<(), Failure> {
    let owners: Vec<&str> = owners.iter().map(PrincipalId::as_str).collect();
    sqlx::query!(
        "INSERT INTO billing.run_owner (tenant_id, month, owner_principal, done, lines)
         SELECT $1, $2, owner, false, 0 FROM unnest($3::text[]) owner",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        &owners as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Owners of a run that are not done, in order.
pub(crate) async fn run_owner_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
) -> Result<Vec<PrincipalId>, Failure> {
    let owners = sqlx::query_scalar!(
        "SELECT owner_principal FROM billing.run_owner
          WHERE tenant_id = $1 AND month = $2 AND NOT done ORDER BY owner_principal",
        tenant.as_str(),
        month.first().to_sqlx() as _,
    )
    .fetch_all(connection)
    .await?;
    owners.iter().map(|owner| stored(owner)).collect()
}

/// Holds an owner's part of a run until the transaction ends; false when it is done.
pub(crate) async fn run_owner_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owner: &PrincipalId,
) -> Result<bool, Failure> {
    let done = sqlx::query_scalar!(
        "SELECT done FROM billing.run_owner
          WHERE tenant_id = $1 AND month = $2 AND owner_principal = $3 FOR UPDATE",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        owner.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(!done)
}

/// An owner is done: its lines and statements are posted, computed with what catalogue had told.
pub(crate) async fn run_owner_done(
    connection: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owner: &PrincipalId,
    catalogue: i64,
    lines: i64,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE billing.run_owner SET done = true, catalogue_sequence = $4, lines = $5
          WHERE tenant_id = $1 AND month = $2 AND owner_principal = $3",
        tenant.as_str(),
        month.first().to_sqlx() as _,
        owner.as_str(),
        catalogue,
        lines
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An owner's part of a month that is done: what it was computed from.
#[derive(Debug, Clone)]
pub(crate) struct OwnerRun {
    pub(crate) owner: PrincipalId,
    pub(crate) month: Month,
    pub(crate) prescription: i64,
    pub(crate) catalogue: i64,
}

/// What owners' parts were computed from, by owner and month; of one owner or of all.
pub(crate) async fn owner_run_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    owner: Option<&PrincipalId>,
) -> Result<Vec<OwnerRun>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT o.owner_principal, o.month, r.feed_sequence AS "prescription!",
                  o.catalogue_sequence AS "catalogue!"
             FROM billing.run_owner o JOIN billing.run r USING (tenant_id, month)
            WHERE o.tenant_id = $1 AND o.done AND ($2::text IS NULL OR o.owner_principal = $2)
            ORDER BY o.owner_principal, o.month"#,
        tenant.as_str(),
        owner.map(PrincipalId::as_str)
    )
    .fetch_all(connection)
    .await?;
    let runs = rows.into_iter().map(|row| {
        Ok(OwnerRun {
            owner: stored(&row.owner_principal)?,
            month: Month::of(row.month.to_jiff()),
            prescription: row.prescription,
            catalogue: row.catalogue,
        })
    });
    runs.collect()
}
