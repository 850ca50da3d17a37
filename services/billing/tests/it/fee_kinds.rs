//! Own fees that come again: each kind from delivery to the books, decided anew each time.

use hjm_proto::{
    billing::v1::ChargeKind,
    common::v1::{Date, OwnFee, OwnFeeKind},
};
use hjm_testkit::{date, kronor};

use crate::support::{Bench, Draft, fee_of};

/// A table beside the aid centre's, a kind of fee for each code.
const KINDS: &str = r#"
id = "jamtland-harjedalen-fees-kinds"
version = 1
tenant = "jamtland-harjedalen"
title = "A fee of each kind"
valid_from = 2020-01-01

[sources]
book = "A test"

[[fees.fee]]
id = "calendar-month"
iso = ["040303"]
kind = "PER_CALENDAR_MONTH"
amount = "100.00"
months_max = 6
valid_from = 2020-01-01
source = "book"

[[fees.fee]]
id = "month-begun"
iso = ["040306"]
kind = "PER_STARTED_MONTH"
amount = "200.00"
valid_from = 2020-01-01
source = "book"

[[fees.fee]]
id = "whole-months-2024"
iso = ["181210"]
kind = "MONTHLY_SUBSCRIPTION"
covers = "WHOLE_MONTH"
amount = "76.00"
valid_from = 2020-01-01
valid_to = 2024-07-01
source = "book"

[[fees.fee]]
id = "whole-months-then"
iso = ["181210"]
kind = "MONTHLY_SUBSCRIPTION"
covers = "WHOLE_MONTH"
amount = "79.00"
valid_from = 2024-07-01
source = "book"

[[fees.fee]]
id = "any-day"
iso = ["181203"]
kind = "MONTHLY_SUBSCRIPTION"
covers = "ANY_DAY"
amount = "65.00"
valid_from = 2020-01-01
source = "book"

[[fees.exemption]]
id = "under-20"
when = "UNDER_AGE"
age_below = 20
valid_from = 2020-01-01
source = "book"
"#;

const TENS: &str = "042706";

async fn bench(today: &str) -> Bench {
    let bench = Bench::new(today).await;
    bench.policy_text(KINDS, "2020-01-01");
    bench
}

/// A loan of a code, with its fee as prescription would have decided it.
fn loan(iso: &str, fee: OwnFee, delivered_on: &str) -> Draft {
    let mut draft = Draft::rental("bed", "2380", "2380", delivered_on).with_fee(fee);
    let basis = draft.0.fee_basis.as_mut().expect("a basis");
    iso.clone_into(&mut basis.iso_code);
    draft
}

fn calendar_month() -> OwnFee {
    OwnFee {
        months_max: 6,
        ..fee_of(OwnFeeKind::PerCalendarMonth, "100.00", "FEE", "")
    }
}

fn subscription(whole_months: bool, amount: &str) -> OwnFee {
    OwnFee {
        whole_months,
        ..fee_of(OwnFeeKind::MonthlySubscription, amount, "FEE", "")
    }
}

fn tens(amount: &str, reason: &str) -> OwnFee {
    OwnFee {
        trial_months: 3,
        person_owns: true,
        ..fee_of(OwnFeeKind::PurchaseAfterTrial, amount, reason, "")
    }
}

fn same_person(one: &Draft, mut other: Draft) -> Draft {
    other.0.recipient_id.clone_from(&one.0.recipient_id);
    other
}

fn born(mut draft: Draft, on: &str) -> Draft {
    draft.0.fee_basis.as_mut().expect("a basis").born_on = date(on);
    draft
}

/// Tells loans and closes a month: then no fee of theirs is still to come.
async fn closed(bench: &Bench, loans: &[&Draft], month: &str) {
    for loan in loans {
        bench.loan(&loan.0);
    }
    bench.close(month).await;
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

/// The loan's own fees as posted: day, amount, reason.
async fn fees(bench: &Bench, draft: &Draft) -> Vec<String> {
    let charges = bench.charges_of(draft.id(), "").await;
    let fees = charges
        .iter()
        .filter(|one| one.kind() == ChargeKind::OwnFee);
    let mut told: Vec<String> = fees
        .map(|fee| {
            let on = fee.from.expect("a day");
            let amount = kronor(fee.amount.as_ref());
            let (year, month, day) = (on.year, on.month, on.day);
            format!("{year}-{month:02}-{day:02} {amount} {}", fee.reason)
        })
        .collect();
    told.sort();
    told
}

/// The last day of rent that is posted of a loan, and all its days.
async fn rent(bench: &Bench, draft: &Draft) -> (String, u32) {
    let charges = bench.charges_of(draft.id(), "").await;
    let rent = charges.iter().filter(|one| one.kind() == ChargeKind::Rent);
    let to = |to: Option<Date>| to.map(|to| (to.year, to.month, to.day)).expect("a day");
    let last = rent.clone().map(|line| to(line.to)).max();
    let (year, month, day) = last.expect("some rent");
    (
        format!("{year}-{month:02}-{day:02}"),
        rent.map(|line| line.days).sum(),
    )
}

#[tokio::test]
async fn fee_st1_st2_a_calendar_month_costs_once_and_six_at_the_most() {
    let bench = bench("2025-12-15").await;
    let short = loan("040303", calendar_month(), "2025-01-20");
    let long = loan("040303", calendar_month(), "2025-01-20");
    let (short, long) = (
        [&short, &short.returned("2025-03-05")],
        [&long, &long.returned("2025-08-31")],
    );
    closed(&bench, &[short[0], short[1], long[0], long[1]], "2025-11").await;
    let three = ["2025-01-20", "2025-02-01", "2025-03-01"].map(|on| format!("{on} 100.00 FEE"));
    assert_eq!(fees(&bench, short[0]).await, three);
    let six = fees(&bench, long[0]).await;
    assert_eq!(six.len(), 6, "{six:?}");
    assert_eq!(six[..3], three);
    assert_eq!(six[5], "2025-06-01 100.00 FEE");
}

#[tokio::test]
async fn fee_k1_a_month_begun_is_counted_from_the_delivery() {
    let bench = bench("2025-12-15").await;
    let fee = fee_of(OwnFeeKind::PerStartedMonth, "200.00", "FEE", "");
    let tens = loan("040306", fee, "2025-01-20");
    closed(&bench, &[&tens, &tens.returned("2025-03-05")], "2025-11").await;
    assert_eq!(
        fees(&bench, &tens).await,
        ["2025-01-20 200.00 FEE", "2025-02-20 200.00 FEE"]
    );
}

#[tokio::test]
async fn fee_vn1_vn3_a_subscription_is_charged_once_a_person_and_whole_month() {
    let bench = bench("2024-12-15").await;
    let whole = || subscription(true, "76.00");
    let bed = loan("181210", whole(), "2024-04-10");
    let second = same_person(&bed, loan("181210", whole(), "2024-05-01"));
    let third = same_person(&bed, loan("181210", whole(), "2024-06-20"));
    let other = loan("181210", whole(), "2024-05-05");
    let told = [
        &bed,
        &second,
        &third,
        &other,
        &bed.returned("2024-09-20"),
        &second.returned("2024-06-30"),
        &third.returned("2024-09-20"),
        &other.returned("2024-05-25"),
    ];
    closed(&bench, &told, "2024-11").await;
    let mut all = Vec::new();
    for draft in [&bed, &second, &third] {
        all.extend(fees(&bench, draft).await);
    }
    all.sort();
    // Decided anew each month: the price rose on 1 July.
    assert_eq!(
        all,
        [
            "2024-05-31 76.00 FEE",
            "2024-06-30 76.00 FEE",
            "2024-07-31 79.00 FEE",
            "2024-08-31 79.00 FEE"
        ]
    );
    // FEE-VN2: another person, and no whole month.
    assert_eq!(fees(&bench, &other).await, Vec::<String>::new());
}

#[tokio::test]
async fn month_that_a_loan_told_later_covers_is_charged_then_and_once() {
    let bench = bench("2024-12-15").await;
    let bed = loan("181210", subscription(true, "76.00"), "2024-05-10");
    closed(&bench, &[&bed, &bed.returned("2024-07-15")], "2024-10").await;
    assert_eq!(fees(&bench, &bed).await, ["2024-06-30 76.00 FEE"]);
    let late = same_person(
        &bed,
        loan("181210", subscription(true, "76.00"), "2024-05-01"),
    );
    closed(&bench, &[&late, &late.returned("2024-07-31")], "2024-11").await;
    assert_eq!(
        fees(&bench, &late).await,
        ["2024-05-31 76.00 FEE", "2024-07-31 79.00 FEE"]
    );
    assert_eq!(fees(&bench, &bed).await.len(), 1);
}

#[tokio::test]
async fn subscription_of_any_day_is_charged_once_a_person_and_month() {
    let bench = bench("2025-06-15").await;
    let any = || subscription(false, "65.00");
    let bed = loan("181203", any(), "2025-01-31");
    let second = same_person(&bed, loan("181203", any(), "2025-01-10"));
    let told = [
        &bed,
        &second,
        &bed.returned("2025-03-01"),
        &second.returned("2025-01-20"),
    ];
    closed(&bench, &told, "2025-05").await;
    let mut months = Vec::new();
    for draft in [&bed, &second] {
        let fees = fees(&bench, draft).await;
        assert!(
            fees.iter().all(|fee| fee.ends_with("65.00 FEE")),
            "{fees:?}"
        );
        months.extend(fees.into_iter().map(|fee| fee[..7].to_owned()));
    }
    months.sort();
    assert_eq!(months, ["2025-01", "2025-02", "2025-03"]);
}

#[tokio::test]
async fn exempt_person_pays_from_the_first_period_on_the_birthday_or_after() {
    let bench = bench("2025-06-15").await;
    let exempt = |kind| fee_of(kind, "0.00", "UNDER_AGE", "");
    let monthly = OwnFee {
        months_max: 6,
        ..exempt(OwnFeeKind::PerCalendarMonth)
    };
    // 20 on 1 March.
    let young = born(loan("040303", monthly, "2025-01-20"), "2005-03-01");
    let whole = OwnFee {
        whole_months: true,
        ..exempt(OwnFeeKind::MonthlySubscription)
    };
    let whole = born(loan("181210", whole, "2025-01-01"), "2005-03-01");
    closed(&bench, &[&young, &young.returned("2025-03-20")], "2025-04").await;
    closed(&bench, &[&whole, &whole.returned("2025-03-31")], "2025-05").await;
    assert_eq!(
        fees(&bench, &young).await,
        [
            "2025-01-20 0.00 UNDER_AGE",
            "2025-02-01 0.00 UNDER_AGE",
            "2025-03-01 100.00 FEE"
        ]
    );
    assert_eq!(
        fees(&bench, &whole).await,
        [
            "2025-01-31 0.00 UNDER_AGE",
            "2025-02-28 0.00 UNDER_AGE",
            "2025-03-31 79.00 FEE"
        ]
    );
}

#[tokio::test]
async fn fee_j8_trial_that_is_over_is_bought_and_rent_ends_the_day_before() {
    let bench = bench("2025-07-15").await;
    let bought = loan(TENS, tens("1000.00", "FEE"), "2025-01-31");
    closed(&bench, &[&bought], "2025-05").await;
    assert_eq!(fees(&bench, &bought).await, ["2025-05-01 1000.00 FEE"]);
    // 1 day of January, 28, 31 and 30.
    let until = ("2025-04-30".to_owned(), 90);
    assert_eq!(rent(&bench, &bought).await, until);
    // A return registered later undoes nothing (decisions 29).
    closed(&bench, &[&bought.returned("2025-06-10")], "2025-06").await;
    assert_eq!(fees(&bench, &bought).await, ["2025-05-01 1000.00 FEE"]);
    assert_eq!(rent(&bench, &bought).await, until);
}

#[tokio::test]
async fn fee_j8_device_back_within_the_trial_costs_the_person_nothing() {
    let bench = bench("2025-07-15").await;
    let back = loan(TENS, tens("1000.00", "FEE"), "2025-01-31");
    closed(&bench, &[&back, &back.returned("2025-04-30")], "2025-05").await;
    assert_eq!(fees(&bench, &back).await, Vec::<String>::new());
    assert_eq!(rent(&bench, &back).await, ("2025-04-30".to_owned(), 90));
}

#[tokio::test]
async fn who_died_in_the_trial_bought_nothing_and_the_rent_goes_on_until_the_return() {
    let bench = bench("2025-07-15").await;
    let tens = loan(TENS, tens("1000.00", "FEE"), "2025-01-31");
    closed(&bench, &[&tens, &tens.died("2025-03-10")], "2025-05").await;
    assert_eq!(fees(&bench, &tens).await, Vec::<String>::new());
    assert_eq!(rent(&bench, &tens).await, ("2025-05-31".to_owned(), 121));
}

#[tokio::test]
async fn child_goes_on_borrowing_after_the_trial() {
    let bench = bench("2025-07-15").await;
    let child = born(
        loan(TENS, tens("0.00", "UNDER_AGE"), "2025-01-31"),
        "2012-01-01",
    );
    closed(&bench, &[&child], "2025-05").await;
    assert_eq!(fees(&bench, &child).await, ["2025-05-01 0.00 UNDER_AGE"]);
    assert_eq!(rent(&bench, &child).await, ("2025-05-31".to_owned(), 121));
}
