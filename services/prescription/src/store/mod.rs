//! Prescription's SQL, a file a noun.
//!
//! Locks are taken in this order: recipient, line, articles on trial from the oldest of a chain,
//! transfer, device's loan, loans by id, and the feed last.

pub(crate) mod device;
pub(crate) mod loan;
pub(crate) mod organisation;
pub(crate) mod prescription;
pub(crate) mod recipient;
pub(crate) mod transfer;
pub(crate) mod verify;

use std::{fmt::Display, str::FromStr};

use hjm_service::Failure;
use sqlx::PgConnection;

/// Widens the transaction to the whole tenant. For what must hold for all rows whoever asks: the
/// caller sees no more of it than its answer tells.
pub(crate) async fn scope_widen(connection: &mut PgConnection) -> Result<(), Failure> {
    sqlx::query!("SELECT set_config('hjm.principal', '*', true)")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// The name of the constraint that a statement broke, if it broke one.
fn broken(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// A stored id; what is stored was parsed once.
fn stored<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| Failure::internal("a stored id cannot be read"))
}

/// Several stored ids.
fn stored_all<T: FromStr>(texts: &[String]) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| stored(text)).collect()
}

/// Ids as an array to store.
fn texts<T: Display>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
