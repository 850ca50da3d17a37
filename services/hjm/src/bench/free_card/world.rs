//! The service as a process of its own, over a private PostgreSQL that flushes each commit, with
//! Dalarna's scheme put in force by catalogue.

use std::{
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use hjm_postgres::{Context, Options, PrivateServer, bootstrap};
use hjm_proto::{
    catalogue::v1::{
        ActivatePolicyRequest, ImportPolicyRequest, policy_service_client::PolicyServiceClient,
    },
    free_card::v1::{QuoteFeesRequest, free_card_service_client::FreeCardServiceClient},
};
use hjm_service::{
    Clock, client, config::ServeArgs, database::DatabaseArgs, process::listen, server::Drain,
    telemetry::LogFormat,
};
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tokio::{
    process::{Child, Command},
    time,
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{super::machine, caller};
use crate::{
    cli::{DATABASE, Error},
    suite::SuiteError,
};

const POLICY: &str = include_str!("../../../../../policies/dalarna/free-card.toml");
const POLICY_ID: &str = "dalarna-free-card";
/// How often, and after what pause each, a service that starts is looked for.
const LOOKS_MAX: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// What runs.
#[derive(Debug)]
pub(super) struct World {
    folder: PathBuf,
    server: PrivateServer,
    postmaster: u32,
    drain: Drain,
    service: Child,
    pid: u32,
    url: String,
}

impl World {
    /// Starts it all in a folder, and waits until the scheme is known.
    pub(super) async fn open(folder: &Path) -> Result<Self, Error> {
        let server = PrivateServer::start(&Options {
            data_dir: folder.to_owned(),
            fsync: true,
        })?;
        let pid_file = fs::read_to_string(folder.join("pgdata/postmaster.pid"))?;
        let postmaster = pid_file
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok());
        let admin = server.admin_url(DATABASE);
        let options: PgConnectOptions = admin.parse().map_err(SuiteError::from)?;
        let mut connection = options.connect().await.map_err(SuiteError::from)?;
        bootstrap::bootstrap(&mut connection)
            .await
            .map_err(SuiteError::from)?;
        drop(connection);
        catalogue_service::migrate(&admin).await?;
        free_card_service::migrate(&admin).await?;
        let drain = Drain::default();
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let catalogue_url = format!("http://{}", listener.local_addr()?);
        let config = catalogue_service::config::Serve {
            serve: ServeArgs {
                listen: listener.local_addr()?,
                tenants: vec![caller::centre("bench")?.tenant],
                clock: Clock::System,
                insecure_callers: true,
                database: DatabaseArgs {
                    database_url: server.serving_url(Context::Catalogue, DATABASE),
                },
                log: LogFormat::Text,
                crash_at: None,
            },
        };
        tokio::spawn(catalogue_service::serve(config, listener, drain.clone()));
        // Taken and given back: the service takes it again at once.
        let address = listen((Ipv4Addr::LOCALHOST, 0).into())
            .await?
            .local_addr()?;
        let service = Command::new(std::env::current_exe()?.with_file_name("free-card"))
            .arg("serve")
            .args(["--listen", &address.to_string()])
            .args(["--tenants", caller::TENANT, "--insecure-callers"])
            .args(["--catalogue-url", &catalogue_url])
            .env(
                "DATABASE_URL",
                server.serving_url(Context::FreeCard, DATABASE),
            )
            .stderr(Stdio::from(File::create(folder.join("free-card.log"))?))
            .kill_on_drop(true)
            .spawn()?;
        let lost = || Error::Bench("a process is gone".to_owned());
        let world = Self {
            folder: folder.to_owned(),
            server,
            postmaster: postmaster.ok_or_else(lost)?,
            drain,
            pid: service.id().ok_or_else(lost)?,
            service,
            url: format!("http://{address}"),
        };
        let position = put_in_force(&catalogue_url).await?;
        world.wait_for(position).await?;
        Ok(world)
    }

    async fn wait_for(&self, position: String) -> Result<(), Error> {
        let mut free_card = FreeCardServiceClient::new(client::channel(&self.url)?);
        let desk = caller::centre("desk")?;
        for _ in 0..LOOKS_MAX {
            let asked = QuoteFeesRequest {
                not_before: position.clone(),
                ..Default::default()
            };
            let quoted = free_card.quote_fees(client::request(&desk, asked)).await;
            if quoted.is_err_and(|status| client::may_pass(&status)) {
                time::sleep(PAUSE).await;
            } else {
                return Ok(());
            }
        }
        let log = fs::read_to_string(self.folder.join("free-card.log"))?;
        Err(Error::Bench(format!("free-card does not start: {log}")))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn admin_url(&self) -> String {
        self.server.admin_url(DATABASE)
    }

    /// Lets the server look at how full its tables are.
    pub(super) async fn analyze(&self) -> Result<(), Error> {
        let options: PgConnectOptions = self.admin_url().parse().map_err(SuiteError::from)?;
        let mut admin = options.connect().await.map_err(SuiteError::from)?;
        let analyzed = sqlx::raw_sql("ANALYZE").execute(&mut admin).await;
        analyzed.map_err(SuiteError::from)?;
        Ok(())
    }

    pub(super) fn serving_url(&self) -> String {
        self.server.serving_url(Context::FreeCard, DATABASE)
    }

    /// A channel for each caller, shared by so many at the most.
    pub(super) fn channels(&self, callers: usize, streams: usize) -> Result<Vec<Channel>, Error> {
        let connections = callers.div_ceil(streams);
        let channels = (0..connections).map(|_| client::channel(&self.url));
        let channels = channels.collect::<Result<Vec<_>, _>>()?;
        Ok(channels.into_iter().cycle().take(callers).collect())
    }

    /// CPU milliseconds so far of the callers, the service and PostgreSQL.
    pub(super) fn cpu_ms(&self) -> [u64; 3] {
        let postgres = machine::cpu_ms_of_family(self.postmaster);
        let callers = machine::cpu_ms(std::process::id());
        [callers, machine::cpu_ms(self.pid), postgres]
    }

    /// The service's memory in KiB, now and at the most.
    pub(super) fn memory_kib(&self) -> (u64, u64) {
        let size = |name| machine::memory_kib(self.pid, name);
        (size("VmRSS"), size("VmHWM"))
    }

    /// Ends what runs.
    pub(super) async fn close(mut self) -> Result<(), Error> {
        self.drain.begin();
        self.service.kill().await?;
        Ok(self.server.stop()?)
    }
}

/// Answers catalogue's position after it.
async fn put_in_force(catalogue_url: &str) -> Result<String, Error> {
    let mut policies = PolicyServiceClient::new(client::channel(catalogue_url)?);
    let import = ImportPolicyRequest {
        request_id: Uuid::now_v7().to_string(),
        text: POLICY.to_owned(),
        dry_run: false,
    };
    let first = caller::centre("importer")?;
    policies
        .import_policy(client::request(&first, import))
        .await?;
    let activate = ActivatePolicyRequest {
        request_id: Uuid::now_v7().to_string(),
        policy_id: POLICY_ID.to_owned(),
        version: 1,
        active_from: Some(hjm_service::convert::to_pb_date(jiff::civil::date(
            2023, 1, 1,
        ))),
    };
    let second = caller::centre("second")?;
    let activated = policies.activate_policy(client::request(&second, activate));
    Ok(activated.await?.into_inner().position)
}
