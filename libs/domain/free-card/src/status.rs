//! What an account means on a date.

use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::EngineError;
use crate::place::Place;
use crate::replay::public_card;
use crate::run::Run;
use crate::scheme::{Limit, Scheme};
use crate::state::{AccountState, Card, CardStanding, CountedFee, Outcome};
use crate::window::WindowMode;

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
    /// As final, kept although the fees no longer reach the limit.
    Retained,
    /// A card of another principal is valid.
    Imported,
    /// A card for a medical reason is valid.
    Registered,
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
            Self::Imported => "IMPORTED",
            Self::Registered => "REGISTERED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// The account on one date, seen at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where the account stands.
    pub kind: StatusKind,
    /// What counts towards the limit on the date; while a card is valid, what built it.
    pub accumulated: Money,
    /// The limit: the one that was reached while a card is valid, else the date's; none where the
    /// scheme has none on the date.
    pub limit: Option<Limit>,
    /// What the person can still have to pay before a card; zero while one is valid; none where
    /// the limit is no sum.
    pub remaining: Option<Money>,
    /// How many fees are left before a card; zero while one is valid; none where the limit is no
    /// number.
    pub remaining_count: Option<u32>,
    /// The date of the oldest fee that counts.
    pub period_start: Option<Date>,
    /// The card that is valid on the date, with its standing at the instant.
    pub card: Option<Card>,
    /// The fees that add up to `accumulated`, in event order.
    pub fees: Vec<CountedFee>,
}

impl Status {
    /// The ceiling, where the limit is a sum.
    pub fn ceiling(&self) -> Option<Money> {
        self.limit.and_then(Limit::ceiling)
    }

    /// The last day through which an offline desk may trust a card it was shown: a preliminary one
    /// may still move, so it is asked for each time (D-24).
    pub fn cacheable_until(&self) -> Option<Date> {
        let card = self.card.as_ref()?;
        match card.standing {
            CardStanding::Preliminary { .. } => None,
            CardStanding::Final
            | CardStanding::Retained
            | CardStanding::Imported
            | CardStanding::Registered => Some(card.to),
        }
    }
}

/// The account on the date `on`, as the fees dated by then give it, at the instant `now`: a
/// preliminary card whose time has passed by `now` is final, written or not (decisions 32).
///
/// # Errors
/// [`EngineError::Money`]; a missing limit is none, not an error, since nothing is charged here.
pub fn status_on(
    scheme: &Scheme,
    state: &AccountState,
    on: Date,
    now: Timestamp,
) -> Result<Status, EngineError> {
    if let Some(card) = state.card_on(on) {
        return Ok(under_card(seen_at(card.clone(), now)));
    }
    let ended = state.cards.iter().rfind(|card| card.to < on);
    let counted = |fee: &&crate::state::AssessedFee| {
        let by_price = fee.outcome == Outcome::Share;
        (fee.counted() || by_price) && fee.on <= on
    };
    let since_card = state.fees.iter().filter(counted);
    let since_card: Vec<CountedFee> = since_card
        .filter(|fee| ended.is_none_or(|card| fee.on > card.to))
        .map(|fee| CountedFee {
            fee: fee.fee,
            on: fee.on,
            entitled: fee.entitled,
            nominal: fee.nominal,
            last_day: scheme.last_day(fee.on),
            area: 0,
        })
        .collect();
    let known = |fee: &crate::state::AssessedFee| fee.outcome != Outcome::Cancelled && fee.on <= on;
    let kind = if ended.is_some() && since_card.is_empty() {
        StatusKind::Expired
    } else if state.fees.iter().any(known) {
        StatusKind::BelowLimit
    } else {
        StatusKind::None
    };
    below(scheme, kind, counted_on(scheme, &since_card, on), on)
}

/// Of the counted fees of one run without a card, in event order, those that count on `on`.
fn counted_on(scheme: &Scheme, fees: &[CountedFee], on: Date) -> Vec<CountedFee> {
    match scheme.mode() {
        WindowMode::Rolling => {
            let kept = fees.iter().filter(|fee| on <= fee.last_day);
            kept.copied().collect()
        }
        WindowMode::Tumbling => {
            let mut period: Vec<CountedFee> = Vec::new();
            for fee in fees {
                keep_open(&mut period, fee.on);
                period.push(*fee);
            }
            keep_open(&mut period, on);
            period
        }
    }
}

/// Empties a fixed period that has ended before `on`.
fn keep_open(period: &mut Vec<CountedFee>, on: Date) {
    if period.first().is_some_and(|first| on > first.last_day) {
        period.clear();
    }
}

/// The account on a date that is not before any of its fees, from where the last of them left it.
/// `any` tells whether there is a fee at all.
pub(crate) fn status_after(
    scheme: &Scheme,
    run: &Run,
    any: bool,
    on: Date,
    now: Timestamp,
) -> Result<Status, EngineError> {
    let mut run = run.clone();
    run.arrive(scheme, Place::dusk(on))?;
    if let Some(card) = run.card {
        let since = card.since;
        return Ok(under_card(seen_at(public_card(scheme, card, since)?, now)));
    }
    let kind = if !run.ended.is_empty() && !run.counted_since_card() {
        StatusKind::Expired
    } else if any {
        StatusKind::BelowLimit
    } else {
        StatusKind::None
    };
    below(scheme, kind, run.counted().copied().collect(), on)
}

fn below(
    scheme: &Scheme,
    kind: StatusKind,
    fees: Vec<CountedFee>,
    on: Date,
) -> Result<Status, EngineError> {
    let accumulated = Money::sum(fees.iter().map(|fee| fee.entitled))?;
    let limit = scheme.limit(on).ok();
    let count = u32::try_from(fees.len()).unwrap_or(u32::MAX);
    let (remaining, remaining_count) = match limit {
        Some(Limit::Sum(ceiling)) => {
            let left = ceiling.checked_sub(accumulated)?;
            (Some(left.max(Money::ZERO)), None)
        }
        Some(Limit::Count(limit)) => (None, Some(limit.saturating_sub(count))),
        Some(Limit::Open) | None => (None, None),
    };
    Ok(Status {
        kind,
        accumulated,
        limit,
        remaining,
        remaining_count,
        period_start: fees.first().map(|fee| fee.on),
        card: None,
        fees,
    })
}

fn seen_at(card: Card, now: Timestamp) -> Card {
    let standing = match card.standing {
        CardStanding::Preliminary { final_at } if final_at <= now => CardStanding::Final,
        standing @ (CardStanding::Preliminary { .. }
        | CardStanding::Final
        | CardStanding::Retained
        | CardStanding::Imported
        | CardStanding::Registered) => standing,
    };
    Card { standing, ..card }
}

fn under_card(card: Card) -> Status {
    let kind = match card.standing {
        CardStanding::Preliminary { .. } => StatusKind::Preliminary,
        CardStanding::Final => StatusKind::Final,
        CardStanding::Retained => StatusKind::Retained,
        CardStanding::Imported => StatusKind::Imported,
        CardStanding::Registered => StatusKind::Registered,
    };
    let remaining_count = matches!(card.limit, Some(Limit::Count(_))).then_some(0);
    Status {
        kind,
        accumulated: card.accumulated,
        limit: card.limit,
        remaining: remaining_count.is_none().then_some(Money::ZERO),
        remaining_count,
        period_start: card.period_start,
        fees: card.fees.clone(),
        card: Some(card),
    }
}
