//! Every refusal names its field and leaves nothing behind.

use hjm_proto::{common::v1 as common, free_card::v1 as pb};
use hjm_service::client;
use hjm_testkit::{date, fields, kronor, money, of_principal, reason, request_id};
use tonic::Code;

use crate::support::{DALARNA, POLICY, SCHEME, World, cancelling, draft, person};

type Spoil = fn(&mut pb::RegisterFeeRequest);
type SpoilCancel = fn(&mut pb::CancelFeeRequest);

fn fee(request: &mut pb::RegisterFeeRequest) -> &mut pb::FeeDraft {
    request.fee.as_mut().unwrap()
}

fn sek(units: i64, nanos: i32) -> common::Money {
    let currency_code = "SEK".to_owned();
    common::Money {
        currency_code,
        units,
        nanos,
    }
}

#[tokio::test]
async fn a_malformed_registration_names_its_field_and_stores_nothing() {
    let world = World::open("2024-06-10").await;
    let cases: [(&str, Spoil); 15] = [
        ("request_id", |ask| ask.request_id = "short".into()),
        ("recipient_id", |ask| {
            ask.recipient_id = "19820305-2391".into();
        }),
        ("recipient_id", |ask| ask.recipient_id.clear()),
        ("scheme_id", |ask| ask.scheme_id.clear()),
        ("external_reference", |ask| ask.external_reference.clear()),
        ("external_reference", |ask| {
            ask.external_reference = "x".repeat(101);
        }),
        ("fee", |ask| ask.fee = None),
        ("fee.event_on", |ask| fee(ask).event_on = None),
        ("fee.event_on", |ask| {
            fee(ask).event_on.as_mut().unwrap().day = 31;
        }),
        ("fee.nominal", |ask| fee(ask).nominal = None),
        ("fee.nominal", |ask| {
            fee(ask).nominal = Some(sek(0, 1_000_000));
        }),
        ("fee.nominal", |ask| fee(ask).nominal = Some(sek(-1, 0))),
        ("fee.nominal", |ask| {
            fee(ask).nominal.as_mut().unwrap().currency_code = "EUR".into();
        }),
        ("fee.principal_id", |ask| {
            fee(ask).principal_id = "Falu kommun".into();
        }),
        ("not_before", |ask| ask.not_before = "billing.1".into()),
    ];
    let recipient = person();
    for (field, spoil) in cases {
        let mut request = world.fee(&recipient, "2024-06-10", "250");
        spoil(&mut request);
        let refused = world.register(&request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}: {refused}");
        assert_eq!(fields(&refused), [field]);
    }
    assert_eq!(world.list(&recipient).await, []);
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::open("2024-06-10").await;
    let request = pb::RegisterFeeRequest {
        request_id: request_id(),
        fee: Some(pb::FeeDraft::default()),
        ..Default::default()
    };
    let refused = world.register(&request).await.unwrap_err();
    let expected = [
        "recipient_id",
        "scheme_id",
        "fee.event_on",
        "fee.nominal",
        "fee.principal_id",
        "external_reference",
    ];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test]
async fn a_rule_that_says_no_names_its_field_and_stores_nothing() {
    let world = World::open("2026-12-31").await;
    let cases: [(&str, &str, Spoil); 2] = [
        ("FEE_IN_FUTURE", "fee.event_on", |ask| {
            fee(ask).event_on = date("2027-01-01");
        }),
        ("SCHEME_UNKNOWN", "scheme_id", |ask| {
            ask.scheme_id = "dalarna-care".into();
        }),
    ];
    let recipient = person();
    for (code, field, spoil) in cases {
        let mut request = world.fee(&recipient, "2026-12-31", "250");
        spoil(&mut request);
        let refused = world.register(&request).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Code::FailedPrecondition,
            "{code}: {refused}"
        );
        assert_eq!(
            (reason(&refused).as_str(), fields(&refused)),
            (code, vec![field.into()])
        );
    }
    assert_eq!(world.list(&recipient).await, []);
    assert_eq!(world.events().await, []);
}

#[tokio::test]
async fn d_15_a_principal_registers_and_quotes_no_fee_as_another() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let town = of_principal(DALARNA, "2081");
    let own = |principal: &str| pb::RegisterFeeRequest {
        fee: Some(draft("2024-06-10", "250", principal)),
        ..world.fee(&recipient, "2024-06-10", "250")
    };
    let refused = world.register_as(&town, &own("20")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "FEE_OF_ANOTHER_PRINCIPAL");
    assert_eq!(fields(&refused), ["fee.principal_id"]);
    let quote = pb::QuoteFeesRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        fees: ["2081", "20"]
            .map(|principal| draft("2024-06-10", "250", principal))
            .to_vec(),
        ..Default::default()
    };
    let mut client = world.free_card.clone();
    let refused = client.quote_fees(client::request(&town, quote)).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "FEE_OF_ANOTHER_PRINCIPAL");
    assert_eq!(fields(&refused), ["fees[1].principal_id"]);
    let sent = ["20", "2081"].map(|principal| pb::RegisterFeesRequest {
        fee: Some(own(principal)),
    });
    let request = client::streaming_request(&town, futures::stream::iter(sent));
    let items = client.register_fees(request).await.unwrap().into_inner();
    let reasons: Vec<&str> = items.items.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["FEE_OF_ANOTHER_PRINCIPAL", ""]);
    world.register(&own("2081")).await.unwrap();
    assert_eq!(world.list(&recipient).await.len(), 2);
}

#[tokio::test]
async fn a_quoted_fee_that_is_refused_is_named_by_its_place() {
    let world = World::open("2024-06-10").await;
    let (fine, early) = (
        draft("2024-06-10", "250", "20"),
        draft("2024-06-11", "250", "20"),
    );
    let refused = world.quote(&person(), vec![fine.clone(), early]).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "FEE_IN_FUTURE");
    assert_eq!(fields(&refused), ["fees[1].event_on"]);
    world.set_today("2027-01-02");
    let unpriced = draft("2027-01-02", "250", "20");
    let refused = world.quote(&person(), vec![fine, unpriced]).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "CEILING_MISSING");
    assert_eq!(fields(&refused), ["fees[1].event_on"]);
}

#[tokio::test]
async fn without_a_policy_in_force_no_scheme_is_known() {
    let world = World::without_policies("2024-06-10").await;
    let refused = world
        .register(&world.fee(&person(), "2024-06-10", "250"))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "SCHEME_UNKNOWN");
    let refused = world
        .quote(&person(), vec![draft("2024-06-10", "250", "20")])
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "SCHEME_UNKNOWN");
    let refused = world.page(&person(), 0, "").await.unwrap_err();
    assert_eq!(fields(&refused), ["scheme_id"]);
}

#[tokio::test]
async fn fc_w42_a_year_without_a_ceiling_is_refused_until_a_version_brings_it() {
    let mut world = World::open("2027-01-02").await;
    let recipient = person();
    let request = world.fee(&recipient, "2027-01-02", "250");
    let refused = world.register(&request).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "CEILING_MISSING");
    assert_eq!(fields(&refused), ["fee.event_on"]);
    assert_eq!(world.list(&recipient).await, []);
    assert_eq!(world.events().await, []);
    let row = "[[free_card.ceiling]]\namount = \"1500.00\"\nvalid_from = 2027-01-01\n\
               source = \"project of this test\"\n";
    let text = format!("{}\n{row}", POLICY.replace("version = 1", "version = 2"));
    world.put_in_force(&text, 2, "2027-01-01").await;
    let not_before = world.policy_position.clone();
    let request = pb::RegisterFeeRequest {
        not_before,
        ..request
    };
    let answer = world
        .register(&request)
        .await
        .unwrap()
        .into_inner()
        .answer
        .unwrap();
    assert_eq!(kronor(answer.status.unwrap().ceiling.as_ref()), "1500.00");
    assert_eq!(answer.explanation.unwrap().policy_version, 2);
}

#[tokio::test]
async fn a_malformed_cancellation_names_its_field() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-06-10", "250").await;
    let cases: [(&str, SpoilCancel); 6] = [
        ("request_id", |ask| ask.request_id = "short".into()),
        ("fee_id", |ask| ask.fee_id = "1".into()),
        ("reason", |ask| ask.reason = 0),
        ("reason", |ask| ask.reason = 99),
        ("text", |ask| ask.text.clear()),
        ("text", |ask| ask.text = "x".repeat(501)),
    ];
    for (field, spoil) in cases {
        let mut request = cancelling(&fee_id);
        spoil(&mut request);
        let refused = world.cancel(&request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert_eq!(fields(&refused), [field]);
    }
    assert!(!world.list(&recipient).await[0].cancelled);
}

#[tokio::test]
async fn a_fee_is_cancelled_once_and_only_if_it_is_there() {
    let world = World::open("2024-06-10").await;
    let (_, fee_id) = world.charge(&person(), "2024-06-10", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let refused = world.cancel(&cancelling(&fee_id)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "ALREADY_CANCELLED");
    assert_eq!(fields(&refused), ["fee_id"]);
    let refused = world.cancel(&cancelling(&person())).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_quote_of_none_too_many_or_malformed_fees_names_them() {
    let world = World::open("2024-06-10").await;
    let good = || draft("2024-06-10", "250", "20");
    let mut wrong = good();
    wrong.nominal = money("250").map(|money| common::Money { nanos: 1, ..money });
    for (fees, field) in [
        (vec![], "fees"),
        (vec![good(); 51], "fees"),
        (vec![good(), wrong], "fees[1].nominal"),
    ] {
        let refused = world.quote(&person(), fees).await.unwrap_err();
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec![field.into()])
        );
    }
    let refused = world
        .quote(&person(), vec![good(), draft("2024-06-11", "250", "20")])
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), fields(&refused)),
        ("FEE_IN_FUTURE", vec!["fees[1].event_on".into()])
    );
    assert_eq!(
        world
            .quote(&person(), vec![good(); 50])
            .await
            .unwrap()
            .len(),
        50
    );
}

#[tokio::test]
async fn a_page_is_at_most_500_and_its_token_is_ours() {
    let world = World::open("2024-06-10").await;
    for (page_size, token, field) in [
        (501, "", "page_size"),
        (-1, "", "page_size"),
        (0, "yesterday", "page_token"),
    ] {
        let refused = world.page(&person(), page_size, token).await.unwrap_err();
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec![field.into()])
        );
    }
    assert_eq!(
        world.status(&person(), "2024-06-10").await.scheme_id,
        SCHEME
    );
}
