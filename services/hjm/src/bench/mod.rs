//! `hjm bench`: what the suite does in a second, asked by gRPC from services over a private
//! PostgreSQL that waits for the disk. The data are made from a seed and gone afterwards.

mod catalogue;
mod time;

use crate::cli::Error;

/// What is measured.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Imports articles, the same file again and a file with broken lines, then searches them.
    Catalogue(catalogue::Catalogue),
}

/// Measures.
pub(crate) async fn run(bench: Bench) -> Result<(), Error> {
    match bench {
        Bench::Catalogue(args) => catalogue::run(args).await,
    }
}
