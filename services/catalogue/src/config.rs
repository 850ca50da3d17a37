//! Flags and environment of the catalogue service.

use hjm_service::{config::ServeArgs, process::MigrateArgs};

/// What can be prescribed, at what price, under which dated policies.
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
}
