//! `hjm bench`: what the services do in a second, against what PostgreSQL alone does in the same
//! run on the same server. Absolute figures drift with the machine; ratios within a round hold.

mod decisions;
mod free_card;
mod limit;
mod load;
mod machine;
mod report;

use crate::cli::Error;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Decisions of each kind, kept before they are answered.
    Decisions(decisions::Decisions),
    /// Durable registrations of fees, and yes-or-no questions with their access log.
    FreeCard(free_card::FreeCard),
}

pub(crate) async fn run(bench: Bench) -> Result<(), Error> {
    match bench {
        Bench::Decisions(args) => decisions::run(args).await,
        Bench::FreeCard(args) => free_card::run(args).await,
    }
}
