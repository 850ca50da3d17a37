//! Which version decides on a day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{PolicyDocument, Section};

/// The activated policy documents of one tenant.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    active: Vec<(PolicyDocument, Date)>,
}

impl PolicySet {
    /// A set in which nothing is in force.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version that was activated to decide from `active_from`.
    pub fn activate(&mut self, document: PolicyDocument, active_from: Date) {
        self.active.push((document, active_from));
    }

    /// The document that decides the questions of a section that one document holds: of those that
    /// [`all_in_force`](Self::all_in_force) names the one that began last.
    pub fn in_force(&self, section: Section, on: Date) -> Option<&PolicyDocument> {
        let held = self.held(section, on);
        held.max_by_key(|(document, began)| (*began, document.version()))
            .map(|(document, _)| document)
    }

    /// The documents that decide the questions of a section together, by id. Of each document one
    /// version decides on a day: of those that have begun (activated and valid) the one that began
    /// last, of two that began the same day the higher. What that version does not hold, or no
    /// longer, the document does not decide: an older version never comes back.
    pub fn all_in_force(&self, section: Section, on: Date) -> Vec<&PolicyDocument> {
        let held = self.held(section, on);
        held.map(|(document, _)| document).collect()
    }

    /// The version with this hash, in force or not any more.
    pub fn by_hash(&self, hash: &str) -> Option<&PolicyDocument> {
        let mut known = self.active.iter().map(|(document, _)| document);
        known.find(|document| document.hash() == hash)
    }

    /// The last days, through `on`, of what was in force and is not any more, newest first: where
    /// what has ended is still asked for.
    pub fn last_days(&self, on: Date) -> Vec<Date> {
        let turns = self.active.iter().flat_map(|(document, active_from)| {
            [Some(began(document, *active_from)), document.valid_to()]
        });
        let last = turns.flatten().filter(|turn| *turn <= on);
        let mut days: Vec<Date> = last.filter_map(|turn| turn.yesterday().ok()).collect();
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        days
    }

    /// Another document that would decide a section of this one beside it on some day, when one
    /// document must.
    pub fn holder_beside(
        &self,
        document: &PolicyDocument,
        active_from: Date,
    ) -> Option<(Section, String)> {
        let mut with = self.clone();
        with.activate(document.clone(), active_from);
        let turns = with.active.iter().flat_map(|(document, active_from)| {
            [Some(began(document, *active_from)), document.valid_to()]
        });
        let turns: BTreeSet<Date> = turns.flatten().collect();
        let sections = document.sections().iter().copied();
        let sole = sections.filter(|section| !section.is_shared());
        sole.flat_map(|section| turns.iter().map(move |on| (section, *on)))
            .find_map(|(section, on)| {
                let held = with.all_in_force(section, on);
                let own = held.iter().any(|held| held.id() == document.id());
                let beside = held.iter().find(|held| own && held.id() != document.id())?;
                Some((section, beside.id().to_owned()))
            })
    }

    /// Of each document the version that decides on a day and the day it began, by id, where it
    /// holds the section.
    fn held(&self, section: Section, on: Date) -> impl Iterator<Item = (&PolicyDocument, Date)> {
        let mut newest: BTreeMap<&str, (&PolicyDocument, Date)> = BTreeMap::new();
        for (document, active_from) in &self.active {
            let began = began(document, *active_from);
            let known = newest.get(document.id());
            let later = known.is_none_or(|(known, since)| {
                (*since, known.version()) < (began, document.version())
            });
            if began <= on && later {
                newest.insert(document.id(), (document, began));
            }
        }
        newest.into_values().filter(move |(document, _)| {
            document.sections().contains(&section) && document.validity().contains(on)
        })
    }
}

/// The first day an activated version decides.
fn began(document: &PolicyDocument, active_from: Date) -> Date {
    active_from.max(document.valid_from())
}
