//! Event order: where a fee stands among the others.

use hjm_ids::FeeId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::wire;

/// Swedish time since 1996: an hour ahead of UTC, two from the last Sunday of March to that of
/// October. Written out, so that nothing here reads a zone database.
const SWEDEN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// The civil date in Sweden on which something happened (D-31).
///
/// # Panics
/// Never: the rule is a constant that is read.
pub fn event_date(at: Timestamp) -> Date {
    let sweden = TimeZone::posix(SWEDEN).expect("the rule of Swedish time is well written");
    at.to_zoned(sweden).date()
}

/// Where a fee stands in event order (D-4): by date; on a date by the instant it happened, those
/// without one last; then by registration. A corrected fee keeps its instant of registration and
/// its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The date the fee is counted on.
    pub on: Date,
    /// The instant of the event; [`Timestamp::MAX`] where only the date is known.
    pub occurred_at: Timestamp,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Its number on the account it was registered on.
    pub sequence: u64,
    /// The fee: tells apart the fees of two persons who share an account.
    #[serde(with = "wire::text")]
    pub fee: FeeId,
}

impl Place {
    /// Before every fee of the date.
    pub(crate) fn dawn(on: Date) -> Self {
        Self {
            on,
            occurred_at: Timestamp::MIN,
            registered_at: Timestamp::MIN,
            sequence: 0,
            fee: FeeId::new(uuid::Uuid::nil()),
        }
    }

    /// After every fee of the date.
    pub(crate) fn dusk(on: Date) -> Self {
        Self {
            on,
            occurred_at: Timestamp::MAX,
            registered_at: Timestamp::MAX,
            sequence: u64::MAX,
            fee: FeeId::new(uuid::Uuid::max()),
        }
    }
}
