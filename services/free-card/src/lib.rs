//! Free cards: what a person still has to pay under a high-cost protection.
//!
//! Owns the accounts, one a person and scheme, and their logs of fees, cancellations and cards;
//! where an account stands is a replay of its log by `hjm_free_card`, never stored. Publishes
//! every registered and cancelled fee with what it changed for other fees. Follows catalogue for
//! the policies that say what the schemes are; a person is an opaque id here.

pub mod config;

mod app;
mod convert;
mod error;
mod events;
mod grpc;
mod store;
mod verify;

use std::sync::Arc;

use hjm_feed::{CatalogueFeed, Followers, PolicyShelf, Producer, Rules};
use hjm_free_card::Scheme;
use hjm_service::{
    Clock, Database, Failure, client, crash,
    process::{self, listen},
    server::{self, Admission, Drain},
};
use tokio::net::TcpListener;
use tonic::service::RoutesBuilder;

pub use verify::{charged_total, verify};

/// The schema that holds the service's tables.
pub const SCHEMA: &str = "free_card";

/// The name of the service's feed.
pub const FEED: &str = "free-card";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the use cases need.
#[derive(Debug, Clone)]
struct Deps {
    producer: Producer,
    clock: Clock,
    drain: Drain,
    followers: Arc<Followers>,
    catalogue: CatalogueFeed,
    policies: PolicyShelf,
    schemes: Arc<Rules<Scheme>>,
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

/// Serves on a listener, and follows catalogue for each tenant, until the drain begins.
///
/// # Errors
/// When the database cannot be had, the catalogue's URL is none, or the transport fails.
pub async fn serve(
    config: config::Serve,
    listener: TcpListener,
    drain: Drain,
) -> Result<(), Failure> {
    let options = config.serve.database.database_url.parse()?;
    let database = Database::connect(options, SCHEMA).await?;
    let channel = client::channel(&config.catalogue_url)
        .map_err(|error| Failure::internal(format!("--catalogue-url: {error}")))?;
    let catalogue = CatalogueFeed(channel);
    let mut followers = Followers::new(database.clone(), FEED);
    for tenant in &config.serve.tenants {
        let follower = followers.add(tenant, catalogue.clone());
        tokio::spawn(follower.run(drain.clone(), events::react));
    }
    let deps = Deps {
        producer: Producer::new(database, FEED),
        clock: config.serve.clock.clone(),
        drain: drain.clone(),
        followers: Arc::new(followers),
        catalogue,
        policies: PolicyShelf::default(),
        schemes: Arc::default(),
    };
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, &deps);
    let admission = Admission {
        insecure_callers: config.serve.insecure_callers,
        tenants: config.serve.tenants.into(),
    };
    server::serve(listener, admission, routes, drain).await
}
