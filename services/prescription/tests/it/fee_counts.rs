//! Own fees that turn on what else the person is prescribed: before, and on the same prescription.

use hjm_proto::{
    common::v1::{ChargeForm, Occasion},
    prescription::v1 as pb,
};
use hjm_service::{Caller, client};
use hjm_testkit::{kronor, request_id};

use crate::persons::fee;
use crate::world::{
    BORN_1943, BORN_1950, BORN_1957, BORN_1960, KROKOM, OSTERSUND, ROLLATOR, SELF_CARE, World,
    centre, draft, refused,
};

const TODAY: &str = "2025-03-10";
const IN_THE_EAR: &str = "IN-THE-EAR";
const BEHIND_THE_EAR: &str = "BEHIND-THE-EAR";
const BODY_WORN: &str = "BODY-WORN";
const HEARING: [(&str, &str); 3] = [
    (IN_THE_EAR, "220609"),
    (BEHIND_THE_EAR, "220615"),
    (BODY_WORN, "220618"),
];

/// A county with another's table beside its own.
async fn with_table(id: &str, text: &str) -> World {
    let world = World::jamtland(TODAY).await;
    let (before, after) = text.split_once("\ntitle").unwrap();
    let notes = before.lines().filter(|line| line.starts_with('#'));
    let notes: Vec<&str> = notes.collect();
    let text = format!(
        "{}\nid = \"jamtland-harjedalen-fees-{id}\"\nversion = 1\n\
         tenant = \"jamtland-harjedalen\"\ntitle{after}",
        notes.join("\n")
    );
    world.activate_text(text, "2022-01-01").await;
    for (number, iso) in HEARING {
        world
            .article(number, iso, ChargeForm::Rental, 3, "1.00")
            .await;
    }
    world
}

/// Uppsala's hearing aids.
async fn uppsala() -> World {
    let text = include_str!("../../../../policies/uppsala/fees.toml");
    with_table("uppsala", text).await
}

/// What each line costs, quoted and then prescribed alike.
async fn costs(world: &World, draft: pb::PrescriptionDraft) -> Vec<String> {
    let request = pb::QuotePrescriptionRequest {
        draft: Some(draft.clone()),
    };
    let mut prescriptions = world.prescriptions();
    let quoted = prescriptions.quote_prescription(world.ask(request)).await;
    let prescribed = world.prescribe(draft).await.unwrap();
    let lines = prescribed.lines.into_iter();
    let decisions: Vec<_> = lines.map(|line| line.decision.unwrap()).collect();
    assert_eq!(quoted.unwrap().into_inner().decisions, decisions);
    let fees = decisions.into_iter().map(|decision| decision.own_fee);
    fees.map(|fee| kronor(fee.unwrap().amount.as_ref()))
        .collect()
}

async fn on(world: &World, person: &str, day: &str, articles: &[&str]) -> Vec<String> {
    costs(world, draft(person, OSTERSUND, day, articles)).await
}

#[tokio::test]
async fn kinds_of_hearing_aids_prescribed_together_cost_one_fee_by_their_number() {
    let world = uppsala().await;
    for (number, articles, fees) in [
        (BORN_1943, &[BEHIND_THE_EAR][..], &["300.00"][..]),
        // Both ears.
        (
            BORN_1960,
            &[BEHIND_THE_EAR, BEHIND_THE_EAR],
            &["300.00", "0.00"],
        ),
        (BORN_1957, &[BEHIND_THE_EAR, BODY_WORN], &["450.00", "0.00"]),
        // A rollator has its own fee and is no kind of hearing aid.
        (
            BORN_1950,
            &[ROLLATOR, IN_THE_EAR, BEHIND_THE_EAR, BODY_WORN],
            &["300.00", "600.00", "0.00", "0.00"],
        ),
    ] {
        let person = world.person(number, OSTERSUND).await;
        assert_eq!(on(&world, &person, TODAY, articles).await, fees);
    }
}

#[tokio::test]
async fn other_ear_is_free_within_a_year_and_costs_the_fee_after_it() {
    let world = uppsala().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let hearing = async |day| on(&world, &person, day, &[BEHIND_THE_EAR]).await;
    on(&world, &person, "2023-03-01", &[ROLLATOR]).await;
    assert_eq!(hearing("2023-03-02").await, ["300.00"]);
    assert_eq!(hearing("2024-03-02").await, ["300.00"]);
    assert_eq!(hearing("2025-03-01").await, ["0.00"]);
    // A later one says nothing of an earlier day.
    let another = world.person(BORN_1960, OSTERSUND).await;
    let hearing = async |day| on(&world, &another, day, &[BODY_WORN]).await;
    assert_eq!(hearing(TODAY).await, ["300.00"]);
    assert_eq!(hearing("2025-03-09").await, ["300.00"]);
    world.holds().await;
}

#[tokio::test]
async fn decision_says_what_it_counted() {
    let world = uppsala().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let both = draft(&person, OSTERSUND, TODAY, &[BEHIND_THE_EAR, BODY_WORN]);
    let prescribed = world.prescribe(both).await.unwrap();
    let counted = |line: &pb::PrescriptionLine| {
        let fee = line.decision.clone().unwrap().own_fee.unwrap();
        let why = fee.explanation.unwrap();
        let told = |name: &str| {
            let fact = why.facts.iter().find(|fact| fact.name == name);
            fact.map(|fact| fact.value.clone()).unwrap_or_default()
        };
        (why.rule_id.clone(), told("number"), told("kinds_together"))
    };
    let row = |rule: &str, number: &str, kinds: &str| {
        (rule.to_owned(), number.to_owned(), kinds.to_owned())
    };
    assert_eq!(
        prescribed.lines.iter().map(counted).collect::<Vec<_>>(),
        [
            row("hearing-two-kinds", "1", "2"),
            row("hearing-within-a-year", "2", ""),
        ]
    );
}

#[tokio::test]
async fn earlier_one_counts_whoever_paid_for_it_and_whoever_asks() {
    let world = uppsala().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    assert_eq!(
        on(&world, &person, "2025-03-01", &[BODY_WORN]).await,
        ["300.00"]
    );
    world
        .change_facts(&person, "2025-03-05", KROKOM)
        .await
        .unwrap();
    let elsewhere = Caller {
        principal: Some(KROKOM.parse().unwrap()),
        ..centre()
    };
    let request = pb::PrescribeRequest {
        request_id: request_id(),
        draft: Some(draft(&person, KROKOM, TODAY, &[BODY_WORN])),
    };
    let mut prescriptions = world.prescriptions();
    let request = client::request(&elsewhere, request);
    let answer = prescriptions.prescribe(request).await.unwrap();
    let line = answer.into_inner().prescription.unwrap().lines.remove(0);
    assert_eq!(fee(&line).1, "0.00");
}

#[tokio::test]
async fn of_two_prescriptions_at_once_one_is_the_first() {
    let world = uppsala().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let one = || world.prescribe(draft(&person, OSTERSUND, TODAY, &[BODY_WORN]));
    let (one, other) = tokio::join!(one(), one());
    let mut fees = [one, other].map(|made| fee(&made.unwrap().lines[0]).1);
    fees.sort();
    assert_eq!(fees, ["0.00", "300.00"]);
}

#[tokio::test]
async fn refused_draft_stores_nothing_and_is_no_earlier_one() {
    let world = uppsala().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let before = world.rows().await;
    let odd = draft(&person, OSTERSUND, TODAY, &[BEHIND_THE_EAR, SELF_CARE]);
    let article = "draft.lines.article_number";
    refused(world.prescribe(odd).await, "NOT_PRESCRIBABLE", article);
    assert_eq!(world.rows().await, before);
    assert_eq!(
        on(&world, &person, TODAY, &[BEHIND_THE_EAR]).await,
        ["300.00"]
    );
}

#[tokio::test]
async fn second_rollator_costs_where_the_first_is_free_and_a_replacement_is_no_second() {
    let text = include_str!("../../../../policies/vastmanland/fees.toml");
    let world = with_table("vastmanland", text).await;
    let table = "jamtland-harjedalen-fees-vastmanland";
    let rollators = |person: &str, count: usize, occasion| {
        let mut draft = draft(person, OSTERSUND, TODAY, &[ROLLATOR].repeat(count));
        for line in &mut draft.lines {
            // Both counties have a fee for rollators.
            table.clone_into(&mut line.fee_table);
            line.set_occasion(occasion);
        }
        draft
    };
    let person = world.person(BORN_1943, OSTERSUND).await;
    let first = rollators(&person, 1, Occasion::First);
    assert_eq!(costs(&world, first.clone()).await, ["0.00"]);
    let replaced = rollators(&person, 1, Occasion::Replacement);
    assert_eq!(costs(&world, replaced.clone()).await, ["0.00"]);
    assert_eq!(costs(&world, replaced).await, ["0.00"]);
    assert_eq!(costs(&world, first).await, ["500.00"]);
    let another = world.person(BORN_1960, OSTERSUND).await;
    let both = rollators(&another, 2, Occasion::First);
    assert_eq!(costs(&world, both).await, ["0.00", "500.00"]);
}
