//! Prescription: who holds what.
//!
//! Owns principals and customer units, recipients (the only place that knows an identity number,
//! and only sealed), marked devices, prescriptions with what was decided of each line, loans as
//! whole timelines, and transfers between payers. Publishes every change in its feed; a loan's
//! event carries its whole timeline. Follows the catalogue for policies and asks it for articles,
//! so that no prescription is decided on an older policy than the article it was told.

pub mod config;

mod app;
mod convert;
mod error;
mod events;
mod grpc;
mod store;
mod verify;

use std::sync::Arc;

use hjm_catalogue::{Directives, FeeTable, PayerRules};
use hjm_feed::{CatalogueFeed, Followers, PolicyShelf, Producer, Rules};
use hjm_free_card::Scheme;
use hjm_service::{
    Clock, Database, Failure, client, crash,
    process::{self, listen},
    server::{self, Admission, Drain},
};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::service::RoutesBuilder;

pub use config::keys;
pub use verify::verify;

/// The schema that holds the service's tables, and the name of its feed.
pub const SCHEMA: &str = "prescription";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the use cases need.
#[derive(Debug, Clone)]
struct Deps {
    producer: Producer,
    clock: Clock,
    drain: Drain,
    keys: Arc<keys::Keys>,
    catalogue: CatalogueFeed,
    followers: Followers,
    policies: PolicyShelf,
    fee_tables: Arc<Rules<FeeTable>>,
    schemes: Arc<Rules<Scheme>>,
    payer_rules: Arc<Rules<PayerRules>>,
    directives: Arc<Rules<Directives>>,
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
/// When the configuration is refused, or the database, the keys or the address cannot be had.
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

/// Serves on a listener until the drain begins, and follows the catalogue meanwhile.
///
/// # Errors
/// When the database or the keys cannot be had, the catalogue's URL is none, or the transport
/// fails.
pub async fn serve(
    config: config::Serve,
    listener: TcpListener,
    drain: Drain,
) -> Result<(), Failure> {
    let keys = keys::Keys::read(&config.keys)?;
    let database = Database::connect(config.serve.database.by_key()?, SCHEMA).await?;
    let channel = client::channel(&config.catalogue_url)
        .map_err(|_| Failure::internal("the catalogue's URL cannot be read"))?;
    let catalogue = CatalogueFeed(channel);
    let mut followers = Followers::new(database.clone(), SCHEMA);
    let mut following = JoinSet::new();
    for tenant in &config.serve.tenants {
        let follower = followers.add(tenant, catalogue.clone());
        following.spawn(follower.run(drain.clone(), events::react));
    }
    let deps = Deps {
        producer: Producer::new(database, SCHEMA),
        clock: config.serve.clock.clone(),
        drain: drain.clone(),
        keys: Arc::new(keys),
        catalogue,
        followers,
        policies: PolicyShelf::default(),
        fee_tables: Arc::default(),
        schemes: Arc::default(),
        payer_rules: Arc::default(),
        directives: Arc::default(),
    };
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, &deps);
    let admission = Admission {
        insecure_callers: config.serve.insecure_callers,
        tenants: config.serve.tenants.into(),
    };
    server::serve(listener, admission, routes, drain.clone()).await?;
    drain.begin();
    following.join_all().await;
    Ok(())
}
