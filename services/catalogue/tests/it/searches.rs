//! Search: Swedish words, ISO codes, numbers and identifiers, as of a day, a page at a time.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{OTHER_TENANT, aid_centre, date, fields, request_id};
use tonic::Status;

use crate::support::{World, importer, refused, rollator};

const GTIN: &str = "7310865004703";

async fn world() -> World {
    let world = World::open().await;
    for (number, name, iso, series, supplier) in [
        (
            "W-100",
            "Eldriven rullstol för utomhusbruk",
            "122306",
            "Sigma",
            "Hjulbolaget",
        ),
        (
            "W-200",
            "Manuella rullstolar, hopfällbara",
            "122203",
            "Sigma",
            "Hjulbolaget",
        ),
        ("W-300", "Rollator med korg", "120606", "Tau", "Gåbolaget"),
        ("X-100", "Korg till rollator", "120609", "", "Gåbolaget"),
        ("X-1001", "Sittdyna", "043303", "", ""),
    ] {
        let mut request = rollator(number);
        let article = request.article.as_mut().unwrap();
        (article.name, article.iso_code) = (name.to_owned(), iso.to_owned());
        article.series = series.to_owned();
        if !supplier.is_empty() {
            article.suppliers = vec![pb::Supplier {
                name: supplier.to_owned(),
                article_number: String::new(),
            }];
        }
        if number == "W-300" {
            article.identifiers = vec![pb::Identifier {
                kind: pb::IdentifierKind::Gtin.into(),
                value: GTIN.to_owned(),
                issuer: String::new(),
            }];
        }
        world.create(request).await.unwrap();
    }
    world
}

fn words(words: &str) -> pb::SearchArticlesRequest {
    pb::SearchArticlesRequest {
        words: words.to_owned(),
        ..Default::default()
    }
}

fn iso(prefix: &str) -> pb::SearchArticlesRequest {
    pb::SearchArticlesRequest {
        iso_prefix: prefix.to_owned(),
        ..Default::default()
    }
}

fn number(number: &str) -> pb::SearchArticlesRequest {
    pb::SearchArticlesRequest {
        number: number.to_owned(),
        ..Default::default()
    }
}

impl World {
    async fn search(
        &self,
        request: pb::SearchArticlesRequest,
    ) -> Result<pb::SearchArticlesResponse, Status> {
        let request = client::request(&importer(), request);
        let found = self.articles.clone().search_articles(request).await?;
        Ok(found.into_inner())
    }

    async fn numbers(&self, request: pb::SearchArticlesRequest) -> String {
        match self.search(request).await {
            Ok(found) => joined(&found),
            Err(status) => panic!("{status}"),
        }
    }
}

fn joined(found: &pb::SearchArticlesResponse) -> String {
    let numbers = found.articles.iter().map(|it| it.article_number.as_str());
    numbers.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn words_are_found_in_any_inflection_in_name_series_and_suppliers() {
    let world = world().await;
    for (asked, expected) in [
        ("rullstolar", "W-200 W-100"),
        ("Rullstol", "W-200 W-100"),
        ("rollator korgar", "W-300 X-100"),
        ("sigma eldriven", "W-100"),
        ("gåbolaget", "W-300 X-100"),
        ("gabolaget", ""),
        ("\"rollator med korg\"", "W-300"),
        ("korg -till rollator", "W-300 X-100"),
        ("rullstol -eldriven", "W-200"),
        ("sittdynor or hopfällbara", "X-1001 W-200"),
        ("och", ""),
        ("' ) & |", ""),
    ] {
        assert_eq!(world.numbers(words(asked)).await, expected, "{asked}");
    }
}

#[tokio::test]
async fn codes_and_numbers_are_found_by_their_beginnings_and_identifiers_whole() {
    let world = world().await;
    for (asked, expected) in [
        ("12", "W-300 X-100 W-200 W-100"),
        ("1222", "W-200"),
        ("120606", "W-300"),
        ("04", "X-1001"),
        ("09", ""),
    ] {
        assert_eq!(world.numbers(iso(asked)).await, expected, "{asked}");
    }
    for (asked, expected) in [
        ("W-", "W-300 W-200 W-100"),
        ("X-100", "X-1001 X-100"),
        ("x-100", ""),
        (GTIN, "W-300"),
        ("07310865004703", "W-300"),
        ("731086500470", ""),
        ("no number", ""),
    ] {
        assert_eq!(world.numbers(number(asked)).await, expected, "{asked}");
    }
    let both = pb::SearchArticlesRequest {
        words: "korg".to_owned(),
        iso_prefix: "120606".to_owned(),
        ..number("W")
    };
    assert_eq!(world.numbers(both).await, "W-300");
}

#[tokio::test]
async fn a_search_sees_the_day_it_asks_about() {
    let world = world().await;
    let mut changed = rollator("W-300").article.unwrap();
    changed.name = "Gåbord".to_owned();
    changed.iso_code = "120612".to_owned();
    changed.valid_from = date("2025-03-01");
    world.change(changed, 1).await.unwrap();
    let gone = pb::WithdrawArticleRequest {
        request_id: request_id(),
        article_number: "W-200".to_owned(),
        expected_version: 1,
        state: pb::ArticleState::Discontinued.into(),
        valid_from: date("2025-03-01"),
        reason: "replaced".to_owned(),
    };
    world.withdraw(gone).await.unwrap();
    let on = |day: &str, request| pb::SearchArticlesRequest {
        as_of: date(day),
        ..request
    };
    for (day, rollators, tables, named) in [
        ("2019-12-31", "", "", ""),
        ("2025-02-28", "W-300 X-100", "", "W-300"),
        ("2025-03-01", "X-100", "W-300", ""),
    ] {
        assert_eq!(
            world.numbers(on(day, words("rollator"))).await,
            rollators,
            "{day}"
        );
        assert_eq!(
            world.numbers(on(day, words("gåbord"))).await,
            tables,
            "{day}"
        );
        assert_eq!(world.numbers(on(day, number(GTIN))).await, named, "{day}");
    }
    let active = pb::SearchArticlesRequest {
        states: vec![
            pb::ArticleState::Active.into(),
            pb::ArticleState::Trial.into(),
        ],
        ..words("rullstol")
    };
    assert_eq!(
        world.numbers(active.clone()).await,
        "W-100",
        "today they are fewer"
    );
    assert_eq!(world.numbers(on("2025-02-28", active)).await, "W-200 W-100");
}

#[tokio::test]
async fn pages_follow_each_other_in_every_kind_of_search() {
    let world = world().await;
    for (request, expected) in [
        (iso("12"), "W-300 X-100 W-200 W-100"),
        (words("rullstol or korg"), "W-300 X-100 W-200 W-100"),
        (number("W"), "W-300 W-200 W-100"),
    ] {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let page = pb::SearchArticlesRequest {
                page_size: 1,
                page_token,
                ..request.clone()
            };
            let page = world.search(page).await.unwrap();
            found.extend(page.articles.iter().map(|it| it.article_number.clone()));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(found.join(" "), expected);
    }
}

#[tokio::test]
async fn a_malformed_question_names_each_field_and_another_tenant_finds_nothing() {
    let world = world().await;
    let empty = pb::SearchArticlesRequest::default();
    assert_eq!(fields(&refused(world.search(empty)).await), ["words"]);
    let odd = pb::SearchArticlesRequest {
        words: "w".repeat(201),
        iso_prefix: "1".to_owned(),
        number: "n".repeat(61),
        states: vec![0],
        as_of: Some(hjm_proto::common::v1::Date::default()),
        page_size: 501,
        page_token: "odd".to_owned(),
    };
    assert_eq!(
        fields(&refused(world.search(odd)).await),
        [
            "words",
            "iso_prefix",
            "number",
            "states",
            "as_of",
            "page_size",
            "page_token"
        ]
    );
    let stranger = aid_centre(OTHER_TENANT, "stranger");
    for request in [words("rollator"), iso("12"), number("W")] {
        let request = client::request(&stranger, request);
        let found = world.articles.clone().search_articles(request).await;
        assert_eq!(found.unwrap().into_inner().articles, []);
    }
}
