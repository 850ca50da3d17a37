//! Civil months, ages and anniversaries. 29 February is the reason this is written out: libraries
//! clamp it to the 28th, the rules here say 1 March.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// Why a text or a pair of numbers is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a month is written as YYYY-MM, for example 2025-03")]
pub struct CalendarError;

/// A calendar month of the years 0001 to 9999, in order of time. Shown and read as `2025-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month `month` (1 to 12) of `year`.
    ///
    /// # Errors
    /// [`CalendarError`] for any other month or a year outside 1 to 9999.
    pub fn new(year: i16, month: i8) -> Result<Self, CalendarError> {
        if year < 1 {
            return Err(CalendarError);
        }
        Date::new(year, month, 1)
            .map(|first| Self { first })
            .map_err(|_| CalendarError)
    }

    /// The month a day lies in.
    pub fn of(date: Date) -> Self {
        Self {
            first: date.first_of_month(),
        }
    }

    /// Its first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.first.last_of_month()
    }

    /// The month after; December 9999 stays where it is.
    #[must_use]
    pub fn next(self) -> Self {
        self.last().tomorrow().map_or(self, Self::of)
    }

    /// The month before; the calendar's first month stays where it is.
    #[must_use]
    pub fn previous(self) -> Self {
        self.first.yesterday().map_or(self, Self::of)
    }

    /// Whether the day lies in this month.
    pub fn contains(self, date: Date) -> bool {
        Self::of(date) == self
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{:04}-{:02}",
            self.first.year(),
            self.first.month()
        ))
    }
}

impl FromStr for Month {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month) = text.split_once('-').ok_or(CalendarError)?;
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(CalendarError);
        }
        let year = year.parse().map_err(|_| CalendarError)?;
        Self::new(year, month.parse().map_err(|_| CalendarError)?)
    }
}

/// The same day `years` years later; 29 February becomes 1 March where the year has none (D-3).
/// Beyond the year 9999 it is the calendar's last day.
pub fn anniversary(date: Date, years: u16) -> Date {
    let Some(year) = i16::try_from(years)
        .ok()
        .and_then(|years| date.year().checked_add(years))
    else {
        return Date::MAX;
    };
    Date::new(year, date.month(), date.day())
        .or_else(|_| Date::new(year, 3, 1))
        .unwrap_or(Date::MAX)
}

/// The same day `months` months later; a day that the month does not have becomes the first of the
/// next, as [`anniversary`] has it. Beyond the year 9999 it is the calendar's last day.
pub fn plus_months(date: Date, months: u16) -> Date {
    let number = i32::from(date.year()) * 12 + i32::from(date.month()) - 1 + i32::from(months);
    let (year, month) = (number.div_euclid(12), number.rem_euclid(12) + 1);
    let (Ok(year), Ok(month)) = (i16::try_from(year), i8::try_from(month)) else {
        return Date::MAX;
    };
    let Ok(first) = Date::new(year, month, 1) else {
        return Date::MAX;
    };
    Date::new(year, month, date.day())
        .or_else(|_| first.last_of_month().tomorrow())
        .unwrap_or(Date::MAX)
}

/// Whole months from one day to another: how often [`plus_months`] has come round. Zero when `to`
/// is earlier.
pub fn months_between(from: Date, to: Date) -> u16 {
    let number = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    let months = number(to) - number(from) - i32::from(to.day() < from.day());
    u16::try_from(months).unwrap_or(0)
}

/// The day a person reaches `age` years: the birthday, and 1 March for who was born on
/// 29 February, in years that have none (decisions 7).
pub fn birthday(born: Date, age: u16) -> Date {
    anniversary(born, age)
}

/// Whole years of age on a day; an age is reached on the birthday (decisions 7). Zero before birth.
pub fn age_on(born: Date, on: Date) -> u16 {
    let years = u16::try_from(i32::from(on.year()) - i32::from(born.year())).unwrap_or(0);
    if years > 0 && on < birthday(born, years) {
        years - 1
    } else {
        years
    }
}

/// Number of days from `from` to `to`, both counted (R1); zero when `to` is earlier.
pub fn days_inclusive(from: Date, to: Date) -> u32 {
    let between = i64::from(to.since(from).map_or(0, |span| span.get_days()));
    u32::try_from(between + 1).unwrap_or(0)
}
