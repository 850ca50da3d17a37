//! The stateful cases that a table cannot say: W09, W10, W13, W14 and W24 to W39. Those of what a
//! caller repeats or expects (W38, W39) are told from the engine's side.

use hjm_free_card::{
    CardReason, Correction, LogEntry, Person, ProposedFee, RegisteredCard, Registration, Residence,
    Scheme, Shown, Snapshot, StatusKind, correct, quote, register, register_card, register_charged,
    replay, residence_on, shown, status_on,
};
use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::Timestamp;

use crate::support::{
    Options, date, fee_called, money, morning, principal, proposed, scheme, shipped,
};

/// An account at a desk.
pub(crate) struct Account {
    pub(crate) scheme: Scheme,
    pub(crate) log: Vec<LogEntry>,
}

impl Account {
    pub(crate) fn new() -> Self {
        Self::under(scheme(&Options::default()))
    }

    fn under(scheme: Scheme) -> Self {
        let log = Vec::new();
        Self { scheme, log }
    }

    fn taking_external_cards() -> Self {
        let extra = "\n[[free_card.external_cards]]\naccept = true\nvalid_from = 2010-01-01\n\
                     source = \"board §6\"\n";
        Self::under(scheme(&Options {
            extra: extra.to_owned(),
            ..Options::default()
        }))
    }

    pub(crate) fn with(mut self, fees: &[(&str, &str, &str)]) -> Self {
        for (name, on, sek) in fees {
            self.fee(name, on, sek);
        }
        self
    }

    /// Registers on its day; what is charged.
    fn fee(&mut self, name: &str, on: &str, sek: &str) -> Money {
        let fee = proposed(fee_called(name), date(on), money(sek));
        let now = morning(fee.on);
        self.take(&fee, now)
    }

    pub(crate) fn take(&mut self, fee: &ProposedFee, now: Timestamp) -> Money {
        let done = register(&self.scheme, &self.log, fee, now).unwrap();
        let charged = done.state.fee(fee.fee).unwrap().charged;
        self.append(done);
        charged
    }

    fn append(&mut self, done: Registration) {
        self.log.extend(done.entries);
    }

    /// Kind, sum and days of the card on a date.
    pub(crate) fn on(&self, on: &str) -> (StatusKind, Money, Option<String>) {
        let status = self.status(on);
        let days = status
            .card
            .map(|card| format!("{} to {}", card.from, card.to));
        (status.kind, status.accumulated, days)
    }

    fn status(&self, on: &str) -> hjm_free_card::Status {
        let state = replay(&self.scheme, &self.log).unwrap();
        status_on(&self.scheme, &state, date(on), morning(date(on))).unwrap()
    }

    fn refunds(&self) -> Vec<(FeeId, Money)> {
        let state = replay(&self.scheme, &self.log).unwrap();
        let fees = state.fees.iter().filter(|fee| !fee.overcharge.is_zero());
        fees.map(|fee| (fee.fee, fee.overcharge)).collect()
    }
}

fn correction(name: &str, on: &str, sek: &str, at: &str) -> Correction {
    Correction {
        fee: fee_called(name),
        on: date(on),
        occurred_at: None,
        age: None,
        nominal: money(sek),
        at: morning(date(at)),
    }
}

fn card(from: &str, to: &str, reason: CardReason, at: &str) -> RegisteredCard {
    RegisteredCard {
        from: date(from),
        to: date(to),
        reason,
        at: morning(date(at)),
    }
}

#[test]
fn fc_w09_a_fee_that_was_wrongly_keyed_is_corrected_in_place() {
    let mut account =
        Account::new().with(&[("A", "2024-03-01", "700"), ("B", "2024-06-01", "700")]);
    let change = correction("A", "2024-03-01", "70", "2024-06-02");
    let done = correct(&account.scheme, &account.log, &change).unwrap();
    let fee = done.state.fee(fee_called("A")).unwrap();
    assert_eq!(fee.sequence, 1, "it keeps its number");
    account.append(done);
    assert_eq!(account.refunds(), [(fee_called("A"), money("630"))]);
    let none = (StatusKind::BelowLimit, money("770"), None);
    assert_eq!(account.on("2024-06-02"), none);
    assert_eq!(account.status("2024-06-02").remaining, Some(money("630")));
}

#[test]
fn fc_w10_a_fee_that_was_wrongly_dated_moves_a_preliminary_card() {
    let mut account =
        Account::new().with(&[("A", "2024-03-01", "700"), ("B", "2024-06-01", "700")]);
    let change = correction("A", "2024-04-01", "700", "2024-06-02");
    account.append(correct(&account.scheme, &account.log, &change).unwrap());
    let days = Some("2024-06-01 to 2025-03-31".to_owned());
    let moved = (StatusKind::Preliminary, money("1400"), days);
    assert_eq!(account.on("2024-06-02"), moved);
    assert_eq!(account.refunds(), []);
}

#[test]
fn fc_w13_what_is_not_paid_has_been_invoiced_and_counts() {
    // A reminder and a collection are no entries: nothing in the log can make a fee count less
    // than what was charged, but for its cancellation or correction.
    let account = Account::new().with(&[("A", "2024-05-01", "1250"), ("B", "2024-06-01", "250")]);
    let days = Some("2024-06-01 to 2025-04-30".to_owned());
    let card = (StatusKind::Final, money("1400"), days);
    assert_eq!(account.on("2024-09-01"), card);
}

#[test]
fn fc_w14_a_reminder_fee_is_charged_and_does_not_count() {
    let extra = "\n[[free_card.not_counted]]\nkind = \"reminder\"\nvalid_from = 2010-01-01\n\
                 source = \"board §7\"\n";
    let mut account = Account::under(scheme(&Options {
        extra: extra.to_owned(),
        ..Options::default()
    }));
    account.fee("A", "2024-03-01", "1200");
    let mut reminder = proposed(fee_called("B"), date("2024-04-01"), money("60"));
    reminder.kind = Some("reminder".parse().unwrap());
    assert_eq!(account.take(&reminder, morning(reminder.on)), money("60"));
    assert_eq!(account.on("2024-04-01").1, money("1200"));
    account.fee("C", "2024-05-01", "250");
    reminder.fee = fee_called("D");
    reminder.on = date("2024-06-01");
    let under_card = account.take(&reminder, morning(reminder.on));
    assert_eq!(under_card, money("60"), "and no card covers it");
}

#[test]
fn fc_w24_w25_who_opts_out_is_told_no_amount_and_finds_all_of_it_again() {
    let account = Account::new().with(&[("A", "2024-03-01", "800")]);
    let on = date("2024-04-01");
    let out = Person {
        opted_out: true,
        ..Person::default()
    };
    let status = account.status("2024-04-01");
    assert_eq!(shown(status.clone(), out, on), Shown::OptedOut);
    let Shown::Status(again) = shown(status, Person::default(), on) else {
        panic!("opted in again");
    };
    assert_eq!(
        (again.accumulated, again.kind),
        (money("800"), StatusKind::BelowLimit)
    );
}

#[test]
fn fc_w26_who_has_opted_out_pays_the_tariff_and_gets_a_receipt() {
    let fee = proposed(fee_called("A"), date("2024-03-01"), money("-1"));
    let out = Person {
        opted_out: true,
        ..Person::default()
    };
    let refusals = fee.check_for(date("2024-03-01"), out).unwrap_err();
    let told: Vec<_> = refusals.iter().map(|refusal| refusal.reason()).collect();
    assert_eq!(told, ["OPTED_OUT"], "and nothing of the fee");
}

#[test]
fn fc_w27_protected_identity_is_the_same_arithmetic() {
    // Nothing here knows of an identity: what the answer leaves out is the service's.
    let mut account = Account::new().with(&[("A", "2024-03-01", "1200")]);
    assert_eq!(account.fee("B", "2024-04-01", "250"), money("200"));
    assert_eq!(account.on("2024-04-01").1, money("1400"));
}

#[test]
fn fc_w28_an_imported_card_covers_its_days() {
    let mut account = Account::taking_external_cards();
    let import = card(
        "2024-05-01",
        "2024-11-30",
        CardReason::ValidCard,
        "2024-06-01",
    );
    account.append(register_card(&account.scheme, &account.log, import, false).unwrap());
    assert_eq!(account.fee("A", "2024-06-10", "300"), Money::ZERO);
    let days = Some("2024-05-01 to 2024-11-30".to_owned());
    assert_eq!(
        account.on("2024-06-10"),
        (StatusKind::Imported, Money::ZERO, days)
    );
    assert_eq!(
        account.status("2024-06-10").cacheable_until(),
        Some(date("2024-11-30"))
    );
    assert_eq!(account.fee("B", "2024-12-01", "300"), money("300"));
}

#[test]
fn fc_w29_a_medical_card_needs_no_fees() {
    let mut account = Account::new();
    let medical = card(
        "2024-01-01",
        "2024-12-31",
        CardReason::Medical,
        "2024-01-01",
    );
    account.append(register_card(&account.scheme, &account.log, medical, false).unwrap());
    assert_eq!(account.fee("A", "2024-12-31", "250"), Money::ZERO);
    assert_eq!(account.on("2024-12-31").0, StatusKind::Registered);
}

#[test]
fn fc_w30_a_card_is_not_registered_over_another_unless_it_extends_it() {
    let account = Account::taking_external_cards().with(&[("A", "2024-03-01", "1400")]);
    let import = card(
        "2025-02-01",
        "2025-06-30",
        CardReason::ValidCard,
        "2024-06-01",
    );
    let error = register_card(&account.scheme, &account.log, import, false).unwrap_err();
    assert_eq!(error.reason(), "CARD_EXISTS");
    let done = register_card(&account.scheme, &account.log, import, true).unwrap();
    assert_eq!(done.state.cards.len(), 1);
    assert_eq!(done.state.cards[0].to, date("2025-06-30"));
    let backwards = card(
        "2024-06-02",
        "2024-06-01",
        CardReason::Medical,
        "2024-06-01",
    );
    let error = register_card(&account.scheme, &[], backwards, false).unwrap_err();
    assert_eq!(
        (error.reason(), error.field()),
        ("CARD_ENDS_BEFORE_IT_BEGINS", "to")
    );
    let strict = Account::new();
    let error = register_card(&strict.scheme, &[], import, false).unwrap_err();
    assert_eq!(error.reason(), "EXTERNAL_CARD_REFUSED");
}

#[test]
fn fc_w33_residence_decides_the_scheme_and_accounts_do_not_follow() {
    let lives = |region: &str, from: &str| Residence {
        region: principal(region),
        from: date(from),
    };
    let residences = [lives("20", "2010-01-01"), lives("17", "2024-06-01")];
    let region = |on: &str| residence_on(&residences, date(on)).map(PrincipalId::as_str);
    assert_eq!(region("2024-05-31"), Some("20"));
    assert_eq!(region("2024-06-10"), Some("17"));
    assert_eq!(region("2009-12-31"), None);
    Account::new().with(&[("A", "2024-03-01", "1250")]);
    let mut there = Account::under(shipped("varmland", "free-card-devices"));
    let mut fee = proposed(fee_called("B"), date("2024-06-10"), money("300"));
    fee.principal = principal("17");
    assert_eq!(there.take(&fee, morning(fee.on)), money("300"));
    assert_eq!(
        there.on("2024-06-10"),
        (StatusKind::BelowLimit, money("300"), None)
    );
}

#[test]
fn fc_w34_a_card_of_out_patient_care_is_valid_in_another_region() {
    let mut account = Account::under(shipped("jamtland-harjedalen", "free-card-care"));
    let import = card(
        "2024-03-01",
        "2024-12-31",
        CardReason::ValidCard,
        "2024-08-01",
    );
    account.append(register_card(&account.scheme, &account.log, import, false).unwrap());
    let mut fee = proposed(fee_called("A"), date("2024-08-01"), money("300"));
    fee.principal = principal("23");
    assert_eq!(account.take(&fee, morning(fee.on)), Money::ZERO);
}

#[test]
fn fc_w35_nothing_is_dated_after_the_death() {
    let dead = Person {
        died_on: Some(date("2024-05-10")),
        ..Person::default()
    };
    let on = |on: &str| {
        let fee = proposed(fee_called("A"), date(on), money("250"));
        let refusals = fee.check_for(date("2024-06-01"), dead).err();
        refusals.map(|refusals| refusals[0].reason())
    };
    assert_eq!(on("2024-05-10"), None);
    assert_eq!(on("2024-05-11"), Some("PERSON_DECEASED"));
}

#[test]
fn fc_w36_a_late_fee_of_before_the_death_is_refunded_to_the_estate() {
    let mut account = Account::new().with(&[("A", "2024-04-01", "1400")]);
    let late = proposed(fee_called("B"), date("2024-05-01"), money("250"));
    let now = morning(date("2024-05-20"));
    let done = register_charged(&account.scheme, &account.log, &late, money("250"), now);
    account.append(done.unwrap());
    assert_eq!(account.refunds(), [(fee_called("B"), money("250"))]);
    let dead = Person {
        died_on: Some(date("2024-05-10")),
        ..Person::default()
    };
    let kind = |on: &str| match shown(account.status(on), dead, date(on)) {
        Shown::Status(status) => (status.kind, status.card.is_some()),
        Shown::OptedOut => panic!("not opted out"),
    };
    assert_eq!(kind("2024-05-10"), (StatusKind::Final, true));
    assert_eq!(kind("2024-05-11"), (StatusKind::Expired, false));
}

#[test]
fn a_fee_of_nothing_after_a_card_begins_no_period() {
    let account = Account::new().with(&[("A", "2023-01-11", "1400"), ("B", "2024-08-08", "0")]);
    let status = account.status("2024-08-08");
    assert_eq!(
        (status.kind, status.card.is_none(), status.accumulated),
        (StatusKind::Expired, true, Money::ZERO)
    );
}

#[test]
fn fc_w37_the_instant_orders_the_fees_of_a_day_whoever_syncs_first() {
    let offline = |name: &str, at: &str| {
        let mut fee = proposed(fee_called(name), date("2024-06-10"), money("250"));
        fee.occurred_at = Some(at.parse().unwrap());
        fee
    };
    let first = offline("A", "2024-06-10T08:00:00Z");
    let second = offline("B", "2024-06-10T07:00:00Z");
    for order in [[&first, &second], [&second, &first]] {
        let mut account = Account::new().with(&[("X", "2024-01-10", "1250")]);
        for fee in order {
            let now = morning(date("2024-06-11"));
            let done = register_charged(&account.scheme, &account.log, fee, money("250"), now);
            account.append(done.unwrap());
        }
        let refunds = [
            (fee_called("B"), money("100")),
            (fee_called("A"), money("250")),
        ];
        assert_eq!(account.refunds(), refunds);
        let days = Some("2024-06-10 to 2025-01-09".to_owned());
        assert_eq!(
            account.on("2024-06-11"),
            (StatusKind::Preliminary, money("1400"), days)
        );
        let waits = account.status("2024-06-11").cacheable_until();
        assert_eq!(waits, None, "a preliminary card is not cached");
    }
}

#[test]
fn fc_w38_a_fee_is_on_the_account_once() {
    let mut account = Account::new();
    account.fee("A", "2024-03-01", "250");
    let again = proposed(fee_called("A"), date("2024-03-01"), money("250"));
    let error = register(&account.scheme, &account.log, &again, morning(again.on));
    assert_eq!(error.unwrap_err().reason(), "FEE_ALREADY_REGISTERED");
}

#[test]
fn fc_w39_a_second_quote_sees_what_the_first_registration_left() {
    let mut account = Account::new().with(&[("A", "2024-03-01", "1250")]);
    let fee = |name: &str| proposed(fee_called(name), date("2024-04-01"), money("250"));
    let now = morning(date("2024-04-01"));
    let quoted = |account: &Account, name: &str| {
        let snapshot = Snapshot::of(&account.scheme, &account.log).unwrap();
        let slow = quote(&account.scheme, &account.log, &[fee(name)], now).unwrap();
        let fast = snapshot.quote(&account.scheme, &[fee(name)], now).unwrap();
        assert_eq!(fast, Some(slow.clone()));
        (slow[0].fee.charged, snapshot.entries())
    };
    assert_eq!(quoted(&account, "B"), (money("150"), 1));
    assert_eq!(quoted(&account, "C"), (money("150"), 1));
    assert_eq!(account.take(&fee("B"), now), money("150"));
    assert_eq!(
        quoted(&account, "C"),
        (Money::ZERO, 2),
        "another version, another answer"
    );
}
