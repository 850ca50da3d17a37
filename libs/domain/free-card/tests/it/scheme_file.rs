use hjm_free_card::{CancelFinal, EndRule, EventDateBasis, Scheme, WindowLength, WindowMode};

use crate::support::{Options, date, document, money, policy, principal, scheme};

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
