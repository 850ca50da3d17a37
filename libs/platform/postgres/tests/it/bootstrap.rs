use hjm_postgres::Context;
use hjm_postgres::bootstrap::{bootstrap, create_database, drop_database};
use sqlx::{Connection, Executor as _, PgConnection, Row as _};

use crate::{connect, fresh, run, text};

#[tokio::test]
async fn it_may_run_twice_and_leaves_an_administrators_setting_alone() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    bootstrap(&mut admin).await.unwrap();
    run(
        &mut admin,
        "ALTER ROLE hjm_billing SET search_path = elsewhere",
    )
    .await
    .unwrap();
    bootstrap(&mut admin).await.unwrap();
    let mut billing = connect(
        &fresh
            .server
            .admin_url("hjm")
            .replace("hjm@", "hjm_billing@"),
    )
    .await;
    assert_eq!(text(&mut billing, "SHOW search_path").await, "elsewhere");
}

#[tokio::test]
async fn databases_of_one_cluster_may_be_bootstrapped_at_the_same_moment() {
    let fresh = fresh();
    let admin_url = fresh.server.admin_url("postgres");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..6 {
        let (admin_url, name) = (admin_url.clone(), format!("concurrent_{number}"));
        create_database(&admin_url, &name, None).await.unwrap();
        // Twice each: within a database it must be safe too.
        for _ in 0..2 {
            let url = fresh.server.admin_url(&name);
            tasks.spawn(async move { bootstrap(&mut connect(&url).await).await });
        }
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    for number in 0..6 {
        let database = format!("concurrent_{number}");
        let url = fresh.server.serving_url(Context::FreeCard, &database);
        let mut serving = connect(&url).await;
        assert_eq!(
            text(&mut serving, "SELECT current_schema()::text").await,
            "free_card"
        );
    }
}

#[tokio::test]
async fn lists_and_words_are_searched_by_their_indexes_under_row_security() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    bootstrap(&mut admin).await.unwrap();
    run(
        &mut admin,
        "CREATE TABLE billing.batch (tenant_id text, ids uuid[], words tsvector);
         ALTER TABLE billing.batch ENABLE ROW LEVEL SECURITY;
         CREATE POLICY tenant ON billing.batch
            USING (tenant_id = current_setting('hjm.tenant', true));
         CREATE INDEX batch_ids ON billing.batch USING gin (tenant_id, ids);
         CREATE INDEX batch_words ON billing.batch USING gin (tenant_id, words);
         GRANT SELECT ON billing.batch TO hjm_billing",
    )
    .await
    .unwrap();
    let mut serving = connect(&fresh.server.serving_url(Context::Billing, "hjm")).await;
    run(&mut serving, "SET enable_seqscan = off").await.unwrap();
    for (statement, condition) in [
        (
            "EXPLAIN SELECT FROM batch WHERE tenant_id = 'dalarna' AND ids && '{}'::uuid[]",
            "(ids && ",
        ),
        (
            "EXPLAIN SELECT FROM batch WHERE tenant_id = 'dalarna' AND words @@ 'chair'::tsquery",
            "(words @@ ",
        ),
    ] {
        let rows = serving.fetch_all(sqlx::raw_sql(statement)).await.unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let mut found = lines.iter().filter(|line| line.contains("Index Cond"));
        assert!(found.any(|line| line.contains(condition)), "{lines:#?}");
    }
}

#[tokio::test]
async fn serving_roles_are_bound_by_row_security_and_own_nothing() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    bootstrap(&mut admin).await.unwrap();
    let roles = text(
        &mut admin,
        "SELECT string_agg(concat_ws(' ', rolname, rolcanlogin, rolsuper, rolbypassrls), ', ' \
             ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'hjm\\_%'",
    )
    .await;
    assert_eq!(
        roles,
        "hjm_billing t f f, hjm_billing_owner f f f, hjm_catalogue t f f, hjm_catalogue_owner f f \
         f, hjm_free_card t f f, hjm_free_card_owner f f f, hjm_prescription t f f, \
         hjm_prescription_owner f f f"
    );
    for context in Context::ALL {
        let mut serving = connect(&fresh.server.serving_url(context, "hjm")).await;
        assert_eq!(
            text(&mut serving, "SELECT current_schema()::text").await,
            context.schema()
        );
        assert!(
            run(&mut serving, "CREATE TABLE mine (id bigint)")
                .await
                .is_err()
        );
        assert!(
            run(&mut serving, "CREATE TABLE public.mine (id bigint)")
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn migrations_run_as_the_owner_in_its_schema() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    bootstrap(&mut admin).await.unwrap();
    let mut owner = connect(&fresh.server.migration_url(Context::Billing, "hjm")).await;
    run(&mut owner, "CREATE SCHEMA IF NOT EXISTS billing")
        .await
        .unwrap();
    run(
        &mut owner,
        "CREATE TABLE rental (tenant_id text, during daterange, \
             EXCLUDE USING gist (tenant_id WITH =, during WITH &&))",
    )
    .await
    .unwrap();
    let owns = text(
        &mut admin,
        "SELECT tableowner::text FROM pg_tables WHERE tablename = 'rental'",
    );
    assert_eq!(owns.await, "hjm_billing_owner");

    let mut serving = connect(&fresh.server.serving_url(Context::Billing, "hjm")).await;
    assert!(
        run(&mut serving, "SELECT FROM rental").await.is_err(),
        "nothing is granted unasked"
    );
    assert!(
        run(&mut serving, "SELECT FROM catalogue.anything")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn owners_cannot_log_in() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    bootstrap(&mut admin).await.unwrap();
    let url = fresh
        .server
        .admin_url("hjm")
        .replace("hjm@", "hjm_billing_owner@");
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn a_database_is_made_from_a_template_and_dropped_under_its_users() {
    let fresh = fresh();
    let admin_url = fresh.server.admin_url("postgres");
    let mut template = connect(&fresh.server.admin_url("hjm")).await;
    run(
        &mut template,
        "CREATE TABLE copied AS SELECT 'word' AS word",
    )
    .await
    .unwrap();
    template.close().await.unwrap();

    let name = "a \"quoted\" name";
    create_database(&admin_url, name, Some("hjm"))
        .await
        .unwrap();
    assert!(
        create_database(&admin_url, name, None).await.is_err(),
        "the name is taken"
    );
    let mut copy = connect(&fresh.server.admin_url(name)).await;
    assert_eq!(text(&mut copy, "SELECT word FROM copied").await, "word");

    drop_database(&admin_url, name).await.unwrap();
    drop_database(&admin_url, name).await.unwrap();
    assert!(
        PgConnection::connect(&fresh.server.admin_url(name))
            .await
            .is_err()
    );
}
