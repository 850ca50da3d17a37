//! What is handed out.

use hjm_ids::{ArticleNumber, LineId, UnitNumber};
use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_text, from_pb_text_optional, from_pb_words},
};
use jiff::civil::Date;

const REASON_LENGTH_MAX: usize = 500;

/// What is handed out on which line.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) line: LineId,
    pub(crate) unit: Option<UnitNumber>,
    /// The article that is named; a unit tells its own.
    pub(crate) article: Option<ArticleNumber>,
    pub(crate) delivered_on: Date,
    /// Why it is not the oldest equivalent; empty for none.
    pub(crate) outside_chain_reason: String,
}

pub(crate) fn from_pb_handed(
    violations: &mut Violations,
    request: &pb::DeliverRequest,
) -> Option<Handed> {
    let line = from_pb_text(violations, "line_id", &request.line_id);
    let unit = from_pb_text_optional(violations, "unit_number", &request.unit_number);
    let on = from_pb_date(violations, "delivered_on", request.delivered_on.as_ref());
    let article = from_pb_text_optional(violations, "article_number", &request.article_number);
    let reason = &request.outside_chain_reason;
    let outside_chain_reason = if reason.is_empty() {
        Some(String::new())
    } else {
        from_pb_words(
            violations,
            "outside_chain_reason",
            reason,
            REASON_LENGTH_MAX,
        )
    };
    Some(Handed {
        line: line?,
        unit: unit?,
        article: article?,
        delivered_on: on?,
        outside_chain_reason: outside_chain_reason?,
    })
}
