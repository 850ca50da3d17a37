//! The cases of `accruals/`, one file a region: what its recurring fees come to; and what holds of any
//! periods.

use hjm_billing::{LoanDays, Recurrence, accruals, rented_through_trial, trial_ends_on};
use hjm_money::Money;
use jiff::{ToSpan as _, civil::Date};
use proptest::prelude::*;
use serde::Deserialize;

use crate::regions;
use crate::support::{date, holding};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    what: String,
    recurrence: String,
    loan: String,
    through: Date,
    periods: String,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    amount: Money,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    total: Money,
}

fn recurrence(text: &str) -> Recurrence {
    match text {
        "12 months" => Recurrence::Every12Months,
        "calendar months" => Recurrence::CalendarMonths,
        "started months" => Recurrence::StartedMonths,
        "whole months" => Recurrence::WholeMonths,
        "months with a day" => Recurrence::MonthsWithADay,
        "once after 3" => Recurrence::OnceAfter { months: 3 },
        other => panic!("{other} is no recurrence"),
    }
}

/// `from 2025-03-01; returned 2026-02-28; died DAY`.
fn days(text: &str) -> LoanDays {
    let day = |what: &str| {
        let mut told = text.split("; ");
        told.find_map(|told| told.strip_prefix(what)?.strip_prefix(' ').map(date))
    };
    LoanDays {
        first_on: day("from").unwrap(),
        returned_on: day("returned"),
        died_on: day("died"),
    }
}

/// The periods, and so many times the amount.
fn fault(region: &str, row: &Row) -> Option<String> {
    let (kind, most) = match row.recurrence.split_once(" at most ") {
        Some((kind, most)) => (kind, Some(most.parse().unwrap())),
        None => (row.recurrence.as_str(), None),
    };
    let periods = accruals(recurrence(kind), most, days(&row.loan), row.through);
    let total = Money::sum(periods.iter().map(|_| row.amount)).unwrap();
    let periods: Vec<_> = periods
        .iter()
        .map(|period| format!("{} on {}", period.number, period.on))
        .collect();
    let periods = periods.join("; ");
    ((&periods, total) != (&row.periods, row.total)).then(|| {
        let Row { case, what, .. } = row;
        format!(
            "{region}, {case}, {what}: {periods} = {total} is not {} = {}",
            row.periods, row.total
        )
    })
}

#[test]
fn recurring_fees_of_every_region_accrue_as_its_file_says() {
    let mut faults = Vec::new();
    for (region, text) in regions::files("accruals") {
        let rows: Vec<Row> = regions::rows(&text);
        faults.extend(rows.iter().filter_map(|row| fault(&region, row)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_row_is_caught() {
    let files = regions::files("accruals");
    for (region, from, to) in [
        ("kronoberg", ",400.00\n", ",600.00\n"),
        ("stockholm", "3 on 2025-03-01", "3 on 2025-03-02"),
    ] {
        let broken = files[region].replacen(from, to, 1);
        let rows: Vec<Row> = regions::rows(&broken);
        let caught: Vec<String> = rows.iter().filter_map(|row| fault(region, row)).collect();
        assert_eq!(caught.len(), 1, "{region}: {caught:?}");
    }
}

#[test]
fn fee_j8_trial_ends_the_day_before_the_fee() {
    let ends = |first_on: &str| trial_ends_on(first_on.parse().unwrap(), 3).to_string();
    assert_eq!(ends("2025-01-31"), "2025-04-30");
    assert_eq!(ends("2025-01-10"), "2025-04-09");
    assert_eq!(ends("2024-11-29"), "2025-02-28");
}

#[test]
fn fee_j8_rent_ends_with_the_trial_unless_it_ended_before() {
    let last = |returned_on: Option<&str>, died_on: Option<&str>| {
        let day = |day: Option<&str>| day.map(date);
        let payers = "2380 from 2025-01-31";
        let holding = holding(date("2025-01-31"), day(returned_on), day(died_on), payers);
        rented_through_trial(&holding, 3).returned_on
    };
    let trial = Some(date("2025-04-30"));
    assert_eq!(last(None, None), trial);
    assert_eq!(last(Some("2025-05-01"), None), trial);
    assert_eq!(last(Some("2025-04-29"), None), Some(date("2025-04-29")));
    assert_eq!(last(None, Some("2025-05-01")), trial, "bought that day");
    assert_eq!(last(None, Some("2025-04-30")), None, "nobody bought it");
    let back = Some("2025-06-01");
    assert_eq!(last(back, Some("2025-04-30")), back.map(date));
}

fn any_recurrence() -> impl Strategy<Value = Recurrence> {
    prop::sample::select(vec![
        Recurrence::Every12Months,
        Recurrence::CalendarMonths,
        Recurrence::StartedMonths,
        Recurrence::WholeMonths,
        Recurrence::MonthsWithADay,
        Recurrence::OnceAfter { months: 3 },
    ])
}

fn any_loan() -> impl Strategy<Value = LoanDays> {
    (0_i32..4_000, prop::option::of(0_i32..900)).prop_map(|(from, days)| {
        let first_on = date("2019-01-01").saturating_add(from.days());
        LoanDays {
            first_on,
            returned_on: days.map(|days| first_on.saturating_add(days.days())),
            died_on: None,
        }
    })
}

proptest! {
    #[test]
    fn periods_follow_each_other_and_more_time_only_adds_some(
        loan in any_loan(), every in any_recurrence(), most in prop::option::of(1_u16..9),
        days in 0_i32..3_000,
    ) {
        let through = loan.first_on.saturating_add(days.days());
        let known = accruals(every, most, loan, through);
        let later = accruals(every, most, loan, date("2040-01-01"));
        prop_assert!(known.is_sorted_by(|one, next| one.on < next.on && one.number < next.number));
        prop_assert!(later.starts_with(&known));
        for period in &known {
            prop_assert!(loan.first_on <= period.on && period.on <= through);
            prop_assert!(loan.returned_on.is_none_or(|back| period.on <= back));
        }
        prop_assert!(most.is_none_or(|most| known.len() <= usize::from(most)));
    }

    /// Every day of a loan lies in exactly one period: the last one begun.
    #[test]
    fn periods_partition_the_days_of_a_loan(loan in any_loan(), day in 0_i32..900) {
        let (loan, on) = (LoanDays { returned_on: None, ..loan }, loan.first_on.saturating_add(day.days()));
        let partitions = [
            Recurrence::Every12Months, Recurrence::CalendarMonths, Recurrence::StartedMonths,
        ];
        for every in partitions {
            let begun = accruals(every, None, loan, on);
            let later = accruals(every, None, loan, date("2040-01-01"));
            prop_assert!(begun.last().is_some_and(|last| last.on <= on));
            prop_assert!(later.get(begun.len()).is_some_and(|next| on < next.on));
        }
    }

    /// A month is whole for a loan only where it has some day of it, and under the same number.
    #[test]
    fn whole_months_are_months_with_a_day(loan in any_loan()) {
        let numbers = |every| -> Vec<u16> {
            let periods = accruals(every, None, loan, date("2040-01-01"));
            periods.iter().map(|period| period.number).collect()
        };
        let (whole, any) = (numbers(Recurrence::WholeMonths), numbers(Recurrence::MonthsWithADay));
        prop_assert!(whole.iter().all(|number| any.contains(number)));
        prop_assert!(any.len() - whole.len() <= 2, "at most the first and the last are not whole");
    }
}
