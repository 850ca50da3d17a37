//! Price lists: one for each class of customers, and none of them touches another.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{date, fields, reason, unit_price};
use pb::CustomerClass::{Member, Other, PrivatePerson};
use tonic::Code;

use crate::support::{World, importer, price, refused, rollator};

fn on_list(class: pb::CustomerClass, amount: &str, from: &str) -> pb::SetPriceRequest {
    pb::SetPriceRequest {
        customer_class: class.into(),
        ..price("R-100", amount, from)
    }
}

async fn filled() -> World {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    world.create(rollator("R-200")).await.unwrap();
    for request in [
        price("R-100", "1.80", "2024-01-01"),
        on_list(Member, "1.95", "2025-01-01"),
        on_list(Other, "2.10", "2024-06-01"),
        on_list(PrivatePerson, "2.60", "2025-01-01"),
        price("R-200", "7.50", "2024-01-01"),
    ] {
        world.set_price(request).await.unwrap();
    }
    world
}

async fn got(world: &World, class: pb::CustomerClass, day: &str) -> Option<String> {
    let request = pb::GetPriceRequest {
        article_number: "R-100".to_owned(),
        as_of: date(day),
        customer_class: class.into(),
    };
    let mut client = world.prices.clone();
    let got = client
        .get_price(client::request(&importer(), request))
        .await;
    match got {
        Ok(got) => got.into_inner().price?.price.map(|price| price.value),
        Err(status) => {
            assert_eq!(status.code(), Code::NotFound);
            None
        }
    }
}

async fn listed(world: &World, request: pb::ListPricesRequest) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    let mut request = request;
    loop {
        let asked = client::request(&importer(), request.clone());
        let page = match world.prices.clone().list_prices(asked).await {
            Ok(page) => page.into_inner(),
            Err(status) => panic!("{status}"),
        };
        rows.extend(page.prices.into_iter().map(|it| {
            let class = it.customer_class().as_str_name().to_owned();
            (it.article_number, class, it.price.unwrap_or_default().value)
        }));
        if page.next_page_token.is_empty() {
            return rows;
        }
        request.page_token = page.next_page_token;
    }
}

fn row(number: &str, class: &str, amount: &str) -> (String, String, String) {
    let class = format!("CUSTOMER_CLASS_{class}");
    (number.to_owned(), class, amount.to_owned())
}

#[tokio::test]
async fn a_price_of_one_list_leaves_the_others_as_they_are() {
    let world = filled().await;
    for (class, day, expected) in [
        (Member, "2024-12-31", Some("1.80")),
        (Member, "2025-01-01", Some("1.95")),
        (Other, "2024-05-31", None),
        (Other, "2025-06-01", Some("2.10")),
        (PrivatePerson, "2024-12-31", None),
        (PrivatePerson, "2025-01-01", Some("2.60")),
    ] {
        let price = got(&world, class, day).await;
        assert_eq!(price.as_deref(), expected, "{class:?} {day}");
    }
    let unset = world.price_on("R-100", "2025-01-01").await.unwrap();
    assert_eq!(
        (unset.customer_class(), unset.price),
        (Member, unit_price("1.95"))
    );
    let article = world.article("R-100", "2025-01-01").await.unwrap();
    assert_eq!(article.price.unwrap().customer_class(), Member);
    let status = refused(world.set_price(on_list(Other, "2.20", "2024-06-01"))).await;
    assert_eq!(reason(&status), "PRICE_NOT_AFTER");
}

#[tokio::test]
async fn prices_are_listed_by_article_list_and_day() {
    let world = filled().await;
    let all = pb::ListPricesRequest {
        page_size: 2,
        ..Default::default()
    };
    assert_eq!(
        listed(&world, all).await,
        [
            row("R-100", "MEMBER", "1.80"),
            row("R-100", "MEMBER", "1.95"),
            row("R-100", "OTHER", "2.10"),
            row("R-100", "PRIVATE_PERSON", "2.60"),
            row("R-200", "MEMBER", "7.50"),
        ]
    );
    let members = pb::ListPricesRequest {
        customer_class: Member.into(),
        as_of: date("2025-03-01"),
        ..Default::default()
    };
    assert_eq!(
        listed(&world, members).await,
        [
            row("R-100", "MEMBER", "1.95"),
            row("R-200", "MEMBER", "7.50")
        ]
    );
    let one = pb::ListPricesRequest {
        article_number: "R-200".to_owned(),
        ..Default::default()
    };
    assert_eq!(listed(&world, one).await, [row("R-200", "MEMBER", "7.50")]);
}

#[tokio::test]
async fn a_malformed_question_names_each_field() {
    let world = World::open().await;
    let odd = pb::ListPricesRequest {
        article_number: "no number".to_owned(),
        customer_class: 9,
        as_of: Some(hjm_proto::common::v1::Date::default()),
        page_size: -1,
        page_token: "odd".to_owned(),
    };
    let asked = client::request(&importer(), odd);
    let status = world.prices.clone().list_prices(asked).await.unwrap_err();
    assert_eq!(
        fields(&status),
        [
            "article_number",
            "customer_class",
            "as_of",
            "page_size",
            "page_token"
        ]
    );
    let mut set = price("R-100", "1", "2025-01-01");
    set.customer_class = 9;
    assert_eq!(
        fields(&refused(world.set_price(set)).await),
        ["customer_class"]
    );
}
