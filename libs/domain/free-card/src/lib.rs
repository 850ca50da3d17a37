//! Free cards: what a person still has to pay under a scheme of high-cost protection.
//!
//! Owns the rules of one account (one person, pool or linked identity in one scheme): [`Scheme`]
//! is the scheme as data, read from the section `free_card` of a policy document; [`LogEntry`] is
//! what happened; [`replay`] turns the log into an [`AccountState`]. State is never the truth: the
//! same log under the same scheme gives the same state, everywhere and always.
//!
//! Two orders matter. *Event order* ([`Place`]: the fee's date, its instant, then its registration)
//! decides what each fee should have cost. *Stored order* (the order of the log) decides only what
//! the person was told, and when a card became final. Where the two disagree the difference is an
//! overcharge to refund or an undercharge to report.
//!
//! The writing side is [`register`], [`correct`], [`cancel`] and [`register_card`]: each answers
//! the entries to append, in order and in one transaction. The reading side is [`quote`],
//! [`status_on`] and [`explain`]. [`Snapshot`] answers the same for what comes last in event
//! order without reading the log.
//!
//! [`unite`] makes one log of several persons', [`shared_log`] of all who share with a person,
//! [`replay_joint`] runs the schemes that a composite
//! reads side by side, [`claims_after`] follows what is to be refunded, and
//! [`undercharges_after`] what was charged too little.
//!
//! No clock is read here: every instant and date is an argument.

mod alike;
mod ceiling;
mod claim;
mod error;
mod explain;
mod group;
mod joint;
mod joint_write;
mod live;
mod log;
mod operations;
mod person;
mod place;
mod replay;
mod run;
mod scheme;
mod scheme_file;
mod share;
mod snapshot;
mod state;
mod status;
mod subject;
mod window;
mod wire;

pub use ceiling::{CeilingError, formula_ceiling};
pub use claim::{
    Claim, ClaimChange, ClaimDecision, ClaimRefusal, ClaimState, PaidClaim, SettlementPart,
    SettlementReport, Undercharge, claims_after, decide, may_pay, settle, undercharges_after,
};
pub use error::EngineError;
pub use explain::explain;
pub use group::{
    GroupRefusal, Identity, adults_born_by, check_link, check_pool_member, kept_cards,
    leaves_pool_on, unite, unite_joint,
};
pub use joint::{
    Joint, JointRegistration, JointState, JointWrite, quote_joint, replay_joint, write_joint,
};
pub use live::Totals;
pub use log::{
    CardReason, CardRelease, Correction, FeeEvent, FeeKind, FeeKindError, FixedCard, LogEntry,
    RegisteredCard, known_at,
};
pub use operations::{
    Quote, Registration, cancel, charge, correct, due_fix, quote, register, register_card,
    register_charged, register_receipt,
};
pub use person::{Person, ProposedFee, Refusal, Residence, Shown, residence_on, shown};
pub use place::{Place, event_date};
pub use replay::replay;
pub use scheme::{CancelFinal, EventDateBasis, Limit, Scheme, Settlement};
pub use share::{Share, shared_log, shared_logs, sharing_with};
pub use snapshot::{Appended, Registered, Snapshot};
pub use state::{AccountState, AssessedFee, Card, CardStanding, CountedFee, Outcome};
pub use status::{Status, StatusKind, status_on};
pub use subject::{Subject, SubjectEvent};
pub use window::{EndRule, WindowLength, WindowMode};
