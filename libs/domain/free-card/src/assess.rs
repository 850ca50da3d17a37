//! The algorithm itself: fees in event order in, what each should have cost and the cards out.

use std::collections::VecDeque;

use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::civil::Date;

use crate::dates::last_day;
use crate::error::EngineError;
use crate::log::{FeeEvent, FixedCard};
use crate::replay::{AssessedFee, CountedFee, Outcome};
use crate::scheme::{Scheme, WindowMode};

/// Event order (D-4).
pub(crate) type Key = (Date, u64);

pub(crate) fn key(fee: &FeeEvent) -> Key {
    (fee.on, fee.sequence)
}

/// A card as event order gives it, with no notion of when anybody knew of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DrawnCard {
    pub(crate) from: Date,
    pub(crate) to: Date,
    /// The last day that the fees alone give; none where only the fixing keeps the card.
    pub(crate) computed_to: Option<Date>,
    pub(crate) completed_by: FeeId,
    pub(crate) ceiling: Option<Money>,
    pub(crate) fees: Vec<CountedFee>,
    pub(crate) fixed: bool,
}

impl DrawnCard {
    pub(crate) fn overlaps(&self, from: Date, to: Date) -> bool {
        self.from <= to && from <= self.to
    }
}

pub(crate) struct Assessment {
    /// In event order; without the cancelled ones.
    pub(crate) fees: Vec<AssessedFee>,
    /// In order of their dates; they do not overlap.
    pub(crate) cards: Vec<DrawnCard>,
}

/// Runs the active fees, which are in event order, through the scheme. A fixed card starts right
/// after the fee that completed it; `fixed` is in the order of those fees' keys.
pub(crate) fn assess(
    scheme: &Scheme,
    active: &[&FeeEvent],
    fixed: &[(Key, FixedCard)],
) -> Result<Assessment, EngineError> {
    let mut run = Run {
        scheme,
        fixed: fixed.iter().copied().collect(),
        window: Vec::new(),
        card: None,
        ended: Vec::new(),
    };
    let mut fees = Vec::with_capacity(active.len());
    for event in active {
        run.open_fixed_before(Some(key(event)))?;
        fees.push(run.assess_fee(event)?);
    }
    run.open_fixed_before(None)?;
    run.end_card();
    Ok(Assessment {
        fees,
        cards: run.ended,
    })
}

struct Run<'a> {
    scheme: &'a Scheme,
    fixed: VecDeque<(Key, FixedCard)>,
    window: Vec<CountedFee>,
    card: Option<DrawnCard>,
    ended: Vec<DrawnCard>,
}

impl Run<'_> {
    fn assess_fee(&mut self, event: &FeeEvent) -> Result<AssessedFee, EngineError> {
        if !self.scheme.is_member(&event.principal, event.on) {
            return assessed(event, event.nominal, Outcome::NotCounted, None, Vec::new());
        }
        // Also for a covered fee: a cancellation may uncover it, and must not fail then.
        let ceiling = self.scheme.ceiling(event.on)?;
        if self.card.as_ref().is_some_and(|card| card.to < event.on) {
            self.end_card();
        }
        if let Some(card) = &self.card {
            let outcome = Outcome::Covered {
                from: card.from,
                to: card.to,
            };
            return assessed(
                event,
                Money::ZERO,
                outcome,
                Some(ceiling),
                card.fees.clone(),
            );
        }
        self.roll(event.on)?;
        let before = self.window.clone();
        let left = ceiling.checked_sub(self.accumulated()?)?.max(Money::ZERO);
        let entitled = event.nominal.min(left);
        if !entitled.is_zero() {
            self.window.push(CountedFee {
                fee: event.fee,
                on: event.on,
                entitled,
            });
        }
        if self.accumulated()? >= ceiling {
            self.complete(event, ceiling)?;
        }
        let outcome = if entitled == event.nominal {
            Outcome::Full
        } else {
            Outcome::Cut
        };
        assessed(event, entitled, outcome, Some(ceiling), before)
    }

    /// The ceiling is reached: the card runs from this fee for what remains of the window.
    fn complete(&mut self, event: &FeeEvent, ceiling: Money) -> Result<(), EngineError> {
        let Some(start) = self.window.first().map(|fee| fee.on) else {
            return Ok(());
        };
        let to = self.last_day(start)?;
        self.card = Some(DrawnCard {
            from: event.on,
            to,
            computed_to: Some(to),
            completed_by: event.fee,
            ceiling: Some(ceiling),
            fees: self.window.clone(),
            fixed: false,
        });
        Ok(())
    }

    fn open_fixed_before(&mut self, next: Option<Key>) -> Result<(), EngineError> {
        while let Some((_, fixed)) = self
            .fixed
            .pop_front_if(|(at, _)| next.is_none_or(|next| *at < next))
        {
            self.open_fixed(fixed)?;
        }
        Ok(())
    }

    /// A fixed card holds: it lengthens the card that the fees give, or stands on its own.
    fn open_fixed(&mut self, fixed: FixedCard) -> Result<(), EngineError> {
        if let Some(card) = self.card.as_mut().filter(|card| card.to >= fixed.from) {
            card.to = card.to.max(fixed.to);
            card.fixed = true;
            return Ok(());
        }
        self.end_card();
        self.roll(fixed.from)?;
        self.card = Some(DrawnCard {
            from: fixed.from,
            to: fixed.to,
            computed_to: None,
            completed_by: fixed.completed_by,
            ceiling: None,
            fees: self.window.clone(),
            fixed: true,
        });
        Ok(())
    }

    /// After a card a new period starts from nothing (decisions 34).
    fn end_card(&mut self) {
        if let Some(card) = self.card.take() {
            self.ended.push(card);
            self.window.clear();
        }
    }

    /// Drops what no longer counts on `on` (D-2).
    fn roll(&mut self, on: Date) -> Result<(), EngineError> {
        self.window = counted_on(self.scheme, &self.window, on)?;
        Ok(())
    }

    fn accumulated(&self) -> Result<Money, EngineError> {
        Ok(Money::sum(self.window.iter().map(|fee| fee.entitled))?)
    }

    fn last_day(&self, start: Date) -> Result<Date, EngineError> {
        window_end(self.scheme, start)
    }
}

/// Of the counted fees of one run without a card, in event order, those that count on `on`.
pub(crate) fn counted_on(
    scheme: &Scheme,
    fees: &[CountedFee],
    on: Date,
) -> Result<Vec<CountedFee>, EngineError> {
    let mut kept: Vec<CountedFee> = Vec::with_capacity(fees.len());
    match scheme.mode() {
        WindowMode::Rolling => {
            for fee in fees {
                if on <= window_end(scheme, fee.on)? {
                    kept.push(*fee);
                }
            }
        }
        WindowMode::Tumbling => {
            for fee in fees {
                keep_open(scheme, &mut kept, fee.on)?;
                kept.push(*fee);
            }
            keep_open(scheme, &mut kept, on)?;
        }
    }
    Ok(kept)
}

/// Empties a fixed period that has ended before `on`.
fn keep_open(scheme: &Scheme, period: &mut Vec<CountedFee>, on: Date) -> Result<(), EngineError> {
    if let Some(start) = period.first().map(|fee| fee.on)
        && on > window_end(scheme, start)?
    {
        period.clear();
    }
    Ok(())
}

fn window_end(scheme: &Scheme, start: Date) -> Result<Date, EngineError> {
    last_day(start, scheme.window_months(), scheme.end_rule())
        .ok_or(EngineError::CalendarEnds { on: start })
}

fn assessed(
    event: &FeeEvent,
    entitled: Money,
    outcome: Outcome,
    ceiling: Option<Money>,
    basis: Vec<CountedFee>,
) -> Result<AssessedFee, EngineError> {
    let over = event.charged.checked_sub(entitled)?;
    Ok(AssessedFee {
        fee: event.fee,
        on: event.on,
        sequence: event.sequence,
        principal: event.principal.clone(),
        nominal: event.nominal,
        charged: event.charged,
        entitled,
        outcome,
        ceiling,
        basis,
        overcharge: over.max(Money::ZERO),
        undercharge: over.checked_neg()?.max(Money::ZERO),
    })
}
