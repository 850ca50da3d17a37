//! A ceiling that follows an index (R1, D-28).

use hjm_money::Money;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::scheme::Limit;

/// No ceiling that follows an index is lower: a factor of 0.0025 would give about a hundred kronor.
const FORMULA_CEILING_MIN: Money = Money::from_ore(50_000);

/// Why a ceiling is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeilingError {
    /// The base amount, the factor or the step is zero or below, or the product does not fit.
    #[error("a base amount, a factor and a step are above zero, and give an amount that fits")]
    NotPositive,
    /// The formula gives less than 500 kr: the factor or the base amount is a misprint.
    #[error("gives {0}: a ceiling by formula is 500.00 kr or more, so a factor or amount is wrong")]
    TooLow(Money),
}

/// A ceiling that follows an index: `factor` × `base_amount`, rounded down to a whole multiple of
/// `floor_to`. Exact: 0.025 × 57 300 kr, down to 50 kr, is 1 400 kr.
///
/// # Errors
/// [`CeilingError`]: a value that is not positive, or a ceiling under 500 kr.
pub fn formula_ceiling(
    base_amount: Money,
    factor: Decimal,
    floor_to: Money,
) -> Result<Money, CeilingError> {
    let positive = |amount: Money| amount > Money::ZERO;
    if !positive(base_amount) || !positive(floor_to) || factor <= Decimal::ZERO {
        return Err(CeilingError::NotPositive);
    }
    let exact = Decimal::from(base_amount.ore()).checked_mul(factor);
    let whole = exact.and_then(|exact| exact.floor().to_i64());
    let ore = whole.ok_or(CeilingError::NotPositive)?;
    let ceiling = Money::from_ore(ore - ore.rem_euclid(floor_to.ore()));
    if ceiling < FORMULA_CEILING_MIN {
        return Err(CeilingError::TooLow(ceiling));
    }
    Ok(ceiling)
}

/// A row of limits as it is written: one of an amount, a count and a formula.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ceiling {
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    amount: Option<Money>,
    count: Option<u32>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    base_amount: Option<Money>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    factor: Option<Decimal>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    floor_to: Option<Money>,
}

impl Ceiling {
    /// The limit it says, or the field that is wrong and why.
    pub(crate) fn limit(&self) -> Result<Limit, (&'static str, String)> {
        let formula = (self.base_amount, self.factor, self.floor_to);
        match (self.amount, self.count, formula) {
            (Some(amount), None, (None, None, None)) if amount > Money::ZERO => {
                Ok(Limit::Sum(amount))
            }
            (Some(_), None, (None, None, None)) => {
                Err(("amount", "a ceiling is above zero".to_owned()))
            }
            (None, Some(count), (None, None, None)) if count > 0 => Ok(Limit::Count(count)),
            (None, Some(_), (None, None, None)) => {
                Err(("count", "a limit is above zero".to_owned()))
            }
            (None, None, (Some(base), Some(factor), Some(floor_to))) => {
                let ceiling = formula_ceiling(base, factor, floor_to);
                let told = |error: CeilingError| ("factor", error.to_string());
                ceiling.map(Limit::Sum).map_err(told)
            }
            _ => Err((
                "amount",
                "a limit is one of amount, count, or base_amount with factor and floor_to"
                    .to_owned(),
            )),
        }
    }
}
