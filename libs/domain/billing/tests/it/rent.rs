//! The cases of `rent.csv`: windows (R1 to R16), splits and the rents of the story.

use hjm_billing::rent_lines;
use hjm_money::Money;
use jiff::civil::Date;
use serde::Deserialize;

use crate::support::{date, holding, policy, prices, shown};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    delivered_on: Date,
    returned_on: Option<Date>,
    died_on: Option<Date>,
    payers: String,
    prices: String,
    month: String,
    lines: String,
    total: String,
    says: String,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../rent.csv");
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn fault(row: &Row) -> Option<String> {
    let holding = holding(row.delivered_on, row.returned_on, row.died_on, &row.payers);
    let month = row.month.parse().unwrap();
    let (lines, total) = match rent_lines(&holding, &prices(&row.prices), &policy(), month) {
        Ok(lines) => {
            let total = Money::sum(lines.iter().map(|line| line.amount)).unwrap();
            (shown(&lines), total.to_string())
        }
        Err(error) => (error.reason().to_owned(), String::new()),
    };
    let right = (&lines, &total) == (&row.lines, &row.total);
    (!right).then(|| {
        format!(
            "RENT-{} ({}):\n{lines} = {total} is not\n{} = {}",
            row.case, row.says, row.lines, row.total
        )
    })
}

#[test]
fn rent_r1_to_r16_and_the_story_every_case_of_the_table_holds() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_row_is_caught() {
    let mut row = rows().remove(0);
    row.lines = row.lines.replace("22 days", "21 days");
    assert!(fault(&row).is_some());
}

#[test]
fn rent_q4_a_day_without_a_price_is_named_with_its_article() {
    let holding = holding(date("2025-03-01"), None, None, "2309 from 2025-03-01");
    let month = "2025-03".parse().unwrap();
    let error = rent_lines(&holding, &prices("9.35 from 2025-03-11"), &policy(), month);
    let told = error.unwrap_err().to_string();
    assert_eq!(told, "the article 10001 has no price on 2025-03-01");
}

#[test]
fn a_line_explains_itself_by_its_policy_and_sources() {
    let holding = holding(date("2025-03-10"), None, None, "2380 from 2025-03-10");
    let (policy, month) = (policy(), "2025-03".parse().unwrap());
    let lines = rent_lines(&holding, &prices("1.80 from 2025-01-01"), &policy, month).unwrap();
    let told = policy.explain(&lines[0]);
    assert_eq!(told.policy_id, "test-rent");
    assert_eq!(told.policy_hash, policy.policy().hash);
    assert_eq!(told.source, "Decision of the tests Q1; Handbook §7.2");
    assert_eq!(
        told.text,
        "22 days from 2025-03-10 through 2025-03-31, both counted, at 1.80 a day: 39.60"
    );
    assert!(told.facts.contains(&("days".to_owned(), "22".to_owned())));
}
