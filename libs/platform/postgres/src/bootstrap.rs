//! The roles, schemas and databases the services start from. Migrations make tables; this makes
//! who may own and use them.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The statements of the bootstrap, to be run in one transaction by a superuser.
pub const BOOTSTRAP_SQL: &str = include_str!("../sql/bootstrap.sql");

/// A bounded context: one service, one schema, two roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// What can be prescribed, at what price and fee, and who pays.
    Catalogue,
    /// Persons, prescribers, devices and who holds what.
    Prescription,
    /// Rent, sales, own fees and statements.
    Billing,
    /// What a person still has to pay under a high-cost protection.
    FreeCard,
}

impl Context {
    /// All four, in the order data flows.
    pub const ALL: [Context; 4] = [
        Context::Catalogue,
        Context::Prescription,
        Context::Billing,
        Context::FreeCard,
    ];

    /// Its schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Context::Catalogue => "catalogue",
            Context::Prescription => "prescription",
            Context::Billing => "billing",
            Context::FreeCard => "free_card",
        }
    }

    /// `hjm_<schema>`: logs in, owns nothing, is bound by row-level security.
    pub fn serving_role(self) -> String {
        format!("hjm_{}", self.schema())
    }

    /// `hjm_<schema>_owner`: owns the schema and runs its migrations, and cannot log in.
    pub fn owner_role(self) -> String {
        format!("hjm_{}_owner", self.schema())
    }
}

/// Makes the roles, schemas and the extension in the database `admin` is connected to.
///
/// All or nothing, and idempotent: what exists stays as it is. Safe while other databases of the
/// same cluster are bootstrapped. `admin` must be a superuser without an open transaction.
///
/// # Errors
/// What the database answers; nothing is changed then.
pub async fn bootstrap(admin: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut tx = admin.begin().await?;
    tx.execute(sqlx::raw_sql(BOOTSTRAP_SQL)).await?;
    tx.commit().await
}

/// Makes the database `name`, empty or as a copy of `template`, which nobody may be connected to.
///
/// # Errors
/// What the database answers: the name is taken, the template missing or in use.
pub async fn create_database(
    admin_url: &str,
    name: &str,
    template: Option<&str>,
) -> Result<(), sqlx::Error> {
    let mut statement = format!("CREATE DATABASE {}", quoted(name));
    if let Some(template) = template {
        statement.push_str(" TEMPLATE ");
        statement.push_str(&quoted(template));
    }
    run(admin_url, statement).await
}

/// Drops the database `name` if there is one, and ends the sessions that use it.
///
/// # Errors
/// What the database answers; also when `admin_url` names that very database.
pub async fn drop_database(admin_url: &str, name: &str) -> Result<(), sqlx::Error> {
    run(
        admin_url,
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)),
    )
    .await
}

async fn run(admin_url: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(admin_url).await?;
    // Every identifier in it went through `quoted`.
    admin
        .execute(sqlx::raw_sql(AssertSqlSafe(statement)))
        .await?;
    admin.close().await
}

/// An SQL identifier that stands for exactly this name.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
