//! Which version decides on a day.

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

    /// The document that decides this section's questions on a day: of the versions that have
    /// begun (activated and valid), the one that began last; of two that began the same day the
    /// higher version, then the one activated later. None when it has ended: an older version
    /// never comes back.
    pub fn in_force(&self, section: Section, on: Date) -> Option<&PolicyDocument> {
        let begins =
            |document: &PolicyDocument, active_from: Date| active_from.max(document.valid_from());
        self.active
            .iter()
            .filter(|(document, _)| document.sections().contains(&section))
            .filter(|(document, active_from)| begins(document, *active_from) <= on)
            .max_by_key(|(document, active_from)| {
                (begins(document, *active_from), document.version())
            })
            .map(|(document, _)| document)
            .filter(|document| document.validity().contains(on))
    }
}
