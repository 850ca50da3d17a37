//! The periods of a recurring fee.

use hjm_ids::{Month, anniversary, plus_months};
use jiff::civil::Date;

use crate::Holding;

/// No fee recurs more often than this: 150 years of months.
const PERIODS_MAX: u16 = 1_800;
const MONTHS_A_YEAR: u16 = 12;

/// When a fee recurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recurrence {
    /// Every twelve months from the first day.
    Every12Months,
    /// In each calendar month with a day of the loan (Q12).
    CalendarMonths,
    /// In each month begun, counted from the first day (Q12).
    StartedMonths,
    /// For each calendar month that is the loan's from its first day to its last, when it has
    /// ended (Q13).
    WholeMonths,
    /// For each calendar month with a day of the loan; numbered as whole months are, so that two
    /// loans of one person have the same month in common (Q13).
    MonthsWithADay,
    /// Once, when the free months have passed and the device is not returned (decisions 29).
    OnceAfter {
        /// The free months.
        months: u16,
    },
}

/// One period of a recurring fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accrual {
    /// 1 for the first period; of a calendar month that loans have in common, the months since the
    /// year 0.
    pub number: u16,
    /// The date of the fee, which is decided anew then (decisions 21).
    pub on: Date,
}

/// The days of a loan, as far as a recurring fee needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanDays {
    /// The first day.
    pub first_on: Date,
    /// The registered return.
    pub returned_on: Option<Date>,
    /// The recipient's death.
    pub died_on: Option<Date>,
}

impl LoanDays {
    /// The last day on which a period may begin.
    fn end(self) -> Option<Date> {
        [self.returned_on, self.died_on].into_iter().flatten().min()
    }
}

/// The periods that have begun by `through`, in order, at most `months_max` of them.
///
/// Anniversaries and months that lack the day fall on the first of the next month (29 February: 1
/// March, D-3). No period begins after the return or the death; one that begins on that very day
/// does, and a period that has begun is never given back (Q11).
pub fn accruals(
    recurrence: Recurrence,
    months_max: Option<u16>,
    days: LoanDays,
    through: Date,
) -> Vec<Accrual> {
    let first_on = days.first_on;
    let last = days.end().map_or(through, |end| end.min(through));
    let counted = |number: u16, on: Date| Accrual { number, on };
    let nth = move |index: u16| match recurrence {
        Recurrence::Every12Months => counted(index + 1, anniversary(first_on, index)),
        Recurrence::CalendarMonths => counted(index + 1, month_day(first_on, index)),
        Recurrence::StartedMonths => counted(index + 1, plus_months(first_on, index)),
        Recurrence::WholeMonths => {
            let month = Month::of(month_day(first_on, whole_after(first_on) + index));
            counted(month_number(month.first()), month.last())
        }
        Recurrence::MonthsWithADay => {
            let on = month_day(first_on, index);
            counted(month_number(on), on)
        }
        Recurrence::OnceAfter { months } => counted(1, plus_months(first_on, months)),
    };
    let most = match recurrence {
        Recurrence::OnceAfter { .. } => 1,
        Recurrence::Every12Months
        | Recurrence::CalendarMonths
        | Recurrence::StartedMonths
        | Recurrence::WholeMonths
        | Recurrence::MonthsWithADay => months_max.unwrap_or(PERIODS_MAX).min(PERIODS_MAX),
    };
    (0..most)
        .map(nth)
        .take_while(|accrual| accrual.on <= last && accrual.on < Date::MAX)
        .collect()
}

/// The first of the month `index` months later; the day itself for its own month.
fn month_day(day: Date, index: u16) -> Date {
    if index == 0 {
        day
    } else {
        plus_months(day.first_of_month(), index)
    }
}

/// Months until the first whole one.
fn whole_after(first_on: Date) -> u16 {
    u16::from(first_on.day() != 1)
}

fn month_number(day: Date) -> u16 {
    let year = u16::try_from(day.year()).unwrap_or(0);
    let month = u16::try_from(day.month()).unwrap_or(0);
    // Beyond the year 5461 the months no longer fit, and no loan does.
    year.saturating_mul(MONTHS_A_YEAR).saturating_add(month)
}

/// The last day of a free trial: the day before the fee after it.
pub fn trial_ends_on(first_on: Date, months: u16) -> Date {
    plus_months(first_on, months)
        .yesterday()
        .unwrap_or(first_on)
}

/// A loan that the person buys after a free trial: the unit's rent ends with the trial, unless the
/// device came back before (decisions 29). Who died during the trial bought nothing.
#[must_use]
pub fn rented_through_trial(holding: &Holding, months: u16) -> Holding {
    let ends_on = trial_ends_on(holding.delivered_on, months);
    if holding.died_on.is_some_and(|died_on| died_on <= ends_on) {
        return holding.clone();
    }
    let returned_on = holding.returned_on.map_or(ends_on, |on| on.min(ends_on));
    Holding {
        returned_on: Some(returned_on),
        ..holding.clone()
    }
}
