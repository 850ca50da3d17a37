//! Wire types to the engine's own and back.

use hjm_free_card::{
    AssessedFee, ClaimDecision, ClaimState, CountedFee, Limit, LogEntry, Outcome, ProposedFee,
    Scheme, SettlementReport, Status, StatusKind, Subject, explain,
};
use hjm_ids::{FeeId, IdentityKind, PrincipalId};
use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    Violations,
    clock::civil_date,
    convert::{
        from_pb_date, from_pb_money, from_pb_text, from_pb_text_optional,
        from_pb_timestamp_optional, from_pb_words, to_pb_date, to_pb_explanation, to_pb_money,
        to_pb_timestamp,
    },
};
use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use crate::{
    app::Drafted,
    store::{ClaimRow, Receipt, UnderchargeRow},
};

const DEVICE_LENGTH_MAX: usize = 100;
const AGE_MAX: u8 = 130;
const ISSUER_LENGTH_MAX: usize = 128;
const EVIDENCE_LENGTH_MAX: usize = 200;

/// A fee under `field`, with an id of its own. Its day follows from its instant where only that is
/// given.
pub(crate) fn from_pb_fee_draft(
    violations: &mut Violations,
    field: &str,
    draft: Option<&pb::FeeDraft>,
) -> Option<Drafted> {
    let draft = violations.need(field, draft)?;
    let occurred_at = from_pb_timestamp_optional(
        violations,
        &format!("{field}.occurred_at"),
        draft.occurred_at.as_ref(),
    );
    let event_on = format!("{field}.event_on");
    let on = match (draft.event_on.as_ref(), occurred_at) {
        (None, Some(Some(at))) => Some(civil_date(at)),
        (given, _) => from_pb_date(violations, &event_on, given),
    };
    let nominal = format!("{field}.nominal");
    let nominal = from_pb_money(violations, &nominal, draft.nominal.as_ref());
    let principal_id = format!("{field}.principal_id");
    let principal = from_pb_text(violations, &principal_id, &draft.principal_id);
    let kind = from_pb_text_optional(violations, &format!("{field}.kind"), &draft.kind);
    let age_field = format!("{field}.age");
    let age = draft
        .age
        .map(|age| from_pb_age(violations, &age_field, age));
    let offline = from_pb_offline(violations, field, draft);
    let receipt = draft.receipt.as_ref();
    let receipt = receipt.map(|receipt| from_pb_receipt(violations, field, receipt));
    let (charged, device_id) = offline?;
    Some(Drafted {
        fee: ProposedFee {
            fee: FeeId::new(Uuid::now_v7()),
            on: on?,
            occurred_at: occurred_at?,
            principal: principal?,
            kind: kind?,
            age: match age {
                Some(age) => Some(age?),
                None => None,
            },
            nominal: nominal?,
        },
        charged: charged.or(receipt.as_ref().and(nominal)),
        device_id,
        receipt: match receipt {
            Some(receipt) => Some(receipt?),
            None => None,
        },
    })
}

fn from_pb_receipt(
    violations: &mut Violations,
    field: &str,
    receipt: &pb::Receipt,
) -> Option<Receipt> {
    let issuer = format!("{field}.receipt.issuer");
    let issuer = from_pb_words(violations, &issuer, &receipt.issuer, ISSUER_LENGTH_MAX);
    let evidence = format!("{field}.receipt.evidence");
    let evidence = from_pb_words(
        violations,
        &evidence,
        &receipt.evidence,
        EVIDENCE_LENGTH_MAX,
    );
    Some(Receipt {
        issuer: issuer?,
        evidence: evidence?,
    })
}

pub(crate) fn to_pb_receipt(receipt: &Receipt) -> pb::Receipt {
    pb::Receipt {
        issuer: receipt.issuer.clone(),
        evidence: receipt.evidence.clone(),
    }
}

fn from_pb_age(violations: &mut Violations, field: &str, age: u32) -> Option<u8> {
    let known = u8::try_from(age).ok().filter(|age| *age <= AGE_MAX);
    violations.take(field, known.ok_or("must be 0 to 130"))
}

/// What was charged already: by a desk that was offline, with its device, or as a receipt says.
fn from_pb_offline(
    violations: &mut Violations,
    field: &str,
    draft: &pb::FeeDraft,
) -> Option<(Option<Money>, Option<String>)> {
    let device_id = format!("{field}.device_id");
    if draft.device_id.is_empty() && draft.charged.is_none() {
        return Some((None, None));
    }
    let on_receipt = draft.device_id.is_empty() && draft.receipt.is_some();
    let device = if on_receipt {
        Some(None)
    } else {
        from_pb_words(violations, &device_id, &draft.device_id, DEVICE_LENGTH_MAX).map(Some)
    };
    let charged = match draft.charged.as_ref() {
        None => Some(None),
        given => from_pb_money(violations, &format!("{field}.charged"), given).map(Some),
    };
    Some((charged?, device?))
}

/// The decision that leads to a state; the state must be one that is decided.
pub(crate) fn from_pb_claim_decision(
    violations: &mut Violations,
    field: &str,
    state: i32,
) -> Option<ClaimDecision> {
    let decision = match pb::ClaimState::try_from(state) {
        Ok(pb::ClaimState::Approved) => Some(ClaimDecision::Approve),
        Ok(pb::ClaimState::Paid) => Some(ClaimDecision::Pay),
        Ok(pb::ClaimState::Rejected) => Some(ClaimDecision::Reject),
        Ok(pb::ClaimState::Waived) => Some(ClaimDecision::Waive),
        Ok(pb::ClaimState::Unspecified | pb::ClaimState::Open) | Err(_) => None,
    };
    violations.take(
        field,
        decision.ok_or("must be APPROVED, PAID, REJECTED or WAIVED"),
    )
}

/// A state to look for; none for all.
pub(crate) fn from_pb_claim_state(state: i32) -> Result<Option<ClaimState>, &'static str> {
    match pb::ClaimState::try_from(state) {
        Ok(pb::ClaimState::Unspecified) => Ok(None),
        Ok(pb::ClaimState::Open) => Ok(Some(ClaimState::Open)),
        Ok(pb::ClaimState::Approved) => Ok(Some(ClaimState::Approved)),
        Ok(pb::ClaimState::Paid) => Ok(Some(ClaimState::Paid)),
        Ok(pb::ClaimState::Rejected) => Ok(Some(ClaimState::Rejected)),
        Ok(pb::ClaimState::Waived) => Ok(Some(ClaimState::Waived)),
        Err(_) => Err("must be a state of a claim"),
    }
}

/// A claim as a caller is told it: the aid centre, a feed's reader (no principal) or a principal.
pub(crate) fn to_pb_claim(
    row: &ClaimRow,
    subject: Subject,
    caller: Option<&PrincipalId>,
) -> pb::Claim {
    let told = |principal| told_to(caller, subject, principal);
    let state = match row.claim.state {
        ClaimState::Open => pb::ClaimState::Open,
        ClaimState::Approved => pb::ClaimState::Approved,
        ClaimState::Paid => pb::ClaimState::Paid,
        ClaimState::Rejected => pb::ClaimState::Rejected,
        ClaimState::Waived => pb::ClaimState::Waived,
    };
    pb::Claim {
        fee_id: row.claim.fee.to_string(),
        scheme_id: row.scheme_id.clone(),
        principal_id: told(&row.claim.principal),
        event_on: Some(to_pb_date(row.on)),
        amount: Some(to_pb_money(row.claim.amount)),
        state: state.into(),
        recipient_id: row.subject.to_string(),
        to_estate: subject.person.died_on.is_some(),
        number: row.claim.number,
        paid_by_principal_id: row.paid_by.as_ref().map(told).unwrap_or_default(),
    }
}

/// Who charged a fee: of a protected person nobody for others than that principal.
fn told_to(caller: Option<&PrincipalId>, subject: Subject, principal: &PrincipalId) -> String {
    if subject.shows_debtor(caller, principal) {
        principal.to_string()
    } else {
        String::new()
    }
}

pub(crate) fn to_pb_undercharge(
    row: &UnderchargeRow,
    subject: Subject,
    caller: Option<&PrincipalId>,
) -> pb::Undercharge {
    let undercharge = &row.undercharge;
    pb::Undercharge {
        fee_id: undercharge.fee.to_string(),
        scheme_id: row.scheme_id.clone(),
        principal_id: told_to(caller, subject, &undercharge.principal),
        event_on: Some(to_pb_date(undercharge.on)),
        amount: Some(to_pb_money(undercharge.amount)),
        recipient_id: row.subject.to_string(),
    }
}

/// What the members of a scheme owe each other.
pub(crate) fn to_pb_settlement(scheme_id: String, report: &SettlementReport) -> pb::Settlement {
    let parts = report.parts.iter().map(|part| pb::SettlementPart {
        principal_id: part.principal.to_string(),
        owed: Some(to_pb_money(part.owed)),
        paid: Some(to_pb_money(part.paid)),
        net: Some(to_pb_money(part.gets)),
    });
    pb::Settlement {
        scheme_id,
        parts: parts.collect(),
        total: Some(to_pb_money(report.whole)),
    }
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
        Ok(pb::CancelReason::PersonAsked) => Some("PERSON_ASKED"),
        Ok(pb::CancelReason::Unspecified) | Err(_) => None,
    };
    violations.need(field, reason)
}

/// A register that must be given.
pub(crate) fn from_pb_identity_kind(
    violations: &mut Violations,
    field: &str,
    kind: i32,
) -> Option<IdentityKind> {
    let kind = match pb::IdentityKind::try_from(kind) {
        Ok(pb::IdentityKind::Personal) => Some(IdentityKind::Personal),
        Ok(pb::IdentityKind::Coordination) => Some(IdentityKind::Coordination),
        Ok(pb::IdentityKind::ReserveNational) => Some(IdentityKind::ReserveNational),
        Ok(pb::IdentityKind::ReserveStockholm) => Some(IdentityKind::ReserveStockholm),
        Ok(pb::IdentityKind::ReserveVgr) => Some(IdentityKind::ReserveVgr),
        Ok(pb::IdentityKind::ReserveVarmland) => Some(IdentityKind::ReserveVarmland),
        Ok(pb::IdentityKind::ReserveClnk) => Some(IdentityKind::ReserveClnk),
        Ok(pb::IdentityKind::Unspecified) | Err(_) => None,
    };
    violations.need(field, kind)
}

/// The last fee of the page before; none for the first page.
pub(crate) fn from_pb_fee_token(token: &str) -> Result<Option<FeeId>, &'static str> {
    if token.is_empty() {
        return Ok(None);
    }
    let fee = token.parse().map_err(|_| "is not a token of this list")?;
    Ok(Some(fee))
}

/// What a fee costs. A fee that counts but is not `stored` is told without an id.
pub(crate) fn to_pb_fee_answer(
    scheme: &Scheme,
    fee: &AssessedFee,
    status: &Status,
    version: u64,
    stored: impl Fn(FeeId) -> bool,
) -> pb::FeeAnswer {
    let to_charge = if fee.paid_elsewhere {
        Money::ZERO
    } else {
        fee.charged
    };
    pb::FeeAnswer {
        to_charge: Some(to_pb_money(to_charge)),
        status: Some(to_pb_status(scheme, fee.on, status, version)),
        counted: fee
            .newest_counted()
            .iter()
            .map(|counted| to_pb_counted_fee(counted, stored(counted.fee)))
            .collect(),
        counted_in_all: u32::try_from(fee.basis.len()).unwrap_or(u32::MAX),
        explanation: Some(to_pb_explanation(&explain(scheme, fee))),
        coming: None,
    }
}

/// A limit that is known before it applies.
pub(crate) fn to_pb_coming_ceiling((from, limit): (Date, Limit)) -> pb::ComingCeiling {
    pb::ComingCeiling {
        valid_from: Some(to_pb_date(from)),
        ceiling: limit.ceiling().map(to_pb_money),
        ceiling_count: limit.count(),
    }
}

pub(crate) fn to_pb_counted_fee(counted: &CountedFee, stored: bool) -> pb::CountedFee {
    pb::CountedFee {
        fee_id: if stored {
            counted.fee.to_string()
        } else {
            String::new()
        },
        event_on: Some(to_pb_date(counted.on)),
        amount: Some(to_pb_money(counted.entitled)),
    }
}

pub(crate) fn to_pb_status(
    scheme: &Scheme,
    as_of: Date,
    status: &Status,
    version: u64,
) -> pb::AccountStatus {
    let card = match status.kind {
        StatusKind::None => pb::CardState::None,
        StatusKind::BelowLimit => pb::CardState::BelowLimit,
        StatusKind::Preliminary => pb::CardState::Preliminary,
        StatusKind::Final => pb::CardState::Final,
        StatusKind::Retained => pb::CardState::Retained,
        StatusKind::Imported => pb::CardState::Imported,
        StatusKind::Registered => pb::CardState::Registered,
        StatusKind::Expired => pb::CardState::Expired,
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
        account_version: version,
        cacheable_until: status.cacheable_until().map(to_pb_date),
        ceiling_count: status.limit.and_then(Limit::count),
        remaining_count: status.remaining_count,
        flagged: status.card.as_ref().is_some_and(|card| card.flagged),
    }
}

/// When the log says that a fee was registered.
pub(crate) fn registered_at(log: &[LogEntry], fee: FeeId) -> Option<Timestamp> {
    let is = |entry: &&LogEntry| matches!(entry, LogEntry::Fee(event) if event.fee == fee);
    log.iter().find(is).map(LogEntry::at)
}

/// A registered fee. Of a cancelled one all that was charged goes back.
pub(crate) fn to_pb_fee(
    fee: &AssessedFee,
    registered_at: Option<Timestamp>,
    principal: Option<&PrincipalId>,
) -> pb::Fee {
    pb::Fee {
        fee_id: fee.fee.to_string(),
        event_on: Some(to_pb_date(fee.on)),
        nominal: Some(to_pb_money(fee.nominal)),
        charged: Some(to_pb_money(fee.charged)),
        entitled: Some(to_pb_money(fee.entitled)),
        overcharge: Some(to_pb_money(fee.to_refund())),
        undercharge: Some(to_pb_money(fee.undercharge)),
        cancelled: fee.outcome == Outcome::Cancelled,
        registered_at: registered_at.map(to_pb_timestamp),
        principal_id: principal.map_or_else(String::new, ToString::to_string),
        receipt: None,
    }
}
