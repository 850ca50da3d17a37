//! Units and windows that are no region's, whatever a document may say: the cases of
//! `rent/units-of-any-region.csv` and `rent/windows-of-any-region.csv`; and the formula (R3, R4).

use hjm_billing::{Acquisition, Handout, RentPolicy, rent_lines, rent_window};
use hjm_money::Money;
use hjm_policy::PolicyDocument;
use jiff::civil::Date;
use serde::Deserialize;

use crate::support::{POLICY, date, holding, policy_of, prices, shown, shown_window};

#[derive(Clone, Debug, Deserialize)]
struct WindowRow {
    case: String,
    start: String,
    end: String,
    delivered_on: Date,
    registered_on: String,
    minutes: Option<u32>,
    pickup_ordered_on: Option<Date>,
    arrived_on: Option<Date>,
    returned_on: Option<Date>,
    window: String,
    says: String,
}

#[derive(Clone, Debug, Deserialize)]
struct UnitRow {
    case: String,
    units: String,
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

fn windows() -> Vec<WindowRow> {
    let text = include_str!("../rent/windows-of-any-region.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn units() -> Vec<UnitRow> {
    let text = include_str!("../rent/units-of-any-region.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn window_fault(row: &WindowRow) -> Option<String> {
    let payer = format!("2380 from {}", row.delivered_on);
    let mut loan = holding(row.delivered_on, row.returned_on, None, &payer);
    loan.pickup_ordered_on = row.pickup_ordered_on;
    loan.arrived_on = row.arrived_on;
    loan.handout = match (row.registered_on.as_str(), row.minutes) {
        ("", _) => None,
        ("delivered", _) => Some(Handout::Delivered),
        (registered_on, minutes) => Some(Handout::FromStore {
            registered_on: date(registered_on),
            minutes: minutes.unwrap(),
        }),
    };
    let policy = policy_of("DAY", &row.start, &row.end);
    let told = match rent_window(&loan, &policy) {
        Ok(window) => shown_window(window),
        Err(error) => error.reason().to_owned(),
    };
    (told != row.window).then(|| {
        let WindowRow {
            case, window, says, ..
        } = row;
        format!("RENT-{case} ({says}): {told} is not {window}")
    })
}

fn unit_fault(row: &UnitRow) -> Option<String> {
    let loan = holding(row.delivered_on, row.returned_on, row.died_on, &row.payers);
    let policy = policy_of(&row.units, "DELIVERY", "RETURN_REGISTERED");
    let month = row.month.parse().unwrap();
    let (lines, total) = match rent_lines(&loan, &prices(&row.prices), &policy, month) {
        Ok(lines) => {
            let total = Money::sum(lines.iter().map(|line| line.amount)).unwrap();
            (shown(&lines), total.to_string())
        }
        Err(error) => (error.reason().to_owned(), String::new()),
    };
    let right = (&lines, &total) == (&row.lines, &row.total);
    (!right).then(|| {
        let UnitRow { case, says, .. } = row;
        format!(
            "RENT-{case} ({says}):\n{lines} = {total} is not\n{} = {}",
            row.lines, row.total
        )
    })
}

#[test]
fn rent_starts_and_ends_on_the_days_of_the_table() {
    let faults: Vec<_> = windows().iter().filter_map(window_fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn months_and_begun_periods_are_billed_as_the_table_says() {
    let faults: Vec<_> = units().iter().filter_map(unit_fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn wrong_rows_are_caught() {
    let mut row = windows().remove(2);
    row.window = row.window.replace("04-15", "04-13");
    assert!(window_fault(&row).is_some());
    let mut row = units().remove(1);
    row.total = "90.00".to_owned();
    assert!(unit_fault(&row).is_some());
}

#[test]
fn rent_fact_that_is_not_told_is_named_with_its_loan() {
    let returned_on = Some(date("2025-04-08"));
    let loan = holding(
        date("2025-03-01"),
        returned_on,
        None,
        "2380 from 2025-03-01",
    );
    let policy = policy_of("DAY", "DELIVERY", "ARRIVAL_MINUS_DAYS 5");
    let told = rent_window(&loan, &policy).unwrap_err().to_string();
    assert!(
        told.ends_with("cannot be counted without arrived_on"),
        "{told}"
    );
    assert!(told.contains(&loan.loan.to_string()), "{told}");
}

#[test]
fn a_line_of_a_period_explains_itself_as_one() {
    let loan = holding(date("2025-01-10"), None, None, "2380 from 2025-01-10");
    let policy = policy_of("STARTED_30_DAYS", "DELIVERY", "RETURN_REGISTERED");
    let month = "2025-01".parse().unwrap();
    let lines = rent_lines(&loan, &prices("90 from 2025-01-01"), &policy, month).unwrap();
    let told = policy.explain(&loan, &lines[0]);
    assert_eq!(told.rule, "rent.STARTED_30_DAYS");
    assert_eq!(
        told.text,
        "One begun period of 30 days, 22 days from 2025-01-10 through 2025-01-31, at 90.00: 90.00"
    );
}

#[test]
fn rent_r3_and_r4_the_formula_gives_the_price_a_day_and_the_months_sum_up() {
    let row = "[[rent.formula]]\noverhead_percent = 55\ndecimals = 5\nvalid_from = 2017-01-01\n\
               source = \"decision\"\n";
    let document = PolicyDocument::parse(&format!("{POLICY}\n{row}")).unwrap();
    let policy = RentPolicy::parse(&document).unwrap().unwrap();
    let device = Acquisition {
        price: "5000".parse().unwrap(),
        acquired_on: date("2024-06-01"),
        years: 5,
    };
    let price = |on| {
        policy
            .formula_price(&device, date(on))
            .map(|price| price.to_string())
    };
    assert_eq!(price("2024-06-01").unwrap(), "4.24658");
    assert_eq!(
        price("2029-05-30").unwrap(),
        "4.24658",
        "the last of 5 times 365 days"
    );
    assert_eq!(price("2029-05-31").unwrap(), "0.00", "written off");
    let loan = holding(
        date("2025-03-10"),
        Some(date("2025-05-06")),
        None,
        "2380 from 2025-03-10",
    );
    let steps = prices(&format!("{} from 2024-06-01", price("2025-03-10").unwrap()));
    let months = ["2025-03", "2025-04", "2025-05"].map(|month| month.parse().unwrap());
    let lines = months.map(|month| rent_lines(&loan, &steps, &policy, month).unwrap());
    let amounts = lines.concat().into_iter().map(|line| line.amount);
    assert_eq!(Money::sum(amounts).unwrap().to_string(), "246.30");
    let without = policy_of("DAY", "DELIVERY", "RETURN_REGISTERED");
    let refused = without
        .formula_price(&device, date("2025-03-10"))
        .unwrap_err();
    assert_eq!(refused.reason(), "RENT_RULE_MISSING");
}

#[test]
fn a_line_cites_the_rules_its_loan_starts_and_ends_by_and_not_those_of_its_day() {
    let (head, _) = POLICY.split_once("[[rent.start]]").unwrap();
    let row = |table: &str, value: &str, dates: &str, source: &str| {
        format!("[[rent.{table}]]\nvalue = \"{value}\"\n{dates}\nsource = \"decision {source}\"\n")
    };
    let (old, new) = (
        "valid_from = 2017-01-01\nvalid_to = 2025-03-01",
        "valid_from = 2025-03-01",
    );
    let text = [
        head,
        &row("start", "DELIVERY", old, "old start"),
        &row("start", "DELIVERY", new, "new start"),
        &row("end", "RETURN_REGISTERED", old, "old end"),
        &row("end", "RETURN_REGISTERED", new, "new end"),
    ];
    let document = PolicyDocument::parse(&text.concat()).unwrap();
    let policy = RentPolicy::parse(&document).unwrap().unwrap();
    let payers = "2380 from 2025-02-10";
    for (returned_on, month, cited) in [
        (
            "2025-03-20",
            "2025-02",
            "old start; Decision of the tests new end",
        ),
        (
            "2025-02-20",
            "2025-02",
            "old start; Decision of the tests old end",
        ),
        (
            "2025-03-20",
            "2025-03",
            "old start; Decision of the tests new end",
        ),
    ] {
        let loan = holding(date("2025-02-10"), Some(date(returned_on)), None, payers);
        let prices = prices("1.80 from 2025-01-01");
        let lines = rent_lines(&loan, &prices, &policy, month.parse().unwrap()).unwrap();
        let told = policy.explain(&loan, &lines[0]).source;
        assert!(told.ends_with(cited), "{told}");
    }
}
