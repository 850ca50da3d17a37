//! Pools and links: W15 to W23.

use hjm_free_card::{
    AccountState, CardStanding, GroupRefusal, Identity, LogEntry, Scheme, adults_born_by,
    check_link, check_pool_member, kept_cards, leaves_pool_on, register, replay, status_on, unite,
};
use hjm_ids::{FeeId, IdentityKind};
use hjm_money::Money;
use jiff::Timestamp;

use crate::support::{Options, date, fee_called, money, morning, proposed, scheme};

/// Two persons with logs of their own, who share an account from an instant.
struct Pair {
    scheme: Scheme,
    logs: [Vec<LogEntry>; 2],
    at: Timestamp,
}

impl Pair {
    fn joined_on(on: &str) -> Self {
        Self {
            scheme: scheme(&Options::default()),
            logs: [Vec::new(), Vec::new()],
            at: morning(date(on)),
        }
    }

    fn united(&self) -> Vec<LogEntry> {
        unite(&self.scheme, &[&self.logs[0], &self.logs[1]], self.at).unwrap()
    }

    /// Alone before they share the account, together from then; what is charged.
    fn fee(&mut self, who: usize, name: &str, on: &str, sek: &str) -> Money {
        let fee = proposed(fee_called(name), date(on), money(sek));
        let now = morning(fee.on);
        let log = if now < self.at {
            self.logs[who].clone()
        } else {
            self.united()
        };
        let done = register(&self.scheme, &log, &fee, now).unwrap();
        self.logs[who].extend(done.entries);
        done.state.fee(fee.fee).unwrap().charged
    }

    fn state(&self) -> AccountState {
        replay(&self.scheme, &self.united()).unwrap()
    }

    fn alone(&self, who: usize) -> AccountState {
        replay(&self.scheme, &self.logs[who]).unwrap()
    }
}

fn days(state: &AccountState) -> Vec<String> {
    let days = state
        .cards
        .iter()
        .map(|card| format!("{} to {}", card.from, card.to));
    days.collect()
}

fn refunds(state: &AccountState) -> Vec<(FeeId, Money)> {
    let fees = state.fees.iter().filter(|fee| !fee.overcharge.is_zero());
    fees.map(|fee| (fee.fee, fee.overcharge)).collect()
}

fn sum(scheme: &Scheme, state: &AccountState, on: &str) -> Money {
    let on = date(on);
    status_on(scheme, state, on, morning(on))
        .unwrap()
        .accumulated
}

fn w15() -> Pair {
    let mut pool = Pair::joined_on("2024-01-01");
    let charged = [
        pool.fee(0, "A", "2024-02-01", "600"),
        pool.fee(1, "B", "2024-03-01", "600"),
        pool.fee(0, "C", "2024-04-01", "300"),
        pool.fee(1, "D", "2024-04-02", "300"),
    ];
    assert_eq!(charged, ["600", "600", "200", "0"].map(money));
    pool
}

#[test]
fn fc_w15_a_pool_shares_one_ceiling_and_one_card() {
    let pool = w15();
    let state = pool.state();
    assert_eq!(days(&state), ["2024-04-01 to 2025-01-31"]);
    assert_eq!(sum(&pool.scheme, &state, "2024-04-02"), money("1400"));
}

#[test]
fn fc_w16_who_turns_18_stays_covered_to_the_end() {
    let mut pool = w15();
    let born_on = date("2006-05-01");
    assert_eq!(pool.fee(1, "E", "2024-06-01", "300"), Money::ZERO);
    let out = leaves_pool_on(&pool.scheme, &pool.state(), born_on).unwrap();
    assert_eq!(out, date("2025-02-01"), "the day after the card");
    let none = AccountState::default();
    let out = leaves_pool_on(&pool.scheme, &none, born_on).unwrap();
    assert_eq!(out, date("2024-05-01"), "no period runs");
}

#[test]
fn fc_w17_an_adult_is_not_pooled() {
    let from = date("2024-02-01");
    assert_eq!(check_pool_member(date("2007-01-01"), from), Ok(()), "17");
    assert_eq!(
        check_pool_member(date("2006-02-02"), from),
        Ok(()),
        "18 tomorrow"
    );
    for adult in ["2005-01-01", "2006-02-01"] {
        let refusal = check_pool_member(date(adult), from).unwrap_err();
        assert_eq!(refusal, GroupRefusal::AdultInPool { on: from });
        assert_eq!(refusal.reason(), "POOL_ADULT");
    }
}

#[test]
fn fc_w18_two_adult_personal_numbers_are_not_linked() {
    let identity = |kind, born_on: Option<&str>| Identity {
        kind,
        born_on: born_on.map(date),
    };
    let on = date("2024-06-01");
    let adult = identity(IdentityKind::Personal, Some("1980-01-01"));
    let child = identity(IdentityKind::Personal, Some("2010-01-01"));
    let unknown = identity(IdentityKind::Personal, None);
    let reserve = identity(IdentityKind::ReserveNational, None);
    let coordination = identity(IdentityKind::Coordination, Some("1980-01-01"));
    assert_eq!(check_link(adult, adult, on), Err(GroupRefusal::TwoAdults));
    assert_eq!(check_link(adult, unknown, on), Err(GroupRefusal::TwoAdults));
    for other in [child, reserve, coordination] {
        assert_eq!(check_link(adult, other, on), Ok(()));
    }
}

#[test]
fn fc_w19_who_leaves_a_pool_takes_the_fees_along_and_both_keep_the_card() {
    let mut pool = w15();
    let at = morning(date("2024-05-01"));
    let kept = kept_cards(&pool.scheme, &pool.united(), at).unwrap();
    assert_eq!(kept.len(), 1);
    for log in &mut pool.logs {
        log.extend(kept.iter().copied().map(LogEntry::CardRegistered));
    }
    for (who, accumulated) in [(0, "800"), (1, "600")] {
        let state = pool.alone(who);
        assert_eq!(days(&state), ["2024-04-01 to 2025-01-31"]);
        assert_eq!(state.cards[0].accumulated, money(accumulated));
        assert_eq!(refunds(&state), []);
        assert!(state.fees.iter().all(|fee| fee.undercharge.is_zero()));
        let fee = proposed(fee_called("E"), date("2024-06-01"), money("300"));
        let done = register(&pool.scheme, &pool.logs[who], &fee, morning(fee.on)).unwrap();
        assert_eq!(done.state.fee(fee.fee).unwrap().charged, Money::ZERO);
    }
}

#[test]
fn who_was_born_by_a_day_is_18() {
    for (on, born) in [
        ("2026-05-01", "2008-05-01"),
        ("2026-02-28", "2008-02-28"),
        ("2026-03-01", "2008-03-01"),
        ("2028-02-29", "2010-02-28"),
    ] {
        let (on, last) = (date(on), date(born));
        assert_eq!(adults_born_by(on), last, "{on}");
        assert!(check_pool_member(last, on).is_err(), "{on}");
        assert!(
            check_pool_member(last.tomorrow().unwrap(), on).is_ok(),
            "{on}"
        );
    }
}

#[test]
fn fc_w19_a_preliminary_card_is_not_kept() {
    let pool = w15();
    let at = morning(date("2024-04-02"));
    assert_eq!(kept_cards(&pool.scheme, &pool.united(), at).unwrap(), []);
}

#[test]
fn d_18_what_a_card_that_has_ended_covered_stays_covered_for_who_leaves() {
    let mut pool = w15();
    let at = morning(date("2025-03-01"));
    let kept = kept_cards(&pool.scheme, &pool.united(), at).unwrap();
    for log in &mut pool.logs {
        log.extend(kept.iter().copied().map(LogEntry::CardRegistered));
    }
    for who in [0, 1] {
        let state = pool.alone(who);
        assert_eq!(days(&state), ["2024-04-01 to 2025-01-31"]);
        assert_eq!(refunds(&state), []);
        assert!(state.fees.iter().all(|fee| fee.undercharge.is_zero()));
        let fee = proposed(fee_called("E"), date("2025-03-01"), money("300"));
        let done = register(&pool.scheme, &pool.logs[who], &fee, morning(fee.on)).unwrap();
        assert_eq!(done.state.fee(fee.fee).unwrap().charged, money("300"));
    }
}

#[test]
fn fc_w20_pooling_moves_the_fees_and_may_reach_the_ceiling() {
    let mut pool = Pair::joined_on("2024-04-01");
    pool.fee(0, "A", "2024-02-01", "700");
    pool.fee(1, "B", "2024-03-01", "800");
    let state = pool.state();
    assert_eq!(refunds(&state), [(fee_called("B"), money("100"))]);
    assert_eq!(days(&state), ["2024-03-01 to 2025-01-31"]);
    let CardStanding::Preliminary { final_at } = state.cards[0].standing else {
        panic!("a card of the pooling is preliminary");
    };
    assert_eq!(
        final_at,
        morning(date("2024-04-03")),
        "48 hours from the pooling"
    );
}

fn w21() -> Pair {
    let mut link = Pair::joined_on("2024-03-15");
    link.fee(0, "R", "2024-02-01", "700");
    link.fee(1, "P", "2024-03-01", "500");
    assert_eq!(link.fee(1, "Q", "2024-04-01", "250"), money("200"));
    link
}

#[test]
fn fc_w21_linked_identities_share_what_they_paid() {
    let state = w21().state();
    assert_eq!(days(&state), ["2024-04-01 to 2025-01-31"]);
    assert_eq!(state.cards[0].accumulated, money("1400"));
}

#[test]
fn fc_w22_two_cards_become_one_and_the_later_charges_are_refunded() {
    let mut link = Pair::joined_on("2024-07-01");
    link.fee(0, "R", "2024-06-01", "1400");
    link.fee(1, "P", "2024-03-01", "1400");
    let state = link.state();
    assert_eq!(refunds(&state), [(fee_called("R"), money("1400"))]);
    assert_eq!(days(&state), ["2024-03-01 to 2025-02-28"]);
    assert_eq!(sum(&link.scheme, &state, "2024-07-01"), money("1400"));
}

#[test]
fn fc_w22_a_final_card_stays_final_when_identities_are_linked() {
    let mut link = Pair::joined_on("2024-07-01");
    link.fee(1, "P", "2024-03-01", "1400");
    link.fee(0, "R", "2024-02-01", "250");
    let state = link.state();
    assert_eq!(
        days(&state),
        ["2024-03-01 to 2025-01-31"],
        "the end is recomputed (D-20)"
    );
    assert_eq!(state.cards[0].standing, CardStanding::Final);
    assert_eq!(refunds(&state), [(fee_called("P"), money("250"))]);
}

#[test]
fn fc_w23_unlinking_computes_each_apart() {
    let link = w21();
    let [reserve, person] = [link.alone(0), link.alone(1)];
    assert_eq!(sum(&link.scheme, &reserve, "2024-04-01"), money("700"));
    assert_eq!(sum(&link.scheme, &person, "2024-04-01"), money("750"));
    assert!(person.cards.is_empty());
    let later = person.fee(fee_called("Q")).unwrap();
    assert_eq!(later.undercharge, money("50"), "told, and not collected");
}
