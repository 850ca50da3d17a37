//! The free-card service over a real socket and a real database, with a real catalogue beside it.

#![cfg(test)]

mod accounts;
mod feed;
mod invariants;
mod refusals;
mod repeated;
mod story;
mod support;
mod tenancy;
