//! The feed: in order, after a position, to a limit, by kind, followed until the drain.

use hjm_proto::catalogue::v1::{self as pb, catalogue_event::Event};
use hjm_service::client;
use hjm_testkit::{TENANT, fields, of_principal};
use tonic::Code;

use crate::support::{RENT, RENT_ID, World, importer, price, refused, rollator, second_person};

/// One event of each kind.
async fn told() -> (World, Vec<pb::ReadResponse>) {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    world
        .set_price(price("R-100", "1.80", "2025-01-01"))
        .await
        .unwrap();
    world.import(RENT).await.unwrap();
    world
        .activate(&second_person(), RENT_ID, 1, "2025-01-01")
        .await
        .unwrap();
    let events = world.read(pb::ReadRequest::default()).await;
    (world, events)
}

fn position(event: &pb::ReadResponse) -> String {
    event.envelope.as_ref().unwrap().position.clone()
}

#[tokio::test]
async fn events_come_in_order_with_what_happened() {
    let (world, events) = told().await;
    let kinds = [
        "ArticleChanged",
        "PriceChanged",
        "PolicyImported",
        "PolicyActivated",
    ];
    assert_eq!(world.kinds().await, kinds);
    let Some(Event::PolicyImported(imported)) = events[2].event.clone().unwrap().event else {
        panic!("the third event is the import");
    };
    assert_eq!(imported.policy.unwrap().text, "");
    let Some(Event::PolicyActivated(activated)) = events[3].event.clone().unwrap().event else {
        panic!("the fourth event is the activation");
    };
    assert_eq!(
        activated.policy.unwrap().text,
        RENT,
        "whoever follows decides with the text"
    );
    assert!(activated.activated_at.is_some());
    let versions: Vec<u64> = events
        .iter()
        .map(|event| event.envelope.as_ref().unwrap().aggregate_version)
        .collect();
    assert_eq!(versions, [1, 1, 1, 2], "the policy's second event");
}

#[tokio::test]
async fn a_reader_goes_on_after_a_position_up_to_a_limit() {
    let (world, all) = told().await;
    let after = pb::ReadRequest {
        after: position(&all[1]),
        ..Default::default()
    };
    assert_eq!(world.read(after).await, all[2..]);
    let limited = pb::ReadRequest {
        limit: 3,
        ..Default::default()
    };
    assert_eq!(world.read(limited).await, all[..3]);
    let end = pb::ReadRequest {
        after: position(&all[3]),
        ..Default::default()
    };
    assert_eq!(world.read(end).await, []);
    let mut client = world.feed.clone();
    let head = client
        .get_head(client::request(&importer(), pb::GetHeadRequest {}))
        .await;
    assert_eq!(head.unwrap().into_inner().position, position(&all[3]));
}

#[tokio::test]
async fn a_reader_chooses_kinds() {
    let (world, all) = told().await;
    let kinds = vec!["PriceChanged".to_owned(), "PolicyActivated".to_owned()];
    let chosen = pb::ReadRequest {
        kinds,
        ..Default::default()
    };
    assert_eq!(world.read(chosen).await, [all[1].clone(), all[3].clone()]);
}

#[tokio::test]
async fn a_follower_hears_what_comes_and_ends_at_its_limit() {
    let (world, all) = told().await;
    let follow = pb::ReadRequest {
        after: position(&all[2]),
        limit: 2,
        follow: true,
        ..Default::default()
    };
    let request = client::streaming_request(&importer(), follow);
    let mut stream = world.feed.clone().read(request).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().as_ref(), Some(&all[3]));
    world.create(rollator("R-200")).await.unwrap();
    let next = stream.message().await.unwrap().unwrap();
    assert_eq!(next.envelope.unwrap().kind, "ArticleChanged");
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_follower_is_told_to_come_back_when_the_service_drains() {
    let (world, all) = told().await;
    let follow = pb::ReadRequest {
        after: position(&all[3]),
        follow: true,
        ..Default::default()
    };
    let request = client::streaming_request(&importer(), follow);
    let mut stream = world.feed.clone().read(request).await.unwrap().into_inner();
    world.drain.begin();
    assert_eq!(
        stream.message().await.unwrap_err().code(),
        Code::Unavailable
    );
    world.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_position_that_is_not_the_feeds_own_is_refused() {
    let (world, _) = told().await;
    for after in ["billing.1", "catalogue.0", "catalogue.x", "1"] {
        let after = pb::ReadRequest {
            after: after.to_owned(),
            ..Default::default()
        };
        let request = client::streaming_request(&importer(), after);
        let mut client = world.feed.clone();
        let status = refused(client.read(request)).await;
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec!["after".to_owned()])
        );
    }
}

#[tokio::test]
async fn a_member_hears_the_same_as_the_aid_centre() {
    let (world, all) = told().await;
    let member = of_principal(TENANT, "2380");
    let request = pb::ReadRequest {
        limit: 4,
        ..Default::default()
    };
    let request = client::streaming_request(&member, request);
    let mut stream = world.feed.clone().read(request).await.unwrap().into_inner();
    for event in all {
        assert_eq!(stream.message().await.unwrap(), Some(event));
    }
}
