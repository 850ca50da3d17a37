//! What the payer rules of other counties ask of a person and a prescription: told, it decides; not
//! told, it is named.

use hjm_proto::{
    catalogue::v1::{Housing, PlaceOfCare, ProductCategory},
    common::v1::ChargeForm,
    prescription::v1 as pb,
};
use hjm_testkit::{date, request_id};
use tonic::Status;

use crate::world::{
    BED, BORN_1960, HEALTH_CENTRE, KROKOM, OSTERSUND, REGION, World, draft, malformed, refused,
};

const TODAY: &str = "2025-03-10";
const MEDICINE_NEAR: &str = "MEDICINE-NEAR";

/// The payers of a county, asked with the municipalities of another.
async fn county(name: &str) -> World {
    let world = World::empty(TODAY).await;
    let path = format!(
        "{}/../../policies/{name}/payers.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let payers = std::fs::read_to_string(path).unwrap();
    let payers = payers
        .replace(
            &format!("id = \"{name}-payers\""),
            "id = \"jamtland-harjedalen-payers\"",
        )
        .replace(
            &format!("tenant = \"{name}\""),
            "tenant = \"jamtland-harjedalen\"",
        );
    world.activate_text(payers, "2020-01-01").await;
    let fees = "jamtland-harjedalen/fees.toml";
    world.activate(fees, "2015-01-01").await;
    world.organise().await;
    for (number, iso) in [(BED, "181210"), (MEDICINE_NEAR, "150903")] {
        let form = ChargeForm::Rental;
        world.article(number, iso, form, 4, "1.00").await;
    }
    world
}

/// A person of whom these facts are recorded.
async fn recorded(world: &World, from: &str, facts: pb::RecipientFacts) -> Result<String, Status> {
    let request = pb::RegisterRecipientRequest {
        request_id: request_id(),
        identity: Some(crate::world::personal(BORN_1960)),
        born_on: None,
        facts: None,
    };
    let mut recipients = world.recipients();
    let person = recipients.register_recipient(world.ask(request)).await?;
    let person = person.into_inner().recipient_id;
    let request = pb::ChangeFactsRequest {
        request_id: request_id(),
        recipient_id: person.clone(),
        facts: Some(pb::RecipientFacts {
            valid_from: date(from),
            ..facts
        }),
    };
    recipients.change_facts(world.ask(request)).await?;
    Ok(person)
}

async fn payer(world: &World, draft: pb::PrescriptionDraft) -> Result<String, Status> {
    let line = world.prescribe(draft).await?.lines.remove(0);
    Ok(line.decision.unwrap().payer_principal_id)
}

/// Refused, and the text names the fact.
fn lacks(answer: Result<String, Status>, fact: &str) {
    let text = answer.as_ref().unwrap_err().message().to_owned();
    assert!(text.contains(fact), "{fact} in {text}");
    refused(answer, "PAYER_UNDECIDED", "draft.lines.article_number");
}

#[tokio::test]
async fn of_whom_nothing_is_recorded_nothing_is_guessed() {
    let world = World::jamtland(TODAY).await;
    let person = recorded(&world, "2025-03-01", pb::RecipientFacts::default());
    let person = person.await.unwrap();
    let on = |day| payer(&world, draft(&person, HEALTH_CENTRE, day, &[BED]));
    assert_eq!(on("2025-03-01").await.unwrap(), REGION);
    lacks(on("2025-02-28").await, "home_care");
}

#[tokio::test]
async fn adult_of_gavleborg_is_prescribed_for_by_what_is_recorded() {
    let world = county("gavleborg").await;
    let home_care = pb::RecipientFacts {
        home_care_principal_id: OSTERSUND.to_owned(),
        ..Default::default()
    };
    let person = recorded(&world, "2020-01-01", home_care.clone());
    let person = person.await.unwrap();
    let asked = |number| payer(&world, draft(&person, number, TODAY, &[BED]));
    lacks(asked(OSTERSUND).await, "lss_rehabilitation");
    let known = pb::RecipientFacts {
        lss_rehabilitation: Some(false),
        ..home_care
    };
    recorded(&world, "2025-01-01", known).await.unwrap();
    assert_eq!(asked(OSTERSUND).await.unwrap(), OSTERSUND);
    let not_enrolled = pb::RecipientFacts {
        lss_rehabilitation: Some(false),
        ..Default::default()
    };
    recorded(&world, "2025-02-01", not_enrolled).await.unwrap();
    assert_eq!(asked(HEALTH_CENTRE).await.unwrap(), REGION);
}

#[tokio::test]
async fn adult_of_kronoberg_is_prescribed_for_by_where_and_what_it_is() {
    let world = county("kronoberg").await;
    let facts = pb::RecipientFacts {
        registered_in_principal_id: OSTERSUND.to_owned(),
        home_care_principal_id: OSTERSUND.to_owned(),
        ..Default::default()
    };
    let person = recorded(&world, "2020-01-01", facts).await.unwrap();
    let asked = |number, article, place: PlaceOfCare, category: ProductCategory| {
        let mut draft = draft(&person, number, TODAY, &[article]);
        draft.set_place_of_care(place);
        draft.lines[0].set_category(category);
        payer(&world, draft)
    };
    let (no_place, no_category) = (PlaceOfCare::Unspecified, ProductCategory::Unspecified);
    lacks(
        asked(OSTERSUND, BED, no_place, no_category).await,
        "place_of_care",
    );
    let home = asked(OSTERSUND, BED, PlaceOfCare::Home, no_category).await;
    assert_eq!(home.unwrap(), OSTERSUND);
    let stay = asked(HEALTH_CENTRE, BED, PlaceOfCare::Hospital, no_category).await;
    assert_eq!(stay.unwrap(), REGION);
    let near = |category| asked(HEALTH_CENTRE, MEDICINE_NEAR, PlaceOfCare::Home, category);
    lacks(near(no_category).await, "category");
    let near = near(ProductCategory::MedicineNear).await;
    assert_eq!(near.unwrap(), REGION);
}

#[tokio::test]
async fn loan_keeps_where_and_what_and_a_transfer_is_decided_by_it() {
    let world = county("kronoberg").await;
    let mut facts = pb::RecipientFacts {
        registered_in_principal_id: OSTERSUND.to_owned(),
        ..Default::default()
    };
    let person = recorded(&world, "2020-01-01", facts.clone()).await.unwrap();
    world.stock(BED, &["B1"]).await.unwrap();
    let mut told = draft(&person, OSTERSUND, "2025-03-01", &[BED]);
    told.set_place_of_care(PlaceOfCare::Home);
    told.lines[0].set_category(ProductCategory::Aid);
    told.lines[0].speech_therapist = Some(false);
    let line = world.prescribe(told).await.unwrap().lines.remove(0);
    let loan = world.deliver(&line.line_id, "B1", "2025-03-01").await;
    let loan = loan.unwrap();
    assert_eq!(loan.place_of_care(), PlaceOfCare::Home);
    assert_eq!(loan.category(), ProductCategory::Aid);
    assert_eq!(loan.speech_therapist, Some(false));

    facts.registered_in_principal_id = KROKOM.to_owned();
    recorded(&world, TODAY, facts).await.unwrap();
    let offer = world.offer(&[&loan], KROKOM, TODAY).await.unwrap();
    let moved = world.answer(&offer, &[(&loan, true)]).await.unwrap();
    assert_eq!(moved[0].place_of_care(), PlaceOfCare::Home);
    assert_eq!(moved[0].segments.last().unwrap().principal_id, KROKOM);
    world.holds().await;
}

#[tokio::test]
async fn facts_that_are_recorded_are_told_again_and_odd_ones_refused() {
    let world = World::jamtland(TODAY).await;
    let mut facts = pb::RecipientFacts {
        in_habilitation: Some(true),
        lss_rehabilitation: Some(false),
        ..Default::default()
    };
    facts.set_housing(Housing::Special);
    let person = recorded(&world, "2025-01-01", facts).await.unwrap();
    let request = pb::GetRecipientRequest {
        recipient_id: person.clone(),
        as_of: date(TODAY),
    };
    let told = world.recipients().get_recipient(world.ask(request)).await;
    let told = told.unwrap().into_inner().recipient.unwrap().facts.unwrap();
    assert_eq!(told.housing(), Housing::Special);
    let known = (told.in_habilitation, told.lss_rehabilitation);
    assert_eq!(known, (Some(true), Some(false)));
    let odd = pb::RecipientFacts {
        housing: 9,
        ..Default::default()
    };
    malformed(recorded(&world, TODAY, odd).await, &["facts.housing"]);
    let mut odd = draft(&person, HEALTH_CENTRE, TODAY, &[BED]);
    odd.place_of_care = 9;
    odd.lines[0].category = 9;
    malformed(
        world.prescribe(odd).await,
        &["draft.place_of_care", "draft.lines[0].category"],
    );
}
