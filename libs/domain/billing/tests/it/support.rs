//! The policy of the tests and short ways to write loans and lines.

use hjm_billing::{Holding, Line, PriceStep, RentPolicy, RentWindow, Segment};
use hjm_ids::{CustomerNumber, LoanId, PrincipalId, days_inclusive};
use hjm_policy::PolicyDocument;
use jiff::civil::Date;

/// Rent by the day, from delivery to the registered return, since 2017.
pub(crate) const POLICY: &str = r#"
id = "test-rent"
version = 1
tenant = "test-county"
title = "Rent of the tests"
valid_from = 2017-01-01

[sources]
handbook = "Handbook"
decision = "Decision of the tests"

[[rent.unit]]
value = "DAY"
valid_from = 2017-01-01
source = "decision Q1"

[[rent.start]]
value = "DELIVERY"
valid_from = 2017-01-01
source = "decision Q1"

[[rent.end]]
value = "RETURN_REGISTERED"
valid_from = 2017-01-01
source = "handbook §7.2"
"#;

pub(crate) fn policy() -> RentPolicy {
    let document = PolicyDocument::parse(POLICY).unwrap();
    RentPolicy::parse(&document).unwrap().unwrap()
}

/// The tests' policy with other rows: a table's values as `DAY; CALENDAR_MONTH from 2025-03-01`,
/// each `NAME` or `NAME NUMBER`, from 2017 unless told; a row ends where the next begins.
pub(crate) fn policy_of(units: &str, start: &str, end: &str) -> RentPolicy {
    let (head, _) = POLICY.split_once("[[").unwrap();
    let tables = [
        rows_of("unit", units, ""),
        rows_of("start", start, "late_after_hours"),
        rows_of("end", end, "days"),
    ];
    let document = PolicyDocument::parse(&format!("{head}{}", tables.concat())).unwrap();
    RentPolicy::parse(&document).unwrap().unwrap()
}

fn rows_of(key: &str, values: &str, number: &str) -> String {
    let rows: Vec<(&str, &str)> = values
        .split("; ")
        .map(|row| row.split_once(" from ").unwrap_or((row, "2017-01-01")))
        .collect();
    let ends = rows
        .iter()
        .skip(1)
        .map(|(_, from)| format!("valid_to = {from}\n"));
    let ends = ends.chain([String::new()]);
    let row = |((value, from), end): (&(&str, &str), String)| {
        let (name, number) = match value.split_once(' ') {
            Some((name, count)) => (name, format!("{number} = {count}\n")),
            None => (*value, String::new()),
        };
        format!(
            "[[rent.{key}]]\nvalue = \"{name}\"\n{number}valid_from = {from}\n{end}\
             source = \"decision\"\n"
        )
    };
    rows.iter().zip(ends).map(row).collect()
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn customer(text: &str) -> CustomerNumber {
    text.parse().unwrap()
}

pub(crate) fn principal(text: &str) -> PrincipalId {
    text.parse().unwrap()
}

pub(crate) fn loan() -> LoanId {
    LoanId::new(uuid::Uuid::from_u64_pair(2, 1))
}

/// `X from DATE; Y from DATE`.
fn dated(text: &str) -> impl Iterator<Item = (&str, Date)> {
    text.split("; ").map(|part| {
        let (value, from) = part.split_once(" from ").unwrap();
        (value, date(from))
    })
}

pub(crate) fn segments(text: &str) -> Vec<Segment> {
    dated(text)
        .map(|(number, from)| Segment {
            customer_number: customer(number),
            principal: principal(number),
            from,
        })
        .collect()
}

pub(crate) fn prices(text: &str) -> Vec<PriceStep> {
    dated(text)
        .map(|(price, from)| PriceStep {
            from,
            price: price.parse().unwrap(),
        })
        .collect()
}

pub(crate) fn holding(
    delivered_on: Date,
    returned_on: Option<Date>,
    died_on: Option<Date>,
    payers: &str,
) -> Holding {
    Holding {
        loan: loan(),
        article: "10001".parse().unwrap(),
        delivered_on,
        handout: None,
        pickup_ordered_on: None,
        arrived_on: None,
        returned_on,
        segments: segments(payers),
        died_on,
    }
}

/// Lines as the tables write them.
pub(crate) fn shown(lines: &[Line]) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            let deceased = if line.deceased { " deceased" } else { "" };
            format!(
                "{} to {}: {} days {} on {}{deceased}",
                line.from, line.to, line.days, line.amount, line.customer_number
            )
        })
        .collect();
    lines.join("; ")
}

/// A window as the tables write it.
pub(crate) fn shown_window(window: RentWindow) -> String {
    let late = if window.late { " late" } else { "" };
    match window.last {
        Some(last) => {
            let days = days_inclusive(window.first, last);
            format!("{} to {last}: {days} days{late}", window.first)
        }
        None => format!("{} on{late}", window.first),
    }
}
