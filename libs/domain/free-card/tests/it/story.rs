//! Dalarna 2024: seven devices in seven months, in both tellings.

use hjm_free_card::{
    CardStanding, LogEntry, Outcome, ProposedFee, StatusKind, cancel, due_fix, explain, quote,
    register, replay, status_on,
};
use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::civil::Date;

use crate::support::{Options, date, fee_id, money, morning, principal, proposed, scheme};

/// The fee of the tenth of a month; the region and Borlänge take turns.
fn fee_of(month: u64) -> ProposedFee {
    let on = date(&format!("2024-{month:02}-10"));
    ProposedFee {
        principal: principal(if month % 2 == 1 { "20" } else { "2081" }),
        ..proposed(fee_id(month), on, money("250"))
    }
}

fn registered(months: std::ops::RangeInclusive<u64>) -> Vec<LogEntry> {
    let scheme = scheme(&Options::default());
    let mut log = Vec::new();
    for month in months {
        let fee = fee_of(month);
        log.extend(
            register(&scheme, &log, &fee, morning(fee.on))
                .unwrap()
                .entries,
        );
    }
    log
}

fn charged(log: &[LogEntry]) -> Vec<Money> {
    let charged = |entry: &LogEntry| match entry {
        LogEntry::Fee(fee) => Some(fee.charged),
        LogEntry::Correct(_)
        | LogEntry::Cancel { .. }
        | LogEntry::CardFixed(_)
        | LogEntry::CardReleased(_)
        | LogEntry::CardRegistered(_)
        | LogEntry::Joined { .. } => None,
    };
    log.iter().filter_map(charged).collect()
}

fn sek(amounts: &[&str]) -> Vec<Money> {
    amounts.iter().map(|amount| money(amount)).collect()
}

fn day(text: &str) -> Date {
    date(text)
}

#[test]
fn fc_v07_seven_devices_cost_five_fees_a_part_and_nothing() {
    let scheme = scheme(&Options::default());
    let log = registered(1..=7);
    assert_eq!(
        charged(&log),
        sek(&["250", "250", "250", "250", "250", "150", "0"])
    );
    let state = replay(&scheme, &log).unwrap();
    let card = state.card_on(day("2024-07-10")).unwrap();
    assert_eq!((card.from, card.to), (day("2024-06-10"), day("2025-01-09")));
    assert_eq!(card.accumulated, money("1400"));
    assert_eq!(
        card.standing,
        CardStanding::Final,
        "fixed before July's fee"
    );
    let built_by: Vec<FeeId> = card.fees.iter().map(|fee| fee.fee).collect();
    assert_eq!(built_by, (1..=6).map(fee_id).collect::<Vec<_>>());
}

#[test]
fn fc_v07_each_answer_names_its_fees_its_ceiling_and_its_text() {
    let scheme = scheme(&Options::default());
    let log = registered(1..=5);
    let now = morning(day("2024-06-10"));
    let quotes = quote(&scheme, &log, &[fee_of(6), fee_of(7)], now).unwrap();
    let june = explain(&scheme, &quotes[0].fee);
    assert_eq!(june.rule, "free_card.CUT_AT_CEILING");
    assert_eq!(june.source, "Price list of the tests 2024");
    assert_eq!(june.policy_id, "test-free-card");
    assert_eq!(june.policy_hash.len(), 64);
    let facts = |name: &str| -> Vec<&str> {
        let named = june.facts.iter().filter(|(fact, _)| fact == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(facts("ceiling"), ["1400.00"]);
    assert_eq!(facts("counted_sum"), ["1250.00"]);
    assert_eq!(facts("remaining"), ["150.00"]);
    assert_eq!(facts("counted_fee").len(), 5);
    assert_eq!(facts("counted_fee")[0], "2024-01-10 250.00");
    let july = explain(&scheme, &quotes[1].fee);
    assert_eq!(july.rule, "free_card.FREE_CARD");
    assert!(
        july.text.contains("2024-06-10 through 2025-01-09"),
        "{}",
        july.text
    );
}

#[test]
fn fc_v07_a_quote_changes_nothing_and_says_what_registering_says() {
    let scheme = scheme(&Options::default());
    let mut log = registered(1..=5);
    let now = morning(day("2024-06-10"));
    let quoted = quote(&scheme, &log, &[fee_of(6)], now).unwrap().remove(0);
    assert_eq!(quoted.fee.entitled, money("150"));
    assert_eq!(quoted.status.kind, StatusKind::Preliminary);
    let done = register(&scheme, &log, &fee_of(6), now).unwrap();
    assert_eq!(done.state.fee(fee_id(6)), Some(&quoted.fee));
    log.extend(done.entries);
    assert_eq!(log.len(), 6);
}

#[test]
fn fc_w12_the_second_telling_february_is_credited_on_11_june() {
    let scheme = scheme(&Options::default());
    let mut log = registered(1..=6);
    log.extend(
        cancel(&scheme, &log, fee_id(2), morning(day("2024-06-11")))
            .unwrap()
            .entries,
    );
    let state = replay(&scheme, &log).unwrap();
    assert!(state.cards.is_empty(), "the card goes");
    let february = state.fee(fee_id(2)).unwrap();
    assert_eq!(
        (february.outcome, february.charged),
        (Outcome::Cancelled, money("250"))
    );
    let june = state.fee(fee_id(6)).unwrap();
    assert_eq!((june.entitled, june.charged), (money("250"), money("150")));
    assert_eq!(june.undercharge, money("100"));

    let july = register(&scheme, &log, &fee_of(7), morning(day("2024-07-10"))).unwrap();
    assert_eq!(july.entries.len(), 1, "nothing was due before it");
    assert_eq!(july.state.fee(fee_id(7)).unwrap().entitled, money("150"));
    let card = july.state.card_on(day("2024-07-10")).unwrap();
    assert_eq!((card.from, card.to), (day("2024-07-10"), day("2025-01-09")));
}

#[test]
fn fc_decisions_32_a_card_is_final_48_hours_after_it_first_existed() {
    let scheme = scheme(&Options::default());
    let mut log = registered(1..=6);
    let due = morning(day("2024-06-12"));
    let before = due - jiff::SignedDuration::from_nanos(1);
    assert_eq!(due_fix(&scheme, &log, before).unwrap(), None);
    let Some(LogEntry::CardFixed(fixed)) =
        due_fix(&scheme, &log, morning(day("2024-09-01"))).unwrap()
    else {
        panic!("the card is due");
    };
    assert_eq!(
        fixed.at, due,
        "the due instant, not the instant it is written"
    );
    assert_eq!(
        (fixed.from, fixed.to),
        (day("2024-06-10"), day("2025-01-09"))
    );

    let state = replay(&scheme, &log).unwrap();
    let kind = |now| {
        status_on(&scheme, &state, day("2024-06-12"), now)
            .unwrap()
            .kind
    };
    assert_eq!(kind(before), StatusKind::Preliminary);
    assert_eq!(kind(due), StatusKind::Final, "read without writing");

    log.push(LogEntry::CardFixed(fixed));
    assert_eq!(due_fix(&scheme, &log, due).unwrap(), None, "once");
}
