//! What happened on an account, in the order it was stored.

use std::fmt;
use std::str::FromStr;

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::place::Place;

/// What a fee is for, as the tariff names it: a scheme may leave kinds out (R13, R14). Written as
/// 2 to 40 characters a-z, 0-9 and -.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeKind(String);

/// Why a text is no kind of fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kind of fee is written as 2 to 40 characters a-z, 0-9 and -")]
pub struct FeeKindError;

impl FeeKind {
    /// The text as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for FeeKind {
    type Err = FeeKindError;

    fn from_str(text: &str) -> Result<Self, FeeKindError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (2..=40).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FeeKindError)
        }
    }
}

/// A fee that was registered on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeEvent {
    /// The fee, unique on the account.
    pub fee: FeeId,
    /// Its number on the account, given when it was stored; breaks ties between fees of one date
    /// that were registered at the same instant (D-4).
    pub sequence: u64,
    /// The date the fee is counted on, in Sweden: by the prescription or the delivery, as the
    /// scheme says.
    pub on: Date,
    /// The instant of the event, where a desk told it; orders the fees of one date.
    pub occurred_at: Option<Timestamp>,
    /// When it was stored, on the service's clock.
    pub registered_at: Timestamp,
    /// The principal that charges it; whether the fee counts depends on its membership on `on`.
    pub principal: PrincipalId,
    /// What it is for, where that was told; a kind that the scheme leaves out does not count.
    pub kind: Option<FeeKind>,
    /// The person's age on `on` in whole years, where that was told; a scheme may exempt ages.
    pub age: Option<u8>,
    /// The fee of the tariff, before any free card; under a scheme with tiers the price.
    pub nominal: Money,
    /// What the person was told to pay.
    pub charged: Money,
    /// It was paid to somebody else and is entered on a receipt (R12): it counts as the
    /// principal's own, who has taken nothing and refunds nothing (R18).
    pub paid_elsewhere: bool,
}

impl FeeEvent {
    /// Where it stands in event order.
    pub fn place(&self) -> Place {
        Place {
            on: self.on,
            occurred_at: self.occurred_at.unwrap_or(Timestamp::MAX),
            registered_at: self.registered_at,
            sequence: self.sequence,
            fee: self.fee,
        }
    }
}

/// A change of a registered fee that was wrong (D-8). It keeps its number, what was charged for
/// it, who charged it and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The fee.
    pub fee: FeeId,
    /// The date it should have had.
    pub on: Date,
    /// The instant of the event, where it is known.
    pub occurred_at: Option<Timestamp>,
    /// The person's age on that date, where it is known.
    pub age: Option<u8>,
    /// The fee of the tariff that it should have had.
    pub nominal: Money,
    /// When it was corrected.
    pub at: Timestamp,
}

/// A card that became final: the person may rely on every day of it (decisions 32, D-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedCard {
    /// The fee that reached the ceiling. Later fees of the same date are covered, it is not.
    pub completed_by: FeeId,
    /// First day of the card.
    pub from: Date,
    /// Last day of the card, inclusive.
    pub to: Date,
    /// The instant the card became final: its due instant, not the instant it was written. Where
    /// a late entry drew anew a card that was due before, the instant of that entry.
    pub at: Timestamp,
}

/// A final card that was taken back, which only a scheme with
/// [`CancelFinal::Recalculate`](crate::CancelFinal::Recalculate) does (D-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardRelease {
    /// The fee that had completed the card, as in the [`FixedCard`] it releases.
    pub completed_by: FeeId,
    /// First day of the released card.
    pub from: Date,
    /// Last day of the released card, inclusive.
    pub to: Date,
    /// When it was released.
    pub at: Timestamp,
}

/// Why there is a card that the account's own fees do not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardReason {
    /// A valid card of another principal was shown (D-16): covers every fee of its days.
    ValidCard,
    /// A medical reason (D-38): covers every fee of its days.
    Medical,
    /// A final card of a pool that the person has left (D-18): covers what comes after the fee
    /// that completed it, and that fee, where it is this person's, costs what it did.
    Kept {
        /// Where that fee stands.
        after: Place,
        /// What it cost.
        entitled: Money,
    },
}

impl CardReason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ValidCard => "VALID_CARD",
            Self::Medical => "MEDICAL",
            Self::Kept { .. } => "KEPT",
        }
    }
}

/// A card that was registered without fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredCard {
    /// First day.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// Why.
    pub reason: CardReason,
    /// When it was registered.
    pub at: Timestamp,
}

/// One entry of an account's log. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// A fee was registered.
    Fee(FeeEvent),
    /// A fee was changed.
    Correct(Correction),
    /// A fee was cancelled, wholly: it no longer counts.
    Cancel {
        /// The fee that no longer counts.
        fee: FeeId,
        /// When.
        at: Timestamp,
    },
    /// A card became final.
    CardFixed(FixedCard),
    /// A final card was taken back.
    CardReleased(CardRelease),
    /// A card was registered without fees.
    CardRegistered(RegisteredCard),
    /// The logs before this entry were those of several persons; from here they share the account.
    /// Only [`unite`](crate::unite) writes it, and it is not stored.
    Joined {
        /// When they were joined.
        at: Timestamp,
    },
}

impl LogEntry {
    /// The instant of the entry, on the service's clock.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Fee(fee) => fee.registered_at,
            Self::Correct(correction) => correction.at,
            Self::Cancel { at, .. } | Self::Joined { at } => *at,
            Self::CardFixed(card) => card.at,
            Self::CardReleased(release) => release.at,
            Self::CardRegistered(card) => card.at,
        }
    }
}

/// What was known at an instant: the entries of a log through it. What stands after a later entry
/// was not known, whatever its own instant.
pub fn known_at(log: &[LogEntry], at: Timestamp) -> &[LogEntry] {
    let later = log.iter().position(|entry| entry.at() > at);
    &log[..later.unwrap_or(log.len())]
}

/// The entries of several logs by their instants, each with what its log is of; those of one log
/// stay in their order.
pub(crate) fn merged<'a, T: Copy>(
    logs: impl IntoIterator<Item = (T, &'a [LogEntry])>,
) -> Vec<(T, &'a LogEntry)> {
    let mut all: Vec<(Timestamp, T, &LogEntry)> = Vec::new();
    for (of, log) in logs {
        let mut latest = Timestamp::MIN;
        for entry in log {
            latest = latest.max(entry.at());
            all.push((latest, of, entry));
        }
    }
    all.sort_by_key(|(at, ..)| *at);
    all.into_iter().map(|(_, of, entry)| (of, entry)).collect()
}
