//! The rules once more, slowly: written from the rules' text, sharing nothing with the engine.
//! After every deed everything is computed anew from all deeds so far.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

/// From a card's first hour to its final one.
const PRELIMINARY_HOURS: u32 = 48;

/// A scheme, as far as stories vary it.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) rolling: bool,
    pub(super) day_before: bool,
    pub(super) months: Option<u16>,
    pub(super) days: Option<u16>,
    /// From a date, in öre, the oldest first.
    pub(super) ceilings: Vec<(Date, i64)>,
    /// Instead of the ceilings: so many fees.
    pub(super) count: Option<usize>,
    pub(super) retain: bool,
}

/// A fee as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fee {
    pub(super) id: u64,
    pub(super) on: Date,
    /// Of the day; fees without one come last.
    pub(super) minute: Option<u16>,
    pub(super) ore: i64,
    pub(super) counts: bool,
    pub(super) cancelled: bool,
}

/// What is done to an account.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Register(Fee),
    /// Another date, minute and amount for the fee with that id.
    Correct(u64, Date, Option<u16>, i64),
    Cancel(u64),
    /// A medical card for these days.
    Card(Date, Date),
}

/// Days that are kept whatever the fees say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The fee that completed the card; none of a card that was registered.
    pub(super) by: Option<u64>,
    pub(super) from: Date,
    pub(super) to: Date,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) from: Date,
    pub(super) to: Date,
    pub(super) by: Option<u64>,
    pub(super) kept: bool,
    /// Whether the fees give it, not only what was kept.
    pub(super) by_fees: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) entitled: BTreeMap<u64, i64>,
    pub(super) cards: Vec<Card>,
}

/// From where on kept days are free: date, minute, order; whether a fee stands there.
type Start = (Date, u16, usize, bool);

/// An account after some deeds.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// In order of registration.
    pub(super) fees: Vec<Fee>,
    pub(super) kept: Vec<Kept>,
    /// The cards after the last deed, each with the hour it first existed.
    pub(super) since: Vec<(Card, u32)>,
}

impl Rules {
    pub(super) fn ceiling(&self, on: Date) -> i64 {
        let mut begun = self.ceilings.iter().filter(|(from, _)| *from <= on);
        begun
            .next_back()
            .expect("stories stay within the ceilings")
            .1
    }

    /// The last day on which a fee counts.
    pub(super) fn last_day(&self, on: Date) -> Date {
        let anniversary = match (self.months, self.days) {
            (Some(months), _) => {
                let clamped = on + i32::from(months).months();
                // A day that is missing in its month is the first of the next (D-3).
                if clamped.day() < on.day() {
                    clamped + 1.day()
                } else {
                    clamped
                }
            }
            (None, Some(days)) => return on + (i32::from(days) - 1).days(),
            (None, None) => panic!("a window has a length"),
        };
        if self.day_before {
            anniversary - 1.day()
        } else {
            anniversary
        }
    }
}

impl Model {
    /// One more deed at an hour. What is due by then becomes final first (decisions 32).
    pub(super) fn take(&mut self, rules: &Rules, hour: u32, deed: &Deed) {
        self.fix_due(rules, hour);
        let before = self.cards_of_fees(rules);
        let mut takes_back = false;
        match deed {
            Deed::Register(fee) => self.fees.push(fee.clone()),
            Deed::Correct(id, on, minute, ore) => {
                let fee = self.fees.iter_mut().find(|fee| fee.id == *id).unwrap();
                (fee.on, fee.minute, fee.ore) = (*on, *minute, *ore);
                takes_back = true;
            }
            Deed::Cancel(id) => {
                let fee = self.fees.iter_mut().find(|fee| fee.id == *id).unwrap();
                fee.cancelled = true;
                takes_back = true;
            }
            Deed::Card(from, to) => {
                let (from, to) = (*from, *to);
                self.kept.push(Kept { by: None, from, to });
            }
        }
        self.look(rules, hour);
        if takes_back && !rules.retain {
            self.release(rules, hour, &before);
        }
    }

    /// Takes back, one by one, the kept cards that the fees give otherwise than before.
    fn release(&mut self, rules: &Rules, hour: u32, before: &[Card]) {
        let after = self.cards_of_fees(rules);
        for kept in self.kept.clone() {
            if kept.by.is_some() && first_over(before, &kept) != first_over(&after, &kept) {
                let place = self.kept.iter().position(|other| *other == kept);
                self.kept.remove(place.unwrap());
                self.look(rules, hour);
            }
        }
    }

    pub(super) fn fix_due(&mut self, rules: &Rules, hour: u32) {
        loop {
            let due = self
                .since
                .iter()
                .filter(|(card, since)| !card.kept && since + PRELIMINARY_HOURS <= hour);
            let Some((card, _)) = due.min_by_key(|(card, since)| (*since, card.from)) else {
                return;
            };
            self.kept.push(Kept {
                by: card.by,
                from: card.from,
                to: card.to,
            });
            self.look(rules, hour);
        }
    }

    /// Notes since when each card is there. One that moved is the same while its days overlap.
    fn look(&mut self, rules: &Rules, hour: u32) {
        let now = self.told(rules).cards;
        let since = |card: &Card| {
            let same = self
                .since
                .iter()
                .filter(|(old, _)| old.by_fees && old.from <= card.to && card.from <= old.to);
            same.map(|(_, since)| *since).min().unwrap_or(hour)
        };
        self.since = now
            .into_iter()
            .map(|card| (card.clone(), since(&card)))
            .collect();
    }

    fn cards_of_fees(&self, rules: &Rules) -> Vec<Card> {
        let fees_only = Self {
            fees: self.fees.clone(),
            ..Self::default()
        };
        fees_only.told(rules).cards
    }

    /// Where a fee stands: date, minute, order of registration.
    fn order(&self, id: u64) -> Option<(Date, u16, usize)> {
        let place = self.fees.iter().position(|fee| fee.id == id)?;
        let fee = &self.fees[place];
        Some((fee.on, fee.minute.unwrap_or(u16::MAX), place))
    }

    /// From where on kept days are free: after the fee that completed them where it stands on the
    /// first of them, cancelled or not; else all of the first day.
    fn kept_from(&self, kept: &Kept) -> Start {
        match kept.by.and_then(|id| self.order(id)) {
            Some((on, minute, place)) if on == kept.from => (on, minute, place, true),
            _ => (kept.from, 0, 0, false),
        }
    }

    /// What every fee should cost, and the cards.
    pub(super) fn told(&self, rules: &Rules) -> Told {
        let mut order: Vec<&Fee> = self.fees.iter().filter(|fee| !fee.cancelled).collect();
        order.sort_by_key(|fee| self.order(fee.id));
        let mut waiting: Vec<(Start, &Kept)> = self
            .kept
            .iter()
            .map(|kept| (self.kept_from(kept), kept))
            .collect();
        waiting.sort_by_key(|(from, kept)| (*from, kept.to));
        let mut told = Told::default();
        let mut window: Vec<(Date, i64)> = Vec::new();
        let mut card: Option<Card> = None;
        for fee in order {
            let (on, minute, place) = self.order(fee.id).unwrap();
            while let Some(((from, after_minute, after_place, after_fee), kept)) =
                waiting.first().copied()
            {
                let passed = if after_fee {
                    (from, after_minute, after_place) < (on, minute, place)
                } else {
                    from <= on
                };
                if !passed {
                    break;
                }
                waiting.remove(0);
                keep(&mut card, &mut window, &mut told.cards, kept);
            }
            if !fee.counts {
                told.entitled.insert(fee.id, fee.ore);
                continue;
            }
            if card.as_ref().is_some_and(|card| card.to < fee.on) {
                told.cards.extend(card.take());
                window.clear();
            }
            if card.is_some() {
                told.entitled.insert(fee.id, 0);
                continue;
            }
            let entitled = pay(rules, &mut window, fee);
            told.entitled.insert(fee.id, entitled);
            if is_reached(rules, &window, fee.on) && !window.is_empty() {
                card = Some(Card {
                    from: fee.on,
                    to: rules.last_day(window[0].0),
                    by: Some(fee.id),
                    kept: false,
                    by_fees: true,
                });
            }
        }
        for (_, kept) in waiting {
            keep(&mut card, &mut window, &mut told.cards, kept);
        }
        told.cards.extend(card);
        told
    }
}

fn first_over(cards: &[Card], kept: &Kept) -> Option<(Date, Date)> {
    let mut over = cards
        .iter()
        .filter(|card| card.from <= kept.to && kept.from <= card.to);
    over.next().map(|card| (card.from, card.to))
}

/// Kept days lengthen the card that reaches into them, or are a card of their own.
fn keep(
    card: &mut Option<Card>,
    window: &mut Vec<(Date, i64)>,
    ended: &mut Vec<Card>,
    kept: &Kept,
) {
    match card {
        Some(card) if card.to >= kept.from => {
            card.to = card.to.max(kept.to);
            card.kept |= kept.from <= card.from;
        }
        _ => {
            if let Some(card) = card.take() {
                ended.push(card);
                window.clear();
            }
            *card = Some(Card {
                from: kept.from,
                to: kept.to,
                by: kept.by,
                kept: true,
                by_fees: false,
            });
        }
    }
}

/// What is to pay for a counting fee when no card is valid; it is then in the window.
fn pay(rules: &Rules, window: &mut Vec<(Date, i64)>, fee: &Fee) -> i64 {
    if rules.rolling {
        window.retain(|(on, _)| fee.on <= rules.last_day(*on));
    } else if window
        .first()
        .is_some_and(|(on, _)| fee.on > rules.last_day(*on))
    {
        window.clear();
    }
    let so_far: i64 = window.iter().map(|(_, ore)| ore).sum();
    let left = match rules.count {
        Some(count) if window.len() >= count => 0,
        Some(_) => fee.ore,
        None => (rules.ceiling(fee.on) - so_far).max(0),
    };
    let entitled = fee.ore.min(left);
    if entitled > 0 {
        window.push((fee.on, entitled));
    }
    entitled
}

fn is_reached(rules: &Rules, window: &[(Date, i64)], on: Date) -> bool {
    match rules.count {
        Some(count) => window.len() >= count,
        None => window.iter().map(|(_, ore)| ore).sum::<i64>() >= rules.ceiling(on),
    }
}
