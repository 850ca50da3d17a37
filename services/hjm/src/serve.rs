//! `hjm serve`: all four services until told to stop.

use crate::{
    cli::{Error, Serve},
    print,
    suite::{Suite, SuiteOptions},
};

pub(crate) async fn run(args: Serve) -> Result<(), Error> {
    let (books, data_dir) = args.books.open()?;
    let options = SuiteOptions {
        books,
        tenants: args.tenants,
        clock: args.clock,
        keys: args.keys.unwrap_or_else(|| data_dir.join("keys.toml")),
        first_port: args.first_port,
    };
    let suite = Suite::start(options).await?;
    suite.drain_on_signals()?;
    print::addresses(&suite.addresses);
    Ok(suite.ended().await?)
}
