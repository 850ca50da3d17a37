//! The door to PostgreSQL: a pool in the serving role, and transactions under one tenant.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use hjm_ids::{PrincipalId, TenantId};
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Failure, failure::is_lost};

const CONNECTIONS_MAX: u32 = 12;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Which database, and as whom.
#[derive(Clone, clap::Args)]
pub struct DatabaseArgs {
    /// URL of the database in the role that serves.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

impl DatabaseArgs {
    /// For a service whose every statement goes by a key. A statement is planned once, while its
    /// tables may still be empty: what is then the quickest plan is the slowest when they are full.
    ///
    /// # Errors
    /// [`Failure::Internal`] when the URL cannot be read.
    pub fn by_key(&self) -> Result<PgConnectOptions, Failure> {
        let options: PgConnectOptions = self.database_url.parse()?;
        Ok(options.options([
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ]))
    }
}

impl fmt::Debug for DatabaseArgs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseArgs(…)")
    }
}

/// What a transaction may see: one tenant, and inside it one principal's rows or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The principal; `None` sees the whole tenant.
    pub principal: Option<PrincipalId>,
}

impl Scope {
    /// All of a tenant.
    pub fn whole(tenant: TenantId) -> Self {
        Self {
            tenant,
            principal: None,
        }
    }

    fn begin(&self) -> String {
        // Both are slugs of lower-case letters, digits and hyphens, so nothing can be injected. SET
        // is not planned: a SELECT of set_config costs ten times as much.
        let principal = self
            .principal
            .as_ref()
            .map_or("*".to_owned(), ToString::to_string);
        format!(
            "BEGIN; SET LOCAL hjm.tenant = '{}'; SET LOCAL hjm.principal = '{principal}'",
            self.tenant
        )
    }
}

/// The future of work inside a transaction.
pub type TxFuture<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// A pool in the serving role of one service.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// Connects, and refuses a role that row-level security does not bind.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away; [`Failure::Internal`] when the role is
    /// a superuser, bypasses row-level security, or owns the schema.
    pub async fn connect(options: PgConnectOptions, schema: &str) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // The first statement finds out: see `begin`.
            .test_before_acquire(false)
            .connect_with(options.options([
                ("search_path", schema),
                ("jit", "off"),
                // Statements are few and prepared: planned once, also over many partitions.
                ("plan_cache_mode", "force_generic_plan"),
            ]))
            .await?;
        let database = Self { pool };
        database.refuse_powerful_role(schema).await?;
        Ok(database)
    }

    async fn refuse_powerful_role(&self, schema: &str) -> Result<(), Failure> {
        let role = sqlx::query!(
            r#"SELECT current_user::text AS "name!",
                      rolsuper OR rolbypassrls AS "powerful!",
                      EXISTS (SELECT FROM pg_namespace
                               WHERE nspname = $1 AND nspowner = pg_roles.oid) AS "owner!"
                 FROM pg_roles WHERE rolname = current_user"#,
            schema
        )
        .fetch_one(&self.pool)
        .await?;
        if role.powerful || role.owner {
            return Err(Failure::internal(format!(
                "{} may not serve: use the schema's serving role, which owns nothing",
                role.name
            )));
        }
        Ok(())
    }

    /// The pool, for what is not about a tenant.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Opens a transaction under a scope. On a task of its own: a begin that its caller cancels
    /// half-way would hand the next one a connection with a transaction open. A connection that was
    /// lost while it waited is passed over: nothing has begun on it.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away.
    pub async fn begin(&self, scope: &Scope) -> Result<Transaction<'static, Postgres>, Failure> {
        let (database, scope) = (self.clone(), scope.clone());
        let begun = tokio::spawn(async move { database.begin_here(&scope).await });
        begun
            .await
            .map_err(|error| Failure::internal(format!("a begin was lost: {error}")))?
    }

    /// As [`begin`](Self::begin), on a task that nobody cancels.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away.
    pub async fn begin_here(
        &self,
        scope: &Scope,
    ) -> Result<Transaction<'static, Postgres>, Failure> {
        let sql = scope.begin();
        for _ in 0..CONNECTIONS_MAX {
            match self.pool.begin_with(AssertSqlSafe(sql.clone())).await {
                Err(lost) if is_lost(&lost) => {}
                begun => return Ok(begun?),
            }
        }
        Ok(self.pool.begin_with(AssertSqlSafe(sql)).await?)
    }

    /// One statement that is a transaction of its own and may be begun again: a connection that was
    /// lost while it waited is passed over.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away.
    pub async fn once<T, F: Future<Output = sqlx::Result<T>>>(
        &self,
        statement: impl Fn(PoolConnection<Postgres>) -> F,
    ) -> Result<T, Failure> {
        for _ in 0..CONNECTIONS_MAX {
            match statement(self.pool.acquire().await?).await {
                Err(lost) if is_lost(&lost) => {}
                done => return Ok(done?),
            }
        }
        Ok(statement(self.pool.acquire().await?).await?)
    }

    /// Reads in one transaction under a scope.
    ///
    /// # Errors
    /// Those of the work, and [`Failure::Unavailable`].
    pub async fn read<T, E>(
        &self,
        scope: &Scope,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, T, E>,
    ) -> Result<T, E>
    where
        E: From<Failure>,
    {
        let mut tx = self.begin(scope).await?;
        let found = work(&mut tx).await?;
        tx.commit().await.map_err(Failure::from)?;
        Ok(found)
    }

    /// What follows in the transaction is planned each time, for its own values and the tables as
    /// they are: for statements that do much, beside which planning is little, and for those of
    /// which conditions may be absent, where a plan for all of them uses no index for any.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away.
    pub async fn plan_each(connection: &mut PgConnection) -> Result<(), Failure> {
        sqlx::raw_sql("SET LOCAL plan_cache_mode = force_custom_plan")
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Whether the database answers; for the health check.
    pub async fn answers(&self) -> bool {
        sqlx::raw_sql("SELECT 1").execute(&self.pool).await.is_ok()
    }
}
