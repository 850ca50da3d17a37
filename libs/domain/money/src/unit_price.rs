//! Prices a day or a piece, with more decimals than money.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::plain_decimal::PlainDecimal;
use crate::{Money, MoneyError, Rounding};

/// A price for one unit (one day of rent, one piece) in kronor: zero or more, at most six
/// decimals. It is never invoiced itself; a line of it is, rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice {
    kronor: Decimal,
}

impl UnitPrice {
    /// The most decimals of a price.
    pub const DECIMALS_MAX: u32 = 6;

    /// A price of `kronor` kronor a unit. Trailing zeros are dropped, so 1.80 equals 1.8 in every
    /// sense.
    ///
    /// # Errors
    /// [`MoneyError::NegativePrice`], [`MoneyError::PriceTooFine`] beyond six decimals.
    pub fn new(kronor: Decimal) -> Result<Self, MoneyError> {
        let kronor = kronor.normalize();
        if kronor.is_sign_negative() && !kronor.is_zero() {
            return Err(MoneyError::NegativePrice);
        }
        if kronor.scale() > Self::DECIMALS_MAX {
            return Err(MoneyError::PriceTooFine);
        }
        Ok(Self { kronor })
    }

    /// The price in kronor a unit.
    pub const fn get(self) -> Decimal {
        self.kronor
    }

    /// What `days` days at this price cost, rounded half up once (decisions 37).
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn times_days(self, days: u32) -> Result<Money, MoneyError> {
        let kronor = self
            .kronor
            .checked_mul(Decimal::from(days))
            .ok_or(MoneyError::Overflow)?;
        Money::round(kronor, Rounding::HalfUp)
    }
}

/// Kronor with at least two decimals, more when the price has them: `1.80`, `4.24658`.
impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.kronor;
        if shown.scale() < 2 {
            shown.rescale(2);
        }
        f.pad(&shown.to_string())
    }
}

/// Reads `1.80` or `24`; digits and one point only.
///
/// # Errors
/// [`MoneyError::Malformed`], or as [`UnitPrice::new`].
impl FromStr for UnitPrice {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let PlainDecimal {
            negative,
            whole,
            part,
        } = PlainDecimal::read(text)?;
        let part = part.unwrap_or_default().trim_end_matches('0');
        if part.len() > UnitPrice::DECIMALS_MAX as usize {
            return Err(MoneyError::PriceTooFine);
        }
        let sign = if negative { "-" } else { "" };
        let kronor = Decimal::from_str_exact(&format!("{sign}{whole}.{part}"))
            .map_err(|_| MoneyError::Overflow)?;
        Self::new(kronor)
    }
}
