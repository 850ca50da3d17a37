//! Tests of the timeline and of the checks of a prescription.

#![cfg(test)]

mod laws;
mod prescribing;
mod residences;
mod table;

use hjm_ids::{CustomerNumber, PrincipalId};
use jiff::civil::Date;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn customer(text: &str) -> CustomerNumber {
    text.parse().unwrap()
}

fn principal(text: &str) -> PrincipalId {
    text.parse().unwrap()
}
