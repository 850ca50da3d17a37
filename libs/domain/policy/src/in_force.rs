//! Which version decides on a day.

use std::collections::BTreeMap;

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

    /// The document that decides the questions of a section that one document holds: of the
    /// versions that have begun (activated and valid), the one that began last; of two that began
    /// the same day the higher version. None when it has ended: an older version never comes back.
    pub fn in_force(&self, section: Section, on: Date) -> Option<&PolicyDocument> {
        self.begun(section, on)
            .max_by_key(|(document, began)| (*began, document.version()))
            .map(|(document, _)| document)
            .filter(|document| document.validity().contains(on))
    }

    /// The documents that decide the questions of a section together, by id: of each the version
    /// that [`in_force`](Self::in_force) would name among its own.
    pub fn all_in_force(&self, section: Section, on: Date) -> Vec<&PolicyDocument> {
        let mut newest: BTreeMap<&str, (&PolicyDocument, Date)> = BTreeMap::new();
        for (document, began) in self.begun(section, on) {
            let known = newest.entry(document.id()).or_insert((document, began));
            if (known.1, known.0.version()) < (began, document.version()) {
                *known = (document, began);
            }
        }
        let newest = newest.into_values().map(|(document, _)| document);
        newest
            .filter(|document| document.validity().contains(on))
            .collect()
    }

    /// Every version with the section that has begun by a day, and the day it began.
    fn begun(&self, section: Section, on: Date) -> impl Iterator<Item = (&PolicyDocument, Date)> {
        self.active
            .iter()
            .filter(move |(document, _)| document.sections().contains(&section))
            .map(|(document, active_from)| (document, (*active_from).max(document.valid_from())))
            .filter(move |(_, began)| *began <= on)
    }
}
