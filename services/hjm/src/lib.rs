//! The command line of the suite: all four services in one process, the demonstration, and what
//! an operator or an owner asks from a terminal.

pub mod cli;
pub mod desk;
pub mod story;
pub mod suite;

mod bench;
mod demo;
mod explain;
mod policy;
mod print;
mod rules;
mod serve;
mod statement;
pub mod verify;

pub use cli::run;
