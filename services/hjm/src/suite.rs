//! All four services in one process, on four ports, over one database: what `hjm serve` runs, and
//! what demonstrations and tests play on. Between them there is only gRPC.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use hjm_ids::TenantId;
use hjm_postgres::{Context, PrivateServer, ServerError, bootstrap};
use hjm_service::{
    Clock, Failure, config::ServeArgs, database::DatabaseArgs, process::listen, server::Drain,
    telemetry::LogFormat,
};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tokio::{net::TcpListener, task::JoinSet};

use crate::desk::Addresses;

/// Why the suite cannot start or run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// No private PostgreSQL.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The database refused.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A file could not be made.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A service failed.
    #[error("{0}")]
    Service(#[from] Failure),
}

/// Where the books are.
#[derive(Debug)]
pub enum Books {
    /// A private PostgreSQL over a data folder, and a database in it.
    Private(PrivateServer, String),
    /// A server that somebody else runs, by a login that may act as every role.
    Given(String),
}

impl Books {
    /// The URL by which a context serves.
    pub fn serving_url(&self, context: Context) -> String {
        match self {
            Self::Private(server, database) => server.serving_url(context, database),
            Self::Given(url) => with_role(url, &context.serving_role()),
        }
    }

    /// The URL by which schemas are made and migrated.
    pub fn admin_url(&self) -> String {
        match self {
            Self::Private(server, database) => server.admin_url(database),
            Self::Given(url) => url.clone(),
        }
    }
}

fn with_role(url: &str, role: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options=-c%20role%3D{role}")
}

/// What to run.
#[derive(Debug)]
pub struct SuiteOptions {
    /// Where the books are.
    pub books: Books,
    /// The tenants whose books are kept.
    pub tenants: Vec<TenantId>,
    /// Business time.
    pub clock: Clock,
    /// The file that holds the keys of identity numbers; made when it is not there.
    pub keys: PathBuf,
    /// The first of four ports on loopback; 0 takes any four.
    pub first_port: u16,
}

/// Four running services.
#[derive(Debug)]
pub struct Suite {
    /// Where they listen.
    pub addresses: Addresses,
    /// Where the books are.
    pub books: Books,
    drain: Drain,
    services: JoinSet<Result<(), Failure>>,
}

impl Suite {
    /// Makes and migrates the schemas, then starts the services.
    ///
    /// # Errors
    /// When the database, a port or a key file cannot be had.
    pub async fn start(options: SuiteOptions) -> Result<Self, SuiteError> {
        prepare(&options).await?;
        let mut listeners = Vec::new();
        for offset in 0..4 {
            let port = match options.first_port {
                0 => 0,
                first => first + offset,
            };
            listeners.push(listen((Ipv4Addr::LOCALHOST, port).into()).await?);
        }
        let urls: Vec<String> = listeners.iter().map(url).collect();
        let [catalogue, prescription, billing, free_card] = urls.as_slice() else {
            return Err(Failure::internal("four listeners").into());
        };
        let addresses = Addresses {
            catalogue: catalogue.clone(),
            prescription: prescription.clone(),
            billing: billing.clone(),
            free_card: free_card.clone(),
        };
        let drain = Drain::default();
        let services = spawn(&options, &addresses, listeners, &drain);
        Ok(Self {
            addresses,
            books: options.books,
            drain,
            services,
        })
    }

    /// Begins the drain at SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub fn drain_on_signals(&self) -> std::io::Result<()> {
        self.drain.on_signals()
    }

    /// Waits until every service has ended, and then ends the private server, if there is one.
    ///
    /// # Errors
    /// The first service's failure.
    pub async fn ended(mut self) -> Result<(), SuiteError> {
        let mut first = Ok(());
        while let Some(ended) = self.services.join_next().await {
            let ended = ended.map_err(|error| Failure::Internal(error.into()));
            if let Err(failure) = ended.and_then(|ended| ended)
                && first.is_ok()
            {
                // One that fails takes the others with it: half a suite serves nobody.
                first = Err(failure);
                self.drain.begin();
            }
        }
        if let Books::Private(server, _) = self.books {
            server.stop()?;
        }
        Ok(first?)
    }

    /// Drains and waits for the end.
    ///
    /// # Errors
    /// As [`Suite::ended`].
    pub async fn stop(self) -> Result<(), SuiteError> {
        self.drain.begin();
        self.ended().await
    }
}

fn url(listener: &TcpListener) -> String {
    let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    format!("http://{}", listener.local_addr().unwrap_or(unknown))
}

/// Roles, schemas, migrations and keys: safe to repeat.
async fn prepare(options: &SuiteOptions) -> Result<(), SuiteError> {
    let admin = options.books.admin_url();
    let mut connection = admin.parse::<PgConnectOptions>()?.connect().await?;
    bootstrap::bootstrap(&mut connection).await?;
    drop(connection);
    catalogue_service::migrate(&admin).await?;
    prescription_service::migrate(&admin).await?;
    billing_service::migrate(&admin).await?;
    free_card_service::migrate(&admin).await?;
    make_keys(&options.keys)
}

fn make_keys(path: &Path) -> Result<(), SuiteError> {
    if !path.exists() {
        prescription_service::keys::create(path)
            .map_err(|error| SuiteError::File(path.to_owned(), error))?;
    }
    let path = proof_key(path);
    if !path.exists() {
        free_card_service::config::proof_key::create(&path)
            .map_err(|error| SuiteError::File(path, error))?;
    }
    Ok(())
}

/// The key of proofs lies beside those of identity numbers.
fn proof_key(keys: &Path) -> PathBuf {
    keys.with_file_name("proof-key")
}

fn spawn(
    options: &SuiteOptions,
    addresses: &Addresses,
    listeners: Vec<TcpListener>,
    drain: &Drain,
) -> JoinSet<Result<(), Failure>> {
    let args = |context: Context, listener: &TcpListener| ServeArgs {
        listen: listener
            .local_addr()
            .unwrap_or((Ipv4Addr::LOCALHOST, 0).into()),
        tenants: options.tenants.clone(),
        clock: options.clock.clone(),
        insecure_callers: true,
        database: DatabaseArgs {
            database_url: options.books.serving_url(context),
        },
        log: LogFormat::Text,
        crash_at: None,
    };
    let mut services = JoinSet::new();
    let mut listeners = listeners.into_iter();
    if let Some(listener) = listeners.next() {
        let serve = args(Context::Catalogue, &listener);
        let config = catalogue_service::config::Serve { serve };
        services.spawn(catalogue_service::serve(config, listener, drain.clone()));
    }
    if let Some(listener) = listeners.next() {
        let config = prescription_service::config::Serve {
            serve: args(Context::Prescription, &listener),
            catalogue_url: addresses.catalogue.clone(),
            keys: options.keys.clone(),
        };
        services.spawn(prescription_service::serve(config, listener, drain.clone()));
    }
    if let Some(listener) = listeners.next() {
        let config = billing_service::config::Serve {
            serve: args(Context::Billing, &listener),
            catalogue_url: addresses.catalogue.clone(),
            prescription_url: addresses.prescription.clone(),
            free_card_url: addresses.free_card.clone(),
        };
        services.spawn(billing_service::serve(config, listener, drain.clone()));
    }
    if let Some(listener) = listeners.next() {
        let config = free_card_service::config::Serve {
            serve: args(Context::FreeCard, &listener),
            catalogue_url: addresses.catalogue.clone(),
            prescription_url: Some(addresses.prescription.clone()),
            proof_key: Some(proof_key(&options.keys)),
            identity_keys: Some(options.keys.clone()),
        };
        services.spawn(free_card_service::serve(config, listener, drain.clone()));
    }
    services
}
