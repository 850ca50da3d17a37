//! What is drawn together with a composite, and on which days: cards without fees, links, D-27.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, kronor, reason, request_id};

use crate::composites::{CARE, COORDINATED, DEVICES, TRAVEL, uppsala, w31};
use crate::support::{DALARNA, World, ask, card_days, person};

/// A fee that the coordinated card covers: alone it would have given travel a card of its own.
async fn covered_travel(world: &World) -> String {
    let recipient = w31(world).await;
    let covered = world
        .charge_in(TRAVEL, &recipient, "2022-05-01", "100")
        .await;
    assert_eq!(covered, "0.00");
    world.set_today("2022-06-01");
    recipient
}

/// Travel has no card of its own: after the coordinated one, 50 of 1 500 are left.
async fn travel_has_no_card(world: &World, recipient: &str) {
    for on in ["2022-06-01", "2023-01-10"] {
        let travel = world.status_in(TRAVEL.0, recipient, on).await;
        assert_eq!(card_days(&travel), None, "{on}");
    }
    let status = world.status_in(COORDINATED, recipient, "2022-06-01").await;
    assert_eq!(card_days(&status).unwrap(), "2022-04-01 to 2023-01-09");
    let later = world
        .charge_in(TRAVEL, recipient, "2023-01-15", "200")
        .await;
    assert_eq!(later, "50.00");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w31_a_medical_card_beside_a_composite_makes_no_other_card() {
    let world = uppsala().await;
    let recipient = covered_travel(&world).await;
    let medical = |from: &str, to: &str| pb::RegisterCardRequest {
        request_id: request_id(),
        recipient_id: recipient.clone(),
        scheme_id: TRAVEL.0.to_owned(),
        valid_from: date(from),
        valid_to: date(to),
        decided_by: "a prescriber".to_owned(),
        ..Default::default()
    };
    let mut client = world.cards.clone();
    let early = client.register_card(ask(medical("2023-03-01", "2023-03-31")));
    let early = early.await.unwrap().into_inner().status.unwrap();
    assert_eq!(early.card(), pb::CardState::Registered);
    let twice = client.register_card(ask(medical("2023-03-31", "2023-04-30")));
    assert_eq!(reason(&twice.await.unwrap_err()), "CARD_EXISTS");
    travel_has_no_card(&world, &recipient).await;
    let under = client.register_card(ask(medical("2022-12-01", "2022-12-31")));
    under.await.unwrap();
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w31_a_link_beside_a_composite_makes_no_other_card() {
    let world = uppsala().await;
    let (reserve, recipient) = (person(), covered_travel(&world).await);
    world.link_reserve(&reserve, &recipient).await;
    travel_has_no_card(&world, &recipient).await;
    let devices = world
        .charge_in(DEVICES, &reserve, "2023-01-16", "300")
        .await;
    assert_eq!(devices, "300.00");
}

#[tokio::test]
async fn fc_w22_two_cards_become_one_in_a_scheme_that_a_composite_reads() {
    let world = uppsala().await;
    let (reserve, of) = (person(), person());
    world.charge_in(CARE, &of, "2022-03-01", "1150").await;
    world.charge_in(CARE, &reserve, "2022-06-01", "1150").await;
    world.set_today("2022-07-01");
    world.link_reserve(&reserve, &of).await;
    let care = world.status_in(CARE.0, &reserve, "2022-07-01").await;
    assert_eq!(card_days(&care).unwrap(), "2022-03-01 to 2023-02-28");
    assert_eq!(care.card(), pb::CardState::Final);
    assert_eq!(kronor(care.accumulated.as_ref()), "1150.00");
    let owed = world.owed(&reserve).await;
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].1, "1150.00");
    world.books_hold().await;
}

#[tokio::test]
async fn d_27_a_composite_reads_on_its_days_and_refuses_where_it_has_no_ceiling() {
    let mut world = World::without_policies("2022-01-05").await;
    for file in ["care", "travel", "devices"] {
        let file = format!("free-card-{file}");
        world.ship("uppsala", &file, "2022-01-01").await;
    }
    let text = include_str!("../../../../policies/uppsala/free-card-coordinated.toml");
    let tenant = format!("tenant = \"{DALARNA}\"");
    let text = text.replace("tenant = \"uppsala\"", &tenant);
    let read = "scheme = \"uppsala-devices\"\nvalid_from = 2022-";
    let text = text.replace(&format!("{read}01-01"), &format!("{read}05-01"));
    let ceiling = "amount = \"2600.00\"\nvalid_from = 2022-01-01\n";
    let text = text.replace(ceiling, &format!("{ceiling}valid_to = 2022-06-01\n"));
    let id = "uppsala-free-card-coordinated";
    world.put_policy(&text, id, 1, "2022-01-01").await;
    let recipient = w31(&world).await;
    for (on, exempt, charged) in [
        ("2022-04-30", false, "300.00"),
        ("2022-05-01", true, "0.00"),
    ] {
        let told = world.is_exempt_in(DEVICES.0, &recipient, on).await;
        assert_eq!(told.unwrap(), exempt, "{on}");
        let told = world.charge_in(DEVICES, &recipient, on, "300").await;
        assert_eq!(told, charged, "{on}");
    }
    world.set_today("2022-06-01");
    let refused = world.fee_in(DEVICES, &recipient, "2022-06-01", "300");
    let refused = world.register(&refused).await.unwrap_err();
    assert_eq!(reason(&refused), "CEILING_MISSING");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    world.books_hold().await;
}
