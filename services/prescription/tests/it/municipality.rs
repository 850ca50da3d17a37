//! The municipality a person is registered in: it chooses the fee table and the payer, from day to
//! day, and is told with what the person borrows.

use hjm_proto::{
    common::v1::{ChargeForm, OwnFeeKind},
    prescription::v1 as pb,
};
use hjm_testkit::{date, request_id};
use tonic::Status;

use crate::persons::{expected, fee};
use crate::world::{BORN_1943, BORN_1960, KROKOM, OSTERSUND, REGION, SOLD, World, draft, refused};

const TODAY: &str = "2025-06-10";
const PUMP: &str = "PUMP";
const ARTICLE: &str = "draft.lines.article_number";

/// A municipality's own table: one fee a year, of one code.
fn table(code: &str, amount: &str) -> String {
    format!(
        "id = \"jamtland-harjedalen-fees-{code}\"\nversion = 1\ntenant = \"jamtland-harjedalen\"\n\
         title = \"A municipality's\"\nvalid_from = 2020-01-01\n[sources]\nbook = \"A test\"\n\
         [[fees.municipality]]\ncode = \"{code}\"\nvalid_from = 2020-01-01\nsource = \"book\"\n\
         [[fees.fee]]\nid = \"pump\"\niso = [\"041912\"]\nkind = \"PER_12_MONTHS\"\n\
         amount = \"{amount}\"\nvalid_from = 2020-01-01\nsource = \"book\"\n"
    )
}

async fn world() -> World {
    let world = World::jamtland(TODAY).await;
    for (code, amount) in [(OSTERSUND, "100.00"), (KROKOM, "200.00")] {
        world.activate_text(table(code, amount), "2020-01-01").await;
    }
    world
        .article(PUMP, "041912", ChargeForm::Rental, 3, "1.00")
        .await;
    world
}

/// Home care stays Östersund's: only the register changes.
async fn registered(world: &World, person: &str, from: &str, code: &str) -> Result<(), Status> {
    let request = pb::ChangeFactsRequest {
        request_id: request_id(),
        recipient_id: person.to_owned(),
        facts: Some(pb::RecipientFacts {
            valid_from: date(from),
            home_care_principal_id: OSTERSUND.to_owned(),
            registered_in_principal_id: code.to_owned(),
            ..Default::default()
        }),
    };
    let told = world.recipients().change_facts(world.ask(request)).await?;
    let facts = told.into_inner().recipient.unwrap().facts.unwrap();
    assert_eq!(facts.registered_in_principal_id, code);
    Ok(())
}

async fn on(world: &World, person: &str, day: &str) -> Result<pb::PrescriptionLine, Status> {
    let mut made = world
        .prescribe(draft(person, OSTERSUND, day, &[PUMP]))
        .await?;
    Ok(made.lines.remove(0))
}

fn yearly(amount: &str) -> (OwnFeeKind, String, String) {
    expected(OwnFeeKind::Per12Months, amount, "FEE")
}

/// Where a loan says the person is registered.
fn residences(loan: &pb::LoanTimeline) -> Vec<(Option<hjm_proto::common::v1::Date>, &str)> {
    let basis = loan.fee_basis.as_ref().unwrap();
    let residences = basis.residences.iter();
    residences
        .map(|told| (told.from, told.registered_in_principal_id.as_str()))
        .collect()
}

#[tokio::test]
async fn municipality_of_the_day_chooses_the_fee_table() {
    let world = world().await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    registered(&world, &person, "2025-03-01", OSTERSUND)
        .await
        .unwrap();
    registered(&world, &person, "2025-05-01", KROKOM)
        .await
        .unwrap();
    // Nobody knows where the person lived before.
    refused(
        on(&world, &person, "2025-02-28").await,
        "FEE_UNDECIDED",
        ARTICLE,
    );
    for (day, amount) in [
        ("2025-03-01", "100.00"),
        ("2025-04-30", "100.00"),
        ("2025-05-01", "200.00"),
    ] {
        let line = on(&world, &person, day).await.unwrap();
        assert_eq!(fee(&line), yearly(amount), "{day}");
    }
    // Unknown again.
    registered(&world, &person, "2025-06-01", "").await.unwrap();
    let unknown = on(&world, &person, "2025-06-01").await;
    let text = unknown.as_ref().unwrap_err().message().to_owned();
    assert!(text.contains("municipality"), "{text}");
    refused(unknown, "FEE_UNDECIDED", ARTICLE);
}

#[tokio::test]
async fn table_of_another_municipality_cannot_be_named() {
    let world = world().await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let named = async |code: &str| {
        let mut draft = draft(&person, OSTERSUND, TODAY, &[PUMP]);
        draft.lines[0].fee_table = format!("jamtland-harjedalen-fees-{code}");
        Ok::<_, Status>(fee(&world.prescribe(draft).await?.lines[0]))
    };
    // Of whom nothing is known, the prescriber says it.
    assert_eq!(named(KROKOM).await.unwrap(), yearly("200.00"));
    registered(&world, &person, "2025-03-01", OSTERSUND)
        .await
        .unwrap();
    assert_eq!(named(OSTERSUND).await.unwrap(), yearly("100.00"));
    refused(named(KROKOM).await, "FEE_UNDECIDED", ARTICLE);
}

#[tokio::test]
async fn municipality_that_is_none_is_refused_by_its_field() {
    let world = world().await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let field = "facts.registered_in_principal_id";
    let answer = registered(&world, &person, "2025-03-01", REGION).await;
    refused(answer, "NOT_A_MUNICIPALITY", field);
    let answer = registered(&world, &person, "2025-03-01", "2481").await;
    refused(answer, "PRINCIPAL_UNKNOWN", field);
}

#[tokio::test]
async fn move_is_told_with_every_loan_that_is_out_or_came_back_after_it() {
    let world = world().await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    registered(&world, &person, "2025-02-01", OSTERSUND)
        .await
        .unwrap();
    let lent = async |unit: &str| {
        world
            .lend(&person, OSTERSUND, PUMP, unit, "2025-03-01")
            .await
    };
    let (early, open) = (lent("P1").await, lent("P2").await);
    let first = vec![(date("2025-02-01"), OSTERSUND)];
    assert_eq!((residences(&open), open.version), (first.clone(), 1));
    world.take_back("P1", "2025-04-30").await.unwrap();
    let sale = world
        .prescribe(draft(&person, OSTERSUND, "2025-03-01", &[SOLD]))
        .await
        .unwrap();
    let sale = world
        .deliver(&sale.lines[0].line_id, "", "2025-03-01")
        .await;
    registered(&world, &person, "2025-05-01", KROKOM)
        .await
        .unwrap();
    let moved = vec![
        (date("2025-02-01"), OSTERSUND),
        (date("2025-05-01"), KROKOM),
    ];
    for (loan, version, told) in [
        (&early, 2, &first),
        (&open, 2, &moved),
        (&sale.unwrap(), 1, &first),
    ] {
        let now = world.loan(&loan.loan_id).await;
        assert_eq!((now.version, &residences(&now)), (version, told));
    }
    // The same municipality again is nothing to tell; a correction tells what is known by then.
    let told = world.told().await.len();
    registered(&world, &person, "2025-05-20", KROKOM)
        .await
        .unwrap();
    assert_eq!(world.told().await.len(), told + 1);
    let (back, right) = (pb::LoanDate::Return, "2025-05-02");
    let early = world.loan(&early.loan_id).await;
    let corrected = world.correct(&early, back, right).await.unwrap();
    assert_eq!(residences(&corrected), moved);
    world.holds().await;
}

#[tokio::test]
async fn who_moved_between_prescription_and_delivery_is_told_so() {
    let world = world().await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    registered(&world, &person, "2025-03-01", OSTERSUND)
        .await
        .unwrap();
    let line = on(&world, &person, "2025-03-10").await.unwrap();
    registered(&world, &person, "2025-03-20", KROKOM)
        .await
        .unwrap();
    world.stock(PUMP, &["P1"]).await.unwrap();
    let loan = world
        .deliver(&line.line_id, "P1", "2025-04-01")
        .await
        .unwrap();
    assert_eq!(
        residences(&loan),
        [
            (date("2025-03-01"), OSTERSUND),
            (date("2025-03-20"), KROKOM)
        ]
    );
    assert_eq!(fee(&line), yearly("100.00"));
    world.holds().await;
}

#[tokio::test]
async fn municipality_of_the_day_pays_where_the_rules_say_so() {
    let world = World::empty(TODAY).await;
    let payers = include_str!("../../../../policies/vastra-gotaland/payers.toml");
    let payers = payers
        .replace("\"vastra-gotaland-", "\"jamtland-harjedalen-")
        .replace(
            "tenant = \"vastra-gotaland\"",
            "tenant = \"jamtland-harjedalen\"",
        );
    world.activate_text(payers, "2021-01-01").await;
    world
        .activate("jamtland-harjedalen/fees.toml", "2015-01-01")
        .await;
    world.organise().await;
    world
        .article(PUMP, "041912", ChargeForm::Rental, 4, "1.00")
        .await;
    let person = world.person(BORN_1960, "").await;
    refused(on(&world, &person, TODAY).await, "PAYER_UNDECIDED", ARTICLE);
    registered(&world, &person, "2025-05-01", KROKOM)
        .await
        .unwrap();
    let customer_number = "draft.customer_number";
    refused(
        on(&world, &person, TODAY).await,
        "PAYER_MISMATCH",
        customer_number,
    );
    registered(&world, &person, "2025-06-01", OSTERSUND)
        .await
        .unwrap();
    let line = on(&world, &person, TODAY).await.unwrap();
    assert_eq!(line.decision.unwrap().payer_principal_id, OSTERSUND);
}
