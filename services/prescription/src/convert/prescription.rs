//! What is to be prescribed.

use hjm_catalogue::Occasion;
use hjm_ids::{ArticleNumber, CustomerNumber, RecipientId};
use hjm_proto::{common::v1 as common, prescription::v1 as pb};
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_occasion, from_pb_text},
};
use jiff::civil::Date;

use super::{
    need::{Circumstances, Need, from_pb_circumstances, from_pb_need},
    prescribing::{Grounds, Prescriber, from_pb_grounds, from_pb_prescriber},
};

const LINES_MAX: usize = 20;

/// What is to be prescribed, read.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) recipient: RecipientId,
    pub(crate) customer_number: CustomerNumber,
    pub(crate) prescribed_on: Date,
    pub(crate) palliative: bool,
    pub(crate) in_patient: bool,
    pub(crate) prescriber: Prescriber,
    pub(crate) lines: Vec<DraftLine>,
}

/// One article to prescribe, read.
#[derive(Debug, Clone)]
pub(crate) struct DraftLine {
    pub(crate) article: ArticleNumber,
    pub(crate) occasion: common::Occasion,
    /// Whether a condition that gives a right to the county's part is recorded.
    pub(crate) qualifying_condition: Option<bool>,
    /// The fee table that is named.
    pub(crate) fee_table: Option<String>,
    pub(crate) grounds: Grounds,
    /// What it is for; what is not said is the article's to say.
    pub(crate) need: Need,
    /// Where it is prescribed and what it is, the draft's part too.
    pub(crate) circumstances: Circumstances,
}

pub(crate) fn from_pb_draft(
    violations: &mut Violations,
    draft: Option<&pb::PrescriptionDraft>,
) -> Option<Draft> {
    let draft = violations.need("draft", draft)?;
    let recipient = from_pb_text(violations, "draft.recipient_id", &draft.recipient_id);
    let number = from_pb_text(violations, "draft.customer_number", &draft.customer_number);
    let on = from_pb_date(
        violations,
        "draft.prescribed_on",
        draft.prescribed_on.as_ref(),
    );
    if draft.lines.is_empty() || draft.lines.len() > LINES_MAX {
        violations.add("draft.lines", format!("must be 1 to {LINES_MAX}"));
        return None;
    }
    let prescriber = from_pb_prescriber(violations, draft.prescriber.as_ref());
    let lines: Vec<_> = draft
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| from_pb_line(violations, (draft, line), at))
        .collect();
    Some(Draft {
        recipient: recipient?,
        customer_number: number?,
        prescribed_on: on?,
        palliative: draft.palliative,
        in_patient: draft.in_patient,
        prescriber: prescriber?,
        lines: lines.into_iter().collect::<Option<_>>()?,
    })
}

fn from_pb_line(
    violations: &mut Violations,
    (draft, line): (&pb::PrescriptionDraft, &pb::LineDraft),
    at: usize,
) -> Option<DraftLine> {
    let place = |name: &str| format!("draft.lines[{at}].{name}");
    let article = from_pb_text(violations, &place("article_number"), &line.article_number);
    let occasion = from_pb_occasion(violations, &place("occasion"), line.occasion);
    let grounds = from_pb_grounds(violations, line, place);
    let need = from_pb_need(
        violations,
        (&place("purpose"), line.purpose),
        (&place("expected_duration"), line.expected_duration),
    );
    let circumstances = from_pb_circumstances(
        violations,
        ("draft.place_of_care", draft.place_of_care),
        (&place("category"), line.category),
        line.speech_therapist,
    );
    Some(DraftLine {
        article: article?,
        occasion: occasion?,
        qualifying_condition: line.qualifying_condition,
        fee_table: Some(line.fee_table.clone()).filter(|table| !table.is_empty()),
        grounds: grounds?,
        need: need?,
        circumstances: circumstances?,
    })
}

/// The occasion as the fee table reads it. Absent only where a stored value is unreadable.
pub(crate) fn occasion(occasion: common::Occasion) -> Option<Occasion> {
    match occasion {
        common::Occasion::Unspecified => None,
        common::Occasion::First => Some(Occasion::First),
        common::Occasion::Replacement => Some(Occasion::Replacement),
    }
}
