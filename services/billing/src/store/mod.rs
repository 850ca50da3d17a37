//! Billing's SQL: one file a noun.

mod charge;
mod credit;
mod fee;
mod line;
mod loan;
mod own_fee;
mod price;
mod run;
mod run_owner;
mod statement;
mod undecided;

pub(crate) use charge::*;
pub(crate) use credit::*;
pub(crate) use fee::*;
pub(crate) use line::*;
pub(crate) use loan::*;
pub(crate) use own_fee::*;
pub(crate) use price::*;
pub(crate) use run::*;
pub(crate) use run_owner::*;
pub(crate) use statement::*;
pub(crate) use undecided::*;

use std::str::FromStr;

use hjm_policy::Explanation;
use hjm_service::Failure;

/// A stored text as what it was stored from.
fn stored<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| Failure::internal("a stored text cannot be read"))
}

/// A stored count as what it was stored from.
fn count<T, U: TryFrom<T>>(number: T) -> Result<U, Failure> {
    U::try_from(number).map_err(|_| Failure::internal("a stored number does not fit"))
}

/// Explanations are kept as JSON, so that they can be read in the database.
fn to_json(explanation: &Explanation) -> Result<String, Failure> {
    serde_json::to_string(explanation).map_err(|error| Failure::Internal(error.into()))
}

fn from_json(text: &str) -> Result<Explanation, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Internal(error.into()))
}
