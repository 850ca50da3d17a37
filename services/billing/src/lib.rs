//! Billing: charges to owners and persons.
//!
//! Owns rent and sale lines, own fees, month close and statements; posted money is only ever added
//! to. Publishes own fees as they are posted or credited, and months as they are claimed and
//! closed. Follows catalogue (prices, policies) and prescription (customer numbers, loans with
//! their whole timelines); what it hears takes effect with the cursor and calls nobody. Two tasks a
//! tenant do the rest: one has own fees decided by free-card and posts them, one closes months.

pub mod config;

mod app;
mod convert;
mod error;
mod events;
mod grpc;
mod store;
mod verify;

use std::{collections::HashMap, sync::Arc};

use hjm_catalogue::FeeTable;
use hjm_feed::{CatalogueFeed, Followers, PolicyShelf, PrescriptionFeed, Producer, Rules};
use hjm_free_card::Scheme;
use hjm_ids::TenantId;
use hjm_service::{
    Clock, Database, Failure, Scope, TxFuture, client, crash,
    process::{self, listen},
    server::{self, Admission, Drain},
};
use sqlx::PgConnection;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tonic::{service::RoutesBuilder, transport::Channel};

pub use verify::{charged_total, verify};

/// The schema that holds the service's tables, and the name of its feed.
pub const SCHEMA: &str = "billing";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the use cases need.
#[derive(Debug, Clone)]
struct Deps {
    producer: Producer,
    clock: Clock,
    drain: Drain,
    followers: Followers,
    catalogue: CatalogueFeed,
    prescription: PrescriptionFeed,
    free_card: Channel,
    policies: PolicyShelf,
    fee_tables: Arc<Rules<FeeTable>>,
    schemes: Arc<Rules<Scheme>>,
    wake: Wake,
}

impl Deps {
    /// Reads in one transaction under a scope.
    async fn read<T, E>(
        &self,
        scope: Scope,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, T, E>,
    ) -> Result<T, E>
    where
        E: From<Failure>,
    {
        self.producer.database().read(&scope, work).await
    }
}

/// Whom a wake-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Ring {
    /// The task of own fees: an event has taken effect, or a month is claimed.
    Fees,
    /// The task that closes months: a month is claimed.
    Runs,
    /// Whoever waits for an outcome: a fee is posted or refused, a month is closed.
    Outcome,
}

/// Tells the waiting tasks of a tenant in this process to look again. Another process's work is
/// found by looking now and then.
#[derive(Debug, Clone)]
struct Wake(Arc<HashMap<(TenantId, Ring), watch::Sender<()>>>);

impl Wake {
    fn new(tenants: &[TenantId]) -> Self {
        let rings = [Ring::Fees, Ring::Runs, Ring::Outcome];
        let all = tenants
            .iter()
            .flat_map(|tenant| rings.map(|ring| (tenant.clone(), ring)));
        Self(Arc::new(
            all.map(|key| (key, watch::Sender::new(()))).collect(),
        ))
    }

    fn ring(&self, tenant: &TenantId, ring: Ring) {
        if let Some(sender) = self.0.get(&(tenant.clone(), ring)) {
            sender.send_replace(());
        }
    }

    /// Never rings for a tenant whose books are not kept here.
    fn listen(&self, tenant: &TenantId, ring: Ring) -> watch::Receiver<()> {
        let sender = self.0.get(&(tenant.clone(), ring));
        sender.map_or_else(
            || watch::Sender::new(()).subscribe(),
            watch::Sender::subscribe,
        )
    }
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

/// Serves on a listener until the drain begins. Followers and tasks have ended when it returns.
///
/// # Errors
/// When the database cannot be had, an address is no URL, or the transport fails.
pub async fn serve(
    config: config::Serve,
    listener: TcpListener,
    drain: Drain,
) -> Result<(), Failure> {
    let options = config.serve.database.database_url.parse()?;
    let database = Database::connect(options, SCHEMA).await?;
    let catalogue = CatalogueFeed(channel(&config.catalogue_url)?);
    let prescription = PrescriptionFeed(channel(&config.prescription_url)?);
    let mut followers = Followers::new(database.clone(), SCHEMA);
    let mut tasks = JoinSet::new();
    for tenant in &config.serve.tenants {
        let cursor = followers.add(tenant, catalogue.clone());
        tasks.spawn(cursor.run(drain.clone(), events::on_catalogue));
        let cursor = followers.add(tenant, prescription.clone());
        tasks.spawn(cursor.run(drain.clone(), events::on_prescription));
    }
    let deps = Deps {
        producer: Producer::new(database, SCHEMA),
        clock: config.serve.clock.clone(),
        drain: drain.clone(),
        followers,
        catalogue,
        prescription,
        free_card: channel(&config.free_card_url)?,
        policies: PolicyShelf::default(),
        fee_tables: Arc::default(),
        schemes: Arc::default(),
        wake: Wake::new(&config.serve.tenants),
    };
    for tenant in &config.serve.tenants {
        tasks.spawn(app::fees::work(deps.clone(), tenant.clone()));
        tasks.spawn(app::closing::work(deps.clone(), tenant.clone()));
        for progress in deps.followers.progress(tenant) {
            tasks.spawn(wake_on_progress(deps.clone(), tenant.clone(), progress));
        }
    }
    let mut routes = RoutesBuilder::default();
    grpc::mount(&mut routes, &deps);
    let admission = Admission {
        insecure_callers: config.serve.insecure_callers,
        tenants: config.serve.tenants.into(),
    };
    let served = server::serve(listener, admission, routes, drain.clone()).await;
    drain.begin();
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Failure::Internal(error.into()))?;
    }
    served
}

fn channel(url: &str) -> Result<Channel, Failure> {
    client::channel(url).map_err(|error| Failure::Internal(error.into()))
}

async fn wake_on_progress(deps: Deps, tenant: TenantId, mut progress: watch::Receiver<i64>) {
    loop {
        tokio::select! {
            () = deps.drain.begun() => return,
            moved = progress.changed() => match moved {
                Ok(()) => deps.wake.ring(&tenant, Ring::Fees),
                Err(_) => return,
            },
        }
    }
}
