//! What holds for every account.

use std::collections::BTreeMap;

use hjm_free_card::{AccountState, Card, LogEntry, Scheme, cancel, register, replay, status_on};
use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use crate::support::{Options, date, event, fee_id, morning, proposed, scheme};

fn day(number: i32) -> Date {
    date("2023-01-01").checked_add(number.days()).unwrap()
}

/// Fees in arrival order: distinct days of three years, amounts up to a thousand kronor.
fn arrivals() -> impl Strategy<Value = Vec<(i32, i64)>> {
    prop::collection::btree_map(0..1090_i32, 0..100_000_i64, 1..24)
        .prop_map(|fees| fees.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

fn modes() -> impl Strategy<Value = Options> {
    (prop::bool::ANY, prop::bool::ANY).prop_map(|(rolling, before)| Options {
        mode: if rolling { "ROLLING" } else { "TUMBLING" }.to_owned(),
        end_rule: if before {
            "DAY_BEFORE"
        } else {
            "ANNIVERSARY_INCLUSIVE"
        }
        .to_owned(),
        ..Options::default()
    })
}

/// All registered in one instant, so that no card becomes final in between.
fn log_of(fees: &[(i32, i64)]) -> Vec<LogEntry> {
    let numbered = (1..).zip(fees);
    numbered
        .map(|(number, (on, ore))| {
            let mut fee = event(number, day(*on), Money::from_ore(*ore));
            fee.registered_at = morning(day(2000));
            LogEntry::Fee(fee)
        })
        .collect()
}

fn entitled_by_day(state: &AccountState) -> BTreeMap<Date, Money> {
    state
        .fees
        .iter()
        .map(|fee| (fee.on, fee.entitled))
        .collect()
}

/// I11, I12, I13, I15 on a state whose ceilings only rise.
fn check_state(scheme: &Scheme, state: &AccountState) -> Result<(), TestCaseError> {
    for card in &state.cards {
        let reached = scheme.ceiling(card.from).unwrap();
        prop_assert_eq!(card.accumulated, reached, "I12, I15: exactly the ceiling");
        let inside = state
            .fees
            .iter()
            .filter(|fee| fee.on > card.from && fee.on <= card.to);
        for fee in inside {
            prop_assert_eq!(
                fee.entitled,
                Money::ZERO,
                "I13: free while the card is valid"
            );
        }
    }
    prop_assert!(state.cards.is_sorted_by(|one, next| one.to < next.from));
    let fresh = |cards: &[Card]| Some(cards[0].to) < cards[1].period_start;
    prop_assert!(
        state.cards.windows(2).all(fresh),
        "decisions 34: from nothing"
    );
    for fee in &state.fees {
        let status = status_on(scheme, state, fee.on, morning(fee.on)).unwrap();
        let ceiling = scheme.ceiling(fee.on).unwrap();
        let has_card = status.card.is_some();
        prop_assert!(status.accumulated <= ceiling, "I11");
        prop_assert_eq!(has_card, status.remaining == Some(Money::ZERO), "I12");
        prop_assert!(fee.entitled <= fee.nominal);
    }
    Ok(())
}

proptest! {
    #[test]
    fn i14_the_order_of_arrival_does_not_matter(fees in arrivals(), options in modes()) {
        let scheme = scheme(&options);
        let mut in_order = fees.clone();
        in_order.sort_unstable();
        let one = replay(&scheme, &log_of(&fees)).unwrap();
        let other = replay(&scheme, &log_of(&in_order)).unwrap();
        prop_assert_eq!(entitled_by_day(&one), entitled_by_day(&other));
        let days = |state: &AccountState| -> Vec<_> {
            state.cards.iter().map(|card| (card.from, card.to)).collect()
        };
        prop_assert_eq!(days(&one), days(&other));
    }

    #[test]
    fn i11_i12_i13_i15_hold_for_any_fees(fees in arrivals(), options in modes()) {
        let scheme = scheme(&options);
        let state = replay(&scheme, &log_of(&fees)).unwrap();
        check_state(&scheme, &state)?;
    }

    #[test]
    fn i14_a_cancelled_fee_is_as_if_it_never_was(
        fees in arrivals(), pick in any::<prop::sample::Index>(),
    ) {
        let scheme = scheme(&Options::default());
        let mut log = log_of(&fees);
        let gone = pick.index(fees.len());
        let at = morning(day(2000));
        log.extend(cancel(&scheme, &log, fee_id(gone as u64 + 1), at).unwrap().entries);
        let state = replay(&scheme, &log).unwrap();
        let mut without = log_of(&fees);
        without.remove(gone);
        let never = replay(&scheme, &without).unwrap();
        let active = |state: &AccountState| -> BTreeMap<FeeId, Money> {
            let gone = fee_id(gone as u64 + 1);
            let fees = state.fees.iter().filter(|fee| fee.fee != gone);
            fees.map(|fee| (fee.fee, fee.entitled)).collect()
        };
        prop_assert_eq!(active(&state), active(&never));
    }

    /// D-6, D-8: what was promised is kept, whatever arrives later and whatever is cancelled.
    #[test]
    fn a_final_card_never_loses_a_day(
        fees in arrivals(), cancelled in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let scheme = scheme(&Options::default());
        let mut log: Vec<LogEntry> = Vec::new();
        for (number, (on, ore)) in (1..).zip(&fees) {
            let fee = proposed(fee_id(number), day(*on), Money::from_ore(*ore));
            let now = morning(day(2000 + 3 * i32::try_from(number).unwrap()));
            log.extend(register(&scheme, &log, &fee, now).unwrap().entries);
        }
        for (number, pick) in (0..).zip(&cancelled) {
            let now = morning(day(3000 + 3 * number));
            let fee = fee_id(pick.index(fees.len()) as u64 + 1);
            if let Ok(done) = cancel(&scheme, &log, fee, now) {
                log.extend(done.entries);
            }
        }
        let state = replay(&scheme, &log).unwrap();
        for entry in &log {
            if let LogEntry::CardFixed(fixed) = entry {
                let card = state.card_on(fixed.from);
                prop_assert!(card.is_some_and(|card| card.to >= fixed.to), "{:?}", fixed);
                prop_assert!(card.is_some_and(|card| card.covers(fixed.to)));
            }
        }
        prop_assert_eq!(replay(&scheme, &log).unwrap(), state, "the same log, the same state");
    }
}
