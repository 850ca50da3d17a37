//! Questions and answers of decisions.

mod fee;
mod payer;
mod rent;

use hjm_proto::catalogue::v1 as pb;
use hjm_service::Violations;

pub(crate) use fee::{from_pb_fee_question, to_pb_allowance, to_pb_own_fee, to_pb_service_fee};
use payer::from_pb_payer_question;
pub(crate) use payer::to_pb_payer;
use rent::from_pb_rent_question;
pub(crate) use rent::to_pb_rent;

use super::from_pb_prescribing;
use crate::app::decision::Question;

/// A question of any kind; its day, and the facts of its article, are in it.
pub(crate) fn from_pb_question(
    violations: &mut Violations,
    question: &pb::Question,
) -> Option<Question> {
    match violations.need("question", question.question.as_ref())? {
        pb::question::Question::Fee(asked) => from_pb_fee_question(violations, "question", asked),
        pb::question::Question::Payer(asked) => from_pb_payer_question(violations, asked),
        pb::question::Question::Prescribing(asked) => {
            let facts = from_pb_prescribing(violations, asked)?;
            Some(Question::Prescribing(Box::new(facts)))
        }
        pb::question::Question::Rent(asked) => from_pb_rent_question(violations, asked),
    }
}
