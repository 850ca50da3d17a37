//! The cases of `accruals.csv`, and what holds of any periods.

use hjm_billing::{LoanDays, Recurrence, accruals, rented_through_trial, trial_ends_on};
use jiff::{ToSpan as _, civil::Date};
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::{date, holding};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    recurrence: String,
    #[serde(rename = "months max")]
    months_max: Option<u16>,
    first_on: Date,
    returned_on: Option<Date>,
    died_on: Option<Date>,
    through: Date,
    periods: String,
    says: String,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../accruals.csv");
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
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

fn fault(row: &Row) -> Option<String> {
    let days = LoanDays {
        first_on: row.first_on,
        returned_on: row.returned_on,
        died_on: row.died_on,
    };
    let periods = accruals(
        recurrence(&row.recurrence),
        row.months_max,
        days,
        row.through,
    );
    let periods: Vec<_> = periods
        .iter()
        .map(|period| format!("{} on {}", period.number, period.on))
        .collect();
    let periods = periods.join("; ");
    (periods != row.periods).then(|| {
        format!(
            "{} ({}): {periods} is not {}",
            row.case, row.says, row.periods
        )
    })
}

#[test]
fn fee_q11_every_case_of_the_table_holds() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn fee_j8_trial_ends_the_day_before_the_fee() {
    let ends = |first_on: &str| trial_ends_on(first_on.parse().unwrap(), 3).to_string();
    assert_eq!(ends("2025-01-31"), "2025-04-30");
    assert_eq!(ends("2025-01-10"), "2025-04-09");
    assert_eq!(ends("2024-11-29"), "2025-02-28");
}

#[test]
fn a_wrong_row_is_caught() {
    let mut row = rows().remove(0);
    row.periods = "1 on 2025-03-02".to_owned();
    assert!(fault(&row).is_some());
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
