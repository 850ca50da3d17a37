//! What is shown of a person, to whom, and what is written down of it.

use hjm_proto::free_card::v1 as pb;
use hjm_service::{Caller, client};
use hjm_testkit::{date, fields, kronor, of_principal, reason, request_id};
use tonic::{Code, Request};

use crate::support::{DALARNA, SCHEME, World, ask, cancelling, desk, draft, person};

fn as_town(message: pb::ListFeesRequest) -> Request<pb::ListFeesRequest> {
    client::request(&of_principal(DALARNA, "2081"), message)
}

#[tokio::test]
async fn fc_w24_to_w26_who_stays_outside_is_not_shown_and_comes_back_as_it_was() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "800").await;
    world.opt_out(&recipient).await;
    world.opt_out(&recipient).await;
    let status = pb::GetStatusRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let mut client = world.free_card.clone();
    let hidden = client.get_status(ask(status)).await.unwrap_err();
    assert_eq!(reason(&hidden), "OPTED_OUT");
    assert!(
        !hidden
            .message()
            .contains(|letter: char| letter.is_ascii_digit())
    );
    let exempt = world.is_exempt(&recipient, "2024-01-10").await;
    assert_eq!(reason(&exempt.unwrap_err()), "OPTED_OUT");
    let quoted = world
        .quote(&recipient, vec![draft("2024-01-10", "250", "20")])
        .await;
    assert_eq!(reason(&quoted.unwrap_err()), "OPTED_OUT");
    let fee = world
        .register(&world.fee(&recipient, "2024-01-10", "250"))
        .await;
    assert_eq!(reason(&fee.unwrap_err()), "OPTED_OUT");
    let claims = pb::ListClaimsRequest {
        recipient_id: recipient.clone(),
        ..Default::default()
    };
    let claims = world.claims.clone().list_claims(ask(claims)).await;
    assert_eq!(reason(&claims.unwrap_err()), "OPTED_OUT");
    world.opt_in(&recipient).await;
    let status = world.status(&recipient, "2024-01-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "800.00");
    let kinds: Vec<String> = world
        .events()
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, ["FeeRegistered", "SubjectChanged", "SubjectChanged"]);
}

#[tokio::test]
async fn d_21_a_claim_and_a_cancelled_fee_of_who_stays_outside_tell_nothing_else() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let (_, first) = world.charge(&recipient, "2024-01-10", "800").await;
    let (_, second) = world.charge(&recipient, "2024-01-10", "300").await;
    world.cancel(&cancelling(&first)).await.unwrap();
    world.opt_out(&recipient).await;
    let decided = world.decide(&first, pb::ClaimState::Approved).await;
    assert_eq!(reason(&decided.unwrap_err()), "OPTED_OUT");
    let all = pb::ListClaimsRequest::default();
    let all = world.claims.clone().list_claims(ask(all)).await;
    assert_eq!(all.unwrap().into_inner().claims, []);
    let cancelled = world
        .cancel(&cancelling(&second))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kronor(cancelled.fee.unwrap().overcharge.as_ref()), "300.00");
    assert_eq!(cancelled.status, None);
    world.opt_in(&recipient).await;
    assert_eq!(world.claims_of(&recipient).await.len(), 2);
    world.books_hold().await;
}

#[tokio::test]
async fn d_15_others_see_date_and_amount_and_who_charged_only_with_consent() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    let request = || pb::ListFeesRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let mut client = world.free_card.clone();
    let seen = client
        .list_fees(as_town(request()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kronor(seen.fees[0].charged.as_ref()), "250.00");
    assert_eq!(seen.fees[0].principal_id, "");
    world.consent(&recipient).await;
    let seen = client
        .list_fees(as_town(request()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(seen.fees[0].principal_id, "20");
}

#[tokio::test]
async fn d_15_d_22_in_a_pool_each_child_keeps_who_charged_to_itself() {
    let world = World::open("2024-01-10").await;
    let (open, guarded, silent) = (person(), person(), person());
    let children = [&open, &guarded, &silent].map(|one| (one.as_str(), "2015-05-01"));
    world.pool(&children).await.unwrap();
    for recipient in [&open, &guarded] {
        world.consent(recipient).await;
    }
    world.protect(&guarded).await;
    world.charge(&open, "2024-01-11", "100").await;
    world.charge(&guarded, "2024-01-12", "100").await;
    world.charge(&silent, "2024-01-13", "100").await;
    let town = of_principal(DALARNA, "2081");
    let region = of_principal(DALARNA, "20");
    for (caller, expected) in [
        (desk(), ["20", "", "20"]),
        (town, ["20", "", ""]),
        (region, ["20", "20", "20"]),
    ] {
        for asked in [&open, &guarded, &silent] {
            let request = pb::ListFeesRequest {
                recipient_id: asked.clone(),
                scheme_id: SCHEME.to_owned(),
                ..Default::default()
            };
            let mut client = world.free_card.clone();
            let seen = client.list_fees(client::request(&caller, request)).await;
            let fees = seen.unwrap().into_inner().fees;
            let seen: Vec<&str> = fees.iter().map(|fee| fee.principal_id.as_str()).collect();
            assert_eq!(seen, expected);
        }
    }
    let looks = world.accesses(&silent).await;
    let looks = looks.iter().filter(|one| one.action == "ListFees");
    assert_eq!(looks.count(), 9, "also where a sibling was asked for");
}

#[tokio::test]
async fn every_look_at_a_person_is_in_its_extract() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    world.is_exempt(&recipient, "2024-01-10").await.unwrap();
    let request = pb::GetStatusRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        purpose: "asked at the desk".to_owned(),
        ..Default::default()
    };
    let town = of_principal(DALARNA, "2081");
    let mut client = world.free_card.clone();
    client
        .get_status(client::request(&town, request))
        .await
        .unwrap();
    let accesses = world.accesses(&recipient).await;
    let mut actions: Vec<&str> = accesses.iter().map(|one| one.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["GetStatus", "IsExempt", "RegisterFee"]);
    let seen = accesses
        .iter()
        .find(|one| one.action == "GetStatus")
        .unwrap();
    assert_eq!(
        (seen.principal_id.as_str(), seen.scheme_id.as_str()),
        ("2081", SCHEME)
    );
    assert_eq!(
        (seen.purpose.as_str(), seen.account_version),
        ("asked at the desk", 1)
    );
    let again = world.accesses(&recipient).await;
    assert_eq!(again.len(), 4, "looking at the log is an access");
    assert!(world.accesses(&person()).await.is_empty());
    let by_user = pb::ListAccessRequest {
        user: town.user.clone(),
        page_size: 1,
        ..Default::default()
    };
    let mut audit = world.audit.clone();
    let page = audit
        .list_access(ask(by_user.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.accesses[0].recipient_id, recipient);
    let rest = pb::ListAccessRequest {
        page_token: page.next_page_token,
        ..by_user
    };
    let rest = audit.list_access(ask(rest)).await.unwrap().into_inner();
    assert!(rest.accesses.is_empty());
    let reviewed = world.accesses(&recipient).await;
    let reviews = reviewed.iter().filter(|one| one.action == "ListAccess");
    assert_eq!(reviews.count(), 3, "so is looking at what a user did");
    let nobody = audit
        .list_access(ask(pb::ListAccessRequest::default()))
        .await;
    assert_eq!(fields(&nobody.unwrap_err()), ["recipient_id"]);
}

#[tokio::test]
async fn d_15_a_principal_reviews_its_own_accesses_and_no_others() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    let region = of_principal(DALARNA, "20");
    let fee = world.fee(&recipient, "2024-01-10", "100");
    world.register_as(&region, &fee).await.unwrap();
    let mut audit = world.audit.clone();
    for (principal, seen) in [("2081", &[][..]), ("20", &["RegisterFee"][..])] {
        let caller = of_principal(DALARNA, principal);
        for asked in [
            pb::ListAccessRequest {
                recipient_id: recipient.clone(),
                ..Default::default()
            },
            pb::ListAccessRequest {
                user: region.user.clone(),
                ..Default::default()
            },
        ] {
            let listed = audit.list_access(client::request(&caller, asked)).await;
            let accesses = listed.unwrap().into_inner().accesses;
            let own = accesses.iter().filter(|one| one.action != "ListAccess");
            let actions: Vec<&str> = own.map(|one| one.action.as_str()).collect();
            assert_eq!(actions, seen, "{principal}");
            assert!(accesses.iter().all(|one| one.principal_id == principal));
        }
    }
}

#[tokio::test]
async fn d_19_the_extract_covers_every_identity_of_a_person() {
    let world = World::open("2024-01-10").await;
    let (reserve, of) = (person(), person());
    world.charge(&reserve, "2024-01-10", "250").await;
    world.link_reserve(&reserve, &of).await;
    let accesses = world.accesses(&of).await;
    let charged = accesses.iter().find(|one| one.action == "RegisterFee");
    assert_eq!(charged.unwrap().recipient_id, reserve);
}

#[tokio::test]
async fn another_tenant_finds_nothing_behind_any_of_them() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-01-10", "1400").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let stranger: Caller = hjm_testkit::aid_centre(hjm_testkit::TENANT, "desk");
    let mut claims = world.claims.clone();
    let request = pb::DecideClaimRequest {
        request_id: request_id(),
        fee_id: fee_id.clone(),
        state: pb::ClaimState::Approved.into(),
        text: "not theirs".to_owned(),
        ..Default::default()
    };
    let decided = claims
        .decide_claim(client::request(&stranger, request))
        .await;
    assert_eq!(decided.unwrap_err().code(), Code::NotFound);
    let all = pb::ListClaimsRequest::default();
    let listed = claims.list_claims(client::request(&stranger, all)).await;
    assert!(listed.unwrap().into_inner().claims.is_empty());
    let accesses = pb::ListAccessRequest {
        recipient_id: recipient.clone(),
        ..Default::default()
    };
    let mut audit = world.audit.clone();
    let listed = audit
        .list_access(client::request(&stranger, accesses))
        .await;
    assert!(listed.unwrap().into_inner().accesses.is_empty());
    let exempt = pb::IsExemptRequest {
        recipient_id: recipient,
        scheme_id: SCHEME.to_owned(),
        on: date("2024-01-10"),
    };
    let mut client = world.free_card.clone();
    let told = client.is_exempt(client::request(&stranger, exempt)).await;
    assert_eq!(reason(&told.unwrap_err()), "SCHEME_UNKNOWN");
}
