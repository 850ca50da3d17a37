//! What a person pays.

use hjm_catalogue::{
    AllowanceDecision, AllowanceFacts, CollectedBy, FeeDecision, FeeFacts, FeeKind, IncomeTo,
    MonthsCovered, Occasion, ProductGroup, ServiceFacts, ServiceFee,
};
use hjm_money::Money;
use hjm_proto::{catalogue::v1 as pb, common::v1 as common};
use hjm_service::{
    Violations,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_money, from_pb_occasion,
        from_pb_text_optional, from_pb_words, to_pb_explanation, to_pb_money,
    },
};
use jiff::civil::Date;

use crate::{app::decision::Question, convert::from_pb_product_code};

const NAME_LENGTH_MAX: usize = 100;
const DAYS_MAX: usize = 1000;

/// A question at a place of its request.
pub(crate) fn from_pb_fee_question(
    violations: &mut Violations,
    place: &str,
    question: &pb::FeeQuestion,
) -> Option<Question> {
    let on = from_pb_date(violations, &format!("{place}.on"), question.on.as_ref());
    let field = format!("{place}.born_on");
    let born_on = from_pb_date_optional(violations, &field, question.born_on.as_ref());
    let field = format!("{place}.municipality");
    let municipality = from_pb_text_optional(violations, &field, &question.municipality);
    let about = violations.need(&format!("{place}.about"), question.about.as_ref())?;
    match about {
        pb::fee_question::About::Device(asked) => {
            let place = format!("{place}.device");
            let facts = from_pb_device(violations, &place, asked, on.zip(born_on))?;
            let facts = FeeFacts {
                municipality: municipality?,
                ..facts
            };
            let table = Some(asked.fee_table.clone()).filter(|table| !table.is_empty());
            Some(Question::Device { facts, table })
        }
        pb::fee_question::About::Service(asked) => {
            let field = format!("{place}.service.service");
            let service = from_pb_words(violations, &field, &asked.service, NAME_LENGTH_MAX);
            Some(Question::Service(ServiceFacts {
                service: service?,
                born_on: born_on?,
                municipality: municipality?,
                on: on?,
            }))
        }
        pb::fee_question::About::Allowance(asked) => {
            let place = format!("{place}.allowance");
            let field = format!("{place}.allowance");
            let allowance = from_pb_words(violations, &field, &asked.allowance, NAME_LENGTH_MAX);
            let earlier = from_pb_days(violations, &place, asked.earlier.as_ref());
            let cost = from_pb_amount(violations, &format!("{place}.cost"), asked.cost.as_ref());
            Some(Question::Allowance(AllowanceFacts {
                allowance: allowance?,
                born_on: born_on?,
                municipality: municipality?,
                ordained_by: Some(asked.ordained_by.clone()).filter(|by| !by.is_empty()),
                earlier,
                cost,
                on: on?,
            }))
        }
    }
}

fn from_pb_device(
    violations: &mut Violations,
    place: &str,
    asked: &pb::DeviceFee,
    days: Option<(Date, Option<Date>)>,
) -> Option<FeeFacts> {
    let field = |name: &str| format!("{place}.{name}");
    let iso = from_pb_product_code(violations, &field("iso_code"), &asked.iso_code);
    let group = u8::try_from(asked.product_group)
        .ok()
        .and_then(ProductGroup::from_number)
        .ok_or("must be 1 to 4");
    let group = violations.take(&field("product_group"), group);
    let occasion = from_pb_occasion(violations, &field("occasion"), asked.occasion);
    let price = from_pb_amount(violations, &field("price"), asked.price.as_ref());
    let ceiling = asked.scheme_ceiling.as_ref();
    let scheme_ceiling = from_pb_amount(violations, &field("scheme_ceiling"), ceiling);
    let earlier = from_pb_days(violations, place, asked.earlier.as_ref());
    let kinds_together = asked
        .kinds_together
        .map(|kinds| u16::try_from(kinds).map_err(|_| "is too many"));
    let kinds_together =
        kinds_together.and_then(|kinds| violations.take(&field("kinds_together"), kinds));
    let (on, born_on) = days?;
    Some(FeeFacts {
        price,
        occasion: from_pb_first_or_not(occasion?)?,
        born_on,
        palliative: asked.palliative,
        in_patient: asked.in_patient,
        // The contract's 0 is 1: a line without a number is for one piece.
        quantity: asked.quantity.max(1),
        earlier,
        kinds_together,
        qualifying_condition: asked.qualifying_condition,
        scheme_ceiling,
        ..FeeFacts::new(iso?, group?, on)
    })
}

/// As the fee table reads it; absent only where none was given.
fn from_pb_first_or_not(occasion: common::Occasion) -> Option<Occasion> {
    match occasion {
        common::Occasion::Unspecified => None,
        common::Occasion::First => Some(Occasion::First),
        common::Occasion::Replacement => Some(Occasion::Replacement),
    }
}

/// An amount that may be unknown. Malformed, it is noted, and none.
fn from_pb_amount(
    violations: &mut Violations,
    field: &str,
    amount: Option<&common::Money>,
) -> Option<Money> {
    amount.and_then(|amount| from_pb_money(violations, field, Some(amount)))
}

/// Days that may be unknown. A malformed one is noted, and then there are none.
fn from_pb_days(
    violations: &mut Violations,
    place: &str,
    days: Option<&pb::Days>,
) -> Option<Vec<Date>> {
    let days = days?;
    if days.days.len() > DAYS_MAX {
        violations.add(
            format!("{place}.earlier.days"),
            format!("must be at most {DAYS_MAX}"),
        );
        return None;
    }
    let days = days.days.iter().enumerate().map(|(index, day)| {
        from_pb_date(
            violations,
            &format!("{place}.earlier.days[{index}]"),
            Some(day),
        )
    });
    let days: Vec<Option<Date>> = days.collect();
    days.into_iter().collect()
}

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
    let collected_by = match terms.collected_by {
        None => common::FeeCollector::Unspecified,
        Some(CollectedBy::Desk) => common::FeeCollector::Desk,
        Some(CollectedBy::Invoice) => common::FeeCollector::Invoice,
    };
    let income_to = match terms.income_to {
        IncomeTo::AidCentre => common::FeeIncome::AidCentre,
        IncomeTo::Payer => common::FeeIncome::Payer,
    };
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
        collected_by: collected_by.into(),
        income_to: income_to.into(),
    }
}

pub(crate) fn to_pb_service_fee(fee: &ServiceFee) -> pb::ServiceFeeAnswer {
    pb::ServiceFeeAnswer {
        amount: Some(to_pb_money(fee.amount)),
        per: fee.per.clone(),
        scheme_id: fee.scheme.clone().unwrap_or_default(),
        explanation: Some(to_pb_explanation(&fee.explanation)),
    }
}

pub(crate) fn to_pb_allowance(decision: &AllowanceDecision) -> pb::AllowanceAnswer {
    pb::AllowanceAnswer {
        amount: Some(to_pb_money(decision.amount)),
        person_pays: decision.person_pays.map(to_pb_money),
        reason: decision.reason.code().to_owned(),
        explanation: Some(to_pb_explanation(&decision.explanation)),
    }
}
