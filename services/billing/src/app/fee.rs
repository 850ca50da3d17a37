//! Own fees as they become due: which fee, dated when, under which key.

use std::collections::BTreeSet;

use hjm_billing::{Accrual, Holding, LoanDays, Recurrence, accruals, rented_through_trial};
use hjm_catalogue::{FeeDecision, FeeKind};
use hjm_ids::{ChargeId, LineId, TenantId};
use hjm_money::Money;
use hjm_policy::Explanation;
use hjm_proto::common::v1::OwnFeeKind;
use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    convert::{Loan, OwnFee},
    store::{FeeDue, FeeKey, FeeUndecided},
};

/// The name space of ids that follow from what they are for.
const NAMESPACE: Uuid = Uuid::from_u128(0x6a1f_0c52_7d3e_5b84_9e21_c4a8_03d6_b97f);

/// An id that follows from its tenant and what it is for, so that asking again asks the same.
pub(crate) fn derived_id(tenant: &TenantId, what: &str, reference: &str) -> Uuid {
    Uuid::new_v5(
        &NAMESPACE,
        format!("{tenant} {what} {reference}").as_bytes(),
    )
}

/// When a loan's fee recurs; none for a fee that is decided once.
fn recurrence(fee: &OwnFee) -> Option<Recurrence> {
    match fee.kind {
        OwnFeeKind::Unspecified
        | OwnFeeKind::None
        | OwnFeeKind::OneOff
        | OwnFeeKind::ShareOfValue
        | OwnFeeKind::CostCap => None,
        OwnFeeKind::Per12Months => Some(Recurrence::Every12Months),
        OwnFeeKind::PerCalendarMonth => Some(Recurrence::CalendarMonths),
        OwnFeeKind::PerStartedMonth => Some(Recurrence::StartedMonths),
        OwnFeeKind::MonthlySubscription if fee.whole_months => Some(Recurrence::WholeMonths),
        OwnFeeKind::MonthlySubscription => Some(Recurrence::MonthsWithADay),
        OwnFeeKind::PurchaseAfterTrial => Some(Recurrence::OnceAfter {
            months: fee.trial_months,
        }),
    }
}

/// The fee of a loan's first version, as prescription decided it: a one-off fee and a cost cap are
/// dated by the prescription, the first period of a recurring fee by the delivery (decisions 21).
/// None where there is no fee, or none yet.
pub(crate) fn first(tenant: &TenantId, loan: &Loan, feed_sequence: i64) -> Option<FeeDue> {
    let dated_on = match loan.own_fee.kind {
        OwnFeeKind::Unspecified
        | OwnFeeKind::None
        | OwnFeeKind::MonthlySubscription
        | OwnFeeKind::PurchaseAfterTrial => return None,
        OwnFeeKind::OneOff | OwnFeeKind::ShareOfValue | OwnFeeKind::CostCap => loan.prescribed_on,
        OwnFeeKind::Per12Months | OwnFeeKind::PerCalendarMonth | OwnFeeKind::PerStartedMonth => {
            loan.holding.delivered_on
        }
    };
    let fee = &loan.own_fee;
    let decided = Decided {
        amount: fee.amount,
        scheme: fee.scheme.clone(),
        reason: fee.reason.clone(),
        explanation: fee.explanation.clone(),
    };
    Some(due(tenant, loan, feed_sequence, 1, dated_on, decided))
}

/// A later period of a recurring fee, decided anew on its day. A table that charges in another way
/// by then charges nothing for these.
pub(crate) fn period(
    tenant: &TenantId,
    loan: &Loan,
    feed_sequence: i64,
    accrual: Accrual,
    decision: FeeDecision,
) -> FeeDue {
    let same = match decision.kind {
        FeeKind::None => true,
        FeeKind::OneOff | FeeKind::ShareOfValue | FeeKind::CostCap => false,
        FeeKind::Per12Months => loan.own_fee.kind == OwnFeeKind::Per12Months,
        FeeKind::PerCalendarMonth => loan.own_fee.kind == OwnFeeKind::PerCalendarMonth,
        FeeKind::PerStartedMonth => loan.own_fee.kind == OwnFeeKind::PerStartedMonth,
        FeeKind::MonthlySubscription => loan.own_fee.kind == OwnFeeKind::MonthlySubscription,
        FeeKind::PurchaseAfterTrial => loan.own_fee.kind == OwnFeeKind::PurchaseAfterTrial,
    };
    let (amount, reason) = if same {
        (decision.amount, decision.reason.code())
    } else {
        (Money::ZERO, "NO_FEE")
    };
    let decided = Decided {
        amount,
        scheme: decision.scheme,
        reason: reason.to_owned(),
        explanation: decision.explanation,
    };
    due(
        tenant,
        loan,
        feed_sequence,
        u32::from(accrual.number),
        accrual.on,
        decided,
    )
}

/// A period whose fee cannot be decided, on whom it would fall.
pub(crate) fn undecided(
    tenant: &TenantId,
    loan: &Loan,
    accrual: Accrual,
    policies_through: i64,
    waits_for: String,
) -> FeeUndecided {
    let key = FeeKey {
        line: counted_line(tenant, loan),
        kind: loan.own_fee.kind,
        period: u32::from(accrual.number),
    };
    let payer = loan.payer_on(accrual.on);
    FeeUndecided {
        loan: loan.holding.loan,
        period: key.period,
        charge: charge_of(tenant, &key),
        recipient: loan.recipient,
        article: loan.holding.article.clone(),
        customer_number: payer.customer_number.clone(),
        owner: payer.principal.clone(),
        dated_on: accrual.on,
        policies_through,
        waits_for,
    }
}

/// The charge of a fee, once it is decided.
fn charge_of(tenant: &TenantId, key: &FeeKey) -> ChargeId {
    ChargeId::new(derived_id(tenant, "charge", &key.reference()))
}

/// The prescription line whose periods are counted: a subscription is the person's, whatever the
/// number of loans, so its months are counted under an id of the person's own.
pub(crate) fn counted_line(tenant: &TenantId, loan: &Loan) -> LineId {
    if loan.own_fee.kind == OwnFeeKind::MonthlySubscription {
        LineId::new(derived_id(
            tenant,
            "subscription",
            &loan.recipient.to_string(),
        ))
    } else {
        loan.line
    }
}

struct Decided {
    amount: Money,
    scheme: Option<String>,
    reason: String,
    explanation: Explanation,
}

fn due(
    tenant: &TenantId,
    loan: &Loan,
    feed_sequence: i64,
    period: u32,
    dated_on: Date,
    decided: Decided,
) -> FeeDue {
    let key = FeeKey {
        line: counted_line(tenant, loan),
        kind: loan.own_fee.kind,
        period,
    };
    let payer = loan.payer_on(dated_on);
    FeeDue {
        charge: charge_of(tenant, &key),
        key,
        recipient: loan.recipient,
        loan: loan.holding.loan,
        loan_version: loan.version,
        article: loan.holding.article.clone(),
        customer_number: payer.customer_number.clone(),
        owner: payer.principal.clone(),
        dated_on,
        nominal: decided.amount,
        scheme: decided.scheme,
        reason: decided.reason,
        explanation: decided.explanation,
        feed_sequence,
    }
}

/// Whether the loan's fee comes again. An exempt person's does too: the next day may find the
/// person no longer exempt.
pub(crate) fn recurs(loan: &Loan) -> bool {
    recurrence(&loan.own_fee).is_some()
}

/// The first period that is not known, by the loan's timeline; none when the loan ends before it.
pub(crate) fn next_period(loan: &Loan, known: &BTreeSet<u32>) -> Option<Accrual> {
    let holding = &loan.holding;
    let days = LoanDays {
        first_on: holding.delivered_on,
        returned_on: holding.returned_on,
        died_on: holding.died_on,
    };
    let months_max = loan.own_fee.months_max;
    accruals(recurrence(&loan.own_fee)?, months_max, days, Date::MAX)
        .into_iter()
        .find(|accrual| !known.contains(&u32::from(accrual.number)))
}

/// The loan as rent sees it: who buys the device after a free trial ends the unit's rent with it.
/// Who is exempt from the price goes on borrowing.
pub(crate) fn rented(loan: &Loan) -> Holding {
    let fee = &loan.own_fee;
    if fee.kind == OwnFeeKind::PurchaseAfterTrial && !fee.amount.is_zero() {
        rented_through_trial(&loan.holding, fee.trial_months)
    } else {
        loan.holding.clone()
    }
}
