//! What the four service programs have in common: migrate, listen, say what went wrong.

use std::{fmt::Display, net::SocketAddr, process::ExitCode};

use sqlx::{ConnectOptions as _, migrate::Migrator, postgres::PgConnectOptions};
use tokio::net::TcpListener;

use crate::Failure;

/// Flags of `migrate`.
#[derive(Debug, Clone, clap::Args)]
pub struct MigrateArgs {
    /// URL of the database for a login that may act as the schema's owner.
    #[arg(long, env = "MIGRATION_DATABASE_URL", hide_env_values = true)]
    pub migration_database_url: String,
}

/// Brings a service's schema up to date, as its owner.
///
/// # Errors
/// When the database is away, the bootstrap has not made the owner, or a migration fails.
pub async fn migrate(url: &str, schema: &str, migrations: &Migrator) -> Result<(), Failure> {
    let options: PgConnectOptions = url.parse()?;
    let path = format!("{schema},public");
    let role = format!("hjm_{schema}_owner");
    let mut connection = options
        .options([("search_path", path), ("role", role)])
        .connect()
        .await?;
    migrations
        .run(&mut connection)
        .await
        .map_err(|error| Failure::Internal(error.into()))
}

/// Listens on an address.
///
/// # Errors
/// [`Failure::Internal`] naming the address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::internal(format!("cannot listen on {address}: {error}")))
}

/// The program's exit: on failure one line on standard error, with the cause.
pub fn exit<E: Display + std::error::Error>(outcome: Result<(), E>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error
                .source()
                .map_or(String::new(), |source| format!(": {source}"));
            tracing::error!("{error}{cause}");
            ExitCode::FAILURE
        }
    }
}
