//! The cases of `accruals.csv`.

use hjm_billing::accruals;
use jiff::civil::Date;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
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

fn fault(row: &Row) -> Option<String> {
    let periods = accruals(row.first_on, row.returned_on, row.died_on, row.through);
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
fn a_wrong_row_is_caught() {
    let mut row = rows().remove(0);
    row.periods = "1 on 2025-03-02".to_owned();
    assert!(fault(&row).is_some());
}
