//! Crediting own fees.

use hjm_proto::{
    billing::v1::{self as pb, Charge, ChargeState, CreditChargeResponse},
    common::v1::OwnFeeKind,
    free_card::v1::CancelReason,
};
use hjm_service::client;
use hjm_testkit::{kronor, reason, request_id};
use tonic::{Code, Response, Status};

use crate::support::{Bench, Draft, Mood, centre, fee, fee_of};

async fn credit(
    bench: &Bench,
    request_id: &str,
    charge: &str,
) -> Result<Response<CreditChargeResponse>, Status> {
    let request = pb::CreditChargeRequest {
        request_id: request_id.to_owned(),
        charge_id: charge.to_owned(),
        reason: "charged by mistake".to_owned(),
    };
    bench
        .charges()
        .credit_charge(client::request(&centre(), request))
        .await
}

/// A posted fee under a scheme, of 250.00 in February.
async fn posted(bench: &Bench) -> Charge {
    let draft = Draft::rental("rollator", "2380", "2380", "2025-02-10").with_fee(fee("250.00"));
    let position = bench.loan(&draft.0);
    bench.charges_of(draft.id(), &position).await.remove(0)
}

#[tokio::test]
async fn a_credit_cancels_the_fee_and_names_what_it_credits() {
    let bench = Bench::new("2025-04-15").await;
    let charge = posted(&bench).await;
    let id = request_id();
    let first = credit(&bench, &id, &charge.charge_id)
        .await
        .expect("a credit")
        .into_inner();
    let row = first.credit.clone().expect("a charge");
    assert_eq!(kronor(row.amount.as_ref()), "-250.00");
    assert_eq!(row.credits_charge_id, charge.charge_id);
    assert_eq!(
        (row.posting_month.as_str(), row.reason.as_str()),
        ("2025-04", "CREDIT")
    );
    let again = credit(&bench, &id, &charge.charge_id)
        .await
        .expect("the stored answer");
    assert!(again.metadata().get("hjm-replayed").is_some());
    assert_eq!(again.into_inner(), first);
    let cancelled = bench.desk.cancelled.lock().unwrap().clone();
    assert_eq!(cancelled.len(), 1);
    assert_eq!(cancelled[0].reason(), CancelReason::Credited);
    assert_eq!(cancelled[0].text, "charged by mistake");
    let charges = bench.charges_of(&charge.loan_id, "").await;
    assert_eq!(charges[0].state(), ChargeState::Credited);
    assert_eq!(charges.len(), 2);
    assert_eq!(bench.told("OwnFeePosted").await.len(), 2);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_fee_that_free_card_does_not_know_is_credited_without_it() {
    let bench = Bench::new("2025-04-15").await;
    let plain = fee_of(OwnFeeKind::OneOff, "300.00", "FEE", "");
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(plain);
    let position = bench.loan(&draft.0);
    let charge = bench.charges_of(draft.id(), &position).await.remove(0);
    credit(&bench, &request_id(), &charge.charge_id)
        .await
        .expect("a credit");
    assert!(bench.desk.cancelled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_credited_is_refused_with_its_reason() {
    let bench = Bench::new("2025-04-15").await;
    let charge = posted(&bench).await;
    bench.loan(&Draft::rental("bed", "2309", "2309", "2025-03-01").0);
    bench.close("2025-03").await;
    let line = bench.lines("2309", "2025-03").await.remove(0);
    let refused = credit(&bench, &request_id(), &line.charge_id)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "CORRECT_THE_LOAN".into())
    );

    let row = credit(&bench, &request_id(), &charge.charge_id)
        .await
        .unwrap();
    let row = row.into_inner().credit.unwrap();
    let again = credit(&bench, &request_id(), &charge.charge_id)
        .await
        .unwrap_err();
    assert_eq!(reason(&again), "ALREADY_CREDITED");
    let of_credit = credit(&bench, &request_id(), &row.charge_id)
        .await
        .unwrap_err();
    assert_eq!(reason(&of_credit), "IS_A_CREDIT");
    let unknown = credit(&bench, &request_id(), &request_id())
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);

    bench.desk.mood(Mood::Refuses("CEILING_MISSING"));
    let due = posted(&bench).await;
    let refused = credit(&bench, &request_id(), &due.charge_id)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "NOT_POSTED");
    assert_eq!(bench.desk.cancelled.lock().unwrap().len(), 1);
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_id_used_for_one_charge_is_refused_for_another() {
    let bench = Bench::new("2025-04-15").await;
    let (one, other) = (posted(&bench).await, posted(&bench).await);
    bench.desk.mood(Mood::Away);
    let id = request_id();
    let away = credit(&bench, &id, &one.charge_id).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
    // The intention is kept, so the id is taken before there is an answer.
    let reused = credit(&bench, &id, &other.charge_id).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);
    let second = credit(&bench, &request_id(), &one.charge_id)
        .await
        .unwrap_err();
    assert_eq!(reason(&second), "ALREADY_CREDITED");
}

#[tokio::test]
async fn a_credit_whose_desk_was_away_is_completed_and_answered_the_same() {
    let bench = Bench::new("2025-04-15").await;
    let charge = posted(&bench).await;
    bench.desk.mood(Mood::Away);
    let id = request_id();
    assert_eq!(
        credit(&bench, &id, &charge.charge_id)
            .await
            .unwrap_err()
            .code(),
        Code::Unavailable
    );
    bench.desk.mood(Mood::Answers);
    while bench.charges_of(&charge.loan_id, "").await.len() < 2 {}
    let answer = credit(&bench, &id, &charge.charge_id)
        .await
        .expect("the stored answer");
    assert!(answer.metadata().get("hjm-replayed").is_some());
    let row = answer.into_inner().credit.expect("a credit");
    assert_eq!(row, bench.charges_of(&charge.loan_id, "").await.remove(1));
    let asked = bench.desk.cancelled.lock().unwrap().clone();
    assert!(
        asked.iter().all(|again| again == &asked[0]),
        "the same call with the same id"
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_credit_killed_before_its_settlement_is_completed_by_the_next_process() {
    let mut bench = Bench::new("2025-04-15").await;
    let charge = posted(&bench).await;
    bench.desk.mood(Mood::Away);
    let id = request_id();
    credit(&bench, &id, &charge.charge_id).await.unwrap_err();
    bench.stop().await;
    bench.desk.mood(Mood::Answers);
    assert_eq!(
        bench.crash("between-cancel-and-settlement").await,
        Some(137)
    );
    bench.start().await;
    while bench.charges_of(&charge.loan_id, "").await.len() < 2 {}
    let answer = credit(&bench, &id, &charge.charge_id)
        .await
        .expect("an answer");
    assert_eq!(
        kronor(answer.into_inner().credit.unwrap().amount.as_ref()),
        "-250.00"
    );
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}
