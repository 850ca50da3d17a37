//! The free card that is shipped for Dalarna, read and used.

use hjm_free_card::{
    CancelFinal, EndRule, EventDateBasis, ProposedFee, Scheme, WindowLength, WindowMode, register,
};

use crate::support::{date, document, fee_id, money, morning, principal, proposed};

fn dalarna() -> Scheme {
    let text = include_str!("../../../../../policies/dalarna/free-card.toml");
    Scheme::parse(&document(text)).unwrap().unwrap()
}

#[test]
fn decisions_27_dalarna_is_rolling_by_prescription_and_preliminary_for_48_hours() {
    let scheme = dalarna();
    assert_eq!(scheme.id(), "dalarna-devices");
    assert_eq!(
        (scheme.mode(), scheme.window()),
        (WindowMode::Rolling, WindowLength::Months(12))
    );
    assert_eq!(scheme.end_rule(), EndRule::DayBefore);
    assert_eq!(scheme.event_date_basis(), EventDateBasis::PrescribedOn);
    assert_eq!(scheme.preliminary_hours(), 48);
    assert_eq!(scheme.on_cancel_final(), CancelFinal::Retain);
}

#[test]
fn fc_year_table_dalarna_has_the_ceilings_of_2023_to_2026_and_no_other() {
    let scheme = dalarna();
    for (year, ceiling) in [
        (2023, "1300"),
        (2024, "1400"),
        (2025, "1450"),
        (2026, "1450"),
    ] {
        for day in ["01-01", "12-31"] {
            let on = date(&format!("{year}-{day}"));
            assert_eq!(scheme.ceiling(on), Ok(money(ceiling)), "{on}");
        }
    }
    assert!(scheme.ceiling(date("2022-12-31")).is_err());
    assert!(scheme.ceiling(date("2027-01-01")).is_err(), "W42");
}

#[test]
fn dalarna_is_the_region_and_its_fifteen_municipalities() {
    let scheme = dalarna();
    assert_eq!(scheme.members().count(), 16);
    for member in ["20", "2081"] {
        assert!(scheme.is_member(&principal(member), date("2023-01-01")));
    }
    assert!(!scheme.is_member(&principal("23"), date("2024-01-01")));
}

#[test]
fn fc_v07_the_seven_devices_under_the_shipped_policy() {
    let scheme = dalarna();
    let mut log = Vec::new();
    let mut paid = Vec::new();
    for month in 1..=7_u64 {
        let on = date(&format!("2024-{month:02}-10"));
        let fee = ProposedFee {
            principal: principal(if month % 2 == 1 { "20" } else { "2081" }),
            ..proposed(fee_id(month), on, money("250"))
        };
        let done = register(&scheme, &log, &fee, morning(fee.on)).unwrap();
        paid.push(done.state.fee(fee.fee).unwrap().entitled.to_string());
        log.extend(done.entries);
    }
    assert_eq!(
        paid,
        [
            "250.00", "250.00", "250.00", "250.00", "250.00", "150.00", "0.00"
        ]
    );
}
