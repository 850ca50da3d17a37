//! `hjm`: see `hjm --help`.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    hjm::run(hjm::cli::Cli::parse()).await
}
