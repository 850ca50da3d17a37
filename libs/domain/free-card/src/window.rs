//! The windows in which fees add up, and their last days.

use hjm_ids::plus_months;
use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

/// How fees below the ceiling stop counting (D-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WindowMode {
    /// `ROLLING`: each fee counts for its own length of the window.
    Rolling,
    /// `TUMBLING`: the first fee opens a fixed period, and all of it lapses together.
    Tumbling,
}

/// Which day is the last of a window or a card (D-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndRule {
    /// `DAY_BEFORE`: the day before the anniversary.
    DayBefore,
    /// `ANNIVERSARY_INCLUSIVE`: the anniversary itself.
    AnniversaryInclusive,
}

/// How long a fee counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowLength {
    /// Until the same day so many months later.
    Months(u16),
    /// For so many days, the first one counted (decisions 35).
    Days(u16),
}

impl WindowLength {
    /// The last day on which a fee of `on` counts, and on which a card whose window starts on `on`
    /// is valid. A window that starts on 29 February ends on 28 February (D-3); the end rule is of
    /// windows in months.
    pub fn last_day(self, on: Date, end_rule: EndRule) -> Date {
        let next = match self {
            Self::Months(months) => plus_months(on, months),
            // So many days are so many days: only months have an anniversary (decisions 35).
            Self::Days(days) => return on.saturating_add((i32::from(days) - 1).days()),
        };
        match end_rule {
            EndRule::DayBefore => next.yesterday().unwrap_or(next),
            EndRule::AnniversaryInclusive => next,
        }
    }
}
