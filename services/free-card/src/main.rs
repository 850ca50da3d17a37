//! The free-card service: `free-card serve`, `free-card migrate`.

use std::process::ExitCode;

use clap::Parser as _;
use free_card_service::config::{Command, Config};
use hjm_service::{process, telemetry};

// One thread: between two answers of the database there is little to do, and to hand it over to
// another thread costs more. More cores are used by more replicas.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Config::parse().command {
        Command::Serve(config) => {
            telemetry::start(config.serve.log, "info");
            process::exit(free_card_service::run(config).await)
        }
        Command::Migrate(args) => {
            telemetry::start(telemetry::LogFormat::Text, "info");
            process::exit(free_card_service::migrate(&args.migration_database_url).await)
        }
    }
}
