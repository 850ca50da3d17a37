//! What a prescriber tells for the own fee: a recorded condition, a stay in hospital, the fee table.

use hjm_proto::{
    common::v1::{ChargeForm, OwnFeeKind},
    prescription::v1 as pb,
};

use crate::persons::{expected, fee};
use crate::world::{BORN_1960, OSTERSUND, World, draft, refused};

const SHOES: &str = "shoes";
const PUMP: &str = "pump";
const TODAY: &str = "2025-03-10";
const ARTICLE: &str = "draft.lines.article_number";

/// A table beside those of the county, with one code in common with another.
fn table(id: &str, amount: &str) -> String {
    format!(
        "id = \"jamtland-harjedalen-fees-{id}\"\nversion = 1\ntenant = \"jamtland-harjedalen\"\n\
         title = \"Pumps\"\nvalid_from = 2020-01-01\n[sources]\nbook = \"A test\"\n\
         [[fees.fee]]\nid = \"pump\"\niso = [\"041912\"]\nkind = \"ONE_OFF\"\n\
         amount = \"{amount}\"\nvalid_from = 2020-01-01\nsource = \"book\"\n\
         [[fees.exemption]]\nid = \"in-patient\"\nwhen = \"IN_PATIENT\"\n\
         valid_from = 2020-01-01\nsource = \"book\"\n"
    )
}

async fn prescribed(
    world: &World,
    person: &str,
    article: &str,
    change: impl FnOnce(&mut pb::PrescriptionDraft),
) -> Result<pb::PrescriptionLine, tonic::Status> {
    let mut draft = draft(person, OSTERSUND, TODAY, &[article]);
    change(&mut draft);
    let mut prescription = world.prescribe(draft).await?;
    Ok(prescription.lines.remove(0))
}

#[tokio::test]
async fn fee_of_the_orthopaedic_unit_turns_on_a_recorded_condition() {
    let world = World::jamtland(TODAY).await;
    let orthopaedic = "jamtland-harjedalen/fees-orthopaedic.toml";
    world.activate(orthopaedic, "2022-01-01").await;
    world
        .article(SHOES, "063306", ChargeForm::Rental, 3, "1.00")
        .await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let with = async |condition| {
        let set = |draft: &mut pb::PrescriptionDraft| {
            draft.lines[0].qualifying_condition = condition;
        };
        prescribed(&world, &person, SHOES, set).await
    };
    assert_eq!(
        fee(&with(Some(true)).await.unwrap()),
        expected(OwnFeeKind::OneOff, "1000.00", "FEE")
    );
    assert_eq!(
        fee(&with(Some(false)).await.unwrap()),
        expected(OwnFeeKind::None, "0.00", "NOT_SUBSIDISED")
    );
    refused(with(None).await, "FEE_UNDECIDED", ARTICLE);
}

#[tokio::test]
async fn two_tables_that_cover_an_article_alike_need_one_named() {
    let world = World::jamtland(TODAY).await;
    for (id, amount) in [("ward", "100.00"), ("clinic", "200.00")] {
        world.activate_text(table(id, amount), "2020-01-01").await;
    }
    world
        .article(PUMP, "041912", ChargeForm::Rental, 3, "1.00")
        .await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let by = async |table: &str, in_patient| {
        let set = |draft: &mut pb::PrescriptionDraft| {
            table.clone_into(&mut draft.lines[0].fee_table);
            draft.in_patient = in_patient;
        };
        prescribed(&world, &person, PUMP, set).await
    };
    let clinic = "jamtland-harjedalen-fees-clinic";
    refused(by("", false).await, "FEE_UNDECIDED", ARTICLE);
    refused(by("no-such-table", false).await, "FEE_UNDECIDED", ARTICLE);
    assert_eq!(
        fee(&by(clinic, false).await.unwrap()),
        expected(OwnFeeKind::OneOff, "200.00", "FEE")
    );
    assert_eq!(
        fee(&by(clinic, true).await.unwrap()),
        expected(OwnFeeKind::OneOff, "0.00", "IN_PATIENT")
    );
}
