//! What a log adds up to: fees with what each should have cost, and cards.

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::scheme::Limit;
use crate::wire;

/// A fee that counts towards the limit, with the amount it counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedFee {
    /// The fee.
    #[serde(with = "wire::fee")]
    pub fee: FeeId,
    /// Its date.
    pub on: Date,
    /// What it counts for: what the person should pay for it.
    #[serde(with = "wire::ore")]
    pub entitled: Money,
    /// The fee of the tariff; under a scheme with tiers the price, which they go by.
    #[serde(with = "wire::ore")]
    pub nominal: Money,
    /// The last day on which it counts by itself.
    pub last_day: Date,
    /// Of a composite: which of the schemes it reads the fee is of, in the order the scheme lists
    /// them.
    pub area: u16,
}

/// Why a fee costs what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The limit leaves room: the whole fee, and it counts.
    Full,
    /// The tiers' share of the price, and it counts.
    Share,
    /// Only what remains to the ceiling (R7); nothing where a lowered ceiling is passed (D-26).
    Cut,
    /// Free: a card is valid on the date.
    Covered {
        /// First day of the card.
        from: Date,
        /// Last day of the card, inclusive.
        to: Date,
    },
    /// The principal is no member of the scheme on the date: the whole fee, and it does not count.
    NotCounted,
    /// The scheme leaves fees of the kind out: the whole fee, and it does not count (R13, R14).
    KindNotCounted,
    /// The person's age is exempt: nothing, and nothing counts.
    Exempt,
    /// The fee was cancelled: nothing. All that was taken for it goes back (R18).
    Cancelled,
}

impl Outcome {
    /// Whether the limit was asked: the fee counts as far as it is to be paid.
    pub(crate) const fn is_measured(self) -> bool {
        match self {
            Self::Full | Self::Share | Self::Cut => true,
            Self::Covered { .. }
            | Self::NotCounted
            | Self::KindNotCounted
            | Self::Exempt
            | Self::Cancelled => false,
        }
    }

    /// The stable code of the outcome.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "BELOW_CEILING",
            Self::Share => "SHARE_OF_PRICE",
            Self::Cut => "CUT_AT_CEILING",
            Self::Covered { .. } => "FREE_CARD",
            Self::NotCounted => "NOT_A_MEMBER",
            Self::KindNotCounted => "KIND_NOT_COUNTED",
            Self::Exempt => "EXEMPT",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A registered fee with what event order says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessedFee {
    /// The fee.
    pub fee: FeeId,
    /// Its date.
    pub on: Date,
    /// Its number on the account.
    pub sequence: u64,
    /// Where it stands in event order.
    pub place: Place,
    /// The principal that charges it.
    pub principal: PrincipalId,
    /// The fee of the tariff.
    pub nominal: Money,
    /// What the person was told to pay.
    pub charged: Money,
    /// It was paid to somebody else and is entered on a receipt.
    pub paid_elsewhere: bool,
    /// What the person should pay.
    pub entitled: Money,
    /// Why.
    pub outcome: Outcome,
    /// The limit on the date; none where the fee does not count.
    pub limit: Option<Limit>,
    /// The fees that counted just before this one, or that built the card that covers it.
    pub basis: Vec<CountedFee>,
    /// What was charged too much: to be refunded by the principal that charged it (D-10). Of a
    /// cancelled fee zero: what was taken for it goes back with the cancellation.
    pub overcharge: Money,
    /// What was charged too little: reported and never collected (D-9).
    pub undercharge: Money,
}

/// Counted fees that are listed one by one; all are in the sum and the number.
const LISTED_MAX: usize = 50;

impl AssessedFee {
    /// The newest of the fees that it is measured against, in order: 50 at the most.
    pub fn newest_counted(&self) -> &[CountedFee] {
        let older = self.basis.len().saturating_sub(LISTED_MAX);
        self.basis.get(older..).unwrap_or_default()
    }

    /// Whether some of the fee counts towards the limit.
    pub fn counted(&self) -> bool {
        self.outcome.is_measured() && !self.entitled.is_zero()
    }

    /// The ceiling on the date; none where the fee does not count or the limit is no sum.
    pub fn ceiling(&self) -> Option<Money> {
        self.limit.and_then(Limit::ceiling)
    }

    /// What is to go back to the person in all: the overcharge, and of a cancelled fee all that
    /// was charged. What was paid elsewhere is not given back by who only entered it.
    pub fn to_refund(&self) -> Money {
        if self.outcome != Outcome::Cancelled {
            self.overcharge
        } else if self.paid_elsewhere {
            Money::ZERO
        } else {
            self.charged
        }
    }

    /// What its principal owes of that: nothing where it was paid to somebody else, whom the
    /// person asks (R18).
    pub fn owed(&self) -> Money {
        if self.paid_elsewhere {
            Money::ZERO
        } else {
            self.to_refund()
        }
    }

    /// What its principal charged too little: nothing where it was paid to somebody else.
    pub fn undercharged(&self) -> Money {
        if self.paid_elsewhere {
            Money::ZERO
        } else {
            self.undercharge
        }
    }
}

/// How firm a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardStanding {
    /// May still be recomputed freely, until `final_at`.
    Preliminary {
        /// The instant from which the card is final, whether or not that has been written.
        final_at: Timestamp,
    },
    /// The person may rely on it: its end never moves earlier.
    Final,
    /// Final, and kept although the fees no longer reach the limit (D-8).
    Retained,
    /// A valid card of another principal.
    Imported,
    /// Registered for a medical reason.
    Registered,
}

/// A free card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// First day: the date of the fee that reached the limit.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// The date of the oldest fee that counts; none where no fee does.
    pub period_start: Option<Date>,
    /// How firm it is.
    pub standing: CardStanding,
    /// Whether more was promised than the fees now give: the end is held, or the card retained.
    pub flagged: bool,
    /// The fee that completed it; none of a card that was registered without fees.
    pub completed_by: Option<FeeId>,
    /// The limit that was reached; none of a card that the fees do not give.
    pub limit: Option<Limit>,
    /// What the fees below add up to.
    pub accumulated: Money,
    /// The fees that built it, in event order.
    pub fees: Vec<CountedFee>,
}

impl Card {
    /// Whether the card is valid on the date.
    pub fn covers(&self, on: Date) -> bool {
        self.from <= on && on <= self.to
    }

    /// The ceiling that was reached, where the limit is a sum.
    pub fn ceiling(&self) -> Option<Money> {
        self.limit.and_then(Limit::ceiling)
    }
}

/// What a log adds up to. Ask [`status_on`](crate::status_on) for what it means on a date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// Every fee, the cancelled ones too, in event order.
    pub fees: Vec<AssessedFee>,
    /// Every card there is, in order of dates; they do not overlap.
    pub cards: Vec<Card>,
}

impl AccountState {
    /// The fee with that id.
    pub fn fee(&self, fee: FeeId) -> Option<&AssessedFee> {
        self.fees.iter().find(|assessed| assessed.fee == fee)
    }

    /// Whether a fee has another like it: of the same day, principal and amount, and not cancelled
    /// (D-32). Who shares the account is another: the other must be one `of_person`.
    pub fn has_alike(&self, fee: FeeId, of_person: impl Fn(FeeId) -> bool) -> bool {
        let Some(own) = self.fee(fee) else {
            return false;
        };
        let mut others = self.fees.iter().filter(|other| other.fee != fee);
        others.any(|other| {
            of_person(other.fee)
                && other.outcome != Outcome::Cancelled
                && (other.on, other.nominal) == (own.on, own.nominal)
                && other.principal == own.principal
        })
    }

    /// The card that is valid on the date.
    pub fn card_on(&self, on: Date) -> Option<&Card> {
        self.cards.iter().find(|card| card.covers(on))
    }
}
