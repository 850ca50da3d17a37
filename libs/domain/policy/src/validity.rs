//! When a value holds.

use jiff::civil::Date;

/// The days on which something is valid: from `valid_from`, up to but not including `valid_to`;
/// without `valid_to`, for as long as nothing replaces it (architecture decision 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validity {
    /// First day.
    pub valid_from: Date,
    /// First day no longer valid; none when open.
    pub valid_to: Option<Date>,
}

impl Validity {
    /// Whether the day is one of them.
    pub fn contains(&self, on: Date) -> bool {
        self.valid_from <= on && self.valid_to.is_none_or(|end| on < end)
    }

    /// Whether the two have a day in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.valid_to.is_none_or(|end| other.valid_from < end)
            && other.valid_to.is_none_or(|end| self.valid_from < end)
    }
}
