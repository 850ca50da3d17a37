//! Own fees as they become due: which fee, dated when, under which key.

use hjm_billing::{Accrual, accruals};
use hjm_catalogue::{FeeDecision, FeeKind};
use hjm_ids::{ChargeId, TenantId};
use hjm_money::Money;
use hjm_policy::Explanation;
use hjm_proto::common::v1::OwnFeeKind;
use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    convert::Loan,
    store::{FeeDue, FeeKey},
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

/// The fee of a loan's first version, as prescription decided it: a one-off fee and a cost cap are
/// dated by the prescription, the first period of a recurring fee by the delivery (decisions 21).
/// None where there is no fee.
pub(crate) fn first(tenant: &TenantId, loan: &Loan, feed_sequence: i64) -> Option<FeeDue> {
    let dated_on = match loan.own_fee.kind {
        OwnFeeKind::Unspecified | OwnFeeKind::None => return None,
        OwnFeeKind::OneOff | OwnFeeKind::CostCap => loan.prescribed_on,
        OwnFeeKind::Per12Months => loan.holding.delivered_on,
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

/// A later period of a recurring fee, decided anew on its day. A table that no longer charges for
/// twelve months charges nothing for these.
pub(crate) fn period(
    tenant: &TenantId,
    loan: &Loan,
    feed_sequence: i64,
    accrual: Accrual,
    decision: FeeDecision,
) -> FeeDue {
    let (amount, reason) = match decision.kind {
        FeeKind::Per12Months | FeeKind::None => (decision.amount, decision.reason.code()),
        FeeKind::OneOff | FeeKind::CostCap => (Money::ZERO, "NO_FEE"),
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
        line: loan.line,
        kind: loan.own_fee.kind,
        period,
    };
    let payer = loan.payer_on(dated_on);
    FeeDue {
        charge: ChargeId::new(derived_id(tenant, "charge", &key.reference())),
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
    loan.own_fee.kind == OwnFeeKind::Per12Months
}

/// The period after those known, by the loan's timeline; none when the loan ends before it.
pub(crate) fn next_period(loan: &Loan, known: u32) -> Option<Accrual> {
    let holding = &loan.holding;
    accruals(
        holding.delivered_on,
        holding.returned_on,
        holding.died_on,
        Date::MAX,
    )
    .into_iter()
    .find(|accrual| u32::from(accrual.number) == known + 1)
}
