//! A database for one test, copied from a template that is migrated once.

use std::future::Future;

use hjm_postgres::{Context, bootstrap::bootstrap};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

/// A database of one test; dropped with the private server.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A fresh database with the schemas that `migrate` makes; it is called once for all tests
    /// of the same `template`.
    ///
    /// # Panics
    /// When there is no server in `DATABASE_URL`, or a migration fails.
    pub async fn create<F>(template: &str, migrate: impl FnOnce(Self) -> F) -> Self
    where
        F: Future<Output = ()>,
    {
        let template = Self {
            name: format!("template_{template}"),
        };
        let mut admin = PgConnection::connect_with(&server())
            .await
            .expect("DATABASE_URL");
        template.make_once(&mut admin, migrate).await;
        let database = Self {
            name: format!("test_{}", Uuid::now_v7().simple()),
        };
        let create = format!(
            "CREATE DATABASE {} TEMPLATE {}",
            database.name, template.name
        );
        execute(&mut admin, create).await;
        database
    }

    async fn make_once<F>(&self, admin: &mut PgConnection, migrate: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()>,
    {
        execute(
            admin,
            "SELECT pg_advisory_lock(hashtext('template'))".to_owned(),
        )
        .await;
        // Not by connecting: nobody may be connected to a template that is being copied.
        let find = format!("SELECT FROM pg_database WHERE datname = '{}'", self.name);
        let found = sqlx::raw_sql(AssertSqlSafe(find))
            .fetch_optional(&mut *admin)
            .await;
        if found.expect("an answer").is_none() {
            execute(admin, format!("CREATE DATABASE {}_new", self.name)).await;
            let new = Self {
                name: format!("{}_new", self.name),
            };
            let mut inside = PgConnection::connect_with(&new.admin())
                .await
                .expect("a database");
            bootstrap(&mut inside).await.expect("the bootstrap");
            inside.close().await.expect("a closed connection");
            migrate(new).await;
            execute(
                admin,
                format!("ALTER DATABASE {0}_new RENAME TO {0}", self.name),
            )
            .await;
        }
        execute(
            admin,
            "SELECT pg_advisory_unlock(hashtext('template'))".to_owned(),
        )
        .await;
    }

    /// Options of a connection as superuser, whom row-level security does not bind.
    pub fn admin(&self) -> PgConnectOptions {
        server().database(&self.name)
    }

    /// Adds an event that no service would tell to the end of a context's feed, which has some;
    /// answers its sequence.
    ///
    /// # Panics
    /// When it cannot be added.
    pub async fn forge_event(&self, context: Context, tenant: &str, payload: &[u8]) -> i64 {
        let schema = context.schema();
        let sql = format!(
            "INSERT INTO {schema}.feed_event (tenant_id, sequence, event_id, kind, aggregate_id,
                                              aggregate_version, recorded_at, payload)
             SELECT tenant_id, max(sequence) + 1, gen_random_uuid(), 'Forged',
                    'forged ' || max(sequence), 1, max(recorded_at), $2
               FROM {schema}.feed_event WHERE tenant_id = $1 GROUP BY tenant_id
             RETURNING sequence"
        );
        let mut admin = PgConnection::connect_with(&self.admin())
            .await
            .expect("a database");
        forge(&mut admin, sql, tenant, payload).await
    }

    /// The URL by which a context serves from it.
    pub fn serving_url(&self, context: Context) -> String {
        self.url(&context.serving_role())
    }

    /// The URL by which a context migrates it.
    pub fn migration_url(&self) -> String {
        self.url(server().get_username())
    }

    fn url(&self, role: &str) -> String {
        let socket = server()
            .get_socket()
            .cloned()
            .expect("a private server's socket");
        format!(
            "postgres://{role}@localhost/{}?host={}",
            self.name,
            socket.display()
        )
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "with-server hands the server over this way"
)]
fn server() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL").expect("run me in with-server: DATABASE_URL is unset");
    url.parse().expect("a database URL")
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .expect("a statement");
}

#[expect(
    clippy::disallowed_methods,
    reason = "whose feed is a test's choice, so no statement can be checked"
)]
async fn forge(admin: &mut PgConnection, sql: String, tenant: &str, payload: &[u8]) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(tenant)
        .bind(payload)
        .fetch_one(admin)
        .await
        .expect("a forged event")
}
