//! What may be handed out on the day of delivery: states, chains of substitutes, trials.

use hjm_proto::{catalogue::v1::ArticleState, common::v1::ChargeForm, prescription::v1 as pb};
use hjm_testkit::{date, reason, request_id};
use tonic::Status;

use crate::world::{BED, BORN_1943, CAPPED, OSTERSUND, SOLD, World, draft, malformed, refused};

const TODAY: &str = "2025-03-10";
const OLD: &str = "OLD-BED";
const OLD_SOLD: &str = "OLD-SOLD";

/// A delivery of today.
fn handed(line: &str, unit: &str, reason: &str) -> pb::DeliverRequest {
    pb::DeliverRequest {
        request_id: request_id(),
        line_id: line.to_owned(),
        unit_number: unit.to_owned(),
        delivered_on: date(TODAY),
        outside_chain_reason: reason.to_owned(),
        ..Default::default()
    }
}

async fn hand(world: &World, request: pb::DeliverRequest) -> Result<pb::LoanTimeline, Status> {
    let answer = world.prescriptions().deliver(world.ask(request)).await?;
    Ok(answer.into_inner().loan.unwrap())
}

/// Lines of one prescription of the fifth of March.
async fn prescribed(world: &World, articles: &[&str]) -> Vec<String> {
    let person = world.person(BORN_1943, OSTERSUND).await;
    let draft = draft(&person, OSTERSUND, "2025-03-05", articles);
    let lines = world.prescribe(draft).await.unwrap().lines;
    lines.into_iter().map(|line| line.line_id).collect()
}

#[tokio::test]
async fn an_article_is_delivered_in_the_state_of_the_day() {
    let world = World::jamtland(TODAY).await;
    let cases = [
        ("PHASING", ArticleState::PhasingOut, true),
        ("GONE", ArticleState::Discontinued, false),
        ("STOPPED", ArticleState::Blocked, false),
    ];
    for (article, state, delivered) in cases {
        world
            .article(article, "181210", ChargeForm::Rental, 4, "9.35")
            .await;
        let units = [format!("{article}-1"), format!("{article}-2")];
        world.stock(article, &[&units[0], &units[1]]).await.unwrap();
        let lines = prescribed(&world, &[article, article]).await;
        world.withdraw(article, state, "2025-03-08").await;
        let before = world.rows().await;
        let on_the_day = world.deliver(&lines[0], &units[0], "2025-03-08").await;
        if delivered {
            on_the_day.unwrap();
        } else {
            refused(on_the_day, "NOT_IN_RANGE", "line_id");
            assert_eq!(world.rows().await, before);
        }
        let the_day_before = world.deliver(&lines[1], &units[1], "2025-03-07").await;
        the_day_before.unwrap();
    }
    world.holds().await;
}

#[tokio::test]
async fn only_what_may_still_be_bought_is_registered_in_store() {
    let world = World::jamtland(TODAY).await;
    for (article, state) in [
        ("PHASING", ArticleState::PhasingOut),
        ("GONE", ArticleState::Discontinued),
        ("STOPPED", ArticleState::Blocked),
    ] {
        world
            .article(article, "181210", ChargeForm::Rental, 4, "9.35")
            .await;
        let units = [format!("{article}-1"), format!("{article}-2")];
        world.stock(article, &[&units[0]]).await.unwrap();
        world.withdraw(article, state, TODAY).await;
        let before = world.rows().await;
        let after = world.stock(article, &[&units[1]]).await;
        refused(after, "NOT_IN_RANGE", "article_number");
        assert_eq!(world.rows().await, before);
    }
    world.try_article("TRIED", 2, TODAY).await;
    let over = world.stock("TRIED", &["T1"]).await;
    refused(over, "NOT_IN_RANGE", "article_number");
}

#[tokio::test]
async fn a_delivery_is_not_corrected_to_a_day_without_the_article() {
    let world = World::jamtland(TODAY).await;
    world
        .article("GONE", "181210", ChargeForm::Rental, 4, "9.35")
        .await;
    world.stock("GONE", &["G1"]).await.unwrap();
    let lines = prescribed(&world, &["GONE"]).await;
    let loan = world.deliver(&lines[0], "G1", "2025-03-06").await.unwrap();
    world
        .withdraw("GONE", ArticleState::Discontinued, "2025-03-08")
        .await;
    let before = world.rows().await;
    let late = world
        .correct(&loan, pb::LoanDate::Delivery, "2025-03-08")
        .await;
    refused(late, "NOT_IN_RANGE", "date");
    assert_eq!(world.rows().await, before);
    let last_day = world.correct(&loan, pb::LoanDate::Delivery, "2025-03-07");
    let loan = last_day.await.unwrap();
    // What is out is always taken back, and that day may be corrected.
    let loan_back = world.take_back("G1", "2025-03-09").await.unwrap();
    assert_eq!(loan_back.version, loan.version + 1);
    let back = world.correct(&loan_back, pb::LoanDate::Return, TODAY);
    back.await.unwrap();
    world.holds().await;
}

#[tokio::test]
async fn the_oldest_equivalent_in_store_goes_first_and_leaving_it_needs_a_reason() {
    let world = World::jamtland(TODAY).await;
    world
        .article(OLD, "181210", ChargeForm::Rental, 4, "8.10")
        .await;
    world.replace(OLD, BED, "2025-01-01").await;
    world.stock(OLD, &["O1"]).await.unwrap();
    world.stock(BED, &["B1", "B2"]).await.unwrap();
    let lines = prescribed(&world, &[BED, BED, BED]).await;
    let before = world.rows().await;

    let field = "outside_chain_reason";
    for why in ["", "   "] {
        let newer = hand(&world, handed(&lines[0], "B1", why)).await;
        refused(newer, "OLDER_FIRST", field);
    }
    let long = handed(&lines[0], "B1", &"x".repeat(501));
    malformed(hand(&world, long).await, &[field]);
    assert_eq!(world.rows().await, before);

    let why = "the person needs the wider bed";
    let left = hand(&world, handed(&lines[0], "B1", why)).await.unwrap();
    assert_eq!(left.article_number, BED);
    assert_eq!(left.prescribed_article_number, "");
    assert_eq!(left.outside_chain_reason, why);
    assert_eq!(world.loan(&left.loan_id).await, left);
    let back = world.take_back("B1", TODAY).await.unwrap();
    assert_eq!(back.outside_chain_reason, why);

    let oldest = hand(&world, handed(&lines[1], "O1", "")).await.unwrap();
    assert_eq!(oldest.article_number, OLD);
    assert_eq!(oldest.prescribed_article_number, BED);
    assert_eq!(world.loan(&oldest.loan_id).await, oldest);
    // The last of the older ones is out.
    hand(&world, handed(&lines[2], "B2", "")).await.unwrap();
    world.holds().await;
}

#[tokio::test]
async fn a_unit_of_another_chain_is_refused_and_a_chain_may_have_ended() {
    let world = World::jamtland(TODAY).await;
    let rental = ChargeForm::Rental;
    world.article(OLD, "181210", rental, 4, "8.10").await;
    world.article("OTHER", "181210", rental, 4, "8.10").await;
    world.article("FEE", "181210", rental, 3, "8.10").await;
    world.replace("FEE", OLD, "2025-01-01").await;
    world.replace(OLD, BED, "2025-03-09").await;
    for (article, unit) in [(OLD, "O1"), ("OTHER", "X1"), ("FEE", "F1"), (BED, "B1")] {
        world.stock(article, &[unit]).await.unwrap();
    }
    let lines = prescribed(&world, &[BED, BED]).await;
    // One in another product group has another fee than was decided.
    for unit in ["X1", "F1"] {
        let other = hand(&world, handed(&lines[0], unit, "any")).await;
        refused(other, "UNIT_OF_OTHER_ARTICLE", "unit_number");
    }
    let named = pb::DeliverRequest {
        article_number: BED.to_owned(),
        ..handed(&lines[0], "O1", "")
    };
    refused(
        hand(&world, named).await,
        "UNIT_OF_OTHER_ARTICLE",
        "unit_number",
    );
    // The day before, there was no chain yet.
    refused(
        world.deliver(&lines[0], "O1", "2025-03-08").await,
        "UNIT_OF_OTHER_ARTICLE",
        "unit_number",
    );
    world.deliver(&lines[0], "B1", "2025-03-08").await.unwrap();
    world.deliver(&lines[1], "O1", "2025-03-09").await.unwrap();
    world.holds().await;
}

#[tokio::test]
async fn a_sold_equivalent_is_named_and_costs_what_was_decided() {
    let world = World::jamtland(TODAY).await;
    world
        .article(OLD_SOLD, "093307", ChargeForm::Sale, 4, "80.00")
        .await;
    world.replace(OLD_SOLD, SOLD, "2025-01-01").await;
    let lines = prescribed(&world, &[SOLD, SOLD]).await;
    let sold = |line: &str, article: &str, reason: &str| pb::DeliverRequest {
        article_number: article.to_owned(),
        ..handed(line, "", reason)
    };
    let before = world.rows().await;
    refused(
        hand(&world, sold(&lines[0], "", "")).await,
        "OLDER_FIRST",
        "outside_chain_reason",
    );
    refused(
        hand(&world, sold(&lines[0], CAPPED, "any")).await,
        "NOT_EQUIVALENT",
        "article_number",
    );
    malformed(
        hand(&world, sold(&lines[0], "?", "")).await,
        &["article_number"],
    );
    assert_eq!(world.rows().await, before);
    let newer = sold(&lines[0], "", "none of the older is left");
    let newer = hand(&world, newer).await.unwrap();
    let older = hand(&world, sold(&lines[1], OLD_SOLD, "")).await.unwrap();
    assert_eq!(older.article_number, OLD_SOLD);
    assert_eq!(older.prescribed_article_number, SOLD);
    assert_eq!(older.sale, newer.sale);
    world.holds().await;
}

#[tokio::test]
async fn a_trial_ends_with_its_units_however_many_deliver_at_once() {
    let world = World::jamtland(TODAY).await;
    world.try_article("TRIED", 3, "2025-03-11").await;
    let units: Vec<String> = (0..8).map(|unit| format!("T{unit}")).collect();
    let all: Vec<&str> = units.iter().map(String::as_str).collect();
    world.stock("TRIED", &all).await.unwrap();
    let lines = prescribed(&world, &["TRIED"; 9]).await;
    let delivering: Vec<_> = units
        .iter()
        .zip(&lines)
        .map(|(unit, line)| {
            let mut prescriptions = world.prescriptions();
            let request = world.ask(handed(line, unit, ""));
            tokio::spawn(async move { prescriptions.deliver(request).await })
        })
        .collect();
    let mut out = Vec::new();
    for answer in delivering {
        match answer.await.unwrap() {
            Ok(delivered) => out.push(delivered.into_inner().loan.unwrap().unit_number),
            Err(status) => assert_eq!(reason(&status), "NOT_IN_RANGE"),
        }
    }
    assert_eq!(out.len(), 3);
    // The same unit again is no further one, and one that is back was still used.
    world.take_back(&out[0], TODAY).await.unwrap();
    let unused = units.iter().find(|unit| !out.contains(unit)).unwrap();
    refused(
        hand(&world, handed(&lines[8], unused, "any")).await,
        "NOT_IN_RANGE",
        "line_id",
    );
    hand(&world, handed(&lines[8], &out[0], "")).await.unwrap();
    world.holds().await;
}
