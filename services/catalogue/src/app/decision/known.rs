//! The policies as they were known at an instant: those put in force by then.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use hjm_ids::TenantId;
use hjm_policy::{PolicyDocument, PolicySet};
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;

use crate::store;

/// How many sets of one tenant are kept: the newest, and some of the past.
const SETS_MAX: usize = 16;

/// The sets of policies that were asked for, by how many versions had been put in force.
#[derive(Debug, Default)]
pub(super) struct KnownSets {
    read: Mutex<HashMap<TenantId, HashMap<usize, Arc<PolicySet>>>>,
}

impl KnownSets {
    /// A set for each instant, in order. An instant's set never changes: what is put in force is
    /// dated when it is, and stays.
    pub(super) async fn at(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        instants: &[Timestamp],
    ) -> Result<Vec<Arc<PolicySet>>, Failure> {
        let activated = store::activation_instants(connection, tenant).await?;
        let counts = instants
            .iter()
            .map(|instant| activated.partition_point(|activated| activated <= instant));
        let counts: Vec<usize> = counts.collect();
        let mut texts = None;
        let mut sets = Vec::with_capacity(counts.len());
        for count in counts {
            if let Some(set) = self.kept(tenant, count) {
                sets.push(set);
                continue;
            }
            let texts = match &mut texts {
                Some(texts) => texts,
                none => none.insert(store::activated_texts(connection, tenant).await?),
            };
            let set = Arc::new(read(texts.iter().take(count))?);
            self.keep(tenant, count, &set);
            sets.push(set);
        }
        Ok(sets)
    }

    fn kept(&self, tenant: &TenantId, count: usize) -> Option<Arc<PolicySet>> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(tenant)?.get(&count).cloned()
    }

    fn keep(&self, tenant: &TenantId, count: usize, set: &Arc<PolicySet>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let sets = read.entry(tenant.clone()).or_default();
        if sets.len() >= SETS_MAX {
            sets.clear();
        }
        sets.insert(count, Arc::clone(set));
    }
}

fn read<'text>(texts: impl Iterator<Item = &'text (String, Date)>) -> Result<PolicySet, Failure> {
    let mut set = PolicySet::new();
    for (text, active_from) in texts {
        set.activate(parse(text)?, *active_from);
    }
    Ok(set)
}

/// A stored text.
pub(super) fn parse(text: &str) -> Result<PolicyDocument, Failure> {
    PolicyDocument::parse(text).map_err(|_| Failure::internal("a stored policy cannot be read"))
}
