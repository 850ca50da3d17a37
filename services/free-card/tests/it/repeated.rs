//! The same write again: by its request id, and by the charging system's key.

use futures::future::join_all;
use hjm_proto::free_card::v1 as pb;
use hjm_service::idempotency::REPLAYED_HEADER;
use hjm_testkit::{fields, reason, request_id};
use tonic::Code;

use crate::support::{World, cancelling, draft, person};

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_says_so() {
    let world = World::open("2024-06-10").await;
    let request = world.fee(&person(), "2024-06-10", "250");
    let first = world.register(&request).await.unwrap();
    assert!(first.metadata().get(REPLAYED_HEADER).is_none());
    let again = world.register(&request).await.unwrap();
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());

    let cancel = cancelling(&first.get_ref().fee_id);
    let first = world.cancel(&cancel).await.unwrap();
    let again = world.cancel(&cancel).await.unwrap();
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn a_request_of_before_the_person_shared_gets_its_answer_after() {
    let world = World::open("2024-06-10").await;
    let (reserve, of) = (person(), person());
    let request = world.fee(&reserve, "2024-06-10", "250");
    let first = world.register(&request).await.unwrap().into_inner();
    world.link_reserve(&reserve, &of).await;
    let again = world.register(&request).await.unwrap();
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.into_inner(), first);
}

#[tokio::test]
async fn an_answer_lists_the_newest_fees_and_says_how_many_counted() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let mut fees: Vec<String> = Vec::new();
    for place in 0..=60_usize {
        let registered = world
            .register(&world.fee(&recipient, "2024-06-10", "1"))
            .await;
        let registered = registered.unwrap().into_inner();
        let answer = registered.answer.unwrap();
        assert_eq!(answer.counted_in_all as usize, place);
        let listed: Vec<String> = answer.counted.into_iter().map(|one| one.fee_id).collect();
        assert_eq!(listed, fees[place.saturating_sub(50)..]);
        fees.push(registered.fee_id);
    }
}

#[tokio::test]
async fn another_body_under_the_same_request_id_is_refused() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    world.register(&request).await.unwrap();
    let other = pb::RegisterFeeRequest {
        fee: Some(draft("2024-06-10", "300", "20")),
        ..request
    };
    let refused = world.register(&other).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(world.list(&recipient).await.len(), 1);
}

#[tokio::test]
async fn one_fee_one_door_the_same_key_gets_the_first_answer() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    let first = world.register(&request).await.unwrap().into_inner();
    world.charge(&recipient, "2024-06-11", "250").await;
    let again = pb::RegisterFeeRequest {
        request_id: request_id(),
        ..request
    };
    let second = world.register(&again).await.unwrap();
    assert!(
        second.metadata().get(REPLAYED_HEADER).is_none(),
        "another request"
    );
    let second = second.into_inner();
    assert_eq!(
        (&second.fee_id, &second.answer),
        (&first.fee_id, &first.answer)
    );
    assert_eq!(world.list(&recipient).await.len(), 2);
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn one_fee_one_door_eight_at_once_register_one_fee() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    let requests: Vec<_> = (0..8)
        .map(|_| pb::RegisterFeeRequest {
            request_id: request_id(),
            ..request.clone()
        })
        .collect();
    let answers = join_all(requests.iter().map(|request| world.register(request))).await;
    let mut fees: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.unwrap().into_inner().fee_id)
        .collect();
    fees.dedup();
    assert_eq!(fees.len(), 1);
    assert_eq!(world.list(&recipient).await.len(), 1);
}

#[tokio::test]
async fn one_fee_one_door_another_fee_under_the_key_is_refused() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    let registered = world.register(&request).await.unwrap().into_inner();
    let cases: [fn(&mut pb::RegisterFeeRequest); 4] = [
        |ask| ask.recipient_id = person(),
        |ask| ask.fee = Some(draft("2024-06-09", "250", "20")),
        |ask| ask.fee = Some(draft("2024-06-10", "251", "20")),
        |ask| ask.fee = Some(draft("2024-06-10", "250", "2081")),
    ];
    for spoil in cases {
        let mut other = pb::RegisterFeeRequest {
            request_id: request_id(),
            ..request.clone()
        };
        spoil(&mut other);
        let refused = world.register(&other).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "FEE_REFERENCE_TAKEN");
        assert_eq!(fields(&refused), ["external_reference"]);
    }
    world.cancel(&cancelling(&registered.fee_id)).await.unwrap();
    let after = pb::RegisterFeeRequest {
        request_id: request_id(),
        ..request
    };
    let refused = world.register(&after).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        "FEE_REFERENCE_TAKEN",
        "a cancelled fee is not charged again"
    );
}
