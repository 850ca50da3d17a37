//! Flags and environment of the free-card service.

use hjm_service::{config::ServeArgs, process::MigrateArgs};

/// What a person still has to pay under a high-cost protection.
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
    /// URL of the catalogue service, whose policies say what the schemes are.
    #[arg(long, env = "HJM_CATALOGUE_URL")]
    pub catalogue_url: String,
}
