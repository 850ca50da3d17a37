//! Random accounts under random schemes, by the engine and by the slow reference.
//!
//! `FREE_CARD_LOGS` says how many, 10 000 unless it is set; a seed that fails is printed and makes
//! the same account again.

mod model;
mod story;

use std::{collections::BTreeMap, num::NonZero, thread};

use hjm_free_card::{
    AccountState, Appended, CardStanding, LogEntry, Scheme, Snapshot, known_at, register_charged,
    replay, status_on,
};
use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::support::fee_id;
use story::{Random, Story, instant};

fn logs() -> u64 {
    let asked = std::env::vars().find(|(name, _)| name == "FREE_CARD_LOGS");
    asked.map_or(10_000, |(_, logs)| {
        logs.parse().expect("FREE_CARD_LOGS is a number")
    })
}

/// Looks at the account of every seed, on all cores; a look that fails ends the test.
fn each_seed(seeds: u64, look: impl Fn(u64) + Sync) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for first in (0..seeds).take(cores) {
            let look = &look;
            scope.spawn(move || (first..seeds).step_by(cores).for_each(look));
        }
    });
}

/// What the engine says, as the reference tells it.
fn told(state: &AccountState) -> model::Told {
    let standing = state
        .fees
        .iter()
        .filter(|fee| fee.outcome.code() != "CANCELLED");
    let number = |fee: FeeId| fee.uuid().as_u64_pair().1;
    model::Told {
        entitled: standing
            .map(|fee| (number(fee.fee), fee.entitled.ore()))
            .collect(),
        cards: state
            .cards
            .iter()
            .map(|card| model::Card {
                from: card.from,
                to: card.to,
                by: card.completed_by.map(number),
                kept: !matches!(card.standing, CardStanding::Preliminary { .. }),
                by_fees: card.limit.is_some(),
            })
            .collect(),
    }
}

/// Where the engine under `scheme` and the reference under the story's rules differ.
fn difference(story: &Story, scheme: &Scheme) -> Option<String> {
    let mut model = model::Model::default();
    let mut log: Vec<LogEntry> = Vec::new();
    let mut snapshot = Snapshot::new(scheme);
    let mut done = Vec::new();
    for (hour, deed) in &story.deeds {
        let entries = story::write(scheme, &log, *hour, deed);
        for entry in entries {
            log.push(entry.clone());
            if snapshot.append(scheme, &entry).unwrap() == Appended::NeedsReplay {
                snapshot = Snapshot::of(scheme, &log).unwrap();
            }
        }
        model.take(&story.rules, *hour, deed);
        let state = replay(scheme, &log).unwrap();
        let (engine, reference) = (told(&state), model.told(&story.rules));
        if engine != reference {
            return Some(format!("hour {hour}, {deed:?}:\n{engine:?}\n{reference:?}"));
        }
        if snapshot != Snapshot::of(scheme, &log).unwrap() {
            return Some(format!(
                "hour {hour}, {deed:?}: the snapshot is not the replay"
            ));
        }
        let on = story::last_date();
        let fast = snapshot.status_on(scheme, on, instant(*hour)).unwrap();
        let slow = status_on(scheme, &state, on, instant(*hour)).unwrap();
        if fast.as_ref() != Some(&slow) {
            return Some(format!("hour {hour}, {deed:?}:\n{fast:?} is not\n{slow:?}"));
        }
        if let Some(told) = over_ceiling(story, &state) {
            return Some(format!("hour {hour}, {deed:?}: {told}"));
        }
        if !log.is_sorted_by_key(LogEntry::at) {
            return Some(format!("hour {hour}, {deed:?}: an instant before another"));
        }
        done.push((instant(*hour), log.len()));
    }
    not_as_known(&done, &log)
}

/// `as_known_at` is answered by what had been done by then, and by no card that what came later
/// drew.
fn not_as_known(done: &[(Timestamp, usize)], log: &[LogEntry]) -> Option<String> {
    let last_of_hour = |place: usize| {
        done.get(place + 1)
            .is_none_or(|next| next.0 > done[place].0)
    };
    for (place, (at, entries)) in done.iter().enumerate() {
        let known = known_at(log, *at);
        let more = known.get(*entries..).unwrap_or_default();
        let due = |entry: &LogEntry| matches!(entry, LogEntry::CardFixed(_));
        if last_of_hour(place) && (known.len() < *entries || !more.iter().all(due)) {
            return Some(format!("{} known at {at}, {entries} written", known.len()));
        }
    }
    None
}

/// Decisions 34, I13: what is to pay before a card's end, in its period, is within the ceiling on
/// the date of its last counted fee; nothing is to pay while it is valid.
fn over_ceiling(story: &Story, state: &AccountState) -> Option<String> {
    for card in state.cards.iter().filter(|card| card.limit.is_some()) {
        let by = card.completed_by.and_then(|fee| state.fee(fee))?;
        let under = state
            .fees
            .iter()
            .filter(|fee| fee.counted() && fee.place > by.place && fee.on <= card.to);
        if let Some(fee) = under.into_iter().next() {
            return Some(format!("{} is to pay under a card", fee.on));
        }
        let built: i64 = card.fees.iter().map(|fee| fee.entitled.ore()).sum();
        let last = card.fees.last().map_or(card.from, |fee| fee.on);
        if story.rules.count.is_none() && built > story.rules.ceiling(last) {
            return Some(format!("{built} öre in the period of {}", card.from));
        }
    }
    None
}

fn is_the_same(seed: u64) {
    let story = Story::of(seed);
    let difference = difference(&story, &story.scheme());
    assert!(
        difference.is_none(),
        "seed {seed}: {story:#?}\n{}",
        difference.unwrap()
    );
}

#[test]
fn the_engine_says_what_the_slow_reference_says() {
    each_seed(logs(), is_the_same);
}

#[test]
fn a_final_card_is_told_before_one_that_was_registered_for_the_same_days() {
    is_the_same(7_137_870);
}

/// What makes a rule wrong.
type Plant = fn(&mut model::Rules);

#[test]
fn a_planted_fault_in_a_rule_is_caught() {
    let faults: [(&str, Plant); 5] = [
        ("a longer window", |rules| {
            rules.months = rules.months.map(|months| months + 1);
            rules.days = rules.days.map(|days| days + 1);
        }),
        ("the other mode", |rules| rules.rolling = !rules.rolling),
        ("the other last day", |rules| {
            rules.day_before = !rules.day_before;
        }),
        ("an öre more", |rules| {
            rules.ceilings.iter_mut().for_each(|(_, ore)| *ore += 1);
            rules.count = rules.count.map(|count| count + 1);
        }),
        ("the other way with final cards", |rules| {
            rules.retain = !rules.retain;
        }),
    ];
    for (name, plant) in faults {
        let caught = (0..2000).any(|seed| {
            let story = Story::of(seed);
            let mut broken = story.clone();
            plant(&mut broken.rules);
            difference(&story, &broken.scheme()).is_some()
        });
        assert!(caught, "{name} went unseen");
    }
}

/// Registers offline fees in one instant, in an order, each charged in full.
fn arrived(scheme: &Scheme, fees: &[model::Fee], order: &[usize]) -> AccountState {
    let mut log = Vec::new();
    for place in order {
        let fee = story::proposed_fee(&fees[*place]);
        let done = register_charged(scheme, &log, &fee, fee.nominal, instant(0)).unwrap();
        log.extend(done.entries);
    }
    replay(scheme, &log).unwrap()
}

fn by_fee(state: &AccountState) -> BTreeMap<FeeId, Money> {
    state
        .fees
        .iter()
        .map(|fee| (fee.fee, fee.entitled))
        .collect()
}

fn card_days(state: &AccountState) -> Vec<(Date, Date)> {
    state
        .cards
        .iter()
        .map(|card| (card.from, card.to))
        .collect()
}

fn sums(state: &AccountState) -> (Money, Money) {
    let sum = |of: fn(&hjm_free_card::AssessedFee) -> Money| {
        Money::sum(state.fees.iter().map(of)).unwrap()
    };
    (sum(|fee| fee.entitled), sum(|fee| fee.overcharge))
}

#[test]
fn any_order_of_arrival_gives_each_fee_the_same_and_ties_the_same_sums() {
    each_seed(logs() / 10, |seed| {
        let mut random = Random::new(seed);
        let story = Story::of(seed);
        let scheme = story.scheme();
        let fees = story.fees();
        let order: Vec<usize> = (0..fees.len()).collect();
        let shuffled = random.shuffled(&order);
        let (one, other) = (
            arrived(&scheme, &fees, &order),
            arrived(&scheme, &fees, &shuffled),
        );
        let tied = (1..fees.len()).any(|place| {
            fees[..place]
                .iter()
                .any(|fee| (fee.on, fee.minute) == (fees[place].on, fees[place].minute))
        });
        if !tied {
            assert_eq!(by_fee(&one), by_fee(&other), "seed {seed}");
        }
        // A count does not say which of two tied fees was one too many, so its sums may differ.
        if story.rules.count.is_none() {
            assert_eq!(sums(&one), sums(&other), "seed {seed}");
        }
        assert_eq!(card_days(&one), card_days(&other), "seed {seed}");
        assert!(one.fees.iter().all(|fee| fee.fee != fee_id(0)));
    });
}
