//! Relations of articles: accessories both ways, what can be used together, chains of substitutes.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{date, fields, reason, request_id};
use pb::RelationKind::{Accessory, Compatible, ReplacedBy};
use tonic::{Code, Status};

use crate::support::{World, importer, refused, rollator};

fn relation(kind: pb::RelationKind, article: &str, other: &str, from: &str) -> pb::Relation {
    pb::Relation {
        kind: kind.into(),
        article_number: article.to_owned(),
        other_number: other.to_owned(),
        valid_from: date(from),
        ..Default::default()
    }
}

impl World {
    pub(crate) async fn relate(&self, relation: pb::Relation) -> Result<pb::Relation, Status> {
        let request = pb::RelateArticlesRequest {
            request_id: request_id(),
            relation: Some(relation),
        };
        let request = client::request(&importer(), request);
        let related = self.articles.clone().relate_articles(request).await?;
        Ok(related.into_inner().relation.unwrap_or_default())
    }

    async fn end(&self, told: &pb::Relation, to: &str, reason: &str) -> Result<(), Status> {
        let request = pb::EndRelationRequest {
            request_id: request_id(),
            kind: told.kind,
            article_number: told.article_number.clone(),
            other_number: told.other_number.clone(),
            valid_to: date(to),
            reason: reason.to_owned(),
        };
        let request = client::request(&importer(), request);
        self.articles.clone().end_relation(request).await.map(drop)
    }

    /// Every related article on a day: kind, direction and number.
    async fn related(&self, number: &str, day: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListAccessoriesRequest {
                article_number: number.to_owned(),
                as_of: date(day),
                page_size: 2,
                page_token,
            };
            let request = client::request(&importer(), request);
            let page = match self.articles.clone().list_accessories(request).await {
                Ok(page) => page.into_inner(),
                Err(status) => panic!("{status}"),
            };
            rows.extend(page.related.iter().map(|it| {
                let number = it.article.as_ref().map_or("", |it| &it.article_number);
                let inverse = if it.inverse { " of" } else { "" };
                format!("{:?}{inverse} {number}", it.kind())
            }));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return rows;
            }
        }
    }

    /// The chain on a day; what cannot be delivered in brackets.
    async fn chain(&self, number: &str, day: &str) -> String {
        let request = pb::ListSubstitutesRequest {
            article_number: number.to_owned(),
            as_of: date(day),
        };
        let request = client::request(&importer(), request);
        let listed = match self.articles.clone().list_substitutes(request).await {
            Ok(listed) => listed.into_inner(),
            Err(status) => panic!("{status}"),
        };
        let words = listed.substitutes.iter().map(|it| {
            let number = it.article.as_ref().map_or("", |it| &it.article_number);
            if it.deliverable {
                number.to_owned()
            } else {
                format!("({number})")
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

async fn with_articles(numbers: &[&str]) -> World {
    let world = World::open().await;
    for number in numbers {
        world.create(rollator(number)).await.unwrap();
    }
    world
}

#[tokio::test]
async fn accessories_and_what_fits_are_told_from_both_sides_with_their_days() {
    let world = with_articles(&["R-1", "A-1", "A-2", "C-9"]).await;
    for (kind, article, other, from) in [
        (Accessory, "R-1", "A-1", "2024-01-01"),
        (Accessory, "R-1", "A-2", "2025-01-01"),
        (Compatible, "R-1", "C-9", "2024-01-01"),
    ] {
        let told = relation(kind, article, other, from);
        world.relate(told).await.unwrap();
    }
    assert_eq!(
        world.related("R-1", "2025-01-01").await,
        ["Accessory A-1", "Accessory A-2", "Compatible C-9"]
    );
    assert_eq!(
        world.related("R-1", "2024-12-31").await,
        ["Accessory A-1", "Compatible C-9"]
    );
    assert_eq!(
        world.related("A-1", "2024-06-01").await,
        ["Accessory of R-1"]
    );
    assert_eq!(world.related("C-9", "2024-06-01").await, ["Compatible R-1"]);
    assert_eq!(world.related("C-9", "2023-12-31").await, [""; 0]);

    let fits = relation(Accessory, "R-1", "A-1", "2024-01-01");
    world
        .end(&fits, "2025-02-01", "another handle")
        .await
        .unwrap();
    assert_eq!(
        world.related("A-1", "2025-01-31").await,
        ["Accessory of R-1"]
    );
    assert_eq!(world.related("A-1", "2025-02-01").await, [""; 0]);
    let kinds = world.kinds().await;
    assert_eq!(kinds[4..], ["RelationChanged"; 4]);
}

#[tokio::test]
async fn what_fits_is_said_once_whichever_comes_first() {
    let world = with_articles(&["R-1", "C-9"]).await;
    let told = relation(Compatible, "R-1", "C-9", "2024-01-01");
    let stored = world.relate(told.clone()).await.unwrap();
    assert_eq!(
        (&*stored.article_number, &*stored.other_number),
        ("C-9", "R-1")
    );
    let turned = relation(Compatible, "C-9", "R-1", "2025-01-01");
    let status = refused(world.relate(turned)).await;
    assert_eq!(reason(&status), "RELATION_EXISTS");
    world
        .end(&told, "2024-06-01", "they no longer do")
        .await
        .unwrap();
    let again = relation(Compatible, "R-1", "C-9", "2024-06-01");
    world.relate(again).await.unwrap();
}

#[tokio::test]
async fn a_chain_is_listed_oldest_first_with_what_can_be_delivered() {
    let world = with_articles(&["S-1", "S-2", "S-3", "S-4"]).await;
    for (old, new, from) in [
        ("S-2", "S-3", "2024-01-01"),
        ("S-1", "S-2", "2023-01-01"),
        ("S-4", "S-3", "2025-01-01"),
    ] {
        let told = relation(ReplacedBy, old, new, from);
        world.relate(told).await.unwrap();
    }
    for asked in ["S-1", "S-2", "S-3"] {
        assert_eq!(
            world.chain(asked, "2024-12-31").await,
            "S-1 S-2 S-3",
            "{asked}"
        );
    }
    assert_eq!(world.chain("S-4", "2024-12-31").await, "S-4");
    assert_eq!(world.chain("S-3", "2025-01-01").await, "S-1 S-2 S-4 S-3");
    assert_eq!(world.chain("S-1", "2023-06-01").await, "S-1 S-2");
    let gone = pb::WithdrawArticleRequest {
        request_id: request_id(),
        article_number: "S-1".to_owned(),
        expected_version: 1,
        state: pb::ArticleState::Discontinued.into(),
        valid_from: date("2025-02-01"),
        reason: "worn out".to_owned(),
    };
    world.withdraw(gone).await.unwrap();
    assert_eq!(world.chain("S-2", "2025-02-01").await, "(S-1) S-2 S-4 S-3");
}

#[tokio::test]
async fn a_chain_has_one_successor_no_circle_and_an_end() {
    let world = with_articles(&["S-1", "S-2", "S-3"]).await;
    let first = relation(ReplacedBy, "S-1", "S-2", "2024-01-01");
    world.relate(first.clone()).await.unwrap();
    world
        .relate(relation(ReplacedBy, "S-2", "S-3", "2024-01-01"))
        .await
        .unwrap();
    for (old, new, expected, field) in [
        ("S-1", "S-2", "RELATION_EXISTS", "relation.valid_from"),
        ("S-1", "S-3", "REPLACED_ALREADY", "relation.article_number"),
        ("S-3", "S-1", "CHAIN_CIRCLE", "relation.other_number"),
    ] {
        let told = relation(ReplacedBy, old, new, "2025-01-01");
        let status = refused(world.relate(told)).await;
        assert_eq!(
            (reason(&status).as_str(), fields(&status)),
            (expected, vec![field.to_owned()])
        );
    }
    // Leaving a chain needs a reason, and frees the article for another one from that day.
    let silent = refused(world.end(&first, "2025-01-01", "")).await;
    assert_eq!(fields(&silent), ["reason"]);
    let early = refused(world.end(&first, "2024-01-01", "another seat")).await;
    assert_eq!(
        (reason(&early).as_str(), fields(&early)),
        ("RELATION_END", vec!["valid_to".to_owned()])
    );
    world
        .end(&first, "2025-01-01", "another seat")
        .await
        .unwrap();
    let again = refused(world.end(&first, "2025-01-01", "another seat")).await;
    assert_eq!(again.code(), Code::NotFound);
    assert_eq!(world.chain("S-1", "2024-12-31").await, "S-1 S-2 S-3");
    assert_eq!(world.chain("S-1", "2025-01-01").await, "S-1");
    let turned = relation(ReplacedBy, "S-3", "S-1", "2025-01-01");
    world.relate(turned).await.unwrap();
    assert_eq!(world.chain("S-1", "2025-01-01").await, "S-2 S-3 S-1");
}

#[tokio::test]
async fn a_malformed_relation_names_each_field() {
    let world = with_articles(&["R-1"]).await;
    let empty = refused(world.relate(pb::Relation::default())).await;
    assert_eq!(
        fields(&empty),
        [
            "relation.kind",
            "relation.article_number",
            "relation.other_number",
            "relation.valid_from"
        ]
    );
    let itself = relation(Accessory, "R-1", "R-1", "2025-01-01");
    assert_eq!(
        fields(&refused(world.relate(itself)).await),
        ["relation.other_number"]
    );
    let unknown = relation(Accessory, "R-1", "R-2", "2025-01-01");
    assert_eq!(refused(world.relate(unknown)).await.code(), Code::NotFound);
    let early = relation(Accessory, "R-1", "R-1x", "2019-01-01");
    assert_eq!(refused(world.relate(early)).await.code(), Code::NotFound);
    assert_eq!(world.kinds().await, ["ArticleChanged"]);
}
