//! What a device is worth after a time: written off by the day, in a straight line.

use hjm_ids::days_inclusive;
use hjm_money::{Money, MoneyError, Rounding};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::BillingError;

/// A year of depreciation (R3): leap days are days of it and make no year longer.
const DAYS_A_YEAR: u32 = 365;

/// What a device cost, when, and how long it is written off over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquisition {
    /// The price paid for it, without VAT.
    pub price: Money,
    /// The day it was acquired: nothing is written off yet.
    pub acquired_on: Date,
    /// The years of its group, 1 or more.
    pub years: u16,
}

impl Acquisition {
    /// The days it is written off over.
    ///
    /// # Errors
    /// [`BillingError::NoYears`].
    pub(crate) fn days_whole(&self) -> Result<u32, BillingError> {
        let years = Some(self.years).filter(|years| *years > 0);
        let years = years.ok_or(BillingError::NoYears)?;
        Ok(u32::from(years).saturating_mul(DAYS_A_YEAR))
    }

    /// Its residual value (restvärde) on a day: a straight line by day from the price to nothing,
    /// rounded half up once; never below zero, and never above the price (Q21).
    ///
    /// # Errors
    /// [`BillingError::NoYears`], or [`BillingError::Money`] for a negative price.
    pub fn residual(&self, on: Date) -> Result<Money, BillingError> {
        if self.price.is_negative() {
            return Err(MoneyError::NegativePrice.into());
        }
        let whole = self.days_whole()?;
        let left = whole.saturating_sub(days_written_off(self, on));
        let residual = Decimal::new(self.price.ore(), 2)
            .checked_mul(Decimal::from(left))
            .and_then(|part| part.checked_div(Decimal::from(whole)))
            .ok_or(MoneyError::Overflow)?;
        Ok(Money::round(residual, Rounding::HalfUp)?)
    }
}

/// Days since the acquisition; none on the day itself and before it.
pub(crate) fn days_written_off(device: &Acquisition, on: Date) -> u32 {
    days_inclusive(device.acquired_on, on).saturating_sub(1)
}
