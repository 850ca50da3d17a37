//! The wall between tenants, in the database itself: every table, in the serving roles.

use hjm_postgres::Context;
use hjm_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::{
    stories,
    support::{self, World},
};
use hjm::story::{Telling, county::DALARNA};

/// Tables with a tenant, as `schema.table`, with what is wrong about each.
async fn breaches(connection: &mut PgConnection) -> Vec<String> {
    let sql = "
        SELECT format('%I.%I', n.nspname, c.relname) || ': ' || wrong.what AS breach
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN LATERAL (
              SELECT 'no column tenant_id' AS what
               WHERE NOT EXISTS (SELECT FROM pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
              UNION ALL SELECT 'row-level security is not forced'
               WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)
              UNION ALL SELECT 'no policy on the tenant'
               WHERE NOT EXISTS (SELECT FROM pg_policy p
                                  WHERE p.polrelid = c.oid AND p.polpermissive
                                    AND pg_get_expr(p.polqual, c.oid) LIKE '%hjm.tenant%')
              UNION ALL SELECT 'the key ' || i.indexrelid::regclass || ' does not begin with the tenant'
                FROM pg_index i
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
               WHERE i.indrelid = c.oid AND i.indisunique AND a.attname = 'tenant_id'
                 AND i.indkey[0] <> a.attnum
              UNION ALL SELECT 'the key ' || i.indexrelid::regclass || ' has no tenant'
                FROM pg_index i
               WHERE i.indrelid = c.oid AND i.indisunique
                 AND NOT EXISTS (SELECT FROM pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                                    AND a.attnum = ANY (i.indkey::int2[]))
          ) wrong
         WHERE n.nspname IN ('catalogue', 'prescription', 'billing', 'free_card')
           AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
         ORDER BY 1";
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get("breach")).collect()
}

/// Rows that a service's role sees of its own tables when it has not said whose books it means.
async fn seen_without_tenant(database: &TestDatabase, context: Context) -> Vec<(String, i64)> {
    let url = database.serving_url(context);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let sql = format!(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '{}' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND has_table_privilege(c.oid, 'SELECT')",
        context.schema()
    );
    let tables = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut seen = Vec::new();
    for table in tables {
        let name: String = table.get(0);
        let sql = format!("SELECT count(*) FROM {}.{name}", context.schema());
        let row = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        seen.push((name, row.get(0)));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_walled_and_without_a_tenant_nothing_is_read() {
    let world = World::open().await;
    let teller = world.teller(&DALARNA, "story-dalarna");
    stories::dalarna_is_told(&teller, Telling::First).await;
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    assert_eq!(breaches(&mut admin).await, Vec::<String>::new());
    for context in Context::ALL {
        let seen = seen_without_tenant(&world.database, context).await;
        assert!(
            seen.len() > 3,
            "{context:?} reads {} tables: too few to prove anything",
            seen.len()
        );
        assert!(
            seen.iter().all(|(_, rows)| *rows == 0),
            "{context:?} sees {seen:?}"
        );
    }
}

/// The harness itself: a table that forgot its policy, its force or its tenant must be found.
#[tokio::test]
async fn an_open_table_is_found() {
    let database = support::database().await;
    let mut admin = PgConnection::connect_with(&database.admin()).await.unwrap();
    let sql = "CREATE TABLE billing.forgotten (id uuid PRIMARY KEY, tenant_id text);
               ALTER TABLE billing.forgotten ENABLE ROW LEVEL SECURITY";
    sqlx::raw_sql(sql).execute(&mut admin).await.unwrap();
    assert_eq!(
        breaches(&mut admin).await,
        [
            "billing.forgotten: no policy on the tenant",
            "billing.forgotten: row-level security is not forced",
            "billing.forgotten: the key billing.forgotten_pkey has no tenant",
        ]
    );
}
