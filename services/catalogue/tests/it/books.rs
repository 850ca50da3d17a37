//! Looking through the books, over good ones and over broken ones.

use hjm_postgres::Context;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{client, verify::Finding};
use hjm_testkit::{TENANT, date};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::classification::import_mapped;
use crate::support::{RENT, RENT_ID, World, importer, price, rollator, second_person};

async fn filled() -> World {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    world
        .set_price(price("R-100", "1.80", "2024-01-01"))
        .await
        .unwrap();
    world
        .set_price(price("R-100", "1.95", "2025-01-01"))
        .await
        .unwrap();
    world.import(RENT).await.unwrap();
    import_mapped(&world).await;
    world
        .activate(&second_person(), RENT_ID, 1, "2024-01-01")
        .await
        .unwrap();
    let request = client::request(&importer(), pb::GetRentPolicyRequest::default());
    world
        .decisions
        .clone()
        .get_rent_policy(request)
        .await
        .unwrap();
    world
}

async fn verify(world: &World) -> Vec<Finding> {
    let url = world.database.serving_url(Context::Catalogue);
    catalogue_service::verify(&url, &TENANT.parse().unwrap())
        .await
        .unwrap()
}

fn broken(findings: &[Finding]) -> Vec<&str> {
    let broken = findings
        .iter()
        .filter(|finding| !finding.breaches.is_empty());
    broken
        .map(|finding| finding.invariant.split(' ').next().unwrap())
        .collect()
}

async fn break_by(world: &World, sql: &'static str) {
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .unwrap();
}

#[tokio::test]
async fn good_books_hold_and_something_was_looked_at() {
    let world = filled().await;
    let findings = verify(&world).await;
    assert_eq!(broken(&findings), [""; 0], "{findings:?}");
    assert!(
        findings.iter().all(|finding| finding.checked > 0),
        "{findings:?}"
    );
}

#[tokio::test]
async fn i7_a_policy_that_was_changed_is_found() {
    let world = filled().await;
    break_by(
        &world,
        "ALTER TABLE catalogue.policy DISABLE TRIGGER ALL;
         UPDATE catalogue.policy SET text = replace(text, '7.2', '7.3')",
    )
    .await;
    // What it decided comes out by another text, too.
    assert_eq!(broken(&verify(&world).await), ["I7", "I46"]);
}

#[tokio::test]
async fn i46_a_decision_that_was_changed_is_found() {
    let world = filled().await;
    break_by(
        &world,
        "ALTER TABLE catalogue.decision DISABLE TRIGGER ALL;
         UPDATE catalogue.decision SET answer = ''",
    )
    .await;
    assert_eq!(broken(&verify(&world).await), ["I46"]);
}

#[tokio::test]
async fn i45_a_price_that_does_not_follow_the_one_before_is_found() {
    let world = filled().await;
    let sql = "UPDATE catalogue.price SET valid_to = '2024-12-01' WHERE valid_to IS NOT NULL";
    break_by(&world, sql).await;
    assert_eq!(broken(&verify(&world).await), ["I45"]);
}

#[tokio::test]
async fn a_code_without_what_it_lies_under_is_found() {
    let world = filled().await;
    let sql = "UPDATE catalogue.iso_code SET valid_from = '2020-01-01'
                WHERE edition = 2016 AND code = '1206'";
    break_by(&world, sql).await;
    let findings = verify(&world).await;
    let found = findings.iter().find(|finding| !finding.breaches.is_empty());
    let breaches = &found.unwrap().breaches;
    assert_eq!(breaches, &["120603 of 2016", "120606 of 2016"]);
}

#[tokio::test]
async fn i47_a_version_that_does_not_follow_the_one_before_is_found() {
    let world = filled().await;
    let mut article = rollator("R-100").article.unwrap();
    article.valid_from = date("2025-01-01");
    world.change(article, 1).await.unwrap();
    assert_eq!(broken(&verify(&world).await), [""; 0]);
    let sql = "UPDATE catalogue.article_version SET valid_to = '2024-12-01'
                WHERE valid_to IS NOT NULL";
    break_by(&world, sql).await;
    assert_eq!(broken(&verify(&world).await), ["I47"]);
}
