//! The catalogue alone, on a runtime of one thread, over a private PostgreSQL that flushes each
//! commit.

use std::{net::Ipv4Addr, thread};

use hjm_ids::TenantId;
use hjm_postgres::{Context, Options, PrivateServer, bootstrap, temporary_data_dir};
use hjm_service::{
    Clock, Failure, config::ServeArgs, database::DatabaseArgs, process::listen, server::Drain,
    telemetry::LogFormat,
};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use crate::{
    cli::{DATABASE, Error},
    suite::SuiteError,
};

/// The tenant whose books are kept.
const TENANT: &str = "jamtland-harjedalen";

/// What runs.
#[derive(Debug)]
pub(super) struct Alone {
    pub(super) url: String,
    pub(super) tenant: TenantId,
    drain: Drain,
    serving: thread::JoinHandle<Result<(), Failure>>,
    server: PrivateServer,
    _folder: tempfile::TempDir,
}

impl Alone {
    /// Starts it on fresh books.
    pub(super) async fn open() -> Result<Self, Error> {
        let folder = temporary_data_dir()?;
        let server = PrivateServer::start(&Options {
            data_dir: folder.path().to_owned(),
            fsync: true,
        })?;
        let admin = server.admin_url(DATABASE);
        let options: PgConnectOptions = admin.parse().map_err(SuiteError::from)?;
        let mut connection = options.connect().await.map_err(SuiteError::from)?;
        let made = bootstrap::bootstrap(&mut connection).await;
        made.map_err(SuiteError::from)?;
        catalogue_service::migrate(&admin).await?;
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let address = listener.local_addr()?;
        let tenant: TenantId = TENANT
            .parse()
            .map_err(|_| Failure::internal("the tenant's name"))?;
        let serve = ServeArgs {
            listen: address,
            tenants: vec![tenant.clone()],
            clock: Clock::System,
            insecure_callers: true,
            database: DatabaseArgs {
                database_url: server.serving_url(Context::Catalogue, DATABASE),
            },
            log: LogFormat::Text,
            crash_at: None,
        };
        let config = catalogue_service::config::Serve { serve };
        let drain = Drain::default();
        let draining = drain.clone();
        let serving = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::Internal(error.into()))?;
            runtime.block_on(catalogue_service::serve(config, listener, draining))
        });
        Ok(Self {
            url: format!("http://{address}"),
            tenant,
            drain,
            serving,
            server,
            _folder: folder,
        })
    }

    /// Ends the service, then the server.
    pub(super) async fn close(self) -> Result<(), Error> {
        self.drain.begin();
        let serving = self.serving;
        let ended = tokio::task::spawn_blocking(move || serving.join()).await;
        let ended = ended.map_err(|error| Failure::Internal(error.into()))?;
        ended.map_err(|_| Failure::internal("the service is lost"))??;
        Ok(self.server.stop()?)
    }
}
