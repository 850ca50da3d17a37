//! Decisions for who asks from outside: fee, payer, rent; kept, and run again.

use hjm_proto::{
    catalogue::v1::{
        self as pb, fee_answer, fee_question::About, fee_result, payer_question::HomeCare,
    },
    common::v1::{Occasion, OwnFeeKind},
};
use hjm_service::{Caller, client};
use hjm_testkit::{OTHER_TENANT, aid_centre, date, fields, kronor, money, reason};
use tonic::{Code, Response, Status};

use crate::support::{RENT, World, importer, refused, rollator, second_person};

const FEES: &str = include_str!("../../../../policies/jamtland-harjedalen/fees.toml");
const VISION: &str = include_str!("../../../../policies/jamtland-harjedalen/fees-vision.toml");
const PAYERS: &str = include_str!("../../../../policies/jamtland-harjedalen/payers.toml");

/// Puts a document in force by its second person.
pub(crate) async fn put_in_force(world: &World, text: &str, from: &str) {
    let stored = world.import(text).await.unwrap().into_inner();
    let policy = stored.policy.unwrap();
    world
        .activate(&second_person(), &policy.policy_id, policy.version, from)
        .await
        .unwrap();
}

pub(crate) async fn with_policies() -> World {
    let world = World::open().await;
    for (text, from) in [
        (FEES, "2015-01-01"),
        (VISION, "2022-01-01"),
        (PAYERS, "2015-01-01"),
        (RENT, "2015-01-01"),
    ] {
        put_in_force(&world, text, from).await;
    }
    world
}

pub(crate) async fn decide(
    world: &World,
    questions: Vec<pb::FeeQuestion>,
    as_known_at: Option<&str>,
) -> Result<Vec<pb::FeeResult>, Status> {
    let as_known_at = as_known_at.map(instant);
    let request = pb::DecideFeesRequest {
        questions,
        as_known_at,
    };
    let mut desk = world.decisions.clone();
    let decided = desk.decide_fees(client::request(&importer(), request));
    Ok(decided.await?.into_inner().results)
}

fn instant(text: &str) -> prost_types::Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    hjm_service::convert::to_pb_timestamp(at)
}

pub(crate) fn device(device: pb::DeviceFee) -> pb::FeeQuestion {
    pb::FeeQuestion {
        on: date("2025-03-10"),
        born_on: date("1942-05-01"),
        about: Some(About::Device(pb::DeviceFee {
            occasion: Occasion::First.into(),
            ..device
        })),
        municipality: String::new(),
    }
}

fn rollator_by_code() -> pb::FeeQuestion {
    device(pb::DeviceFee {
        iso_code: "120606".to_owned(),
        product_group: 3,
        ..Default::default()
    })
}

pub(crate) fn answer(result: &pb::FeeResult) -> fee_answer::Answer {
    match result.result.clone() {
        Some(fee_result::Result::Answer(answer)) => answer.answer.unwrap(),
        other => panic!("no answer: {other:?}"),
    }
}

pub(crate) fn undecided(result: &pb::FeeResult) -> pb::Undecided {
    assert_eq!(result.decision_id, "");
    match result.result.clone() {
        Some(fee_result::Result::Undecided(undecided)) => undecided,
        other => panic!("an answer: {other:?}"),
    }
}

/// The amount of a decided fee.
fn amount(result: &pb::FeeResult) -> String {
    match answer(result) {
        fee_answer::Answer::Device(fee) => kronor(fee.amount.as_ref()),
        fee_answer::Answer::Service(fee) => kronor(fee.amount.as_ref()),
        fee_answer::Answer::Allowance(allowance) => kronor(allowance.amount.as_ref()),
    }
}

pub(crate) async fn explain(
    world: &World,
    caller: &Caller,
    id: &str,
) -> Result<Response<pb::ExplainResponse>, Status> {
    let decision_id = id.to_owned();
    let request = client::request(caller, pb::ExplainRequest { decision_id });
    world.decisions.clone().explain(request).await
}

#[tokio::test]
async fn a_fee_is_decided_with_its_rule_and_source_and_runs_again() {
    let world = with_policies().await;
    let results = decide(&world, vec![rollator_by_code()], None)
        .await
        .unwrap();
    let fee_answer::Answer::Device(fee) = answer(&results[0]) else {
        panic!("{results:?}")
    };
    assert_eq!(fee.kind(), OwnFeeKind::OneOff);
    assert_eq!(kronor(fee.amount.as_ref()), "300.00");
    let why = fee.explanation.unwrap();
    assert_eq!((why.rule_id.as_str(), why.policy_version), ("rollator", 1));
    assert!(why.source.contains("§6.2"), "{}", why.source);
    let explained = explain(&world, &importer(), &results[0].decision_id).await;
    let explained = explained.unwrap().into_inner();
    assert!(explained.agrees, "{explained:?}");
    let kept = explained.decision.unwrap();
    assert_eq!(kept.answer, explained.again);
    // Both tables of the day took part: the closest one decided.
    let used: Vec<String> = kept
        .policies
        .into_iter()
        .map(|used| used.policy_id)
        .collect();
    assert_eq!(
        used,
        [
            "jamtland-harjedalen-fees",
            "jamtland-harjedalen-fees-vision"
        ]
    );
}

#[tokio::test]
async fn the_same_question_is_the_same_decision_and_another_is_not() {
    let world = with_policies().await;
    let child = pb::FeeQuestion {
        born_on: date("2012-03-11"),
        ..rollator_by_code()
    };
    let questions = vec![rollator_by_code(), child, rollator_by_code()];
    let results = decide(&world, questions.clone(), None).await.unwrap();
    let ids: Vec<&str> = results
        .iter()
        .map(|result| result.decision_id.as_str())
        .collect();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(amount(&results[1]), "0.00");
    world.clock.set("2025-06-01".parse().unwrap());
    let later = decide(&world, questions, None).await.unwrap();
    assert_eq!(later, results);
}

#[tokio::test]
async fn an_article_tells_its_code_group_and_price() {
    let world = with_policies().await;
    world.create(rollator("R-100")).await.unwrap();
    let by_article = |number: &str| {
        device(pb::DeviceFee {
            article_number: number.to_owned(),
            ..Default::default()
        })
    };
    let results = decide(&world, vec![by_article("R-100"), by_article("R-999")], None).await;
    let results = results.unwrap();
    assert_eq!(amount(&results[0]), "300.00");
    let unknown = undecided(&results[1]);
    assert_eq!(unknown.reason, "ARTICLE_UNKNOWN");
    assert_eq!(unknown.facts, ["article_number"]);
    let both = device(pb::DeviceFee {
        article_number: "R-100".to_owned(),
        iso_code: "120606".to_owned(),
        ..Default::default()
    });
    let status = refused(decide(&world, vec![both], None)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(&status), ["questions[0].device.iso_code"]);
}

#[tokio::test]
async fn what_cannot_be_decided_costs_its_neighbours_nothing() {
    let world = with_policies().await;
    let ageless = pb::FeeQuestion {
        born_on: None,
        ..rollator_by_code()
    };
    let cost_cap = device(pb::DeviceFee {
        iso_code: "120606".to_owned(),
        product_group: 2,
        ..Default::default()
    });
    let before = pb::FeeQuestion {
        on: date("2014-12-31"),
        ..rollator_by_code()
    };
    let service = pb::FeeQuestion {
        about: Some(About::Service(pb::ServiceFee {
            service: "pickup".to_owned(),
        })),
        ..rollator_by_code()
    };
    let questions = vec![ageless, rollator_by_code(), cost_cap, before, service];
    let results = decide(&world, questions, None).await.unwrap();
    let told = |index: usize| {
        let undecided = undecided(&results[index]);
        (undecided.reason, undecided.facts.join(","))
    };
    assert_eq!(told(0), ("FACT_MISSING".to_owned(), "born_on".to_owned()));
    assert_eq!(amount(&results[1]), "300.00");
    assert_eq!(told(2), ("FACT_MISSING".to_owned(), "price".to_owned()));
    assert_eq!(told(3).0, "POLICY_MISSING");
    assert_eq!(told(4).0, "NOT_IN_TABLE");
}

#[tokio::test]
async fn malformed_questions_are_all_named_and_nothing_is_kept() {
    let world = with_policies().await;
    let odd = pb::FeeQuestion {
        born_on: Some(hjm_proto::common::v1::Date {
            year: 2025,
            month: 2,
            day: 29,
        }),
        ..device(pb::DeviceFee {
            iso_code: "1206".to_owned(),
            product_group: 5,
            price: money("1.00").map(|price| hjm_proto::common::v1::Money { nanos: 1, ..price }),
            ..Default::default()
        })
    };
    let status = refused(decide(&world, vec![rollator_by_code(), odd], None)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&status),
        [
            "questions[1].born_on",
            "questions[1].device.iso_code",
            "questions[1].device.product_group",
            "questions[1].device.price",
        ]
    );
    for count in [0, 101] {
        let questions = vec![rollator_by_code(); count];
        let status = refused(decide(&world, questions, None)).await;
        assert_eq!(fields(&status), ["questions"]);
    }
    assert_eq!(world.kept_decisions().await, 0);
}

#[tokio::test]
async fn a_question_is_answered_as_the_policies_were_known_then() {
    let world = World::open().await;
    world.clock.set("2025-01-10".parse().unwrap());
    put_in_force(&world, FEES, "2015-01-01").await;
    world.clock.set("2025-02-10".parse().unwrap());
    let corrected = |version, amount: &str| {
        FEES.replace("\nversion = 1\n", &format!("\nversion = {version}\n"))
            .replace("amount = \"300.00\"", &format!("amount = \"{amount}\""))
    };
    put_in_force(&world, &corrected(2, "305.00"), "2025-01-01").await;
    // Asked for before the one above and done after it: it was not known before that one.
    world.clock.set("2025-02-05".parse().unwrap());
    put_in_force(&world, &corrected(3, "310.00"), "2025-01-01").await;
    world.clock.set("2025-03-10".parse().unwrap());
    let ask = async |known: Option<&str>| {
        let results = decide(&world, vec![rollator_by_code()], known)
            .await
            .unwrap();
        results.into_iter().next().unwrap()
    };
    let now = ask(None).await;
    assert_eq!(amount(&now), "310.00");
    let second = ask(Some("2025-02-10T11:00:00Z")).await;
    assert_eq!(amount(&second), "305.00");
    let then = ask(Some("2025-02-01T00:00:00Z")).await;
    assert_eq!(amount(&then), "300.00");
    let before = ask(Some("2025-01-01T00:00:00Z")).await;
    assert_eq!(undecided(&before).reason, "POLICY_MISSING");
    // Each is kept by the version that decided it.
    for (id, version) in [(now.decision_id, 3), (then.decision_id, 1)] {
        let explained = explain(&world, &importer(), &id)
            .await
            .unwrap()
            .into_inner();
        assert!(explained.agrees);
        assert_eq!(explained.decision.unwrap().policies[0].version, version);
    }
    let status = refused(decide(
        &world,
        vec![rollator_by_code()],
        Some("2025-03-12T00:00:00Z"),
    ));
    assert_eq!(fields(&status.await), ["as_known_at"]);
}

fn payer_question() -> pb::PayerQuestion {
    pb::PayerQuestion {
        on: date("2025-03-10"),
        iso_code: "120606".to_owned(),
        region_principal_id: "23".to_owned(),
        home_care: Some(HomeCare::HomeCareOf("2380".to_owned())),
        asylum_seeker: Some(false),
        ..Default::default()
    }
}

async fn resolve(
    world: &World,
    question: pb::PayerQuestion,
) -> Result<pb::ResolvePayerResponse, Status> {
    let request = pb::ResolvePayerRequest {
        question: Some(question),
        as_known_at: None,
    };
    let mut desk = world.decisions.clone();
    let resolved = desk.resolve_payer(client::request(&importer(), request));
    resolved.await.map(Response::into_inner)
}

#[tokio::test]
async fn a_payer_is_resolved_and_a_missing_fact_is_named() {
    let world = with_policies().await;
    let resolved = resolve(&world, payer_question()).await.unwrap();
    let answer = resolved.answer.unwrap();
    assert_eq!(answer.kind(), pb::PayerKind::Principal);
    assert_eq!(answer.principal_id, "2380");
    assert_eq!(answer.explanation.unwrap().rule_id, "municipal-home-care");
    let explained = explain(&world, &importer(), &resolved.decision_id).await;
    assert!(explained.unwrap().into_inner().agrees);

    let at_home = pb::PayerQuestion {
        home_care: Some(HomeCare::NoHomeCare(true)),
        ..payer_question()
    };
    let answer = resolve(&world, at_home).await.unwrap().answer.unwrap();
    assert_eq!(answer.principal_id, "23");

    let unknown = pb::PayerQuestion {
        home_care: None,
        ..payer_question()
    };
    let status = refused(resolve(&world, unknown)).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "FACT_MISSING");
    assert!(
        status.message().contains("home_care"),
        "{}",
        status.message()
    );

    let malformed = pb::PayerQuestion {
        region_principal_id: String::new(),
        housing: 9,
        ..payer_question()
    };
    let status = refused(resolve(&world, malformed)).await;
    assert_eq!(
        fields(&status),
        ["question.region_principal_id", "question.housing"]
    );
}

#[tokio::test]
async fn the_terms_of_rent_are_told_with_every_source() {
    let world = with_policies().await;
    let ask = |day: &str| {
        let request = pb::GetRentPolicyRequest {
            as_of: date(day),
            as_known_at: None,
        };
        let mut desk = world.decisions.clone();
        async move {
            desk.get_rent_policy(client::request(&importer(), request))
                .await
        }
    };
    let got = ask("2025-03-10").await.unwrap().into_inner();
    let terms = got.answer.unwrap();
    assert_eq!(terms.unit(), pb::RentUnit::Day);
    assert_eq!(terms.end(), pb::RentEnd::ReturnRegistered);
    let explained = explain(&world, &importer(), &got.decision_id).await;
    assert!(explained.unwrap().into_inner().agrees);
    let status = refused(ask("1999-01-01")).await;
    assert_eq!(reason(&status), "POLICY_MISSING");
}

#[tokio::test]
async fn a_decision_of_another_tenant_is_not_there() {
    let world = with_policies().await;
    let results = decide(&world, vec![rollator_by_code()], None)
        .await
        .unwrap();
    let stranger = aid_centre(OTHER_TENANT, "stranger");
    let status = refused(explain(&world, &stranger, &results[0].decision_id)).await;
    assert_eq!(status.code(), Code::NotFound);
    let status = refused(explain(&world, &importer(), "1")).await;
    assert_eq!(fields(&status), ["decision_id"]);
}

#[tokio::test]
async fn many_desks_at_once_get_each_their_own_answer() {
    let world = with_policies().await;
    let asked = (0..200_i32).map(|index| {
        let born = format!("{}-03-10", 1930 + index % 90);
        let question = pb::FeeQuestion {
            born_on: date(&born),
            ..rollator_by_code()
        };
        let world = &world;
        async move { (index, decide(world, vec![question], None).await.unwrap()) }
    });
    for (index, results) in futures::future::join_all(asked).await {
        let age = 2025 - (1930 + index % 90);
        let expected = if age < 18 { "0.00" } else { "300.00" };
        assert_eq!(amount(&results[0]), expected, "of somebody of {age}");
    }
    assert_eq!(world.kept_decisions().await, 90);
}
