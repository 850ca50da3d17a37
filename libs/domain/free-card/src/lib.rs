//! Free cards: what a person still has to pay under a scheme of high-cost protection.
//!
//! Owns the rules of one account (one person in one scheme): [`Scheme`] is the scheme as data,
//! read from the section `free_card` of a policy document; [`LogEntry`] is what happened;
//! [`replay`] turns the log into an [`AccountState`]. State is never the truth: the same log under
//! the same scheme gives the same state, everywhere and always.
//!
//! Two orders matter. *Event order* (the fee's date, then its sequence on the account) decides what
//! each fee should have cost. *Stored order* (the order of the log) decides only what the person
//! was told, and when a card became final. Where the two disagree the difference is an overcharge
//! to refund or an undercharge to report.
//!
//! The writing side is [`register`] and [`cancel`]: each answers the entries to append, in order
//! and in one transaction. The reading side is [`quote`], [`status_on`] and [`explain`].
//!
//! No clock is read here: every instant and date is an argument.

mod assess;
mod dates;
mod error;
mod explain;
mod log;
mod operations;
mod replay;
mod scheme;
mod scheme_file;
mod status;

pub use error::EngineError;
pub use explain::explain;
pub use log::{CardRelease, FeeEvent, FixedCard, LogEntry, ProposedFee, Refusal};
pub use operations::{Quote, Registration, cancel, due_fix, quote, register};
pub use replay::{AccountState, AssessedFee, Card, CardStanding, CountedFee, Outcome, replay};
pub use scheme::{CancelFinal, EndRule, EventDateBasis, Scheme, WindowMode};
pub use status::{Status, StatusKind, status_on};
