//! What an account answers beside the story: quotes, pages, members, several writers at once.

use futures::future::join_all;
use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, kronor, of_principal};

use crate::support::{DALARNA, World, cancelling, draft, person};

#[tokio::test]
async fn quotes_run_in_order_on_one_log_and_store_nothing() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let (_, stored) = world.charge(&recipient, "2024-05-10", "1250").await;
    world.set_today("2024-06-10");
    let fees = vec![
        draft("2024-06-10", "250", "20"),
        draft("2024-06-10", "250", "2081"),
    ];
    let quoted = world.quote(&recipient, fees).await.unwrap();
    let charged: Vec<String> = quoted
        .iter()
        .map(|answer| kronor(answer.to_charge.as_ref()))
        .collect();
    assert_eq!(charged, ["150.00", "0.00"]);
    let first = quoted[0].status.as_ref().unwrap();
    assert_eq!(first.card(), pb::CardState::Preliminary);
    let counted = |answer: &pb::FeeAnswer| -> Vec<String> {
        answer
            .counted
            .iter()
            .map(|fee| fee.fee_id.clone())
            .collect()
    };
    assert_eq!(counted(&quoted[0]), [stored.as_str()]);
    assert_eq!(
        counted(&quoted[1]),
        [stored.as_str(), ""],
        "a quoted fee has no id"
    );

    assert_eq!(world.list(&recipient).await.len(), 1);
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.remaining.as_ref()), "150.00");
}

#[tokio::test]
async fn a_quote_tells_the_ceiling_that_comes_with_the_new_year() {
    let world = World::open("2024-12-20").await;
    let fees = vec![draft("2024-12-20", "250", "20")];
    let quoted = world.quote(&person(), fees).await.unwrap();
    let coming = quoted[0].coming.as_ref().unwrap();
    assert_eq!(coming.valid_from, date("2025-01-01"));
    assert_eq!(kronor(coming.ceiling.as_ref()), "1450.00");
    assert_eq!(coming.ceiling_count, None);
    let now = quoted[0].status.as_ref().unwrap();
    assert_eq!(kronor(now.ceiling.as_ref()), "1400.00");
}

#[tokio::test]
async fn a_person_without_fees_has_the_whole_ceiling_left() {
    let world = World::open("2024-06-10").await;
    let status = world.status(&person(), "2024-06-10").await;
    assert_eq!(status.card(), pb::CardState::None);
    assert_eq!(kronor(status.accumulated.as_ref()), "0.00");
    assert_eq!(kronor(status.remaining.as_ref()), "1400.00");
    assert_eq!((status.period_start, status.card_from), (None, None));
    let status = world.status(&person(), "2022-06-10").await;
    assert_eq!(
        (status.ceiling, status.remaining),
        (None, None),
        "no ceiling on that day"
    );
}

#[tokio::test]
async fn a_fee_of_zero_is_kept_and_opens_no_period() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    assert_eq!(world.charge(&recipient, "2024-06-10", "0").await.0, "0.00");
    assert_eq!(world.list(&recipient).await.len(), 1);
    assert_eq!(
        world.status(&recipient, "2024-06-10").await.period_start,
        None
    );
}

#[tokio::test]
async fn a_fee_of_no_member_is_paid_in_full_and_counts_for_nothing() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = pb::RegisterFeeRequest {
        fee: Some(draft("2024-06-10", "2000", "2380")),
        ..world.fee(&recipient, "2024-06-10", "2000")
    };
    let answer = world
        .register(&request)
        .await
        .unwrap()
        .into_inner()
        .answer
        .unwrap();
    assert_eq!(kronor(answer.to_charge.as_ref()), "2000.00");
    assert_eq!(
        answer.explanation.unwrap().rule_id,
        "free_card.NOT_A_MEMBER"
    );
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "0.00");
}

#[tokio::test]
async fn fees_are_listed_in_the_order_that_decides_a_page_at_a_time() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    for on in ["2024-03-01", "2024-01-10", "2024-03-01", "2024-02-10"] {
        world
            .register(&world.fee(&recipient, on, "100"))
            .await
            .unwrap();
    }
    let whole = world.list(&recipient).await;
    let days: Vec<_> = whole.iter().map(|fee| fee.event_on).collect();
    let expected = ["2024-01-10", "2024-02-10", "2024-03-01", "2024-03-01"];
    assert_eq!(days, expected.map(date));

    let first = world.page(&recipient, 3, "").await.unwrap();
    let second = world
        .page(&recipient, 3, &first.next_page_token)
        .await
        .unwrap();
    assert_eq!(second.next_page_token, "");
    assert_eq!([first.fees, second.fees].concat(), whole);
}

#[tokio::test]
async fn members_see_each_others_fees_by_date_and_amount() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-05-10", "1250").await;
    world.set_today("2024-06-10");
    let request = pb::RegisterFeeRequest {
        fee: Some(draft("2024-06-10", "250", "2081")),
        ..world.fee(&recipient, "2024-06-10", "250")
    };
    let municipality = of_principal(DALARNA, "2081");
    let registered = world
        .register_as(&municipality, &request)
        .await
        .unwrap()
        .into_inner();
    let answer = registered.answer.unwrap();
    assert_eq!(kronor(answer.to_charge.as_ref()), "150.00");
    assert_eq!(answer.counted.len(), 1);
    let told = format!("{answer:?}");
    assert!(!told.contains("principal"), "{told}");
}

#[tokio::test]
async fn d25_sixteen_at_once_on_one_account_never_pass_the_ceiling() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let requests: Vec<_> = (0..16)
        .map(|_| world.fee(&recipient, "2024-06-10", "250"))
        .collect();
    let answers = join_all(requests.iter().map(|request| world.register(request))).await;
    let mut charged: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.unwrap().into_inner().answer.unwrap())
        .map(|answer| kronor(answer.to_charge.as_ref()))
        .collect();
    charged.sort();
    let mut expected = vec!["0.00"; 10];
    expected.push("150.00");
    expected.extend(["250.00"; 5]);
    assert_eq!(charged, expected);
    for fee in world.list(&recipient).await {
        assert_eq!(fee.charged, fee.entitled, "told in the order that decides");
    }
}

#[tokio::test]
async fn cancellations_and_registrations_at_once_leave_one_true_log() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let mut fees = Vec::new();
    for _ in 0..5 {
        fees.push(world.charge(&recipient, "2024-06-10", "250").await.1);
    }
    let cancels: Vec<_> = fees.iter().map(|fee| cancelling(fee)).collect();
    let registers: Vec<_> = (0..5)
        .map(|_| world.fee(&recipient, "2024-06-10", "250"))
        .collect();
    let (cancelled, registered) = futures::join!(
        join_all(cancels.iter().map(|request| world.cancel(request))),
        join_all(registers.iter().map(|request| world.register(request))),
    );
    assert!(cancelled.iter().all(Result::is_ok));
    assert!(registered.iter().all(Result::is_ok));
    let status = world.status(&recipient, "2024-06-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1250.00");
    assert_eq!(world.list(&recipient).await.len(), 10);
}
