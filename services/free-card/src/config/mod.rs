//! Flags and environment of the free-card service.

pub mod keys;
pub mod proof_key;

use std::path::PathBuf;

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
#[expect(
    clippy::large_enum_variant,
    reason = "a process makes one of it, at its start"
)]
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
    /// URL of the prescription service, which tells who a number is and who has died; without it
    /// nobody has.
    #[arg(long, env = "HJM_PRESCRIPTION_URL")]
    pub prescription_url: Option<String>,
    /// The file with the keys of proofs of cards, a line each: the first signs, all verify; without
    /// it none are issued.
    #[arg(long, env = "HJM_PROOF_KEY")]
    pub proof_key: Option<PathBuf>,
    /// The file with the keys of identity numbers, as prescription has it; without it nobody is
    /// found by a number.
    #[arg(long, env = "HJM_KEYS")]
    pub identity_keys: Option<PathBuf>,
}
