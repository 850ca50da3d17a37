//! Own fees from delivery to posting.

use hjm_proto::{
    billing::v1::{Charge, ChargeKind, ChargeState},
    common::v1::OwnFeeKind,
};
use hjm_testkit::{kronor, request_id};

use crate::support::{Bench, Draft, Mood, fee, fee_of};

fn told(charge: &Charge) -> String {
    let amount = charge
        .amount
        .as_ref()
        .map_or("-".to_owned(), |amount| kronor(Some(amount)));
    let state = charge
        .state()
        .as_str_name()
        .trim_start_matches("CHARGE_STATE_");
    let nominal = kronor(charge.nominal.as_ref());
    format!(
        "{state} {nominal} {amount} {} {}",
        charge.posting_month, charge.reason
    )
}

async fn fees(bench: &Bench, draft: &Draft, not_before: &str) -> Vec<String> {
    bench
        .charges_of(draft.id(), not_before)
        .await
        .iter()
        .map(told)
        .collect()
}

#[tokio::test]
async fn fee_of_an_exempt_person_is_posted_as_zero_without_free_card() {
    let bench = Bench::new("2025-04-15").await;
    let exempt = fee_of(OwnFeeKind::OneOff, "0.00", "UNDER_AGE", "a-scheme");
    let draft = Draft::rental("rollator", "2309", "2309", "2025-03-20").with_fee(exempt);
    let position = bench.loan(&draft.0);
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 0.00 0.00 2025-03 UNDER_AGE"]
    );
    assert!(bench.desk.registered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn fee_without_a_scheme_is_posted_at_its_nominal() {
    let bench = Bench::new("2025-04-15").await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(plain);
    let position = bench.loan(&draft.0);
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 300.00 300.00 2025-03 FEE"]
    );
    assert!(bench.desk.registered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn no_fee_is_no_charge() {
    let bench = Bench::new("2025-04-15").await;
    let draft = Draft::rental("bed", "2380", "2380", "2025-03-10");
    let position = bench.loan(&draft.0);
    assert_eq!(fees(&bench, &draft, &position).await, Vec::<String>::new());
}

#[tokio::test]
async fn fee_under_a_scheme_costs_what_free_card_says_and_is_dated_by_the_prescription() {
    let bench = Bench::new("2025-04-15").await;
    bench.desk.charges("150.00");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10")
        .prescribed_on("2025-02-27")
        .with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 250.00 150.00 2025-02 FEE"]
    );
    let asked = bench.desk.registered.lock().unwrap().remove(0);
    let fee = asked.fee.expect("a fee");
    assert_eq!(fee.principal_id, "2380");
    assert_eq!(fee.event_on, hjm_testkit::date("2025-02-27"));
    assert_eq!(
        asked.external_reference,
        format!("{}/ONE_OFF/1", draft.0.line_id)
    );
    assert_eq!(asked.recipient_id, draft.0.recipient_id);
    let charge = bench.charges_of(draft.id(), "").await.remove(0);
    let explained = bench.explained(&charge.charge_id).await;
    assert_eq!(explained.decision.expect("a decision").rule_id, "a-rule");
    assert_eq!(explained.ceiling.expect("a ceiling").rule_id, "ceiling");
}

#[tokio::test]
async fn one_persons_fees_are_decided_in_the_order_of_their_dates() {
    let bench = Bench::new("2025-04-15").await;
    let days = ["2025-03-10", "2025-03-01", "2025-03-20", "2025-02-11"];
    let mut position = String::new();
    bench.desk.mood(Mood::Away);
    let person = request_id();
    for day in days {
        let mut draft = Draft::rental("rollator", "2380", "2380", day).with_fee(fee("250.00"));
        draft.0.recipient_id.clone_from(&person);
        position = bench.loan(&draft.0);
    }
    // All of them are due before the desk opens.
    let head = bench.prescription.head_position();
    while bench.followers().await[1].position != head {}
    bench.desk.mood(Mood::Answers);
    bench.charges_of("", &position).await;
    let asked = bench.desk.registered.lock().unwrap();
    let mut answered: Vec<(i32, i32)> = Vec::new();
    for fee in asked.iter().filter_map(|asked| asked.fee.as_ref()) {
        let on = fee.event_on.as_ref().expect("a day");
        if answered.last() != Some(&(on.month, on.day)) {
            answered.push((on.month, on.day));
        }
    }
    let last = answered.len() - 4;
    assert_eq!(answered[last..], [(2, 11), (3, 1), (3, 10), (3, 20)]);
}

#[tokio::test]
async fn a_refused_fee_stays_due_and_is_charged_when_the_refusal_passes() {
    let bench = Bench::new("2025-04-15").await;
    bench.desk.mood(Mood::Refuses("CEILING_MISSING"));
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    assert_eq!(fees(&bench, &draft, &position).await, ["DUE 250.00 -  FEE"]);
    let noted = bench.sql(
        "DO $$ BEGIN ASSERT (SELECT reason = 'CEILING_MISSING'
        FROM billing.fee_attempt); END $$",
    );
    noted.await.expect("a noted refusal");
    bench.desk.mood(Mood::Answers);
    let mut charges = fees(&bench, &draft, "").await;
    while charges == ["DUE 250.00 -  FEE"] {
        charges = fees(&bench, &draft, "").await;
    }
    assert_eq!(charges, ["POSTED 250.00 250.00 2025-03 FEE"]);
    let asked = bench.desk.registered.lock().unwrap();
    assert!(
        asked.iter().all(|again| again == &asked[0]),
        "the same call with the same id"
    );
}

#[tokio::test]
async fn an_answer_above_the_nominal_amount_is_not_believed() {
    let bench = Bench::new("2025-04-15").await;
    bench.desk.charges("251.00");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    assert_eq!(fees(&bench, &draft, &position).await, ["DUE 250.00 -  FEE"]);
}

#[tokio::test]
async fn a_process_killed_between_fee_and_settlement_charges_once() {
    let mut bench = Bench::new("2025-04-15").await;
    bench.stop().await;
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    assert_eq!(bench.crash("between-fee-and-settlement").await, Some(137));
    bench.start().await;
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 250.00 250.00 2025-03 FEE"]
    );
    let asked = bench.desk.registered.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn a_process_killed_between_effect_and_cursor_hears_the_event_once() {
    let mut bench = Bench::new("2025-04-15").await;
    let head = bench.prescription.head_position();
    while bench.followers().await[1].position != head {}
    bench.stop().await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(plain);
    let position = bench.loan(&draft.0);
    assert_eq!(bench.crash("between-effect-and-cursor").await, Some(137));
    bench.start().await;
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 300.00 300.00 2025-03 FEE"]
    );
}

#[tokio::test]
async fn a_fee_of_a_closed_month_is_posted_in_the_first_open_one() {
    let bench = Bench::new("2025-05-15").await;
    bench.close("2025-02").await;
    bench.close("2025-03").await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-02-10").with_fee(plain);
    let position = bench.loan(&draft.0);
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 300.00 300.00 2025-04 FEE"]
    );
    bench.close("2025-04").await;
    let statement = bench.statement("2380", "2025-04").await.unwrap();
    assert_eq!(kronor(statement.own_fees.as_ref()), "300.00");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_fee_from_before_the_first_month_is_stated_in_it() {
    let bench = Bench::new("2025-04-15").await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-01")
        .prescribed_on("2025-02-27")
        .with_fee(plain);
    let position = bench.loan(&draft.0);
    assert_eq!(
        fees(&bench, &draft, &position).await,
        ["POSTED 300.00 300.00 2025-02 FEE"]
    );
    bench.close("2025-03").await;
    let statement = bench.statement("2380", "2025-03").await.unwrap();
    assert_eq!(kronor(statement.own_fees.as_ref()), "300.00");
    assert_eq!(
        fees(&bench, &draft, "").await[0],
        "POSTED 300.00 300.00 2025-03 FEE"
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_yearly_fee_begins_anew_on_each_anniversary_while_the_device_is_out() {
    let bench = Bench::new("2025-03-01").await;
    let yearly = fee_of(OwnFeeKind::Per12Months, "500.00", "FEE", "");
    let draft = Draft::rental("wheelchair", "1201", "23", "2023-03-05")
        .prescribed_on("2023-02-20")
        .with_fee(yearly);
    let position = bench.loan(&draft.0);
    bench.charges_of(draft.id(), &position).await;
    bench.settled(&draft, 2).await;
    assert_eq!(
        fees(&bench, &draft, "").await,
        [
            "POSTED 500.00 500.00 2023-03 FEE",
            "POSTED 500.00 500.00 2024-03 FEE"
        ]
    );
    bench.clock.set("2025-04-01".parse().unwrap());
    bench.settled(&draft, 3).await;
    let third = bench.charges_of(draft.id(), "").await.remove(2);
    assert_eq!(third.from, hjm_testkit::date("2025-03-05"));
    let decided = bench
        .explained(&third.charge_id)
        .await
        .decision
        .expect("a decision");
    assert_eq!(decided.rule_id, "powered-wheelchair");
    assert_ne!(decided.policy_hash, "");
    // Nothing begins after the return, however late it is.
    let position = bench.loan(&draft.returned("2026-03-04").0);
    bench.charges_of(draft.id(), &position).await;
    bench.clock.set("2027-04-01".parse().unwrap());
    bench.close("2027-03").await;
    let charges = bench.charges_of(draft.id(), "").await;
    assert_eq!(
        charges
            .iter()
            .filter(|charge| charge.kind() == ChargeKind::OwnFee)
            .count(),
        3
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_fee_that_cannot_be_posted_does_not_hold_up_the_others_of_its_round() {
    let mut bench = Bench::new("2025-04-15").await;
    bench.stop().await;
    let planted = "CREATE FUNCTION billing.planted() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
        CREATE TRIGGER planted BEFORE INSERT ON billing.own_fee_charge
            FOR EACH ROW WHEN (NEW.amount_ore = 66600) EXECUTE FUNCTION billing.planted()";
    bench.sql(planted).await.unwrap();
    let fee = |amount| fee_of(OwnFeeKind::OneOff, amount, "FEE", "");
    let [before, bad, after] = ["300.00", "666.00", "100.00"].map(|amount| {
        Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee(amount))
    });
    for draft in [&before, &bad, &after] {
        bench.loan(&draft.0);
    }
    bench.start().await;
    bench.settled(&before, 1).await;
    bench.settled(&after, 1).await;
    assert_eq!(fees(&bench, &bad, "").await, ["DUE 666.00 -  FEE"]);
}

#[tokio::test]
async fn a_fee_that_fell_out_of_the_list_of_due_fees_is_found() {
    let bench = Bench::new("2025-04-15").await;
    bench.desk.mood(Mood::Refuses("CEILING_MISSING"));
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    bench.charges_of(draft.id(), &position).await;
    assert_eq!(bench.breaches().await, Vec::<String>::new());
    assert_eq!(bench.sql("DELETE FROM billing.fee_open").await.unwrap(), 1);
    let breaches = bench.breaches().await;
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(
        breaches[0].ends_with("is neither posted nor due"),
        "{breaches:?}"
    );
}

#[tokio::test]
async fn every_posted_fee_is_told_once() {
    let bench = Bench::new("2025-04-15").await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(plain);
    let position = bench.loan(&draft.0);
    let charge = bench.charges_of(draft.id(), &position).await.remove(0);
    assert_eq!(charge.state(), ChargeState::Posted);
    let told = bench.told("OwnFeePosted").await;
    assert_eq!(told, [charge]);
}
