//! Loans: their timelines, and what is offered of them.

use hjm_ids::{CustomerNumber, LoanId, PrincipalId};
use hjm_prescription::{Segment, Timeline};
use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Failure, Violations,
    convert::{from_pb_date, from_pb_date_optional, from_pb_text, to_pb_date},
};

use super::from_pb_each;

const LOANS_MAX: usize = 100;

/// Loans to offer: 1 to 100, each once.
pub(crate) fn from_pb_loan_ids(violations: &mut Violations, ids: &[String]) -> Option<Vec<LoanId>> {
    from_pb_each(violations, "loan_ids", ids, LOANS_MAX)
}

/// Answers on an offer: 1 to 100, each loan once.
pub(crate) fn from_pb_answers(
    violations: &mut Violations,
    answers: &[pb::TransferAnswer],
) -> Option<Vec<(LoanId, bool)>> {
    let ids: Vec<String> = answers
        .iter()
        .map(|answer| answer.loan_id.clone())
        .collect();
    let ids = from_pb_each(violations, "answers", &ids, LOANS_MAX)?;
    Some(
        ids.into_iter()
            .zip(answers.iter().map(|answer| answer.accept))
            .collect(),
    )
}

/// The timeline inside a stored message.
///
/// # Errors
/// [`Failure::Internal`] when what was stored is no timeline.
pub(crate) fn from_pb_timeline(loan: &pb::LoanTimeline) -> Result<Timeline, Failure> {
    let mut violations = Violations::default();
    let delivered = from_pb_date(&mut violations, "delivered_on", loan.delivered_on.as_ref());
    let returned = from_pb_date_optional(&mut violations, "returned_on", loan.returned_on.as_ref());
    let died = from_pb_date_optional(&mut violations, "died_on", loan.died_on.as_ref());
    let segments: Vec<Option<Segment>> = loan
        .segments
        .iter()
        .map(|segment| {
            let number: Option<CustomerNumber> =
                from_pb_text(&mut violations, "customer_number", &segment.customer_number);
            let principal: Option<PrincipalId> =
                from_pb_text(&mut violations, "principal_id", &segment.principal_id);
            let from = from_pb_date(&mut violations, "from", segment.from.as_ref());
            Some(Segment {
                customer_number: number?,
                principal: principal?,
                from: from?,
            })
        })
        .collect();
    segments
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .zip(delivered)
        .zip(returned.zip(died))
        .and_then(|((segments, delivered), (returned, died))| {
            Timeline::from_parts(loan.version, delivered, returned, segments, died)
        })
        .ok_or_else(|| Failure::internal(format!("loan {} cannot be read", loan.loan_id)))
}

/// The message of a next version: what the timeline holds is its own, the rest stays.
pub(crate) fn with_timeline(loan: &pb::LoanTimeline, timeline: &Timeline) -> pb::LoanTimeline {
    pb::LoanTimeline {
        version: timeline.version(),
        delivered_on: Some(to_pb_date(timeline.delivered_on())),
        returned_on: timeline.returned_on().map(to_pb_date),
        segments: timeline
            .segments()
            .iter()
            .map(|segment| pb::PayerSegment {
                customer_number: segment.customer_number.to_string(),
                principal_id: segment.principal.to_string(),
                from: Some(to_pb_date(segment.from)),
            })
            .collect(),
        died_on: timeline.died_on().map(to_pb_date),
        correction_reason: String::new(),
        ..loan.clone()
    }
}
