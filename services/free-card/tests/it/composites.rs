//! Several schemes of one person: a composite beside those it reads, and schemes of two regions.

use futures::future::join_all;
use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, kronor, reason, request_id};

use crate::support::{SCHEME, World, ask, cancelling, card_days, draft, person};

pub(crate) const CARE: (&str, &str) = ("uppsala-care", "03");
pub(crate) const TRAVEL: (&str, &str) = ("uppsala-travel", "03");
pub(crate) const DEVICES: (&str, &str) = ("uppsala-devices", "03");
pub(crate) const COORDINATED: &str = "uppsala-coordinated";

pub(crate) async fn uppsala() -> World {
    let mut world = World::without_policies("2022-01-05").await;
    for file in ["care", "travel", "devices", "coordinated"] {
        let file = format!("free-card-{file}");
        world.ship("uppsala", &file, "2022-01-01").await;
    }
    world
}

/// Care to its ceiling and travel, 2 600 together.
pub(crate) async fn w31(world: &World) -> String {
    let recipient = person();
    for (scheme, on, nominal, charged) in [
        (CARE, "2022-01-10", "1150", "1150.00"),
        (TRAVEL, "2022-02-01", "700", "700.00"),
        (TRAVEL, "2022-04-01", "750", "750.00"),
    ] {
        let told = world.charge_in(scheme, &recipient, on, nominal).await;
        assert_eq!(told, charged, "{on}");
    }
    recipient
}

#[tokio::test]
async fn fc_w31_fees_of_two_areas_give_a_card_in_every_scheme() {
    let world = uppsala().await;
    let recipient = w31(&world).await;
    world.set_today("2022-04-02");
    let quoted = pb::QuoteFeesRequest {
        recipient_id: recipient.clone(),
        scheme_id: DEVICES.0.to_owned(),
        fees: vec![draft("2022-04-02", "300", "03")],
        not_before: String::new(),
    };
    let quoted = world.free_card.clone().quote_fees(ask(quoted)).await;
    let quoted = quoted.unwrap().into_inner();
    assert_eq!(kronor(quoted.answers[0].to_charge.as_ref()), "0.00");
    let charged = world
        .charge_in(DEVICES, &recipient, "2022-04-02", "300")
        .await;
    assert_eq!(charged, "0.00");
    let status = world.status_in(COORDINATED, &recipient, "2022-04-02").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "2600.00");
    assert_eq!(card_days(&status).unwrap(), "2022-04-01 to 2023-01-09");
    let base = world.status_in(CARE.0, &recipient, "2022-04-02").await;
    assert_eq!(card_days(&base).unwrap(), "2022-01-10 to 2023-01-09");
    let travel = world.status_in(TRAVEL.0, &recipient, "2022-04-02").await;
    assert_eq!(card_days(&travel), None, "1 450 of 1 500");
    for scheme in [CARE.0, TRAVEL.0, DEVICES.0, COORDINATED] {
        let asked = ["2022-04-01", "2023-01-09", "2023-01-10"];
        let asked = asked.map(|on| world.is_exempt_in(scheme, &recipient, on));
        let exempt: Vec<bool> = join_all(asked)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(exempt, [true, true, false], "{scheme}");
    }
    let told = pb::GetStatusesRequest {
        recipient_id: recipient.clone(),
        ..Default::default()
    };
    let told = world.free_card.clone().get_statuses(ask(told)).await;
    let told = told.unwrap().into_inner();
    assert_eq!(told.statuses.len(), 4);
    assert_eq!(kronor(told.accumulated.as_ref()), "2600.00", "paid once");
    let later = world
        .charge_in(DEVICES, &recipient, "2023-01-10", "300")
        .await;
    assert_eq!(later, "300.00");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w31_the_fee_that_reaches_is_cut_and_a_cancelled_one_takes_the_card_back() {
    let world = uppsala().await;
    let recipient = person();
    world
        .charge_in(CARE, &recipient, "2022-01-10", "1150")
        .await;
    world.set_today("2022-02-01");
    let request = world.fee_in(TRAVEL, &recipient, "2022-02-01", "1400");
    let travel = world.register(&request).await.unwrap().into_inner();
    let charged = world
        .charge_in(DEVICES, &recipient, "2022-02-02", "300")
        .await;
    assert_eq!(charged, "50.00");
    let cancelled = world.cancel(&cancelling(&travel.fee_id)).await.unwrap();
    let status = cancelled.into_inner().status.unwrap();
    assert_eq!(status.scheme_id, TRAVEL.0);
    let status = world.status_in(COORDINATED, &recipient, "2022-02-02").await;
    assert_eq!(card_days(&status), None);
    let events = world.events().await;
    let (_, pb::free_card_event::Event::FeeCancelled(told)) = events.last().unwrap() else {
        panic!("the cancellation is told: {events:?}");
    };
    let [device] = &told.reassessed[..] else {
        panic!("the device's fee costs more now: {told:?}");
    };
    assert_eq!(kronor(device.undercharge.as_ref()), "250.00");
    assert!(
        !world
            .is_exempt_in(DEVICES.0, &recipient, "2022-02-02")
            .await
            .unwrap()
    );
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w31_a_late_fee_of_one_area_makes_a_claim_in_another() {
    let world = uppsala().await;
    let recipient = person();
    world
        .charge_in(CARE, &recipient, "2022-01-10", "1150")
        .await;
    world
        .charge_in(TRAVEL, &recipient, "2022-02-01", "1300")
        .await;
    world
        .charge_in(DEVICES, &recipient, "2022-03-01", "150")
        .await;
    let late = world.fee_in(DEVICES, &recipient, "2022-02-15", "100");
    let late = world.register(&late).await.unwrap().into_inner();
    assert_eq!(kronor(late.answer.unwrap().to_charge.as_ref()), "100.00");
    let claims = world.claims_of(&recipient).await;
    let told: Vec<(String, String)> = claims
        .iter()
        .map(|claim| (claim.scheme_id.clone(), kronor(claim.amount.as_ref())))
        .collect();
    assert_eq!(told, [(DEVICES.0.to_owned(), "100.00".to_owned())]);
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w32_one_area_alone_gives_no_coordinated_card() {
    let world = uppsala().await;
    let recipient = person();
    let travel = world
        .charge_in(TRAVEL, &recipient, "2022-01-10", "1500")
        .await;
    let device = world
        .charge_in(DEVICES, &recipient, "2022-02-10", "300")
        .await;
    assert_eq!([travel.as_str(), device.as_str()], ["1500.00", "300.00"]);
    let status = world.status_in(COORDINATED, &recipient, "2022-02-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1800.00");
    assert_eq!(card_days(&status), None);
    world.books_hold().await;
}

#[tokio::test]
async fn d_13_a_fee_counts_in_one_base_scheme_and_in_no_composite() {
    let world = uppsala().await;
    let recipient = person();
    world.set_today("2022-01-10");
    let composite = world.fee_in((COORDINATED, "03"), &recipient, "2022-01-10", "100");
    let refused = world.register(&composite).await.unwrap_err();
    assert_eq!(reason(&refused), "COMPOSITE_READS_ONLY");
    let first = world.fee_in(CARE, &recipient, "2022-01-10", "100");
    world.register(&first).await.unwrap();
    let elsewhere = pb::RegisterFeeRequest {
        external_reference: first.external_reference.clone(),
        ..world.fee_in(TRAVEL, &recipient, "2022-01-10", "100")
    };
    let refused = world.register(&elsewhere).await.unwrap_err();
    assert_eq!(reason(&refused), "FEE_COUNTS_ELSEWHERE");
    let another = pb::RegisterFeeRequest {
        external_reference: first.external_reference,
        ..world.fee_in(CARE, &person(), "2022-01-10", "100")
    };
    let refused = world.register(&another).await.unwrap_err();
    assert_eq!(reason(&refused), "FEE_REFERENCE_TAKEN");
    assert_eq!(world.events().await.len(), 1);
    let pooled = pb::CreatePoolRequest {
        request_id: request_id(),
        scheme_id: CARE.0.to_owned(),
        members: [person(), person()]
            .map(|recipient_id| pb::PoolEntrant {
                recipient_id,
                born_on: date("2015-01-01"),
                evidence: "the register".to_owned(),
            })
            .to_vec(),
        guardian_ids: vec![person()],
        not_before: String::new(),
    };
    let pooled = world.subjects.clone().create_pool(ask(pooled)).await;
    assert_eq!(reason(&pooled.unwrap_err()), "POOL_UNDER_COMPOSITE");
    let all = ask(pb::ListSchemesRequest::default());
    let schemes = world.schemes.clone().list_schemes(all).await;
    let schemes = schemes.unwrap().into_inner().schemes;
    let composite = schemes
        .iter()
        .find(|one| one.scheme_id == COORDINATED)
        .unwrap();
    assert_eq!(composite.reads_scheme_ids, [CARE.0, TRAVEL.0, DEVICES.0]);
    assert_eq!(composite.areas_min, 2);
}

#[tokio::test]
async fn a_key_counts_in_one_scheme_though_both_fees_come_at_once() {
    let mut world = World::open("2024-06-10").await;
    world
        .ship("varmland", "free-card-devices", "2019-01-01")
        .await;
    let recipient = person();
    let first = world.fee(&recipient, "2024-06-10", "100");
    let second = pb::RegisterFeeRequest {
        external_reference: first.external_reference.clone(),
        ..world.fee_in(("varmland-devices", "17"), &recipient, "2024-06-10", "100")
    };
    let answers = join_all([world.register(&first), world.register(&second)]).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(reason(&refused[0]), "FEE_COUNTS_ELSEWHERE");
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn fc_w33_an_aid_card_does_not_follow_to_another_region() {
    let mut world = World::open("2024-01-10").await;
    world
        .ship("varmland", "free-card-devices", "2019-01-01")
        .await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "1250").await;
    let varmland = ("varmland-devices", "17");
    let charged = world
        .charge_in(varmland, &recipient, "2024-06-10", "300")
        .await;
    assert_eq!(charged, "300.00");
    let there = world.status_in(varmland.0, &recipient, "2024-06-10").await;
    assert_eq!(kronor(there.accumulated.as_ref()), "300.00");
    let back = world.charge(&recipient, "2024-12-10", "250").await.0;
    assert_eq!(back, "150.00", "the account here goes on for who returns");
    let import = pb::ImportCardRequest {
        request_id: request_id(),
        recipient_id: recipient,
        scheme_id: varmland.0.to_owned(),
        valid_from: date("2024-12-10"),
        valid_to: date("2025-01-09"),
        card_number: "123".to_owned(),
        evidence: "the card of the other region".to_owned(),
        ..Default::default()
    };
    let refused = world.cards.clone().import_card(ask(import)).await;
    assert_eq!(reason(&refused.unwrap_err()), "EXTERNAL_CARD_REFUSED");
}

#[tokio::test]
async fn fc_w28_w34_a_card_of_open_care_is_valid_in_every_region() {
    let mut world = World::without_policies("2022-05-01").await;
    world
        .ship("jamtland-harjedalen", "free-card-care", "2022-01-01")
        .await;
    let care = ("jamtland-care", "23");
    let recipient = person();
    let import = pb::ImportCardRequest {
        request_id: request_id(),
        recipient_id: recipient.clone(),
        scheme_id: care.0.to_owned(),
        valid_from: date("2022-05-01"),
        valid_to: date("2022-11-30"),
        card_number: "123".to_owned(),
        evidence: "the card of the home region".to_owned(),
        not_before: world.policy_position.clone(),
        ..Default::default()
    };
    let imported = world.cards.clone().import_card(ask(import)).await;
    let status = imported.unwrap().into_inner().status.unwrap();
    assert_eq!(status.card(), pb::CardState::Imported);
    let covered = world.charge_in(care, &recipient, "2022-06-10", "300").await;
    assert_eq!(covered, "0.00");
    let status = world.status_in(care.0, &recipient, "2022-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "0.00");
    assert_eq!(card_days(&status).unwrap(), "2022-05-01 to 2022-11-30");
    let later = world.charge_in(care, &recipient, "2022-12-01", "300").await;
    assert_eq!(later, "300.00");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w14_what_the_scheme_leaves_out_is_charged_and_not_counted() {
    let mut world = World::without_policies("2024-06-10").await;
    let row = "[[free_card.not_counted]]\nkind = \"reminder-fee\"\nvalid_from = 2023-01-01\n\
               source = \"project a reminder is no fee of care\"\n";
    let text = format!("{}\n{row}", crate::support::POLICY);
    world.put_in_force(&text, 1, "2023-01-01").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "1200").await;
    let mut reminder = world.fee(&recipient, "2024-06-10", "60");
    reminder.fee.as_mut().unwrap().kind = "reminder-fee".to_owned();
    let answer = world.register(&reminder).await.unwrap().into_inner().answer;
    assert_eq!(kronor(answer.unwrap().to_charge.as_ref()), "60.00");
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1200.00");
    assert_eq!(card_days(&status), None);
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w44_a_ceiling_follows_its_index_down_to_fifty_or_is_refused() {
    let mut world = World::without_policies("2024-06-10").await;
    let row = |year: i32, base: &str, factor: &str| {
        let next = year + 1;
        format!(
            "[[free_card.ceiling]]\nbase_amount = \"{base}\"\nfactor = \"{factor}\"\n\
             floor_to = \"50.00\"\nvalid_from = {year}-01-01\nvalid_to = {next}-01-01\n\
             source = \"index {year}\"\n"
        )
    };
    let policy = crate::support::POLICY;
    let (head, rest) = policy.split_once("[[free_card.ceiling]]").unwrap();
    let rest = &rest[rest.find("[[free_card.window]]").unwrap()..];
    let cases = [
        (2023, "48300.00", "1200.00"),
        (2024, "59200.00", "1450.00"),
        (2025, "50000.00", "1250.00"),
        (2026, "49900.00", "1200.00"),
    ];
    let rows: String = cases
        .map(|(year, base, _)| row(year, base, "0.025"))
        .concat();
    world
        .put_in_force(&format!("{head}{rows}{rest}"), 1, "2023-01-01")
        .await;
    for (year, _, ceiling) in cases {
        let request = pb::GetSchemeRequest {
            scheme_id: SCHEME.to_owned(),
            as_of: date(&format!("{year}-06-01")),
            not_before: world.policy_position.clone(),
        };
        let got = world.schemes.clone().get_scheme(ask(request)).await;
        let scheme = got.unwrap().into_inner().scheme.unwrap();
        assert_eq!(kronor(scheme.ceiling.as_ref()), ceiling, "{year}");
    }
    let misprint = row(2024, "48300.00", "0.0025");
    let misprint = pb::SimulateSchemeRequest {
        scheme_id: SCHEME.to_owned(),
        policy_text: format!("{head}{misprint}{rest}"),
        from: date("2024-01-01"),
        to: date("2024-12-31"),
    };
    let refused = world.schemes.clone().simulate_scheme(ask(misprint)).await;
    let refused = refused.unwrap_err();
    assert_eq!(hjm_testkit::fields(&refused), ["policy_text"]);
}
