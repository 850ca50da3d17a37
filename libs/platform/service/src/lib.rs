//! What every service needs and none should write twice: configuration, clock, caller, database
//! access under a tenant, typed failures, idempotency, deadlines, health, reflection and drain.

pub mod access;
pub mod batch;
pub mod caller;
pub mod client;
pub mod clock;
pub mod config;
pub mod convert;
pub mod crash;
pub mod database;
pub mod deadline;
pub mod failure;
pub mod idempotency;
pub mod process;
pub mod server;
pub mod telemetry;
pub mod verify;

pub use access::{AccessLog, AccessNote};
pub use caller::{Caller, caller};
pub use clock::Clock;
pub use database::{Database, Scope, TxFuture};
pub use failure::{Failure, Refusal, Violations, refused_for};
pub use idempotency::{Answered, WriteKey};
