//! Prescription's use cases: one function, one transaction.

pub(crate) mod article;
pub(crate) mod decide;
pub(crate) mod delivery;
pub(crate) mod device;
pub(crate) mod loan;
pub(crate) mod organisation;
pub(crate) mod prescribing;
pub(crate) mod prescription;
pub(crate) mod recipient;
pub(crate) mod transfer;

use hjm_feed::NewEvent;
use hjm_ids::PrincipalId;
use hjm_service::{Answered, Scope};

use crate::error::Error;

/// What a write answers.
type Written<R> = Result<Answered<R>, Error>;

/// What the work of a write comes to: its answer and what to tell.
type Done<R> = Result<(R, Vec<NewEvent>), Error>;

/// Whether a scope sees what concerns these parties: the rule of the restrictive row policies, for
/// what was read in a widened scope (decisions 1).
fn visible(scope: &Scope, parties: &[PrincipalId]) -> bool {
    scope
        .principal
        .as_ref()
        .is_none_or(|principal| parties.contains(principal))
}

/// Parties, each once, in the order they came.
fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}
