//! The policy documents that the program carries.

use std::collections::{BTreeMap, BTreeSet};

use hjm_free_card::Scheme;
use hjm_money::Money;
use hjm_policy::{PolicyDocument, PolicySet};
use jiff::civil::Date;

use crate::cli::Error;

const TEXTS: &[&str] = &include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// Every shipped document that can be read; the tests see to it that all can.
pub(super) fn documents() -> impl Iterator<Item = PolicyDocument> {
    TEXTS
        .iter()
        .filter_map(|text| PolicyDocument::parse(text).ok())
}

/// A county's documents as if each were in force from its first day; those that lack what no
/// source prints stand beside.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) in_force: PolicySet,
    pub(crate) beside: Vec<PolicyDocument>,
}

impl Shelf {
    /// # Errors
    /// [`Error::UnknownCounty`] with the counties there are.
    pub(crate) fn of(county: &str) -> Result<Self, Error> {
        let mut shelf = None;
        for document in documents().filter(|document| document.tenant().as_str() == county) {
            let shelf = shelf.get_or_insert_with(|| Self {
                in_force: PolicySet::new(),
                beside: Vec::new(),
            });
            if document.not_printed().is_some() {
                shelf.beside.push(document);
            } else {
                let from = document.valid_from();
                shelf.in_force.activate(document, from);
            }
        }
        shelf.ok_or_else(|| {
            let known: BTreeSet<String> = documents()
                .map(|document| document.tenant().to_string())
                .collect();
            Error::UnknownCounty {
                county: county.to_owned(),
                known: known.into_iter().collect::<Vec<_>>().join(", "),
            }
        })
    }
    /// The ceilings of the high-cost protections of a day, by scheme.
    pub(super) fn ceilings(&self, on: Date) -> BTreeMap<String, Money> {
        let read = |document: &_| {
            Scheme::parse(document)
                .ok()
                .flatten()
                .map(Box::new)
                .ok_or(())
        };
        Scheme::ceilings(&self.in_force, on, read).unwrap_or_default()
    }
}
