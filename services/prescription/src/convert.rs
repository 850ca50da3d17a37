//! Wire types to prescription's own and back.

use hjm_catalogue::{CollectedBy, FeeDecision, FeeKind, IncomeTo, MonthsCovered, Occasion};
use hjm_ids::{
    ArticleNumber, CustomerNumber, IdentityKind, LoanId, PersonIdentity, PrincipalId, RecipientId,
    UnitNumber,
};
use hjm_prescription::{Segment, Timeline};
use hjm_proto::{common::v1 as common, prescription::v1 as pb};
use hjm_service::{
    Failure, Violations,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_occasion, from_pb_text, from_pb_text_optional,
        from_pb_words, to_pb_date, to_pb_explanation, to_pb_money,
    },
};
use jiff::civil::Date;

use crate::store::{
    device::DeviceRow,
    organisation::{PrincipalRow, UnitRow},
    recipient::{FactsRow, RecipientRow},
};

const NAME_LENGTH_MAX: usize = 200;
const LINES_MAX: usize = 20;
const UNITS_MAX: usize = 500;
const LOANS_MAX: usize = 100;
/// The first year that a date on the wire can tell.
const YEAR_MIN: i16 = 1900;

/// What is to be prescribed, read.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) recipient: RecipientId,
    pub(crate) customer_number: CustomerNumber,
    pub(crate) prescribed_on: Date,
    pub(crate) palliative: bool,
    pub(crate) in_patient: bool,
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
}

/// A person to register. It holds a number, so it cannot be printed.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) identity: PersonIdentity,
    pub(crate) born_on: Date,
    pub(crate) facts: Option<FactsRow>,
}

pub(crate) fn from_pb_principal(
    violations: &mut Violations,
    principal: Option<&pb::Principal>,
) -> Option<PrincipalRow> {
    let principal = violations.need("principal", principal)?;
    let id = from_pb_text(
        violations,
        "principal.principal_id",
        &principal.principal_id,
    );
    let kind = pb::PrincipalKind::try_from(principal.kind)
        .ok()
        .filter(|kind| *kind != pb::PrincipalKind::Unspecified);
    let kind = violations.need("principal.kind", kind);
    let name = from_pb_words(
        violations,
        "principal.name",
        &principal.name,
        NAME_LENGTH_MAX,
    );
    Some(PrincipalRow {
        principal: id?,
        kind: kind?,
        name: name?,
    })
}

pub(crate) fn to_pb_principal(row: &PrincipalRow) -> pb::Principal {
    pb::Principal {
        principal_id: row.principal.to_string(),
        kind: row.kind.into(),
        name: row.name.clone(),
    }
}

pub(crate) fn from_pb_unit(
    violations: &mut Violations,
    unit: Option<&pb::CustomerUnit>,
) -> Option<UnitRow> {
    let unit = violations.need("unit", unit)?;
    let number = from_pb_text(violations, "unit.customer_number", &unit.customer_number);
    let principal = from_pb_text(violations, "unit.principal_id", &unit.principal_id);
    let name = from_pb_words(violations, "unit.name", &unit.name, NAME_LENGTH_MAX);
    Some(UnitRow {
        customer_number: number?,
        principal: principal?,
        name: name?,
    })
}

pub(crate) fn to_pb_unit(row: &UnitRow) -> pb::CustomerUnit {
    pb::CustomerUnit {
        customer_number: row.customer_number.to_string(),
        principal_id: row.principal.to_string(),
        name: row.name.clone(),
    }
}

pub(crate) fn from_pb_identity(
    violations: &mut Violations,
    identity: Option<&pb::Identity>,
) -> Option<PersonIdentity> {
    let identity = violations.need("identity", identity)?;
    let kind = match pb::IdentityKind::try_from(identity.kind) {
        Ok(pb::IdentityKind::Personal) => Some(IdentityKind::Personal),
        Ok(pb::IdentityKind::Coordination) => Some(IdentityKind::Coordination),
        Ok(pb::IdentityKind::ReserveNational) => Some(IdentityKind::ReserveNational),
        Ok(pb::IdentityKind::ReserveStockholm) => Some(IdentityKind::ReserveStockholm),
        Ok(pb::IdentityKind::ReserveVgr) => Some(IdentityKind::ReserveVgr),
        Ok(pb::IdentityKind::ReserveVarmland) => Some(IdentityKind::ReserveVarmland),
        Ok(pb::IdentityKind::ReserveClnk) => Some(IdentityKind::ReserveClnk),
        Ok(pb::IdentityKind::Unspecified) | Err(_) => None,
    };
    let kind = violations.need("identity.kind", kind)?;
    violations.take(
        "identity.value",
        PersonIdentity::parse(kind, &identity.value),
    )
}

/// A person to register. The date of birth is the number's; a number without one needs it said.
pub(crate) fn from_pb_registration(
    violations: &mut Violations,
    request: &pb::RegisterRecipientRequest,
    today: Date,
) -> Option<Registration> {
    let identity = from_pb_identity(violations, request.identity.as_ref());
    let said = from_pb_date_optional(violations, "born_on", request.born_on.as_ref());
    let facts = match &request.facts {
        None => Some(None),
        Some(facts) => from_pb_facts(violations, Some(facts)).map(Some),
    };
    let identity = identity?;
    let said = said?;
    let born_on = match (identity.born_on(), said) {
        (Some(told), Some(said)) if told != said => {
            violations.add("born_on", "must be as in the identity number");
            return None;
        }
        (Some(told), _) => Some(("identity.value", told)),
        (None, Some(said)) => Some(("born_on", said)),
        (None, None) => None,
    };
    let (field, born_on) = violations.need("born_on", born_on)?;
    if born_on > today || born_on.year() < YEAR_MIN {
        violations.add(field, "must tell a birth from the year 1900 until today");
        return None;
    }
    Some(Registration {
        identity,
        born_on,
        facts: facts?,
    })
}

pub(crate) fn from_pb_facts(
    violations: &mut Violations,
    facts: Option<&pb::RecipientFacts>,
) -> Option<FactsRow> {
    let facts = violations.need("facts", facts)?;
    let from = from_pb_date(violations, "facts.valid_from", facts.valid_from.as_ref());
    let home_care = from_pb_text_optional(
        violations,
        "facts.home_care_principal_id",
        &facts.home_care_principal_id,
    );
    Some(FactsRow {
        valid_from: from?,
        home_care: home_care?,
        asylum_seeker: facts.asylum_seeker,
    })
}

pub(crate) fn to_pb_recipient(row: &RecipientRow, facts: Option<&FactsRow>) -> pb::Recipient {
    pb::Recipient {
        recipient_id: row.recipient.to_string(),
        born_on: Some(to_pb_date(row.born_on)),
        died_on: row.died_on.map(to_pb_date),
        facts: facts.map(|facts| pb::RecipientFacts {
            valid_from: Some(to_pb_date(facts.valid_from)),
            home_care_principal_id: facts
                .home_care
                .as_ref()
                .map_or(String::new(), ToString::to_string),
            asylum_seeker: facts.asylum_seeker,
        }),
    }
}

/// Unit numbers to register: 1 to 500, each once.
pub(crate) fn from_pb_unit_numbers(
    violations: &mut Violations,
    numbers: &[String],
) -> Option<Vec<UnitNumber>> {
    from_pb_each(violations, "unit_numbers", numbers, UNITS_MAX)
}

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

fn from_pb_each<T>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    length_max: usize,
) -> Option<Vec<T>>
where
    T: std::str::FromStr + Ord + Clone,
    T::Err: std::fmt::Display,
{
    if texts.is_empty() || texts.len() > length_max {
        violations.add(field, format!("must be 1 to {length_max}"));
        return None;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut read = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let place = format!("{field}[{index}]");
        let parsed: Option<T> = from_pb_text(violations, &place, text);
        if let Some(parsed) = parsed {
            if !seen.insert(parsed.clone()) {
                violations.add(place, "is given twice");
            }
            read.push(parsed);
        }
    }
    (seen.len() == texts.len()).then_some(read)
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
    let lines: Vec<_> = draft
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let place = |name| format!("draft.lines[{index}].{name}");
            let article = from_pb_text(violations, &place("article_number"), &line.article_number);
            let occasion = from_pb_occasion(violations, &place("occasion"), line.occasion);
            Some(DraftLine {
                article: article?,
                occasion: occasion?,
                qualifying_condition: line.qualifying_condition,
                fee_table: Some(line.fee_table.clone()).filter(|table| !table.is_empty()),
            })
        })
        .collect();
    Some(Draft {
        recipient: recipient?,
        customer_number: number?,
        prescribed_on: on?,
        palliative: draft.palliative,
        in_patient: draft.in_patient,
        lines: lines.into_iter().collect::<Option<_>>()?,
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
        collected_by: terms
            .collected_by
            .map_or(0, |by| to_pb_collector(by).into()),
        income_to: to_pb_income(terms.income_to).into(),
    }
}

fn to_pb_collector(by: CollectedBy) -> common::FeeCollector {
    match by {
        CollectedBy::Desk => common::FeeCollector::Desk,
        CollectedBy::Invoice => common::FeeCollector::Invoice,
    }
}

fn to_pb_income(to: IncomeTo) -> common::FeeIncome {
    match to {
        IncomeTo::AidCentre => common::FeeIncome::AidCentre,
        IncomeTo::Payer => common::FeeIncome::Payer,
    }
}

pub(crate) fn to_pb_device(row: &DeviceRow) -> pb::Device {
    pb::Device {
        unit_number: row.unit.to_string(),
        article_number: row.article.to_string(),
        loan_id: row.loan.map_or(String::new(), |loan| loan.to_string()),
    }
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
