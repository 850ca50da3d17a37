//! Flags and environment of the prescription service.

pub mod keys;

use std::path::PathBuf;

use hjm_service::{config::ServeArgs, process::MigrateArgs};

/// Who holds what: recipients, prescriptions, devices and loans.
#[derive(Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Serve gRPC until told to stop.
    Serve(Serve),
    /// Bring the schema up to date.
    Migrate(MigrateArgs),
}

/// Flags of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// What every service has.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// URL of the catalogue service.
    #[arg(long, env = "HJM_CATALOGUE_URL")]
    pub catalogue_url: String,
    /// File with the keys that identity numbers are sealed and found with.
    #[arg(long, env = "HJM_KEYS")]
    pub keys: PathBuf,
}
