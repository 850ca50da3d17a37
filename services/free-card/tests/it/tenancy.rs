//! The wall between tenants, in the service and in the database under it.

use hjm_postgres::Context;
use hjm_proto::free_card::v1 as pb;
use hjm_service::client;
use hjm_testkit::{TENANT, aid_centre, reason, request_id};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tonic::Code;

use crate::support::{SCHEME, World, cancelling, person};

async fn serving(world: &World) -> PgConnection {
    let url = world.database.serving_url(Context::FreeCard);
    PgConnection::connect(&url).await.unwrap()
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM free_card.{table}"));
    let row = sqlx::raw_sql(sql).fetch_one(connection).await.unwrap();
    row.get(0)
}

const TABLES: [&str; 16] = [
    "account",
    "account_event",
    "standing",
    "claim",
    "claim_decision",
    "subject_event",
    "link_event",
    "pool",
    "pool_event",
    "identity_alias",
    "access_batch",
    "known_subject",
    "feed_event",
    "idempotency",
    "follower",
    "followed_policy",
];

/// Something in every table.
async fn fill(world: &World) {
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-06-10", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    world
        .decide(&fee_id, pb::ClaimState::Approved)
        .await
        .unwrap();
    world.opt_out(&recipient).await;
    world.link_reserve(&person(), &person()).await;
    let (one, other) = (person(), person());
    let children = [(one.as_str(), "2015-05-01"), (other.as_str(), "2016-05-01")];
    world.pool(&children).await.unwrap();
    world.find("194301027472").await.unwrap();
}

#[tokio::test]
async fn i33_without_a_tenant_nothing_is_read_and_nothing_written() {
    let world = World::open("2024-06-10").await;
    fill(&world).await;
    let mut connection = serving(&world).await;
    for table in TABLES {
        assert_eq!(count(&mut connection, table).await, 0, "{table}");
    }
    let insert = "INSERT INTO free_card.account VALUES \
                  ('dalarna', gen_random_uuid(), 'dalarna-devices', gen_random_uuid())";
    assert!(
        sqlx::raw_sql(insert)
            .execute(&mut connection)
            .await
            .is_err()
    );

    let set = "SELECT set_config('hjm.tenant', 'dalarna', false)";
    sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
    for table in TABLES {
        assert!(count(&mut connection, table).await > 0, "{table}");
    }
}

#[tokio::test]
async fn i7_what_was_registered_is_neither_changed_nor_deleted() {
    let world = World::open("2024-06-10").await;
    world.charge(&person(), "2024-06-10", "250").await;
    let mut connection = serving(&world).await;
    let set = "SELECT set_config('hjm.tenant', 'dalarna', false)";
    sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
    for change in [
        "UPDATE free_card.account_event SET charged_ore = 0",
        "UPDATE free_card.account SET account_id = gen_random_uuid()",
        "UPDATE free_card.account SET scheme_id = 'other'",
        "DELETE FROM free_card.account_event",
        "DELETE FROM free_card.account",
        "TRUNCATE free_card.account_event",
        "DELETE FROM free_card.standing",
        "DELETE FROM free_card.claim",
        "UPDATE free_card.claim_decision SET amount_ore = 0",
        "DELETE FROM free_card.subject_event",
        "DELETE FROM free_card.link_event",
        "UPDATE free_card.link_event SET kind = 'UNLINKED'",
        "UPDATE free_card.pool SET scheme_id = 'other'",
        "DELETE FROM free_card.pool_event",
        "UPDATE free_card.identity_alias SET subject_id = gen_random_uuid()",
        "DELETE FROM free_card.known_subject",
        "UPDATE free_card.access_batch SET user_names = '{}'",
        "DELETE FROM free_card.access_batch",
    ] {
        assert!(
            sqlx::raw_sql(change)
                .execute(&mut connection)
                .await
                .is_err(),
            "{change}"
        );
    }
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    let change = "UPDATE free_card.account_event SET charged_ore = 0";
    assert!(
        sqlx::raw_sql(change).execute(&mut admin).await.is_err(),
        "the trigger refuses too"
    );
}

#[tokio::test]
async fn i30_another_tenant_finds_neither_fee_nor_scheme_nor_events() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    let (_, fee_id) = world.charge(&recipient, "2024-06-10", "250").await;
    let stranger = aid_centre(TENANT, "desk");
    let mut client = world.free_card.clone();
    let cancel = client.cancel_fee(client::request(&stranger, cancelling(&fee_id)));
    assert_eq!(cancel.await.unwrap_err().code(), Code::NotFound);
    let status = pb::GetStatusRequest {
        recipient_id: recipient.clone(),
        scheme_id: SCHEME.to_owned(),
        ..Default::default()
    };
    let status = client.get_status(client::request(&stranger, status)).await;
    assert_eq!(reason(&status.unwrap_err()), "SCHEME_UNKNOWN");
    let mut client = world.feed.clone();
    let head = client.get_head(client::request(&stranger, pb::GetHeadRequest {}));
    assert_eq!(head.await.unwrap().into_inner().position, "");
    assert!(!world.list(&recipient).await[0].cancelled);
}

#[tokio::test]
async fn who_does_not_say_who_calls_gets_nothing() {
    let world = World::open("2024-06-10").await;
    let request = pb::CancelFeeRequest {
        request_id: request_id(),
        ..cancelling(&person())
    };
    let refused = world
        .free_card
        .clone()
        .cancel_fee(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}
