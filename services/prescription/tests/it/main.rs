//! Prescription over real sockets and a real database, beside a real catalogue.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ceilings;
mod deaths;
mod deliveries;
mod directives;
mod fee_counts;
mod fee_facts;
mod follow;
mod forms;
mod identity;
mod loans;
mod municipality;
mod needs;
mod payers;
mod persons;
mod range;
mod refusals;
mod registers;
mod skips;
mod steps;
mod transfers;
mod verify;
mod walls;
mod world;
mod writes;
