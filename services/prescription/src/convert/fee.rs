//! An own fee as it is told.

use hjm_catalogue::{CollectedBy, FeeDecision, FeeKind, IncomeTo, MonthsCovered};
use hjm_proto::common::v1 as common;
use hjm_service::convert::{to_pb_explanation, to_pb_money};

pub(crate) fn to_pb_own_fee(decision: &FeeDecision) -> common::OwnFee {
    let kind = match decision.kind {
        FeeKind::None => common::OwnFeeKind::None,
        FeeKind::OneOff => common::OwnFeeKind::OneOff,
        FeeKind::ShareOfValue => common::OwnFeeKind::ShareOfValue,
        FeeKind::Per12Months => common::OwnFeeKind::Per12Months,
        FeeKind::PerCalendarMonth => common::OwnFeeKind::PerCalendarMonth,
        FeeKind::PerStartedMonth => common::OwnFeeKind::PerStartedMonth,
        FeeKind::MonthlySubscription => common::OwnFeeKind::MonthlySubscription,
        FeeKind::PurchaseAfterTrial => common::OwnFeeKind::PurchaseAfterTrial,
        FeeKind::CostCap => common::OwnFeeKind::CostCap,
    };
    let terms = decision.terms;
    common::OwnFee {
        kind: kind.into(),
        amount: Some(to_pb_money(decision.amount)),
        unit_pays: Some(to_pb_money(decision.unit_pays)),
        scheme_id: decision.scheme.clone().unwrap_or_default(),
        reason: decision.reason.code().to_owned(),
        explanation: Some(to_pb_explanation(&decision.explanation)),
        months_max: terms.months_max.map_or(0, u32::from),
        whole_months: terms.covers == Some(MonthsCovered::WholeMonth),
        trial_months: terms.trial_months.map_or(0, u32::from),
        person_owns: terms.person_owns,
        collected_by: terms
            .collected_by
            .map_or(0, |by| to_pb_collector(by).into()),
        income_to: to_pb_income(terms.income_to).into(),
    }
}

fn to_pb_collector(by: CollectedBy) -> common::FeeCollector {
    match by {
        CollectedBy::Desk => common::FeeCollector::Desk,
        CollectedBy::Invoice => common::FeeCollector::Invoice,
    }
}

fn to_pb_income(to: IncomeTo) -> common::FeeIncome {
    match to {
        IncomeTo::AidCentre => common::FeeIncome::AidCentre,
        IncomeTo::Payer => common::FeeIncome::Payer,
    }
}
