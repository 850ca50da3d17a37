//! Where a person is registered, over time.

use hjm_ids::PrincipalId;
use jiff::civil::Date;

/// The municipality a person is registered in, from a day until the next residence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residence {
    /// The first day.
    pub from: Date,
    /// The municipality; none when it is not known any more.
    pub municipality: Option<PrincipalId>,
}

/// The residences that dated facts tell: in order of date, each another than the one before. On a
/// day before the first nothing is known, so the list does not begin with an unknown one.
pub fn residences(facts: impl IntoIterator<Item = Residence>) -> Vec<Residence> {
    let mut told: Vec<Residence> = Vec::new();
    let mut facts: Vec<Residence> = facts.into_iter().collect();
    facts.sort_by_key(|residence| residence.from);
    for fact in facts {
        let before = told.last().and_then(|last| last.municipality.as_ref());
        if before != fact.municipality.as_ref() {
            told.push(fact);
        }
    }
    told
}
