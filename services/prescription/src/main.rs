//! The prescription service: `prescription serve`, `prescription migrate`.

use std::process::ExitCode;

use clap::Parser as _;
use hjm_service::{process, telemetry};
use prescription_service::config::{Command, Config};

#[tokio::main]
async fn main() -> ExitCode {
    match Config::parse().command {
        Command::Serve(config) => {
            telemetry::start(config.serve.log, "info");
            process::exit(prescription_service::run(config).await)
        }
        Command::Migrate(args) => {
            telemetry::start(telemetry::LogFormat::Text, "info");
            process::exit(prescription_service::migrate(&args.migration_database_url).await)
        }
    }
}
