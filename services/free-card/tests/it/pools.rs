//! Pools of children.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, fields, kronor, reason};
use tonic::Code;

use crate::support::{SCHEME, World, ask, draft, instant, person};

const BORN: &str = "2015-05-01";

#[expect(clippy::unnecessary_wraps, reason = "a card there may be")]
fn card(days: &str) -> Option<String> {
    Some(days.to_owned())
}

/// Two children, pooled before their first fee, who have reached the ceiling together.
async fn w15(world: &World) -> (pb::Pool, [String; 2]) {
    let (a, b) = (person(), person());
    world.set_today("2024-01-31");
    let pool = world.pool(&[(&a, BORN), (&b, "2006-05-01")]).await.unwrap();
    assert_eq!(world.charge(&a, "2024-02-01", "600").await.0, "600.00");
    assert_eq!(world.charge(&b, "2024-03-01", "600").await.0, "600.00");
    let quoted = world
        .quote(&a, vec![draft("2024-04-01", "300", "20")])
        .await;
    // The desk cannot quote tomorrow's fee.
    assert_eq!(reason(&quoted.unwrap_err()), "FEE_IN_FUTURE");
    world.set_today("2024-04-01");
    let quoted = world
        .quote(&a, vec![draft("2024-04-01", "300", "20"); 2])
        .await;
    let quoted = quoted.unwrap();
    let told: Vec<String> = quoted
        .iter()
        .map(|answer| kronor(answer.to_charge.as_ref()))
        .collect();
    assert_eq!(told, ["200.00", "0.00"]);
    assert_eq!(world.charge(&a, "2024-04-01", "300").await.0, "200.00");
    assert_eq!(world.charge(&b, "2024-04-02", "300").await.0, "0.00");
    (pool, [a, b])
}

#[tokio::test]
async fn fc_w15_w16_a_pool_shares_one_ceiling_and_covers_who_turns_18() {
    let world = World::open("2024-01-31").await;
    let (pool, children) = w15(&world).await;
    for child in &children {
        let stands = world.stands(child, "2024-04-02").await;
        assert_eq!(stands, ("1400.00".into(), card("2024-04-01 to 2025-01-31")));
        assert!(world.is_exempt(child, "2025-01-31").await.unwrap());
        assert!(!world.is_exempt(child, "2025-02-01").await.unwrap());
        assert_eq!(world.list(child).await.len(), 4);
        assert_eq!(world.owed(child).await, []);
    }
    let explained = pb::ExplainCardRequest {
        recipient_id: children[1].clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let explained = world.free_card.clone().explain_card(ask(explained)).await;
    assert_eq!(explained.unwrap().into_inner().counted.len(), 3);
    let charged = world.charge(&children[1], "2024-06-01", "300").await.0;
    assert_eq!(charged, "0.00", "18 since a month, and covered");
    let told = world.get_pool(&pool.pool_id, "2024-06-01").await;
    let adult_on: Vec<_> = told.members.iter().map(|member| member.adult_on).collect();
    let of_age = if told.members[0].recipient_id == children[0] {
        [date("2033-05-01"), date("2025-02-01")]
    } else {
        [date("2025-02-01"), date("2033-05-01")]
    };
    assert_eq!(adult_on, of_age, "the day after the card, not the birthday");
    assert_eq!(told.status.unwrap().card(), pb::CardState::Final);
    world.books_hold().await;
}

#[tokio::test]
async fn d_32_a_fee_of_a_child_is_not_like_one_of_the_other() {
    let world = World::open("2024-01-31").await;
    let (a, b) = (person(), person());
    world.pool(&[(&a, BORN), (&b, BORN)]).await.unwrap();
    world.set_today("2024-02-01");
    for (child, expected) in [(&a, false), (&b, false), (&a, true)] {
        let registered = world.register(&world.fee(child, "2024-02-01", "250")).await;
        let registered = registered.unwrap().into_inner();
        assert_eq!(registered.possible_duplicate, expected);
    }
}

#[tokio::test]
async fn fc_w17_an_adult_is_not_pooled_and_nobody_is_in_two_pools() {
    let world = World::open("2024-02-01").await;
    let (a, b, c) = (person(), person(), person());
    let adult = world.pool(&[(&a, "2007-01-01"), (&c, "2005-01-01")]).await;
    let adult = adult.unwrap_err();
    assert_eq!(reason(&adult), "POOL_ADULT");
    assert_eq!(fields(&adult), ["members[1].born_on"]);
    let pool = world.pool(&[(&a, "2007-01-01"), (&b, BORN)]).await.unwrap();
    let adult = world.change_pool(&pool, &[(&c, "2005-01-01")], &[]).await;
    let adult = adult.unwrap_err();
    assert_eq!(reason(&adult), "POOL_ADULT");
    assert_eq!(fields(&adult), ["joining[0].born_on"]);
    let twice = world.pool(&[(&b, BORN), (&person(), BORN)]).await;
    let twice = twice.unwrap_err();
    assert_eq!(reason(&twice), "IN_POOL");
    assert_eq!(fields(&twice), ["members[0].recipient_id"]);
    let twice = world.change_pool(&pool, &[(&a, BORN)], &[]).await;
    let twice = twice.unwrap_err();
    assert_eq!(reason(&twice), "IN_POOL");
    assert_eq!(fields(&twice), ["joining[0].recipient_id"]);
    let outside = person();
    world.opt_out(&outside).await;
    let outside = world
        .change_pool(&pool, &[(&person(), BORN), (&outside, BORN)], &[])
        .await
        .unwrap_err();
    assert_eq!(reason(&outside), "OPTED_OUT");
    assert_eq!(fields(&outside), ["joining[1].recipient_id"]);
    let alone = world.pool(&[(&c, BORN)]).await;
    assert_eq!(fields(&alone.unwrap_err()), ["members"]);
    let same = world.pool(&[(&c, BORN), (&c, BORN)]).await;
    assert_eq!(fields(&same.unwrap_err()), ["members"]);
    let stranger = world.change_pool(&pool, &[], &[&c]).await;
    assert_eq!(reason(&stranger.unwrap_err()), "NOT_IN_POOL");
    let stale = pb::Pool {
        version: 7,
        ..pool.clone()
    };
    let stale = world.change_pool(&stale, &[], &[&b]).await;
    assert_eq!(stale.unwrap_err().code(), Code::Aborted);
    assert_eq!(world.get_pool(&pool.pool_id, "2024-02-01").await.version, 1);
}

#[tokio::test]
async fn fc_w19_who_leaves_a_pool_takes_its_fees_along_and_both_keep_the_card() {
    let world = World::open("2024-01-31").await;
    let (pool, [a, b]) = w15(&world).await;
    world.set_today("2024-05-01");
    let pool = world.change_pool(&pool, &[], &[&b]).await.unwrap();
    assert_eq!(pool.version, 2);
    let left: Vec<_> = pool.members.iter().map(|member| member.left_on).collect();
    assert_eq!(left.iter().flatten().count(), 1);
    for (child, accumulated) in [(&a, "800.00"), (&b, "600.00")] {
        let stands = world.stands(child, "2024-05-01").await;
        assert_eq!(
            stands,
            (accumulated.into(), card("2024-04-01 to 2025-01-31"))
        );
        assert_eq!(world.owed(child).await, []);
        assert!(world.is_exempt(child, "2025-01-31").await.unwrap());
        assert_eq!(world.list(child).await.len(), 2);
    }
    assert_eq!(world.charge(&b, "2024-06-01", "300").await.0, "0.00");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w19_a_preliminary_card_is_kept_by_nobody() {
    let world = World::open("2024-01-31").await;
    let (pool, [a, b]) = w15(&world).await;
    world.change_pool(&pool, &[], &[&b]).await.unwrap();
    assert_eq!(
        world.stands(&a, "2024-04-02").await,
        ("900.00".into(), None)
    );
    assert_eq!(
        world.stands(&b, "2024-04-02").await,
        ("900.00".into(), None)
    );
    let fees = world.list(&b).await;
    assert_eq!(kronor(fees[1].undercharge.as_ref()), "300.00");
    assert_eq!(world.owed(&b).await, [], "told, and not collected");
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w20_pooling_moves_the_fees_and_may_reach_the_ceiling() {
    let world = World::open("2024-01-31").await;
    let (a, b) = (person(), person());
    world.charge(&a, "2024-02-01", "700").await;
    let (_, second) = world.charge(&b, "2024-03-01", "800").await;
    world.set_today("2024-04-01");
    let pool = world.pool(&[(&a, BORN), (&b, BORN)]).await.unwrap();
    let status = pool.status.unwrap();
    assert_eq!(status.card(), pb::CardState::Preliminary);
    assert_eq!(
        world.owed(&b).await,
        [(second.clone(), "100.00".to_owned())]
    );
    for child in [&a, &b] {
        let stands = world.stands(child, "2024-04-01").await;
        assert_eq!(stands, ("1400.00".into(), card("2024-03-01 to 2025-01-31")));
        assert!(world.is_exempt(child, "2024-03-01").await.unwrap());
    }
    let events = world.events().await;
    let (_, pb::free_card_event::Event::PoolChanged(told)) = events.last().unwrap() else {
        panic!("the pool is told: {events:?}");
    };
    assert_eq!(told.reassessed[0].fee_id, second);
    let known = pb::GetStatusRequest {
        recipient_id: b.clone(),
        scheme_id: SCHEME.to_owned(),
        as_of: date("2024-04-01"),
        as_known_at: Some(instant("2024-03-15T12:00:00Z")),
        ..Default::default()
    };
    let known = world.free_card.clone().get_status(ask(known)).await;
    let known = known.unwrap().into_inner().status.unwrap();
    assert_eq!(kronor(known.accumulated.as_ref()), "800.00", "as it was");
    world.books_hold().await;
}

#[tokio::test]
async fn three_join_one_by_one_and_each_version_of_the_pool_can_be_asked() {
    let world = World::open("2024-01-31").await;
    let (a, b, c) = (person(), person(), person());
    world.charge(&c, "2024-02-01", "500").await;
    world.set_today("2024-02-02");
    let pool = world.pool(&[(&a, BORN), (&b, BORN)]).await.unwrap();
    world.charge(&a, "2024-02-03", "500").await;
    world.set_today("2024-02-04");
    let pool = world.change_pool(&pool, &[(&c, BORN)], &[]).await.unwrap();
    assert_eq!(world.charge(&b, "2024-02-05", "500").await.0, "400.00");
    for child in [&a, &b, &c] {
        assert_eq!(world.stands(child, "2024-02-05").await.0, "1400.00");
    }
    world.set_today("2024-02-06");
    let pool = world.change_pool(&pool, &[], &[&c]).await.unwrap();
    assert_eq!(pool.version, 3);
    assert_eq!(world.stands(&c, "2024-02-06").await.0, "500.00");
    assert_eq!(world.stands(&a, "2024-02-06").await.0, "1000.00");
    world.books_hold().await;
    let known = pb::GetPoolRequest {
        pool_id: pool.pool_id.clone(),
        as_known_at: Some(instant("2024-02-05T23:00:00Z")),
        ..Default::default()
    };
    let known = world.subjects.clone().get_pool(ask(known)).await;
    let known = known.unwrap().into_inner().pool.unwrap();
    assert_eq!((known.version, known.members.len()), (2, 3));
    let status = known.status.unwrap();
    assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    let nobody = pb::GetPoolRequest {
        pool_id: person(),
        ..Default::default()
    };
    let nobody = world.subjects.clone().get_pool(ask(nobody)).await;
    assert_eq!(nobody.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn d_17_who_was_a_child_when_the_pools_period_began_is_pooled() {
    let world = World::open("2024-01-31").await;
    let (sibling, came_of_age) = (person(), person());
    world.charge(&sibling, "2024-02-01", "700").await;
    world.charge(&came_of_age, "2024-03-02", "800").await;
    world.set_today("2024-04-01");
    let adult = [(&*sibling, BORN), (&*came_of_age, "2006-02-01")];
    let adult = world.pool(&adult).await;
    assert_eq!(reason(&adult.unwrap_err()), "POOL_ADULT", "18 that day");
    let child = [(&*sibling, BORN), (&*came_of_age, "2006-02-02")];
    world.pool(&child).await.unwrap();
    let stands = world.stands(&came_of_age, "2024-04-01").await;
    assert_eq!(stands, ("1400.00".into(), card("2024-03-02 to 2025-01-31")));
    world.books_hold().await;
}

/// The pool after so many changes, waited for.
async fn pool_after(world: &World, changes: u32) -> pb::Pool {
    let request = pb::ReadRequest {
        kinds: vec!["PoolChanged".to_owned()],
        limit: changes,
        follow: true,
        ..Default::default()
    };
    let mut stream = world.feed.clone().read(ask(request)).await.unwrap();
    let mut pool = None;
    while let Some(read) = stream.get_mut().message().await.unwrap() {
        match read.event.and_then(|event| event.event) {
            Some(pb::free_card_event::Event::PoolChanged(told)) => {
                assert_eq!(told.reassessed, [], "nobody is to pay otherwise than told");
                pool = told.pool;
            }
            other => panic!("{other:?}"),
        }
    }
    pool.unwrap()
}

#[tokio::test]
async fn d_17_r3_who_turned_18_leaves_by_itself_when_the_period_is_over() {
    let world = World::open("2024-01-31").await;
    let (a, b, c) = (person(), person(), person());
    let members = [(&*a, BORN), (&*b, "2006-05-01"), (&*c, BORN)];
    world.pool(&members).await.unwrap();
    for (child, on, paid) in [
        (&a, "2024-02-01", "600.00"),
        (&b, "2024-03-01", "600.00"),
        (&a, "2024-04-01", "200.00"),
        (&c, "2024-06-01", "0.00"),
        (&b, "2025-01-31", "0.00"),
    ] {
        assert_eq!(world.charge(child, on, "600").await.0, paid, "{on}");
    }
    world.set_today("2025-02-01");
    let left = pool_after(&world, 2).await;
    let left_on = |child: &str| {
        let mut members = left.members.iter();
        let member = members.find(|member| member.recipient_id == child);
        member.unwrap().left_on
    };
    assert_eq!(left.version, 2);
    assert_eq!(left_on(&b), date("2025-02-01"));
    assert_eq!([left_on(&a), left_on(&c)], [None, None]);
    for child in [&a, &b, &c] {
        assert!(world.is_exempt(child, "2025-01-31").await.unwrap());
        assert!(!world.is_exempt(child, "2025-02-01").await.unwrap());
        assert_eq!(world.owed(child).await, []);
        let fees = world.list(child).await;
        assert!(
            fees.iter()
                .all(|fee| kronor(fee.undercharge.as_ref()) == "0.00")
        );
    }
    for child in [&a, &b, &c] {
        assert_eq!(world.charge(child, "2025-02-03", "500").await.0, "500.00");
    }
    assert_eq!(world.stands(&a, "2025-02-03").await.0, "1000.00");
    assert_eq!(world.stands(&b, "2025-02-03").await.0, "500.00");
    world.books_hold().await;
}
