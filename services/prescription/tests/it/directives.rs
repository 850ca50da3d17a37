//! The prescribing directives of a county are asked before anything is prescribed.

use hjm_proto::{
    catalogue::v1::{DirectiveAnswer, SpecialDecision, Training},
    common::v1::Occasion,
    prescription::v1 as pb,
};
use hjm_service::{Caller, client};
use hjm_testkit::{date, fields, money, reason, request_id};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::world::{
    BED, BORN_1943, HEALTH_CENTRE, KROKOM, OSTERSUND, ROLLATOR, SOLD, World, centre, draft,
    malformed, refused,
};

const TODAY: &str = "2025-03-10";
const POLICY: &str = "jamtland-harjedalen/directives.toml";
const DIRECTIVES: &str = include_str!("../../../../policies/jamtland-harjedalen/directives.toml");

/// The county's directives with limits and questions of a test's own.
fn with_more() -> String {
    let more = r#"
[[directives.special_decision]]
id = "above-a-limit"
iso = ["0933", "1206"]
above = "50.00"
by = "head_of_clinic"
valid_from = 2015-01-01
source = "handbook §7.20"
[[directives.criterion]]
id = "needed-daily"
iso = ["0933"]
text = "It is needed every day."
valid_from = 2015-01-01
source = "handbook §8"
[[directives.contraindication]]
id = "no-room"
iso = ["0933"]
text = "It does not fit in the home."
valid_from = 2015-01-01
source = "handbook §8"
"#;
    format!("{DIRECTIVES}{more}")
}

fn therapist() -> pb::Prescriber {
    let training = |kind: &str, on: &str| Training {
        kind: kind.to_owned(),
        completed_on: date(on),
    };
    pb::Prescriber {
        profession: "occupational_therapist".to_owned(),
        right_granted: Some(true),
        trainings: vec![
            training("national", "2020-05-01"),
            training("local", "2024-01-15"),
        ],
        ..Default::default()
    }
}

/// What a therapist prescribes today.
fn by_therapist(person: &str, articles: &[&str]) -> pb::PrescriptionDraft {
    pb::PrescriptionDraft {
        prescriber: Some(therapist()),
        ..draft(person, OSTERSUND, TODAY, articles)
    }
}

async fn quote(world: &World, draft: pb::PrescriptionDraft) -> Vec<pb::PrescribingCheck> {
    let request = pb::QuotePrescriptionRequest { draft: Some(draft) };
    let mut prescriptions = world.prescriptions();
    let answer = prescriptions.quote_prescription(world.ask(request)).await;
    let decisions = answer.unwrap().into_inner().decisions;
    let checks = decisions.into_iter().map(|decision| decision.prescribing);
    checks.map(Option::unwrap).collect()
}

fn told(check: &pb::PrescribingCheck) -> Vec<(&str, &str)> {
    let reasons = check.reasons.iter();
    reasons
        .map(|reason| (&*reason.code, &*reason.field))
        .collect()
}

#[track_caller]
fn refused_for<T: std::fmt::Debug>(answer: Result<T, Status>, codes: &str, named: &[&str]) {
    let status = answer.unwrap_err();
    assert_eq!(reason(&status), "PRESCRIBING_REFUSED", "{status:?}");
    assert_eq!(fields(&status), named);
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.metadata["reasons"], codes);
}

#[tokio::test]
async fn without_directives_nothing_more_is_asked_and_before_their_day_neither() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let unasked = async |on| {
        let line = world.prescribe(draft(&person, OSTERSUND, on, &[BED]));
        let line = line.await.unwrap().lines.remove(0);
        assert_eq!(line.decision.unwrap().prescribing, None);
    };
    unasked(TODAY).await;
    world.activate(POLICY, TODAY).await;
    unasked("2025-03-09").await;
    let asked = world.prescribe(draft(&person, OSTERSUND, TODAY, &[BED]));
    assert_eq!(reason(&asked.await.unwrap_err()), "PRESCRIBING_REFUSED");
}

#[tokio::test]
async fn every_reason_of_every_line_is_told_and_nothing_is_stored() {
    let world = World::jamtland(TODAY).await;
    world.activate_text(with_more(), "2025-01-01").await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let before = world.rows().await;
    let mut unmet = by_therapist(&person, &[SOLD, ROLLATOR]);
    let prescriber = unmet.prescriber.as_mut().unwrap();
    prescriber.right_granted = Some(false);
    prescriber.trainings.remove(1);
    unmet.lines[0].answers = vec![DirectiveAnswer {
        rule_id: "no-room".to_owned(),
        holds: true,
    }];

    let checks = quote(&world, unmet.clone()).await;
    let (right, trainings) = (
        "draft.prescriber.right_granted",
        "draft.prescriber.trainings",
    );
    let answers = "draft.lines[0].answers";
    let first = [
        ("RIGHT_NOT_GRANTED", right),
        ("TRAINING_MISSING", trainings),
        ("FACT_MISSING", answers),
        ("CONTRAINDICATED", answers),
        (
            "SPECIAL_DECISION_REQUIRED",
            "draft.lines[0].special_decisions",
        ),
    ];
    let second = [
        ("RIGHT_NOT_GRANTED", right),
        ("TRAINING_MISSING", trainings),
        ("FACT_MISSING", "draft.lines[1].value"),
    ];
    assert_eq!(told(&checks[0]), first);
    assert_eq!(told(&checks[1]), second);
    assert!(checks.iter().all(|check| !check.allowed));
    let named: Vec<&str> = first
        .iter()
        .chain(&second)
        .map(|(_, field)| *field)
        .collect();
    refused_for(
        world.prescribe(unmet).await,
        "CONTRAINDICATED,FACT_MISSING,RIGHT_NOT_GRANTED,SPECIAL_DECISION_REQUIRED,TRAINING_MISSING",
        &named,
    );
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn who_fulfils_them_prescribes_and_what_was_met_is_kept() {
    let world = World::jamtland(TODAY).await;
    world.activate_text(with_more(), "2025-01-01").await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let mut met = by_therapist(&person, &[SOLD, ROLLATOR]);
    let answer = |rule: &str, holds| DirectiveAnswer {
        rule_id: rule.to_owned(),
        holds,
    };
    met.lines[0].answers = vec![answer("needed-daily", true), answer("no-room", false)];
    met.lines[0].special_decisions = vec![SpecialDecision {
        decided_by: "head_of_clinic".to_owned(),
        decided_on: date(TODAY),
    }];
    met.lines[1].value = money("50.00");
    let quoted = quote(&world, met.clone()).await;
    let prescribed = world.prescribe(met).await.unwrap();
    let request = pb::GetPrescriptionRequest {
        prescription_id: prescribed.prescription_id.clone(),
    };
    let mut prescriptions = world.prescriptions();
    let read = prescriptions.get_prescription(world.ask(request)).await;
    assert_eq!(read.unwrap().into_inner().prescription.unwrap(), prescribed);
    for (line, quoted) in prescribed.lines.into_iter().zip(quoted) {
        let check = line.decision.unwrap().prescribing.unwrap();
        assert_eq!(check, quoted);
        assert!(check.allowed);
        assert!(check.met.len() >= 6, "{check:?}");
        assert!(check.met.iter().all(|why| why.source.contains("§")));
    }
}

#[tokio::test]
async fn one_more_of_the_same_takes_a_reason_whoever_pays_for_the_first() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let bed = world
        .lend(&person, OSTERSUND, BED, "B1", "2025-03-01")
        .await;
    world.activate(POLICY, TODAY).await;
    let justified = "draft.lines[0].duplicate_justified";
    let code = "DUPLICATE_NOT_JUSTIFIED";

    let more = || by_therapist(&person, &[BED]);
    refused_for(world.prescribe(more()).await, code, &[justified]);
    // Another principal does not see the loan; that there is one counts.
    let elsewhere = Caller {
        principal: Some(KROKOM.parse().unwrap()),
        ..centre()
    };
    world
        .change_facts(&person, "2025-03-05", KROKOM)
        .await
        .unwrap();
    let request = pb::PrescribeRequest {
        request_id: request_id(),
        draft: Some(pb::PrescriptionDraft {
            customer_number: KROKOM.to_owned(),
            ..more()
        }),
    };
    let mut prescriptions = world.prescriptions();
    let request = client::request(&elsewhere, request);
    let prescribed = prescriptions.prescribe(request).await;
    refused_for(prescribed, code, &[justified]);
    world
        .change_facts(&person, "2025-03-06", OSTERSUND)
        .await
        .unwrap();

    let mut reasoned = more();
    reasoned.lines[0].duplicate_justified = true;
    world.prescribe(reasoned).await.unwrap();
    let mut replacing = more();
    replacing.lines[0].set_occasion(Occasion::Replacement);
    world.prescribe(replacing).await.unwrap();

    world.take_back(&bed.unit_number, TODAY).await.unwrap();
    world.prescribe(more()).await.unwrap();
    // Of two on one prescription, the second is one more.
    let two = world.prescribe(by_therapist(&person, &[BED, BED])).await;
    refused_for(two, code, &["draft.lines[1].duplicate_justified"]);
}

#[tokio::test]
async fn what_cannot_be_read_of_who_prescribes_names_every_field() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let mut odd = by_therapist(&person, &[BED]);
    let prescriber = odd.prescriber.as_mut().unwrap();
    prescriber.profession = "p".repeat(61);
    prescriber.trainings = vec![Training::default()];
    odd.lines[0].special_decisions = vec![SpecialDecision::default()];
    odd.lines[0].answers = vec![DirectiveAnswer::default()];
    odd.lines[0].value = Some(hjm_proto::common::v1::Money::default());
    malformed(
        world.prescribe(odd).await,
        &[
            "draft.prescriber.profession",
            "draft.prescriber.trainings[0].kind",
            "draft.prescriber.trainings[0].completed_on",
            "draft.lines[0].special_decisions[0].decided_by",
            "draft.lines[0].special_decisions[0].decided_on",
            "draft.lines[0].answers[0].rule_id",
            "draft.lines[0].value",
        ],
    );
    // What else is wrong is told first.
    world.activate(POLICY, "2025-01-01").await;
    refused(
        world
            .prescribe(draft(&person, HEALTH_CENTRE, TODAY, &[BED]))
            .await,
        "PAYER_MISMATCH",
        "draft.customer_number",
    );
}
