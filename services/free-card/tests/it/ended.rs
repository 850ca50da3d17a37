//! A protection that has ended is still answered for as long as anybody asks what happened under it,
//! and one whose text is corrected answers by the text that is in force.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{fields, kronor, reason};

use crate::support::{POLICY, SCHEME, World, ask, cancelling, day, person};

/// In force through 2022.
const DENTAL: (&str, &str) = ("jamtland-dental", "dental-care");

async fn world() -> World {
    let mut world = World::without_policies("2022-01-05").await;
    world
        .ship("jamtland-harjedalen", "free-card-dental", "2022-01-01")
        .await;
    world
}

async fn status(world: &World, recipient: &str) -> pb::AccountStatus {
    let request = pb::GetStatusRequest {
        recipient_id: recipient.to_owned(),
        scheme_id: DENTAL.0.to_owned(),
        ..Default::default()
    };
    let status = world.free_card.clone().get_status(ask(request)).await;
    status.unwrap().into_inner().status.unwrap()
}

#[tokio::test]
async fn what_happened_before_the_end_is_registered_cancelled_and_asked_for_after_it() {
    let world = world().await;
    let recipient = person();
    world
        .charge_in(DENTAL, &recipient, "2022-12-01", "2000")
        .await;
    world.set_today("2023-01-02");
    let late = world.fee_in(DENTAL, &recipient, "2022-12-30", "2000");
    let late = world.register(&late).await.unwrap().into_inner();
    let charged = late.answer.unwrap().to_charge;
    assert_eq!(kronor(charged.as_ref()), "1500.00");
    let now = status(&world, &recipient).await;
    assert_eq!(day(now.as_of.as_ref().unwrap()), "2023-01-02");
    assert_eq!(kronor(now.accumulated.as_ref()), "3500.00");
    world.books_hold().await;
    world.cancel(&cancelling(&late.fee_id)).await.unwrap();
    let now = status(&world, &recipient).await;
    assert_eq!(kronor(now.accumulated.as_ref()), "2000.00");
    world.books_hold().await;
}

#[tokio::test]
async fn what_happened_after_the_end_is_refused() {
    let world = world().await;
    let recipient = person();
    world.set_today("2023-01-02");
    let fee = world.fee_in(DENTAL, &recipient, "2023-01-01", "2000");
    let refused = world.register(&fee).await.unwrap_err();
    assert_eq!(reason(&refused), "CEILING_MISSING");
    assert_eq!(fields(&refused), ["fee.event_on"]);
    let last = world.fee_in(DENTAL, &recipient, "2022-12-31", "2000");
    world.register(&last).await.unwrap();
}

#[tokio::test]
async fn a_corrected_ceiling_of_the_past_holds_for_every_answer_at_once() {
    let mut world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1000").await;
    world.charge(&recipient, "2024-02-10", "300").await;
    world.set_today("2024-03-01");
    let is_exempt = |world: &World| {
        let request = pb::IsExemptRequest {
            recipient_id: recipient.clone(),
            scheme_id: SCHEME.to_owned(),
            on: None,
        };
        let mut client = world.free_card.clone();
        async move {
            client
                .is_exempt(ask(request))
                .await
                .unwrap()
                .into_inner()
                .exempt
        }
    };
    assert!(!is_exempt(&world).await);
    let corrected = POLICY.replacen("\nversion = 1\n", "\nversion = 2\n", 1);
    let corrected = corrected.replacen("amount = \"1400.00\"", "amount = \"1300.00\"", 1);
    assert_ne!(corrected, POLICY);
    world.put_in_force(&corrected, 2, "2024-03-01").await;
    let status = world.status(&recipient, "2024-03-01").await;
    assert_eq!(kronor(status.remaining.as_ref()), "0.00");
    assert!(is_exempt(&world).await, "as the status says");
    world.books_hold().await;
    assert_eq!(
        world.charge(&recipient, "2024-03-02", "250").await.0,
        "0.00"
    );
    assert!(is_exempt(&world).await);
    world.books_hold().await;
}

#[tokio::test]
async fn whether_a_card_is_valid_is_not_answered_of_an_unknown_protection() {
    let world = World::open("2024-01-10").await;
    let request = pb::IsExemptRequest {
        recipient_id: person(),
        scheme_id: "dalarna-device".to_owned(),
        on: None,
    };
    let refused = world.free_card.clone().is_exempt(ask(request)).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "SCHEME_UNKNOWN");
    assert_eq!(fields(&refused), ["scheme_id"]);
}
