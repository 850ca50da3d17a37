//! The suite as a whole: its shape, and what it does over the network.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod begins;
mod classification;
mod desks;
mod faults;
mod pages;
mod python;
mod refusals;
mod rules;
mod stories;
mod support;
mod tenancy;
mod tidy;
mod year;
