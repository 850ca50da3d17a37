//! The schemes that are decided together: one, or a composite with those it reads.

use std::{collections::BTreeSet, sync::Arc};

use hjm_feed::Rules;
use hjm_free_card::{AccountState, EngineError, LogEntry, Scheme, replay, replay_joint};
use hjm_policy::{PolicySet, Validity};
use jiff::civil::Date;

use super::{States, joint};

/// A scheme with those that are decided together with it.
#[derive(Debug, Clone)]
pub(crate) struct Together {
    /// The schemes that take fees: one, or all that the composite reads.
    pub(in crate::app) base: Vec<Arc<Scheme>>,
    pub(in crate::app) composite: Option<Arc<Scheme>>,
}

impl Together {
    /// Of the schemes in force, those decided with one. The first composite in order of id that
    /// reads a scheme is the one it is read by.
    pub(crate) fn of(schemes: &[Arc<Scheme>], scheme_id: &str) -> Option<Self> {
        let asked = schemes.iter().find(|scheme| scheme.id() == scheme_id)?;
        let composite = if asked.is_composite() {
            Some(asked)
        } else {
            schemes
                .iter()
                .find(|scheme| scheme.reads().any(|read| read == scheme_id))
        };
        let Some(composite) = composite else {
            return Some(Self {
                base: vec![Arc::clone(asked)],
                composite: None,
            });
        };
        let read = composite.reads();
        let known = |read: &str| schemes.iter().find(|scheme| scheme.id() == read);
        Some(Self {
            base: read.filter_map(known).map(Arc::clone).collect(),
            composite: Some(Arc::clone(composite)),
        })
    }

    /// Every set of schemes that are decided together, once.
    pub(in crate::app) fn all(schemes: &[Arc<Scheme>]) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for scheme in schemes {
            if let Some(together) = Self::of(schemes, scheme.id())
                && seen.insert(together.ids())
            {
                all.push(together);
            }
        }
        all
    }

    pub(in crate::app) fn scheme(&self, scheme_id: &str) -> Option<&Arc<Scheme>> {
        let mut all = self.base.iter().chain(&self.composite);
        all.find(|scheme| scheme.id() == scheme_id)
    }

    /// The days on which a card is valid in a scheme: its own, and those of the composite that
    /// reads it then (D-14).
    pub(crate) fn days(&self, states: &States, scheme_id: &str) -> Vec<(Date, Date)> {
        let of = |id: &str| {
            let cards = states.get(id).map(|state| &state.cards);
            cards.into_iter().flatten().map(|card| (card.from, card.to))
        };
        let mut days: Vec<(Date, Date)> = of(scheme_id).collect();
        for composite in self.composite.iter().filter(|one| one.id() != scheme_id) {
            for Validity {
                valid_from,
                valid_to,
            } in composite.reads_when(scheme_id)
            {
                let last = valid_to.and_then(|end| end.yesterday().ok());
                let read = of(composite.id()).map(|(from, to)| {
                    let to = last.map_or(to, |last| last.min(to));
                    (from.max(valid_from), to)
                });
                days.extend(read.filter(|(from, to)| from <= to));
            }
        }
        days
    }

    /// The texts it is decided by, as they are kept beside what was drawn by them.
    pub(crate) fn texts(&self) -> String {
        let all = self.base.iter().chain(&self.composite);
        let hashes: Vec<&str> = all.map(|scheme| scheme.policy().hash.as_str()).collect();
        hashes.join(" ")
    }

    /// Whether what was drawn by these texts stands: they say of every day through `on` what the
    /// present ones do.
    pub(crate) fn stands(
        &self,
        texts: &str,
        policies: &PolicySet,
        rules: &Rules<Scheme>,
        on: Date,
    ) -> bool {
        let alike = |hash: &str| {
            let earlier = policies.by_hash(hash);
            let earlier = earlier.and_then(|text| rules.of(text, Scheme::parse).ok());
            let present = earlier
                .as_ref()
                .and_then(|earlier| self.scheme(earlier.id()));
            present
                .zip(earlier.as_ref())
                .is_some_and(|(present, earlier)| {
                    Arc::ptr_eq(present, earlier) || present.alike_through(earlier, on)
                })
        };
        texts == self.texts()
            || (texts.split(' ').count() == self.ids().len() && texts.split(' ').all(alike))
    }

    pub(crate) fn has_composite(&self) -> bool {
        self.composite.is_some()
    }

    /// The same schemes, one of them by another text.
    pub(in crate::app) fn with(&self, scheme_id: &str, other: &Arc<Scheme>) -> Self {
        let mut changed = self.clone();
        let all = changed.base.iter_mut().chain(&mut changed.composite);
        for scheme in all.filter(|scheme| scheme.id() == scheme_id) {
            *scheme = Arc::clone(other);
        }
        changed
    }

    /// What logs of the base schemes, in order, and then of the composite give together.
    pub(in crate::app) fn replay(
        &self,
        logs: &[Vec<LogEntry>],
    ) -> Result<Vec<AccountState>, EngineError> {
        if let Some(scheme) = self.base.iter().find(|scheme| scheme.is_composite()) {
            let scheme = scheme.id().to_owned();
            return Err(EngineError::CompositeReadsOnly { scheme });
        }
        let Some(composite) = &self.composite else {
            let logs = self.base.iter().zip(logs);
            return logs.map(|(scheme, log)| replay(scheme, log)).collect();
        };
        let state = replay_joint(&joint(composite, &self.base, logs))?;
        let all = state.members.into_iter().chain([state.composite]);
        Ok(all.collect())
    }

    /// Of the base schemes in order, then of the composite.
    pub(in crate::app) fn ids(&self) -> Vec<String> {
        let all = self.base.iter().chain(&self.composite);
        all.map(|scheme| scheme.id().to_owned()).collect()
    }
}
