//! What looking through the books comes to.

/// One invariant of one context in one tenant: how much was looked at and what breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What must hold, with its number in the list of invariants: `I11 fees within the ceiling`.
    pub invariant: &'static str,
    /// How many things were looked at; none is no proof.
    pub checked: u64,
    /// One sentence for each breach; ids only, no personal data.
    pub breaches: Vec<String>,
}
