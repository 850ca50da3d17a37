//! What free-card tells and how far it has heard.

use hjm_proto::free_card::v1::{self as pb, free_card_event::Event};
use hjm_service::client;
use hjm_testkit::{fields, kronor, of_principal};
use tonic::Code;

use crate::support::{DALARNA, World, cancelling, desk, person};

async fn read(world: &World, request: pb::ReadRequest) -> Vec<pb::ReadResponse> {
    let request = client::streaming_request(&desk(), request);
    let mut stream = world.feed.clone().read(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(event) = stream.message().await.unwrap() {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn every_fee_and_cancellation_is_told_once_in_order() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let registered = world
        .register(&world.fee(&recipient, "2024-06-10", "250"))
        .await;
    let registered = registered.unwrap().into_inner();
    let cancelled = world
        .cancel(&cancelling(&registered.fee_id))
        .await
        .unwrap()
        .into_inner();
    let events = read(&world, pb::ReadRequest::default()).await;
    let envelopes: Vec<_> = events
        .iter()
        .map(|event| event.envelope.clone().unwrap())
        .collect();
    assert_eq!(envelopes.len(), 2);
    assert_eq!(envelopes[0].position, registered.position);
    assert_eq!(envelopes[1].position, cancelled.position);
    assert_eq!(envelopes[0].aggregate_id, envelopes[1].aggregate_id);
    assert_eq!(
        (
            envelopes[0].aggregate_version,
            envelopes[1].aggregate_version
        ),
        (1, 2)
    );
    let Some(Event::FeeRegistered(told)) = events[0].event.clone().unwrap().event else {
        panic!("a registration comes first");
    };
    assert_eq!(told.recipient_id, recipient);
    assert_eq!(
        kronor(told.fee.as_ref().unwrap().charged.as_ref()),
        "250.00"
    );
    assert_eq!(told.fee.unwrap().fee_id, registered.fee_id);
    assert_eq!(told.reassessed, []);
    assert_eq!(told.status, registered.answer.unwrap().status);
}

#[tokio::test]
async fn the_feed_is_read_after_a_position_to_a_limit_by_kind() {
    let world = World::open("2024-06-10").await;
    let (_, fee_id) = world.charge(&person(), "2024-06-10", "250").await;
    world.charge(&person(), "2024-06-10", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let all = read(&world, pb::ReadRequest::default()).await;
    let position = |at: usize| all[at].envelope.as_ref().unwrap().position.clone();
    let after = pb::ReadRequest {
        after: position(0),
        ..Default::default()
    };
    assert_eq!(read(&world, after).await, all[1..]);
    let limited = pb::ReadRequest {
        limit: 2,
        ..Default::default()
    };
    assert_eq!(read(&world, limited).await, all[..2]);
    let kinds = vec!["FeeCancelled".to_owned()];
    let cancelled = pb::ReadRequest {
        kinds,
        ..Default::default()
    };
    assert_eq!(read(&world, cancelled).await, all[2..]);
    let followed = pb::ReadRequest {
        limit: 3,
        follow: true,
        ..Default::default()
    };
    assert_eq!(read(&world, followed).await, all, "ends at its limit");

    let mut client = world.feed.clone();
    let head = client.get_head(client::request(&desk(), pb::GetHeadRequest {}));
    assert_eq!(head.await.unwrap().into_inner().position, position(2));
    let foreign = pb::ReadRequest {
        after: "catalogue.1".to_owned(),
        ..Default::default()
    };
    let refused = world
        .feed
        .clone()
        .read(client::streaming_request(&desk(), foreign))
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, vec!["after".into()])
    );
}

#[tokio::test]
async fn d_15_the_feed_of_all_persons_is_not_a_principals_to_read() {
    let world = World::open("2024-06-10").await;
    world.charge(&person(), "2024-06-10", "250").await;
    for principal in ["20", "2081"] {
        let caller = of_principal(DALARNA, principal);
        let request = client::streaming_request(&caller, pb::ReadRequest::default());
        let refused = world.feed.clone().read(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{principal}");
    }
}

#[tokio::test]
async fn it_says_how_far_it_has_followed_catalogue() {
    let world = World::open("2024-06-10").await;
    world.status(&person(), "2024-06-10").await;
    let request = client::request(&desk(), pb::ListFollowersRequest {});
    let listed = world
        .followers
        .clone()
        .list_followers(request)
        .await
        .unwrap()
        .into_inner();
    let [catalogue] = listed.followers.as_slice() else {
        panic!("one feed is followed")
    };
    assert_eq!((catalogue.feed.as_str(), catalogue.lag), ("catalogue", 0));
    assert_eq!(catalogue.position, world.policy_position);
    assert_eq!(catalogue.error, "");
}
