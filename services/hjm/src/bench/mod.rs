//! `hjm bench`: what the services do in a second, against what PostgreSQL alone does in the same
//! run on the same server. Absolute figures drift with the machine; ratios within a round hold.

mod alone;
mod catalogue;
mod decisions;
mod free_card;
mod limit;
mod load;
mod machine;
mod report;
mod time;

use crate::cli::Error;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Imports articles, the same file again and a file with broken lines, then searches them.
    Catalogue(catalogue::Catalogue),
    /// Decisions of each kind, kept before they are answered.
    Decisions(decisions::Decisions),
    /// Durable registrations of fees, and yes-or-no questions with their access log.
    FreeCard(free_card::FreeCard),
}

pub(crate) async fn run(bench: Bench) -> Result<(), Error> {
    match bench {
        Bench::Catalogue(args) => catalogue::run(args).await,
        Bench::Decisions(args) => decisions::run(args).await,
        Bench::FreeCard(args) => free_card::run(args).await,
    }
}
