//! Splitting one amount between several payers without losing an öre.

use crate::{Money, MoneyError};

/// Splits `total` in proportion to `weights`, by largest remainder: every part is the exact share
/// rounded down or up by less than one öre, and the parts sum to `total` exactly. Of equal
/// remainders the lower index gets the öre, so the same input always gives the same parts. A
/// weight of zero gets nothing. A negative total is split as its magnitude and negated.
///
/// Used for an amount shared between payers and for nothing else (decisions 37).
///
/// # Errors
/// [`MoneyError::NoWeights`] when no weight is above zero.
pub fn allocate(total: Money, weights: &[u64]) -> Result<Vec<Money>, MoneyError> {
    let mut sum: u128 = 0;
    for &weight in weights {
        sum = sum
            .checked_add(u128::from(weight))
            .ok_or(MoneyError::Overflow)?;
    }
    let magnitude = u128::from(total.ore().unsigned_abs());
    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (index, &weight) in weights.iter().enumerate() {
        let product = magnitude
            .checked_mul(u128::from(weight))
            .ok_or(MoneyError::Overflow)?;
        parts.push(product.checked_div(sum).ok_or(MoneyError::NoWeights)?);
        remainders.push((
            product.checked_rem(sum).ok_or(MoneyError::NoWeights)?,
            index,
        ));
    }
    if sum == 0 {
        return Err(MoneyError::NoWeights);
    }
    remainders.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    let given: u128 = parts.iter().sum();
    let left_over = magnitude.saturating_sub(given);
    for (&(_, index), _) in remainders.iter().zip(0..left_over) {
        parts[index] = parts[index].saturating_add(1);
    }
    parts
        .into_iter()
        .map(|part| signed(part, total.is_negative()))
        .collect()
}

fn signed(magnitude: u128, negative: bool) -> Result<Money, MoneyError> {
    let ore = i128::try_from(magnitude).map_err(|_| MoneyError::Overflow)?;
    let ore = if negative {
        ore.checked_neg()
    } else {
        Some(ore)
    };
    ore.and_then(|ore| i64::try_from(ore).ok())
        .map(Money::from_ore)
        .ok_or(MoneyError::Overflow)
}
