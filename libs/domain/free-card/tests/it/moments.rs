//! Dates at both sides of midnight, ceilings by their index, and what a snapshot is good for: W40,
//! W41, W44.

use hjm_free_card::{
    Appended, FixedCard, LogEntry, Snapshot, StatusKind, cancel, event_date, formula_ceiling,
    known_at, quote, register, replay,
};
use hjm_money::Money;
use jiff::Timestamp;

use crate::cases::Account;
use crate::support::{Options, date, fee_called, money, morning, principal, proposed, scheme};

#[test]
fn fc_w40_w41_the_date_is_swedish_at_both_sides_of_midnight() {
    for (at, on, charged, kind) in [
        (
            "2024-05-09T22:30:00Z",
            "2024-05-10",
            "250",
            StatusKind::BelowLimit,
        ),
        (
            "2024-05-09T21:30:00Z",
            "2024-05-09",
            "250",
            StatusKind::Preliminary,
        ),
    ] {
        let at: Timestamp = at.parse().unwrap();
        assert_eq!(event_date(at), date(on));
        let mut account = Account::new().with(&[("A", "2023-05-10", "1150")]);
        let mut fee = proposed(fee_called("B"), event_date(at), money("250"));
        fee.occurred_at = Some(at);
        assert_eq!(account.take(&fee, at), money(charged));
        assert_eq!(account.on(on).0, kind);
    }
}

#[test]
fn fc_d31_both_changes_of_the_clock_move_midnight() {
    for (at, on) in [
        ("2024-03-30T22:59:59Z", "2024-03-30"),
        ("2024-03-30T23:00:00Z", "2024-03-31"),
        ("2024-03-31T21:59:59Z", "2024-03-31"),
        ("2024-03-31T22:00:00Z", "2024-04-01"),
        ("2024-10-26T21:59:59Z", "2024-10-26"),
        ("2024-10-26T22:00:00Z", "2024-10-27"),
        ("2024-10-27T22:59:59Z", "2024-10-27"),
        ("2024-10-27T23:00:00Z", "2024-10-28"),
    ] {
        assert_eq!(event_date(at.parse().unwrap()), date(on), "{at}");
    }
    let mut fee = proposed(fee_called("A"), date("2024-05-09"), money("250"));
    fee.occurred_at = Some("2024-05-09T22:30:00Z".parse().unwrap());
    let refusals = fee.check(date("2024-06-01")).unwrap_err();
    assert_eq!(refusals[0].reason(), "INSTANT_OF_ANOTHER_DAY");
}

#[test]
fn fc_w44_a_ceiling_follows_its_index_or_is_refused() {
    let ceiling = |base: &str, factor: &str| {
        formula_ceiling(money(base), factor.parse().unwrap(), money("50"))
    };
    for (base, sek) in [
        ("48300", "1200"),
        ("59200", "1450"),
        ("50000", "1250"),
        ("49900", "1200"),
        ("44500", "1100"),
        ("46500", "1150"),
        ("47600", "1150"),
        ("52500", "1300"),
        ("57300", "1400"),
        ("58800", "1450"),
    ] {
        assert_eq!(ceiling(base, "0.025"), Ok(money(sek)), "{base}");
    }
    assert!(ceiling("48300", "0.0025").is_err(), "a misprinted factor");
    assert!(ceiling("0", "0.025").is_err());
    assert!(ceiling("48300", "0").is_err());
}

#[test]
fn a_quote_tells_of_the_limit_that_is_coming() {
    let account = Account::new();
    let fees = ["A", "B"].map(|name| proposed(fee_called(name), date("2024-11-01"), money("800")));
    let quotes = quote(&account.scheme, &[], &fees, morning(date("2024-11-01"))).unwrap();
    let left: Vec<_> = quotes.iter().map(|quote| quote.status.remaining).collect();
    assert_eq!(left, [Some(money("600")), Some(Money::ZERO)], "in order");
    let (from, limit) = quotes[0].coming_limit.unwrap();
    assert_eq!(
        (from, limit.ceiling()),
        (date("2025-01-01"), Some(money("1450")))
    );
}

#[test]
fn a_snapshot_of_another_text_takes_nothing_in() {
    let account = Account::new().with(&[("A", "2024-03-01", "250")]);
    let mut snapshot = Snapshot::of(&account.scheme, &account.log).unwrap();
    let other = scheme(&Options {
        mode: "TUMBLING".to_owned(),
        ..Options::default()
    });
    let fee = proposed(fee_called("B"), date("2024-04-01"), money("250"));
    let entries = register(&other, &[], &fee, morning(fee.on))
        .unwrap()
        .entries;
    assert_eq!(
        snapshot.append(&other, &entries[0]).unwrap(),
        Appended::NeedsReplay
    );
    assert_eq!(
        snapshot.status_on(&other, fee.on, morning(fee.on)).unwrap(),
        None
    );
    let mut bytes = snapshot.bytes().unwrap();
    assert_eq!(Snapshot::read(&bytes), Some(snapshot));
    assert!(bytes.len() < 300, "{} bytes", bytes.len());
    // The number of its format comes first.
    bytes[0] += 1;
    assert_eq!(Snapshot::read(&bytes), None);
    assert_eq!(Snapshot::read(b"{}"), None);
}

#[test]
fn fc_d32_a_fee_is_like_another_of_the_same_day_amount_and_principal() {
    let days = [("A", "2024-03-01", "100"), ("B", "2024-03-02", "250")];
    let account = Account::new().with(&days);
    let b = fee_called("B");
    let cancelled = cancel(
        &account.scheme,
        &account.log,
        b,
        morning(date("2024-03-02")),
    );
    let without_b = [account.log.clone(), cancelled.unwrap().entries].concat();
    for (log, on, nominal, by, expected) in [
        (&account.log, "2024-03-02", "250", "20", true),
        (&account.log, "2024-03-02", "250.01", "20", false),
        (&account.log, "2024-03-02", "250", "2062", false),
        (&account.log, "2024-03-03", "250", "20", false),
        (&account.log, "2024-03-03", "100", "20", false),
        (&without_b, "2024-03-02", "250", "20", false),
    ] {
        let mut fee = proposed(fee_called("C"), date(on), money(nominal));
        fee.principal = principal(by);
        let now = morning(fee.on);
        let slow = register(&account.scheme, log, &fee, now).unwrap().state;
        assert_eq!(
            slow.has_alike(fee.fee, |_| true),
            expected,
            "{on} {nominal} {by}"
        );
        let mut snapshot = Snapshot::of(&account.scheme, log).unwrap();
        let fast = snapshot.register(&account.scheme, &fee, now).unwrap();
        assert_eq!(fast.unwrap().alike, expected, "{on} {nominal} {by}");
    }
}

/// Three fees, the last of them late: it moves a card that is final, which is final at once then.
fn late_after_final() -> Account {
    let mut account =
        Account::new().with(&[("A", "2024-01-10", "1250"), ("B", "2024-05-01", "250")]);
    for (name, on, at) in [
        ("C", "2024-03-01", "2024-07-01"),
        ("D", "2024-08-01", "2024-08-01"),
        ("E", "2024-08-02", "2024-08-02"),
        ("F", "2024-08-03", "2024-08-03"),
    ] {
        account.take(
            &proposed(fee_called(name), date(on), money("250")),
            morning(date(at)),
        );
    }
    account
}

#[test]
fn a_card_that_a_late_fee_moves_is_not_final_before_it() {
    let account = late_after_final();
    let fixed = account.log.iter().filter_map(|entry| {
        let LogEntry::CardFixed(FixedCard { from, at, .. }) = entry else {
            return None;
        };
        Some((*from, *at))
    });
    let fixed: Vec<_> = fixed.collect();
    let expected = [("2024-05-01", "2024-05-03"), ("2024-03-01", "2024-07-01")];
    assert_eq!(
        fixed,
        expected.map(|(from, at)| (date(from), morning(date(at))))
    );
}

#[test]
fn what_was_known_before_a_late_fee_does_not_tell_of_it() {
    let account = late_after_final();
    let asked = morning(date("2024-06-01"));
    let days = |log: &[LogEntry]| -> Vec<_> {
        let cards = replay(&account.scheme, log).unwrap().cards;
        cards.iter().map(|card| (card.from, card.to)).collect()
    };
    let card = [(date("2024-05-01"), date("2025-01-09"))];
    let known = known_at(&account.log, asked);
    assert_eq!((known.len(), days(known)), (3, card.to_vec()));
    // Also of a log in which a card's instant lies before the entry it follows from.
    let mut old = account.log.clone();
    for entry in &mut old {
        if let LogEntry::CardFixed(fixed) = entry {
            fixed.at = morning(date("2024-05-03"));
        }
    }
    assert_eq!(known_at(&old, asked).len(), 3);
}
