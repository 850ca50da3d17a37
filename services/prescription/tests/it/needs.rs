//! What a prescription is for and how long: as it says, or as the article says (decisions 3).

use hjm_proto::{
    catalogue::v1::{Duration, Purpose},
    prescription::v1 as pb,
};
use tonic::Status;

use crate::world::{
    BED, BORN_1943, HEALTH_CENTRE, KROKOM, OSTERSUND, World, draft, malformed, refused,
};

const TODAY: &str = "2025-03-10";
const TREATS: &str = "TREATS";

/// Who pays turns on what it is for, and of daily living on how long.
const RULES: &str = r#"id = "jamtland-harjedalen-payers"
version = 2
tenant = "jamtland-harjedalen"
title = "By purpose"
valid_from = 2015-01-01
[sources]
project = "A test"
[[payers.rule]]
id = "treatment"
purpose = "CARE_AND_TREATMENT"
pays = "REGION"
valid_from = 2015-01-01
source = "project"
[[payers.rule]]
id = "living-for-good"
purpose = "DAILY_LIVING"
duration = "LASTING"
pays = "CUSTOMER_NUMBER"
valid_from = 2015-01-01
source = "project"
[[payers.rule]]
id = "living-for-a-time"
purpose = "DAILY_LIVING"
duration = "TEMPORARY"
pays = "REGION"
valid_from = 2015-01-01
source = "project"
"#;

async fn county() -> World {
    let world = World::jamtland(TODAY).await;
    world.activate_text(RULES.to_owned(), "2025-01-01").await;
    world.treatment_article(TREATS).await;
    world
}

async fn prescribe(
    world: &World,
    (article, customer_number): (&str, &str),
    purpose: Purpose,
    duration: Duration,
) -> Result<pb::Prescription, Status> {
    let person = world.person(BORN_1943, OSTERSUND).await;
    let mut draft = draft(&person, customer_number, TODAY, &[article]);
    draft.lines[0].set_purpose(purpose);
    draft.lines[0].set_expected_duration(duration);
    world.prescribe(draft).await
}

#[tokio::test]
async fn the_article_says_what_the_line_does_not() {
    use Duration::{Lasting, Temporary, Unspecified as NoDuration};
    use Purpose::{CareAndTreatment as Care, DailyLiving as Daily, Unspecified as NoPurpose};
    let world = county().await;
    for (article, said, payer, told) in [
        (
            TREATS,
            (NoPurpose, NoDuration),
            HEALTH_CENTRE,
            (Care, Temporary),
        ),
        (TREATS, (NoPurpose, Lasting), HEALTH_CENTRE, (Care, Lasting)),
        (
            TREATS,
            (Daily, NoDuration),
            HEALTH_CENTRE,
            (Daily, Temporary),
        ),
        (TREATS, (Daily, Lasting), OSTERSUND, (Daily, Lasting)),
        (BED, (Daily, Temporary), HEALTH_CENTRE, (Daily, Temporary)),
        (BED, (Daily, Lasting), OSTERSUND, (Daily, Lasting)),
    ] {
        let prescribed = prescribe(&world, (article, payer), said.0, said.1).await;
        let line = prescribed.unwrap().lines.remove(0);
        let decision = line.decision.unwrap();
        assert_eq!((decision.purpose(), decision.expected_duration()), told);
        let payer = decision.payer.unwrap();
        let facts: Vec<&str> = payer.facts.iter().map(|fact| &*fact.name).collect();
        assert!(facts.contains(&"purpose") && facts.contains(&"duration"));
    }
}

#[tokio::test]
async fn what_neither_says_is_not_guessed_and_treatment_takes_a_medical_device() {
    let world = county().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let before = world.rows().await;
    let nothing = world.prescribe(draft(&person, OSTERSUND, TODAY, &[BED]));
    refused(
        nothing.await,
        "PAYER_UNDECIDED",
        "draft.lines.article_number",
    );
    let mut treatment = draft(&person, HEALTH_CENTRE, TODAY, &[BED]);
    treatment.lines[0].set_purpose(Purpose::CareAndTreatment);
    let treatment = world.prescribe(treatment);
    refused(treatment.await, "NO_MEDICAL_DEVICE", "draft.lines.purpose");
    let mut odd = draft(&person, OSTERSUND, TODAY, &[BED]);
    odd.lines[0].purpose = 9;
    odd.lines[0].expected_duration = 9;
    malformed(
        world.prescribe(odd).await,
        &["draft.lines[0].purpose", "draft.lines[0].expected_duration"],
    );
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn a_loan_keeps_its_purpose_and_a_transfer_is_decided_by_it() {
    let world = county().await;
    world.stock(TREATS, &["T1", "T2"]).await.unwrap();
    let lent = async |unit: &str, number: &str, purpose, duration| {
        let prescribed = prescribe(&world, (TREATS, number), purpose, duration).await;
        let line = prescribed.unwrap().lines.remove(0);
        world.deliver(&line.line_id, unit, TODAY).await.unwrap()
    };
    let daily = lent("T1", OSTERSUND, Purpose::DailyLiving, Duration::Lasting).await;
    assert_eq!(daily.purpose(), Purpose::DailyLiving);
    assert_eq!(daily.expected_duration(), Duration::Lasting);
    let none = (Purpose::Unspecified, Duration::Unspecified);
    let treats = lent("T2", HEALTH_CENTRE, none.0, none.1).await;
    assert_eq!(treats.purpose(), Purpose::CareAndTreatment);

    let offer = world.offer(&[&daily], KROKOM, TODAY).await.unwrap();
    let moved = world.answer(&offer, &[(&daily, true)]).await.unwrap();
    assert_eq!(moved[0].purpose(), Purpose::DailyLiving);
    let offer = world.offer(&[&treats], KROKOM, TODAY).await.unwrap();
    let moved = world.answer(&offer, &[(&treats, true)]).await;
    refused(moved, "PAYER_MISMATCH", "answers");
    world.holds().await;
}
