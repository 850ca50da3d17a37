//! Articles: added once, read as of a day, listed a page at a time.

use hjm_proto::{catalogue::v1 as pb, common::v1::ChargeForm};
use hjm_service::idempotency::REPLAYED_HEADER;
use hjm_testkit::{date, fields, reason, request_id};
use tonic::Code;

use crate::support::{World, as_stored, price, refused, rollator};

#[tokio::test]
async fn an_article_is_read_as_it_was_created_with_its_price_on_the_day() {
    let world = World::open().await;
    let request = rollator("R-100");
    let created = world.create(request.clone()).await.unwrap().into_inner();
    let stored = as_stored(request.article);
    assert_eq!(created.article, stored);
    world
        .set_price(price("R-100", "1.80", "2025-01-01"))
        .await
        .unwrap();

    let got = world.article("R-100", "2025-03-10").await.unwrap();
    assert_eq!(got.article, stored);
    assert_eq!(got.price.unwrap().price.unwrap().value, "1.80");
    assert_ne!(got.position, created.position, "the price came after");
    assert_eq!(
        world.article("R-100", "2024-12-31").await.unwrap().price,
        None
    );
}

#[tokio::test]
async fn an_article_is_not_there_before_its_first_day() {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    let early = refused(world.article("R-100", "2019-12-31")).await;
    assert_eq!(early.code(), Code::NotFound);
    assert!(world.article("R-100", "2020-01-01").await.is_ok());
    assert_eq!(
        refused(world.article("R-101", "2025-01-01")).await.code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_taken_number_is_refused() {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    let taken = refused(world.create(rollator("R-100"))).await;
    assert_eq!(taken.code(), Code::FailedPrecondition);
    assert_eq!(reason(&taken), "ARTICLE_EXISTS");
    assert_eq!(fields(&taken), ["article.article_number"]);
    assert_eq!(world.kinds().await, ["ArticleChanged"]);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_body_is_refused() {
    let world = World::open().await;
    let request = rollator("R-100");
    let first = world.create(request.clone()).await.unwrap();
    let again = world.create(request.clone()).await.unwrap();
    assert!(first.metadata().get(REPLAYED_HEADER).is_none());
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());
    let other = pb::CreateArticleRequest {
        request_id: request.request_id,
        ..rollator("R-200")
    };
    assert_eq!(
        refused(world.create(other)).await.code(),
        Code::AlreadyExists
    );
    assert_eq!(world.kinds().await, ["ArticleChanged"]);
}

#[tokio::test]
async fn a_malformed_article_names_each_field_and_stores_nothing() {
    type Spoil = fn(&mut pb::Article);
    let world = World::open().await;
    let cases: [(&str, Spoil); 14] = [
        ("article.article_number", |it| it.article_number.clear()),
        ("article.article_number", |it| {
            it.article_number = "R 100".to_owned();
        }),
        ("article.article_number", |it| {
            it.article_number = "R".repeat(21);
        }),
        ("article.name", |it| it.name.clear()),
        ("article.name", |it| it.name = "R".repeat(201)),
        ("article.iso_code", |it| it.iso_code = "12060".to_owned()),
        ("article.iso_code", |it| it.iso_code = "1206".to_owned()),
        ("article.kind", |it| it.kind = 0),
        ("article.kind", |it| it.kind = 9),
        ("article.charge_form", |it| {
            it.charge_form = ChargeForm::Unspecified.into();
        }),
        ("article.product_group", |it| it.product_group = 0),
        ("article.product_group", |it| it.product_group = 5),
        ("article.valid_from", |it| it.valid_from = None),
        ("article.valid_from", |it| {
            it.valid_from.as_mut().unwrap().year = 1899;
        }),
    ];
    for (field, spoil) in cases {
        let mut request = rollator("R-100");
        spoil(request.article.as_mut().unwrap());
        let status = refused(world.create(request)).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert_eq!(fields(&status), [field]);
    }
    let without = pb::CreateArticleRequest {
        request_id: request_id(),
        article: None,
    };
    assert_eq!(fields(&refused(world.create(without)).await), ["article"]);
    let short = pb::CreateArticleRequest {
        request_id: "short".into(),
        ..rollator("R-100")
    };
    assert_eq!(fields(&refused(world.create(short)).await), ["request_id"]);
    assert_eq!(world.page(0, "").await.unwrap().articles, []);
    assert_eq!(world.kinds().await, [""; 0]);
}

#[tokio::test]
async fn articles_are_listed_by_number_a_page_at_a_time() {
    let world = World::open().await;
    for number in ["R-300", "R-100", "R-200"] {
        world.create(rollator(number)).await.unwrap();
    }
    let first = world.page(2, "").await.unwrap();
    let second = world.page(2, &first.next_page_token).await.unwrap();
    assert_eq!(second.next_page_token, "");
    let numbers: Vec<String> = [first.articles, second.articles]
        .concat()
        .into_iter()
        .map(|article| article.article_number)
        .collect();
    assert_eq!(numbers, ["R-100", "R-200", "R-300"]);
    for size in [-1, 501] {
        assert_eq!(fields(&refused(world.page(size, "")).await), ["page_size"]);
    }
    assert_eq!(
        world.page(500, "").await.unwrap().articles[0].valid_from,
        date("2020-01-01")
    );
}
