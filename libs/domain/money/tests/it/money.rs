//! Amounts: text, wire pair, sums, the rounding door.

use hjm_money::{Money, MoneyError, Rounding};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn decimal(text: &str) -> Decimal {
    text.parse().expect("the test writes a number")
}

#[test]
fn amount_is_shown_with_two_decimals_and_its_sign() {
    for (ore, text) in [
        (60_000, "600.00"),
        (-10_285, "-102.85"),
        (0, "0.00"),
        (-5, "-0.05"),
        (7_920, "79.20"),
    ] {
        assert_eq!(Money::from_ore(ore).to_string(), text);
    }
    assert_eq!(
        Money::from_ore(i64::MIN).to_string(),
        "-92233720368547758.08"
    );
    assert_eq!(format!("{:>8}", Money::from_ore(500)), "    5.00");
}

#[test]
fn text_that_is_no_plain_amount_is_refused() {
    for text in [
        "", "-", "+5", "5.", ".5", "5,00", " 5", "5 ", "1 000", "1e3", "--5", "5.-1", "٣",
    ] {
        assert_eq!(
            text.parse::<Money>(),
            Err(MoneyError::Malformed),
            "{text:?}"
        );
    }
    assert_eq!("0.001".parse::<Money>(), Err(MoneyError::FinerThanOre));
    assert_eq!(
        "92233720368547758.08".parse::<Money>(),
        Err(MoneyError::Overflow)
    );
    assert_eq!(
        "99999999999999999999".parse::<Money>(),
        Err(MoneyError::Overflow)
    );
    assert_eq!("600".parse(), Ok(Money::from_ore(60_000)));
    assert_eq!("600.5".parse(), Ok(Money::from_ore(60_050)));
}

#[test]
fn wire_pair_finer_than_ore_or_of_mixed_sign_is_refused() {
    let read = Money::from_units_nanos;
    assert_eq!(read(0, 1_000_000), Err(MoneyError::FinerThanOre));
    assert_eq!(read(5, -10_000_000), Err(MoneyError::SignMismatch));
    assert_eq!(read(-5, 10_000_000), Err(MoneyError::SignMismatch));
    assert_eq!(read(0, 1_000_000_000), Err(MoneyError::NanosOutOfRange));
    assert_eq!(read(0, i32::MIN), Err(MoneyError::NanosOutOfRange));
    assert_eq!(read(i64::MAX, 0), Err(MoneyError::Overflow));
    assert_eq!(read(-102, -850_000_000), Ok(Money::from_ore(-10_285)));
    assert_eq!(read(0, -50_000_000), Ok(Money::from_ore(-5)));
}

#[test]
fn half_an_ore_rounds_away_from_zero() {
    for (kronor, ore) in [
        ("0.005", 1),
        ("-0.005", -1),
        ("0.004999999999999999999999999", 0),
        ("7.1249999999999999999999999999", 712),
        ("246.3016", 24_630),
        ("79.2", 7_920),
    ] {
        let rounded = Money::round(decimal(kronor), Rounding::HalfUp);
        assert_eq!(rounded, Ok(Money::from_ore(ore)), "{kronor}");
    }
    assert_eq!(
        Money::round(Decimal::MAX, Rounding::HalfUp),
        Err(MoneyError::Overflow)
    );
}

#[test]
fn sums_that_do_not_fit_are_errors() {
    let (most, least, one) = (
        Money::from_ore(i64::MAX),
        Money::from_ore(i64::MIN),
        Money::from_ore(1),
    );
    assert_eq!(most.checked_add(one), Err(MoneyError::Overflow));
    assert_eq!(least.checked_sub(one), Err(MoneyError::Overflow));
    assert_eq!(least.checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(Money::sum([most, one]), Err(MoneyError::Overflow));
    assert_eq!(Money::sum([most, one, Money::from_ore(-1)]), Ok(most));
    assert_eq!(Money::sum([]), Ok(Money::ZERO));
}

proptest! {
    #[test]
    fn text_and_wire_pair_give_the_same_amount_back(ore: i64) {
        let amount = Money::from_ore(ore);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        let (units, nanos) = amount.to_units_nanos();
        prop_assert_eq!(Money::from_units_nanos(units, nanos), Ok(amount));
        prop_assert_eq!(Money::round(Decimal::new(ore, 2), Rounding::HalfUp), Ok(amount));
    }

    #[test]
    fn rounding_moves_an_amount_by_at_most_half_an_ore(
        mantissa in -1_000_000_000_000_i64..1_000_000_000_000,
        scale in 0_u32..9,
    ) {
        let exact = Decimal::new(mantissa, scale);
        let rounded = Money::round(exact, Rounding::HalfUp).unwrap();
        let error = (Decimal::new(rounded.ore(), 2) - exact).abs();
        prop_assert!(error <= Decimal::new(5, 3));
    }
}
