//! What happened on an account, in the order it was stored.

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

/// A fee that was registered on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeEvent {
    /// The fee, unique on the account.
    pub fee: FeeId,
    /// Its number on the account, given when it was stored; breaks ties between fees of one date
    /// (D-4).
    pub sequence: u64,
    /// The date the fee is counted on, in Sweden: by the prescription or the delivery, as the
    /// scheme says.
    pub on: Date,
    /// When it was stored, on the service's clock.
    pub registered_at: Timestamp,
    /// The principal that charges it; whether the fee counts depends on its membership on `on`.
    pub principal: PrincipalId,
    /// The fee of the tariff, before any free card.
    pub nominal: Money,
    /// What the person was told to pay.
    pub charged: Money,
}

/// A fee that somebody asks about or is about to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedFee {
    /// The id it has, or would have.
    pub fee: FeeId,
    /// The date it is counted on, in Sweden.
    pub on: Date,
    /// The principal that charges it.
    pub principal: PrincipalId,
    /// The fee of the tariff, before any free card.
    pub nominal: Money,
}

impl ProposedFee {
    /// Whether the fee may be registered at all on `today` (D-30). A fee of zero may: it is a
    /// record that never opens a period (D-29).
    ///
    /// # Errors
    /// Every [`Refusal`] that applies, not just the first.
    pub fn check(&self, today: Date) -> Result<(), Vec<Refusal>> {
        let mut refusals = Vec::new();
        if self.on > today {
            refusals.push(Refusal::DateInFuture { on: self.on, today });
        }
        if self.nominal.is_negative() {
            refusals.push(Refusal::AmountNegative);
        }
        if refusals.is_empty() {
            Ok(())
        } else {
            Err(refusals)
        }
    }
}

/// Why a fee is not taken on an account, whatever the account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The fee is dated after today.
    #[error("a fee is dated today or earlier: {on} is after {today}")]
    DateInFuture {
        /// The date that was given.
        on: Date,
        /// The service's date in Sweden.
        today: Date,
    },
    /// The fee is below zero.
    #[error("a fee is not negative")]
    AmountNegative,
}

impl Refusal {
    /// The field of the fee it concerns.
    pub const fn field(self) -> &'static str {
        match self {
            Self::DateInFuture { .. } => "event_date",
            Self::AmountNegative => "amount",
        }
    }

    /// The stable reason code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DateInFuture { .. } => "FEE_IN_FUTURE",
            Self::AmountNegative => "AMOUNT_NEGATIVE",
        }
    }
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
    /// The instant the card became final: its due instant, not the instant it was written.
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

/// One entry of an account's log. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// A fee was registered.
    Fee(FeeEvent),
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
}

impl LogEntry {
    /// The instant of the entry, on the service's clock.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Fee(fee) => fee.registered_at,
            Self::Cancel { at, .. } => *at,
            Self::CardFixed(card) => card.at,
            Self::CardReleased(release) => release.at,
        }
    }
}
