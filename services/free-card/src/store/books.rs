//! What looking through the books asks for.

use hjm_ids::{AccountId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::Timestamp;
use sqlx::PgConnection;

/// When the newest entry of any account was stored, and how many entries somebody asked for against
/// how many the feed tells.
pub(crate) async fn fee_counts(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(Option<Timestamp>, i64, i64), Failure> {
    let row = sqlx::query!(
        r#"SELECT max(registered_at) AS "newest: jiff_sqlx::Timestamp",
                  count(*) FILTER (WHERE kind IN ('FEE', 'CORRECT', 'CANCEL')
                                      OR card_reason IN ('VALID_CARD', 'MEDICAL')) AS "stored!",
                  (SELECT count(*) FROM free_card.feed_event
                    WHERE tenant_id = $1 AND kind IN ('FeeRegistered', 'FeeCorrected',
                                                    'FeeCancelled', 'CardRegistered')) AS "told!"
             FROM free_card.account_event WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(connection)
    .await?;
    let newest = row.newest.map(jiff_sqlx::Timestamp::to_jiff);
    Ok((newest, row.stored, row.told))
}

/// Accounts whose numbers are not 1 to as many as there are, each with how many there are and
/// the last.
pub(crate) async fn sequence_gaps(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(AccountId, i64, i64)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT account_id, count(*) AS "entries!", max(sequence) AS "last!"
             FROM free_card.account_event WHERE tenant_id = $1
            GROUP BY account_id HAVING count(*) <> max(sequence) OR min(sequence) <> 1
            ORDER BY account_id"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (AccountId::new(row.account_id), row.entries, row.last))
        .collect())
}

/// How many charging systems' keys there are, and the fees that share one.
pub(crate) async fn references_shared(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(i64, Vec<String>), Failure> {
    let rows = sqlx::query!(
        r#"SELECT external_reference AS "external_reference!", count(*) AS "fees!"
             FROM free_card.account_event WHERE tenant_id = $1 AND kind = 'FEE'
            GROUP BY external_reference ORDER BY external_reference"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let shared = rows.into_iter().filter(|row| row.fees > 1);
    Ok((total, shared.map(|row| row.external_reference).collect()))
}

/// What was charged under each charging system's key, without the cancelled fees and what was paid
/// elsewhere.
pub(crate) async fn charged_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(String, Money)>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT external_reference AS "external_reference!", charged_ore AS "charged_ore!"
             FROM free_card.account_event e
            WHERE tenant_id = $1 AND kind = 'FEE' AND receipt_issuer IS NULL
              AND NOT EXISTS (SELECT FROM free_card.account_event c
                               WHERE c.tenant_id = e.tenant_id AND c.fee_id = e.fee_id
                                 AND c.kind = 'CANCEL')
            ORDER BY external_reference"#,
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.external_reference, Money::from_ore(row.charged_ore)))
        .collect())
}
