//! Flags and environment of the billing service.

use hjm_service::{config::ServeArgs, process::MigrateArgs};

/// Charges to owners and persons: rent, sales, own fees, month close and statements.
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
    /// Where catalogue answers: prices and policies are followed there.
    #[arg(long, env = "HJM_CATALOGUE_URL")]
    pub catalogue_url: String,
    /// Where prescription answers: customer numbers and loans are followed there.
    #[arg(long, env = "HJM_PRESCRIPTION_URL")]
    pub prescription_url: String,
    /// Where free-card answers: own fees under a high-cost protection are registered there.
    #[arg(long, env = "HJM_FREE_CARD_URL")]
    pub free_card_url: String,
}
