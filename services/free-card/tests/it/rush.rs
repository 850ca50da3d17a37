//! Many desks at once: nothing lost, nothing twice, and nobody pays beyond the ceiling.

use std::time::Duration;

use futures::future::join_all;
use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_service::client;
use hjm_testkit::{date, kronor, reason};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::time::timeout;

use crate::support::{SCHEME, World, ask, person};

const DESKS: usize = 64;
const ACCOUNTS: usize = 8;

/// What the persons were told to pay, by their lists.
async fn paid(world: &World, recipient: &str) -> Money {
    let fees = world.list(recipient).await;
    let charged = fees.iter().map(|fee| kronor(fee.charged.as_ref()));
    let charged = charged.map(|kronor| kronor.parse::<Money>().unwrap());
    Money::sum(charged).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desks_that_hang_up_and_ask_again_charge_each_fee_once_within_the_ceiling() {
    let world = World::open("2024-06-10").await;
    let people: Vec<String> = (0..ACCOUNTS).map(|_| person()).collect();
    world.charge(&person(), "2024-06-10", "250").await;
    let requests: Vec<pb::RegisterFeeRequest> = (0..DESKS * 2)
        .map(|desk| world.fee(&people[desk % ACCOUNTS], "2024-06-10", "130"))
        .collect();
    // Every third desk hangs up, mostly before the answer comes; the service goes on, and the others,
    // on the same connection, get their answers.
    let first = (0u32..).zip(&requests).map(async |(desk, request)| {
        let mut client = world.free_card.clone();
        let asked = client.register_fee(ask(request.clone()));
        let hangs_up = desk % 3 == 0;
        let patience = if hangs_up {
            Duration::from_micros(20) * (desk + 10)
        } else {
            Duration::from_secs(10)
        };
        let answer = timeout(patience, asked).await;
        assert!(hangs_up || matches!(answer, Ok(Ok(_))), "{answer:?}");
    });
    join_all(first).await;
    let again = requests.iter().map(|request| world.register(request));
    let answers = join_all(again).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    for recipient in &people {
        let fees = world.list(recipient).await;
        assert_eq!(
            fees.len(),
            DESKS * 2 / ACCOUNTS,
            "nothing lost, nothing twice"
        );
        assert_eq!(paid(&world, recipient).await.to_string(), "1400.00");
    }
    assert_eq!(world.events().await.len(), DESKS * 2 + 1);
    world.books_hold().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_a_link_and_a_pool_beside_a_persons_first_fee_all_get_their_answer() {
    const BORN: &str = "2015-05-01";
    let world = World::open("2024-06-10").await;
    world.charge(&person(), "2024-06-10", "250").await;
    let rounds = (0..8).map(async |_| {
        let [carded, reserve, of, one, other] = std::array::from_fn(|_| person());
        let card = pb::RegisterCardRequest {
            request_id: hjm_testkit::request_id(),
            recipient_id: carded.clone(),
            scheme_id: SCHEME.to_owned(),
            valid_from: date("2024-07-01"),
            valid_to: date("2024-12-31"),
            decided_by: "a prescriber".to_owned(),
            ..Default::default()
        };
        let mut cards = world.cards.clone();
        let first = [&carded, &of, &other].map(|one| world.fee(one, "2024-06-10", "250"));
        let children = [(one.as_str(), BORN), (other.as_str(), BORN)];
        let (card, _, pool, fees) = tokio::join!(
            cards.register_card(ask(card)),
            world.link_reserve(&reserve, &of),
            world.pool(&children),
            join_all(first.iter().map(|fee| world.register(fee))),
        );
        card.unwrap();
        pool.unwrap();
        assert!(fees.iter().all(Result::is_ok), "{fees:?}");
    });
    join_all(rounds).await;
    world.books_hold().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_item_of_a_batch_costs_no_neighbour_its_answer() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "250").await;
    let taken = world.fee(&recipient, "2024-06-10", "250");
    world.register(&taken).await.unwrap();
    // The same key from as many persons: their batch fails on it and runs item by item.
    let clash = |reference: &str| pb::RegisterFeeRequest {
        external_reference: reference.to_owned(),
        ..world.fee(&person(), "2024-06-10", "250")
    };
    let mut requests: Vec<pb::RegisterFeeRequest> = (0..16).map(|_| clash("one key")).collect();
    requests.push(clash(&taken.external_reference));
    requests.extend((0..32).map(|_| world.fee(&person(), "2024-06-10", "250")));
    let answers = join_all(requests.iter().map(|request| world.register(request))).await;
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    let reasons: Vec<String> = refused.map(reason).collect();
    assert_eq!(
        reasons, ["FEE_REFERENCE_TAKEN"; 16],
        "one of the sixteen gets the key"
    );
    assert_eq!(world.events().await.len(), 2 + 1 + 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_many_times_at_once_is_one_fee() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let request = world.fee(&recipient, "2024-06-10", "250");
    let answers = join_all((0..32).map(|_| world.register(&request))).await;
    let messages: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().into_inner())
        .collect();
    assert!(messages.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.list(&recipient).await.len(), 1);
    let other = pb::RegisterFeeRequest {
        external_reference: "another".to_owned(),
        ..request
    };
    let mut client = world.free_card.clone();
    let refused = client
        .register_fee(client::request(&crate::support::desk(), other))
        .await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::AlreadyExists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_many_is_registered_in_its_order_with_many_on_their_way() {
    let world = World::open("2024-06-10").await;
    let people: Vec<String> = (0..20).map(|_| person()).collect();
    let mut sent: Vec<pb::RegisterFeeRequest> = (0..2_000)
        .map(|place: usize| world.fee(&people[place % 20], "2024-06-10", "100"))
        .collect();
    // One in a hundred is refused and stops no other.
    for bad in sent.iter_mut().skip(7).step_by(100) {
        bad.fee.as_mut().unwrap().event_on = date("2024-06-11");
    }
    let items = sent
        .clone()
        .into_iter()
        .map(|fee| pb::RegisterFeesRequest { fee: Some(fee) });
    let request = client::streaming_request(&crate::support::desk(), futures::stream::iter(items));
    let answer = world.free_card.clone().register_fees(request).await;
    let items = answer.unwrap().into_inner().items;
    assert_eq!(items.len(), sent.len());
    let mut charged = vec![Money::ZERO; people.len()];
    for (place, (item, sent)) in items.iter().zip(&sent).enumerate() {
        assert_eq!(item.request_id, sent.request_id);
        if place % 100 == 7 {
            assert_eq!(item.reason, "FEE_IN_FUTURE");
            continue;
        }
        let answer = item.registered.as_ref().unwrap().answer.as_ref().unwrap();
        let told: Money = kronor(answer.to_charge.as_ref()).parse().unwrap();
        let sum = &mut charged[place % 20];
        let left: Money = "1400".parse::<Money>().unwrap().checked_sub(*sum).unwrap();
        assert_eq!(
            told,
            left.min("100".parse().unwrap()),
            "item {place}, in the order sent"
        );
        *sum = sum.checked_add(told).unwrap();
    }
    assert_eq!(
        world.list(&people[0]).await.len(),
        50,
        "a page of its hundred"
    );
    world.books_hold().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_deciding_and_late_fees_of_many_accounts_never_wait_for_each_other_for_ever() {
    let world = World::open("2024-06-10").await;
    let people: Vec<String> = (0..12).map(|_| person()).collect();
    for recipient in &people {
        world.charge(recipient, "2024-06-10", "1400").await;
        for day in ["2024-06-01", "2024-06-02", "2024-06-03"] {
            let late = world.fee(recipient, day, "100");
            world.register(&late).await.unwrap();
        }
    }
    for round in 0..4 {
        let claims = world.claims_of("").await;
        let open = claims
            .iter()
            .filter(|one| one.state() == pb::ClaimState::Open);
        let approve = open.map(|one| world.decide(&one.fee_id, pb::ClaimState::Approved));
        let settle = (0..3).map(async |_| {
            let request = pb::SettleClaimsRequest {
                request_id: hjm_testkit::request_id(),
                principal_id: "20".to_owned(),
                ..Default::default()
            };
            world.claims.clone().settle_claims(ask(request)).await
        });
        let day = format!("2024-05-{:02}", 10 + round);
        let fees: Vec<_> = people
            .iter()
            .map(|one| world.fee(one, &day, "50"))
            .collect();
        let late = join_all(fees.iter().map(|fee| world.register(fee)));
        let (late, approved, settled) = tokio::join!(late, join_all(approve), join_all(settle));
        assert!(late.iter().all(Result::is_ok), "{late:?}");
        assert!(settled.iter().all(Result::is_ok), "{settled:?}");
        // A claim that was changed or paid meanwhile is not there to approve; nothing else fails.
        for refused in approved.into_iter().filter_map(Result::err) {
            assert_eq!(reason(&refused), "CLAIM_STATE");
        }
    }
    world.books_hold().await;
}

#[tokio::test]
async fn a_fee_that_waits_for_an_account_sees_what_its_person_decided_meanwhile() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-06-10", "250").await;
    let connect = || async { PgConnection::connect_with(&world.database.admin()).await };
    let (mut holder, mut watcher) = (connect().await.unwrap(), connect().await.unwrap());
    let decide = "BEGIN;
        SELECT FROM free_card.standing FOR UPDATE;
        INSERT INTO free_card.known_subject
        SELECT tenant_id, subject_id FROM free_card.standing;
        INSERT INTO free_card.subject_event
        SELECT tenant_id, subject_id, 1, 'OPTED_OUT', NULL, '2024-06-10' FROM free_card.standing";
    holder.execute(sqlx::raw_sql(decide)).await.unwrap();
    let fee = world.fee(&recipient, "2024-06-10", "130");
    let decided = async {
        let waits = "SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while watcher
            .fetch_all(sqlx::raw_sql(waits))
            .await
            .unwrap()
            .is_empty()
        {}
        holder.execute(sqlx::raw_sql("COMMIT")).await.unwrap();
    };
    let (registered, ()) = tokio::join!(world.register(&fee), decided);
    assert_eq!(reason(&registered.unwrap_err()), "OPTED_OUT");
}
