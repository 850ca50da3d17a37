//! Who read or wrote what of whom: a note for each access, stored in the transaction of the access.
//!
//! A batch of notes is one row. Batches are chained by hash. A transaction takes a chain that nobody
//! holds, or begins one, and hands it back once it has committed, so chains hold up nobody. One whose
//! transaction may or may not have committed is not used again.

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
        let (chained, batch) = self.chain(tenant, now, notes)?;
        batch_insert(connection, tenant, now, &batch).await?;
        Ok(chained)
    }

    /// Chains notes, to be stored in the transaction at hand by who stores more beside them.
    ///
    /// # Errors
    /// [`Failure::Internal`] when there are more than [`NOTES_MAX`].
    pub fn chain(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        notes: Vec<AccessNote>,
    ) -> Result<(Chained, BatchRow), Failure> {
        if notes.len() > NOTES_MAX {
            return Err(Failure::internal("too many accesses for one batch"));
        }
        let last = self.take(tenant);
        let accesses = Accesses::of(notes);
        let odd = || Failure::internal("accesses in lists of different lengths");
        let hash = accesses.hash(&last.hash, tenant, now).ok_or_else(odd)?;
        let number = last.number.saturating_add(1);
        let batch = BatchRow {
            chain: last.id,
            number,
            previous: last.hash,
            hash,
            accesses,
        };
        let chain = Chain {
            number,
            hash,
            ..last
        };
        let log = self.clone();
        Ok((Chained { log, chain }, batch))
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

/// A batch as it is stored.
#[derive(Debug)]
pub struct BatchRow {
    /// Its chain.
    pub chain: Uuid,
    /// Its place there, from 1 on.
    pub number: i64,
    /// The hash of the batch before it.
    pub previous: [u8; 32],
    /// Its own.
    pub hash: [u8; 32],
    /// What it holds.
    pub accesses: Accesses,
}

/// Accesses, each part of them a list: what is at the same place in each is one access.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the parts of an `EntryRow`, each a list")]
pub struct Accesses {
    pub actions: Vec<String>,
    pub subjects: Vec<Uuid>,
    pub principal_ids: Vec<String>,
    pub clients: Vec<String>,
    pub users: Vec<String>,
    pub purposes: Vec<String>,
    pub objects: Vec<String>,
    pub versions: Vec<i64>,
}

impl Accesses {
    fn of(notes: Vec<AccessNote>) -> Self {
        let mut all = Self::default();
        for note in notes {
            all.principal_ids.push(note.principal());
            all.actions.push(note.action.to_owned());
            all.subjects.push(note.subject.uuid());
            all.clients.push(note.caller.client);
            all.users.push(note.caller.user);
            all.purposes.push(note.purpose);
            all.objects.push(note.object);
            all.versions.push(note.version);
        }
        all
    }

    /// The hash of the batch before, and of every part of each access with its length; none where
    /// the lists are not equally long.
    fn hash(&self, previous: &[u8], tenant: &TenantId, at: Timestamp) -> Option<[u8; 32]> {
        let mut hash = Sha256::new();
        let mut take = |part: &[u8]| {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        };
        take(previous);
        take(tenant.as_str().as_bytes());
        take(&at.as_microsecond().to_be_bytes());
        let (count, versions) = (self.actions.len(), &self.versions);
        let texts = [
            &self.principal_ids,
            &self.clients,
            &self.users,
            &self.purposes,
            &self.objects,
        ];
        if texts.iter().any(|list| list.len() != count)
            || (self.subjects.len(), versions.len()) != (count, count)
        {
            return None;
        }
        for place in 0..count {
            take(self.actions.get(place)?.as_bytes());
            take(self.subjects.get(place)?.as_bytes());
            for list in texts {
                take(list.get(place)?.as_bytes());
            }
            take(&versions.get(place)?.to_be_bytes());
        }
        Some(hash.finalize().into())
    }
}

async fn batch_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    now: Timestamp,
    batch: &BatchRow,
) -> Result<(), Failure> {
    let accesses = &batch.accesses;
    sqlx::query!(
        "INSERT INTO access_batch
            (tenant_id, chain_id, number, recorded_at, previous, hash, actions, subject_ids,
             principal_ids, clients, user_names, purposes, objects, versions)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant.as_str(),
        batch.chain,
        batch.number,
        now.to_sqlx() as _,
        &batch.previous[..],
        &batch.hash[..],
        &accesses.actions,
        &accesses.subjects,
        &accesses.principal_ids,
        &accesses.clients,
        &accesses.users,
        &accesses.purposes,
        &accesses.objects,
        &accesses.versions,
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

/// One access.
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
    let (subjects, users) = match of {
        AccessOf::Person(identities) => {
            let subjects = identities.iter().map(|one| one.uuid());
            (subjects.collect::<Vec<Uuid>>(), Vec::new())
        }
        AccessOf::User(user) => (Vec::new(), vec![user.clone()]),
    };
    let (at, chain, number, place) =
        before.unwrap_or((Timestamp::MAX, Uuid::max(), i64::MAX, i32::MAX));
    let rows = sqlx::query!(
        r#"SELECT b.recorded_at, b.chain_id, b.number, e.place::integer AS "place!",
                  e.action AS "action!", e.subject_id AS "subject_id!",
                  e.principal_id AS "principal_id!", e.client AS "client!",
                  e.user_name AS "user_name!", e.purpose AS "purpose!", e.object AS "object!",
                  e.version AS "version!"
             FROM access_batch b,
                  LATERAL unnest(b.actions, b.subject_ids, b.principal_ids, b.clients,
                                 b.user_names, b.purposes, b.objects, b.versions)
                          WITH ORDINALITY e (action, subject_id, principal_id, client, user_name,
                                             purpose, object, version, place)
            WHERE b.tenant_id = $1
              AND (b.subject_ids && $2 OR b.user_names && $3)
              AND (e.subject_id = ANY ($2) OR e.user_name = ANY ($3))
              AND ($9::text IS NULL OR e.principal_id = $9)
              AND (b.recorded_at, b.chain_id, b.number, e.place) < ($4, $5, $6, $7)
            ORDER BY b.recorded_at DESC, b.chain_id DESC, b.number DESC, e.place DESC LIMIT $8"#,
        tenant.as_str(),
        &subjects,
        &users,
        at.to_sqlx() as _,
        chain,
        number,
        i64::from(place),
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
            "SELECT chain_id, number, recorded_at, previous, hash, actions, subject_ids,
                    principal_ids, clients, user_names, purposes, objects, versions
               FROM access_batch
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
            let accesses = Accesses {
                actions: batch.actions,
                subjects: batch.subject_ids,
                principal_ids: batch.principal_ids,
                clients: batch.clients,
                users: batch.user_names,
                purposes: batch.purposes,
                objects: batch.objects,
                versions: batch.versions,
            };
            let follows = batch.number == last.1.saturating_add(1) && batch.previous == last.2;
            let hash = accesses.hash(&batch.previous, tenant, batch.recorded_at.to_jiff());
            let as_written = hash.is_some_and(|hash| hash[..] == batch.hash);
            if !follows || !as_written {
                let (chain, number) = (batch.chain_id, batch.number);
                breaches.push(format!(
                    "access chain {chain}: batch {number} is not as written"
                ));
            }
            last = (batch.chain_id, batch.number, batch.hash);
        }
    }
}
