//! A death marks what is out and ends nothing.

use hjm_proto::prescription::v1 as pb;
use hjm_service::client;
use hjm_testkit::{TENANT, date, of_principal, request_id};

use crate::world::{
    BED, BORN_1943, HEALTH_CENTRE, KROKOM, OSTERSUND, SOLD, World, draft, not_found, refused,
};

const TODAY: &str = "2025-03-20";

#[tokio::test]
async fn every_loan_that_is_out_or_came_back_after_the_death_is_marked_once() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let early = world.lend(&a, OSTERSUND, BED, "B1", "2025-03-01").await;
    let late = world.lend(&a, OSTERSUND, BED, "B2", "2025-03-01").await;
    let open = world.lend(&a, OSTERSUND, BED, "B3", "2025-03-01").await;
    let sale = world
        .prescribe(draft(&a, OSTERSUND, "2025-03-01", &[SOLD]))
        .await
        .unwrap();
    let sale = world
        .deliver(&sale.lines[0].line_id, "", "2025-03-01")
        .await
        .unwrap();
    world.take_back("B1", "2025-03-10").await.unwrap();
    world.take_back("B2", "2025-03-11").await.unwrap();

    let died = world.die(&a, "2025-03-10").await.unwrap().into_inner();
    assert_eq!(died.open_loan_ids, [open.loan_id.as_str()]);
    for (loan, version, marked) in [
        (&early, 2, None),
        (&late, 3, date("2025-03-10")),
        (&open, 2, date("2025-03-10")),
        (&sale, 1, None),
    ] {
        let now = world.loan(&loan.loan_id).await;
        assert_eq!((now.version, now.died_on), (version, marked));
    }
    let told = world.told().await.len();
    let again = world.die(&a, "2025-03-10").await.unwrap().into_inner();
    assert_eq!(again.open_loan_ids, died.open_loan_ids);
    assert_eq!(world.told().await.len(), told);
    refused(
        world.die(&a, "2025-03-11").await,
        "DEATH_RECORDED",
        "died_on",
    );

    // What was prescribed before is delivered marked.
    world.stock(BED, &["B4"]).await.unwrap();
    let line = world
        .prescribe(draft(&a, OSTERSUND, "2025-03-10", &[BED]))
        .await
        .unwrap();
    let delivered = world
        .deliver(&line.lines[0].line_id, "B4", "2025-03-12")
        .await
        .unwrap();
    assert_eq!(delivered.died_on, date("2025-03-10"));
    world.holds().await;
}

#[tokio::test]
async fn a_death_that_cannot_be_is_refused() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    refused(
        world.die(&a, "2025-03-21").await,
        "DEATH_IN_FUTURE",
        "died_on",
    );
    refused(
        world.die(&a, "1943-01-01").await,
        "DEATH_BEFORE_BIRTH",
        "died_on",
    );
    not_found(
        world
            .die("01890000-0000-7000-8000-000000000000", TODAY)
            .await,
    );
}

#[tokio::test]
async fn a_principal_that_records_a_death_marks_others_loans_and_is_told_of_its_own() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, "").await;
    let region = world.lend(&a, HEALTH_CENTRE, BED, "B1", "2025-03-01").await;
    world.change_facts(&a, "2025-03-05", KROKOM).await.unwrap();
    let krokom = world.lend(&a, KROKOM, BED, "B2", "2025-03-06").await;
    let request = pb::RecordDeathRequest {
        request_id: request_id(),
        recipient_id: a,
        died_on: date("2025-03-10"),
    };
    let caller = of_principal(TENANT, KROKOM);
    let died = world
        .recipients()
        .record_death(client::request(&caller, request))
        .await
        .unwrap();
    assert_eq!(died.into_inner().open_loan_ids, [krokom.loan_id.as_str()]);
    for loan in [region, krokom] {
        assert_eq!(world.loan(&loan.loan_id).await.died_on, date("2025-03-10"));
    }
    world.holds().await;
}
