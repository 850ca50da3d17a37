//! Fees that were paid elsewhere, entered on a receipt (R12, R18).

use hjm_proto::free_card::v1 as pb;
use hjm_service::client;
use hjm_testkit::{fields, kronor, money, of_principal};

use crate::support::{DALARNA, SCHEME, World, cancelling, draft, person};

fn receipt() -> pb::Receipt {
    pb::Receipt {
        issuer: "a clinic without agreement".to_owned(),
        evidence: "receipt 17, stamped".to_owned(),
    }
}

fn on_receipt(on: &str, nominal: &str) -> pb::FeeDraft {
    pb::FeeDraft {
        receipt: Some(receipt()),
        ..draft(on, nominal, "20")
    }
}

impl World {
    async fn enter(&self, recipient: &str, on: &str, nominal: &str) -> (pb::FeeAnswer, String) {
        let request = pb::RegisterFeeRequest {
            fee: Some(on_receipt(on, nominal)),
            ..self.fee(recipient, on, nominal)
        };
        let entered = self.register(&request).await.unwrap().into_inner();
        (entered.answer.unwrap(), entered.fee_id)
    }

    async fn fees_seen_by(&self, principal: &str, recipient: &str) -> Vec<pb::Fee> {
        let request = pb::ListFeesRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: SCHEME.to_owned(),
            ..Default::default()
        };
        let caller = of_principal(DALARNA, principal);
        let mut client = self.free_card.clone();
        let listed = client.list_fees(client::request(&caller, request)).await;
        listed.unwrap().into_inner().fees
    }
}

#[tokio::test]
async fn fc_r12_a_receipt_counts_costs_nothing_more_and_is_kept_with_its_evidence() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let (answer, fee_id) = world.enter(&recipient, "2024-06-10", "300").await;
    assert_eq!(kronor(answer.to_charge.as_ref()), "0.00");
    let status = answer.status.unwrap();
    assert_eq!(kronor(status.accumulated.as_ref()), "300.00");
    assert!(answer.explanation.unwrap().text.contains("receipt"));
    let fee = &world.list(&recipient).await[0];
    assert_eq!((&fee.fee_id, &fee.receipt), (&fee_id, &Some(receipt())));
    assert_eq!(kronor(fee.charged.as_ref()), "300.00");
    assert_eq!(fee.principal_id, "20", "who entered it");
    world.books_hold().await;
}

#[tokio::test]
async fn a_receipt_is_seen_by_who_entered_it_and_the_aid_centre() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.enter(&recipient, "2024-06-10", "300").await;
    world.consent(&recipient).await;
    let seen = async |principal| world.fees_seen_by(principal, &recipient).await;
    assert_eq!(seen("20").await[0].receipt, Some(receipt()));
    let other = &seen("2081").await[0];
    assert_eq!((other.principal_id.as_str(), &other.receipt), ("20", &None));
    world.protect(&recipient).await;
    assert_eq!(
        world.list(&recipient).await[0].receipt,
        None,
        "no unit, no text"
    );
    assert_eq!(seen("20").await[0].receipt, Some(receipt()));
}

#[tokio::test]
async fn fc_r18_what_a_receipt_was_too_much_is_listed_and_owed_by_nobody_here() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "1300").await;
    let (answer, fee_id) = world.enter(&recipient, "2024-06-10", "300").await;
    assert_eq!(kronor(answer.status.unwrap().remaining.as_ref()), "0.00");
    let fee = &world.list(&recipient).await[1];
    assert_eq!(kronor(fee.overcharge.as_ref()), "200.00");
    assert_eq!(world.claims_of(&recipient).await, []);
    let cancelled = world
        .cancel(&cancelling(&fee_id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kronor(cancelled.fee.unwrap().overcharge.as_ref()), "0.00");
    assert_eq!(world.claims_of(&recipient).await, []);
    world.books_hold().await;
}

#[tokio::test]
async fn a_late_receipt_makes_what_a_member_charged_after_it_a_claim() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let (_, later) = world.charge(&recipient, "2024-06-10", "1400").await;
    world.enter(&recipient, "2024-06-01", "300").await;
    let claims = world.claims_of(&recipient).await;
    assert_eq!((claims.len(), &claims[0].fee_id), (1, &later));
    assert_eq!(kronor(claims[0].amount.as_ref()), "300.00");
}

#[tokio::test]
async fn a_receipt_of_who_shares_an_account_is_owed_by_nobody_here_either() {
    let world = World::open("2024-06-10").await;
    let (one, other) = (person(), person());
    world.charge(&one, "2024-06-10", "1300").await;
    world.link_reserve(&one, &other).await;
    let (answer, _) = world.enter(&other, "2024-06-10", "300").await;
    assert_eq!(kronor(answer.to_charge.as_ref()), "0.00");
    let fees = world.list(&one).await;
    assert_eq!(kronor(fees[1].overcharge.as_ref()), "200.00");
    assert_eq!(fees[1].receipt, Some(receipt()));
    assert_eq!(world.claims_of(&one).await, []);
    world.books_hold().await;
}

#[tokio::test]
async fn a_quote_takes_receipts_and_what_was_paid_may_differ_from_the_tariff() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let fees = vec![
        on_receipt("2024-06-10", "1300"),
        draft("2024-06-10", "250", "20"),
    ];
    let quoted = world.quote(&recipient, fees).await.unwrap();
    let charged = quoted.iter().map(|one| kronor(one.to_charge.as_ref()));
    assert_eq!(charged.collect::<Vec<_>>(), ["0.00", "100.00"]);
    let mut request = world.fee(&recipient, "2024-06-10", "300");
    request.fee = Some(pb::FeeDraft {
        charged: money("350"),
        ..on_receipt("2024-06-10", "300")
    });
    world.register(&request).await.unwrap();
    let fee = &world.list(&recipient).await[0];
    assert_eq!(kronor(fee.entitled.as_ref()), "300.00");
    assert_eq!(kronor(fee.overcharge.as_ref()), "50.00");
}

#[tokio::test]
async fn a_receipt_names_who_was_paid_and_what_was_shown() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let mut request = world.fee(&recipient, "2024-06-10", "300");
    request.fee.as_mut().unwrap().receipt = Some(pb::Receipt {
        issuer: String::new(),
        evidence: "x".repeat(201),
    });
    let refused = world.register(&request).await.unwrap_err();
    let named = ["fee.receipt.issuer", "fee.receipt.evidence"];
    assert_eq!(fields(&refused), named);
}
