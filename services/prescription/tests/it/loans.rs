//! Loans: listed, corrected, one holder at a time.

use hjm_proto::prescription::v1::{self as pb, LoanDate};
use hjm_testkit::{date, reason};
use tonic::Code;

use crate::world::{
    BED, BORN_1943, BORN_1957, KROKOM, OSTERSUND, SOLD, World, draft, not_found, refused,
};

const TODAY: &str = "2025-03-31";

async fn list(world: &World, request: pb::ListLoansRequest) -> Vec<String> {
    let answer = world
        .loans()
        .list_loans(world.ask(request))
        .await
        .unwrap()
        .into_inner();
    answer.loans.into_iter().map(|loan| loan.loan_id).collect()
}

#[tokio::test]
async fn loans_are_listed_by_person_number_and_day_in_pages() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let d = world.person(BORN_1957, KROKOM).await;
    let one = world
        .lend(&a, OSTERSUND, BED, "B1", "2025-03-01")
        .await
        .loan_id;
    let two = world
        .lend(&d, KROKOM, BED, "B2", "2025-03-05")
        .await
        .loan_id;
    let three = world
        .lend(&a, OSTERSUND, BED, "B3", "2025-03-10")
        .await
        .loan_id;
    let sale = world
        .prescribe(draft(&a, OSTERSUND, TODAY, &[SOLD]))
        .await
        .unwrap();
    let sale = world
        .deliver(&sale.lines[0].line_id, "", TODAY)
        .await
        .unwrap()
        .loan_id;
    world.take_back("B1", "2025-03-09").await.unwrap();

    let all = pb::ListLoansRequest::default();
    assert_eq!(
        list(&world, all.clone()).await,
        [&*one, &*two, &*three, &*sale]
    );
    let of = |recipient_id: &str| pb::ListLoansRequest {
        recipient_id: recipient_id.to_owned(),
        ..Default::default()
    };
    assert_eq!(list(&world, of(&d)).await, [&*two]);
    let on = |customer_number: &str| pb::ListLoansRequest {
        customer_number: customer_number.to_owned(),
        ..Default::default()
    };
    assert_eq!(list(&world, on(OSTERSUND)).await, [&*one, &*three, &*sale]);
    for (day, expected) in [
        ("2025-02-28", vec![]),
        ("2025-03-09", vec![one.clone(), two.clone()]),
        ("2025-03-10", vec![two.clone(), three.clone()]),
        (TODAY, vec![two.clone(), three.clone()]),
    ] {
        let out = pb::ListLoansRequest {
            as_of: date(day),
            ..Default::default()
        };
        assert_eq!(list(&world, out).await, expected, "{day}");
    }
}

#[tokio::test]
async fn loans_come_in_pages() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    for unit in ["B1", "B2", "B3", "B4"] {
        world.lend(&a, OSTERSUND, BED, unit, "2025-03-01").await;
    }
    let mut pages = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListLoansRequest {
            page_size: 3,
            page_token,
            ..Default::default()
        };
        let answer = world
            .loans()
            .list_loans(world.ask(request))
            .await
            .unwrap()
            .into_inner();
        pages.push(answer.loans.len());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [3, 1]);
}

#[tokio::test]
async fn a_correction_says_which_version_it_looked_at_and_why() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let bed = world.lend(&a, OSTERSUND, BED, "B1", "2025-03-05").await;

    let early = world.correct(&bed, LoanDate::Delivery, "2025-03-04").await;
    refused(early, "DELIVERED_BEFORE_PRESCRIPTION", "date");
    let future = world.correct(&bed, LoanDate::Delivery, "2025-04-01").await;
    refused(future, "DELIVERED_IN_FUTURE", "date");
    let not_back = world.correct(&bed, LoanDate::Return, "2025-03-06").await;
    refused(not_back, "NOT_RETURNED", "date");

    let unchanged = world
        .correct(&bed, LoanDate::Delivery, "2025-03-05")
        .await
        .unwrap();
    assert_eq!(unchanged, bed);
    let moved = world
        .correct(&bed, LoanDate::Delivery, "2025-03-07")
        .await
        .unwrap();
    assert_eq!((moved.version, moved.delivered_on), (2, date("2025-03-07")));
    assert_eq!(moved.segments[0].from, date("2025-03-07"));
    assert_eq!(moved.correction_reason, "read wrong on the note");

    let stale = world
        .correct(&bed, LoanDate::Delivery, "2025-03-08")
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "VERSION_CONFLICT")
    );

    let back = world.take_back("B1", "2025-03-20").await.unwrap();
    assert_eq!(back.correction_reason, "");
    let before = world.correct(&back, LoanDate::Return, "2025-03-06").await;
    refused(before, "RETURNED_BEFORE_DELIVERY", "date");
    let late = world.correct(&back, LoanDate::Delivery, "2025-03-21").await;
    refused(late, "DELIVERED_AFTER_RETURN", "date");
    let unknown = pb::LoanTimeline {
        loan_id: a.clone(),
        ..back
    };
    not_found(
        world
            .correct(&unknown, LoanDate::Return, "2025-03-21")
            .await,
    );
    world.holds().await;
}

#[tokio::test]
async fn i41_no_correction_puts_a_unit_out_on_two_loans() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world.lend(&a, OSTERSUND, BED, "B1", "2025-03-01").await;
    let first = world.take_back("B1", "2025-03-10").await.unwrap();
    let again = world
        .prescribe(draft(&a, OSTERSUND, "2025-03-05", &[BED]))
        .await
        .unwrap();
    let line = &again.lines[0].line_id;
    let second = world.deliver(line, "B1", "2025-03-12").await.unwrap();
    let later = world.correct(&first, LoanDate::Return, "2025-03-13").await;
    refused(later, "UNIT_HELD", "date");
    let earlier = world
        .correct(&second, LoanDate::Delivery, "2025-03-09")
        .await;
    refused(earlier, "UNIT_HELD", "date");
    world
        .correct(&first, LoanDate::Return, "2025-03-12")
        .await
        .unwrap();
    world.holds().await;
}

#[tokio::test]
async fn a_device_tells_the_loan_it_is_out_on() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let bed = world.lend(&a, OSTERSUND, BED, "B1", "2025-03-05").await;
    let device = |unit: &str| {
        let request = pb::GetDeviceRequest {
            unit_number: unit.to_owned(),
        };
        let asked = world.ask(request);
        async { world.devices().get_device(asked).await }
    };
    let out = device("B1").await.unwrap().into_inner().device.unwrap();
    assert_eq!(
        (out.article_number.as_str(), out.loan_id),
        (BED, bed.loan_id)
    );
    world.take_back("B1", "2025-03-06").await.unwrap();
    let stored = device("B1").await.unwrap().into_inner().device.unwrap();
    assert_eq!(stored.loan_id, "");
    not_found(device("B2").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i41_two_deliveries_of_one_unit_at_once_make_one_loan() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world.stock(BED, &["B1"]).await.unwrap();
    let articles = [BED; 8];
    let lines = world
        .prescribe(draft(&a, OSTERSUND, TODAY, &articles))
        .await
        .unwrap()
        .lines;
    let delivering: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let mut prescriptions = world.prescriptions();
            let request = world.ask(pb::DeliverRequest {
                request_id: hjm_testkit::request_id(),
                line_id: line.line_id,
                unit_number: "B1".to_owned(),
                delivered_on: date(TODAY),
                ..Default::default()
            });
            tokio::spawn(async move { prescriptions.deliver(request).await })
        })
        .collect();
    let mut delivered = 0;
    for answer in delivering {
        match answer.await.unwrap() {
            Ok(_) => delivered += 1,
            Err(status) => assert_eq!(reason(&status), "UNIT_OUT"),
        }
    }
    assert_eq!(delivered, 1);
    world.holds().await;
}
