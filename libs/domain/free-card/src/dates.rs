//! The one piece of calendar the engine needs: how long a fee counts.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::scheme::EndRule;

/// The same day `months` later; where that month has no such day, the first of the month after
/// (D-3: a window that starts on 29 February ends on 28 February, not on the 27th).
pub(crate) fn months_after(date: Date, months: u16) -> Option<Date> {
    let first = date
        .first_of_month()
        .checked_add(i32::from(months).months())
        .ok()?;
    match Date::new(first.year(), first.month(), date.day()) {
        Ok(same_day) => Some(same_day),
        Err(_) => first.checked_add(1.month()).ok(),
    }
}

/// The last day on which a fee of `date` counts, and on which a card whose window starts on `date`
/// is valid.
pub(crate) fn last_day(date: Date, months: u16, end_rule: EndRule) -> Option<Date> {
    let anniversary = months_after(date, months)?;
    match end_rule {
        EndRule::DayBefore => anniversary.yesterday().ok(),
        EndRule::AnniversaryInclusive => Some(anniversary),
    }
}
