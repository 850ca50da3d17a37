//! Tests of the policy envelope, its readers and what is in force.

mod document;
mod in_force;
mod reader;
