//! What may be asked of an account and done to it. Nothing is stored here: the caller appends what
//! is answered, all of it, in one transaction that holds the account.

use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::EngineError;
use crate::log::{
    CardReason, CardRelease, Correction, FeeEvent, FixedCard, LogEntry, RegisteredCard,
};
use crate::person::ProposedFee;
use crate::replay::Account;
use crate::run::DrawnCard;
use crate::scheme::{CancelFinal, Limit, Scheme, Settlement};
use crate::state::{AccountState, AssessedFee, Outcome};
use crate::status::{Status, status_on};

/// What a fee would cost, and how the account would stand on the fee's date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The fee, as if it were registered: `entitled` is what it should cost.
    pub fee: AssessedFee,
    /// The account on the fee's date, the fee included: what remains after it.
    pub status: Status,
    /// The next limit that is known to differ, and its first day: worth telling before it comes.
    pub coming_limit: Option<(Date, Limit)>,
}

/// What registering, correcting or cancelling a fee comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What to append, in this order.
    pub entries: Vec<LogEntry>,
    /// The account after them.
    pub state: AccountState,
}

/// The entry that makes the first due card of the log final, if one is due at `now` (decisions 32).
/// Its instant is the due instant, not `now`. Several cards may be due: append and ask again.
/// [`register`] and its like do so themselves.
///
/// # Errors
/// As [`replay`](crate::replay).
pub fn due_fix(
    scheme: &Scheme,
    log: &[LogEntry],
    now: Timestamp,
) -> Result<Option<LogEntry>, EngineError> {
    let account = Account::of(scheme, log)?;
    Ok(account.live.due(scheme, now).map(LogEntry::CardFixed))
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
        writing.add_fee(proposed)?;
        let state = writing.account.state(scheme)?;
        let fee = state.fee(proposed.fee).cloned();
        quotes.push(Quote {
            fee: fee.ok_or(EngineError::UnknownFee { fee: proposed.fee })?,
            status: status_on(scheme, &state, proposed.on, now)?,
            coming_limit: scheme.coming_limit(proposed.on),
        });
    }
    Ok(quotes)
}

/// The entries that register `proposed` at `now`: the cards that became final before it, then the
/// fee with the next number, charged as [`charge`] says. It never looks at today: see
/// [`ProposedFee::check`].
///
/// # Errors
/// [`EngineError::CeilingMissing`], [`EngineError::DuplicateFee`],
/// [`EngineError::CompositeReadsOnly`]; the rest as [`replay`](crate::replay).
pub fn register(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, now)?;
    writing.add_fee(proposed)?;
    writing.done()
}

/// As [`register`], for a fee that a desk has charged already while it could not ask (D-24): what
/// it took too much is an overcharge of it.
///
/// # Errors
/// As [`register`].
pub fn register_charged(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    charged: Money,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    register_paid(scheme, log, proposed, (charged, false), now)
}

/// As [`register_charged`], for a fee that was paid elsewhere and is entered on a receipt (R12):
/// what was taken too much there is told and owed by nobody here (R18).
///
/// # Errors
/// As [`register`].
pub fn register_receipt(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    paid: Money,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    register_paid(scheme, log, proposed, (paid, true), now)
}

fn register_paid(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    (paid, paid_elsewhere): (Money, bool),
    now: Timestamp,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, now)?;
    let sequence = writing.account.live.next_sequence();
    let event = FeeEvent {
        paid_elsewhere,
        ..fee_event(proposed, sequence, paid, writing.now)
    };
    writing.append(LogEntry::Fee(event))?;
    writing.done()
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
    let at = writing.now;
    writing.change(LogEntry::Cancel { fee, at })?;
    writing.done()
}

/// The entries that correct a fee: as [`cancel`], with the amount and date it should have had. The
/// correction is dated `correction.at`; the fee keeps its number and what was charged.
///
/// # Errors
/// As [`cancel`], and [`EngineError::CeilingMissing`] on the new date.
pub fn correct(
    scheme: &Scheme,
    log: &[LogEntry],
    correction: &Correction,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, correction.at)?;
    let at = writing.now;
    writing.change(LogEntry::Correct(Correction {
        at,
        ..correction.clone()
    }))?;
    writing.done()
}

/// The entries that register a card without fees (D-16, D-38). Without `extend_existing` there
/// must be no card on any of its days.
///
/// # Errors
/// [`EngineError::CardExists`], [`EngineError::CardEndsBeforeItBegins`],
/// [`EngineError::ExternalCardRefused`]; the rest as [`replay`](crate::replay).
pub fn register_card(
    scheme: &Scheme,
    log: &[LogEntry],
    card: RegisteredCard,
    extend_existing: bool,
) -> Result<Registration, EngineError> {
    let mut writing = Writing::open(scheme, log, card.at)?;
    let state = writing.account.state(scheme)?;
    check_card(scheme, &state, card, extend_existing)?;
    let at = writing.now;
    writing.append(LogEntry::CardRegistered(RegisteredCard { at, ..card }))?;
    writing.done()
}

/// Whether a card without fees may stand beside the account's own.
pub(crate) fn check_card(
    scheme: &Scheme,
    state: &AccountState,
    card: RegisteredCard,
    extend_existing: bool,
) -> Result<(), EngineError> {
    let RegisteredCard { from, to, .. } = card;
    if to < from {
        return Err(EngineError::CardEndsBeforeItBegins { from, to });
    }
    if card.reason == CardReason::ValidCard && !scheme.accepts_external_cards() {
        let scheme = scheme.id().to_owned();
        return Err(EngineError::ExternalCardRefused { scheme });
    }
    let mut over = state.cards.iter();
    match over.find(|there| there.from <= to && from <= there.to) {
        Some(there) if !extend_existing => Err(EngineError::CardExists {
            from: there.from,
            to: there.to,
        }),
        Some(_) | None => Ok(()),
    }
}

/// What a desk charges for a fee: what it should cost, or under
/// [`Settlement::RefundOnApplication`] all of it, and the person applies for the excess. Who is
/// exempt is charged nothing either way.
pub fn charge(scheme: &Scheme, nominal: Money, entitled: Money, outcome: Outcome) -> Money {
    match scheme.settlement() {
        Settlement::RefundOnApplication if outcome != Outcome::Exempt => nominal,
        Settlement::AtDesk | Settlement::RefundOnApplication => entitled,
    }
}

pub(crate) fn fee_event(
    proposed: &ProposedFee,
    sequence: u64,
    charged: Money,
    at: Timestamp,
) -> FeeEvent {
    FeeEvent {
        fee: proposed.fee,
        sequence,
        on: proposed.on,
        occurred_at: proposed.occurred_at,
        registered_at: at,
        principal: proposed.principal.clone(),
        kind: proposed.kind.clone(),
        age: proposed.age,
        nominal: proposed.nominal,
        charged,
        paid_elsewhere: false,
    }
}

/// An account with the entries that are about to be appended to its log.
struct Writing<'a> {
    scheme: &'a Scheme,
    account: Account,
    entries: Vec<LogEntry>,
    now: Timestamp,
}

impl<'a> Writing<'a> {
    /// Whatever is written at `now`, the cards that are due come first.
    fn open(scheme: &'a Scheme, log: &[LogEntry], now: Timestamp) -> Result<Self, EngineError> {
        if scheme.is_composite() {
            let scheme = scheme.id().to_owned();
            return Err(EngineError::CompositeReadsOnly { scheme });
        }
        let account = Account::of(scheme, log)?;
        let mut writing = Self {
            scheme,
            now: account.live.instant(now),
            account,
            entries: Vec::new(),
        };
        writing.fix_due()?;
        Ok(writing)
    }

    fn done(self) -> Result<Registration, EngineError> {
        Ok(Registration {
            entries: self.entries,
            state: self.account.state(self.scheme)?,
        })
    }

    fn append(&mut self, entry: LogEntry) -> Result<(), EngineError> {
        self.account.add(self.scheme, &entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn fix_due(&mut self) -> Result<(), EngineError> {
        while let Some(fixed) = self.account.live.due(self.scheme, self.now) {
            self.append(LogEntry::CardFixed(fixed))?;
        }
        Ok(())
    }

    fn add_fee(&mut self, proposed: &ProposedFee) -> Result<(), EngineError> {
        self.fix_due()?;
        let sequence = self.account.live.next_sequence();
        let mut event = fee_event(proposed, sequence, proposed.nominal, self.now);
        let verdict = self
            .account
            .add(self.scheme, &LogEntry::Fee(event.clone()))?;
        let verdict = verdict.ok_or(EngineError::UnknownFee { fee: event.fee })?;
        event.charged = charge(
            self.scheme,
            event.nominal,
            verdict.entitled,
            verdict.outcome,
        );
        self.account.facts.set_charged(event.fee, event.charged)?;
        self.entries.push(LogEntry::Fee(event));
        Ok(())
    }

    /// Appends an entry that takes something back, and what the scheme lets follow from that.
    fn change(&mut self, entry: LogEntry) -> Result<(), EngineError> {
        let before = self.account.cards_of_fees(self.scheme)?;
        self.append(entry)?;
        match self.scheme.on_cancel_final() {
            CancelFinal::Retain => Ok(()),
            CancelFinal::Recalculate => self.release_changed(&before),
        }
    }

    /// A fixed card is released when the change altered the card that the fees give for its days;
    /// one that was held or kept for another reason stays.
    fn release_changed(&mut self, before: &[DrawnCard]) -> Result<(), EngineError> {
        let after = self.account.cards_of_fees(self.scheme)?;
        let fixed = self.account.facts.fixed().to_vec();
        for card in fixed {
            if days_given(before, card) != days_given(&after, card) {
                self.append(LogEntry::CardReleased(CardRelease {
                    completed_by: card.completed_by,
                    from: card.from,
                    to: card.to,
                    at: self.now,
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
