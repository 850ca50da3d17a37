//! Cards without fees, proofs of cards, and schemes.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, fields, kronor, reason, request_id};
use tonic::Code;

use crate::support::{SCHEME, World, ask, person};

fn card(recipient: &str, from: &str, to: &str) -> pb::RegisterCardRequest {
    pb::RegisterCardRequest {
        request_id: request_id(),
        recipient_id: recipient.to_owned(),
        scheme_id: SCHEME.to_owned(),
        valid_from: date(from),
        valid_to: date(to),
        decided_by: "a prescriber".to_owned(),
        extend_existing: false,
        not_before: String::new(),
    }
}

#[tokio::test]
async fn fc_w29_w30_a_medical_card_covers_and_does_not_double() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&person(), "2024-06-10", "250").await;
    let mut client = world.cards.clone();
    let medical = client
        .register_card(ask(card(&recipient, "2024-01-01", "2024-12-31")))
        .await;
    let status = medical.unwrap().into_inner().status.unwrap();
    assert_eq!(status.card(), pb::CardState::Registered);
    assert_eq!(
        world.charge(&recipient, "2024-06-10", "250").await.0,
        "0.00"
    );
    assert!(world.is_exempt(&recipient, "2024-12-31").await.unwrap());
    let twice = client
        .register_card(ask(card(&recipient, "2024-12-01", "2025-01-31")))
        .await;
    let twice = twice.unwrap_err();
    assert_eq!(reason(&twice), "CARD_EXISTS");
    assert_eq!(fields(&twice), ["valid_from"]);
    let backwards = client
        .register_card(ask(card(&person(), "2024-12-01", "2024-11-01")))
        .await;
    let backwards = backwards.unwrap_err();
    assert_eq!(backwards.code(), Code::InvalidArgument);
    assert_eq!(fields(&backwards), ["valid_to"]);
    let import = pb::ImportCardRequest {
        request_id: request_id(),
        recipient_id: person(),
        scheme_id: SCHEME.to_owned(),
        valid_from: date("2024-05-01"),
        valid_to: date("2024-11-30"),
        card_number: "123".to_owned(),
        evidence: "the card was shown".to_owned(),
        ..Default::default()
    };
    let backwards = pb::ImportCardRequest {
        request_id: request_id(),
        valid_to: date("2024-04-30"),
        ..import.clone()
    };
    let refused = client.import_card(ask(import)).await.unwrap_err();
    assert_eq!(reason(&refused), "EXTERNAL_CARD_REFUSED");
    assert_eq!(fields(&refused), ["scheme_id"]);
    let refused = client.import_card(ask(backwards)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["valid_to"]);
}

fn proving(recipient: &str) -> pb::IssueProofRequest {
    pb::IssueProofRequest {
        recipient_id: recipient.to_owned(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn d_35_a_final_card_is_proven_and_checked_without_its_account() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1400").await;
    let mut client = world.cards.clone();
    let early = client.issue_proof(ask(proving(&recipient))).await;
    assert_eq!(reason(&early.unwrap_err()), "CARD_PRELIMINARY");
    let none = client.issue_proof(ask(proving(&person()))).await;
    assert_eq!(reason(&none.unwrap_err()), "NO_CARD");
    world.set_today("2024-01-13");
    let issued = client
        .issue_proof(ask(proving(&recipient)))
        .await
        .unwrap()
        .into_inner();
    let proof = issued.proof.unwrap();
    assert_eq!(
        (proof.valid_from, proof.valid_to),
        (date("2024-01-10"), date("2025-01-09"))
    );
    assert_eq!(proof.card_number.len(), 12);
    assert!(issued.qr_svg.contains("<svg"));
    let printed = "Gäller från och med 2024-01-10 till och med 2025-01-09";
    assert!(issued.html.contains(printed) && issued.html.contains("<td>1400,00</td>"));
    for text in [&issued.token, &issued.html, &issued.qr_svg, &proof.subject] {
        assert!(!text.contains(&recipient), "no id of the person leaves");
    }
    let verify = |token: &str, on: &str| pb::VerifyProofRequest {
        token: token.to_owned(),
        on: date(on),
    };
    for (on, valid) in [
        ("2024-01-09", false),
        ("2025-01-09", true),
        ("2025-01-10", false),
    ] {
        let told = client
            .verify_proof(ask(verify(&issued.token, on)))
            .await
            .unwrap();
        assert_eq!(told.into_inner().valid, valid, "{on}");
    }
    let forged = format!("{}x", issued.token);
    let told = client
        .verify_proof(ask(verify(&forged, "2024-06-10")))
        .await
        .unwrap();
    assert_eq!(told.into_inner(), pb::VerifyProofResponse::default());
    let keys = client
        .get_proof_keys(ask(pb::GetProofKeysRequest {}))
        .await
        .unwrap();
    assert!(keys.into_inner().keys[0].jwk.contains("Ed25519"));
}

#[tokio::test]
async fn a_scheme_is_told_as_it_is_on_a_day() {
    let world = World::open("2024-01-10").await;
    let request = |as_of: &str| pb::GetSchemeRequest {
        scheme_id: SCHEME.to_owned(),
        as_of: date(as_of),
        not_before: world.policy_position.clone(),
    };
    let mut client = world.schemes.clone();
    for (on, ceiling) in [("2023-12-31", "1300.00"), ("2024-01-01", "1400.00")] {
        let told = client
            .get_scheme(ask(request(on)))
            .await
            .unwrap()
            .into_inner();
        let scheme = told.scheme.unwrap();
        assert_eq!(kronor(scheme.ceiling.as_ref()), ceiling, "{on}");
        assert_eq!(scheme.member_principal_ids.len(), 16);
    }
    let other = pb::GetSchemeRequest {
        scheme_id: "no such".to_owned(),
        ..Default::default()
    };
    let refused = client.get_scheme(ask(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "SCHEME_UNKNOWN");
    let listed = client
        .list_schemes(ask(pb::ListSchemesRequest::default()))
        .await;
    assert_eq!(listed.unwrap().into_inner().schemes.len(), 1);
}
