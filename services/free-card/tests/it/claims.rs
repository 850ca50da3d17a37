//! What goes back to persons: who paid it, and what members owe each other for it.

use hjm_proto::free_card::v1 as pb;
use hjm_service::{client, idempotency::REPLAYED_HEADER};
use hjm_testkit::{date, fields, kronor, of_principal, reason, request_id};

use crate::support::{DALARNA, SCHEME, World, ask, cancelling, desk, person};

const BORLANGE: &str = "2081";
const FALUN: &str = "2080";

impl World {
    /// Two fees that Borlänge charged and should not have: 1 400 and then a late one of the
    /// region's reach the ceiling before its own.
    async fn overcharged(&self, recipient: &str) -> String {
        let charged = self
            .charge_in((SCHEME, BORLANGE), recipient, "2024-06-10", "1400")
            .await;
        assert_eq!(charged, "1400.00");
        let late = self.fee(recipient, "2024-06-01", "250.50");
        self.register(&late).await.unwrap();
        let claims = self.claims_of(recipient).await;
        assert_eq!(claims.len(), 1);
        assert_eq!(claims[0].principal_id, BORLANGE);
        assert_eq!(kronor(claims[0].amount.as_ref()), "250.50");
        let fee_id = claims[0].fee_id.clone();
        self.decide(&fee_id, pb::ClaimState::Approved)
            .await
            .unwrap();
        fee_id
    }

    async fn settle(&self, principal: &str, paid_by: &str) -> pb::SettleClaimsResponse {
        let mut client = self.claims.clone();
        let settled = client.settle_claims(ask(settle(principal, paid_by)));
        settled.await.unwrap().into_inner()
    }
}

fn settle(principal: &str, paid_by: &str) -> pb::SettleClaimsRequest {
    pb::SettleClaimsRequest {
        request_id: request_id(),
        principal_id: principal.to_owned(),
        paid_by_principal_id: paid_by.to_owned(),
    }
}

/// Each member with what it owed, paid and gets.
fn nets(settled: &pb::SettleClaimsResponse) -> Vec<String> {
    let parts = settled.settlements.iter().flat_map(|one| &one.parts);
    let told = parts.map(|part| {
        let amounts = [&part.owed, &part.paid, &part.net].map(|one| kronor(one.as_ref()));
        format!("{} {}", part.principal_id, amounts.join(" "))
    });
    told.collect()
}

#[tokio::test]
async fn d_10_falun_pays_back_what_borlange_took_and_gets_it_from_borlange_once() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let fee_id = world.overcharged(&recipient).await;
    let refused = world
        .decide_paid_by(&fee_id, pb::ClaimState::Paid, "2380")
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_A_MEMBER");
    let refused = world
        .decide_paid_by(&fee_id, pb::ClaimState::Waived, FALUN)
        .await;
    assert_eq!(fields(&refused.unwrap_err()), ["paid_by_principal_id"]);
    let paid = world
        .decide_paid_by(&fee_id, pb::ClaimState::Paid, FALUN)
        .await
        .unwrap();
    assert_eq!(paid.paid_by_principal_id, FALUN);
    let listed = &world.claims_of(&recipient).await[0];
    let parties = (
        listed.principal_id.as_str(),
        listed.paid_by_principal_id.as_str(),
    );
    assert_eq!(parties, (BORLANGE, FALUN));

    let first = settle(FALUN, "");
    let mut client = world.claims.clone();
    let settled = client.settle_claims(ask(first.clone()));
    let settled = settled.await.unwrap().into_inner();
    assert!(settled.claims.is_empty());
    let told = ["2080 0.00 250.50 250.50", "2081 250.50 0.00 -250.50"];
    assert_eq!(nets(&settled), told);
    assert_eq!(settled.settlements[0].scheme_id, SCHEME);
    let again = world
        .claims
        .clone()
        .settle_claims(ask(first))
        .await
        .unwrap();
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.into_inner(), settled);
    for principal in [FALUN, BORLANGE] {
        let empty = world.settle(principal, "").await;
        assert_eq!(nets(&empty), [""; 0], "settled once");
    }
    world.books_hold().await;
}

#[tokio::test]
async fn d_10_a_principals_approved_claims_are_paid_by_another_member_at_once() {
    let world = World::open("2024-06-10").await;
    world.overcharged(&person()).await;
    world.overcharged(&person()).await;
    let stranger = settle(BORLANGE, "2380");
    let refused = world.claims.clone().settle_claims(ask(stranger)).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_A_MEMBER");
    let settled = world.settle(BORLANGE, FALUN).await;
    let paid_by = settled
        .claims
        .iter()
        .map(|one| one.paid_by_principal_id.as_str());
    assert_eq!(paid_by.collect::<Vec<_>>(), [FALUN, FALUN]);
    let told = ["2080 0.00 501.00 501.00", "2081 501.00 0.00 -501.00"];
    assert_eq!(nets(&settled), told);

    world.overcharged(&person()).await;
    let settled = world.settle(BORLANGE, "").await;
    assert_eq!(nets(&settled), ["2081 250.50 250.50 0.00"]);
}

#[tokio::test]
async fn a_principal_settles_its_own_claims_and_the_aid_centre_between_members() {
    let world = World::open("2024-06-10").await;
    world.overcharged(&person()).await;
    let own = of_principal(DALARNA, BORLANGE);
    let request = client::request(&own, settle(BORLANGE, FALUN));
    let paid = world.claims.clone().settle_claims(request).await;
    let paid = paid.unwrap().into_inner();
    assert_eq!((paid.claims.len(), paid.settlements.len()), (1, 0));
    let settled = world.settle(BORLANGE, "").await;
    let told = ["2080 0.00 250.50 250.50", "2081 250.50 0.00 -250.50"];
    assert_eq!(nets(&settled), told);
}

#[tokio::test]
async fn a_page_of_claims_is_not_filled_by_those_who_stay_outside() {
    let world = World::open("2024-06-10").await;
    let (outside, inside) = (person(), person());
    world.overcharged(&outside).await;
    world.overcharged(&inside).await;
    world.opt_out(&outside).await;
    let request = pb::ListClaimsRequest {
        page_size: 1,
        state: pb::ClaimState::Approved.into(),
        ..Default::default()
    };
    let listed = world.claims.clone().list_claims(ask(request)).await;
    let listed = listed.unwrap().into_inner().claims;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].recipient_id, inside);
}

#[tokio::test]
async fn d_22_who_owes_a_protected_person_is_told_to_that_principal_alone() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let fee_id = world.overcharged(&recipient).await;
    world.protect(&recipient).await;
    let seen = &world.claims_of(&recipient).await[0];
    assert_eq!(seen.principal_id, "", "not to the aid centre");
    let request = pb::ListClaimsRequest::default();
    let own = of_principal(DALARNA, BORLANGE);
    let mut client = world.claims.clone();
    let seen = client.list_claims(client::request(&own, request));
    let seen = seen.await.unwrap().into_inner().claims;
    assert_eq!(seen[0].principal_id, BORLANGE);
    world
        .decide_paid_by(&fee_id, pb::ClaimState::Paid, FALUN)
        .await
        .unwrap();
    let events = world.events().await;
    let (_, pb::free_card_event::Event::ClaimDecided(event)) = events.last().unwrap() else {
        panic!("the last event tells the decision");
    };
    let claim = event.claim.as_ref().unwrap();
    assert_eq!(claim.principal_id, "");
    assert_eq!(claim.paid_by_principal_id, "");
    let told = ["2080 0.00 250.50 250.50", "2081 250.50 0.00 -250.50"];
    assert_eq!(
        nets(&world.settle(FALUN, "").await),
        told,
        "no person is named"
    );
}

impl World {
    /// A fee that Borlänge charged nothing for, since a card was thought to cover it: the first of
    /// the fees that built the card is credited afterwards (W12).
    pub(crate) async fn undercharged(&self, recipient: &str) -> String {
        for (principal, on, nominal) in [
            (BORLANGE, "2024-06-10", "1150"),
            (FALUN, "2024-06-11", "250"),
            (BORLANGE, "2024-06-12", "250.50"),
        ] {
            self.charge_in((SCHEME, principal), recipient, on, nominal)
                .await;
        }
        let fees = self.list(recipient).await;
        self.cancel(&cancelling(&fees[0].fee_id)).await.unwrap();
        fees[2].fee_id.clone()
    }
}

#[tokio::test]
async fn d_9_what_was_charged_too_little_is_listed_for_who_charged_it_until_it_is_no_more_so() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let fee_id = world.undercharged(&recipient).await;
    let all = pb::ListClaimsRequest::default();
    let of = |principal: &str| pb::ListClaimsRequest {
        principal_id: principal.to_owned(),
        ..Default::default()
    };
    let listed = world.undercharges(&desk(), all.clone()).await;
    let expected = pb::Undercharge {
        fee_id,
        scheme_id: SCHEME.to_owned(),
        principal_id: BORLANGE.to_owned(),
        event_on: date("2024-06-12"),
        amount: listed[0].amount.clone(),
        recipient_id: recipient.clone(),
    };
    assert_eq!(kronor(expected.amount.as_ref()), "250.50");
    assert_eq!(listed, std::slice::from_ref(&expected));
    assert_eq!(world.undercharges(&desk(), of(BORLANGE)).await, listed);
    assert_eq!(world.undercharges(&desk(), of(FALUN)).await, []);
    let (own, other) = (
        of_principal(DALARNA, BORLANGE),
        of_principal(DALARNA, FALUN),
    );
    assert_eq!(world.undercharges(&own, all.clone()).await, listed);
    assert_eq!(world.undercharges(&other, all.clone()).await, []);
    assert_eq!(world.undercharges(&other, of(BORLANGE)).await, []);
    let claims = world.claims_of(&recipient).await;
    assert_eq!(claims.len(), 1, "what is credited goes back; nothing else");
    assert_eq!(kronor(claims[0].amount.as_ref()), "1150.00");
    world.books_hold().await;

    let late = world.fee_in((SCHEME, FALUN), &recipient, "2024-06-10", "1150");
    world.register(&late).await.unwrap();
    assert_eq!(world.undercharges(&desk(), all).await, [], "a card again");
    world.books_hold().await;
}

#[tokio::test]
async fn what_was_charged_too_little_is_paged_and_hidden_as_claims_are() {
    let world = World::open("2024-06-10").await;
    let (outside, one, other) = (person(), person(), person());
    for recipient in [&outside, &one, &other] {
        world.undercharged(recipient).await;
    }
    world.opt_out(&outside).await;
    world.protect(&other).await;
    let mut request = pb::ListClaimsRequest {
        page_size: 1,
        undercharges: true,
        ..Default::default()
    };
    let mut told = Vec::new();
    loop {
        let page = world.claims.clone().list_claims(ask(request.clone())).await;
        let page = page.unwrap().into_inner();
        assert!(page.undercharges.len() <= 1);
        let page_told = page.undercharges.into_iter();
        told.extend(page_told.map(|row| (row.recipient_id, row.principal_id)));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let of_one = (one.clone(), BORLANGE.to_owned());
    assert_eq!(told, [of_one, (other.clone(), String::new())]);
    let own = of_principal(DALARNA, BORLANGE);
    let seen = world
        .undercharges(&own, pb::ListClaimsRequest::default())
        .await;
    assert!(seen.iter().all(|row| row.principal_id == BORLANGE));
    assert_eq!(seen.len(), 2);
    let of_outside = pb::ListClaimsRequest {
        recipient_id: outside,
        undercharges: true,
        ..Default::default()
    };
    let refused = world.claims.clone().list_claims(ask(of_outside)).await;
    assert_eq!(reason(&refused.unwrap_err()), "OPTED_OUT");
    let of_other = pb::ListClaimsRequest {
        recipient_id: other.clone(),
        ..Default::default()
    };
    assert_eq!(world.undercharges(&desk(), of_other).await.len(), 1);
    let looks = world.accesses(&other).await;
    assert!(looks.iter().any(|look| look.action == "ListClaims"));
}
