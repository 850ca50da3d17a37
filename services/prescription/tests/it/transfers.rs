//! Loans offered to another payer and answered item by item.

use hjm_proto::prescription::v1 as pb;
use hjm_testkit::{TENANT, date, of_principal};

use crate::world::{
    BED, BORN_1943, BORN_1957, HEALTH_CENTRE, KROKOM, OSTERSUND, SOLD, World, draft, malformed,
    not_found, refused,
};

const TODAY: &str = "2025-03-20";

#[tokio::test]
async fn each_loan_of_an_offer_is_answered_on_its_own_and_once() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    let other = world.lend(&a, KROKOM, BED, "B2", "2025-03-02").await;
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = world
        .offer(&[&bed, &other], OSTERSUND, "2025-03-16")
        .await
        .unwrap();

    let one = world.answer(&offer, &[(&bed, true)]).await;
    refused(one, "ANSWERS_INCOMPLETE", "answers");
    let twice = world.answer(&offer, &[(&bed, true), (&bed, false)]).await;
    malformed(twice, &["answers[1]"]);
    let moved = world
        .answer(&offer, &[(&other, false), (&bed, true)])
        .await
        .unwrap();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].loan_id, bed.loan_id);
    assert_eq!(world.loan(&other.loan_id).await, other);
    let again = world.answer(&offer, &[(&other, true), (&bed, true)]).await;
    refused(again, "ALREADY_ANSWERED", "transfer_id");
    world.holds().await;
}

#[tokio::test]
async fn an_offer_that_may_not_be_is_refused() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let d = world.person(BORN_1957, OSTERSUND).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-05").await;
    let of_d = world.lend(&d, OSTERSUND, BED, "B2", "2025-03-05").await;
    let sale = world
        .prescribe(draft(&a, KROKOM, TODAY, &[SOLD]))
        .await
        .unwrap();
    let sale = world
        .deliver(&sale.lines[0].line_id, "", TODAY)
        .await
        .unwrap();

    let to = "to_customer_number";
    let unknown = world.offer(&[&bed], "9999", TODAY).await;
    refused(unknown, "CUSTOMER_NUMBER_UNKNOWN", to);
    refused(
        world.offer(&[&bed], KROKOM, TODAY).await,
        "SAME_CUSTOMER_NUMBER",
        to,
    );
    let mixed = world.offer(&[&bed, &of_d], HEALTH_CENTRE, TODAY).await;
    refused(mixed, "LOANS_ON_DIFFERENT_NUMBERS", "loan_ids");
    refused(
        world.offer(&[&sale], OSTERSUND, TODAY).await,
        "NOTHING_TO_TRANSFER",
        "loan_ids",
    );
    let future = world.offer(&[&bed], OSTERSUND, "2025-03-21").await;
    refused(future, "TRANSFERRED_IN_FUTURE", "effective_on");
    let before = world.offer(&[&bed], OSTERSUND, "2025-03-04").await;
    refused(before, "TRANSFERRED_BEFORE_DELIVERY", "effective_on");
    malformed(
        world.offer(&[&bed, &bed], OSTERSUND, TODAY).await,
        &["loan_ids[1]"],
    );
    world.take_back("B1", "2025-03-10").await.unwrap();
    let after = world.offer(&[&bed], OSTERSUND, "2025-03-11").await;
    refused(after, "TRANSFERRED_AFTER_RETURN", "effective_on");
    not_found(world.answer(&a, &[(&bed, true)]).await);
}

#[tokio::test]
async fn who_does_not_pay_by_the_rules_of_the_day_cannot_take_a_loan_over() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    let offer = world.offer(&[&bed], OSTERSUND, "2025-03-15").await.unwrap();
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let answer = world.answer(&offer, &[(&bed, true)]).await;
    refused(answer, "PAYER_MISMATCH", "answers");
    assert_eq!(world.loan(&bed.loan_id).await, bed);
    // Nothing of the refused answer was kept: it can still be declined.
    assert_eq!(world.answer(&offer, &[(&bed, false)]).await.unwrap(), []);
}

#[tokio::test]
async fn a_return_in_between_refuses_the_acceptance() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = world.offer(&[&bed], OSTERSUND, "2025-03-16").await.unwrap();
    world.take_back("B1", "2025-03-10").await.unwrap();
    let answer = world.answer(&offer, &[(&bed, true)]).await;
    refused(answer, "TRANSFERRED_AFTER_RETURN", "answers");
}

#[tokio::test]
async fn the_asked_principal_answers_and_sees_the_loan_from_then_on() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = world.offer(&[&bed], OSTERSUND, "2025-03-16").await.unwrap();
    let (krokom, ostersund) = (
        of_principal(TENANT, KROKOM),
        of_principal(TENANT, OSTERSUND),
    );
    let get = |caller| {
        let request = pb::GetLoanRequest {
            loan_id: bed.loan_id.clone(),
        };
        let asked = hjm_service::client::request(caller, request);
        async { world.loans().get_loan(asked).await }
    };
    not_found(get(&ostersund).await);
    let own = world.answer_as(&krokom, &offer, &[(&bed, true)]).await;
    refused(own, "NOT_ASKED", "transfer_id");
    let stranger = of_principal(TENANT, "23");
    not_found(world.answer_as(&stranger, &offer, &[(&bed, true)]).await);
    let moved = world
        .answer_as(&ostersund, &offer, &[(&bed, true)])
        .await
        .unwrap();
    assert_eq!(moved[0].segments[1].from, date("2025-03-16"));
    for party in [&krokom, &ostersund] {
        assert_eq!(
            get(party).await.unwrap().into_inner().loan.unwrap(),
            moved[0]
        );
    }
    world.holds().await;
}
