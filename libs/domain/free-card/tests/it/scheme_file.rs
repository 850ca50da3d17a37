use hjm_free_card::{
    CancelFinal, EndRule, EventDateBasis, ProposedFee, Scheme, WindowLength, WindowMode, register,
};
use hjm_money::Money;
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use crate::ceilings;
use crate::support::{
    Options, date, document, fee_id, money, morning, policy, principal, proposed, scheme,
    shipped_document,
};

/// The faults of the tests' policy after a replacement, as text.
fn faults(from: &str, to: &str) -> String {
    let text = policy(&Options::default());
    assert!(text.contains(from), "{from} is in the policy");
    let text = text.replacen(from, to, 1);
    let faults = Scheme::parse(&document(&text)).unwrap_err();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn a_scheme_is_read_as_written() {
    let scheme = scheme(&Options::default());
    assert_eq!(scheme.id(), "test-devices");
    assert_eq!(scheme.window(), WindowLength::Months(12));
    assert_eq!(scheme.mode(), WindowMode::Rolling);
    assert_eq!(scheme.end_rule(), EndRule::DayBefore);
    assert_eq!(scheme.event_date_basis(), EventDateBasis::PrescribedOn);
    assert_eq!(scheme.preliminary_hours(), 48);
    assert_eq!(scheme.on_cancel_final(), CancelFinal::Retain);
    assert_eq!(scheme.ceiling(date("2023-12-31")), Ok(money("1300")));
    assert_eq!(scheme.ceiling(date("2024-01-01")), Ok(money("1400")));
    assert!(scheme.is_member(&principal("2062"), date("2024-03-01")));
    assert!(!scheme.is_member(&principal("2062"), date("2024-02-29")));
    assert_eq!(scheme.members().count(), 3);
    assert_eq!(scheme.policy().version, 1);
}

#[test]
fn a_text_with_a_coming_year_stands_and_one_that_corrects_the_past_does_not() {
    let with = |ceilings: &[(&str, &str)]| {
        let ceilings = ceilings.iter();
        let ceilings = ceilings.map(|(from, ceiling)| (date(from), (*ceiling).to_owned()));
        scheme(&Options {
            ceilings: ceilings.collect(),
            ..Options::default()
        })
    };
    let years = [("2023-01-01", "1300"), ("2024-01-01", "1400")];
    let first = with(&years);
    let coming = with(&[years[0], years[1], ("2025-01-01", "1450")]);
    let corrected = with(&[years[0], ("2024-01-01", "1350")]);
    for (other, on, alike) in [
        (&first, "2025-06-01", true),
        (&coming, "2024-12-31", true),
        (&coming, "2025-01-01", false),
        (&corrected, "2023-12-31", true),
        (&corrected, "2024-01-01", false),
    ] {
        assert_eq!(first.alike_through(other, date(on)), alike, "{on}");
        assert_eq!(other.alike_through(&first, date(on)), alike, "{on}");
    }
    let tumbling = scheme(&Options {
        mode: "TUMBLING".to_owned(),
        ..Options::default()
    });
    assert!(!scheme(&Options::default()).alike_through(&tumbling, date("2022-12-31")));
}

#[test]
fn a_document_without_the_section_has_no_scheme() {
    let text = policy(&Options::default()).replace("free_card", "rent");
    assert!(Scheme::parse(&document(&text)).unwrap().is_none());
}

#[test]
fn two_ceilings_of_one_day_are_refused_with_the_place() {
    let told = faults("valid_to = 2024-01-01", "valid_to = 2024-01-02");
    assert!(told.contains("free_card.ceiling[2].valid_from"), "{told}");
}

#[test]
fn a_day_between_two_ceilings_is_refused_with_the_place() {
    let told = faults("valid_to = 2024-01-01", "valid_to = 2023-12-31");
    assert!(
        told.contains("free_card.ceiling[2].valid_from: decides the same as free_card.ceiling[1]")
            && told.contains("neither holds from 2023-12-31 until this one"),
        "{told}"
    );
}

#[test]
fn an_unknown_field_is_refused_with_the_place() {
    let told = faults("hours = 48", "hours = 48\nminutes = 3");
    assert!(told.contains("free_card.preliminary[1].minutes"), "{told}");
    let told = faults(
        "[[free_card.window]]",
        "[[free_card.tier]]\nup_to = 1\n[[free_card.window]]",
    );
    assert!(told.contains("tier"), "{told}");
}

#[test]
fn a_value_without_source_is_refused_with_the_place() {
    let told = faults("source = \"press 2024\"", "");
    assert!(
        told.contains("free_card.ceiling[2]") && told.contains("source"),
        "{told}"
    );
}

#[test]
fn an_unknown_mode_is_refused_with_the_place() {
    let told = faults("\"ROLLING\"", "\"SLIDING\"");
    assert!(told.contains("free_card.window[1].mode"), "{told}");
}

#[test]
fn a_ceiling_of_zero_is_refused_with_the_place() {
    let told = faults("\"1400\"", "\"0\"");
    assert!(told.contains("free_card.ceiling[2].amount"), "{told}");
}

#[test]
fn a_ceiling_before_the_window_holds_is_refused() {
    let told = faults(
        "valid_from = 2010-01-01\nsource = \"board §1\"",
        "valid_from = 2023-06-01\nsource = \"board §1\"",
    );
    assert!(
        told.contains("free_card.ceiling[1]") && told.contains("window"),
        "{told}"
    );
}

#[test]
fn a_window_of_no_months_is_refused() {
    let told = faults("months = 12", "months = 0");
    assert!(told.contains("free_card.window[1].months"), "{told}");
}

#[test]
fn a_second_window_is_refused() {
    let second = r#"[[free_card.window]]
months = 12
mode = "ROLLING"
end_rule = "DAY_BEFORE"
valid_from = 2010-01-01
source = "board"

[[free_card.event_date]]"#;
    let told = faults("[[free_card.event_date]]", second);
    assert!(
        told.contains("2 readable rows [[free_card.window]]"),
        "{told}"
    );
}

/// The rows of a document, in another order.
fn reversed(text: &str) -> String {
    let (head, rows) = text.split_once("\n[[").unwrap();
    let rows = rows.split("\n[[").collect::<Vec<_>>().into_iter().rev();
    rows.fold(head.to_owned(), |text, row| format!("{text}\n[[{row}\n"))
}

/// What a scheme says of a day, and what a fee of that day costs after others.
fn said(scheme: &Scheme, on: Date, price: Money) -> String {
    let mut members: Vec<_> = scheme.members().collect();
    members.sort_by_key(|(principal, validity)| ((*principal).clone(), validity.valid_from));
    let mut reads: Vec<_> = scheme.reads().collect();
    reads.sort_unstable();
    let fee = ProposedFee {
        principal: members[0].0.clone(),
        ..proposed(fee_id(1), on, price)
    };
    let registered = register(scheme, &[], &fee, morning(on));
    format!(
        "{:?} {:?} {members:?} {reads:?} {:?} {:?} {registered:?}",
        scheme.limit(on),
        scheme.coming_limit(on),
        (
            scheme.window(),
            scheme.mode(),
            scheme.end_rule(),
            scheme.event_date_basis()
        ),
        (
            scheme.preliminary_hours(),
            scheme.settlement(),
            scheme.is_exempt(Some(17), on)
        ),
    )
}

proptest! {
    #[test]
    fn the_order_of_rows_never_matters_in_any_shipped_scheme(
        days in 0..4_600_i32, ore in 0..3_000_000_i64,
    ) {
        let on = date("2015-01-01").saturating_add(days.days());
        for (county, file) in ceilings::shipped() {
            let written = shipped_document(&county, &file);
            let turned = document(&reversed(written.text()));
            let read = |document| Scheme::parse(&document).unwrap().unwrap();
            let (written, turned) = (read(written), read(turned));
            let price = Money::from_ore(ore);
            prop_assert_eq!(said(&written, on, price), said(&turned, on, price), "{}", file);
        }
    }
}
