//! What may be asked of an account and done to it. Nothing is stored here: the caller appends what
//! is answered, all of it, in one transaction that holds the account.

use hjm_ids::FeeId;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::assess::DrawnCard;
use crate::error::EngineError;
use crate::log::{CardRelease, FeeEvent, FixedCard, LogEntry, ProposedFee};
use crate::replay::{Account, AccountState, AssessedFee};
use crate::scheme::{CancelFinal, Scheme};
use crate::status::{Status, status_on};

/// What a fee would cost, and how the account would stand on the fee's date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The fee, as if it were registered: `entitled` is what to charge.
    pub fee: AssessedFee,
    /// The account on the fee's date, the fee included.
    pub status: Status,
}

/// What registering or cancelling a fee comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What to append, in this order.
    pub entries: Vec<LogEntry>,
    /// The account after them.
    pub state: AccountState,
}

/// The entry that makes the first due card of the log final, if one is due at `now` (decisions 32).
/// Its instant is the due instant, not `now`. Several cards may be due: append and ask again.
/// [`register`] and [`cancel`] do so themselves.
///
/// # Errors
/// As [`replay`](crate::replay).
pub fn due_fix(
    scheme: &Scheme,
    log: &[LogEntry],
    now: Timestamp,
) -> Result<Option<LogEntry>, EngineError> {
    let account = Account::of(scheme, log)?;
    Ok(account.due(scheme, now).map(LogEntry::CardFixed))
}

/// What each fee would cost, were they registered at `now` in the order given. Changes nothing.
///
/// # Errors
/// As [`register`].
pub fn quote(
    scheme: &Scheme,
    log: &[LogEntry],
    fees: &[ProposedFee],
    now: Timestamp,
) -> Result<Vec<Quote>, EngineError> {
    let mut writing = Writing::open(scheme, log, now)?;
    let mut quotes = Vec::with_capacity(fees.len());
    for proposed in fees {
        writing.fix_due(now)?;
        writing.add_fee(proposed, now)?;
        let state = writing.account.clone().state(scheme)?;
        let fee = state.fee(proposed.fee).cloned();
        quotes.push(Quote {
            fee: fee.ok_or(EngineError::UnknownFee { fee: proposed.fee })?,
            status: status_on(scheme, &state, proposed.on, now)?,
        });
    }
    Ok(quotes)
}

/// The entries that register `proposed` at `now`: the cards that became final before it, then the
/// fee with the next sequence and charged as it is entitled. It never looks at today: see
/// [`ProposedFee::check`].
///
/// # Errors
/// [`EngineError::CeilingMissing`], [`EngineError::DuplicateFee`]; the rest as
/// [`replay`](crate::replay).
pub fn register(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, now)?;
    writing.add_fee(proposed, now)?;
    Ok(Registration {
        entries: writing.entries,
        state: writing.account.state(scheme)?,
    })
}

/// The entries that cancel `fee` at `now`: the cards that became final before it, the
/// cancellation, and under [`CancelFinal::Recalculate`] the release of each final card that the
/// cancelled fee had a part in (D-8).
///
/// # Errors
/// [`EngineError::UnknownFee`], [`EngineError::AlreadyCancelled`]; the rest as
/// [`replay`](crate::replay).
pub fn cancel(
    scheme: &Scheme,
    log: &[LogEntry],
    fee: FeeId,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, now)?;
    let before = writing.account.cards_of_fees(scheme)?;
    writing.append(LogEntry::Cancel { fee, at: now })?;
    match scheme.on_cancel_final() {
        CancelFinal::Retain => {}
        CancelFinal::Recalculate => writing.release_changed(&before, now)?,
    }
    Ok(Registration {
        entries: writing.entries,
        state: writing.account.state(scheme)?,
    })
}

/// An account with the entries that are about to be appended to its log.
struct Writing<'a> {
    scheme: &'a Scheme,
    account: Account,
    entries: Vec<LogEntry>,
}

impl<'a> Writing<'a> {
    /// Whatever is written at `now`, the cards that are due come first.
    fn open(scheme: &'a Scheme, log: &[LogEntry], now: Timestamp) -> Result<Self, EngineError> {
        let mut writing = Self {
            scheme,
            account: Account::of(scheme, log)?,
            entries: Vec::new(),
        };
        writing.fix_due(now)?;
        Ok(writing)
    }

    fn append(&mut self, entry: LogEntry) -> Result<(), EngineError> {
        self.account.add(self.scheme, &entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn fix_due(&mut self, now: Timestamp) -> Result<(), EngineError> {
        while let Some(fixed) = self.account.due(self.scheme, now) {
            self.append(LogEntry::CardFixed(fixed))?;
        }
        Ok(())
    }

    fn add_fee(&mut self, proposed: &ProposedFee, now: Timestamp) -> Result<(), EngineError> {
        let mut event = FeeEvent {
            fee: proposed.fee,
            sequence: self.account.next_sequence(),
            on: proposed.on,
            registered_at: now,
            principal: proposed.principal.clone(),
            nominal: proposed.nominal,
            charged: proposed.nominal,
        };
        let mut tried = self.account.clone();
        tried.add(self.scheme, &LogEntry::Fee(event.clone()))?;
        let entitled = tried.entitled(event.fee);
        event.charged = entitled.ok_or(EngineError::UnknownFee { fee: event.fee })?;
        self.append(LogEntry::Fee(event))
    }

    /// A fixed card is released when the cancellation changed the card that the fees give for its
    /// days; one that was held or kept for another reason stays.
    fn release_changed(&mut self, before: &[DrawnCard], at: Timestamp) -> Result<(), EngineError> {
        let after = self.account.cards_of_fees(self.scheme)?;
        let fixed: Vec<FixedCard> = self.account.fixed().collect();
        for card in fixed {
            if days_given(before, card) != days_given(&after, card) {
                self.append(LogEntry::CardReleased(CardRelease {
                    completed_by: card.completed_by,
                    from: card.from,
                    to: card.to,
                    at,
                }))?;
            }
        }
        Ok(())
    }
}

fn days_given(cards: &[DrawnCard], fixed: FixedCard) -> Option<(Date, Date)> {
    let mut over = cards
        .iter()
        .filter(|card| card.overlaps(fixed.from, fixed.to));
    over.next().map(|card| (card.from, card.to))
}
