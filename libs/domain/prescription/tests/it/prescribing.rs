use hjm_prescription::{Refusal, may_prescribe, payer_matches};

use crate::{date, principal};

#[test]
fn a_prescription_is_dated_today_or_earlier() {
    let today = date("2025-03-10");
    assert_eq!(may_prescribe(today, today, None, None), Ok(()));
    let refusals = may_prescribe(date("2025-03-11"), today, None, None).unwrap_err();
    assert_eq!(refusals[0].reason(), "PRESCRIBED_IN_FUTURE");
    assert_eq!(refusals[0].field(), "prescribed_on");
}

#[test]
fn nothing_is_prescribed_after_the_day_of_death() {
    let (today, died_on) = (date("2025-03-20"), date("2025-03-10"));
    assert_eq!(may_prescribe(died_on, today, None, Some(died_on)), Ok(()));
    let refusals = may_prescribe(date("2025-03-11"), today, None, Some(died_on)).unwrap_err();
    assert_eq!(refusals[0].reason(), "RECIPIENT_DEAD");
}

#[test]
fn nothing_is_prescribed_before_the_day_of_birth() {
    let (today, born_on) = (date("2025-03-20"), date("2025-03-10"));
    assert_eq!(may_prescribe(born_on, today, Some(born_on), None), Ok(()));
    let refusals = may_prescribe(date("2025-03-09"), today, Some(born_on), None).unwrap_err();
    assert_eq!(refusals[0].reason(), "PRESCRIBED_BEFORE_BIRTH");
    assert_eq!(refusals[0].field(), "prescribed_on");
    assert!(!refusals[0].to_string().contains("2025-03-10"));
}

#[test]
fn every_refusal_is_told_at_once() {
    let (born_on, died_on) = (Some(date("2025-04-01")), Some(date("2025-03-01")));
    let on = date("2025-03-11");
    let refusals = may_prescribe(on, date("2025-03-10"), born_on, died_on).unwrap_err();
    assert_eq!(refusals.len(), 3);
}

#[test]
fn a_customer_number_of_another_principal_is_refused_and_both_are_named() {
    let (region, municipality) = (principal("23"), principal("2380"));
    assert_eq!(payer_matches(&region, &region), Ok(()));
    let refusal: Refusal = payer_matches(&municipality, &region).unwrap_err();
    assert_eq!(refusal.reason(), "PAYER_MISMATCH");
    assert_eq!(refusal.field(), "customer_number");
    let text = refusal.to_string();
    assert!(
        text.contains("2380") && text.contains("belongs to 23"),
        "{text}"
    );
}
