//! Whose number a keyed digest is of.

use hjm_ids::{RecipientId, TenantId};
use hjm_service::Failure;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use crate::config::keys::Digest;

/// Whoever asks for the same number waits here, whichever key it was written with.
pub(crate) async fn alias_hold(
    connection: &mut PgConnection,
    tenant: &TenantId,
    digests: &[Digest],
) -> Result<(), Failure> {
    let mut digests: Vec<&Digest> = digests.iter().collect();
    digests.sort_by(|one, other| one.key_id.cmp(&other.key_id));
    for digest in digests {
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(
                hashtextextended('free_card alias ' || $1 || ' ' || encode($2::bytea, 'hex'), 0))",
            tenant.as_str(),
            digest.digest
        )
        .fetch_one(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The person that a number is known to be, by any of its digests.
pub(crate) async fn alias_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    digests: &[Digest],
) -> Result<Option<RecipientId>, Failure> {
    let keys: Vec<String> = digests.iter().map(|digest| digest.key_id.clone()).collect();
    let values: Vec<Vec<u8>> = digests.iter().map(|digest| digest.digest.clone()).collect();
    let found = sqlx::query_scalar!(
        "SELECT subject_id FROM free_card.identity_alias
          WHERE tenant_id = $1
            AND (key_id, digest) IN (SELECT * FROM unnest($2::text[], $3::bytea[]))
          ORDER BY recorded_at LIMIT 1",
        tenant.as_str(),
        &keys,
        &values
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(RecipientId::new))
}

/// Keeps whose number a digest is of.
pub(crate) async fn alias_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    digest: &Digest,
    subject: RecipientId,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO free_card.identity_alias
            (tenant_id, key_id, digest, subject_id, recorded_at)
         VALUES ($1, $2, $3, $4, $5)",
        tenant.as_str(),
        digest.key_id,
        digest.digest,
        subject.uuid(),
        now.to_sqlx() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
