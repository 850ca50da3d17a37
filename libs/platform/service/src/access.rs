//! Who read or wrote what of whom: a note for each access, stored in the transaction of the access.
//!
//! Batches of notes are chained by hash. A transaction takes a chain that nobody holds, or begins
//! one, and hands it back once it has committed, so chains hold up nobody. One whose transaction
//! may or may not have committed is not used again.

use std::sync::{Arc, Mutex, PoisonError};

use hjm_ids::{PrincipalId, RecipientId, TenantId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Caller, Failure};

/// Notes that are stored in one batch at the most.
pub const NOTES_MAX: usize = 256;

const FIRST: [u8; 32] = [0; 32];

/// That somebody reads or writes something of a person. Only [`AccessLog::append`] consumes it.
#[derive(Debug)]
#[must_use = "an access that is not stored is not logged"]
pub struct AccessNote {
    caller: Caller,
    action: &'static str,
    subject: RecipientId,
    purpose: String,
    object: String,
    version: i64,
}

impl AccessNote {
    /// `caller` does `action`, an RPC's name, to something of a person. `object` is what, and
    /// `purpose` why; either may be empty.
    pub fn new(
        caller: &Caller,
        action: &'static str,
        subject: RecipientId,
        object: &str,
        purpose: &str,
    ) -> Self {
        Self {
            caller: caller.clone(),
            action,
            subject,
            purpose: purpose.to_owned(),
            object: object.to_owned(),
            version: 0,
        }
    }

    /// With the version that was seen or written.
    pub fn seen(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    fn principal(&self) -> String {
        let principal = self.caller.principal.as_ref();
        principal.map_or_else(String::new, ToString::to_string)
    }
}

#[derive(Debug, Clone)]
struct Chain {
    tenant: TenantId,
    id: Uuid,
    number: i64,
    hash: [u8; 32],
}

/// The chains of one process that nobody holds.
#[derive(Debug, Clone, Default)]
pub struct AccessLog {
    free: Arc<Mutex<Vec<Chain>>>,
}

/// A batch that its transaction has not committed yet.
#[derive(Debug)]
#[must_use = "hand the chain back after the commit"]
pub struct Chained {
    log: AccessLog,
    chain: Chain,
}

impl Chained {
    /// The transaction has committed: the chain goes on from here.
    pub fn committed(self) {
        let mut free = self.log.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(self.chain);
    }
}

impl AccessLog {
    /// Stores 1 to [`NOTES_MAX`] notes of one tenant as a batch, in the transaction at hand.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away; [`Failure::Internal`] when there are
    /// more notes.
    pub async fn append(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        now: Timestamp,
        notes: Vec<AccessNote>,
    ) -> Result<Chained, Failure> {
        if notes.len() > NOTES_MAX {
            return Err(Failure::internal("too many accesses for one batch"));
        }
        let last = self.take(tenant);
        let rows: Vec<EntryRow> = notes.into_iter().map(EntryRow::of).collect();
        let next = Chain {
            number: last.number.saturating_add(1),
            hash: batch_hash(&last.hash, tenant, now, &rows),
            ..last
        };
        batch_insert(connection, &next, &last.hash, now, &rows).await?;
        let log = self.clone();
        Ok(Chained { log, chain: next })
    }

    fn take(&self, tenant: &TenantId) -> Chain {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let known = free.iter().rposition(|chain| chain.tenant == *tenant);
        known.map(|at| free.swap_remove(at)).unwrap_or(Chain {
            tenant: tenant.clone(),
            id: Uuid::now_v7(),
            number: 0,
            hash: FIRST,
        })
    }
}

/// One access as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// The RPC.
    pub action: String,
    /// The person.
    pub subject: Uuid,
    /// Whom the user works for; empty for the aid centre.
    pub principal_id: String,
    /// The calling system.
    pub client: String,
    /// The user.
    pub user: String,
    /// Why.
    pub purpose: String,
    /// What of the person.
    pub object: String,
    /// The version seen or written; 0 for none.
    pub version: i64,
}

impl EntryRow {
    fn of(note: AccessNote) -> Self {
        Self {
            principal_id: note.principal(),
            action: note.action.to_owned(),
            subject: note.subject.uuid(),
            client: note.caller.client,
            user: note.caller.user,
            purpose: note.purpose,
            object: note.object,
            version: note.version,
        }
    }
}

/// The hash of a batch: of the one before, and of every part of this one with its length.
fn batch_hash(previous: &[u8], tenant: &TenantId, at: Timestamp, rows: &[EntryRow]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut take = |part: &[u8]| {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    };
    take(previous);
    take(tenant.as_str().as_bytes());
    take(&at.as_microsecond().to_be_bytes());
    for row in rows {
        take(row.action.as_bytes());
        take(row.subject.as_bytes());
        take(row.principal_id.as_bytes());
        take(row.client.as_bytes());
        take(row.user.as_bytes());
        take(row.purpose.as_bytes());
        take(row.object.as_bytes());
        take(&row.version.to_be_bytes());
    }
    hash.finalize().into()
}

async fn batch_insert(
    connection: &mut PgConnection,
    chain: &Chain,
    previous: &[u8],
    now: Timestamp,
    rows: &[EntryRow],
) -> Result<(), Failure> {
    let texts = |part: fn(&EntryRow) -> &String| -> Vec<String> {
        rows.iter().map(|row| part(row).clone()).collect()
    };
    let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    sqlx::query!(
        "WITH batch AS (
             INSERT INTO access_batch (tenant_id, chain_id, number, recorded_at, previous, hash)
             VALUES ($1, $2, $3, $4, $5, $6))
         INSERT INTO access_entry (tenant_id, chain_id, number, place, action, subject_id,
                                   principal_id, client, user_name, purpose, object, version)
         SELECT $1, $2, $3, new.place, new.action, new.subject_id, new.principal_id, new.client,
                new.user_name, new.purpose, new.object, new.version
           FROM unnest($7::text[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[],
                       $13::text[], $14::bigint[])
                WITH ORDINALITY new (action, subject_id, principal_id, client, user_name, purpose,
                                     object, version, place)",
        chain.tenant.as_str(),
        chain.id,
        chain.number,
        now.to_sqlx() as _,
        previous,
        &chain.hash[..],
        &texts(|row| &row.action),
        &subjects,
        &texts(|row| &row.principal_id),
        &texts(|row| &row.client),
        &texts(|row| &row.user),
        &texts(|row| &row.purpose),
        &texts(|row| &row.object),
        &versions,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose accesses are asked for.
#[derive(Debug, Clone)]
pub enum AccessOf {
    /// To one person, under these identities.
    Person(Vec<RecipientId>),
    /// By one user.
    User(String),
}

/// Where a page of accesses ends: instant, chain, number, place.
pub type AccessKey = (Timestamp, Uuid, i64, i32);

/// One access with when it was, as an extract shows it.
#[derive(Debug, Clone)]
pub struct AccessRow {
    /// Its place in the list.
    pub key: AccessKey,
    /// The access.
    pub entry: EntryRow,
}

/// Accesses before one, newest first; where a principal is given only its own.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn access_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    of: &AccessOf,
    by: Option<&PrincipalId>,
    before: Option<AccessKey>,
    rows_max: i64,
) -> Result<Vec<AccessRow>, Failure> {
    let (subjects, user) = match of {
        AccessOf::Person(identities) => {
            let subjects = identities.iter().map(|one| one.uuid());
            (Some(subjects.collect::<Vec<Uuid>>()), None)
        }
        AccessOf::User(user) => (None, Some(user.as_str())),
    };
    let (at, chain, number, place) =
        before.unwrap_or((Timestamp::MAX, Uuid::max(), i64::MAX, i32::MAX));
    let rows = sqlx::query!(
        "SELECT b.recorded_at, e.chain_id, e.number, e.place, e.action, e.subject_id,
                e.principal_id, e.client, e.user_name, e.purpose, e.object, e.version
           FROM access_entry e JOIN access_batch b USING (tenant_id, chain_id, number)
          WHERE e.tenant_id = $1
            AND ($2::uuid[] IS NULL OR e.subject_id = ANY ($2))
            AND ($3::text IS NULL OR e.user_name = $3)
            AND ($9::text IS NULL OR e.principal_id = $9)
            AND (b.recorded_at, e.chain_id, e.number, e.place) < ($4, $5, $6, $7)
          ORDER BY b.recorded_at DESC, e.chain_id DESC, e.number DESC, e.place DESC LIMIT $8",
        tenant.as_str(),
        subjects.as_deref() as _,
        user,
        at.to_sqlx() as _,
        chain,
        number,
        place,
        rows_max,
        by.map(PrincipalId::as_str)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AccessRow {
            key: (
                row.recorded_at.to_jiff(),
                row.chain_id,
                row.number,
                row.place,
            ),
            entry: EntryRow {
                action: row.action,
                subject: row.subject_id,
                principal_id: row.principal_id,
                client: row.client,
                user: row.user_name,
                purpose: row.purpose,
                object: row.object,
                version: row.version,
            },
        })
        .collect())
}

/// Looks through every chain of a tenant (I35): how many batches there are, and what is wrong.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn verify(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    const PAGE: i64 = 500;
    let (mut batches, mut breaches) = (0_u64, Vec::new());
    let mut last = (Uuid::nil(), 0_i64, FIRST.to_vec());
    loop {
        let page = sqlx::query!(
            "SELECT chain_id, number, recorded_at, previous, hash FROM access_batch
              WHERE tenant_id = $1 AND (chain_id, number) > ($2, $3)
              ORDER BY chain_id, number LIMIT $4",
            tenant.as_str(),
            last.0,
            last.1,
            PAGE
        )
        .fetch_all(&mut *connection)
        .await?;
        if page.is_empty() {
            return Ok((batches, breaches));
        }
        for batch in page {
            batches = batches.saturating_add(1);
            if batch.chain_id != last.0 {
                last = (batch.chain_id, 0, FIRST.to_vec());
            }
            let rows = entries(connection, tenant, batch.chain_id, batch.number).await?;
            let at = batch.recorded_at.to_jiff();
            let follows = batch.number == last.1.saturating_add(1) && batch.previous == last.2;
            if !follows || batch_hash(&batch.previous, tenant, at, &rows)[..] != batch.hash {
                let (chain, number) = (batch.chain_id, batch.number);
                breaches.push(format!(
                    "access chain {chain}: batch {number} is not as written"
                ));
            }
            last = (batch.chain_id, batch.number, batch.hash);
        }
    }
}

async fn entries(
    connection: &mut PgConnection,
    tenant: &TenantId,
    chain: Uuid,
    number: i64,
) -> Result<Vec<EntryRow>, Failure> {
    let rows = sqlx::query!(
        "SELECT action, subject_id, principal_id, client, user_name, purpose, object, version
           FROM access_entry WHERE tenant_id = $1 AND chain_id = $2 AND number = $3 ORDER BY place",
        tenant.as_str(),
        chain,
        number
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EntryRow {
            action: row.action,
            subject: row.subject_id,
            principal_id: row.principal_id,
            client: row.client,
            user: row.user_name,
            purpose: row.purpose,
            object: row.object,
            version: row.version,
        })
        .collect())
}
