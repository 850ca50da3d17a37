//! The billing service: `billing serve`, `billing migrate`.

use std::process::ExitCode;

use billing_service::config::{Command, Config};
use clap::Parser as _;
use hjm_service::{process, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    match Config::parse().command {
        Command::Serve(config) => {
            telemetry::start(config.serve.log, "info");
            process::exit(billing_service::run(config).await)
        }
        Command::Migrate(args) => {
            telemetry::start(telemetry::LogFormat::Text, "info");
            process::exit(billing_service::migrate(&args.migration_database_url).await)
        }
    }
}
