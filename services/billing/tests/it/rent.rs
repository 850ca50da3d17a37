//! Rent and sales of the stories, month by month.

use hjm_proto::{
    billing::v1::{Charge, ChargeState},
    catalogue::v1::CustomerClass,
};
use hjm_testkit::{date, kronor};

use crate::support::{Bench, Draft};

/// A line as a test reads it: kind, first and last day, days, amount, after death.
fn told(line: &Charge) -> String {
    let day = |date: &Option<hjm_proto::common::v1::Date>| {
        date.as_ref().map_or(String::new(), |date| {
            format!("{:02}-{:02}", date.month, date.day)
        })
    };
    let deceased = if line.deceased { " deceased" } else { "" };
    format!(
        "{} {}..{} {}d {}{deceased}",
        line.reason,
        day(&line.from),
        day(&line.to),
        line.days,
        kronor(line.amount.as_ref())
    )
}

async fn lines(bench: &Bench, number: &str, month: &str) -> Vec<String> {
    bench.lines(number, month).await.iter().map(told).collect()
}

async fn rent(bench: &Bench, number: &str, month: &str) -> String {
    let statement = bench.statement(number, month).await.expect("a statement");
    kronor(statement.rent.as_ref())
}

#[tokio::test]
async fn rent_of_two_rollators_and_a_wheelchair_in_march() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("rollator", "2380", "2380", "2025-03-10").0);
    bench.loan(&Draft::rental("rollator", "2380", "2380", "2025-03-10").0);
    bench.loan(&Draft::rental("wheelchair", "1201", "23", "2025-03-01").0);
    let run = bench.close("2025-03").await;
    assert_eq!((run.owners, run.owners_done, run.lines), (3, 3, 3));
    assert_eq!(rent(&bench, "2380", "2025-03").await, "79.20");
    assert_eq!(rent(&bench, "1201", "2025-03").await, "771.90");
    assert_eq!(
        lines(&bench, "1201", "2025-03").await,
        ["RENT 03-01..03-31 31d 771.90"]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn rent_e_bed_transferred_on_16_march_costs_the_same_as_31_days() {
    let bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "2309", "2309", "2025-02-01");
    bench.loan(&bed.0);
    bench.loan(&bed.moved("2380", "2380", "2025-03-16").0);
    bench.close("2025-02").await;
    bench.close("2025-03").await;
    assert_eq!(
        lines(&bench, "2309", "2025-03").await,
        ["RENT 03-01..03-15 15d 140.25"]
    );
    assert_eq!(
        lines(&bench, "2380", "2025-03").await,
        ["RENT 03-16..03-31 16d 149.60"]
    );
    assert_eq!(rent(&bench, "2309", "2025-02").await, "261.80");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn rent_r16_f_bed_after_death_is_paid_until_returned_and_marked() {
    let bench = Bench::new("2025-05-15").await;
    let bed = Draft::rental("bed", "1201", "23", "2025-02-03");
    bench.loan(&bed.0);
    let dead = bed.died("2025-03-10");
    bench.loan(&dead.0);
    bench.loan(&dead.returned("2025-04-02").0);
    for month in ["2025-02", "2025-03", "2025-04"] {
        bench.close(month).await;
    }
    assert_eq!(
        lines(&bench, "1201", "2025-03").await,
        [
            "RENT 03-01..03-10 10d 93.50",
            "RENT 03-11..03-31 21d 196.35 deceased"
        ]
    );
    assert_eq!(rent(&bench, "1201", "2025-03").await, "289.85");
    assert_eq!(
        lines(&bench, "1201", "2025-04").await,
        ["RENT 04-01..04-02 2d 18.70 deceased"]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn rent_f_return_corrected_after_the_close_is_credited_by_the_next_run() {
    let bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "1201", "23", "2025-02-03");
    bench.loan(&bed.0);
    let dead = bed.died("2025-03-10");
    bench.loan(&dead.0);
    let returned = dead.returned("2025-04-02");
    bench.loan(&returned.0);
    bench.close("2025-02").await;
    bench.close("2025-03").await;
    let before = bench.lines("1201", "2025-03").await;
    let corrected = returned.returned("2025-03-20");
    bench.loan(&corrected.0);
    bench.clock.set("2025-05-02".parse().unwrap());
    let run = bench.close("2025-04").await;
    assert_eq!(run.lines, 2);
    // Whole lines only: the line after death is credited and a shorter one takes its place.
    assert_eq!(
        sorted(lines(&bench, "1201", "2025-04").await),
        [
            "CREDIT 03-11..03-31 21d -196.35 deceased",
            "RENT 03-11..03-20 10d 93.50 deceased"
        ]
    );
    assert_eq!(rent(&bench, "1201", "2025-04").await, "-102.85");
    let march = bench.lines("1201", "2025-03").await;
    let ids = |lines: &[Charge]| -> Vec<String> {
        lines.iter().map(|line| line.charge_id.clone()).collect()
    };
    assert_eq!(ids(&march), ids(&before));
    assert_eq!(rent(&bench, "1201", "2025-03").await, "289.85");
    let credit = bench.lines("1201", "2025-04").await;
    let credit = credit
        .iter()
        .find(|line| !line.credits_charge_id.is_empty())
        .unwrap();
    let credited = march
        .iter()
        .find(|line| line.charge_id == credit.credits_charge_id)
        .unwrap();
    assert_eq!(credited.state(), ChargeState::Credited);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test]
async fn rent_of_months_before_the_first_run_is_posted_by_it() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-01-30").0);
    bench.close("2025-03").await;
    assert_eq!(
        lines(&bench, "2309", "2025-03").await,
        [
            "RENT 01-30..01-31 2d 18.70",
            "RENT 02-01..02-28 28d 261.80",
            "RENT 03-01..03-31 31d 289.85",
        ]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_delivery_told_late_and_a_payer_replaced_move_whole_lines() {
    let bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "2309", "2309", "2025-03-01");
    bench.loan(&bed.0);
    bench.close("2025-03").await;
    bench.loan(&bed.held_by("2380", "2380").0);
    bench.loan(&Draft::rental("rollator", "1201", "23", "2025-03-30").0);
    bench.clock.set("2025-05-02".parse().unwrap());
    bench.close("2025-04").await;
    assert_eq!(
        lines(&bench, "2309", "2025-04").await,
        ["CREDIT 03-01..03-31 31d -289.85"]
    );
    assert_eq!(
        lines(&bench, "2380", "2025-04").await,
        [
            "RENT 03-01..03-31 31d 289.85",
            "RENT 04-01..04-30 30d 280.50"
        ]
    );
    assert_eq!(
        lines(&bench, "1201", "2025-04").await,
        ["RENT 03-30..03-31 2d 3.60", "RENT 04-01..04-30 30d 54.00"]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_later_price_changes_no_day_that_was_decided() {
    let bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "2309", "2309", "2025-03-01");
    bench.loan(&bed.0);
    bench.close("2025-03").await;
    bench.price("bed", "10.00", "2025-03-16");
    // The loan is told anew, so March is looked at again; the new price is for April.
    let moved = bed.moved("2380", "2380", "2025-04-11");
    bench.loan(&moved.0);
    bench.clock.set("2025-05-02".parse().unwrap());
    bench.close("2025-04").await;
    assert_eq!(
        lines(&bench, "2309", "2025-04").await,
        ["RENT 04-01..04-10 10d 100.00"]
    );
    assert_eq!(
        lines(&bench, "2380", "2025-04").await,
        ["RENT 04-11..04-30 20d 200.00"]
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn rent_q4_a_price_that_changes_in_the_month_splits_the_line() {
    let bench = Bench::new("2025-04-15").await;
    bench.price("bed", "10.00", "2025-03-16");
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    bench.close("2025-03").await;
    assert_eq!(
        lines(&bench, "2309", "2025-03").await,
        [
            "RENT 03-01..03-15 15d 140.25",
            "RENT 03-16..03-31 16d 160.00"
        ]
    );
}

#[tokio::test]
async fn a_missing_price_holds_the_month_open_until_it_is_set() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("hoist", "2309", "2309", "2025-03-01").0);
    bench.loan(&Draft::rental("bed", "1201", "23", "2025-03-01").0);
    bench.start_run("2025-03").await.expect("a claim");
    let mut run = bench.run("2025-03").await;
    while !run.waits_for.starts_with("owner") {
        run = bench.run("2025-03").await;
    }
    assert_eq!(
        run.waits_for,
        "owner 2309: the article hoist has no price on 2025-03-01"
    );
    assert_eq!(
        bench.statement("1201", "2025-03").await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    bench.price("hoist", "3.00", "2025-01-01");
    let run = bench.closed("2025-03").await;
    assert_eq!((run.owners_done, run.waits_for.as_str()), (3, ""));
    assert_eq!(rent(&bench, "2309", "2025-03").await, "93.00");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_sale_is_on_the_month_of_its_delivery_once() {
    let bench = Bench::new("2025-05-15").await;
    bench.loan(&Draft::sale("2380", "2380", "2025-03-12", "820.00", "320.00").0);
    bench.loan(&Draft::sale("2380", "2380", "2025-03-12", "400.00", "0.00").0);
    bench.close("2025-03").await;
    bench.close("2025-04").await;
    assert_eq!(
        lines(&bench, "2380", "2025-03").await,
        ["SALE 03-12..03-12 0d 320.00"]
    );
    let statement = bench.statement("2380", "2025-03").await.unwrap();
    assert_eq!(kronor(statement.sales.as_ref()), "320.00");
    assert_eq!(kronor(statement.total.as_ref()), "320.00");
    let april = bench.statement("2380", "2025-04").await;
    assert_eq!(april.unwrap_err().code(), tonic::Code::NotFound);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_line_explains_itself_with_policy_source_and_facts() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    bench.close("2025-03").await;
    let line = bench.lines("2309", "2025-03").await.remove(0);
    let explained = bench.explained(&line.charge_id).await;
    let decision = explained.decision.expect("a decision");
    assert_eq!(decision.policy_id, "jamtland-harjedalen-rent");
    assert!(
        decision.source.contains("källa 003) §7.2"),
        "{}",
        decision.source
    );
    let fact = |name: &str| {
        let fact = decision.facts.iter().find(|fact| fact.name == name);
        fact.map_or("", |fact| fact.value.as_str())
    };
    assert_eq!(
        (fact("days"), fact("unit_price"), fact("from")),
        ("31", "9.35", "2025-03-01")
    );
    assert_eq!(explained.ceiling, None);
    assert_eq!(line.from, date("2025-03-01"));
}

#[tokio::test]
async fn what_was_sold_and_comes_back_is_charged_once_and_credits_nothing() {
    let bench = Bench::new("2025-05-15").await;
    let sold = Draft::sale("2380", "2380", "2025-03-12", "900.00", "900.00").with_return();
    bench.loan(&sold.0);
    bench.close("2025-03").await;
    bench.loan(&sold.returned("2025-04-10").0);
    bench.close("2025-04").await;
    let once = ["SALE 03-12..03-12 0d 900.00"];
    assert_eq!(lines(&bench, "2380", "2025-03").await, once);
    assert!(bench.statement("2380", "2025-04").await.is_err());
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn prices_for_others_than_members_bill_nobody() {
    let bench = Bench::new("2025-04-15").await;
    for class in [CustomerClass::Other, CustomerClass::PrivatePerson] {
        bench.price_on(class, "rollator", "99.00", "2025-01-01");
    }
    bench.loan(&Draft::rental("rollator", "2380", "2380", "2025-03-01").0);
    bench.close("2025-03").await;
    assert_eq!(rent(&bench, "2380", "2025-03").await, "55.80");
}
