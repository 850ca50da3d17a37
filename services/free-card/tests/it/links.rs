//! Linked identities of one person.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{fields, kronor, reason, request_id};
use tonic::Code;

use crate::support::{World, cancelling, person};

const BORN: &str = "2015-05-01";

#[expect(clippy::unnecessary_wraps, reason = "a card there may be")]
fn card(days: &str) -> Option<String> {
    Some(days.to_owned())
}

#[tokio::test]
async fn fc_w18_two_adult_personal_numbers_are_not_linked() {
    let world = World::open("2024-02-01").await;
    let (one, other) = (person(), person());
    let personal = pb::IdentityKind::Personal;
    let refused = world.link((&one, personal), (&other, personal)).await;
    assert_eq!(reason(&refused.unwrap_err()), "TWO_ADULTS");
    let itself = world.link((&one, personal), (&one, personal)).await;
    assert_eq!(fields(&itself.unwrap_err()), ["other.recipient_id"]);
    world.link_reserve(&one, &other).await;
    let reserve = pb::IdentityKind::ReserveNational;
    let twice = world.link((&other, personal), (&one, reserve)).await;
    assert_eq!(reason(&twice.unwrap_err()), "ALREADY_LINKED");
    let apart = world.unlink(&one, &person()).await;
    assert_eq!(reason(&apart.unwrap_err()), "NOT_LINKED");
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn fc_w21_w23_linked_identities_share_what_they_paid_until_they_are_unlinked() {
    let world = World::open("2024-01-31").await;
    let (reserve, of) = (person(), person());
    world.charge(&reserve, "2024-02-01", "700").await;
    world.charge(&of, "2024-03-01", "500").await;
    world.set_today("2024-03-15");
    let statuses = world.link_reserve(&reserve, &of).await;
    assert_eq!(kronor(statuses[0].accumulated.as_ref()), "1200.00");
    let (charged, last) = world.charge(&of, "2024-04-01", "250").await;
    assert_eq!(charged, "200.00");
    for identity in [&reserve, &of] {
        let stands = world.stands(identity, "2024-04-01").await;
        assert_eq!(stands, ("1400.00".into(), card("2024-04-01 to 2025-01-31")));
        assert_eq!(world.list(identity).await.len(), 3);
        assert!(world.is_exempt(identity, "2024-04-01").await.unwrap());
    }
    world.books_hold().await;
    let apart = world.unlink(&reserve, &of).await.unwrap();
    assert_eq!(kronor(apart[0].accumulated.as_ref()), "700.00");
    assert_eq!(
        world.stands(&of, "2024-04-01").await,
        ("750.00".into(), None)
    );
    for identity in [&reserve, &of] {
        assert!(!world.is_exempt(identity, "2024-04-01").await.unwrap());
        assert_eq!(world.owed(identity).await, []);
    }
    let fees = world.list(&of).await;
    assert_eq!(fees[1].fee_id, last);
    assert_eq!(kronor(fees[1].undercharge.as_ref()), "50.00");
    let kinds: Vec<String> = world.events().await.into_iter().map(|one| one.0).collect();
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "LinkChanged").count(),
        2
    );
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w22_two_cards_become_one_and_the_later_charges_are_refunded() {
    let world = World::open("2024-01-31").await;
    let (reserve, of) = (person(), person());
    world.charge(&of, "2024-03-01", "1400").await;
    let (_, later) = world.charge(&reserve, "2024-06-01", "1400").await;
    world.set_today("2024-07-01");
    world.link_reserve(&reserve, &of).await;
    let stands = world.stands(&reserve, "2024-07-01").await;
    assert_eq!(stands, ("1400.00".into(), card("2024-03-01 to 2025-02-28")));
    assert_eq!(
        world.owed(&reserve).await,
        [(later.clone(), "1400.00".to_owned())]
    );
    assert_eq!(world.owed(&of).await.len(), 1, "by its main identity too");
    let decided = world.decide(&later, pb::ClaimState::Approved).await;
    assert_eq!(decided.unwrap().state(), pb::ClaimState::Approved);
    world.books_hold().await;
}

#[tokio::test]
async fn a_fee_of_a_linked_identity_is_corrected_cancelled_and_told_once() {
    let world = World::open("2024-01-31").await;
    let (reserve, of) = (person(), person());
    let (_, first) = world.charge(&reserve, "2024-02-01", "1000").await;
    world.link_reserve(&reserve, &of).await;
    world.set_today("2024-03-01");
    let request = world.fee(&of, "2024-03-01", "700");
    let once = world.register(&request).await.unwrap().into_inner();
    assert_eq!(
        kronor(once.answer.clone().unwrap().to_charge.as_ref()),
        "400.00"
    );
    let again = world.register(&request).await.unwrap().into_inner();
    assert_eq!(once, again);
    let same_key = pb::RegisterFeeRequest {
        request_id: request_id(),
        ..request.clone()
    };
    let same_key = world.register(&same_key).await.unwrap().into_inner();
    assert_eq!(same_key.fee_id, once.fee_id);
    let version = world.status(&reserve, "2024-03-01").await.account_version;
    assert_eq!(version, once.account_version, "one version for both");
    let stale = pb::RegisterFeeRequest {
        expected_version: Some(version - 1),
        ..world.fee(&of, "2024-03-01", "10")
    };
    let stale = world.register(&stale).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let cancelled = world
        .cancel(&cancelling(&first))
        .await
        .unwrap()
        .into_inner();
    let status = cancelled.status.unwrap();
    assert_eq!(kronor(status.accumulated.as_ref()), "700.00");
    let events = world.events().await;
    let (_, pb::free_card_event::Event::FeeCancelled(told)) = events.last().unwrap() else {
        panic!("the cancellation is told: {events:?}");
    };
    assert_eq!(told.reassessed[0].fee_id, once.fee_id);
    assert_eq!(kronor(told.reassessed[0].undercharge.as_ref()), "300.00");
    world.books_hold().await;
}

#[tokio::test]
async fn a_choice_and_a_pool_reach_every_identity_of_a_person() {
    let world = World::open("2024-01-31").await;
    let (reserve, of, sibling) = (person(), person(), person());
    world.charge(&reserve, "2024-02-01", "300").await;
    world.charge(&of, "2024-02-02", "300").await;
    world.link_reserve(&reserve, &of).await;
    world.pool(&[(&of, BORN), (&sibling, BORN)]).await.unwrap();
    let charged = world.charge(&sibling, "2024-02-03", "900").await.0;
    assert_eq!(charged, "800.00", "through the link and the pool");
    world.books_hold().await;
    world.opt_out(&of).await;
    for identity in [&reserve, &of] {
        let asked = world.is_exempt(identity, "2024-02-03").await;
        assert_eq!(reason(&asked.unwrap_err()), "OPTED_OUT");
        let fee = world
            .register(&world.fee(identity, "2024-02-03", "10"))
            .await;
        assert_eq!(reason(&fee.unwrap_err()), "OPTED_OUT");
    }
    // Who stays outside shares with nobody.
    let stands = world.stands(&sibling, "2024-02-03").await;
    assert_eq!(stands, ("900.00".into(), None));
    world.opt_in(&reserve).await;
    assert_eq!(world.stands(&of, "2024-02-03").await.0, "600.00");
    world.books_hold().await;
}
