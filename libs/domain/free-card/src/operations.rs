//! What may be asked of an account and done to it. Nothing is stored here: the caller appends what
//! is answered, all of it, in one transaction that holds the account.

use hjm_ids::FeeId;
use jiff::Timestamp;

use crate::error::EngineError;
use crate::log::{CardRelease, FeeEvent, FixedCard, LogEntry, ProposedFee};
use crate::replay::{Account, AccountState, AssessedFee, CardStanding, replay};
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

/// What registering a fee comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What to append, in this order.
    pub entries: Vec<LogEntry>,
    /// The account after them.
    pub state: AccountState,
}

/// The entry that makes the first due card of the log final, if one is due at `now` (decisions 32).
/// Its instant is the due instant, not `now`. Several cards may be due: append and ask again.
///
/// # Errors
/// As [`replay`].
pub fn due_fix(
    scheme: &Scheme,
    log: &[LogEntry],
    now: Timestamp,
) -> Result<Option<LogEntry>, EngineError> {
    let due = replay(scheme, log)?
        .cards
        .into_iter()
        .filter_map(|card| match card.standing {
            CardStanding::Preliminary { final_at } if final_at <= now => Some(FixedCard {
                completed_by: card.completed_by,
                from: card.from,
                to: card.to,
                at: final_at,
            }),
            CardStanding::Preliminary { .. } | CardStanding::Final | CardStanding::Retained => None,
        })
        .min_by_key(|fixed| fixed.at);
    Ok(due.map(LogEntry::CardFixed))
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
    let mut log = log.to_vec();
    let mut quotes = Vec::with_capacity(fees.len());
    for proposed in fees {
        let Registration { entries, state } = register(scheme, &log, proposed, now)?;
        log.extend(entries);
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
/// [`EngineError::CeilingMissing`], [`EngineError::DuplicateFee`]; the rest as [`replay`].
pub fn register(
    scheme: &Scheme,
    log: &[LogEntry],
    proposed: &ProposedFee,
    now: Timestamp,
) -> Result<Registration, EngineError> {
    let mut all = with_due(scheme, log, now)?;
    let mut event = FeeEvent {
        fee: proposed.fee,
        sequence: Account::of(scheme, &all)?.next_sequence(),
        on: proposed.on,
        registered_at: now,
        principal: proposed.principal.clone(),
        nominal: proposed.nominal,
        charged: proposed.nominal,
    };
    all.push(LogEntry::Fee(event.clone()));
    let entitled = replay(scheme, &all)?.fee(event.fee).map(|fee| fee.entitled);
    event.charged = entitled.ok_or(EngineError::UnknownFee { fee: event.fee })?;
    all.pop();
    all.push(LogEntry::Fee(event));
    let state = replay(scheme, &all)?;
    Ok(Registration {
        entries: all.split_off(log.len()),
        state,
    })
}

/// The entries that cancel `fee` at `now`: the cards that became final before it, the
/// cancellation, and under [`CancelFinal::Recalculate`] the release of each final card that the
/// cancelled fee had a part in (D-8).
///
/// # Errors
/// [`EngineError::UnknownFee`], [`EngineError::AlreadyCancelled`]; the rest as [`replay`].
pub fn cancel(
    scheme: &Scheme,
    log: &[LogEntry],
    fee: FeeId,
    now: Timestamp,
) -> Result<Vec<LogEntry>, EngineError> {
    let mut all = with_due(scheme, log, now)?;
    let before = Account::of(scheme, &all)?;
    all.push(LogEntry::Cancel { fee, at: now });
    let after = Account::of(scheme, &all)?;
    match scheme.on_cancel_final() {
        CancelFinal::Retain => {}
        CancelFinal::Recalculate => {
            all.extend(releases(scheme, &before, &after, now)?);
        }
    }
    Ok(all.split_off(log.len()))
}

/// A fixed card is released when the cancellation changed the card that the fees give for its days;
/// one that was held or kept for another reason stays.
fn releases(
    scheme: &Scheme,
    before: &Account,
    after: &Account,
    at: Timestamp,
) -> Result<Vec<LogEntry>, EngineError> {
    let before_cards = before.cards_of_fees(scheme)?;
    let after_cards = after.cards_of_fees(scheme)?;
    let released = after.fixed().filter(|fixed| {
        let given = |cards: &[crate::assess::DrawnCard]| {
            let days = cards
                .iter()
                .find(|card| card.overlaps(fixed.from, fixed.to));
            days.map(|card| (card.from, card.to))
        };
        given(&before_cards) != given(&after_cards)
    });
    Ok(released
        .map(|fixed| {
            LogEntry::CardReleased(CardRelease {
                completed_by: fixed.completed_by,
                from: fixed.from,
                to: fixed.to,
                at,
            })
        })
        .collect())
}

fn with_due(
    scheme: &Scheme,
    log: &[LogEntry],
    now: Timestamp,
) -> Result<Vec<LogEntry>, EngineError> {
    let mut all = log.to_vec();
    while let Some(fixed) = due_fix(scheme, &all, now)? {
        all.push(fixed);
    }
    Ok(all)
}
