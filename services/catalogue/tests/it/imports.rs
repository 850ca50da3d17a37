//! Imports: one status an item, batch by batch, and nothing twice.

use futures::stream;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{OTHER_TENANT, aid_centre, date};
use pb::ImportOutcome::{Changed, Created, Refused, Unchanged};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::support::{World, importer, rollator};

const GTIN: &str = "7310865004703";

fn item(line: u32, number: &str, name: &str, from: &str) -> pb::ImportArticlesRequest {
    pb::ImportArticlesRequest {
        dry_run: false,
        line,
        article: Some(pb::Article {
            name: name.to_owned(),
            valid_from: date(from),
            ..rollator(number).article.unwrap_or_default()
        }),
    }
}

fn file(items: u32) -> Vec<pb::ImportArticlesRequest> {
    (1..=items)
        .map(|line| item(line, &format!("R-{line:05}"), "Rollator", "2024-01-01"))
        .collect()
}

fn dry(mut items: Vec<pb::ImportArticlesRequest>) -> Vec<pb::ImportArticlesRequest> {
    items[0].dry_run = true;
    items
}

impl World {
    async fn import_file(&self, items: Vec<pb::ImportArticlesRequest>) -> Vec<pb::ImportedArticle> {
        let request = client::streaming_request(&importer(), stream::iter(items));
        let answers = self.articles.clone().import_articles(request).await;
        let mut answers = match answers {
            Ok(answers) => answers.into_inner(),
            Err(status) => panic!("{status}"),
        };
        let mut told = Vec::new();
        loop {
            match answers.message().await {
                Ok(Some(answer)) => told.extend(answer.items),
                Ok(None) => return told,
                Err(status) => panic!("{status}"),
            }
        }
    }
}

fn outcomes(told: &[pb::ImportedArticle]) -> Vec<(u32, pb::ImportOutcome, u32)> {
    told.iter()
        .map(|it| (it.line, it.outcome(), it.version))
        .collect()
}

fn faults(it: &pb::ImportedArticle) -> String {
    let named = it
        .faults
        .iter()
        .map(|it| format!("{} {}", it.reason, it.field));
    named.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn each_item_gets_its_status_and_the_same_file_again_changes_nothing() {
    let world = World::open().await;
    let mut named = item(5, "R-3", "Rollator", "2024-01-01");
    named.article.as_mut().unwrap().identifiers = vec![pb::Identifier {
        kind: pb::IdentifierKind::Gtin.into(),
        value: GTIN.to_owned(),
        issuer: String::new(),
    }];
    let mut doubled = named.clone();
    doubled.line = 6;
    doubled.article.as_mut().unwrap().article_number = "R-4".to_owned();
    let mut broken = item(7, "R 5", "", "2024-01-01");
    broken.article.as_mut().unwrap().product_group = 9;
    let items = vec![
        item(1, "R-1", "Rollator", "2024-01-01"),
        item(2, "R-1", "Rollator with brakes", "2025-01-01"),
        item(3, "R-1", "Rollator with brakes", "2025-02-01"),
        item(4, "R-1", "Walker", "2023-01-01"),
        named,
        doubled,
        broken,
        pb::ImportArticlesRequest {
            line: 8,
            ..Default::default()
        },
    ];
    let told = world.import_file(items.clone()).await;
    let expected = [
        (1, Created, 1),
        (2, Changed, 2),
        (3, Unchanged, 2),
        (4, Refused, 0),
        (5, Created, 1),
        (6, Refused, 0),
        (7, Refused, 0),
        (8, Refused, 0),
    ];
    assert_eq!(outcomes(&told), expected);
    assert_eq!(faults(&told[3]), "ARTICLE_NOT_AFTER article.valid_from");
    assert_eq!(faults(&told[5]), "IDENTIFIER_TAKEN article.identifiers");
    assert_eq!(
        faults(&told[6]),
        "MALFORMED article.article_number, MALFORMED article.name, \
         MALFORMED article.product_group"
    );
    assert_eq!(told[6].article_number, "R 5");
    assert_eq!(faults(&told[7]), "MALFORMED article");
    assert_eq!(world.kinds().await, ["ArticleChanged"; 3]);
    let old = world.article("R-1", "2024-12-31").await.unwrap();
    assert_eq!(old.article.unwrap().name, "Rollator");

    let again = world.import_file(items).await;
    let same = again.iter().map(pb::ImportedArticle::outcome);
    let same: Vec<_> = same.filter(|outcome| *outcome != Refused).collect();
    assert_eq!(same, [Unchanged; 4]);
    assert_eq!(world.kinds().await, ["ArticleChanged"; 3]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_over_all_batches_and_stores_nothing() {
    let world = World::open().await;
    let mut items = file(1001);
    items.push(item(1002, "R-00001", "Walker", "2025-01-01"));
    items.push(item(1003, "R-00002", "", "2025-01-01"));
    let said = world.import_file(dry(items.clone())).await;
    assert_eq!(world.kinds().await, [""; 0]);
    assert_eq!(world.page(0, "").await.unwrap().articles, []);
    let done = world.import_file(items).await;
    assert_eq!(said, done);
    assert_eq!(
        outcomes(&done)[1000..],
        [(1001, Created, 1), (1002, Changed, 2), (1003, Refused, 0)]
    );
}

#[tokio::test]
async fn a_file_that_broke_off_goes_on_when_it_is_sent_again() {
    let world = World::open().await;
    let items = file(1500);
    let (sender, receiver) = mpsc::channel(1500);
    for item in items[..1200].iter().cloned() {
        sender.send(item).await.unwrap();
    }
    let request = client::streaming_request(&importer(), ReceiverStream::new(receiver));
    let answers = world.articles.clone().import_articles(request).await;
    let mut answers = answers.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(first.items.len(), 1000, "a batch holds when it is answered");
    drop((answers, sender));

    let told = world.import_file(items).await;
    let created = told.iter().filter(|it| it.outcome() == Created).count();
    let unchanged = told.iter().filter(|it| it.outcome() == Unchanged).count();
    assert_eq!(created + unchanged, 1500);
    assert!(unchanged >= 1000, "{unchanged}");
    assert_eq!(world.kinds().await.len(), 1500);
}

#[tokio::test]
async fn every_broken_line_is_named_and_every_other_is_stored() {
    type Spoil = fn(&mut pb::Article);
    let world = World::open().await;
    let spoils: [(&str, Spoil); 4] = [
        ("article.name", |it| it.name.clear()),
        ("article.iso_code", |it| it.iso_code = "12".to_owned()),
        ("article.valid_from", |it| it.valid_from = None),
        ("article.identifiers[0].value", |it| {
            it.identifiers = vec![pb::Identifier {
                kind: pb::IdentifierKind::Gtin.into(),
                value: "7310865004704".to_owned(),
                issuer: String::new(),
            }];
        }),
    ];
    let mut items = file(400);
    for (at, item) in items.iter_mut().step_by(20).enumerate() {
        let (_, spoil) = spoils[at % spoils.len()];
        spoil(item.article.as_mut().unwrap());
    }
    let told = world.import_file(items).await;
    let broken: Vec<_> = told.iter().filter(|it| it.outcome() == Refused).collect();
    assert_eq!(broken.len(), 20);
    for (at, it) in broken.into_iter().enumerate() {
        assert_eq!(it.line, 20 * u32::try_from(at).unwrap() + 1);
        assert_eq!(
            faults(it),
            format!("MALFORMED {}", spoils[at % spoils.len()].0)
        );
    }
    assert_eq!(world.kinds().await.len(), 380);
}

#[tokio::test]
async fn what_one_tenant_imports_is_not_anothers() {
    let world = World::open().await;
    world.import_file(file(3)).await;
    let stranger = aid_centre(OTHER_TENANT, "stranger");
    let request = client::streaming_request(&stranger, stream::iter(file(3)));
    let answers = world.articles.clone().import_articles(request).await;
    let told = answers
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        outcomes(&told.items),
        [(1, Created, 1), (2, Created, 1), (3, Created, 1)]
    );
}
