//! Who shares with whom, and the log they share: as it grows, and as it was before.

use std::collections::{BTreeMap, BTreeSet};

use hjm_free_card::{
    LogEntry, Scheme, Share, register, replay, shared_log, sharing_with, status_on, unite,
};
use hjm_ids::RecipientId;
use hjm_money::Money;
use jiff::Timestamp;

use crate::support::{Options, date, fee_called, money, morning, proposed, scheme};

fn person(number: u64) -> RecipientId {
    RecipientId::new(uuid::Uuid::from_u64_pair(2, number))
}

fn share(on: &str, numbers: &[u64]) -> Share {
    Share {
        at: morning(date(on)),
        persons: numbers.iter().copied().map(person).collect(),
    }
}

/// Persons with logs of their own, and who shares.
struct Household {
    scheme: Scheme,
    logs: BTreeMap<RecipientId, Vec<LogEntry>>,
    shares: Vec<Share>,
}

impl Household {
    fn new() -> Self {
        Self {
            scheme: scheme(&Options::default()),
            logs: BTreeMap::new(),
            shares: Vec::new(),
        }
    }

    fn log(&self, number: u64) -> Vec<LogEntry> {
        let logs = self.logs.iter();
        let logs = logs.map(|(person, log)| (*person, log.as_slice()));
        shared_log(&self.scheme, &logs.collect(), &self.shares, person(number)).unwrap()
    }

    /// What is charged, on what the person shares that day.
    fn fee(&mut self, number: u64, name: &str, on: &str, sek: &str) -> Money {
        let fee = proposed(fee_called(name), date(on), money(sek));
        let done = register(&self.scheme, &self.log(number), &fee, morning(fee.on)).unwrap();
        let own = self.logs.entry(person(number)).or_default();
        own.extend(done.entries);
        done.state.fee(fee.fee).unwrap().charged
    }

    fn sum(&self, number: u64, on: &str) -> Money {
        let (state, on) = (replay(&self.scheme, &self.log(number)).unwrap(), date(on));
        let status = status_on(&self.scheme, &state, on, morning(on)).unwrap();
        status.accumulated
    }
}

#[test]
fn who_shares_is_found_through_others() {
    let shares = [
        share("2024-01-01", &[1, 2]),
        share("2024-01-02", &[2, 3]),
        share("2024-01-03", &[4, 5]),
    ];
    for (asked, with) in [(1, vec![1, 2, 3]), (5, vec![4, 5]), (6, vec![6])] {
        let with: BTreeSet<RecipientId> = with.into_iter().map(person).collect();
        assert_eq!(sharing_with(&shares, person(asked)), with, "{asked}");
    }
}

#[test]
fn two_who_share_have_the_union_of_their_logs() {
    let mut home = Household::new();
    home.fee(1, "A", "2024-02-01", "700");
    home.fee(2, "B", "2024-03-01", "800");
    let at: Timestamp = morning(date("2024-04-01"));
    let logs: Vec<&[LogEntry]> = home.logs.values().map(Vec::as_slice).collect();
    let united = unite(&home.scheme, &logs, at).unwrap();
    home.shares.push(share("2024-04-01", &[1, 2]));
    for number in [1, 2] {
        assert_eq!(home.log(number), united);
    }
    assert_eq!(home.log(3), []);
}

#[test]
fn a_pool_that_grows_is_united_in_the_order_of_joining_and_comes_apart_again() {
    let mut home = Household::new();
    home.fee(3, "A", "2024-02-01", "500");
    home.shares.push(share("2024-02-02", &[1, 2]));
    assert_eq!(home.fee(1, "B", "2024-02-03", "500"), money("500"));
    home.shares.push(share("2024-02-04", &[1, 2, 3]));
    assert_eq!(home.fee(2, "C", "2024-02-05", "500"), money("400"));
    for number in [1, 2, 3] {
        assert_eq!(home.sum(number, "2024-02-05"), money("1400"));
    }
    home.shares.pop();
    assert_eq!(home.sum(3, "2024-02-06"), money("500"));
    assert_eq!(home.sum(1, "2024-02-06"), money("1000"));
    home.shares.clear();
    assert_eq!(home.sum(2, "2024-02-06"), money("500"));
}

#[test]
fn a_link_and_a_pool_are_one_account() {
    let mut home = Household::new();
    home.fee(1, "A", "2024-02-01", "300");
    home.shares.push(share("2024-02-02", &[1, 2]));
    home.shares.push(share("2024-02-03", &[2, 3]));
    assert_eq!(home.fee(3, "B", "2024-02-04", "1200"), money("1100"));
    assert_eq!(home.log(1), home.log(3));
}
