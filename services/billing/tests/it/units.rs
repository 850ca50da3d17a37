//! Rent that is not counted in days, and rules that count from what the timeline does not tell.

use hjm_proto::billing::v1::Charge;
use hjm_testkit::kronor;

use crate::support::{Bench, Draft};

/// The county's policy from its first day on, with other values.
fn rent_policy(unit: &str, end: &str) -> String {
    let row = |table: &str, value: &str| {
        format!("[[rent.{table}]]\nvalue = {value}\nvalid_from = 2015-01-01\nsource = \"book\"\n")
    };
    let head = "id = \"jamtland-harjedalen-rent\"\nversion = 2\ntenant = \"jamtland-harjedalen\"\n\
                title = \"Rent\"\nvalid_from = 2015-01-01\n[sources]\nbook = \"A test\"\n";
    let rows = [("unit", unit), ("start", "\"DELIVERY\""), ("end", end)];
    let rows: String = rows
        .iter()
        .map(|(table, value)| row(table, value))
        .collect();
    head.to_owned() + &rows
}

/// First and last day of the month's days, days, times the price, amount.
fn told(line: &Charge) -> String {
    let day = |date: Option<hjm_proto::common::v1::Date>| {
        date.map_or(String::new(), |date| format!("{}/{}", date.day, date.month))
    };
    let price = line.unit_price.as_ref().map_or("", |price| &*price.value);
    let (from, to) = (day(line.from), day(line.to));
    let amount = kronor(line.amount.as_ref());
    format!(
        "{from}-{to} {} days, {} × {price} = {amount}",
        line.days, line.quantity
    )
}

async fn lines(bench: &Bench, number: &str, month: &str) -> Vec<String> {
    bench.lines(number, month).await.iter().map(told).collect()
}

#[tokio::test]
async fn rent_r12_a_begun_period_is_billed_once_to_who_had_it_when_it_began() {
    let bench = Bench::new("2025-05-15").await;
    let policy = rent_policy("\"STARTED_30_DAYS\"", "\"RETURN_REGISTERED\"");
    bench.policy_text(&policy, "2015-01-01");
    bench.price("bed", "280.50", "2025-01-01");
    let bed = Draft::rental("bed", "2309", "2309", "2025-01-10");
    let moved = bed.moved("2380", "2380", "2025-01-20");
    bench.loan(&bed.0);
    bench.loan(&moved.0);
    bench.close("2025-01").await;
    bench.close("2025-02").await;
    assert_eq!(
        lines(&bench, "2309", "2025-01").await,
        ["10/1-31/1 22 days, 1 × 280.50 = 280.50"]
    );
    assert_eq!(
        lines(&bench, "2380", "2025-02").await,
        ["9/2-28/2 20 days, 1 × 280.50 = 280.50"]
    );
    // Told after February was closed: the second period never began.
    bench.loan(&moved.returned("2025-02-08").0);
    bench.close("2025-03").await;
    let credited = lines(&bench, "2380", "2025-03").await;
    assert_eq!(credited, ["9/2-28/2 20 days, 1 × 280.50 = -280.50"]);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
    let line = bench.lines("2309", "2025-01").await.remove(0);
    let decision = bench.explained(&line.charge_id).await.decision.unwrap();
    assert!(
        decision.text.starts_with("One begun period of 30 days"),
        "{}",
        decision.text
    );
}

#[tokio::test]
async fn a_calendar_month_is_billed_whole_and_once() {
    let bench = Bench::new("2025-05-15").await;
    let policy = rent_policy("\"CALENDAR_MONTH\"", "\"RETURN_REGISTERED\"");
    bench.policy_text(&policy, "2015-01-01");
    bench.price("bed", "280.50", "2025-01-01");
    let bed = Draft::rental("bed", "2309", "2309", "2025-02-10");
    let moved = bed.moved("2380", "2380", "2025-03-16");
    for version in [&bed, &moved, &moved.returned("2025-04-01")] {
        bench.loan(&version.0);
    }
    for month in ["2025-02", "2025-03", "2025-04"] {
        bench.close(month).await;
    }
    assert_eq!(
        lines(&bench, "2309", "2025-02").await,
        ["10/2-28/2 19 days, 1 × 280.50 = 280.50"]
    );
    assert_eq!(
        lines(&bench, "2309", "2025-03").await,
        ["1/3-31/3 31 days, 1 × 280.50 = 280.50"]
    );
    assert_eq!(
        lines(&bench, "2380", "2025-04").await,
        ["1/4-1/4 1 days, 1 × 280.50 = 280.50"]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_end_that_the_timeline_does_not_tell_is_named_and_not_guessed() {
    let bench = Bench::new("2025-05-15").await;
    let policy = rent_policy("\"DAY\"", "\"ARRIVAL_MINUS_DAYS\"\ndays = 5");
    bench.policy_text(&policy, "2015-01-01");
    let bed = Draft::rental("bed", "2309", "2309", "2025-03-01");
    bench.loan(&bed.0);
    bench.close("2025-03").await;
    assert_eq!(
        lines(&bench, "2309", "2025-03").await,
        ["1/3-31/3 31 days, 31 × 9.35 = 289.85"]
    );
    bench.loan(&bed.returned("2025-04-10").0);
    bench.start_run("2025-04").await.expect("a claim");
    let mut run = bench.run("2025-04").await;
    while !run.waits_for.starts_with("owner") {
        run = bench.run("2025-04").await;
    }
    let expected = format!(
        "owner 2309: the rent of the loan {} cannot be counted without arrived_on",
        bed.id()
    );
    assert_eq!(run.waits_for, expected);
}
