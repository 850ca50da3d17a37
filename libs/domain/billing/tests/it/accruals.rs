//! The cases of `accruals.csv`.

use hjm_billing::{LoanDays, Recurrence, accruals, trial_ends_on};
use jiff::civil::Date;
use serde::Deserialize;

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
