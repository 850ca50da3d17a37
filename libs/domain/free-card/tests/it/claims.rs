//! Claims: who refunds what, and what a change of the log does to them (D-9, D-10).

use hjm_free_card::{
    AccountState, Claim, ClaimChange, ClaimDecision, ClaimState, LogEntry, PaidClaim, Undercharge,
    cancel, claims_after, decide, explain, may_pay, register, register_charged, register_receipt,
    settle, undercharges_after,
};
use hjm_money::Money;
use proptest::prelude::*;

use crate::support::{Options, date, fee_id, money, morning, principal, proposed, scheme};

/// 01-10 1 150 and 05-01 250 reach the ceiling; a late fee of 03-01 makes the second free (W04).
fn w04() -> (Vec<LogEntry>, AccountState) {
    let scheme = scheme(&Options::default());
    let mut log = Vec::new();
    for (number, on, sek) in [(1, "2024-01-10", "1150"), (2, "2024-05-01", "250")] {
        let fee = proposed(fee_id(number), date(on), money(sek));
        log.extend(
            register(&scheme, &log, &fee, morning(fee.on))
                .unwrap()
                .entries,
        );
    }
    let late = proposed(fee_id(3), date("2024-03-01"), money("250"));
    let at = morning(date("2024-05-10"));
    let done = register_charged(&scheme, &log, &late, money("250"), at).unwrap();
    log.extend(done.entries);
    (log, done.state)
}

fn opened(changes: Vec<ClaimChange>) -> Vec<Claim> {
    let claims = changes.into_iter().map(|change| match change {
        ClaimChange::Opened(claim) | ClaimChange::Changed(claim) => claim,
        ClaimChange::PaidTooMuch { fee, .. } => panic!("paid too much for {fee}"),
    });
    claims.collect()
}

#[test]
fn fc_d10_an_overcharge_opens_one_claim_against_who_charged_it() {
    let (_, state) = w04();
    let claims = opened(claims_after(&state, &[]).unwrap());
    assert_eq!(claims.len(), 1);
    assert_eq!((claims[0].fee, claims[0].number), (fee_id(2), 1));
    assert_eq!(claims[0].amount, money("250"));
    assert_eq!(claims[0].principal, principal("20"));
    assert_eq!(claims_after(&state, &claims).unwrap(), [], "and only once");
}

#[test]
fn fc_d10_open_is_approved_and_paid_or_rejected_or_waived() {
    use ClaimDecision::{Approve, Pay, Reject, Waive};
    use ClaimState::{Approved, Open, Paid, Rejected, Waived};

    let allowed = [
        (Open, Approve, Approved),
        (Open, Reject, Rejected),
        (Open, Waive, Waived),
        (Approved, Pay, Paid),
        (Approved, Reject, Rejected),
        (Approved, Waive, Waived),
    ];
    for from in [Open, Approved, Paid, Rejected, Waived] {
        for decision in [Approve, Pay, Reject, Waive] {
            let to = allowed
                .iter()
                .find(|step| (step.0, step.1) == (from, decision));
            assert_eq!(
                decide(from, decision).ok(),
                to.map(|step| step.2),
                "{from:?}"
            );
        }
    }
}

#[test]
fn a_claim_follows_the_newest_replay_until_it_is_closed() {
    let scheme = scheme(&Options {
        on_cancel_final: "RECALCULATE".to_owned(),
        ..Options::default()
    });
    let (log, state) = w04();
    let mut claims = opened(claims_after(&state, &[]).unwrap());
    claims[0].state = ClaimState::Approved;
    let at = morning(date("2024-05-11"));
    let without = cancel(&scheme, &log, fee_id(3), at).unwrap();
    let changes = claims_after(&without.state, &claims).unwrap();
    let mut follow: Vec<Claim> = opened(changes);
    follow.sort_by_key(|claim| claim.fee);
    // B is owed again in full; C goes back with its cancellation.
    assert_eq!((follow[0].fee, follow[0].amount), (fee_id(2), Money::ZERO));
    assert_eq!(
        follow[0].state,
        ClaimState::Open,
        "another amount was approved"
    );
    assert_eq!((follow[1].fee, follow[1].amount), (fee_id(3), money("250")));
}

#[test]
fn a_paid_claim_is_never_reopened_and_a_difference_is_a_new_claim() {
    let (_, state) = w04();
    let mut claims = opened(claims_after(&state, &[]).unwrap());
    claims[0].state = ClaimState::Paid;
    claims[0].amount = money("100");
    let more = opened(claims_after(&state, &claims).unwrap());
    assert_eq!((more[0].number, more[0].amount), (2, money("150")));
    claims[0].amount = money("300");
    let told = claims_after(&state, &claims).unwrap();
    let (fee, amount) = (fee_id(2), money("50"));
    assert_eq!(
        told,
        [ClaimChange::PaidTooMuch { fee, amount }],
        "told and not collected"
    );
}

/// 1 150 and then 250, of which 0 and not all that was to pay is charged: the device was offline and
/// thought a card was there.
#[test]
fn fc_d9_what_was_charged_too_little_is_listed_until_it_is_no_more_so() {
    let scheme = scheme(&Options::default());
    let mut log = Vec::new();
    for (number, on, charged) in [(1, "2024-01-10", "1150"), (2, "2024-05-01", "0")] {
        let nominal = if number == 1 { "1150" } else { "250" };
        let fee = proposed(fee_id(number), date(on), money(nominal));
        let at = morning(fee.on);
        let done = register_charged(&scheme, &log, &fee, money(charged), at).unwrap();
        log.extend(done.entries);
    }
    let state = hjm_free_card::replay(&scheme, &log).unwrap();
    let listed = undercharges_after(&state, &[]);
    let of_may = Undercharge {
        fee: fee_id(2),
        principal: principal("20"),
        on: date("2024-05-01"),
        amount: money("250"),
    };
    assert_eq!(listed, std::slice::from_ref(&of_may));
    assert_eq!(undercharges_after(&state, &listed), [], "and only once");
    assert_eq!(claims_after(&state, &[]).unwrap(), [], "nobody owes it");

    let at = morning(date("2024-05-02"));
    let without = cancel(&scheme, &log, fee_id(2), at).unwrap().state;
    let gone = Undercharge {
        amount: Money::ZERO,
        ..of_may
    };
    let changed = undercharges_after(&without, &listed);
    assert_eq!(changed, std::slice::from_ref(&gone));
    assert_eq!(undercharges_after(&without, &changed), []);
    let listed_anew = undercharges_after(&state, &[gone]);
    assert_eq!(listed_anew, listed);
}

#[test]
fn what_was_paid_elsewhere_is_nobodys_undercharge() {
    let scheme = scheme(&Options::default());
    let fee = proposed(fee_id(1), date("2024-01-10"), money("250"));
    let at = morning(fee.on);
    let entered = register_receipt(&scheme, &[], &fee, money("200"), at);
    let charged = register_charged(&scheme, &[], &fee, money("200"), at);
    for (done, listed) in [(entered, 0), (charged, 1)] {
        let state = done.unwrap().state;
        assert_eq!(state.fees[0].undercharge, money("50"));
        assert_eq!(undercharges_after(&state, &[]).len(), listed);
    }
}

#[test]
fn a_rejected_claim_stays_rejected() {
    let (_, state) = w04();
    let mut claims = opened(claims_after(&state, &[]).unwrap());
    claims[0].state = ClaimState::Rejected;
    assert_eq!(claims_after(&state, &claims).unwrap(), []);
}

#[test]
fn a_settlement_adds_up_to_the_whole_and_nets_to_nothing() {
    let paid = |owed_by: &str, paid_by: &str, sek: &str| PaidClaim {
        owed_by: principal(owed_by),
        paid_by: principal(paid_by),
        amount: money(sek),
    };
    let report = settle(&[
        paid("20", "2081", "250"),
        paid("2081", "2081", "100"),
        paid("2062", "20", "40.50"),
    ])
    .unwrap();
    assert_eq!(report.whole, money("390.50"));
    let sum = |of: fn(&hjm_free_card::SettlementPart) -> Money| {
        Money::sum(report.parts.iter().map(of)).unwrap()
    };
    assert_eq!(sum(|part| part.owed), report.whole);
    assert_eq!(sum(|part| part.paid), report.whole);
    assert_eq!(sum(|part| part.gets), Money::ZERO);
    let region = report
        .parts
        .iter()
        .find(|part| part.principal == principal("20"));
    assert_eq!(region.unwrap().gets, money("-209.50"));
}

#[test]
fn fc_r12_a_receipt_counts_and_what_it_was_too_much_is_told_and_owed_by_nobody() {
    let scheme = scheme(&Options::default());
    let first = proposed(fee_id(1), date("2024-05-01"), money("1300"));
    let mut log = register(&scheme, &[], &first, morning(first.on))
        .unwrap()
        .entries;
    let receipt = proposed(fee_id(2), date("2024-05-10"), money("300"));
    let at = morning(receipt.on);
    let done = register_receipt(&scheme, &log, &receipt, money("300"), at).unwrap();
    let fee = done.state.fee(receipt.fee).unwrap();
    assert_eq!((fee.entitled, fee.overcharge), (money("100"), money("200")));
    assert!(
        done.state.card_on(receipt.on).is_some(),
        "it completes the card"
    );
    assert_eq!(claims_after(&done.state, &[]).unwrap(), []);
    assert!(explain(&scheme, fee).text.contains("receipt"));
    log.extend(done.entries);
    let cancelled = cancel(&scheme, &log, receipt.fee, at).unwrap().state;
    let fee = cancelled.fee(receipt.fee).unwrap();
    assert_eq!(fee.to_refund(), Money::ZERO, "nothing was taken here");
    assert_eq!(claims_after(&cancelled, &[]).unwrap(), []);
}

#[test]
fn what_another_owes_is_paid_by_a_member_and_what_one_owes_by_oneself() {
    let scheme = scheme(&Options::default());
    let on = date("2024-05-10");
    let (member, stranger) = (principal("20"), principal("2380"));
    assert!(may_pay(&scheme, &member, &stranger, on));
    assert!(!may_pay(&scheme, &stranger, &member, on));
    assert!(may_pay(&scheme, &stranger, &stranger, on));
}

proptest! {
    /// However members have paid for each other: to the öre, what some get others give, and in
    /// whatever order the claims come.
    #[test]
    fn nets_add_up_to_nothing(claims in prop::collection::vec((0..6_u32, 0..6_u32, 0..1_000_000_i64), 0..60)) {
        let member = |number: u32| principal(&format!("20{number:02}"));
        let paid = |(owed_by, paid_by, ore): &(u32, u32, i64)| PaidClaim {
            owed_by: member(*owed_by),
            paid_by: member(*paid_by),
            amount: Money::from_ore(*ore),
        };
        let paid: Vec<PaidClaim> = claims.iter().map(paid).collect();
        let report = settle(&paid).unwrap();
        let sum = |of: fn(&hjm_free_card::SettlementPart) -> Money| {
            Money::sum(report.parts.iter().map(of)).unwrap()
        };
        prop_assert_eq!(sum(|part| part.gets), Money::ZERO);
        prop_assert_eq!(sum(|part| part.owed), report.whole);
        prop_assert_eq!(sum(|part| part.paid), report.whole);
        let backwards: Vec<PaidClaim> = paid.into_iter().rev().collect();
        prop_assert_eq!(settle(&backwards).unwrap(), report);
    }
}
