//! From a log to the state of the account, and to when each card became known.

use std::collections::BTreeMap;

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::assess::{Assessment, DrawnCard, Key, assess, key};
use crate::error::EngineError;
use crate::log::{CardRelease, FeeEvent, FixedCard, LogEntry};
use crate::scheme::Scheme;

/// A fee that counts towards the ceiling, with the amount it counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedFee {
    /// The fee.
    pub fee: FeeId,
    /// Its date.
    pub on: Date,
    /// What it counts for: what the person should pay for it.
    pub entitled: Money,
}

/// Why a fee costs what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The ceiling leaves room: the whole fee, and it counts.
    Full,
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
    /// The fee was cancelled: nothing. What was taken for it goes back with the cancellation and
    /// is no claim of its own (R18).
    Cancelled,
}

impl Outcome {
    /// The stable code of the outcome.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "BELOW_CEILING",
            Self::Cut => "CUT_AT_CEILING",
            Self::Covered { .. } => "FREE_CARD",
            Self::NotCounted => "NOT_A_MEMBER",
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
    /// The principal that charges it.
    pub principal: PrincipalId,
    /// The fee of the tariff.
    pub nominal: Money,
    /// What the person was told to pay.
    pub charged: Money,
    /// What the person should pay.
    pub entitled: Money,
    /// Why.
    pub outcome: Outcome,
    /// The ceiling on the date; none where the fee does not count.
    pub ceiling: Option<Money>,
    /// The fees that counted just before this one, or that built the card that covers it.
    pub basis: Vec<CountedFee>,
    /// What was charged too much: to be refunded by the principal that charged it (D-10).
    pub overcharge: Money,
    /// What was charged too little: reported and never collected (D-9).
    pub undercharge: Money,
}

impl AssessedFee {
    /// Whether some of the fee counts towards the ceiling.
    pub fn counted(&self) -> bool {
        match self.outcome {
            Outcome::Full | Outcome::Cut => !self.entitled.is_zero(),
            Outcome::Covered { .. } | Outcome::NotCounted | Outcome::Cancelled => false,
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
    /// Final, and kept although the fees no longer reach the ceiling (D-8).
    Retained,
}

/// A free card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// First day: the date of the fee that reached the ceiling.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// The date of the oldest fee that counts; none for a retained card that no fee is left of.
    pub period_start: Option<Date>,
    /// How firm it is.
    pub standing: CardStanding,
    /// Whether more was promised than the fees now give: the end is held, or the card retained.
    pub flagged: bool,
    /// The fee that completed it.
    pub completed_by: FeeId,
    /// The ceiling that was reached; none for a retained card.
    pub ceiling: Option<Money>,
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

    /// The card that is valid on the date.
    pub fn card_on(&self, on: Date) -> Option<&Card> {
        self.cards.iter().find(|card| card.covers(on))
    }
}

/// The state that `log`, in stored order, gives under `scheme`.
///
/// Deterministic: the order in which fees of different dates arrived does not matter, but for what
/// a card that became final in between promised. The work grows with the square of the number of
/// entries, since when a card first existed is read from every prefix of the log.
///
/// # Errors
/// [`EngineError::CeilingMissing`] when a counting fee's date has no ceiling; the other variants
/// when the log contradicts itself.
pub fn replay(scheme: &Scheme, log: &[LogEntry]) -> Result<AccountState, EngineError> {
    Account::of(scheme, log)?.state(scheme)
}

/// The log, taken in.
#[derive(Clone, Default)]
pub(crate) struct Account {
    /// All fees in event order; true where cancelled.
    fees: BTreeMap<Key, (FeeEvent, bool)>,
    keys: BTreeMap<FeeId, Key>,
    /// The fixed cards that were not released, in order of the fees that completed them.
    fixed: Vec<(Key, FixedCard)>,
    /// The active fees after the last entry.
    assessed: Vec<AssessedFee>,
    /// The cards after the last entry, each with the instant it first existed: what makes it
    /// final. A card that is recomputed stays the same card as long as its days overlap.
    cards: Vec<(DrawnCard, Timestamp)>,
}

impl Account {
    pub(crate) fn of(scheme: &Scheme, log: &[LogEntry]) -> Result<Self, EngineError> {
        let mut account = Self::default();
        for entry in log {
            account.add(scheme, entry)?;
        }
        Ok(account)
    }

    /// Takes in one more entry. After an error the account is not to be used.
    pub(crate) fn add(&mut self, scheme: &Scheme, entry: &LogEntry) -> Result<(), EngineError> {
        self.take(entry)?;
        self.assess(scheme, entry.at())
    }

    pub(crate) fn entitled(&self, fee: FeeId) -> Option<Money> {
        let assessed = self.assessed.iter().find(|assessed| assessed.fee == fee);
        assessed.map(|fee| fee.entitled)
    }

    /// The first card that is due to become final at `now`.
    pub(crate) fn due(&self, scheme: &Scheme, now: Timestamp) -> Option<FixedCard> {
        let open = self.cards.iter().filter(|(card, _)| !card.fixed);
        let due = open.map(|(card, since)| FixedCard {
            completed_by: card.completed_by,
            from: card.from,
            to: card.to,
            at: final_at(scheme, *since),
        });
        due.filter(|card| card.at <= now).min_by_key(|card| card.at)
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        let last = self.fees.values().map(|(fee, _)| fee.sequence).max();
        last.map_or(1, |last| last.saturating_add(1))
    }

    pub(crate) fn fixed(&self) -> impl Iterator<Item = FixedCard> {
        self.fixed.iter().map(|(_, card)| *card)
    }

    /// The cards that the fees alone give, whatever was promised.
    pub(crate) fn cards_of_fees(&self, scheme: &Scheme) -> Result<Vec<DrawnCard>, EngineError> {
        Ok(assess(scheme, &self.active(), &[])?.cards)
    }

    pub(crate) fn state(self, scheme: &Scheme) -> Result<AccountState, EngineError> {
        let mut fees = self.assessed;
        let cancelled = self.fees.into_values().filter(|(_, cancelled)| *cancelled);
        fees.extend(cancelled.map(|(fee, _)| cancelled_fee(fee)));
        fees.sort_by_key(|fee| (fee.on, fee.sequence));
        let cards = self
            .cards
            .into_iter()
            .map(|(card, since)| public_card(card, final_at(scheme, since)))
            .collect::<Result<_, _>>()?;
        Ok(AccountState { fees, cards })
    }

    fn active(&self) -> Vec<&FeeEvent> {
        self.fees
            .values()
            .filter(|(_, cancelled)| !cancelled)
            .map(|(fee, _)| fee)
            .collect()
    }

    fn assess(&mut self, scheme: &Scheme, at: Timestamp) -> Result<(), EngineError> {
        let Assessment { fees, cards } = assess(scheme, &self.active(), &self.fixed)?;
        self.cards = cards
            .into_iter()
            .map(|card| {
                let since = self.known_since(&card).unwrap_or(at);
                (card, since)
            })
            .collect();
        self.assessed = fees;
        Ok(())
    }

    fn known_since(&self, card: &DrawnCard) -> Option<Timestamp> {
        let same = |(known, _): &&(DrawnCard, Timestamp)| card.overlaps(known.from, known.to);
        self.cards
            .iter()
            .filter(same)
            .map(|(_, since)| *since)
            .min()
    }

    fn key_of(&self, fee: FeeId) -> Result<Key, EngineError> {
        let key = self.keys.get(&fee).copied();
        key.ok_or(EngineError::UnknownFee { fee })
    }

    fn take(&mut self, entry: &LogEntry) -> Result<(), EngineError> {
        match entry {
            LogEntry::Fee(event) => self.take_fee(event),
            LogEntry::Cancel { fee, .. } => self.take_cancel(*fee),
            LogEntry::CardFixed(card) => {
                let key = self.key_of(card.completed_by)?;
                self.fixed.push((key, *card));
                self.fixed.sort_by_key(|(key, _)| *key);
                Ok(())
            }
            LogEntry::CardReleased(release) => self.take_release(release),
        }
    }

    fn take_fee(&mut self, event: &FeeEvent) -> Result<(), EngineError> {
        if self.keys.insert(event.fee, key(event)).is_some() {
            return Err(EngineError::DuplicateFee { fee: event.fee });
        }
        let sequence = event.sequence;
        if self.fees.values().any(|(fee, _)| fee.sequence == sequence) {
            return Err(EngineError::DuplicateSequence { sequence });
        }
        self.fees.insert(key(event), (event.clone(), false));
        Ok(())
    }

    fn take_cancel(&mut self, fee: FeeId) -> Result<(), EngineError> {
        let key = self.key_of(fee)?;
        match self.fees.get_mut(&key) {
            Some((_, cancelled @ false)) => {
                *cancelled = true;
                Ok(())
            }
            Some((_, true)) => Err(EngineError::AlreadyCancelled { fee }),
            None => Err(EngineError::UnknownFee { fee }),
        }
    }

    fn take_release(&mut self, release: &CardRelease) -> Result<(), EngineError> {
        let fee = release.completed_by;
        let place = self.fixed.iter().position(|(_, card)| {
            card.completed_by == fee && card.from == release.from && card.to == release.to
        });
        self.fixed
            .remove(place.ok_or(EngineError::UnknownCard { fee })?);
        Ok(())
    }
}

fn public_card(card: DrawnCard, final_at: Timestamp) -> Result<Card, EngineError> {
    let standing = match (card.fixed, card.computed_to) {
        (false, _) => CardStanding::Preliminary { final_at },
        (true, Some(_)) => CardStanding::Final,
        (true, None) => CardStanding::Retained,
    };
    Ok(Card {
        from: card.from,
        to: card.to,
        period_start: card.fees.first().map(|fee| fee.on),
        standing,
        flagged: card.computed_to != Some(card.to),
        completed_by: card.completed_by,
        ceiling: card.ceiling,
        accumulated: Money::sum(card.fees.iter().map(|fee| fee.entitled))?,
        fees: card.fees,
    })
}

/// Saturates: a card that would become final after the end of time stays preliminary.
fn final_at(scheme: &Scheme, since: Timestamp) -> Timestamp {
    let preliminary = SignedDuration::from_hours(i64::from(scheme.preliminary_hours()));
    since.saturating_add(preliminary).unwrap_or(Timestamp::MAX)
}

fn cancelled_fee(event: FeeEvent) -> AssessedFee {
    AssessedFee {
        fee: event.fee,
        on: event.on,
        sequence: event.sequence,
        principal: event.principal,
        nominal: event.nominal,
        charged: event.charged,
        entitled: Money::ZERO,
        outcome: Outcome::Cancelled,
        ceiling: None,
        basis: Vec::new(),
        overcharge: Money::ZERO,
        undercharge: Money::ZERO,
    }
}
