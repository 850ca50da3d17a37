//! Unit prices and days of rent.

use hjm_money::{Money, MoneyError, UnitPrice};

fn price(text: &str) -> UnitPrice {
    text.parse().expect("the test writes a number")
}

/// Rows: price a day, days, amount (or the error's name).
const LINES: &str = include_str!("../lines.csv");

#[test]
fn line_of_days_is_rounded_once() {
    let mut rows = csv::Reader::from_reader(LINES.as_bytes());
    let mut seen = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let days = row[1].parse().unwrap();
        assert_eq!(
            price(&row[0]).times_days(days).unwrap().to_string(),
            row[2],
            "{row:?}"
        );
        seen += 1;
    }
    assert!(seen >= 9, "the table was cut short");
}

/// The harness itself must notice a wrong figure.
#[test]
fn wrong_figure_in_the_table_would_be_caught() {
    assert_ne!(
        price("1.80").times_days(22).unwrap(),
        Money::from_ore(3_959)
    );
}

#[test]
fn price_is_never_negative_nor_finer_than_six_decimals() {
    assert_eq!("-0.01".parse::<UnitPrice>(), Err(MoneyError::NegativePrice));
    assert_eq!(
        "0.0000001".parse::<UnitPrice>(),
        Err(MoneyError::PriceTooFine)
    );
    assert_eq!("0.1000000".parse::<UnitPrice>(), Ok(price("0.1")));
    let fine = format!("0.{}1", "0".repeat(30));
    assert_eq!(fine.parse::<UnitPrice>(), Err(MoneyError::PriceTooFine));
    for text in ["", "-", ".5", "5.", "1_000", "1e2", "1.2.3", " 1", "+1"] {
        assert_eq!(
            text.parse::<UnitPrice>(),
            Err(MoneyError::Malformed),
            "{text:?}"
        );
    }
    assert_eq!(
        "9".repeat(40).parse::<UnitPrice>(),
        Err(MoneyError::Overflow)
    );
}

#[test]
fn price_is_shown_with_two_decimals_or_as_many_as_it_has() {
    for (text, shown) in [
        ("1.8", "1.80"),
        ("24", "24.00"),
        ("4.24658", "4.24658"),
        ("0", "0.00"),
    ] {
        assert_eq!(price(text).to_string(), shown);
    }
}

#[test]
fn line_that_does_not_fit_is_an_error() {
    let dear = price("99999999999999999999");
    assert_eq!(dear.times_days(u32::MAX), Err(MoneyError::Overflow));
}
