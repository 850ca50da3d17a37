//! Random schemes, and what random desks do under them.

use std::fmt::Write as _;

use hjm_free_card::{
    CardReason, Correction, LogEntry, ProposedFee, RegisteredCard, Scheme, cancel, correct,
    register, register_card,
};
use hjm_money::Money;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::model::{Deed, Fee, Rules};
use crate::support::{Options, date, document, fee_id, policy, principal, proposed};

/// `SplitMix64`: every seed is a story of its own.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0, below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        let place = usize::try_from(self.below(items.len() as u64)).unwrap();
        items[place].clone()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn shuffled<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut left = items.to_vec();
        let mut shuffled = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let place = usize::try_from(self.below(left.len() as u64)).unwrap();
            shuffled.push(left.swap_remove(place));
        }
        shuffled
    }
}

/// A scheme and what is done under it, at hours that only grow.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) rules: Rules,
    pub(super) deeds: Vec<(u32, Deed)>,
}

impl Story {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let rules = rules(&mut random);
        let (mut deeds, mut hour, mut standing) = (Vec::new(), 0, Vec::new());
        for number in 1..=random.below(14) + 2 {
            hour += random.pick(&[1, 10, 47, 49, 500]);
            let deed = match random.below(100) {
                0..=11 if !standing.is_empty() => {
                    let id = random.pick(&standing);
                    standing.retain(|other| *other != id);
                    Deed::Cancel(id)
                }
                12..=23 if !standing.is_empty() => {
                    let id = random.pick(&standing);
                    let fee = fee(&mut random, id);
                    Deed::Correct(id, fee.on, fee.minute, fee.ore)
                }
                24..=26 => {
                    let from = day(&mut random);
                    Deed::Card(
                        from,
                        from + i64::try_from(random.below(200)).unwrap().days(),
                    )
                }
                _ => {
                    standing.push(number);
                    Deed::Register(fee(&mut random, number))
                }
            };
            deeds.push((hour, deed));
        }
        Self { rules, deeds }
    }

    /// The fees as they were registered first.
    pub(super) fn fees(&self) -> Vec<Fee> {
        let fees = self.deeds.iter().filter_map(|(_, deed)| match deed {
            Deed::Register(fee) => Some(fee.clone()),
            Deed::Correct(..) | Deed::Cancel(_) | Deed::Card(..) => None,
        });
        fees.collect()
    }

    pub(super) fn scheme(&self) -> Scheme {
        let rules = &self.rules;
        let pick = |first: bool, one: &str, other: &str| if first { one } else { other }.to_owned();
        let sek = |ore: i64| Money::from_ore(ore).to_string();
        let ceilings = rules.ceilings.iter().map(|(from, ore)| (*from, sek(*ore)));
        let mut text = policy(&Options {
            mode: pick(rules.rolling, "ROLLING", "TUMBLING"),
            end_rule: pick(rules.day_before, "DAY_BEFORE", "ANNIVERSARY_INCLUSIVE"),
            on_cancel_final: pick(rules.retain, "RETAIN", "RECALCULATE"),
            ceilings: ceilings.collect(),
            ..Options::default()
        });
        let length = match (rules.months, rules.days) {
            (Some(months), _) => format!("months = {months}"),
            (None, days) => format!("days = {}", days.unwrap()),
        };
        text = text.replacen("months = 12", &length, 1);
        if let Some(count) = rules.count {
            let start = text.find("\n[[free_card.ceiling]]").unwrap();
            let end = text.find("\n[[free_card.member]]").unwrap();
            let mut row = String::from("\n[[free_card.ceiling]]\n");
            let rest = "valid_from = 2010-01-01\nsource = \"press\"\n";
            write!(row, "count = {count}\n{rest}").unwrap();
            text.replace_range(start..end, &row);
        }
        Scheme::parse(&document(&text)).unwrap().unwrap()
    }
}

fn rules(random: &mut Random) -> Rules {
    let days = random
        .chance(25)
        .then(|| u16::try_from(20 + random.below(60)).unwrap());
    let ore = |random: &mut Random| 50_000 + i64::try_from(random.below(4)).unwrap() * 20_000;
    Rules {
        rolling: random.chance(60),
        day_before: random.chance(60),
        months: days.is_none().then(|| random.pick(&[12, 12, 12, 6])),
        days,
        ceilings: ["2020-01-01", "2023-11-10", "2024-08-01"]
            .map(|from| (date(from), ore(random)))
            .to_vec(),
        count: random.chance(20).then(|| random.pick(&[2, 3, 4])),
        retain: random.chance(60),
    }
}

/// Around a leap day, and often the same or its anniversary.
fn day(random: &mut Random) -> Date {
    let near = [
        "2023-02-28",
        "2024-02-29",
        "2024-03-01",
        "2025-02-28",
        "2023-03-01",
    ];
    match random.below(10) {
        0 | 1 => date(random.pick(&near)),
        _ => date("2023-01-01") + i64::try_from(random.below(900)).unwrap().days(),
    }
}

fn fee(random: &mut Random, id: u64) -> Fee {
    let ore = match random.below(10) {
        0 => 0,
        1 => 130_000,
        _ => i64::try_from(1 + random.below(60_000)).unwrap(),
    };
    Fee {
        id,
        on: day(random),
        minute: random
            .chance(30)
            .then(|| u16::try_from(200 + random.below(900)).unwrap()),
        ore,
        counts: random.chance(93),
        cancelled: false,
    }
}

/// After every date of every story.
pub(super) fn last_date() -> Date {
    date("2026-01-01")
}

/// Hours after the start, which is after every date of every story.
pub(super) fn instant(hour: u32) -> Timestamp {
    let start: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(i64::from(hour))
}

fn occurred_at(on: Date, minute: Option<u16>) -> Option<Timestamp> {
    let midnight: Timestamp = format!("{on}T00:00:00Z").parse().unwrap();
    minute.map(|minute| midnight + SignedDuration::from_mins(i64::from(minute)))
}

pub(super) fn proposed_fee(fee: &Fee) -> ProposedFee {
    ProposedFee {
        occurred_at: occurred_at(fee.on, fee.minute),
        principal: principal(if fee.counts { "20" } else { "99" }),
        ..proposed(fee_id(fee.id), fee.on, Money::from_ore(fee.ore))
    }
}

/// What the engine appends for a deed.
pub(super) fn write(scheme: &Scheme, log: &[LogEntry], hour: u32, deed: &Deed) -> Vec<LogEntry> {
    let at = instant(hour);
    let done = match deed {
        Deed::Register(fee) => register(scheme, log, &proposed_fee(fee), at),
        Deed::Cancel(id) => cancel(scheme, log, fee_id(*id), at),
        Deed::Correct(id, on, minute, ore) => {
            let correction = Correction {
                fee: fee_id(*id),
                on: *on,
                occurred_at: occurred_at(*on, *minute),
                age: None,
                nominal: Money::from_ore(*ore),
                at,
            };
            correct(scheme, log, &correction)
        }
        Deed::Card(from, to) => {
            let card = RegisteredCard {
                from: *from,
                to: *to,
                reason: CardReason::Medical,
                at,
            };
            register_card(scheme, log, card, true)
        }
    };
    done.unwrap().entries
}
