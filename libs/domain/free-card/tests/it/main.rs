//! Tests of the free-card engine.

#![cfg(test)]

mod cases;
mod ceilings;
mod claims;
mod composites;
mod counted;
mod groups;
mod laws;
mod moments;
mod reference;
mod refusals;
mod scheme_file;
mod shares;
mod shipped;
mod stateful;
mod story;
mod support;
mod vectors;
