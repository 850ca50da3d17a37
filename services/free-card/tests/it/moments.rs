//! Offline desks, repeated sendings and midnight in Sweden: W13, W37 to W43, and a protected
//! person.

use hjm_proto::{common::v1 as common, free_card::v1 as pb};
use hjm_service::client;
use hjm_testkit::{fields, kronor, money, of_principal, reason, request_id};
use tonic::Code;

use crate::support::{DALARNA, SCHEME, World, ask, cancelling, card_days, desk, instant, person};

/// A fee of a desk that was offline at an instant.
fn offline(world: &World, recipient: &str, at: &str, charged: &str) -> pb::RegisterFeeRequest {
    let mut request = world.fee(recipient, "2024-01-01", charged);
    let fee = request.fee.as_mut().unwrap();
    fee.event_on = None;
    fee.occurred_at = Some(instant(at));
    fee.charged = money(charged);
    fee.device_id = "a desk".to_owned();
    request
}

/// A fee counts when it is invoiced (R11): that nobody has paid it takes it out by no reason.
#[tokio::test]
async fn fc_w13_what_is_not_paid_has_been_invoiced_and_counts() {
    let world = World::open("2024-05-01").await;
    let recipient = person();
    let (charged, invoiced) = world.charge(&recipient, "2024-05-01", "1250").await;
    assert_eq!(charged, "1250.00");
    let (charged, _) = world.charge(&recipient, "2024-06-01", "250").await;
    assert_eq!(charged, "150.00");
    world.set_today("2024-09-01");
    let collected = pb::CancelFeeRequest {
        reason: pb::CancelReason::Unspecified.into(),
        text: "Sent to collection".to_owned(),
        ..cancelling(&invoiced)
    };
    let refused = world.cancel(&collected).await.unwrap_err();
    assert_eq!(fields(&refused), ["reason"]);
    let status = world.status(&recipient, "2024-09-01").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    assert_eq!(card_days(&status).unwrap(), "2024-06-01 to 2025-04-30");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w37_the_instants_of_offline_desks_decide_whichever_comes_first() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1250").await;
    world.set_today("2024-06-10");
    let a = offline(&world, &recipient, "2024-06-10T08:00:00Z", "250");
    let b = offline(&world, &recipient, "2024-06-10T07:00:00Z", "250");
    let a = world.register(&a).await.unwrap().into_inner().fee_id;
    let b = world.register(&b).await.unwrap().into_inner().fee_id;
    let mut owed: Vec<(String, String)> = world
        .claims_of(&recipient)
        .await
        .iter()
        .map(|claim| (claim.fee_id.clone(), kronor(claim.amount.as_ref())))
        .collect();
    owed.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(owed, [(b, "100.00".into()), (a, "250.00".into())]);
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    assert_eq!(card_days(&status).unwrap(), "2024-06-10 to 2025-01-09");
    world.books_hold().await;
}

#[tokio::test]
async fn an_instant_counts_to_the_microsecond() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let mut fee = offline(&world, &recipient, "2024-06-10T08:00:00Z", "250");
    let at = fee.fee.as_mut().unwrap().occurred_at.as_mut();
    at.unwrap().nanos = 123_456_789;
    world.register(&fee).await.unwrap();
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w38_the_same_event_three_times_is_one_fee_with_one_answer() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(world.register(&request).await.unwrap().into_inner());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.list(&recipient).await.len(), 1);
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "250.00");
}

#[tokio::test]
async fn fc_w39_two_quotes_of_one_version_and_the_second_is_aborted() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "1250").await;
    let version = world.status(&recipient, "2024-06-10").await.account_version;
    let quoted = |version| pb::RegisterFeeRequest {
        expected_version: Some(version),
        ..world.fee(&recipient, "2024-06-10", "250")
    };
    let first = world.register(&quoted(version)).await.unwrap().into_inner();
    assert_eq!(kronor(first.answer.unwrap().to_charge.as_ref()), "150.00");
    let second = world.register(&quoted(version)).await.unwrap_err();
    assert_eq!(second.code(), Code::Aborted);
    let again = world.register(&quoted(first.account_version)).await;
    let again = again.unwrap().into_inner().answer.unwrap();
    assert_eq!(kronor(again.to_charge.as_ref()), "0.00");
}

#[tokio::test]
async fn fc_w40_w41_the_day_is_swedish_on_both_sides_of_midnight() {
    let world = World::open("2023-05-10").await;
    for (at, accumulated, card) in [
        ("2024-05-09T22:30:00Z", "250.00", None),
        (
            "2024-05-09T21:30:00Z",
            "1400.00",
            Some("2024-05-09 to 2024-05-09"),
        ),
    ] {
        let recipient = person();
        world.charge(&recipient, "2023-05-10", "1150").await;
        world.set_today("2024-05-10");
        let mut request = offline(&world, &recipient, at, "250");
        let fee = request.fee.as_mut().unwrap();
        (fee.charged, fee.device_id) = (None, String::new());
        let answer = world.register(&request).await.unwrap().into_inner().answer;
        let answer = answer.unwrap();
        assert_eq!(kronor(answer.to_charge.as_ref()), "250.00", "{at}");
        let status = answer.status.unwrap();
        assert_eq!(kronor(status.accumulated.as_ref()), accumulated, "{at}");
        assert_eq!(card_days(&status).as_deref(), card, "{at}");
    }
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w43_negative_future_and_foreign_amounts_are_refused_and_store_nothing() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let spoilt = |nominal: Option<common::Money>, on: &str| {
        let mut request = world.fee(&recipient, on, "250");
        request.fee.as_mut().unwrap().nominal = nominal;
        request
    };
    let euro = money("250").map(|money| common::Money {
        currency_code: "EUR".to_owned(),
        ..money
    });
    let negative = money("1").map(|money| common::Money { units: -1, ..money });
    for (request, field) in [
        (spoilt(negative, "2024-06-10"), "fee.nominal"),
        (spoilt(euro, "2024-06-10"), "fee.nominal"),
        (spoilt(money("250"), "2024-06-11"), "fee.event_on"),
    ] {
        let refused = world.register(&request).await.unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
    assert_eq!(world.list(&recipient).await, []);
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn d_29_a_fee_of_zero_is_a_record_that_opens_no_period() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    assert_eq!(world.charge(&recipient, "2024-01-10", "0").await.0, "0.00");
    world.charge(&recipient, "2024-02-10", "250").await;
    let status = world.status(&recipient, "2024-02-10").await;
    assert_eq!(status.period_start, hjm_testkit::date("2024-02-10"));
    assert_eq!(world.list(&recipient).await.len(), 2);
}

#[tokio::test]
async fn fc_w27_a_protected_person_pays_alike_and_nobody_is_told_where() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let protect = |is_protected| pb::SetProtectionRequest {
        request_id: request_id(),
        recipient_id: recipient.clone(),
        is_protected,
    };
    let mut subjects = world.subjects.clone();
    subjects.set_protection(ask(protect(true))).await.unwrap();
    world.consent(&recipient).await;
    world.charge(&recipient, "2024-06-10", "1200").await;
    assert_eq!(
        world.charge(&recipient, "2024-06-10", "250").await.0,
        "200.00"
    );
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(status.card(), pb::CardState::Preliminary);
    let request = || pb::ListFeesRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let (town, region) = (of_principal(DALARNA, "2081"), of_principal(DALARNA, "20"));
    for (caller, seen) in [(desk(), ""), (town, ""), (region, "20")] {
        let mut client = world.free_card.clone();
        let listed = client.list_fees(client::request(&caller, request())).await;
        let fees = listed.unwrap().into_inner().fees;
        assert!(fees.iter().all(|fee| fee.principal_id == seen), "{fees:?}");
        assert_eq!(kronor(fees[1].charged.as_ref()), "200.00");
    }
    subjects.set_protection(ask(protect(false))).await.unwrap();
    let listed = world.list(&recipient).await;
    assert_eq!(listed[0].principal_id, "20");
    let events = world.events().await;
    let (_, pb::free_card_event::Event::SubjectChanged(told)) = &events[0] else {
        panic!("the protection is told first: {events:?}");
    };
    assert!(told.is_protected);
}

#[tokio::test]
async fn an_instant_and_a_day_that_disagree_are_refused() {
    let world = World::open("2024-05-10").await;
    let recipient = person();
    let mut request = world.fee(&recipient, "2024-05-09", "250");
    let at = instant("2024-05-09T22:30:00Z");
    request.fee.as_mut().unwrap().occurred_at = Some(at);
    let refused = world.register(&request).await.unwrap_err();
    assert_eq!(reason(&refused), "INSTANT_OF_ANOTHER_DAY");
    assert_eq!(world.list(&recipient).await, []);
}
