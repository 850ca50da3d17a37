//! The facts of a prescription, and what the directives say of them.

use std::collections::BTreeMap;

use hjm_catalogue::{PrescribingDecision, PrescribingFacts};
use hjm_ids::IsoCode;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_money, from_pb_text, from_pb_words, to_pb_explanation},
};
use jiff::civil::Date;

const NAME_LENGTH_MAX: usize = 60;
/// Entries of each list at the most.
const ENTRIES_MAX: usize = 100;
const HELD_DIGITS_MIN: usize = 6;

/// The facts; their day is told.
pub(crate) fn from_pb_prescribing(
    violations: &mut Violations,
    asked: &pb::CheckPrescribingRequest,
) -> Option<PrescribingFacts> {
    let iso = from_pb_text(violations, "iso_code", &asked.iso_code);
    let on = from_pb_date(violations, "on", asked.on.as_ref());
    let profession = from_pb_name(violations, "profession", &asked.profession);
    let unit_kind = from_pb_name(violations, "unit_kind", &asked.unit_kind);
    let referred_by = from_pb_name(violations, "referred_by", &asked.referred_by);
    let price = match &asked.price {
        None => Some(None),
        price => from_pb_money(violations, "price", price.as_ref()).map(Some),
    };
    let trainings = dated(violations, "trainings", &asked.trainings, |training| {
        (
            ("kind", &training.kind),
            ("completed_on", training.completed_on),
        )
    });
    let decisions = &asked.special_decisions;
    let special_decisions = dated(violations, "special_decisions", decisions, |decision| {
        (
            ("decided_by", &decision.decided_by),
            ("decided_on", decision.decided_on),
        )
    });
    let held = match &asked.held {
        None => Some(None),
        Some(held) => from_pb_held(violations, held).map(Some),
    };
    let answers = from_pb_answers(violations, &asked.answers);
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

/// A name; none when it is empty. What is malformed is noted.
fn from_pb_name(violations: &mut Violations, field: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    from_pb_words(violations, field, name, NAME_LENGTH_MAX)
}

/// A field's name and value, of a name and of a day.
type Dated<'entry> = (
    (&'static str, &'entry String),
    (&'static str, Option<hjm_proto::common::v1::Date>),
);

fn dated<T>(
    violations: &mut Violations,
    list: &str,
    entries: &[T],
    parts: impl Fn(&T) -> Dated<'_>,
) -> Option<Vec<(String, Date)>> {
    few(violations, list, entries.len())?;
    let mut read = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let ((name_field, name), (day_field, day)) = parts(entry);
        let field = |field: &str| format!("{list}[{at}].{field}");
        let name = from_pb_words(violations, &field(name_field), name, NAME_LENGTH_MAX);
        let day = from_pb_date(violations, &field(day_field), day.as_ref());
        read.push(name.zip(day));
    }
    read.into_iter().collect()
}

fn from_pb_held(violations: &mut Violations, held: &pb::HeldProducts) -> Option<Vec<IsoCode>> {
    few(violations, "held.iso_codes", held.iso_codes.len())?;
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

fn from_pb_answers(
    violations: &mut Violations,
    answers: &[pb::DirectiveAnswer],
) -> Option<BTreeMap<String, bool>> {
    few(violations, "answers", answers.len())?;
    let mut read = BTreeMap::new();
    for (at, answer) in answers.iter().enumerate() {
        let field = format!("answers[{at}].rule_id");
        let rule = from_pb_words(violations, &field, &answer.rule_id, NAME_LENGTH_MAX)?;
        if read.insert(rule, answer.holds).is_some() {
            violations.add(field, "is answered once");
        }
    }
    Some(read)
}

fn few(violations: &mut Violations, list: &str, entries: usize) -> Option<()> {
    if entries > ENTRIES_MAX {
        violations.add(list, format!("must be at most {ENTRIES_MAX}"));
        return None;
    }
    Some(())
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
