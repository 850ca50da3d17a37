//! What the prescribing directives ask of a draft, and what they say.

use std::collections::BTreeMap;

use hjm_catalogue::{PrescribingDecision, PrescribingObjection};
use hjm_money::Money;
use hjm_proto::{catalogue::v1::PrescribingReason, prescription::v1 as pb};
use hjm_service::{
    Violations,
    convert::{
        from_pb_directive_answers, from_pb_directive_name, from_pb_money,
        from_pb_special_decisions, from_pb_trainings, to_pb_explanation,
    },
};
use jiff::civil::Date;

/// Who prescribes, as far as it is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prescriber {
    pub(crate) profession: Option<String>,
    pub(crate) unit_kind: Option<String>,
    pub(crate) right_granted: Option<bool>,
    pub(crate) trainings: Vec<(String, Date)>,
    pub(crate) referred_by: Option<String>,
}

/// What a line tells of its grounds.
#[derive(Debug, Clone)]
pub(crate) struct Grounds {
    pub(crate) special_decisions: Vec<(String, Date)>,
    pub(crate) duplicate_justified: bool,
    pub(crate) answers: BTreeMap<String, bool>,
    /// The value of what has no listed sale price.
    pub(crate) value: Option<Money>,
}

/// Who prescribes; nothing is known of who is absent.
pub(crate) fn from_pb_prescriber(
    violations: &mut Violations,
    prescriber: Option<&pb::Prescriber>,
) -> Option<Prescriber> {
    let Some(told) = prescriber else {
        return Some(Prescriber::default());
    };
    let mut name = |field: &str, name: &str| {
        from_pb_directive_name(violations, &format!("draft.prescriber.{field}"), name)
    };
    let profession = name("profession", &told.profession);
    let unit_kind = name("unit_kind", &told.unit_kind);
    let referred_by = name("referred_by", &told.referred_by);
    let trainings = from_pb_trainings(violations, "draft.prescriber.trainings", &told.trainings);
    Some(Prescriber {
        profession,
        unit_kind,
        right_granted: told.right_granted,
        trainings: trainings?,
        referred_by,
    })
}

pub(crate) fn from_pb_grounds(
    violations: &mut Violations,
    line: &pb::LineDraft,
    place: impl Fn(&str) -> String,
) -> Option<Grounds> {
    let decisions = &line.special_decisions;
    let list = place("special_decisions");
    let special_decisions = from_pb_special_decisions(violations, &list, decisions);
    let answers = from_pb_directive_answers(violations, &place("answers"), &line.answers);
    let value = match &line.value {
        None => Some(None),
        value => from_pb_money(violations, &place("value"), value.as_ref()).map(Some),
    };
    Some(Grounds {
        special_decisions: special_decisions?,
        duplicate_justified: line.duplicate_justified,
        answers: answers?,
        value: value?,
    })
}

/// What directives say of the line at a place in its draft.
pub(crate) fn to_pb_check(decision: &PrescribingDecision, at: usize) -> pb::PrescribingCheck {
    let reasons = decision.objections.iter();
    let reasons = reasons.map(|objection| PrescribingReason {
        code: objection.reason.code().to_owned(),
        field: draft_field(objection, at),
        explanation: Some(to_pb_explanation(&objection.explanation)),
    });
    pb::PrescribingCheck {
        allowed: decision.allowed(),
        reasons: reasons.collect(),
        met: decision.met.iter().map(to_pb_explanation).collect(),
    }
}

/// The draft's field that tells a fact. What is known here, of the article or of the person, is
/// told by the choice of the article.
fn draft_field(objection: &PrescribingObjection, at: usize) -> String {
    let line = |field: &str| format!("draft.lines[{at}].{field}");
    match objection.fact {
        fact @ ("profession" | "unit_kind" | "right_granted" | "trainings" | "referred_by") => {
            format!("draft.prescriber.{fact}")
        }
        fact @ ("special_decisions" | "duplicate_justified" | "answers") => line(fact),
        "price" => line("value"),
        _ => line("article_number"),
    }
}
