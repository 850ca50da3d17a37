use hjm_free_card::{EngineError, ProposedFee, Refusal, cancel, quote, register};

use crate::support::{Options, date, fee_id, money, morning, proposed, scheme};

fn dalarna_2024() -> Options {
    Options {
        ceilings: vec![
            (date("2024-01-01"), "1400".to_owned()),
            (date("2025-01-01"), "1450".to_owned()),
        ],
        ..Options::default()
    }
}

#[test]
fn fc_w42_a_fee_of_a_year_without_ceiling_is_refused() {
    let scheme = scheme(&dalarna_2024());
    let fee = proposed(fee_id(1), date("2023-12-31"), money("250"));
    let now = morning(date("2024-01-10"));
    let error = register(&scheme, &[], &fee, now).unwrap_err();
    assert_eq!(
        error,
        EngineError::CeilingMissing {
            scheme: "test-devices".to_owned(),
            on: date("2023-12-31"),
        }
    );
    assert_eq!(
        (error.field(), error.reason()),
        ("event_date", "CEILING_MISSING")
    );
    assert_eq!(quote(&scheme, &[], &[fee], now).unwrap_err(), error);
}

#[test]
fn fc_w43_a_negative_fee_and_a_fee_of_tomorrow_are_refused_together() {
    let today = date("2024-03-10");
    let fee = ProposedFee {
        nominal: money("-1"),
        ..proposed(fee_id(1), date("2024-03-11"), money("0"))
    };
    let refusals = fee.check(today).unwrap_err();
    let told: Vec<_> = refusals
        .iter()
        .map(|refusal| (refusal.field(), refusal.reason()))
        .collect();
    assert_eq!(
        told,
        [
            ("event_date", "FEE_IN_FUTURE"),
            ("amount", "AMOUNT_NEGATIVE")
        ]
    );
    assert!(matches!(refusals[0], Refusal::DateInFuture { .. }));
}

#[test]
fn fc_d29_a_fee_of_zero_today_is_a_record() {
    let today = date("2024-03-10");
    assert_eq!(proposed(fee_id(1), today, money("0")).check(today), Ok(()));
}

#[test]
fn a_fee_is_registered_once_and_cancelled_once() {
    let scheme = scheme(&Options::default());
    let fee = proposed(fee_id(1), date("2024-03-10"), money("250"));
    let now = morning(fee.on);
    let mut log = register(&scheme, &[], &fee, now).unwrap().entries;
    assert_eq!(
        register(&scheme, &log, &fee, now).unwrap_err(),
        EngineError::DuplicateFee { fee: fee.fee }
    );
    assert_eq!(
        cancel(&scheme, &log, fee_id(2), now).unwrap_err(),
        EngineError::UnknownFee { fee: fee_id(2) }
    );
    log.extend(cancel(&scheme, &log, fee.fee, now).unwrap().entries);
    assert_eq!(
        cancel(&scheme, &log, fee.fee, now).unwrap_err(),
        EngineError::AlreadyCancelled { fee: fee.fee }
    );
}
