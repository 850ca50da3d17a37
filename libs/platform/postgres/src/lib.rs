//! A private `PostgreSQL` for development, tests and the demonstration, and the roles and schemas
//! every database of the suite starts from.
//!
//! * [`PrivateServer`] finds the installed binaries, makes a cluster in a data directory, starts it
//!   on a unix socket only, and stops it when its last user leaves.
//! * [`bootstrap`](bootstrap::bootstrap) makes the four contexts' roles and schemas;
//!   `sql/bootstrap.sql` is the same text for a database administrator with `psql`.
//! * the program `with-server` runs any command with such a server around it.
//!
//! Production brings its own `PostgreSQL` and needs only the bootstrap.

mod account;
mod binaries;
pub mod bootstrap;
mod error;
mod place;
mod server;

pub use bootstrap::Context;
pub use error::ServerError;
pub use server::{Options, PrivateServer, default_data_dir, temporary_data_dir};
