//! Typed ids, civil calendar and identity numbers.
//!
//! Owns: opaque ids ([`RecipientId`] and its like), codes that people read ([`CustomerNumber`],
//! [`IsoCode`], …), the calendar's months and ages ([`Month`], [`age_on`], [`anniversary`]), Swedish working days
//! ([`is_working_day`]) and the numbers of persons and organisations ([`PersonIdentity`], [`OrganisationNumber`]). Everything is
//! parsed once, at the edge: a value of these types is valid. There is no clock here.

mod calendar;
mod iso;
mod luhn;
mod opaque;
mod organisation;
mod person;
mod reserve;
mod text;
mod working_day;

pub use calendar::{
    CalendarError, Month, age_on, anniversary, birthday, days_inclusive, months_between,
    plus_months,
};
pub use iso::IsoCode;
pub use opaque::{
    AccountId, ChargeId, DecisionId, DeviceId, EventId, FeeId, LineId, LoanId, PoolId,
    PrescriptionId, RecipientId, RunId, TransferId,
};
pub use organisation::OrganisationNumber;
pub use person::{IdentityError, IdentityKind, PersonIdentity};
pub use text::{ArticleNumber, CustomerNumber, PrincipalId, RequestId, TenantId, UnitNumber};
pub use working_day::{easter_day, is_public_holiday, is_working_day, plus_working_days};

/// Why a text is not an id: what was to be read and how it is written. It never holds the text
/// that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is written as {expected}")]
pub struct IdError {
    what: &'static str,
    expected: &'static str,
}

impl IdError {
    pub(crate) const fn new(what: &'static str, expected: &'static str) -> Self {
        Self { what, expected }
    }
}
