//! What `hjm` can do, and with which flags.

use std::{path::PathBuf, process::ExitCode};

use hjm_ids::{CustomerNumber, Month, TenantId};
use hjm_postgres::{Options, PrivateServer, default_data_dir};
use hjm_service::{Clock, telemetry};

use crate::{
    bench, classification, demo, explain, policy, print, rules, serve, statement,
    suite::{Books, SuiteError},
    verify,
};

/// The database inside a private server.
pub(crate) const DATABASE: &str = "hjm";

/// Assistive devices: who holds what, who pays, what the person pays, and when it is enough.
#[derive(Debug, clap::Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run all four services in this process, on four ports of 127.0.0.1.
    Serve(Serve),
    /// Play both stories and a generated year on a fresh private database, and print what came out.
    Demo(Demo),
    /// Print what a customer number is charged in a closed month.
    Statement(Statement),
    /// Check that what must always hold does hold, in the books themselves.
    Verify(Verify),
    /// Ask a county's shipped rules on one page: the fee, who pays, how rent is counted.
    Rules(Box<rules::Rules>),
    /// Work with the classification, ISO 9999.
    #[command(subcommand)]
    Classification(classification::Classification),
    /// Run a kept decision again: what was decided, why, and whether it comes out the same.
    Explain(explain::Explain),
    /// Work with policy documents.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Measure, beside what PostgreSQL alone does on the same server.
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Where the books are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BooksArgs {
    /// Folder of the private PostgreSQL; made when it is not there.
    #[arg(long, env = "HJM_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A server of your own instead, by a login that may act as every role of the suite.
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        conflicts_with = "data_dir"
    )]
    pub(crate) database_url: Option<String>,
}

impl BooksArgs {
    /// The given server, or a private one over the data folder.
    pub(crate) fn open(&self) -> Result<(Books, PathBuf), SuiteError> {
        let data_dir = match &self.data_dir {
            Some(folder) => folder.clone(),
            None => default_data_dir()?,
        };
        if let Some(url) = &self.database_url {
            return Ok((Books::Given(url.clone()), data_dir));
        }
        let server = PrivateServer::start(&Options {
            data_dir: data_dir.clone(),
            fsync: true,
        })?;
        Ok((Books::Private(server, DATABASE.to_owned()), data_dir))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) books: BooksArgs,
    /// The first of four ports: catalogue, prescription, billing, free-card.
    #[arg(long, default_value_t = 7101)]
    pub(crate) first_port: u16,
    /// Tenants whose books are kept, separated by commas.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "jamtland-harjedalen,dalarna"
    )]
    pub(crate) tenants: Vec<TenantId>,
    /// Business time: 'system', or 'file:' and the path of a file with one instant.
    #[arg(long, default_value = "system")]
    pub(crate) clock: Clock,
    /// The file with the keys of identity numbers; by default in the data folder, made when it
    /// is not there.
    #[arg(long)]
    pub(crate) keys: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Folder for the demonstration's data; by default a fresh temporary one, which is kept.
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
    /// The same seed prints the same totals.
    #[arg(long, default_value_t = 2025)]
    pub(crate) seed: u64,
    /// Persons of the generated year, 2000 at most.
    #[arg(long, default_value_t = 2000)]
    pub(crate) persons: usize,
    /// Loans of the generated year, about.
    #[arg(long, default_value_t = 5000)]
    pub(crate) loans: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Statement {
    /// The customer number.
    #[arg(long)]
    pub(crate) customer: CustomerNumber,
    /// The closed month, YYYY-MM.
    #[arg(long)]
    pub(crate) month: Month,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// The tenant whose books are meant.
    #[arg(long, default_value = "jamtland-harjedalen")]
    pub(crate) tenant: TenantId,
    /// Billing's address.
    #[arg(long, default_value = "http://127.0.0.1:7103")]
    pub(crate) billing: String,
}

/// How a statement is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// An object.
    Json,
    /// A row a line, for a spreadsheet.
    Csv,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) books: BooksArgs,
    /// Tenants to check, separated by commas.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "jamtland-harjedalen,dalarna"
    )]
    pub(crate) tenants: Vec<TenantId>,
}

/// Does what was asked; the exit code says whether it was done.
pub async fn run(cli: Cli) -> ExitCode {
    let filter = match cli.command {
        Command::Serve(_) => "info",
        Command::Demo(_)
        | Command::Statement(_)
        | Command::Verify(_)
        | Command::Rules(_)
        | Command::Classification(_)
        | Command::Explain(_)
        | Command::Policy(_)
        | Command::Bench(_) => "error",
    };
    telemetry::start(telemetry::LogFormat::Text, filter);
    let done = match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Statement(args) => statement::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Rules(args) => rules::run(&args),
        Command::Classification(args) => classification::run(&args).await,
        Command::Explain(args) => explain::run(args).await,
        Command::Policy(args) => policy::run(&args),
        Command::Bench(bench) => bench::run(bench).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Suite(#[from] SuiteError),
    #[error(transparent)]
    Story(#[from] crate::story::StoryError),
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
    #[error("{}", .0.message())]
    Call(#[from] tonic::Status),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Csv(#[from] csv::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Postgres(#[from] hjm_postgres::ServerError),
    #[error("{0}")]
    Database(#[from] hjm_service::Failure),
    #[error("no county {county} has rules here; there are: {known}")]
    UnknownCounty { county: String, known: String },
    #[error("{0} is no code of a region or municipality")]
    BadCode(String),
    #[error("{refused} of {lines} lines are refused")]
    BrokenLines { refused: usize, lines: usize },
    #[error("the decision comes out otherwise: the books or the program are damaged")]
    Disagrees,
    #[error("faults found: {0}")]
    PolicyFaults(usize),
    #[error("{0}")]
    Bench(String),
    #[error("{0} of the checks found a breach")]
    Breaches(usize),
}
