//! Policies where they are needed: each consumer keeps the versions that catalogue has put in
//! force and decides with them in its own process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hjm_ids::TenantId;
use hjm_policy::{PolicyDocument, PolicySet, Section};
use hjm_proto::catalogue::v1 as catalogue;
use hjm_service::{Failure, Refusal, Violations, convert};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// What tells one set of policies from another: every version's hash and first day, in order of
/// policy and version.
pub type Stamp = Vec<(String, Date)>;
type Sets = HashMap<TenantId, (Stamp, Arc<PolicySet>)>;

/// The policies of every tenant, read again only when a version was added.
#[derive(Debug, Clone, Default)]
pub struct PolicyShelf {
    sets: Arc<Mutex<Sets>>,
}

impl PolicyShelf {
    /// The policies in force as this service knows them now.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn of(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
    ) -> Result<Arc<PolicySet>, Failure> {
        let stamp = policy_stamp(connection, tenant).await?;
        self.stamped(connection, tenant, stamp).await
    }

    /// The policies of a stamp that was read in the transaction at hand.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn stamped(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        stamp: Stamp,
    ) -> Result<Arc<PolicySet>, Failure> {
        if let Some(set) = self.known(tenant, &stamp) {
            return Ok(set);
        }
        let mut set = PolicySet::new();
        for (text, active_from) in policy_texts(connection, tenant).await? {
            let document = PolicyDocument::parse(&text)
                .map_err(|_| Failure::internal("a policy in force cannot be read"))?;
            set.activate(document, active_from);
        }
        let set = Arc::new(set);
        self.lock()
            .insert(tenant.clone(), (stamp, Arc::clone(&set)));
        Ok(set)
    }

    /// The policies of a stamp, where they have been read before.
    pub fn known(&self, tenant: &TenantId, stamp: &Stamp) -> Option<Arc<PolicySet>> {
        let sets = self.lock();
        let (_, set) = sets.get(tenant).filter(|(known, _)| known == stamp)?;
        Some(Arc::clone(set))
    }

    fn lock(&self) -> MutexGuard<'_, Sets> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The document in force, or a refusal that names what is missing.
///
/// # Errors
/// [`Failure::Refused`] with reason `POLICY_MISSING`.
pub fn in_force(set: &PolicySet, section: Section, on: Date) -> Result<&PolicyDocument, Failure> {
    set.in_force(section, on)
        .ok_or_else(|| missing(section, on))
}

/// The rules of every document in force that shares a section, or a refusal that names what is
/// missing.
///
/// # Errors
/// As [`in_force`] and [`Rules::of`].
pub fn all_in_force<T, E>(
    set: &PolicySet,
    section: Section,
    on: Date,
    rules: &Rules<T>,
    parse: impl Fn(&PolicyDocument) -> Result<Option<T>, E>,
) -> Result<Vec<Arc<T>>, Failure> {
    let documents = set.all_in_force(section, on);
    if documents.is_empty() {
        return Err(missing(section, on));
    }
    let rules = documents
        .into_iter()
        .map(|document| rules.of(document, &parse));
    rules.collect()
}

fn missing(section: Section, on: Date) -> Failure {
    let text = format!(
        "no policy with the section {} is in force on {on}",
        section.name()
    );
    Failure::Refused(Refusal {
        reason: "POLICY_MISSING",
        field: "",
        text,
        metadata: vec![
            ("section", section.name().to_owned()),
            ("on", on.to_string()),
        ],
    })
}

/// Rules that were read from documents, by hash, so that a text is read once a process.
#[derive(Debug)]
pub struct Rules<T> {
    read: Mutex<HashMap<String, Arc<T>>>,
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self {
            read: Mutex::default(),
        }
    }
}

impl<T> Rules<T> {
    /// The rules of a document, read by the domain lib that owns them.
    ///
    /// # Errors
    /// [`Failure::Internal`] when an active document has no such rules: import checks that.
    pub fn of<E>(
        &self,
        document: &PolicyDocument,
        parse: impl FnOnce(&PolicyDocument) -> Result<Option<T>, E>,
    ) -> Result<Arc<T>, Failure> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = read.get(document.hash()) {
            return Ok(Arc::clone(rules));
        }
        let Ok(Some(rules)) = parse(document) else {
            return Err(Failure::internal("a policy in force cannot be read"));
        };
        let rules = Arc::new(rules);
        read.insert(document.hash().to_owned(), Arc::clone(&rules));
        Ok(rules)
    }
}

/// Keeps a version that was put in force; the effect of `PolicyActivated`.
///
/// # Errors
/// [`Failure::Invalid`] when the event is incomplete; [`Failure::Unavailable`].
pub async fn policy_keep(
    connection: &mut PgConnection,
    tenant: &TenantId,
    policy: &catalogue::Policy,
) -> Result<(), Failure> {
    let mut violations = Violations::default();
    let active_from =
        convert::from_pb_date(&mut violations, "active_from", policy.active_from.as_ref());
    let active_from = violations.finish(active_from)?;
    sqlx::query!(
        "INSERT INTO followed_policy (tenant_id, policy_id, version, hash, active_from, text)
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant.as_str(),
        policy.policy_id,
        i64::from(policy.version),
        policy.hash,
        active_from.to_sqlx() as _,
        policy.text
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn policy_stamp(connection: &mut PgConnection, tenant: &TenantId) -> Result<Stamp, Failure> {
    let rows = sqlx::query!(
        "SELECT hash, active_from FROM followed_policy
          WHERE tenant_id = $1 ORDER BY policy_id, version",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.hash, row.active_from.to_jiff()))
        .collect())
}

async fn policy_texts(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Vec<(String, Date)>, Failure> {
    let rows = sqlx::query!(
        "SELECT text, active_from FROM followed_policy
          WHERE tenant_id = $1 ORDER BY policy_id, version",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.text, row.active_from.to_jiff()))
        .collect())
}
