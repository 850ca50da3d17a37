//! Whether somebody may prescribe, asked over gRPC of the directives in force.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, client};
use hjm_testkit::{OTHER_TENANT, aid_centre, date, fields, money, reason};
use tonic::{Code, Response, Status};

use crate::support::{World, importer, refused, second_person};

const DIRECTIVES: &str = include_str!("../../../../policies/jamtland-harjedalen/directives.toml");
const DIRECTIVES_ID: &str = "jamtland-harjedalen-directives";

/// Kronoberg's limit for orthopaedic devices, as a second version of these directives.
fn with_limit() -> String {
    let limit = "[[directives.special_decision]]\nid = \"orthopaedic-above-15000\"\n\
                 iso = [\"06\"]\nabove = \"15000.00\"\nby = \"head_of_clinic\"\n\
                 valid_from = 2015-01-01\nsource = \"handbook §7.20\"\n";
    format!(
        "{}\n{limit}",
        DIRECTIVES.replace("version = 1", "version = 2")
    )
}

async fn in_force() -> World {
    let world = World::open().await;
    put(&world, DIRECTIVES, 1, "2025-01-01").await;
    world
}

async fn put(world: &World, text: &str, version: u32, from: &str) {
    world.import(text).await.unwrap();
    let second = second_person();
    let activated = world.activate(&second, DIRECTIVES_ID, version, from);
    activated.await.unwrap();
}

fn rollator() -> pb::CheckPrescribingRequest {
    let training = |kind: &str, on: &str| pb::Training {
        kind: kind.to_owned(),
        completed_on: date(on),
    };
    pb::CheckPrescribingRequest {
        iso_code: "120606".to_owned(),
        on: date("2025-03-10"),
        profession: "occupational_therapist".to_owned(),
        right_granted: Some(true),
        trainings: vec![
            training("national", "2020-05-01"),
            training("local", "2024-01-15"),
        ],
        held: Some(pb::HeldProducts::default()),
        in_range: Some(true),
        ..Default::default()
    }
}

async fn check_as(
    world: &World,
    caller: &Caller,
    request: pb::CheckPrescribingRequest,
) -> Result<pb::CheckPrescribingResponse, Status> {
    let mut client = world.decisions.clone();
    let checked = client.check_prescribing(client::request(caller, request));
    checked.await.map(Response::into_inner)
}

async fn check(
    world: &World,
    request: pb::CheckPrescribingRequest,
) -> pb::CheckPrescribingResponse {
    check_as(world, &importer(), request).await.unwrap()
}

fn codes(checked: &pb::CheckPrescribingResponse) -> Vec<(&str, &str)> {
    let reasons = checked.reasons.iter();
    reasons
        .map(|reason| (&*reason.code, &*reason.field))
        .collect()
}

#[tokio::test]
async fn who_fulfils_every_directive_may_prescribe_and_each_is_told() {
    let world = in_force().await;
    let checked = check(&world, rollator()).await;
    assert!(checked.allowed, "{checked:?}");
    assert_eq!(checked.reasons, []);
    let met: Vec<&str> = checked.met.iter().map(|met| &*met.rule_id).collect();
    assert_eq!(
        met,
        [
            "right-from-manager",
            "consultants-never",
            "local-training",
            "national-training",
            "duplicates-with-restraint",
            "outside-the-range"
        ]
    );
}

#[tokio::test]
async fn every_reason_is_told_with_rule_version_hash_and_source() {
    let world = in_force().await;
    let request = pb::CheckPrescribingRequest {
        iso_code: "220318".to_owned(),
        profession: "aid_consultant".to_owned(),
        right_granted: Some(false),
        trainings: vec![],
        held: Some(pb::HeldProducts {
            iso_codes: vec!["22031801".to_owned()],
        }),
        in_range: Some(false),
        ..rollator()
    };
    let checked = check(&world, request).await;
    assert!(!checked.allowed);
    assert_eq!(
        codes(&checked),
        [
            ("RIGHT_NOT_GRANTED", "right_granted"),
            ("PROFESSION_NOT_ALLOWED", "profession"),
            ("FACT_MISSING", "unit_kind"),
            ("TRAINING_MISSING", "trainings"),
            ("TRAINING_MISSING", "trainings"),
            ("DUPLICATE_NOT_JUSTIFIED", "duplicate_justified"),
            ("SPECIAL_DECISION_REQUIRED", "special_decisions"),
        ]
    );
    let policy = &world.policy_list().await[0];
    for reason in &checked.reasons {
        let why = reason.explanation.as_ref().unwrap();
        assert_eq!(why.policy_id, DIRECTIVES_ID);
        assert_eq!((why.policy_version, &why.policy_hash), (1, &policy.hash));
        assert!(why.source.contains("(källa 003) §"), "{}", why.source);
        assert!(!why.rule_id.is_empty() && !why.facts.is_empty() && !why.text.is_empty());
    }
}

#[tokio::test]
async fn the_version_in_force_on_the_day_decides() {
    let world = in_force().await;
    put(&world, &with_limit(), 2, "2025-07-01").await;
    let prosthesis = |on: &str, price: &str| pb::CheckPrescribingRequest {
        iso_code: "0624".to_owned(),
        on: date(on),
        referred_by: "physician".to_owned(),
        price: money(price),
        ..rollator()
    };
    for (on, price, allowed) in [
        ("2025-06-30", "80000.00", true),
        ("2025-07-01", "80000.00", false),
        ("2025-07-01", "15000.00", true),
        ("2025-07-01", "15000.01", false),
    ] {
        let checked = check(&world, prosthesis(on, price)).await;
        assert_eq!(checked.allowed, allowed, "{on} {price}");
    }
    let decided = pb::CheckPrescribingRequest {
        special_decisions: vec![pb::SpecialDecision {
            decided_by: "head_of_clinic".to_owned(),
            decided_on: date("2025-07-01"),
        }],
        ..prosthesis("2025-07-01", "80000.00")
    };
    assert!(check(&world, decided).await.allowed);
}

#[tokio::test]
async fn without_a_day_it_is_today() {
    let world = in_force().await;
    world.clock.set("2026-01-15".parse().unwrap());
    let request = pb::CheckPrescribingRequest {
        on: None,
        ..rollator()
    };
    let checked = check(&world, request).await;
    assert_eq!(codes(&checked), [("TRAINING_EXPIRED", "trainings")]);
}

#[tokio::test]
async fn without_directives_in_force_nothing_is_said() {
    let world = in_force().await;
    let early = pb::CheckPrescribingRequest {
        on: date("2024-12-31"),
        ..rollator()
    };
    let stranger = aid_centre(OTHER_TENANT, "stranger");
    for (caller, request) in [(importer(), early), (stranger, rollator())] {
        let status = refused(check_as(&world, &caller, request)).await;
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(reason(&status), "POLICY_MISSING");
    }
}

#[tokio::test]
async fn a_malformed_question_names_each_field() {
    let world = in_force().await;
    let request = pb::CheckPrescribingRequest {
        iso_code: "1".to_owned(),
        profession: "p".repeat(61),
        trainings: vec![pb::Training::default()],
        special_decisions: vec![pb::SpecialDecision::default()],
        held: Some(pb::HeldProducts {
            iso_codes: vec!["1222".to_owned(), "x".to_owned()],
        }),
        answers: vec![pb::DirectiveAnswer::default()],
        price: Some(hjm_proto::common::v1::Money::default()),
        ..Default::default()
    };
    let status = refused(check_as(&world, &importer(), request)).await;
    assert_eq!(
        fields(&status),
        [
            "iso_code",
            "profession",
            "price",
            "trainings[0].kind",
            "trainings[0].completed_on",
            "special_decisions[0].decided_by",
            "special_decisions[0].decided_on",
            "held.iso_codes[0]",
            "held.iso_codes[1]",
            "answers[0].rule_id",
        ]
    );
    let twice = pb::DirectiveAnswer {
        rule_id: "a".to_owned(),
        holds: true,
    };
    let request = pb::CheckPrescribingRequest {
        answers: vec![twice.clone(), twice],
        trainings: vec![pb::Training::default(); 101],
        ..rollator()
    };
    let status = refused(check_as(&world, &importer(), request)).await;
    assert_eq!(fields(&status), ["trainings", "answers[1].rule_id"]);
}
