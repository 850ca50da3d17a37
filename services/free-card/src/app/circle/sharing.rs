//! Who shares with a person: links between identities, and pools.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hjm_free_card::{Share, Subject, sharing_with};
use hjm_ids::{RecipientId, TenantId};
use hjm_service::Failure;
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Together;
use crate::store::{self, Known, PoolRow};

/// Rounds of looking for those who share with those who share: so far a chain of links may go.
const ROUNDS_MAX: usize = 16;

/// Who shares with a person in schemes that are decided together.
#[derive(Debug, Clone)]
pub(in crate::app) struct Sharing {
    pub(in crate::app) persons: BTreeSet<RecipientId>,
    pub(super) shares: Vec<Share>,
    /// Of each of them, under all of its identities.
    pub(super) subjects: BTreeMap<RecipientId, Subject>,
}

impl Sharing {
    /// Of persons among whom nobody shares.
    pub(super) fn none(persons: BTreeSet<RecipientId>) -> Self {
        Self {
            persons,
            shares: Vec::new(),
            subjects: BTreeMap::new(),
        }
    }

    pub(in crate::app) async fn read(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: &Together,
        person: RecipientId,
        known: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        let all = store::subject_list(tx, tenant, &[person.uuid()]).await?;
        let first = all.get(&person).copied().unwrap_or_default();
        if !first.has_shared {
            return Ok(Self {
                persons: BTreeSet::from([person]),
                shares: Vec::new(),
                subjects: BTreeMap::from([(person, first.subject)]),
            });
        }
        let (mut persons, mut shares) = (BTreeSet::from([person]), Vec::new());
        let mut links = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let ids = uuids(&persons);
            let found = store::link_list(tx, tenant, &ids, known).await?;
            links = found.iter().map(store::LinkRow::share).collect();
            shares.clone_from(&links);
            if together.composite.is_none() {
                let pools = store::pool_list(tx, tenant, &ids, known).await?;
                shares.extend(pool_shares(&pools, together));
            }
            let more = sharing_with(&shares, person);
            if more == persons {
                break;
            }
            persons = more;
        }
        let known = store::subject_list(tx, tenant, &uuids(&persons)).await?;
        let under_all = |one: &RecipientId| (*one, linked(&known, &sharing_with(&links, *one)));
        let subjects = persons.iter().map(under_all).collect();
        Ok(Self {
            persons,
            shares,
            subjects,
        })
    }
}

/// What holds for a person under all of its identities.
pub(in crate::app) async fn subject_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    person: RecipientId,
) -> Result<Subject, Failure> {
    let known = subjects(tx, tenant, &BTreeSet::from([person])).await?;
    Ok(known.get(&person).copied().unwrap_or_default())
}

/// What holds for a person under these identities of its.
fn linked(known: &HashMap<RecipientId, Known>, identities: &BTreeSet<RecipientId>) -> Subject {
    let known = identities.iter().filter_map(|one| known.get(one));
    let subjects = known.map(|known| known.subject);
    subjects.reduce(Subject::linked_with).unwrap_or_default()
}

fn uuids(persons: &BTreeSet<RecipientId>) -> Vec<Uuid> {
    persons.iter().map(|person| person.uuid()).collect()
}

/// The links between persons and all identities of theirs.
async fn links_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    asked: &BTreeSet<RecipientId>,
) -> Result<Vec<Share>, Failure> {
    let (mut persons, mut links) = (asked.clone(), Vec::new());
    for _ in 0..ROUNDS_MAX {
        if persons.is_empty() {
            break;
        }
        let found = store::link_list(tx, tenant, &uuids(&persons), None).await?;
        links = found.iter().map(store::LinkRow::share).collect();
        let linked = asked.iter().flat_map(|one| sharing_with(&links, *one));
        let more: BTreeSet<RecipientId> = linked.collect();
        if more == persons {
            break;
        }
        persons = more;
    }
    Ok(links)
}

/// All identities that a person is known under, in ascending order.
pub(in crate::app) async fn identities(
    tx: &mut PgConnection,
    tenant: &TenantId,
    person: RecipientId,
) -> Result<BTreeSet<RecipientId>, Failure> {
    let links = links_of(tx, tenant, &BTreeSet::from([person])).await?;
    Ok(sharing_with(&links, person))
}

/// What holds for each of many persons, under all of its identities.
pub(in crate::app) async fn subjects(
    tx: &mut PgConnection,
    tenant: &TenantId,
    asked: &BTreeSet<RecipientId>,
) -> Result<BTreeMap<RecipientId, Subject>, Failure> {
    let mut known = store::subject_list(tx, tenant, &uuids(asked)).await?;
    let mut sharing = asked.clone();
    sharing.retain(|one| known.get(one).is_some_and(|known| known.has_shared));
    let links = links_of(tx, tenant, &sharing).await?;
    let others = sharing.iter().flat_map(|one| sharing_with(&links, *one));
    let others: BTreeSet<RecipientId> = others.filter(|one| !asked.contains(one)).collect();
    if !others.is_empty() {
        known.extend(store::subject_list(tx, tenant, &uuids(&others)).await?);
    }
    let whole = |one: &RecipientId| (*one, linked(&known, &sharing_with(&links, *one)));
    Ok(asked.iter().map(whole).collect())
}

/// Who was in each pool when each of those who are in it now joined.
fn pool_shares(rows: &[PoolRow], together: &Together) -> Vec<Share> {
    let of_scheme = |row: &&PoolRow| together.scheme(&row.scheme_id).is_some();
    let mut last: BTreeMap<_, &PoolRow> = BTreeMap::new();
    for row in rows.iter().filter(of_scheme) {
        last.insert((row.pool, row.person), row);
    }
    last.retain(|_, row| row.joined);
    let shares = last.values().map(|row| {
        let before = last
            .values()
            .filter(|other| other.pool == row.pool && other.at <= row.at);
        Share {
            at: row.at,
            persons: before.map(|other| other.person).collect(),
        }
    });
    let mut shares: Vec<Share> = shares.filter(|share| share.persons.len() > 1).collect();
    shares.sort();
    shares.dedup();
    shares
}
