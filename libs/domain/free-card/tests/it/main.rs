//! Tests of the free-card engine.

#![cfg(test)]

mod laws;
mod refusals;
mod scheme_file;
mod shipped;
mod stateful;
mod story;
mod support;
mod vectors;
