//! The facts of a prescription, and what the directives say of them.

use hjm_catalogue::{PrescribingDecision, PrescribingFacts};
use hjm_ids::IsoCode;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{
        few_directive_entries, from_pb_date, from_pb_directive_answers, from_pb_directive_name,
        from_pb_money, from_pb_special_decisions, from_pb_text, from_pb_trainings,
        to_pb_explanation,
    },
};

const HELD_DIGITS_MIN: usize = 6;

/// The facts; their day is told.
pub(crate) fn from_pb_prescribing(
    violations: &mut Violations,
    asked: &pb::CheckPrescribingRequest,
) -> Option<PrescribingFacts> {
    let iso = from_pb_text(violations, "iso_code", &asked.iso_code);
    let on = from_pb_date(violations, "on", asked.on.as_ref());
    let profession = from_pb_directive_name(violations, "profession", &asked.profession);
    let unit_kind = from_pb_directive_name(violations, "unit_kind", &asked.unit_kind);
    let referred_by = from_pb_directive_name(violations, "referred_by", &asked.referred_by);
    let price = match &asked.price {
        None => Some(None),
        price => from_pb_money(violations, "price", price.as_ref()).map(Some),
    };
    let trainings = from_pb_trainings(violations, "trainings", &asked.trainings);
    let decisions = &asked.special_decisions;
    let special_decisions = from_pb_special_decisions(violations, "special_decisions", decisions);
    let held = match &asked.held {
        None => Some(None),
        Some(held) => from_pb_held(violations, held).map(Some),
    };
    let answers = from_pb_directive_answers(violations, "answers", &asked.answers);
    let facts = PrescribingFacts::new(iso?, on?);
    Some(PrescribingFacts {
        profession,
        unit_kind,
        right_granted: asked.right_granted,
        trainings: trainings?,
        referred_by,
        price: price?,
        in_range: asked.in_range,
        special_decisions: special_decisions?,
        held: held?,
        duplicate_justified: asked.duplicate_justified,
        answers: answers?,
        ..facts
    })
}

fn from_pb_held(violations: &mut Violations, held: &pb::HeldProducts) -> Option<Vec<IsoCode>> {
    few_directive_entries(violations, "held.iso_codes", held.iso_codes.len())?;
    let mut read = Vec::with_capacity(held.iso_codes.len());
    for (at, code) in held.iso_codes.iter().enumerate() {
        let field = format!("held.iso_codes[{at}]");
        let code: Option<IsoCode> = from_pb_text(violations, &field, code);
        let area = |code: &IsoCode| code.digits() < HELD_DIGITS_MIN;
        if code.as_ref().is_some_and(area) {
            violations.add(field, "must be a product's code: six digits, or eight");
        }
        read.push(code);
    }
    read.into_iter().collect()
}

pub(crate) fn to_pb_prescribing(decision: &PrescribingDecision) -> pb::CheckPrescribingResponse {
    let reasons = decision.objections.iter();
    let reasons = reasons.map(|objection| pb::PrescribingReason {
        code: objection.reason.code().to_owned(),
        field: objection.fact.to_owned(),
        explanation: Some(to_pb_explanation(&objection.explanation)),
    });
    pb::CheckPrescribingResponse {
        allowed: decision.allowed(),
        reasons: reasons.collect(),
        met: decision.met.iter().map(to_pb_explanation).collect(),
        decision_id: String::new(),
    }
}
