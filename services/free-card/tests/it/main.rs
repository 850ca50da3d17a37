//! The free-card service over a real socket and a real database, with a real catalogue beside it.

#![cfg(test)]

mod accounts;
mod breadth;
mod cards;
mod cases;
mod feed;
mod invariants;
mod privacy;
mod refusals;
mod repeated;
mod rush;
mod story;
mod support;
mod tenancy;
