//! Laws of splitting one amount.

use hjm_money::{Money, MoneyError, allocate};
use proptest::prelude::*;

fn ore(parts: &[Money]) -> Vec<i64> {
    parts.iter().map(|part| part.ore()).collect()
}

#[test]
fn left_over_ore_goes_to_the_largest_remainder_then_the_lowest_index() {
    assert_eq!(
        ore(&allocate(Money::from_ore(100), &[1, 1, 1]).unwrap()),
        [34, 33, 33]
    );
    assert_eq!(
        ore(&allocate(Money::from_ore(101), &[1, 1, 1]).unwrap()),
        [34, 34, 33]
    );
    assert_eq!(
        ore(&allocate(Money::from_ore(100), &[1, 2]).unwrap()),
        [33, 67]
    );
    assert_eq!(
        ore(&allocate(Money::from_ore(-100), &[1, 1, 1]).unwrap()),
        [-34, -33, -33]
    );
    assert_eq!(
        ore(&allocate(Money::from_ore(5), &[0, 1, 0]).unwrap()),
        [0, 5, 0]
    );
}

#[test]
fn amount_without_any_weight_cannot_be_split() {
    assert_eq!(
        allocate(Money::from_ore(5), &[]),
        Err(MoneyError::NoWeights)
    );
    assert_eq!(
        allocate(Money::from_ore(5), &[0, 0]),
        Err(MoneyError::NoWeights)
    );
}

#[test]
fn extreme_amount_is_split_without_overflow() {
    let parts = allocate(Money::from_ore(i64::MIN), &[u64::MAX, u64::MAX, 1]).unwrap();
    assert_eq!(Money::sum(parts), Ok(Money::from_ore(i64::MIN)));
}

proptest! {
    #[test]
    fn parts_sum_to_the_whole_and_stay_within_one_ore_of_their_share(
        total in -1_000_000_000_i64..1_000_000_000,
        weights in prop::collection::vec(0_u64..1_000, 1..8),
    ) {
        let sum: u64 = weights.iter().sum();
        prop_assume!(sum > 0);
        let parts = allocate(Money::from_ore(total), &weights).unwrap();
        prop_assert_eq!(Money::sum(parts.iter().copied()), Ok(Money::from_ore(total)));
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(total) * i128::from(*weight);
            let off = (i128::from(part.ore()) * i128::from(sum) - exact).abs();
            prop_assert!(off < i128::from(sum), "a part is a whole öre off its share");
        }
    }
}
