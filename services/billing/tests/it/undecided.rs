//! Periods of recurring fees that nobody can decide yet: listed with what is missing, in nobody's
//! way, and decided when it is there.

use hjm_proto::{
    billing::v1::{self as pb, Charge, ChargeKind, ChargeState},
    common::v1::{OwnFee, OwnFeeKind},
};
use hjm_service::client;
use hjm_testkit::{TENANT, kronor, of_principal, reason, request_id};

use crate::support::{Bench, Draft, centre, fee_of};

const ISO: &str = "040303";

/// A fee a calendar month, of which one month is not printed in the first version.
fn months(version: u32) -> String {
    let march = match version {
        1 => "not_printed = \"the fee of March\"",
        _ => "amount = \"110.00\"",
    };
    let row = |id: &str, fee: &str, from: &str, to: &str| {
        format!(
            "[[fees.fee]]\nid = \"{id}\"\niso = [\"{ISO}\"]\nkind = \"PER_CALENDAR_MONTH\"\n{fee}\n\
             valid_from = {from}\n{to}source = \"book\"\n"
        )
    };
    let rows = [
        row(
            "winter",
            "amount = \"100.00\"",
            "2020-01-01",
            "valid_to = 2025-03-01\n",
        ),
        row("march", march, "2025-03-01", "valid_to = 2025-04-01\n"),
        row("spring", "amount = \"120.00\"", "2025-04-01", ""),
    ];
    table("months", version, &rows.concat())
}

fn table(id: &str, version: u32, rows: &str) -> String {
    format!(
        "id = \"jamtland-harjedalen-fees-{id}\"\nversion = {version}\n\
         tenant = \"jamtland-harjedalen\"\ntitle = \"A test\"\nvalid_from = 2020-01-01\n\
         [sources]\nbook = \"A test\"\n{rows}"
    )
}

/// A municipality's fee a calendar month.
fn municipal(code: &str, amount: &str) -> String {
    let rows = format!(
        "[[fees.municipality]]\ncode = \"{code}\"\nvalid_from = 2020-01-01\nsource = \"book\"\n\
         [[fees.fee]]\nid = \"month\"\niso = [\"{ISO}\"]\nkind = \"PER_CALENDAR_MONTH\"\n\
         amount = \"{amount}\"\nvalid_from = 2020-01-01\nsource = \"book\"\n"
    );
    table(code, 1, &rows)
}

fn monthly(amount: &str) -> OwnFee {
    fee_of(OwnFeeKind::PerCalendarMonth, amount, "FEE", "")
}

fn loan(owner: &str, delivered_on: &str) -> Draft {
    let mut draft = Draft::rental("bed", owner, owner, delivered_on).with_fee(monthly("100.00"));
    let basis = draft.0.fee_basis.as_mut().expect("a basis");
    ISO.clone_into(&mut basis.iso_code);
    draft
}

/// The loan's own fees: month, state, amount, month they are stated in.
async fn fees(bench: &Bench, draft: &Draft) -> Vec<String> {
    let charges = bench.charges_of(draft.id(), "").await;
    let fees = charges
        .iter()
        .filter(|one| one.kind() == ChargeKind::OwnFee);
    let told = |fee: &Charge| {
        let on = fee.from.expect("a day");
        let amount = fee.amount.as_ref();
        let amount = amount.map_or("-".to_owned(), |amount| kronor(Some(amount)));
        let state = fee.state().as_str_name();
        let state = state.trim_start_matches("CHARGE_STATE_");
        format!("{:02} {state} {amount} {}", on.month, fee.posting_month)
    };
    fees.map(told).collect()
}

async fn posted(bench: &Bench, draft: &Draft, fees: usize) {
    let posted =
        |one: &&Charge| one.kind() == ChargeKind::OwnFee && one.state() == ChargeState::Posted;
    loop {
        let charges = bench.charges_of(draft.id(), "").await;
        if charges.iter().filter(posted).count() == fees {
            return;
        }
    }
}

const MARCH: &str = "2025-03-01 the fee table's source does not print the fee of March";

#[tokio::test]
async fn month_that_no_source_prints_holds_up_neither_the_others_nor_the_close() {
    let bench = Bench::new("2025-05-15").await;
    bench.policy_text(&months(1), "2020-01-01");
    let bed = loan("2380", "2025-01-20");
    bench.loan(&bed.0);
    assert_eq!(bench.waiting(1).await, [MARCH]);
    posted(&bench, &bed, 4).await;
    bench.close("2025-04").await;
    let held = fees(&bench, &bed).await;
    assert_eq!(
        held,
        [
            "01 POSTED 100.00 2025-04",
            "02 POSTED 100.00 2025-04",
            "03 UNDECIDED - ",
            "04 POSTED 120.00 2025-04",
            "05 POSTED 120.00 2025-05"
        ]
    );
    let rent = bench.lines("2380", "2025-04").await;
    assert!(rent.iter().any(|line| line.kind() == ChargeKind::Rent));

    // The amount is put in force: the month is decided, and stated in the first open one.
    bench.policy_text(&months(2), "2020-01-01");
    assert_eq!(bench.waiting(0).await, Vec::<String>::new());
    posted(&bench, &bed, 5).await;
    let decided = fees(&bench, &bed).await;
    assert_eq!(decided[2], "03 POSTED 110.00 2025-05");
    assert_eq!(decided.len(), 5);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn policy_that_says_nothing_of_it_leaves_a_fee_undecided() {
    let bench = Bench::new("2025-04-15").await;
    bench.policy_text(&months(1), "2020-01-01");
    let bed = loan("2380", "2025-01-20");
    bench.loan(&bed.0);
    assert_eq!(bench.waiting(1).await, [MARCH]);
    let other = municipal("9999", "1.00").replace(ISO, "040306");
    bench.policy_text(&other, "2020-01-01");
    bench.close("2025-03").await;
    assert_eq!(bench.waiting(1).await, [MARCH]);
}

#[tokio::test]
async fn undecided_fee_is_seen_by_who_will_pay_and_can_be_neither_explained_nor_credited() {
    let bench = Bench::new("2025-05-15").await;
    bench.policy_text(&months(1), "2020-01-01");
    let bed = loan("2380", "2025-01-20");
    bench.loan(&bed.0);
    bench.waiting(1).await;
    let own = bench.undecided(&of_principal(TENANT, "2380")).await;
    assert_eq!(own.len(), 1);
    let one = &own[0];
    assert_eq!(one.loan_id, bed.id());
    assert_eq!(one.reason, "FEE_UNDECIDED");
    assert_eq!((&one.nominal, &one.amount), (&None, &None));
    let others = bench.undecided(&of_principal(TENANT, "2309")).await;
    assert!(others.is_empty());
    let elsewhere = hjm_testkit::aid_centre("another-tenant", "a clerk");
    let request = pb::ListChargesRequest::default();
    let mut charges = bench.charges();
    let answer = charges.list_charges(client::request(&elsewhere, request));
    assert!(answer.await.is_err());

    let explained = bench.explained(&one.charge_id).await;
    assert_eq!(explained.decision, None);
    assert_eq!(explained.charge.as_ref(), Some(one));
    let request = pb::CreditChargeRequest {
        request_id: request_id(),
        charge_id: one.charge_id.clone(),
        reason: "wrong".to_owned(),
    };
    let mut charges = bench.charges();
    let answer = charges.credit_charge(client::request(&centre(), request));
    assert_eq!(reason(&answer.await.expect_err("a refusal")), "NOT_POSTED");
}

#[tokio::test]
async fn loan_that_ended_before_it_has_no_undecided_month() {
    let bench = Bench::new("2025-05-15").await;
    bench.policy_text(&months(1), "2020-01-01");
    let bed = loan("2380", "2025-01-20");
    bench.loan(&bed.0);
    assert_eq!(bench.waiting(1).await, [MARCH]);
    bench.loan(&bed.returned("2025-02-20").0);
    assert_eq!(bench.waiting(0).await, Vec::<String>::new());
}

#[tokio::test]
async fn subscription_waits_once_a_person_and_month() {
    let bench = Bench::new("2025-06-15").await;
    let subscription = "MONTHLY_SUBSCRIPTION\"\ncovers = \"ANY_DAY\"";
    let text = |version| months(version).replace("PER_CALENDAR_MONTH\"", subscription);
    bench.policy_text(&text(1), "2020-01-01");
    let any = || fee_of(OwnFeeKind::MonthlySubscription, "100.00", "FEE", "");
    let bed = loan("2380", "2025-02-20").with_fee(any());
    let mut second = loan("2380", "2025-03-10").with_fee(any());
    second.0.recipient_id.clone_from(&bed.0.recipient_id);
    bench.loan(&bed.0);
    bench.loan(&second.0);
    bench.close("2025-04").await;
    assert_eq!(bench.undecided(&centre()).await.len(), 1);
    // On the other loan it still waits.
    bench.loan(&bed.returned("2025-02-25").0);
    bench.close("2025-05").await;
    let left = bench.undecided(&centre()).await;
    let left: Vec<&str> = left.iter().map(|one| one.loan_id.as_str()).collect();
    assert_eq!(left, [second.id()]);
    bench.policy_text(&text(2), "2020-01-01");
    assert_eq!(bench.waiting(0).await, Vec::<String>::new());
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn municipality_of_each_day_chooses_the_table_of_a_recurring_fee() {
    let bench = Bench::new("2025-05-15").await;
    bench.policy_text(&municipal("2380", "100.00"), "2020-01-01");
    bench.policy_text(&municipal("2309", "200.00"), "2020-01-01");
    let mut bed = loan("2380", "2025-01-20");
    // It was named when nobody knew where the person lived.
    let basis = bed.0.fee_basis.as_mut().expect("a basis");
    "jamtland-harjedalen-fees-2380".clone_into(&mut basis.fee_table);
    let unnamed = loan("2380", "2025-01-20");
    bench.loan(&bed.0);
    bench.loan(&unnamed.0);
    let missing = "the fee cannot be decided without municipality";
    let months = ["02", "03", "04", "05"].map(|month| format!("2025-{month}-01 {missing}"));
    assert_eq!(bench.waiting(4).await, months);
    posted(&bench, &bed, 5).await;
    let known = &[
        ("2025-02-10", "2380"),
        ("2025-04-01", "2309"),
        ("2025-05-01", ""),
    ];
    bench.loan(&unnamed.residing(known).0);
    posted(&bench, &unnamed, 3).await;
    assert_eq!(
        bench.waiting(2).await,
        [months[0].clone(), months[3].clone()]
    );
    let told = fees(&bench, &unnamed).await;
    assert_eq!(told[2], "03 POSTED 100.00 2025-03");
    assert_eq!(told[3], "04 POSTED 200.00 2025-04");

    // Who moved is no resident of the municipality whose table was named.
    let mut moved = loan("2380", "2025-03-20").residing(&[("2025-05-01", "2309")]);
    moved.0.version = 1;
    let basis = moved.0.fee_basis.as_mut().expect("a basis");
    "jamtland-harjedalen-fees-2380".clone_into(&mut basis.fee_table);
    bench.loan(&moved.0);
    posted(&bench, &moved, 3).await;
    assert_eq!(
        fees(&bench, &moved).await,
        [
            "03 POSTED 100.00 2025-03",
            "04 POSTED 100.00 2025-04",
            "05 POSTED 200.00 2025-05"
        ]
    );
}
