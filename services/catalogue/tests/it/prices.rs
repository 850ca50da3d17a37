//! Prices: dated, each until the next, at most one on a day.

use futures::future::join_all;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{date, fields, reason, unit_price};
use tonic::Code;

use crate::support::{World, importer, price, refused, rollator};

async fn with_article() -> World {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    world
}

async fn value_on(world: &World, day: &str) -> String {
    world
        .price_on("R-100", day)
        .await
        .unwrap()
        .price
        .unwrap()
        .value
}

#[tokio::test]
async fn a_price_ends_the_day_before_the_next_and_history_stays() {
    let world = with_article().await;
    for (amount, from) in [
        ("1.80", "2024-01-01"),
        ("1.95", "2025-01-01"),
        ("0.000001", "2025-03-16"),
    ] {
        let set = world
            .set_price(price("R-100", amount, from))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(set.price.unwrap().valid_to, None);
    }
    assert_eq!(value_on(&world, "2024-01-01").await, "1.80");
    assert_eq!(value_on(&world, "2024-12-31").await, "1.80");
    assert_eq!(value_on(&world, "2025-01-01").await, "1.95");
    assert_eq!(value_on(&world, "2025-03-15").await, "1.95");
    assert_eq!(value_on(&world, "2025-03-16").await, "0.000001");
    let ended = world.price_on("R-100", "2025-02-01").await.unwrap();
    assert_eq!(
        (ended.valid_from, ended.valid_to),
        (date("2025-01-01"), date("2025-03-16"))
    );
    let before = refused(world.price_on("R-100", "2023-12-31")).await;
    assert_eq!(before.code(), Code::NotFound);
}

#[tokio::test]
async fn without_a_date_the_price_is_todays() {
    let world = with_article().await;
    world
        .set_price(price("R-100", "1.80", "2025-01-01"))
        .await
        .unwrap();
    world
        .set_price(price("R-100", "1.95", "2025-04-01"))
        .await
        .unwrap();
    let mut client = world.prices.clone();
    for (today, expected) in [("2025-03-31", "1.80"), ("2025-04-01", "1.95")] {
        world.clock.set(today.parse().unwrap());
        let request = pb::GetPriceRequest {
            article_number: "R-100".to_owned(),
            as_of: None,
            ..Default::default()
        };
        let got = client
            .get_price(client::request(&importer(), request))
            .await
            .unwrap();
        assert_eq!(
            got.into_inner().price.unwrap().price,
            unit_price(expected),
            "{today}"
        );
    }
}

#[tokio::test]
async fn a_price_comes_after_the_one_in_force() {
    let world = with_article().await;
    world
        .set_price(price("R-100", "1.80", "2025-01-01"))
        .await
        .unwrap();
    for from in ["2025-01-01", "2024-06-01"] {
        let status = refused(world.set_price(price("R-100", "1.95", from))).await;
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(reason(&status), "PRICE_NOT_AFTER");
        assert_eq!(fields(&status), ["valid_from"]);
    }
    assert_eq!(value_on(&world, "2025-06-01").await, "1.80");
    assert_eq!(world.kinds().await, ["ArticleChanged", "PriceChanged"]);
}

#[tokio::test]
async fn a_price_of_no_article_or_before_its_first_day_is_not_set() {
    let world = with_article().await;
    let none = refused(world.set_price(price("R-101", "1.80", "2025-01-01"))).await;
    assert_eq!(none.code(), Code::NotFound);
    let early = refused(world.set_price(price("R-100", "1.80", "2019-12-31"))).await;
    assert_eq!(early.code(), Code::NotFound);
}

#[tokio::test]
async fn a_malformed_price_names_each_field_and_stores_nothing() {
    let world = with_article().await;
    for amount in ["", "-1", "1,80", "1.8000001", "NaN", "1e2"] {
        let status = refused(world.set_price(price("R-100", amount, "2025-01-01"))).await;
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec!["price".to_owned()]),
            "{amount}"
        );
    }
    let mut empty = price("no number", "1", "2025-01-01");
    (empty.price, empty.valid_from) = (None, None);
    let status = refused(world.set_price(empty)).await;
    assert_eq!(fields(&status), ["article_number", "price", "valid_from"]);
    assert_eq!(
        refused(world.price_on("R-100", "2025-06-01")).await.code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn eight_prices_at_once_leave_one_a_day() {
    let world = with_article().await;
    let prices = (1..=8).map(|day| price("R-100", "1.80", &format!("2025-01-{day:02}")));
    let set = join_all(prices.map(|price| world.set_price(price))).await;
    assert!(set[7].is_ok(), "nothing comes after the last");
    for refused in set.into_iter().filter_map(Result::err) {
        assert_eq!(reason(&refused), "PRICE_NOT_AFTER");
    }
    let last = world.price_on("R-100", "2025-01-08").await.unwrap();
    assert_eq!((last.price, last.valid_to), (unit_price("1.80"), None));
}
