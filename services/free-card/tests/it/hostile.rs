//! What no desk sends: every field that is out of bounds is named, its value is not repeated, and
//! nothing is stored.

use hjm_proto::{common::v1 as common, free_card::v1 as pb};
use hjm_testkit::{date, fields, money, reason, request_id};
use tonic::{Code, Status};

use crate::support::{SCHEME, World, ask, person};

type Spoil<T> = fn(&mut T);

/// A refusal of a malformed request names this field, once.
#[track_caller]
fn names(refused: Result<impl std::fmt::Debug, Status>, field: &str) {
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{field}: {refused}");
    assert_eq!(fields(&refused), [field]);
}

fn draft(request: &mut pb::RegisterFeeRequest) -> &mut pb::FeeDraft {
    request.fee.as_mut().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold optional parts")]
fn on(year: i32, month: i32, day: i32) -> Option<common::Date> {
    Some(common::Date { year, month, day })
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold optional parts")]
fn instant(seconds: i64, nanos: i32) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos })
}

#[tokio::test]
async fn nobody_is_born_after_today() {
    let world = World::open("2024-06-10").await;
    let (a, b) = (person(), person());
    let tomorrow = "2024-06-11";
    let made = world.pool(&[(&a, "2024-06-10"), (&b, tomorrow)]).await;
    names(made, "members[1].born_on");
    let pool = world.pool(&[(&a, "2024-06-10"), (&b, "2015-05-01")]).await;
    let joined = world
        .change_pool(&pool.unwrap(), &[(&person(), "2150-01-01")], &[])
        .await;
    names(joined, "joining[0].born_on");
    let identity = |born_on: &str| pb::LinkedIdentity {
        recipient_id: person(),
        kind: pb::IdentityKind::Personal.into(),
        born_on: date(born_on),
    };
    let link = pb::LinkSubjectsRequest {
        request_id: request_id(),
        one: Some(identity("1980-01-01")),
        other: Some(identity(tomorrow)),
        evidence: "the population register".to_owned(),
        ..Default::default()
    };
    let linked = world.subjects.clone().link_subjects(ask(link)).await;
    names(linked, "other.born_on");
    // A number of the Tax Agency's test series, on the day before its birth.
    world.set_today("1943-01-01");
    names(world.find("194301027472").await, "number");
}

#[tokio::test]
async fn dates_instants_and_amounts_out_of_bounds_are_named() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let cases: [(&str, Spoil<pb::RegisterFeeRequest>); 16] = [
        ("fee.event_on", |ask| draft(ask).event_on = on(1899, 12, 31)),
        ("fee.event_on", |ask| draft(ask).event_on = on(2201, 1, 1)),
        ("fee.event_on", |ask| draft(ask).event_on = on(2023, 2, 29)),
        ("fee.event_on", |ask| draft(ask).event_on = on(2024, 0, 1)),
        ("fee.occurred_at", |ask| {
            draft(ask).occurred_at = instant(1_718_000_000, -1);
        }),
        ("fee.occurred_at", |ask| {
            draft(ask).occurred_at = instant(1_718_000_000, 1_000_000_000);
        }),
        ("fee.occurred_at", |ask| {
            draft(ask).occurred_at = instant(i64::MAX, 0);
        }),
        ("fee.nominal", |ask| {
            draft(ask).nominal.as_mut().unwrap().units = i64::MAX;
        }),
        ("fee.nominal", |ask| {
            draft(ask).nominal.as_mut().unwrap().nanos = 999;
        }),
        ("fee.charged", |ask| {
            draft(ask).device_id = "desk".into();
            draft(ask).charged = money("1").map(|money| common::Money { units: -1, ..money });
        }),
        ("fee.device_id", |ask| draft(ask).charged = money("1")),
        ("fee.device_id", |ask| {
            draft(ask).device_id = "a\u{0}b".into();
        }),
        ("fee.kind", |ask| draft(ask).kind = "Two words".into()),
        ("fee.age", |ask| draft(ask).age = Some(131)),
        ("external_reference", |ask| {
            ask.external_reference = "line\nfeed".into();
        }),
        ("request_id", |ask| ask.request_id = "å".repeat(16)),
    ];
    for (field, spoil) in cases {
        let mut request = world.fee(&recipient, "2024-06-10", "250");
        spoil(&mut request);
        names(world.register(&request).await, field);
    }
    assert_eq!(world.list(&recipient).await, []);
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn sums_that_do_not_fit_are_refused_and_store_nothing() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let huge = "90000000000000000";
    let mut fee = world.fee(&recipient, "2024-06-10", huge);
    draft(&mut fee).principal_id = "99".to_owned();
    world.register(&fee).await.unwrap();
    fee.request_id = request_id();
    fee.external_reference = request_id();
    let refused = world.register(&fee).await.unwrap_err();
    assert_eq!(reason(&refused), "AMOUNT_TOO_LARGE");
    assert_eq!(fields(&refused), ["fee.nominal"]);
    assert_eq!(world.list(&recipient).await.len(), 1);
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn pages_tokens_and_codes_that_are_none_are_named() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    for (size, token, field) in [
        (501, "", "page_size"),
        (-1, "", "page_size"),
        (0, "2024-06-10", "page_token"),
        (0, "someone else's token", "page_token"),
    ] {
        names(world.page(&recipient, size, token).await, field);
        let claims = pb::ListClaimsRequest {
            page_size: size,
            page_token: token.to_owned(),
            ..Default::default()
        };
        names(world.claims.clone().list_claims(ask(claims)).await, field);
        let accesses = pb::ListAccessRequest {
            recipient_id: recipient.clone(),
            page_size: size,
            page_token: token.to_owned(),
            ..Default::default()
        };
        names(world.audit.clone().list_access(ask(accesses)).await, field);
    }
    let state = pb::ListClaimsRequest {
        state: 99,
        ..Default::default()
    };
    names(world.claims.clone().list_claims(ask(state)).await, "state");
    let state = pb::ListClaimsRequest {
        state: pb::ClaimState::Open.into(),
        undercharges: true,
        ..Default::default()
    };
    names(world.claims.clone().list_claims(ask(state)).await, "state");
    for state in [0, 1, 99] {
        let decide = pb::DecideClaimRequest {
            request_id: request_id(),
            fee_id: person(),
            state,
            text: "so decided".to_owned(),
            ..Default::default()
        };
        names(
            world.claims.clone().decide_claim(ask(decide)).await,
            "state",
        );
    }
    let known = pb::GetStatusRequest {
        recipient_id: recipient,
        scheme_id: SCHEME.to_owned(),
        as_known_at: instant(0, -1),
        ..Default::default()
    };
    let told = world.free_card.clone().get_status(ask(known)).await;
    names(told, "as_known_at");
}

#[tokio::test]
async fn a_malformed_link_names_its_field_and_links_nobody() {
    let world = World::open("2024-06-10").await;
    let identity = |kind: pb::IdentityKind| pb::LinkedIdentity {
        recipient_id: person(),
        kind: kind.into(),
        born_on: date("1980-01-01"),
    };
    let cases: [(&str, Spoil<pb::LinkSubjectsRequest>); 9] = [
        ("request_id", |ask| ask.request_id.clear()),
        ("one", |ask| ask.one = None),
        ("other", |ask| ask.other = None),
        ("one.recipient_id", |ask| {
            ask.one.as_mut().unwrap().recipient_id = "194301027472".into();
        }),
        ("one.kind", |ask| ask.one.as_mut().unwrap().kind = 0),
        ("other.kind", |ask| ask.other.as_mut().unwrap().kind = 8),
        ("other.born_on", |ask| {
            ask.other.as_mut().unwrap().born_on = on(1980, 13, 1);
        }),
        ("evidence", |ask| ask.evidence.clear()),
        ("not_before", |ask| ask.not_before = "billing.1".into()),
    ];
    for (field, spoil) in cases {
        let mut request = pb::LinkSubjectsRequest {
            request_id: request_id(),
            one: Some(identity(pb::IdentityKind::ReserveNational)),
            other: Some(identity(pb::IdentityKind::Personal)),
            evidence: "the register".to_owned(),
            not_before: String::new(),
        };
        spoil(&mut request);
        let refused = world.subjects.clone().link_subjects(ask(request)).await;
        assert!(!format!("{refused:?}").contains("194301027472"));
        names(refused, field);
    }
    let unlink = pb::UnlinkSubjectsRequest {
        request_id: request_id(),
        recipient_id: person(),
        other_recipient_id: person(),
        text: "x".repeat(501),
        not_before: String::new(),
    };
    names(
        world.subjects.clone().unlink_subjects(ask(unlink)).await,
        "text",
    );
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn a_malformed_pool_names_its_field_and_pools_nobody() {
    let world = World::open("2024-06-10").await;
    let child = || pb::PoolEntrant {
        recipient_id: person(),
        born_on: date("2015-05-01"),
        evidence: "the register".to_owned(),
    };
    let cases: [(&str, Spoil<pb::CreatePoolRequest>); 9] = [
        ("request_id", |ask| ask.request_id = "short".into()),
        ("scheme_id", |ask| ask.scheme_id.clear()),
        ("members", |ask| ask.members.truncate(1)),
        ("members[1].born_on", |ask| ask.members[1].born_on = None),
        ("members[0].evidence", |ask| ask.members[0].evidence.clear()),
        ("members[0]", |ask| ask.members[0].recipient_id = "1".into()),
        ("guardian_ids", |ask| ask.guardian_ids.clear()),
        ("guardian_ids", |ask| {
            ask.guardian_ids = (0..9).map(|_| person()).collect();
        }),
        ("guardian_ids[0]", |ask| ask.guardian_ids[0] = "1".into()),
    ];
    for (field, spoil) in cases {
        let mut request = pb::CreatePoolRequest {
            request_id: request_id(),
            scheme_id: SCHEME.to_owned(),
            members: vec![child(), child()],
            guardian_ids: vec![person()],
            not_before: String::new(),
        };
        spoil(&mut request);
        names(
            world.subjects.clone().create_pool(ask(request)).await,
            field,
        );
    }
    let nothing = pb::ChangePoolRequest {
        request_id: request_id(),
        pool_id: person(),
        expected_version: 1,
        text: "nothing to do".to_owned(),
        ..Default::default()
    };
    names(
        world.subjects.clone().change_pool(ask(nothing)).await,
        "joining",
    );
    let unknown = pb::ChangePoolRequest {
        request_id: request_id(),
        pool_id: person(),
        expected_version: 1,
        leaving: vec![person()],
        text: "there is no such pool".to_owned(),
        ..Default::default()
    };
    let unknown = world.subjects.clone().change_pool(ask(unknown)).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn the_same_id_with_another_body_is_refused_by_every_new_write() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let id = request_id();
    let protect = |is_protected| pb::SetProtectionRequest {
        request_id: id.clone(),
        recipient_id: recipient.clone(),
        is_protected,
    };
    let mut client = world.subjects.clone();
    client.set_protection(ask(protect(true))).await.unwrap();
    client.set_protection(ask(protect(true))).await.unwrap();
    let other = client.set_protection(ask(protect(false))).await;
    assert_eq!(other.unwrap_err().code(), Code::AlreadyExists);
    let find = |number: &str| pb::FindSubjectRequest {
        request_id: request_id(),
        kind: pb::IdentityKind::Personal.into(),
        number: number.to_owned(),
        purpose: String::new(),
    };
    let first = find("194301027472");
    client.find_subject(ask(first.clone())).await.unwrap();
    let other = pb::FindSubjectRequest {
        request_id: first.request_id,
        ..find("198309012386")
    };
    let other = client.find_subject(ask(other)).await;
    assert_eq!(other.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(world.events().await.len(), 1);
}
