//! The periods of a recurring fee.

use hjm_ids::anniversary;
use jiff::civil::Date;

/// No fee recurs longer than this.
const PERIODS_MAX: u16 = 150;

/// One twelve-month period of a recurring fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accrual {
    /// 1 for the first period.
    pub number: u16,
    /// Its first day: the date of the fee, which is decided anew then (decisions 21).
    pub on: Date,
}

/// The periods of a 12-month fee that have begun by `through`, in order: the first on `first_on`,
/// the next on each anniversary (29 February: 1 March in years without one, D-3).
///
/// No period begins after the return or the death; one that begins on that very day does, and a
/// period that has begun is never given back (Q11).
pub fn accruals(
    first_on: Date,
    returned_on: Option<Date>,
    died_on: Option<Date>,
    through: Date,
) -> Vec<Accrual> {
    let end = [returned_on, died_on].into_iter().flatten().min();
    let last = end.map_or(through, |end| end.min(through));
    (1..=PERIODS_MAX)
        .map(|number| Accrual {
            number,
            on: anniversary(first_on, number - 1),
        })
        .take_while(|accrual| accrual.on <= last)
        .collect()
}
