//! What cannot be read is refused with its fields named, and nothing is stored.

use std::time::Duration;

use hjm_proto::billing::v1 as pb;
use hjm_service::client;
use hjm_testkit::{fields, request_id};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Bench, centre};

fn named(answer: Result<impl Sized, Status>) -> Vec<String> {
    let Err(status) = answer else {
        panic!("must be refused")
    };
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    fields(&status)
}

#[tokio::test]
async fn months_that_are_none_are_named() {
    let bench = Bench::new("2025-04-15").await;
    for month in ["", "2025", "2025-3", "2025-13", "2025-03-01", "March"] {
        let start = pb::StartRunRequest {
            request_id: request_id(),
            month: month.to_owned(),
            not_before: String::new(),
        };
        let answer = bench
            .runs()
            .start_run(client::request(&centre(), start))
            .await;
        assert_eq!(named(answer), ["month"], "{month}");
        let get = pb::GetRunRequest {
            month: month.to_owned(),
            wait: false,
        };
        let answer = bench.runs().get_run(client::request(&centre(), get)).await;
        assert_eq!(named(answer), ["month"], "{month}");
    }
    assert_eq!(bench.sql("SELECT * FROM billing.run").await.unwrap(), 0);
}

#[tokio::test]
async fn run_requests_name_what_is_wrong() {
    let bench = Bench::new("2025-04-15").await;
    let good = pb::StartRunRequest {
        request_id: request_id(),
        month: "2025-03".to_owned(),
        not_before: String::new(),
    };
    for (request, field) in [
        (
            pb::StartRunRequest {
                request_id: String::new(),
                ..good.clone()
            },
            "request_id",
        ),
        (
            pb::StartRunRequest {
                request_id: "short".into(),
                ..good.clone()
            },
            "request_id",
        ),
        (
            pb::StartRunRequest {
                not_before: "nowhere".into(),
                ..good.clone()
            },
            "not_before",
        ),
        (
            pb::StartRunRequest {
                not_before: "unknown.1".into(),
                ..good.clone()
            },
            "not_before",
        ),
    ] {
        let answer = bench
            .runs()
            .start_run(client::request(&centre(), request))
            .await;
        assert_eq!(named(answer), [field]);
    }
    for (page_size, page_token, field) in [
        (501, "", "page_size"),
        (-1, "", "page_size"),
        (0, "x", "page_token"),
    ] {
        let request = pb::ListRunsRequest {
            page_size,
            page_token: page_token.to_owned(),
        };
        let answer = bench
            .runs()
            .list_runs(client::request(&centre(), request))
            .await;
        assert_eq!(named(answer), [field]);
    }
    assert_eq!(bench.sql("SELECT * FROM billing.run").await.unwrap(), 0);
}

#[tokio::test]
async fn a_position_that_has_not_come_yet_is_to_be_asked_for_again() {
    let bench = Bench::new("2025-04-15").await;
    let list = pb::ListChargesRequest {
        not_before: "prescription.ffff".to_owned(),
        customer_number: "2380".to_owned(),
        ..Default::default()
    };
    let mut request = client::request(&centre(), list);
    // A tenth of it is left when the service gives up: more than it takes to be reached.
    request.set_timeout(Duration::from_secs(10));
    let status = bench.charges().list_charges(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{}", status.message());
    assert!(status.get_details_retry_info().is_some());
}

#[tokio::test]
async fn state_that_is_none_is_named() {
    let bench = Bench::new("2025-04-15").await;
    let list = pb::ListChargesRequest {
        state: 99,
        ..Default::default()
    };
    let mut charges = bench.charges();
    let answer = charges.list_charges(client::request(&centre(), list)).await;
    assert_eq!(named(answer), ["state"]);
}

#[tokio::test]
async fn charge_requests_name_everything_that_is_wrong() {
    let bench = Bench::new("2025-04-15").await;
    let list = pb::ListChargesRequest {
        recipient_id: "somebody".to_owned(),
        loan_id: "some".to_owned(),
        customer_number: "12-34".to_owned(),
        month: "2025".to_owned(),
        page_size: 501,
        page_token: "far".to_owned(),
        ..Default::default()
    };
    let answer = bench
        .charges()
        .list_charges(client::request(&centre(), list))
        .await;
    assert_eq!(
        named(answer),
        [
            "recipient_id",
            "loan_id",
            "customer_number",
            "month",
            "page_token",
            "page_size"
        ]
    );
    let later = pb::ListChargesRequest {
        not_before: "x".to_owned(),
        ..Default::default()
    };
    let answer = bench
        .charges()
        .list_charges(client::request(&centre(), later))
        .await;
    assert_eq!(named(answer), ["not_before"]);
    let explain = pb::ExplainChargeRequest {
        charge_id: "1".to_owned(),
    };
    let answer = bench
        .charges()
        .explain_charge(client::request(&centre(), explain))
        .await;
    assert_eq!(named(answer), ["charge_id"]);
    for (charge_id, reason, expected) in [
        ("1".to_owned(), "why".to_owned(), vec!["charge_id"]),
        (request_id(), String::new(), vec!["reason"]),
        (request_id(), "x".repeat(501), vec!["reason"]),
        (
            String::new(),
            "a\nb".to_owned(),
            vec!["charge_id", "reason"],
        ),
    ] {
        let credit = pb::CreditChargeRequest {
            request_id: request_id(),
            charge_id,
            reason,
        };
        let answer = bench
            .charges()
            .credit_charge(client::request(&centre(), credit))
            .await;
        assert_eq!(named(answer), expected);
    }
    assert_eq!(
        bench
            .sql("SELECT * FROM billing.idempotency")
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn statement_requests_name_what_is_wrong() {
    let bench = Bench::new("2025-04-15").await;
    let get = pb::GetStatementRequest {
        customer_number: "too-long-a-number".to_owned(),
        month: "x".to_owned(),
    };
    let answer = bench
        .statements()
        .get_statement(client::request(&centre(), get))
        .await;
    assert_eq!(named(answer), ["customer_number", "month"]);
    let stream = pb::StreamStatementLinesRequest::default();
    let mut statements = bench.statements();
    let answer = statements.stream_statement_lines(client::request(&centre(), stream));
    assert_eq!(named(answer.await), ["customer_number", "month"]);
    let list = pb::ListStatementsRequest {
        principal_id: "X".to_owned(),
        month: String::new(),
        page_size: 501,
        page_token: "-".to_owned(),
    };
    let answer = bench
        .statements()
        .list_statements(client::request(&centre(), list))
        .await;
    assert_eq!(
        named(answer),
        ["principal_id", "month", "page_size", "page_token"]
    );
}
