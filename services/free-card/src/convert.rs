//! Wire types to the engine's own and back.

use hjm_free_card::{
    AssessedFee, CountedFee, LogEntry, Outcome, ProposedFee, Scheme, Status, StatusKind, explain,
};
use hjm_ids::FeeId;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    Violations,
    convert::{
        from_pb_date, from_pb_money, from_pb_text, to_pb_date, to_pb_explanation, to_pb_money,
        to_pb_timestamp,
    },
};
use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

/// A fee under `field`, with an id of its own.
pub(crate) fn from_pb_fee_draft(
    violations: &mut Violations,
    field: &str,
    draft: Option<&pb::FeeDraft>,
) -> Option<ProposedFee> {
    let draft = violations.need(field, draft)?;
    let event_on = format!("{field}.event_on");
    let on = from_pb_date(violations, &event_on, draft.event_on.as_ref());
    let nominal = format!("{field}.nominal");
    let nominal = from_pb_money(violations, &nominal, draft.nominal.as_ref());
    let principal_id = format!("{field}.principal_id");
    let principal = from_pb_text(violations, &principal_id, &draft.principal_id);
    Some(ProposedFee {
        fee: FeeId::new(Uuid::now_v7()),
        on: on?,
        occurred_at: None,
        principal: principal?,
        kind: None,
        age: None,
        nominal: nominal?,
    })
}

/// A reason that must be given, as it is stored.
pub(crate) fn from_pb_cancel_reason(
    violations: &mut Violations,
    field: &str,
    reason: i32,
) -> Option<&'static str> {
    let reason = match pb::CancelReason::try_from(reason) {
        Ok(pb::CancelReason::Incorrect) => Some("INCORRECT"),
        Ok(pb::CancelReason::Credited) => Some("CREDITED"),
        Ok(pb::CancelReason::Unspecified) | Err(_) => None,
    };
    violations.need(field, reason)
}

/// Where a page of fees ended: the last fee's date and number on its account.
pub(crate) fn from_pb_fee_token(token: &str) -> Option<(Date, u64)> {
    if token.is_empty() {
        return Some((Date::MIN, 0));
    }
    let (on, sequence) = token.split_once(' ')?;
    Some((on.parse().ok()?, sequence.parse().ok()?))
}

pub(crate) fn to_pb_fee_token(fee: &AssessedFee) -> String {
    format!("{} {}", fee.on, fee.sequence)
}

/// What a fee costs. A fee that counts but is not `stored` is told without an id.
pub(crate) fn to_pb_fee_answer(
    scheme: &Scheme,
    fee: &AssessedFee,
    status: &Status,
    stored: impl Fn(FeeId) -> bool,
) -> pb::FeeAnswer {
    let counted = |counted: &CountedFee| pb::CountedFee {
        fee_id: Some(counted.fee)
            .filter(|fee| stored(*fee))
            .map_or_else(String::new, |fee| fee.to_string()),
        event_on: Some(to_pb_date(counted.on)),
        amount: Some(to_pb_money(counted.entitled)),
    };
    pb::FeeAnswer {
        to_charge: Some(to_pb_money(fee.entitled)),
        status: Some(to_pb_status(scheme, fee.on, status)),
        counted: fee.basis.iter().map(counted).collect(),
        explanation: Some(to_pb_explanation(&explain(scheme, fee))),
    }
}

pub(crate) fn to_pb_status(scheme: &Scheme, as_of: Date, status: &Status) -> pb::AccountStatus {
    let card = match status.kind {
        StatusKind::None | StatusKind::BelowLimit | StatusKind::Expired => {
            pb::CardState::BelowLimit
        }
        StatusKind::Preliminary => pb::CardState::Preliminary,
        StatusKind::Final | StatusKind::Imported | StatusKind::Registered => pb::CardState::Final,
        StatusKind::Retained => pb::CardState::Retained,
    };
    pb::AccountStatus {
        scheme_id: scheme.id().to_owned(),
        as_of: Some(to_pb_date(as_of)),
        accumulated: Some(to_pb_money(status.accumulated)),
        ceiling: status.ceiling().map(to_pb_money),
        remaining: status.remaining.map(to_pb_money),
        period_start: status.period_start.map(to_pb_date),
        card: card.into(),
        card_from: status.card.as_ref().map(|card| to_pb_date(card.from)),
        card_to: status.card.as_ref().map(|card| to_pb_date(card.to)),
    }
}

/// When the log says that a fee was registered.
pub(crate) fn registered_at(log: &[LogEntry], fee: FeeId) -> Option<Timestamp> {
    log.iter().find_map(|entry| match entry {
        LogEntry::Fee(event) if event.fee == fee => Some(event.registered_at),
        LogEntry::Fee(_)
        | LogEntry::Correct(_)
        | LogEntry::Cancel { .. }
        | LogEntry::CardFixed(_)
        | LogEntry::CardReleased(_)
        | LogEntry::CardRegistered(_)
        | LogEntry::Joined { .. } => None,
    })
}

/// A registered fee. Of a cancelled one all that was charged goes back.
pub(crate) fn to_pb_fee(log: &[LogEntry], fee: &AssessedFee) -> pb::Fee {
    let cancelled = fee.outcome == Outcome::Cancelled;
    pb::Fee {
        fee_id: fee.fee.to_string(),
        event_on: Some(to_pb_date(fee.on)),
        nominal: Some(to_pb_money(fee.nominal)),
        charged: Some(to_pb_money(fee.charged)),
        entitled: Some(to_pb_money(fee.entitled)),
        overcharge: Some(to_pb_money(fee.to_refund())),
        undercharge: Some(to_pb_money(fee.undercharge)),
        cancelled,
        registered_at: registered_at(log, fee.fee).map(to_pb_timestamp),
    }
}
