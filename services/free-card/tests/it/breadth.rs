//! Each RPC beside registering and cancelling, over a real socket.

use futures::{future::join_all, stream};
use hjm_proto::free_card::v1 as pb;
use hjm_service::client;
use hjm_testkit::{date, fields, kronor, money, of_principal, reason, request_id};
use tonic::Code;

use crate::support::{DALARNA, SCHEME, World, ask, cancelling, card_days, desk, instant, person};

#[tokio::test]
async fn one_call_tells_a_person_in_every_scheme() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    let request = pb::GetStatusesRequest {
        recipient_id: recipient,
        ..Default::default()
    };
    let told = world.free_card.clone().get_statuses(ask(request)).await;
    let told = told.unwrap().into_inner();
    let schemes: Vec<&str> = told
        .statuses
        .iter()
        .map(|one| one.scheme_id.as_str())
        .collect();
    assert_eq!(schemes, [SCHEME]);
    assert_eq!(kronor(told.accumulated.as_ref()), "250.00");
}

#[tokio::test]
async fn exempt_is_yes_or_no_on_a_day_and_follows_cancellations() {
    let world = World::open("2024-01-10").await;
    let (free, paying) = (person(), person());
    world.charge(&free, "2024-01-10", "1250").await;
    let (_, last) = world.charge(&free, "2024-06-10", "250").await;
    world.charge(&paying, "2024-06-10", "250").await;
    for (recipient, on, exempt) in [
        (&free, "2024-06-09", false),
        (&free, "2024-06-10", true),
        (&free, "2025-01-09", true),
        (&free, "2025-01-10", false),
        (&paying, "2024-06-10", false),
        (&person(), "2024-06-10", false),
    ] {
        assert_eq!(
            world.is_exempt(recipient, on).await.unwrap(),
            exempt,
            "{on}"
        );
    }
    world.cancel(&cancelling(&last)).await.unwrap();
    assert!(!world.is_exempt(&free, "2024-06-10").await.unwrap());
    let asked = join_all((0..200).map(|_| world.is_exempt(&free, "2024-06-10"))).await;
    assert!(asked.into_iter().all(|exempt| !exempt.unwrap()));
}

#[tokio::test]
async fn a_card_is_explained_by_its_fees_and_its_text() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let (_, first) = world.charge(&recipient, "2024-01-10", "1250").await;
    world.charge(&recipient, "2024-06-10", "250").await;
    let request = pb::ExplainCardRequest {
        recipient_id: recipient,
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let told = world.free_card.clone().explain_card(ask(request)).await;
    let told = told.unwrap().into_inner();
    assert_eq!(told.counted[0].fee_id, first);
    assert_eq!(told.counted.len(), 2);
    let explanation = told.explanation.unwrap();
    assert_eq!(explanation.rule_id, "free_card.CUT_AT_CEILING");
}

#[tokio::test]
async fn what_was_known_at_an_instant_is_told_as_it_was() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    world.charge(&recipient, "2024-02-10", "250").await;
    let request = |known_at| pb::GetStatusRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        as_of: date("2024-03-01"),
        as_known_at: known_at,
        ..Default::default()
    };
    for (known_at, sum) in [
        (None, "500.00"),
        (Some(instant("2024-02-09T12:00:00Z")), "250.00"),
        (Some(instant("2023-12-31T12:00:00Z")), "0.00"),
    ] {
        let mut client = world.free_card.clone();
        let status = client.get_status(ask(request(known_at))).await.unwrap();
        let status = status.into_inner().status.unwrap();
        assert_eq!(kronor(status.accumulated.as_ref()), sum, "{known_at:?}");
    }
}

#[tokio::test]
async fn what_was_known_before_a_late_fee_tells_nothing_of_it() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1250").await;
    world.charge(&recipient, "2024-05-01", "250").await;
    world.set_today("2024-07-01");
    let late = world.fee(&recipient, "2024-03-01", "250");
    world.register(&late).await.unwrap();
    for on in ["2024-08-01", "2024-08-02", "2024-08-03"] {
        world.charge(&recipient, on, "250").await;
    }
    let mut client = world.free_card.clone();
    for (known_at, days, fees) in [
        ("2024-06-01T12:00:00Z", "2024-05-01 to 2025-01-09", 2),
        ("2024-07-02T12:00:00Z", "2024-03-01 to 2025-01-09", 3),
    ] {
        let status = pb::GetStatusRequest {
            recipient_id: recipient.clone(),
            scheme_id: SCHEME.to_owned(),
            as_of: date("2024-05-01"),
            as_known_at: Some(instant(known_at)),
            ..Default::default()
        };
        let status = client.get_status(ask(status)).await.unwrap().into_inner();
        assert_eq!(card_days(&status.status.unwrap()).unwrap(), days);
        let listed = pb::ListFeesRequest {
            recipient_id: recipient.clone(),
            scheme_id: SCHEME.to_owned(),
            as_known_at: Some(instant(known_at)),
            ..Default::default()
        };
        let listed = client.list_fees(ask(listed)).await.unwrap().into_inner();
        assert_eq!(listed.fees.len(), fees, "{known_at}");
    }
    world.books_hold().await;
}

#[tokio::test]
async fn d_25_two_desks_with_one_quote_the_second_is_told_of_the_first() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "1250").await;
    let version = world.status(&recipient, "2024-06-10").await.account_version;
    let quoted = |expected| pb::RegisterFeeRequest {
        expected_version: Some(expected),
        ..world.fee(&recipient, "2024-06-10", "250")
    };
    let first = world.register(&quoted(version)).await.unwrap().into_inner();
    assert_eq!(kronor(first.answer.unwrap().to_charge.as_ref()), "150.00");
    let second = world.register(&quoted(version)).await.unwrap_err();
    assert_eq!(second.code(), Code::Aborted);
    let again = quoted(first.account_version);
    let again = world.register(&again).await.unwrap().into_inner();
    assert_eq!(kronor(again.answer.unwrap().to_charge.as_ref()), "0.00");
}

#[tokio::test]
async fn a_stream_of_fees_says_of_each_what_became_of_it() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let good = world.fee(&recipient, "2024-06-10", "250");
    let future = world.fee(&recipient, "2024-06-11", "250");
    let malformed = pb::RegisterFeeRequest {
        external_reference: String::new(),
        ..world.fee(&recipient, "2024-06-10", "250")
    };
    let sent = [good.clone(), future, malformed, good]
        .map(|fee| pb::RegisterFeesRequest { fee: Some(fee) });
    let request = client::streaming_request(&desk(), stream::iter(sent));
    let answer = world.free_card.clone().register_fees(request).await;
    let items = answer.unwrap().into_inner().items;
    let told: Vec<(i32, &str)> = items
        .iter()
        .map(|item| (item.code, item.reason.as_str()))
        .collect();
    let refused = Code::FailedPrecondition as i32;
    let malformed = Code::InvalidArgument as i32;
    let expected = [
        (0, ""),
        (refused, "FEE_IN_FUTURE"),
        (malformed, "MALFORMED"),
        (0, ""),
    ];
    assert_eq!(told, expected);
    assert_eq!(items[0].registered, items[3].registered);
    assert_eq!(world.list(&recipient).await.len(), 1);
}

#[tokio::test]
async fn d_32_a_fee_like_another_is_taken_and_marked() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let register = async |nominal: &str| {
        let request = world.fee(&recipient, "2024-06-10", nominal);
        let registered = world.register(&request).await.unwrap();
        registered.into_inner().possible_duplicate
    };
    assert!(!register("250").await);
    assert!(!register("300").await);
    assert!(register("250").await);
}

#[tokio::test]
async fn offline_desks_are_ordered_by_their_instants_and_their_overcharge_is_claimed() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1250").await;
    world.set_today("2024-06-10");
    let offline = |hour: u8| {
        let mut request = world.fee(&recipient, "2024-06-10", "250");
        let fee = request.fee.as_mut().unwrap();
        fee.event_on = None;
        fee.occurred_at = Some(instant(&format!("2024-06-10T{hour:02}:00:00Z")));
        fee.charged = money("250");
        fee.device_id = format!("desk {hour}");
        request
    };
    let late = world.register(&offline(9)).await.unwrap().into_inner();
    assert_eq!(kronor(late.answer.unwrap().to_charge.as_ref()), "250.00");
    world.register(&offline(8)).await.unwrap();
    let claims = world.claims_of(&recipient).await;
    let mut amounts: Vec<String> = claims
        .iter()
        .map(|claim| kronor(claim.amount.as_ref()))
        .collect();
    amounts.sort();
    assert_eq!(amounts, ["100.00", "250.00"]);
    let without_device = {
        let mut request = offline(7);
        request.fee.as_mut().unwrap().device_id.clear();
        request
    };
    let refused = world.register(&without_device).await.unwrap_err();
    assert_eq!(fields(&refused), ["fee.device_id"]);
}

#[tokio::test]
async fn d_24_only_a_final_card_may_be_kept() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1400").await;
    let preliminary = world.status(&recipient, "2024-01-10").await;
    assert_eq!(preliminary.cacheable_until, None);
    world.set_today("2024-01-13");
    let status = world.status(&recipient, "2024-01-13").await;
    assert_eq!(status.cacheable_until, date("2025-01-09"));
}

#[tokio::test]
async fn a_fee_is_corrected_by_who_registered_it() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-01-10", "700").await;
    let request = || pb::CorrectFeeRequest {
        request_id: request_id(),
        fee_id: fee_id.clone(),
        event_on: date("2024-01-09"),
        nominal: money("70"),
        reason: pb::CancelReason::Incorrect.into(),
        text: "one digit too many".to_owned(),
    };
    let mut client = world.free_card.clone();
    let stranger = of_principal(DALARNA, "2081");
    let refused = client
        .correct_fee(client::request(&stranger, request()))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "FEE_REGISTERED_ELSEWHERE");
    let corrected = client
        .correct_fee(ask(request()))
        .await
        .unwrap()
        .into_inner();
    let fee = corrected.fee.unwrap();
    assert_eq!(fee.event_on, date("2024-01-09"));
    assert_eq!(kronor(fee.overcharge.as_ref()), "630.00");
    let status = corrected.status.unwrap();
    assert_eq!(kronor(status.accumulated.as_ref()), "70.00");
    assert_eq!(
        kronor(world.claims_of(&recipient).await[0].amount.as_ref()),
        "630.00"
    );
    let events = world.events().await;
    assert_eq!(events.last().unwrap().0, "FeeCorrected");
}

#[tokio::test]
async fn a_claim_goes_from_open_to_approved_to_paid_and_no_other_way() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-01-10", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let early = world.decide(&fee_id, pb::ClaimState::Paid).await;
    assert_eq!(reason(&early.unwrap_err()), "CLAIM_STATE");
    let approved = world
        .decide(&fee_id, pb::ClaimState::Approved)
        .await
        .unwrap();
    assert_eq!(approved.state(), pb::ClaimState::Approved);
    let settle = || pb::SettleClaimsRequest {
        request_id: request_id(),
        principal_id: "20".to_owned(),
        ..Default::default()
    };
    let mut client = world.claims.clone();
    let settled = client
        .settle_claims(ask(settle()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kronor(settled.total.as_ref()), "250.00");
    assert_eq!(settled.claims[0].state(), pb::ClaimState::Paid);
    let again = client
        .settle_claims(ask(settle()))
        .await
        .unwrap()
        .into_inner();
    assert!(again.claims.is_empty());
    let stranger = of_principal(DALARNA, "2081");
    let refused = client
        .settle_claims(client::request(&stranger, settle()))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    let late = world.decide(&fee_id, pb::ClaimState::Rejected).await;
    assert_eq!(reason(&late.unwrap_err()), "CLAIM_STATE");
}
