//! Articles in the range and out of it, and what is sold and must come back.

use hjm_proto::{catalogue::v1 as catalogue, common::v1::ChargeForm, prescription::v1 as pb};
use hjm_testkit::{date, kronor, request_id};

use crate::world::{BED, BORN_1943, KROKOM, OSTERSUND, World, draft, refused};

const TODAY: &str = "2025-03-20";
const REUSED: &str = "REUSED";

#[tokio::test]
async fn a_sale_with_return_is_sold_once_and_lent_as_a_marked_unit() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let form = ChargeForm::SaleWithReturn;
    world.article(REUSED, "120606", form, 3, "1250.00").await;
    world.stock(REUSED, &["S1"]).await.unwrap();
    let prescribed = draft(&a, OSTERSUND, "2025-03-01", &[REUSED]);
    let line = world.prescribe(prescribed).await.unwrap().lines[0].clone();
    let unmarked = world.deliver(&line.line_id, "", "2025-03-02").await;
    refused(unmarked, "UNIT_REQUIRED", "unit_number");

    let loan = world
        .deliver(&line.line_id, "S1", "2025-03-02")
        .await
        .unwrap();
    let sale = loan.sale.clone().unwrap();
    assert_eq!(kronor(sale.unit_pays.as_ref()), "1250.00");
    assert_eq!(
        (loan.charge_form(), loan.unit_number.as_str()),
        (form, "S1")
    );
    let offered = world.offer(&[&loan], KROKOM, "2025-03-10").await;
    refused(offered, "NOTHING_TO_TRANSFER", "loan_ids");

    let back = world.take_back("S1", "2025-03-12").await.unwrap();
    assert_eq!((back.version, back.returned_on), (2, date("2025-03-12")));
    let right = world
        .correct(&back, pb::LoanDate::Return, "2025-03-11")
        .await;
    assert_eq!(right.unwrap().returned_on, date("2025-03-11"));
    world.holds().await;
}

#[tokio::test]
async fn what_has_left_the_range_is_not_prescribed_from_that_day_on() {
    use catalogue::ArticleState::{Blocked, Discontinued, PhasingOut};
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    for (version, state, from) in [
        (1, PhasingOut, "2025-03-05"),
        (2, Discontinued, "2025-03-10"),
        (3, Blocked, "2025-03-15"),
    ] {
        let request = catalogue::WithdrawArticleRequest {
            request_id: request_id(),
            article_number: BED.to_owned(),
            expected_version: version,
            state: state.into(),
            valid_from: date(from),
            reason: "replaced".to_owned(),
        };
        let channel = world.catalogue.clone();
        let mut client = catalogue::article_service_client::ArticleServiceClient::new(channel);
        client.withdraw_article(world.ask(request)).await.unwrap();
    }
    for day in ["2025-03-04", "2025-03-05", "2025-03-09"] {
        let made = world.prescribe(draft(&a, OSTERSUND, day, &[BED])).await;
        assert!(made.is_ok(), "{day}");
    }
    for day in ["2025-03-10", "2025-03-15"] {
        let made = world.prescribe(draft(&a, OSTERSUND, day, &[BED])).await;
        refused(made, "NOT_IN_RANGE", "draft.lines.article_number");
    }
}
