//! The terms of rent on a day, for who asks.

use hjm_policy::Explanation;
use jiff::civil::Date;

use crate::rent_rule::{RentEnd, RentStart, RentUnit};
use crate::{BillingError, RentPolicy};

/// How rent is counted for a loan that is handed out on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RentTerms {
    /// What it is counted in.
    pub unit: RentUnit,
    /// What its first day is.
    pub start: RentStart,
    /// Hours after a withdrawal from a store until its registration is late.
    pub late_after_hours: Option<u16>,
    /// What its last day is.
    pub end: RentEnd,
    /// The days, or working days, that the end counts.
    pub end_days: Option<u16>,
    /// Why, in one sentence, with every source.
    pub explanation: Explanation,
}

impl RentPolicy {
    /// The terms of a loan that is handed out on `on` and ended while they hold.
    ///
    /// # Errors
    /// [`BillingError::RentRuleMissing`].
    pub fn terms_on(&self, on: Date) -> Result<RentTerms, BillingError> {
        let unit = self.unit_on(on)?;
        let (start, end) = (self.start_on(on)?, self.end_on(on)?);
        let counted = match unit {
            RentUnit::Day => "a day, first and last both counted",
            RentUnit::CalendarMonth => "a calendar month, whole",
            RentUnit::Started30Days => "a begun period of 30 days",
        };
        let first = match start.value {
            RentStart::Delivery => "the day of delivery",
            RentStart::StoreRegistration => {
                "the day of delivery, or of the registration from a store"
            }
        };
        let days = end.days.unwrap_or(0);
        let last = match end.value {
            RentEnd::ReturnRegistered => "the day the return is registered".to_owned(),
            RentEnd::ArrivalMinusDays if days == 0 => "the day of the arrival".to_owned(),
            RentEnd::ArrivalMinusDays => format!("{days} days before the arrival"),
            RentEnd::PickupPlusDays => format!("{days} days after the pickup order"),
            RentEnd::PickupPlusWorkingDays => {
                format!("{days} working days after the pickup order")
            }
        };
        let facts = vec![("on".to_owned(), on.to_string())];
        let text = format!("Rent is {counted}, from {first} through {last}.");
        let rule = format!(
            "rent.{}.{}.{}",
            unit.name(),
            start.value.name(),
            end.value.name()
        );
        let explanation = Explanation::new(self.policy(), rule, self.sources([on; 3]), facts, text);
        Ok(RentTerms {
            unit,
            start: start.value,
            late_after_hours: start.late_after_hours,
            end: end.value,
            end_days: end.days,
            explanation,
        })
    }
}
