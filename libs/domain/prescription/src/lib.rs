//! Who holds what, since when, and who pays for it.
//!
//! Owns the [`Timeline`] of a loan: one device (or one sold article) in one person's hands, whole
//! and immutable. Every change is a pure transition that answers the next version or a [`Refusal`];
//! nobody interprets a difference, everybody reads the newest whole timeline. Also the two checks
//! of a prescription that need no policy: [`may_prescribe`] and [`payer_matches`].
//!
//! Dates are civil dates in Sweden. There is no clock here: today is an argument.

mod prescribing;
mod refusal;
mod residence;
mod timeline;

pub use prescribing::{may_prescribe, payer_matches};
pub use refusal::Refusal;
pub use residence::{Residence, residences};
pub use timeline::{Delivery, Segment, Timeline, Transition};
