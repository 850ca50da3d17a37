//! Who stays outside does so under every identity, shares with nobody, and nothing of it is told.

use hjm_proto::free_card::v1::{self as pb, free_card_event::Event};
use hjm_testkit::{date, kronor, money, reason, request_id};

use crate::support::{SCHEME, World, ask, person};

const BORN: &str = "2015-05-01";

/// A pool of a child, known under a reserve number as well, and its sibling.
async fn pooled(world: &World) -> [String; 3] {
    let [reserve, of, sibling] = [person(), person(), person()];
    world.pool(&[(&of, BORN), (&sibling, BORN)]).await.unwrap();
    [reserve, of, sibling]
}

/// The last event of its kind that tells of links, as it was told.
async fn link_told(world: &World) -> pb::LinkChanged {
    let events = world.events().await.into_iter().rev();
    let mut links = events.filter_map(|(_, event)| {
        let Event::LinkChanged(told) = event else {
            return None;
        };
        Some(told)
    });
    links.next().unwrap()
}

#[tokio::test]
async fn d_21_opting_out_under_one_identity_leaves_the_pools_of_all() {
    let world = World::open("2024-01-31").await;
    let [reserve, of, sibling] = pooled(&world).await;
    world.link_reserve(&reserve, &of).await;
    world.charge(&of, "2024-02-01", "600").await;
    world.charge(&sibling, "2024-02-02", "300").await;
    world.opt_out(&reserve).await;
    assert_eq!(world.stands(&sibling, "2024-02-02").await.0, "300.00");
    assert_eq!(world.list(&sibling).await.len(), 1);
    let events = world.events().await;
    let (_, Event::PoolChanged(told)) = events.last().unwrap() else {
        panic!("the pool is told: {events:?}");
    };
    let pool = told.pool.clone().unwrap();
    let left = pool.members.iter().filter(|one| one.left_on.is_some());
    let left: Vec<&str> = left.map(|one| one.recipient_id.as_str()).collect();
    assert_eq!(left, [of.as_str()]);
    assert_eq!(kronor(pool.status.unwrap().accumulated.as_ref()), "300.00");
    world.opt_in(&of).await;
    assert_eq!(world.stands(&reserve, "2024-02-02").await.0, "600.00");
    world.books_hold().await;
}

#[tokio::test]
async fn d_21_an_identity_that_stays_outside_takes_who_it_is_linked_with_out_of_its_pool() {
    let world = World::open("2024-01-31").await;
    let [reserve, of, sibling] = pooled(&world).await;
    world.charge(&reserve, "2024-02-01", "500").await;
    world.charge(&of, "2024-02-01", "1000").await;
    let (charged, late) = world.charge(&sibling, "2024-02-02", "600").await;
    assert_eq!(charged, "400.00");
    world.opt_out(&reserve).await;
    assert_eq!(world.link_reserve(&reserve, &of).await, []);
    assert_eq!(world.stands(&sibling, "2024-02-02").await.0, "600.00");
    assert_eq!(world.list(&sibling).await.len(), 1);
    let hidden = world.page(&of, 0, "").await.unwrap_err();
    assert_eq!(reason(&hidden), "OPTED_OUT");
    let told = link_told(&world).await;
    assert_eq!(told.statuses, []);
    let reassessed: Vec<_> = told.reassessed.iter().map(|fee| &fee.fee_id).collect();
    assert_eq!(reassessed, [&late], "of the sibling alone");
    world.books_hold().await;
}

#[tokio::test]
async fn d_21_linking_and_unlinking_who_stays_outside_tells_no_fee() {
    let world = World::open("2024-01-31").await;
    let (reserve, of) = (person(), person());
    world.charge(&of, "2024-02-01", "1400").await;
    world.charge(&reserve, "2024-02-02", "1400").await;
    world.opt_out(&reserve).await;
    world.opt_out(&of).await;
    assert_eq!(world.link_reserve(&reserve, &of).await, []);
    let told = link_told(&world).await;
    assert_eq!((told.statuses, told.reassessed), (vec![], vec![]));
    assert_eq!(world.unlink(&reserve, &of).await.unwrap(), []);
    let told = link_told(&world).await;
    assert_eq!((told.statuses, told.reassessed), (vec![], vec![]));
    world.books_hold().await;
}

#[tokio::test]
async fn d_21_a_corrected_fee_tells_what_goes_back_and_not_what_remained() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1300").await;
    let (_, fee_id) = world.charge(&recipient, "2024-01-10", "100").await;
    world.opt_out(&recipient).await;
    let correct = pb::CorrectFeeRequest {
        request_id: request_id(),
        fee_id,
        event_on: date("2024-01-10"),
        nominal: money("40"),
        reason: pb::CancelReason::Incorrect.into(),
        text: "keyed wrongly".to_owned(),
    };
    let corrected = world.free_card.clone().correct_fee(ask(correct)).await;
    let corrected = corrected.unwrap().into_inner();
    let fee = corrected.fee.clone().unwrap();
    assert_eq!(kronor(fee.charged.as_ref()), "100.00");
    assert_eq!(kronor(fee.overcharge.as_ref()), "60.00");
    assert_eq!((fee.entitled, fee.undercharge), (None, None));
    assert_eq!(corrected.status, None);
    let events = world.events().await;
    let (_, Event::FeeCorrected(told)) = events.last().unwrap() else {
        panic!("the correction is told: {events:?}");
    };
    assert_eq!((&told.fee, &told.status), (&corrected.fee, &None));
}

#[tokio::test]
async fn d_34_a_look_that_is_refused_because_the_person_stays_outside_is_in_its_extract() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.opt_out(&recipient).await;
    let status = pb::GetStatusRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let mut client = world.free_card.clone();
    let refused = client.get_status(ask(status)).await.unwrap_err();
    assert_eq!(reason(&refused), "OPTED_OUT");
    let statuses = pb::GetStatusesRequest {
        recipient_id: recipient.clone(),
        ..Default::default()
    };
    let refused = client.get_statuses(ask(statuses)).await.unwrap_err();
    assert_eq!(reason(&refused), "OPTED_OUT");
    let refused = world.page(&recipient, 0, "").await.unwrap_err();
    assert_eq!(reason(&refused), "OPTED_OUT");
    let claims = pb::ListClaimsRequest {
        recipient_id: recipient.clone(),
        ..Default::default()
    };
    let refused = world.claims.clone().list_claims(ask(claims)).await;
    assert_eq!(reason(&refused.unwrap_err()), "OPTED_OUT");
    let accesses = world.accesses(&recipient).await;
    let mut actions: Vec<&str> = accesses.iter().map(|one| one.action.as_str()).collect();
    actions.sort_unstable();
    let looks = [
        "GetStatus",
        "GetStatuses",
        "ListClaims",
        "ListFees",
        "OptOut",
    ];
    assert_eq!(actions, looks);
}
