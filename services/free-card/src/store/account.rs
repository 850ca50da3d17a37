//! Accounts: who has one, and who holds it while adding to its log.

use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

/// One person in one scheme.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) account: AccountId,
    pub(crate) scheme_id: String,
    pub(crate) subject: RecipientId,
}

struct StoredAccount {
    account: Uuid,
    scheme_id: String,
    subject: Uuid,
}

impl From<StoredAccount> for AccountRow {
    fn from(row: StoredAccount) -> Self {
        Self {
            account: AccountId::new(row.account),
            scheme_id: row.scheme_id,
            subject: RecipientId::new(row.subject),
        }
    }
}

/// Makes sure that there is an account.
pub(crate) async fn account_ensure(
    connection: &mut PgConnection,
    tenant: &TenantId,
    new: &AccountRow,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO free_card.account (tenant_id, account_id, scheme_id, subject_id)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, scheme_id, subject_id) DO NOTHING",
        tenant.as_str(),
        new.account.uuid(),
        new.scheme_id,
        new.subject.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A person's account, which nobody else adds to until the transaction ends.
pub(crate) async fn account_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    scheme_id: &str,
    subject: RecipientId,
) -> Result<AccountId, Failure> {
    let account = sqlx::query_scalar!(
        "SELECT account_id FROM free_card.account
          WHERE tenant_id = $1 AND scheme_id = $2 AND subject_id = $3 FOR UPDATE",
        tenant.as_str(),
        scheme_id,
        subject.uuid()
    )
    .fetch_one(connection)
    .await?;
    Ok(AccountId::new(account))
}

/// The account of a registered fee, locked as by [`account_lock`].
pub(crate) async fn account_lock_of_fee(
    connection: &mut PgConnection,
    tenant: &TenantId,
    fee: FeeId,
) -> Result<AccountRow, Failure> {
    sqlx::query_as!(
        StoredAccount,
        "SELECT a.account_id AS account, a.scheme_id, a.subject_id AS subject
           FROM free_card.account_event e
           JOIN free_card.account a USING (tenant_id, account_id)
          WHERE e.tenant_id = $1 AND e.fee_id = $2 AND e.kind = 'FEE'
            FOR UPDATE OF a",
        tenant.as_str(),
        fee.uuid()
    )
    .fetch_optional(connection)
    .await?
    .map(Into::into)
    .ok_or(Failure::NotFound("fee"))
}

/// A person's account, if it has one.
pub(crate) async fn account_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    scheme_id: &str,
    subject: RecipientId,
) -> Result<Option<AccountId>, Failure> {
    let account = sqlx::query_scalar!(
        "SELECT account_id FROM free_card.account
          WHERE tenant_id = $1 AND scheme_id = $2 AND subject_id = $3",
        tenant.as_str(),
        scheme_id,
        subject.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(account.map(AccountId::new))
}

/// Accounts after one, in order of id.
pub(crate) async fn account_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<AccountRow>, Failure> {
    let rows = sqlx::query_as!(
        StoredAccount,
        "SELECT account_id AS account, scheme_id, subject_id AS subject FROM free_card.account
          WHERE tenant_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
