//! Accounts: who has one, where it stands, and who holds it while adding to its log.

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
    /// The number of its log's last entry.
    pub(crate) version: i64,
    /// The engine's snapshot, as it writes itself.
    pub(crate) snapshot: Option<Vec<u8>>,
}

struct StoredAccount {
    account: Uuid,
    scheme_id: String,
    subject: Uuid,
    version: i64,
    snapshot: Option<Vec<u8>>,
}

impl From<StoredAccount> for AccountRow {
    fn from(row: StoredAccount) -> Self {
        Self {
            account: AccountId::new(row.account),
            scheme_id: row.scheme_id,
            subject: RecipientId::new(row.subject),
            version: row.version,
            snapshot: row.snapshot,
        }
    }
}

/// Where an account stands: what is kept beside its log.
#[derive(Debug, Clone)]
pub(crate) struct StandingRow {
    pub(crate) account: AccountId,
    pub(crate) version: i64,
    /// Days of cards, as PostgreSQL writes a set of ranges of dates.
    pub(crate) cards: String,
    /// They are all there are; else they are more.
    pub(crate) cards_are_all: bool,
    pub(crate) snapshot: Option<Vec<u8>>,
    /// By which texts: hashes, as the schemes that are decided together write them.
    pub(crate) texts: String,
}

/// Adds accounts, each with a row of where it stands. One that somebody else has added meanwhile
/// makes it fail.
pub(crate) async fn account_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    new: &[AccountRow],
) -> Result<(), sqlx::Error> {
    let accounts: Vec<Uuid> = new.iter().map(|row| row.account.uuid()).collect();
    let schemes: Vec<String> = new.iter().map(|row| row.scheme_id.clone()).collect();
    let subjects: Vec<Uuid> = new.iter().map(|row| row.subject.uuid()).collect();
    sqlx::query!(
        "WITH added AS (
             INSERT INTO free_card.account (tenant_id, account_id, scheme_id, subject_id)
             SELECT $1, new.* FROM unnest($2::uuid[], $3::text[], $4::uuid[]) new
             RETURNING account_id, scheme_id, subject_id)
         INSERT INTO free_card.standing
            (tenant_id, account_id, scheme_id, subject_id, version, cards)
         SELECT $1, account_id, scheme_id, subject_id, 0, '{}' FROM added",
        tenant.as_str(),
        &accounts,
        &schemes,
        &subjects
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The accounts there are of schemes and persons, which nobody else adds to until the transaction
/// ends. Held in ascending order of scheme and person, so that two writers never wait for each
/// other.
pub(crate) async fn account_hold(
    connection: &mut PgConnection,
    tenant: &TenantId,
    schemes: &[String],
    subjects: &[Uuid],
) -> Result<Vec<AccountRow>, Failure> {
    let rows = sqlx::query_as!(
        StoredAccount,
        "SELECT s.account_id AS account, s.scheme_id, s.subject_id AS subject, s.version, s.snapshot
           FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::uuid[]) one (scheme_id, subject_id)
                  ORDER BY scheme_id, subject_id) asked,
                LATERAL (SELECT * FROM free_card.standing
                          WHERE tenant_id = $1 AND scheme_id = asked.scheme_id
                            AND subject_id = asked.subject_id FOR UPDATE) s",
        tenant.as_str(),
        schemes,
        subjects
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Accounts, held as by [`account_hold`].
pub(crate) async fn account_hold_ids(
    connection: &mut PgConnection,
    tenant: &TenantId,
    accounts: &[Uuid],
) -> Result<(), Failure> {
    sqlx::query!(
        "SELECT account_id FROM free_card.standing
          WHERE tenant_id = $1 AND account_id = ANY ($2)
          ORDER BY scheme_id, subject_id FOR UPDATE",
        tenant.as_str(),
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Whose a registered fee is.
#[derive(Debug, Clone)]
pub(crate) struct FeeOwner {
    pub(crate) scheme_id: String,
    pub(crate) subject: RecipientId,
    /// Who charged it.
    pub(crate) principal_id: String,
}

/// Whose account a registered fee is on.
pub(crate) async fn account_of_fee(
    connection: &mut PgConnection,
    tenant: &TenantId,
    fee: FeeId,
) -> Result<FeeOwner, Failure> {
    let row = sqlx::query!(
        r#"SELECT a.scheme_id, a.subject_id, e.principal_id AS "principal_id!"
             FROM free_card.account_event e
             JOIN free_card.account a USING (tenant_id, account_id)
            WHERE e.tenant_id = $1 AND e.fee_id = $2 AND e.kind = 'FEE'"#,
        tenant.as_str(),
        fee.uuid()
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::NotFound("fee"))?;
    Ok(FeeOwner {
        scheme_id: row.scheme_id,
        subject: RecipientId::new(row.subject_id),
        principal_id: row.principal_id,
    })
}

/// Where accounts stand, in order of id, after one.
pub(crate) async fn standing_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<StandingRow>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT account_id, version, cards::text AS "cards!", snapshot, texts
             FROM free_card.standing
            WHERE tenant_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3"#,
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| StandingRow {
        account: AccountId::new(row.account_id),
        version: row.version,
        cards: row.cards,
        cards_are_all: true,
        snapshot: row.snapshot,
        texts: row.texts,
    });
    Ok(rows.collect())
}

/// As [`account_hold`], for a look: nobody is held up.
pub(crate) async fn account_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    schemes: &[String],
    subjects: &[Uuid],
) -> Result<Vec<AccountRow>, Failure> {
    let rows = sqlx::query_as!(
        StoredAccount,
        "SELECT s.account_id AS account, s.scheme_id, s.subject_id AS subject, s.version, s.snapshot
           FROM unnest($2::text[], $3::uuid[]) asked (scheme_id, subject_id),
                LATERAL (SELECT * FROM free_card.standing
                          WHERE tenant_id = $1 AND scheme_id = asked.scheme_id
                            AND subject_id = asked.subject_id OFFSET 0) s
          ORDER BY s.account_id",
        tenant.as_str(),
        schemes,
        subjects
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
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
        "SELECT account_id AS account, scheme_id, subject_id AS subject, version, snapshot
           FROM free_card.standing
          WHERE tenant_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
