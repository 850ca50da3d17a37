//! The algorithm itself: fees in event order in, what each should have cost and the cards out.

use std::collections::VecDeque;

use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::log::FeeEvent;
use crate::place::Place;
use crate::scheme::{Limit, Scheme};
use crate::state::{CountedFee, Outcome};
use crate::window::WindowMode;
use crate::wire;

/// A card as event order gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DrawnCard {
    pub(crate) from: Date,
    pub(crate) to: Date,
    /// The last day that the fees alone give; none where only a hold gives the card.
    pub(crate) computed_to: Option<Date>,
    #[serde(with = "wire::fee_optional")]
    pub(crate) completed_by: Option<FeeId>,
    pub(crate) limit: Option<Limit>,
    pub(crate) fees: Vec<CountedFee>,
    /// Whether it is held: nothing recomputes its days away.
    pub(crate) fixed: bool,
    /// What held it where the fees do not give it.
    pub(crate) held: Option<HoldKind>,
    /// When it first existed in stored order, which is what makes it final.
    pub(crate) since: Option<Timestamp>,
}

impl DrawnCard {
    pub(crate) fn overlaps(&self, from: Date, to: Date) -> bool {
        self.from <= to && from <= self.to
    }
}

/// Why days are covered whatever the fees say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum HoldKind {
    /// They became final.
    Final,
    /// A card of another principal.
    Imported,
    /// A medical reason.
    Medical,
}

/// Days that are covered whatever the fees say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// Covers what comes after this.
    pub(crate) after: Place,
    pub(crate) from: Date,
    pub(crate) to: Date,
    #[serde(with = "wire::fee_optional")]
    pub(crate) completed_by: Option<FeeId>,
    pub(crate) kind: HoldKind,
}

/// What a composite says about a fee of a scheme it reads.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outer {
    /// The days of its card, where one is valid.
    pub(crate) card: Option<(Date, Date)>,
    /// What remains to its ceiling.
    pub(crate) left: Option<Money>,
}

/// What event order says about a fee.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) entitled: Money,
    pub(crate) outcome: Outcome,
    pub(crate) limit: Option<Limit>,
}

/// An account on its way through event order: the window, the card, the cards before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    window: VecDeque<CountedFee>,
    #[serde(with = "wire::ore")]
    sum: Money,
    #[serde(with = "wire::ore")]
    price: Money,
    pub(crate) card: Option<DrawnCard>,
    /// In order of dates.
    pub(crate) ended: Vec<DrawnCard>,
    /// Whether something has counted since the last card ended.
    counted_since: bool,
    /// Not yet opened, in order of their places.
    holds: VecDeque<Hold>,
    /// What a fee costs at most, since it completed a card that was kept.
    caps: Vec<Cap>,
}

/// What a fee costs at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cap {
    #[serde(with = "wire::fee")]
    pub(crate) fee: FeeId,
    #[serde(with = "wire::ore")]
    pub(crate) entitled: Money,
}

impl Run {
    pub(crate) fn new(mut holds: Vec<Hold>, caps: Vec<Cap>) -> Self {
        // Of two that cover the same days the one that was final before is told.
        holds.sort_unstable_by_key(|hold| {
            let days = (hold.after, hold.from, hold.to);
            (days, hold.kind, hold.completed_by)
        });
        Self {
            holds: holds.into(),
            caps,
            ..Self::default()
        }
    }

    /// One more fee, later in event order than all before it.
    pub(crate) fn step(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
        outer: Outer,
    ) -> Result<Verdict, EngineError> {
        self.arrive(scheme, event.place())?;
        self.decide(scheme, event, 0, outer)
    }

    /// Goes on to a place: opens the holds before it, ends the card and drops what no longer
    /// counts (D-2).
    pub(crate) fn arrive(&mut self, scheme: &Scheme, place: Place) -> Result<(), EngineError> {
        self.open_holds(scheme, |after| after < place)?;
        if self.card.as_ref().is_some_and(|card| card.to < place.on) {
            self.end_card();
        }
        if self.card.is_none() {
            self.roll(scheme, place.on)?;
        }
        Ok(())
    }

    /// What counts at the place arrived at, or what built the card that is valid there.
    pub(crate) fn basis(&self) -> Vec<CountedFee> {
        match &self.card {
            Some(card) => card.fees.clone(),
            None => self.window.iter().copied().collect(),
        }
    }

    /// Decides about a fee at the place arrived at. `area` tells a composite which scheme it is of.
    pub(crate) fn decide(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
        area: u16,
        outer: Outer,
    ) -> Result<Verdict, EngineError> {
        let verdict = self.judge(scheme, event, area, outer)?;
        self.open_through(scheme, event.place())?;
        Ok(verdict)
    }

    fn judge(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
        area: u16,
        outer: Outer,
    ) -> Result<Verdict, EngineError> {
        let said = |entitled, outcome, limit| Verdict {
            entitled,
            outcome,
            limit,
        };
        if !scheme.is_member(&event.principal, event.on) {
            return Ok(said(event.nominal, Outcome::NotCounted, None));
        }
        if !scheme.counts(event.kind.as_ref(), event.on) {
            return Ok(said(event.nominal, Outcome::KindNotCounted, None));
        }
        if scheme.is_exempt(event.age, event.on) {
            return Ok(said(Money::ZERO, Outcome::Exempt, None));
        }
        // Also for a covered fee: a cancellation may uncover it, and must not fail then.
        let limit = scheme.limit(event.on)?;
        let own = self.card.as_ref().map(|card| (card.from, card.to));
        if let Some((from, to)) = own.or(outer.card) {
            let outcome = Outcome::Covered { from, to };
            return Ok(said(Money::ZERO, outcome, Some(limit)));
        }
        let share = scheme.share(self.price, event.nominal, event.on)?;
        let entitled = self.left(limit, share, event.fee, outer)?;
        let counts = !entitled.is_zero() || (scheme.has_tiers(event.on) && !share.is_zero());
        if counts {
            self.push(scheme, event, entitled, area)?;
        }
        if self.reached(limit) {
            self.complete(scheme, event, limit);
        }
        let outcome = match (entitled == event.nominal, entitled == share) {
            (true, _) => Outcome::Full,
            (false, true) => Outcome::Share,
            (false, false) => Outcome::Cut,
        };
        Ok(said(entitled, outcome, Some(limit)))
    }

    /// Of `share`, what the limits leave to pay.
    fn left(
        &self,
        limit: Limit,
        share: Money,
        fee: FeeId,
        outer: Outer,
    ) -> Result<Money, EngineError> {
        let own = match limit {
            Limit::Sum(ceiling) => ceiling.checked_sub(self.sum)?.max(Money::ZERO).min(share),
            Limit::Count(count) if self.count() >= count => Money::ZERO,
            Limit::Count(_) | Limit::Open => share,
        };
        let cap = self.caps.iter().find(|cap| cap.fee == fee);
        let capped = cap.map_or(own, |cap| own.min(cap.entitled));
        Ok(outer.left.map_or(capped, |left| capped.min(left)))
    }

    fn count(&self) -> u32 {
        u32::try_from(self.window.len()).unwrap_or(u32::MAX)
    }

    fn push(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
        entitled: Money,
        area: u16,
    ) -> Result<(), EngineError> {
        self.sum = self.sum.checked_add(entitled)?;
        self.price = self.price.checked_add(event.nominal)?;
        self.counted_since = true;
        self.window.push_back(CountedFee {
            fee: event.fee,
            on: event.on,
            entitled,
            nominal: event.nominal,
            last_day: scheme.last_day(event.on),
            area,
        });
        Ok(())
    }

    /// Reached when the sum equals the ceiling or, where that was lowered, has passed it (R8,
    /// D-26).
    pub(crate) fn reached(&self, limit: Limit) -> bool {
        match limit {
            Limit::Sum(ceiling) => self.sum >= ceiling,
            Limit::Count(count) => self.count() >= count,
            Limit::Open => false,
        }
    }

    /// The limit is reached: the card runs from this fee for what remains of the window (R9).
    pub(crate) fn complete(&mut self, scheme: &Scheme, event: &FeeEvent, limit: Limit) {
        let Some(start) = self.window.front().map(|fee| fee.on) else {
            return;
        };
        let to = scheme.last_day(start);
        self.card = Some(DrawnCard {
            from: event.on,
            to,
            computed_to: Some(to),
            completed_by: Some(event.fee),
            limit: Some(limit),
            fees: self.window.iter().copied().collect(),
            fixed: false,
            held: None,
            since: None,
        });
    }

    /// Counts what is to pay for a fee of a scheme that this composite reads.
    pub(crate) fn read(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
        entitled: Money,
        area: u16,
    ) -> Result<(), EngineError> {
        if self.card.is_some() || entitled.is_zero() {
            return Ok(());
        }
        self.push(scheme, event, entitled, area)
    }

    /// Opens the holds through a place.
    pub(crate) fn open_through(
        &mut self,
        scheme: &Scheme,
        place: Place,
    ) -> Result<(), EngineError> {
        self.open_holds(scheme, |after| after <= place)
    }

    fn open_holds(
        &mut self,
        scheme: &Scheme,
        due: impl Fn(Place) -> bool,
    ) -> Result<(), EngineError> {
        while let Some(hold) = self.holds.pop_front_if(|hold| due(hold.after)) {
            self.open_hold(scheme, hold)?;
        }
        Ok(())
    }

    /// A hold opens: it lengthens the card there is, or stands on its own. A card that has days
    /// before the hold becomes final by itself, so that those are kept too (D-6).
    fn open_hold(&mut self, scheme: &Scheme, hold: Hold) -> Result<(), EngineError> {
        if let Some(card) = self.card.as_mut().filter(|card| card.to >= hold.from) {
            card.to = card.to.max(hold.to);
            card.fixed |= hold.from <= card.from;
            return Ok(());
        }
        self.end_card();
        self.roll(scheme, hold.from)?;
        self.card = Some(DrawnCard {
            from: hold.from,
            to: hold.to,
            computed_to: None,
            completed_by: hold.completed_by,
            limit: None,
            fees: self.window.iter().copied().collect(),
            fixed: true,
            held: Some(hold.kind),
            since: None,
        });
        Ok(())
    }

    /// After a card a new period starts from nothing (decisions 34).
    fn end_card(&mut self) {
        if let Some(card) = self.card.take() {
            self.ended.push(card);
            self.window.clear();
            (self.sum, self.price) = (Money::ZERO, Money::ZERO);
            self.counted_since = false;
        }
    }

    /// Drops what no longer counts on `on` (D-2).
    fn roll(&mut self, scheme: &Scheme, on: Date) -> Result<(), EngineError> {
        match scheme.mode() {
            WindowMode::Rolling => {
                while let Some(fee) = self.window.pop_front_if(|fee| fee.last_day < on) {
                    self.sum = self.sum.checked_sub(fee.entitled)?;
                    self.price = self.price.checked_sub(fee.nominal)?;
                }
            }
            WindowMode::Tumbling => {
                if self.window.front().is_some_and(|fee| fee.last_day < on) {
                    self.window.clear();
                    (self.sum, self.price) = (Money::ZERO, Money::ZERO);
                }
            }
        }
        Ok(())
    }

    /// Opens what is left and ends the last card: all cards are in `ended` then.
    pub(crate) fn finish(&mut self, scheme: &Scheme) -> Result<(), EngineError> {
        self.open_holds(scheme, |_| true)?;
        self.end_card();
        Ok(())
    }

    /// Marks the card that `completed_by` completed on just these days as held; false where there
    /// is none such.
    pub(crate) fn fix(&mut self, completed_by: FeeId, from: Date, to: Date) -> bool {
        let same = |card: &&mut DrawnCard| {
            card.completed_by == Some(completed_by)
                && (card.from, card.to) == (from, to)
                && card.computed_to == Some(to)
        };
        let mut cards = self.cards_mut();
        let found = cards.find(same);
        found.is_some_and(|card| {
            card.fixed = true;
            true
        })
    }

    /// The cards so far, the newest first.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &DrawnCard> {
        self.card.iter().chain(self.ended.iter().rev())
    }

    pub(crate) fn cards_mut(&mut self) -> impl Iterator<Item = &mut DrawnCard> {
        self.card.iter_mut().chain(self.ended.iter_mut().rev())
    }

    /// What counts at the place arrived at: the fees, in event order.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &CountedFee> {
        self.window.iter()
    }

    pub(crate) fn sum(&self) -> Money {
        self.sum
    }

    /// Whether something has counted since the last card ended.
    pub(crate) fn counted_since_card(&self) -> bool {
        self.counted_since
    }

    /// Whether a card may be there that is not final: one that is drawn, or one still to be opened.
    pub(crate) fn has_open_card(&self) -> bool {
        !self.holds.is_empty() || self.cards().any(|card| !card.fixed)
    }

    /// Forgets what no fee later in event order can touch, but for what is still to become final
    /// and the last card.
    pub(crate) fn compact(&mut self) {
        let last = self.ended.len().saturating_sub(1);
        let mut index = 0;
        self.ended.retain_mut(|card| {
            card.fees.clear();
            let keep = index == last || !card.fixed;
            index += 1;
            keep
        });
        self.caps.clear();
    }
}
