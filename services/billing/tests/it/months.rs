//! Claiming and closing months: order, waiting, crashes.

use hjm_proto::billing::v1::{self as pb, RunState};
use hjm_service::client;
use hjm_testkit::{fields, kronor, reason, request_id};
use tonic::Code;

use crate::support::{Bench, Draft, Mood, centre, fee};

#[tokio::test]
async fn the_same_month_again_answers_the_same_run_and_changes_nothing() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    let closed = bench.close("2025-03").await;
    let lines = bench.lines("2309", "2025-03").await;
    let again = bench.start_run("2025-03").await.expect("the run there is");
    assert_eq!(again, closed);
    assert_eq!(bench.closed("2025-03").await, closed);
    assert_eq!(bench.lines("2309", "2025-03").await, lines);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_repeated_request_gets_its_answer_and_another_body_is_refused() {
    let bench = Bench::new("2025-04-15").await;
    let request = pb::StartRunRequest {
        request_id: request_id(),
        month: "2025-03".to_owned(),
        not_before: String::new(),
    };
    let start = async |request: &pb::StartRunRequest| {
        bench
            .runs()
            .start_run(client::request(&centre(), request.clone()))
            .await
    };
    let first = start(&request).await.expect("a claim");
    assert!(first.metadata().get("hjm-replayed").is_none());
    let again = start(&request).await.expect("the stored answer");
    assert!(again.metadata().get("hjm-replayed").is_some());
    assert_eq!(first.into_inner(), again.into_inner());
    let other = pb::StartRunRequest {
        month: "2025-02".to_owned(),
        ..request
    };
    assert_eq!(start(&other).await.unwrap_err().code(), Code::AlreadyExists);
}

#[tokio::test]
async fn months_are_claimed_in_order_when_they_are_over() {
    let bench = Bench::new("2025-04-30").await;
    let refused = bench.start_run("2025-04").await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "MONTH_NOT_OVER".into())
    );
    bench.close("2025-01").await;
    let refused = bench.start_run("2025-03").await.unwrap_err();
    assert_eq!(reason(&refused), "MONTH_ORDER");
    assert_eq!(
        refused.message(),
        "months are closed in order: 2025-02 is next"
    );
    assert_eq!(fields(&refused), ["month"]);
    assert_eq!(
        reason(&bench.start_run("2024-12").await.unwrap_err()),
        "MONTH_ORDER"
    );
    bench.close("2025-02").await;
    bench.close("2025-03").await;
    let request = pb::ListRunsRequest {
        page_size: 2,
        page_token: String::new(),
    };
    let page = bench
        .runs()
        .list_runs(client::request(&centre(), request))
        .await
        .unwrap();
    let page = page.into_inner();
    let request = pb::ListRunsRequest {
        page_size: 2,
        page_token: page.next_page_token.clone(),
    };
    let rest = bench
        .runs()
        .list_runs(client::request(&centre(), request))
        .await
        .unwrap();
    let months: Vec<String> = page
        .runs
        .into_iter()
        .chain(rest.into_inner().runs)
        .map(|run| run.month)
        .collect();
    assert_eq!(months, ["2025-01", "2025-02", "2025-03"]);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_month_waits_for_a_refused_fee_and_says_so() {
    let bench = Bench::new("2025-04-15").await;
    bench.desk.mood(Mood::Refuses("CEILING_MISSING"));
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    bench.loan(&draft.0);
    // A fee of the month after is no reason to wait.
    bench.loan(
        &Draft::rental("rollator", "2380", "2380", "2025-04-02")
            .with_fee(fee("90.00"))
            .0,
    );
    bench.start_run("2025-03").await.expect("a claim");
    let mut run = bench.run("2025-03").await;
    while run.waits_for != "the decision of 1 own fees (CEILING_MISSING)" {
        assert_eq!(run.state(), RunState::Waiting);
        run = bench.run("2025-03").await;
    }
    assert_eq!((run.feed_position.as_str(), run.owners), ("", 0));
    bench.desk.mood(Mood::Answers);
    let run = bench.closed("2025-03").await;
    assert_ne!(run.feed_position, "");
    let statement = bench.statement("2380", "2025-03").await.unwrap();
    assert_eq!(kronor(statement.own_fees.as_ref()), "250.00");
    assert_eq!(kronor(statement.total.as_ref()), "39.60");
    assert_eq!(statement.lines, 2);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_killed_between_owners_is_finished_by_the_next_process() {
    let mut bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    bench.loan(&Draft::rental("bed", "2380", "2380", "2025-03-01").0);
    bench.desk.mood(Mood::Away);
    let waits = Draft::rental("bed", "1201", "23", "2025-03-01").with_fee(fee("250.00"));
    bench.loan(&waits.0);
    bench.start_run("2025-03").await.expect("a claim");
    bench.stop().await;
    bench.desk.mood(Mood::Answers);
    assert_eq!(bench.crash("between-owners:2").await, Some(137));
    bench.start().await;
    let run = bench.run("2025-03").await;
    assert_eq!(run.owners, 3);
    let run = bench.closed("2025-03").await;
    assert_eq!((run.owners_done, run.lines), (3, 3));
    for number in ["1201", "2309", "2380"] {
        let statement = bench
            .statement(number, "2025-03")
            .await
            .expect("a statement");
        assert_eq!(kronor(statement.rent.as_ref()), "289.85");
    }
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_killed_after_it_was_frozen_keeps_its_position() {
    let mut bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "2309", "2309", "2025-03-01").with_fee(fee("250.00"));
    bench.desk.mood(Mood::Away);
    bench.loan(&bed.0);
    bench.start_run("2025-03").await.expect("a claim");
    bench.stop().await;
    bench.desk.mood(Mood::Answers);
    assert_eq!(bench.crash("between-claim-and-owners").await, Some(137));
    // Told after the position: the next month's matter.
    bench.loan(&bed.returned("2025-03-11").0);
    bench.start().await;
    bench.closed("2025-03").await;
    let statement = bench.statement("2309", "2025-03").await.unwrap();
    assert_eq!(kronor(statement.rent.as_ref()), "289.85");
    bench.clock.set("2025-05-02".parse().unwrap());
    bench.close("2025-04").await;
    let statement = bench.statement("2309", "2025-04").await.unwrap();
    assert_eq!(kronor(statement.rent.as_ref()), "-187.00");
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_event_that_skips_a_version_stops_the_feed_and_is_named() {
    let bench = Bench::new("2025-04-15").await;
    let bed = Draft::rental("bed", "2309", "2309", "2025-03-01");
    let position = bench.loan(&bed.0);
    assert_eq!(bench.charges_of(bed.id(), &position).await, []);
    bench.loan(&bed.returned("2025-03-02").returned("2025-03-03").0);
    let mut error = String::new();
    while error.is_empty() {
        error = bench.followers().await.remove(1).error;
    }
    assert!(error.starts_with("event prescription.5: "), "{error}");
}

#[tokio::test]
async fn what_looks_through_the_books_finds_a_line_that_nobody_owes() {
    let bench = Bench::new("2025-04-15").await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    bench.close("2025-03").await;
    let forged = "INSERT INTO billing.charge_line
        SELECT tenant_id, gen_random_uuid(), posting_month, owner_principal, customer_number,
               recipient_id, loan_id, loan_version, kind, article_number, from_on, to_on, days,
               unit_price, amount_ore, deceased, credits_line_id, policy_id, policy_version,
               policy_hash, rule_id FROM billing.charge_line";
    assert_eq!(bench.sql(forged).await.unwrap(), 1);
    let breaches = bench.breaches().await;
    assert_eq!(breaches.len(), 3, "{breaches:?}");
    assert!(breaches[0].contains("2025-03-01 of loan"), "{breaches:?}");
    assert!(breaches[1].contains("is not what it says"), "{breaches:?}");
    assert!(
        breaches[2].contains("the statement of 2309 for 2025-03"),
        "{breaches:?}"
    );
}
