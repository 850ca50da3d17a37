//! The catalogue: what can be prescribed, at what price, under which dated policies.
//!
//! Owns the classification, articles, prices and policy documents; no person is in it. Publishes
//! every change in its feed, but for the classification, which nobody decides by; follows nobody.
//! A policy text is checked here by the domain libs that own its sections, put in force by a second
//! person, and decided with by whoever needs it, in its own process.

pub mod config;

mod app;
mod convert;
mod error;
mod events;
mod grpc;
mod store;
mod verify;

pub use verify::verify;

/// Every fault of a document whose envelope is right, as an import would tell it.
pub fn section_faults(document: &hjm_policy::PolicyDocument) -> Vec<hjm_policy::Fault> {
    app::policy::section_faults(document)
}

/// The JSON Schema of policy documents.
pub fn policy_schema() -> serde_json::Value {
    app::policy::schema()
}

use hjm_feed::Producer;
use hjm_service::{
    Clock, Database, Failure, crash,
    process::{self, listen},
    server::{self, Admission, Drain},
};
use tokio::net::TcpListener;
use tonic::service::RoutesBuilder;

/// The schema that holds the service's tables, and the name of its feed.
pub const SCHEMA: &str = "catalogue";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the use cases need.
#[derive(Debug, Clone)]
struct Deps {
    producer: Producer,
    decisions: app::decision::Decisions,
    clock: Clock,
    drain: Drain,
}

/// Brings the schema up to date.
///
/// # Errors
/// When the database is away or a migration fails.
pub async fn migrate(url: &str) -> Result<(), Failure> {
    process::migrate(url, SCHEMA, &MIGRATIONS).await
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When the configuration is refused, or the database or the address cannot be had.
pub async fn run(config: config::Serve) -> Result<(), Failure> {
    config.serve.check().map_err(Failure::internal)?;
    if let Some(at) = config.serve.crash_at.clone() {
        crash::arm(at);
    }
    let drain = Drain::default();
    drain
        .on_signals()
        .map_err(|error| Failure::Internal(error.into()))?;
    let listener = listen(config.serve.listen).await?;
    serve(config, listener, drain).await
}

/// Serves on a listener until the drain begins.
///
/// # Errors
/// When the database cannot be had or the transport fails.
pub async fn serve(
    config: config::Serve,
    listener: TcpListener,
    drain: Drain,
) -> Result<(), Failure> {
    let database = Database::connect(config.serve.database.by_key()?, SCHEMA).await?;
    let deps = Deps {
        decisions: app::decision::Decisions::start(&database),
        producer: Producer::new(database, SCHEMA),
        clock: config.serve.clock.clone(),
        drain: drain.clone(),
    };
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, &deps);
    let admission = Admission {
        insecure_callers: config.serve.insecure_callers,
        tenants: config.serve.tenants.into(),
    };
    server::serve(listener, admission, routes, drain).await
}
