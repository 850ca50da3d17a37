use hjm_billing::{BillingError, LineKind, Sale, sale_line};
use hjm_money::{Money, MoneyError};

use crate::support::{customer, date, principal};

fn excess(sek: &str) -> Sale {
    Sale {
        customer_number: customer("2380"),
        principal: principal("2380"),
        delivered_on: date("2025-03-12"),
        amount: sek.parse().unwrap(),
    }
}

#[test]
fn fee_j5_the_excess_over_the_cost_cap_is_one_line_on_the_day_of_delivery() {
    let line = sale_line(&excess("320")).unwrap().unwrap();
    assert_eq!(line.kind, LineKind::Sale);
    assert_eq!(
        (line.from, line.to),
        (date("2025-03-12"), date("2025-03-12"))
    );
    assert_eq!(line.days, 0, "no day of rent");
    assert_eq!(line.amount, Money::from_ore(32_000));
    assert_eq!(line.unit_price.to_string(), "320.00");
}

#[test]
fn fee_j5_a_cost_cap_that_is_not_exceeded_is_no_line() {
    assert_eq!(sale_line(&excess("0")).unwrap(), None);
}

#[test]
fn a_negative_sale_is_refused() {
    let error = sale_line(&excess("-1")).unwrap_err();
    assert_eq!(error, BillingError::Money(MoneyError::NegativePrice));
}
