//! What an account means on a date.

use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::assess::counted_on;
use crate::error::EngineError;
use crate::replay::{AccountState, Card, CardStanding, CountedFee, Outcome};
use crate::scheme::Scheme;

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusKind {
    /// No fee by the date.
    None,
    /// No valid card.
    BelowLimit,
    /// A card is valid and may still be recomputed.
    Preliminary,
    /// A card is valid and will stay so to its end.
    Final,
    /// As final, kept although the fees no longer reach the ceiling.
    Retained,
    /// The last card has ended and nothing counts since.
    Expired,
}

impl StatusKind {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::BelowLimit => "BELOW_LIMIT",
            Self::Preliminary => "PRELIMINARY",
            Self::Final => "FINAL",
            Self::Retained => "RETAINED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// The account on one date, seen at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where the account stands.
    pub kind: StatusKind,
    /// What counts towards the ceiling on the date; while a card is valid, what built it.
    pub accumulated: Money,
    /// The ceiling: the one that was reached while a card is valid, else the date's; none where
    /// the scheme has none on the date.
    pub ceiling: Option<Money>,
    /// What the person can still have to pay before a card; zero while one is valid.
    pub remaining: Option<Money>,
    /// The date of the oldest fee that counts.
    pub period_start: Option<Date>,
    /// The card that is valid on the date, with its standing at the instant.
    pub card: Option<Card>,
    /// The fees that add up to `accumulated`, in event order.
    pub fees: Vec<CountedFee>,
}

/// The account on the date `on`, as the fees dated by then give it, at the instant `now`: a
/// preliminary card whose time has passed by `now` is final, written or not (decisions 32).
///
/// # Errors
/// [`EngineError::Money`] and [`EngineError::CalendarEnds`]; a missing ceiling is none, not an
/// error, since nothing is charged here.
pub fn status_on(
    scheme: &Scheme,
    state: &AccountState,
    on: Date,
    now: Timestamp,
) -> Result<Status, EngineError> {
    if let Some(card) = state.card_on(on) {
        return Ok(under_card(seen_at(card, now)));
    }
    let ended = state.cards.iter().rfind(|card| card.to < on);
    let since_card: Vec<CountedFee> = state
        .fees
        .iter()
        .filter(|fee| fee.counted() && fee.on <= on)
        .filter(|fee| ended.is_none_or(|card| fee.on > card.to))
        .map(|fee| CountedFee {
            fee: fee.fee,
            on: fee.on,
            entitled: fee.entitled,
        })
        .collect();
    let fees = counted_on(scheme, &since_card, on)?;
    let accumulated = Money::sum(fees.iter().map(|fee| fee.entitled))?;
    let ceiling = scheme.ceiling(on).ok();
    let remaining = ceiling
        .map(|ceiling| ceiling.checked_sub(accumulated))
        .transpose()?
        .map(|left| left.max(Money::ZERO));
    let is_known = |outcome: Outcome| outcome != Outcome::Cancelled;
    let kind = if ended.is_some() && since_card.is_empty() {
        StatusKind::Expired
    } else if state
        .fees
        .iter()
        .any(|fee| fee.on <= on && is_known(fee.outcome))
    {
        StatusKind::BelowLimit
    } else {
        StatusKind::None
    };
    Ok(Status {
        kind,
        accumulated,
        ceiling,
        remaining,
        period_start: fees.first().map(|fee| fee.on),
        card: None,
        fees,
    })
}

fn seen_at(card: &Card, now: Timestamp) -> Card {
    let standing = match card.standing {
        CardStanding::Preliminary { final_at } if final_at <= now => CardStanding::Final,
        standing @ (CardStanding::Preliminary { .. }
        | CardStanding::Final
        | CardStanding::Retained) => standing,
    };
    Card {
        standing,
        ..card.clone()
    }
}

fn under_card(card: Card) -> Status {
    let kind = match card.standing {
        CardStanding::Preliminary { .. } => StatusKind::Preliminary,
        CardStanding::Final => StatusKind::Final,
        CardStanding::Retained => StatusKind::Retained,
    };
    Status {
        kind,
        accumulated: card.accumulated,
        ceiling: card.ceiling,
        remaining: Some(Money::ZERO),
        period_start: card.period_start,
        fees: card.fees.clone(),
        card: Some(card),
    }
}
