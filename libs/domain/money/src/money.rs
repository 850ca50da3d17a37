//! Whole öre: the only type of an amount.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::MoneyError;
use crate::plain_decimal::PlainDecimal;

const ORE_PER_KRONA: i64 = 100;
const NANOS_PER_ORE: i32 = 10_000_000;
const NANOS_MAX: i32 = 999_999_999;

/// An amount in Swedish kronor, kept as a whole number of öre (1/100 krona); may be negative.
///
/// Order and equality are those of the amount. There is no `+` and no `-`: every sum says what it
/// does when it does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    ore: i64,
}

/// How a decimal amount becomes whole öre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest öre, and a half öre away from zero (decisions 37).
    HalfUp,
}

impl Money {
    /// No money.
    pub const ZERO: Self = Self { ore: 0 };

    /// The amount of `ore` öre: `Money::from_ore(60_000)` is 600.00 kr.
    pub const fn from_ore(ore: i64) -> Self {
        Self { ore }
    }

    /// The amount in öre.
    pub const fn ore(self) -> i64 {
        self.ore
    }

    /// Reads the wire's pair: `units` kronor and `nanos` thousand-millionths of a krona.
    ///
    /// # Errors
    /// [`MoneyError::NanosOutOfRange`] outside ±999 999 999, [`MoneyError::SignMismatch`] when the
    /// two have different signs, [`MoneyError::FinerThanOre`] when `nanos` is not a multiple of
    /// 10 000 000, [`MoneyError::Overflow`] when the öre do not fit.
    pub fn from_units_nanos(units: i64, nanos: i32) -> Result<Self, MoneyError> {
        if !(-NANOS_MAX..=NANOS_MAX).contains(&nanos) {
            return Err(MoneyError::NanosOutOfRange);
        }
        if (units > 0 && nanos < 0) || (units < 0 && nanos > 0) {
            return Err(MoneyError::SignMismatch);
        }
        if nanos % NANOS_PER_ORE != 0 {
            return Err(MoneyError::FinerThanOre);
        }
        let ore = i128::from(units)
            .checked_mul(i128::from(ORE_PER_KRONA))
            .and_then(|whole| whole.checked_add(i128::from(nanos / NANOS_PER_ORE)))
            .ok_or(MoneyError::Overflow)?;
        i64::try_from(ore)
            .map(Self::from_ore)
            .map_err(|_| MoneyError::Overflow)
    }

    /// The wire's pair, with equal signs: -102.85 kr is `(-102, -850_000_000)`.
    #[expect(
        clippy::missing_panics_doc,
        reason = "99 öre in nanos always fits an i32"
    )]
    pub fn to_units_nanos(self) -> (i64, i32) {
        let part = i32::try_from(self.ore % ORE_PER_KRONA).expect("less than 100 öre");
        (self.ore / ORE_PER_KRONA, part.saturating_mul(NANOS_PER_ORE))
    }

    /// The one door from a decimal number of kronor to money. Call it once a line (decisions 37).
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the öre do not fit.
    pub fn round(kronor: Decimal, rounding: Rounding) -> Result<Self, MoneyError> {
        let strategy = match rounding {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        };
        // Round before scaling: a product of 28 digits would itself be rounded first.
        kronor
            .round_dp_with_strategy(2, strategy)
            .checked_mul(Decimal::ONE_HUNDRED)
            .and_then(|ore| ore.to_i64())
            .map(Self::from_ore)
            .ok_or(MoneyError::Overflow)
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.ore
            .checked_add(other.ore)
            .map(Self::from_ore)
            .ok_or(MoneyError::Overflow)
    }

    /// This amount less another.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.ore
            .checked_sub(other.ore)
            .map(Self::from_ore)
            .ok_or(MoneyError::Overflow)
    }

    /// The same amount in the other direction: what a credit line carries.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] for the one amount that has no opposite.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        self.ore
            .checked_neg()
            .map(Self::from_ore)
            .ok_or(MoneyError::Overflow)
    }

    /// The sum of all amounts, [`Money::ZERO`] of none. The order of the terms never matters:
    /// only the total has to fit.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        let mut total: i128 = 0;
        for amount in amounts {
            total = total
                .checked_add(i128::from(amount.ore))
                .ok_or(MoneyError::Overflow)?;
        }
        i64::try_from(total)
            .map(Self::from_ore)
            .map_err(|_| MoneyError::Overflow)
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.ore < 0
    }

    /// Whether the amount is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.ore == 0
    }
}

/// Kronor with a point and always two decimals: `600.00`, `-102.85`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let ore = self.ore.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", ore / 100, ore % 100))
    }
}

/// Reads `600`, `600.5`, `600.00` or `-102.85`; no sign `+`, no space, no thousands mark.
///
/// # Errors
/// [`MoneyError::Malformed`], [`MoneyError::FinerThanOre`] beyond two decimals,
/// [`MoneyError::Overflow`].
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let PlainDecimal {
            negative,
            whole,
            part,
        } = PlainDecimal::read(text)?;
        let part = part.unwrap_or_default();
        if part.len() > 2 {
            return Err(MoneyError::FinerThanOre);
        }
        let ore: i64 = format!("{part:0<2}")
            .parse()
            .map_err(|_| MoneyError::Malformed)?;
        let whole: i64 = whole.parse().map_err(|_| MoneyError::Overflow)?;
        let signed = |value: i64| {
            if negative {
                value.checked_neg()
            } else {
                Some(value)
            }
        };
        whole
            .checked_mul(ORE_PER_KRONA)
            .and_then(signed)
            .zip(signed(ore))
            .and_then(|(whole, ore)| whole.checked_add(ore))
            .map(Self::from_ore)
            .ok_or(MoneyError::Overflow)
    }
}
