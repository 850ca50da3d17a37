//! The wall between tenants, in the service and in the database under it.

use hjm_postgres::Context;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::client;
use hjm_testkit::{OTHER_TENANT, aid_centre};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tonic::Code;

use crate::classification::import_mapped;
use crate::support::{RENT, RENT_ID, World, importer, price, rollator, second_person};

const TABLES: [&str; 11] = [
    "article",
    "article_relation",
    "article_version",
    "decision",
    "iso_code",
    "iso_mapping",
    "price",
    "policy",
    "policy_activation",
    "feed_event",
    "idempotency",
];

async fn filled() -> World {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    world
        .set_price(price("R-100", "1.80", "2025-01-01"))
        .await
        .unwrap();
    import_mapped(&world).await;
    world.create(rollator("R-200")).await.unwrap();
    let told = pb::Relation {
        kind: pb::RelationKind::Compatible.into(),
        article_number: "R-100".to_owned(),
        other_number: "R-200".to_owned(),
        valid_from: hjm_testkit::date("2024-01-01"),
        ..Default::default()
    };
    world.relate(told).await.unwrap();
    world.import(RENT).await.unwrap();
    world
        .activate(&second_person(), RENT_ID, 1, "2025-01-01")
        .await
        .unwrap();
    let request = client::request(&importer(), pb::GetRentPolicyRequest::default());
    let mut decisions = world.decisions.clone();
    decisions.get_rent_policy(request).await.unwrap();
    world
}

async fn serving(world: &World) -> PgConnection {
    let url = world.database.serving_url(Context::Catalogue);
    PgConnection::connect(&url).await.unwrap()
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM catalogue.{table}"));
    let row = sqlx::raw_sql(sql).fetch_one(connection).await.unwrap();
    row.get(0)
}

#[tokio::test]
async fn i33_without_a_tenant_nothing_is_read_and_nothing_written() {
    let world = filled().await;
    let mut connection = serving(&world).await;
    for table in TABLES {
        assert_eq!(count(&mut connection, table).await, 0, "{table}");
    }
    let insert = "INSERT INTO catalogue.article VALUES ('jamtland-harjedalen', 'X')";
    assert!(
        sqlx::raw_sql(insert)
            .execute(&mut connection)
            .await
            .is_err()
    );
    let set = "SELECT set_config('hjm.tenant', 'jamtland-harjedalen', false)";
    sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
    for table in TABLES {
        assert!(count(&mut connection, table).await > 0, "{table}");
    }
    let set = "SELECT set_config('hjm.tenant', 'dalarna', false)";
    sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
    for table in TABLES {
        assert_eq!(
            count(&mut connection, table).await,
            0,
            "{table} of the other tenant"
        );
    }
}

#[tokio::test]
async fn i7_policies_and_what_was_told_are_neither_changed_nor_deleted() {
    let world = filled().await;
    let mut serving = serving(&world).await;
    let set = "SELECT set_config('hjm.tenant', 'jamtland-harjedalen', false)";
    sqlx::raw_sql(set).execute(&mut serving).await.unwrap();
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    for change in [
        "UPDATE catalogue.policy SET text = ''",
        "UPDATE catalogue.policy_activation SET active_from = '2020-01-01'",
        "DELETE FROM catalogue.policy_activation",
        "UPDATE catalogue.feed_event SET payload = ''",
        "DELETE FROM catalogue.idempotency",
        "TRUNCATE catalogue.policy_activation",
    ] {
        assert!(
            sqlx::raw_sql(change).execute(&mut serving).await.is_err(),
            "{change}"
        );
        assert!(
            sqlx::raw_sql(change).execute(&mut admin).await.is_err(),
            "{change} as admin"
        );
    }
    let change = "UPDATE catalogue.price SET price = 0";
    assert!(
        sqlx::raw_sql(change).execute(&mut serving).await.is_err(),
        "{change}"
    );
}

#[tokio::test]
async fn i30_another_tenant_finds_neither_article_nor_policy_nor_events() {
    let world = filled().await;
    let stranger = aid_centre(OTHER_TENANT, "stranger");
    let article = pb::GetArticleRequest {
        article_number: "R-100".to_owned(),
        as_of: None,
    };
    let mut articles = world.articles.clone();
    let got = articles
        .get_article(client::request(&stranger, article))
        .await;
    assert_eq!(got.unwrap_err().code(), Code::NotFound);
    let policy = pb::GetPolicyRequest {
        policy_id: RENT_ID.to_owned(),
        version: 1,
    };
    let mut policies = world.policies.clone();
    let got = policies
        .get_policy(client::request(&stranger, policy))
        .await;
    assert_eq!(got.unwrap_err().code(), Code::NotFound);
    let activate = world.activate(&stranger, RENT_ID, 1, "2025-02-01").await;
    assert_eq!(activate.unwrap_err().code(), Code::NotFound);
    let code = pb::GetIsoCodeRequest {
        code: "12".to_owned(),
        edition: 2016,
        as_of: None,
    };
    let mut classification = world.classification.clone();
    let got = classification
        .get_iso_code(client::request(&stranger, code))
        .await;
    assert_eq!(got.unwrap_err().code(), Code::NotFound);
    let mut feed = world.feed.clone();
    let head = feed
        .get_head(client::request(&stranger, pb::GetHeadRequest {}))
        .await;
    assert_eq!(head.unwrap().into_inner().position, "");

    let same_number = client::request(&stranger, rollator("R-100"));
    assert!(
        articles.create_article(same_number).await.is_ok(),
        "numbers are a tenant's own"
    );
}

#[tokio::test]
async fn who_does_not_say_who_calls_gets_nothing() {
    let world = World::open().await;
    let refused = world
        .articles
        .clone()
        .create_article(rollator("R-100"))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
}
