//! Free cards: what a person still has to pay under a high-cost protection.
//!
//! Owns the accounts, one a person and scheme, their logs of fees, corrections and cards, and who
//! shares them: linked identities and pools of children. Where an account stands is a replay of the
//! logs by `hjm_free_card`, and what is kept beside them can be made anew. Publishes what happens
//! to fees, cards, claims, links, pools and persons' choices. Follows catalogue for the policies
//! that say what the schemes are, and prescription for whose a keyed digest is and who has died; a
//! person is an opaque id here, found by a number only through its digest. Every look at a person
//! is logged.

pub mod config;

mod app;
mod convert;
mod error;
mod events;
mod grpc;
mod store;
mod verify;

use std::sync::Arc;

use app::{Core, Exemptions, Queue};
use config::{keys::IdentityKeys, proof_key::ProofKeys};
use hjm_feed::{CatalogueFeed, Followers, PolicyShelf, PrescriptionFeed, Producer};
use hjm_service::{
    AccessLog, Clock, Database, Failure, client, crash,
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
    core: Core,
    queue: Queue,
    exemptions: Exemptions,
    proof_keys: Option<Arc<ProofKeys>>,
    identity_keys: Option<Arc<IdentityKeys>>,
    clock: Clock,
    drain: Drain,
    followers: Arc<Followers>,
    catalogue: CatalogueFeed,
    prescription: Option<PrescriptionFeed>,
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
/// When the database or the proof key cannot be had, a URL is none, or the transport fails.
pub async fn serve(
    config: config::Serve,
    listener: TcpListener,
    drain: Drain,
) -> Result<(), Failure> {
    let database = Database::connect(config.serve.database.by_key()?, SCHEMA).await?;
    let channel = |flag: &str, url: &str| {
        client::channel(url).map_err(|error| Failure::internal(format!("{flag}: {error}")))
    };
    let catalogue = CatalogueFeed(channel("--catalogue-url", &config.catalogue_url)?);
    let prescription = config.prescription_url.as_deref();
    let prescription = prescription.map(|url| channel("--prescription-url", url));
    let prescription = prescription.transpose()?.map(PrescriptionFeed);
    let proof_keys = config
        .proof_key
        .as_deref()
        .map(ProofKeys::read)
        .transpose()?;
    let identity_keys = config
        .identity_keys
        .as_deref()
        .map(IdentityKeys::read)
        .transpose()?;
    let core = Core {
        producer: Producer::new(database.clone(), FEED),
        policies: PolicyShelf::default(),
        schemes: Arc::default(),
        access: AccessLog::default(),
    };
    let mut followers = Followers::new(database, FEED);
    for tenant in &config.serve.tenants {
        tokio::spawn(app::leave_each_day(
            core.clone(),
            config.serve.clock.clone(),
            tenant.clone(),
            drain.clone(),
        ));
        let follower = followers.add(tenant, catalogue.clone());
        tokio::spawn(follower.run(drain.clone(), events::react));
        if let Some(prescription) = &prescription {
            let follower = followers.add(tenant, prescription.clone());
            let (core, clock) = (core.clone(), config.serve.clock.clone());
            tokio::spawn(follower.run(drain.clone(), move |connection, followed| {
                let (core, clock) = (core.clone(), clock.clone());
                events::react_to_prescription(connection, followed, core, clock)
            }));
        }
    }
    let deps = Deps {
        queue: Queue::start(&core),
        exemptions: Exemptions::start(&core),
        core,
        proof_keys: proof_keys.map(Arc::new),
        identity_keys: identity_keys.map(Arc::new),
        clock: config.serve.clock.clone(),
        drain: drain.clone(),
        followers: Arc::new(followers),
        catalogue,
        prescription,
    };
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, &deps);
    let admission = Admission {
        insecure_callers: config.serve.insecure_callers,
        tenants: config.serve.tenants.into(),
    };
    server::serve(listener, admission, routes, drain).await
}
