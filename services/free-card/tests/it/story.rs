//! Dalarna 2024: seven devices in seven months, in both tellings.

use hjm_proto::free_card::v1 as pb;
use hjm_service::idempotency::REPLAYED_HEADER;
use hjm_testkit::{date, kronor};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::support::{World, cancelling, draft, person};

/// The registration of the tenth of a month; the region and Borlänge take turns.
fn month_fee(world: &World, recipient: &str, month: u32) -> pb::RegisterFeeRequest {
    let on = format!("2024-{month:02}-10");
    let principal = if month % 2 == 1 { "20" } else { "2081" };
    pb::RegisterFeeRequest {
        fee: Some(draft(&on, "250", principal)),
        ..world.fee(recipient, &on, "250")
    }
}

/// Registers the months on their days: the requests and their answers.
async fn tell(
    world: &World,
    recipient: &str,
    months: std::ops::RangeInclusive<u32>,
) -> Vec<(pb::RegisterFeeRequest, pb::RegisterFeeResponse)> {
    let mut told = Vec::new();
    for month in months {
        world.set_today(&format!("2024-{month:02}-10"));
        let request = month_fee(world, recipient, month);
        let answer = world.register(&request).await.unwrap().into_inner();
        told.push((request, answer));
    }
    told
}

fn charged(told: &[(pb::RegisterFeeRequest, pb::RegisterFeeResponse)]) -> Vec<String> {
    let answers = told
        .iter()
        .map(|(_, answer)| answer.answer.as_ref().unwrap());
    answers
        .map(|answer| kronor(answer.to_charge.as_ref()))
        .collect()
}

#[tokio::test]
async fn fc_v07_seven_devices_cost_250_five_times_150_and_nothing() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let told = tell(&world, &recipient, 1..=7).await;
    let expected = [
        "250.00", "250.00", "250.00", "250.00", "250.00", "150.00", "0.00",
    ];
    assert_eq!(charged(&told), expected);

    let june = told[5].1.answer.as_ref().unwrap();
    let status = june.status.as_ref().unwrap();
    assert_eq!(status.card(), pb::CardState::Preliminary);
    assert_eq!(
        (status.card_from, status.card_to),
        (date("2024-06-10"), date("2025-01-09"))
    );
    assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    assert_eq!(kronor(status.remaining.as_ref()), "0.00");
    let july = told[6].1.answer.as_ref().unwrap().status.as_ref().unwrap();
    assert_eq!(july.card(), pb::CardState::Final);
    assert_eq!(
        (july.card_from, july.card_to),
        (date("2024-06-10"), date("2025-01-09"))
    );

    for (day, card) in [
        ("2024-06-09", pb::CardState::BelowLimit),
        ("2025-01-09", pb::CardState::Final),
        ("2025-01-10", pb::CardState::Expired),
    ] {
        assert_eq!(world.status(&recipient, day).await.card(), card, "on {day}");
    }
}

#[tokio::test]
async fn fc_v07_each_answer_names_its_fees_its_ceiling_and_its_text() {
    let world = World::open("2024-01-10").await;
    let told = tell(&world, &person(), 1..=6).await;
    let june = told[5].1.answer.as_ref().unwrap();
    let counted: Vec<&str> = june.counted.iter().map(|fee| fee.fee_id.as_str()).collect();
    let first_five: Vec<&str> = told[..5]
        .iter()
        .map(|(_, told)| told.fee_id.as_str())
        .collect();
    assert_eq!(counted, first_five);
    assert_eq!(june.counted[0].event_on, date("2024-01-10"));
    assert_eq!(kronor(june.counted[0].amount.as_ref()), "250.00");

    let explanation = june.explanation.as_ref().unwrap();
    assert_eq!(explanation.rule_id, "free_card.CUT_AT_CEILING");
    assert_eq!(explanation.policy_id, "dalarna-free-card");
    assert_eq!(explanation.policy_hash.len(), 64);
    assert!(
        explanation.source.contains("patientavgifter"),
        "{}",
        explanation.source
    );
    let fact = |name: &str| {
        let found = explanation.facts.iter().find(|fact| fact.name == name);
        found.map(|fact| fact.value.as_str())
    };
    assert_eq!(fact("counted_sum"), Some("1250.00"));
    assert_eq!(fact("ceiling"), Some("1400.00"));
    assert_eq!(fact("remaining"), Some("150.00"));
}

#[tokio::test]
async fn fc_v07_asking_again_with_the_same_request_ids_changes_nothing() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let told = tell(&world, &recipient, 1..=7).await;
    let (fees, events) = (world.list(&recipient).await, world.events().await);
    for (request, first) in &told {
        let again = world.register(request).await.unwrap();
        assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
        assert_eq!(again.get_ref(), first);
    }
    assert_eq!(world.list(&recipient).await, fees);
    assert_eq!(world.events().await, events);
}

#[tokio::test]
async fn fc_w12_crediting_february_on_11_june_takes_the_card_back() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let told = tell(&world, &recipient, 1..=6).await;
    world.set_today("2024-06-11");
    let february = &told[1].1.fee_id;
    let cancelled = world
        .cancel(&cancelling(february))
        .await
        .unwrap()
        .into_inner();
    let fee = cancelled.fee.unwrap();
    assert!(fee.cancelled);
    assert_eq!(kronor(fee.entitled.as_ref()), "0.00");
    assert_eq!(kronor(fee.overcharge.as_ref()), "250.00", "to be refunded");
    let status = cancelled.status.unwrap();
    assert_eq!(
        (status.card(), status.card_from),
        (pb::CardState::BelowLimit, None)
    );
    assert_eq!(status.as_of, date("2024-06-11"));
    assert_eq!(kronor(status.accumulated.as_ref()), "1250.00");
    assert_eq!(kronor(status.remaining.as_ref()), "150.00");

    let fees = world.list(&recipient).await;
    let june = &fees[5];
    assert_eq!(kronor(june.charged.as_ref()), "150.00");
    assert_eq!(kronor(june.entitled.as_ref()), "250.00");
    assert_eq!(
        kronor(june.undercharge.as_ref()),
        "100.00",
        "listed, not collected"
    );
    let events = world.events().await;
    let (kind, pb::free_card_event::Event::FeeCancelled(event)) = events.last().unwrap() else {
        panic!("the last event tells the cancellation");
    };
    assert_eq!(kind, "FeeCancelled");
    assert_eq!(event.recipient_id, recipient);
    let june = pb::Fee {
        principal_id: String::new(),
        ..june.clone()
    };
    assert_eq!(event.reassessed, vec![june]);

    let july = tell(&world, &recipient, 7..=7).await;
    assert_eq!(charged(&july), ["150.00"]);
    let status = july[0].1.answer.as_ref().unwrap().status.as_ref().unwrap();
    assert_eq!(status.card(), pb::CardState::Preliminary);
    assert_eq!(
        (status.card_from, status.card_to),
        (date("2024-07-10"), date("2025-01-09"))
    );
}

#[tokio::test]
async fn fc_w07_after_48_hours_the_card_is_final_and_a_cancellation_keeps_it() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let told = tell(&world, &recipient, 1..=6).await;
    world.set_today("2024-06-11");
    let before = world.status(&recipient, "2024-06-11").await;
    assert_eq!(before.card(), pb::CardState::Preliminary);
    world.set_today("2024-06-12");
    let after = world.status(&recipient, "2024-06-12").await;
    assert_eq!(
        after.card(),
        pb::CardState::Final,
        "48 hours are over, nothing was written"
    );

    let february = &told[1].1.fee_id;
    let cancelled = world
        .cancel(&cancelling(february))
        .await
        .unwrap()
        .into_inner();
    let status = cancelled.status.unwrap();
    assert_eq!(status.card(), pb::CardState::Retained);
    assert_eq!(
        (status.card_from, status.card_to),
        (date("2024-06-10"), date("2025-01-09"))
    );
    let july = tell(&world, &recipient, 7..=7).await;
    assert_eq!(charged(&july), ["0.00"]);
}

#[tokio::test]
async fn fc_decisions_32_the_card_is_fixed_before_the_next_event_at_its_due_instant() {
    let world = World::open("2024-01-10").await;
    tell(&world, &person(), 1..=7).await;
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    let log = "SELECT sequence::int4, kind, registered_at = '2024-06-12 12:00 Europe/Stockholm'
                 FROM free_card.account_event WHERE sequence > 5 ORDER BY sequence";
    let rows = sqlx::raw_sql(log).fetch_all(&mut admin).await.unwrap();
    let told: Vec<(i32, String, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(
        told,
        [
            (6, "FEE".to_owned(), false),
            (7, "CARD_FIXED".to_owned(), true),
            (8, "FEE".to_owned(), false),
        ]
    );
}

#[tokio::test]
async fn fc_w04_a_late_fee_is_told_with_what_it_changes_for_later_ones() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    assert_eq!(
        world.charge(&recipient, "2024-01-10", "1150").await.0,
        "1150.00"
    );
    assert_eq!(
        world.charge(&recipient, "2024-05-01", "250").await.0,
        "250.00"
    );
    world.set_today("2024-05-02");
    let late = world
        .register(&world.fee(&recipient, "2024-03-01", "250"))
        .await
        .unwrap();
    let answer = late.into_inner().answer.unwrap();
    assert_eq!(kronor(answer.to_charge.as_ref()), "250.00");
    let status = world.status(&recipient, "2024-05-02").await;
    assert_eq!(
        (status.card_from, status.card_to),
        (date("2024-03-01"), date("2025-01-09"))
    );
    let events = world.events().await;
    let (_, pb::free_card_event::Event::FeeRegistered(event)) = events.last().unwrap() else {
        panic!("the last event tells the late fee");
    };
    let may = &event.reassessed[0];
    assert_eq!(
        (event.reassessed.len(), may.event_on),
        (1, date("2024-05-01"))
    );
    assert_eq!(kronor(may.overcharge.as_ref()), "250.00");
}
