//! The attributes of an article that are kept as they are told.

use std::collections::BTreeSet;

use hjm_catalogue::{ArticleState, TrialLimits};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_words},
};

const SUPPLIERS_MAX: usize = 10;
const LOTS_MAX: usize = 20;
const PARTY_LENGTH_MAX: usize = 100;
const CODE_LENGTH_MAX: usize = 60;
const REASON_LENGTH_MAX: usize = 500;
const TRIAL_UNITS_MAX: u32 = 100_000;
const INSPECTION_MONTHS_MAX: u32 = 120;
const RANK_MAX: u32 = 99;

/// Checks all that is kept as it is told, and takes it out of the article.
pub(crate) fn from_pb_details(
    violations: &mut Violations,
    article: &pb::Article,
    state: ArticleState,
) -> Option<pb::Article> {
    let checked = [
        suppliers(violations, &article.suppliers),
        lots(violations, &article.lots),
        state_reason(violations, &article.state_reason, state),
        trial(violations, article.trial.as_ref(), state),
        decision(violations, article.decision.as_ref(), state),
        use_of(violations, article),
        upkeep(violations, article),
    ];
    checked
        .iter()
        .all(Option::is_some)
        .then(|| details_of(article))
}

fn details_of(article: &pb::Article) -> pb::Article {
    pb::Article {
        suppliers: article.suppliers.clone(),
        identifiers: article.identifiers.clone(),
        state_reason: article.state_reason.clone(),
        trial: article.trial,
        decision: article.decision.clone(),
        regulatory_class: article.regulatory_class,
        inspection_interval_months: article.inspection_interval_months,
        depreciation_group: article.depreciation_group.clone(),
        lots: article.lots.clone(),
        default_purpose: article.default_purpose,
        default_duration: article.default_duration,
        ..Default::default()
    }
}

/// How far the trial of stored details goes.
pub(crate) fn stored_trial(details: &pb::Article) -> Option<TrialLimits> {
    let trial = details.trial?;
    let mut read = Violations::default();
    let until = from_pb_date(&mut read, "until", trial.until.as_ref())?;
    let units = trial.units;
    Some(TrialLimits { units, until })
}

/// Words that may be empty.
pub(crate) fn words_optional(
    violations: &mut Violations,
    field: &str,
    text: &str,
    length_max: usize,
) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    from_pb_words(violations, field, text, length_max)
}

fn suppliers(violations: &mut Violations, suppliers: &[pb::Supplier]) -> Option<()> {
    at_most(violations, "article.suppliers", suppliers, SUPPLIERS_MAX)?;
    let mut whole = Some(());
    for (at, supplier) in suppliers.iter().enumerate() {
        let name = format!("article.suppliers[{at}].name");
        let name = from_pb_words(violations, &name, &supplier.name, PARTY_LENGTH_MAX);
        let number = format!("article.suppliers[{at}].article_number");
        let number = words_optional(
            violations,
            &number,
            &supplier.article_number,
            CODE_LENGTH_MAX,
        );
        whole = whole.and(name).and(number).map(drop);
    }
    whole
}

fn lots(violations: &mut Violations, lots: &[pb::FrameworkLot]) -> Option<()> {
    at_most(violations, "article.lots", lots, LOTS_MAX)?;
    let mut whole = Some(());
    let mut named = BTreeSet::new();
    for (at, told) in lots.iter().enumerate() {
        let field = |name: &str| format!("article.lots[{at}].{name}");
        let agreement = field("agreement");
        let agreement = from_pb_words(violations, &agreement, &told.agreement, CODE_LENGTH_MAX);
        let lot = from_pb_words(violations, &field("lot"), &told.lot, CODE_LENGTH_MAX);
        let rank = ranged(violations, &field("rank"), told.rank, 1, RANK_MAX);
        whole = whole.and(agreement).and(lot).and(rank);
        if !named.insert((&told.agreement, &told.lot)) {
            violations.add(field("lot"), "is named twice");
            whole = None;
        }
    }
    whole
}

fn state_reason(violations: &mut Violations, reason: &str, state: ArticleState) -> Option<()> {
    const FIELD: &str = "article.state_reason";
    if state.is_withdrawn() {
        return from_pb_words(violations, FIELD, reason, REASON_LENGTH_MAX).map(drop);
    }
    absent(violations, FIELD, reason.is_empty())
}

fn trial(
    violations: &mut Violations,
    trial: Option<&pb::Trial>,
    state: ArticleState,
) -> Option<()> {
    if state != ArticleState::Trial {
        return absent(violations, "article.trial", trial.is_none());
    }
    let trial = violations.need("article.trial", trial)?;
    let units = "article.trial.units";
    let units = ranged(violations, units, trial.units, 1, TRIAL_UNITS_MAX);
    let until = from_pb_date(violations, "article.trial.until", trial.until.as_ref());
    units.and(until).map(drop)
}

fn decision(
    violations: &mut Violations,
    decision: Option<&pb::AssortmentDecision>,
    state: ArticleState,
) -> Option<()> {
    let Some(told) = decision else {
        if state == ArticleState::Trial {
            return violations.need("article.decision", None);
        }
        return Some(());
    };
    let subject = pb::AssortmentSubject::try_from(told.subject)
        .ok()
        .filter(|subject| *subject != pb::AssortmentSubject::Unspecified);
    let subject = violations.need("article.decision.subject", subject);
    let body = "article.decision.body";
    let body = from_pb_words(violations, body, &told.body, PARTY_LENGTH_MAX);
    let on = "article.decision.decided_on";
    let on = from_pb_date(violations, on, told.decided_on.as_ref());
    let reference = "article.decision.reference";
    let reference = from_pb_words(violations, reference, &told.reference, PARTY_LENGTH_MAX);
    subject.and(body).and(on).and(reference).map(drop)
}

/// What it is for, and whether it is a medical device (decisions 3 and 17).
fn use_of(violations: &mut Violations, article: &pb::Article) -> Option<()> {
    let class = pb::RegulatoryClass::try_from(article.regulatory_class).ok();
    let class = violations.need("article.regulatory_class", class);
    let duration = pb::Duration::try_from(article.default_duration).ok();
    let duration = violations.need("article.default_duration", duration);
    let purpose = pb::Purpose::try_from(article.default_purpose).ok();
    let purpose = violations.need("article.default_purpose", purpose);
    let (class, purpose, _) = (class?, purpose?, duration?);
    let device = match class {
        pb::RegulatoryClass::MdrI
        | pb::RegulatoryClass::MdrIia
        | pb::RegulatoryClass::MdrIib
        | pb::RegulatoryClass::MdrIii => true,
        pb::RegulatoryClass::Unspecified | pb::RegulatoryClass::Consumer => false,
    };
    if purpose == pb::Purpose::CareAndTreatment && !device {
        let text = "must not be CARE_AND_TREATMENT of an article that is no medical device";
        violations.add("article.default_purpose", text);
        return None;
    }
    Some(())
}

fn upkeep(violations: &mut Violations, article: &pb::Article) -> Option<()> {
    let months = article.inspection_interval_months;
    let field = "article.inspection_interval_months";
    let months = ranged(violations, field, months, 0, INSPECTION_MONTHS_MAX);
    let group = &article.depreciation_group;
    let field = "article.depreciation_group";
    let group = words_optional(violations, field, group, CODE_LENGTH_MAX);
    months.and(group).map(drop)
}

fn at_most<T>(violations: &mut Violations, field: &str, list: &[T], most: usize) -> Option<()> {
    if list.len() > most {
        violations.add(field, format!("must be at most {most}"));
        return None;
    }
    Some(())
}

fn ranged(
    violations: &mut Violations,
    field: &str,
    number: u32,
    least: u32,
    most: u32,
) -> Option<()> {
    if (least..=most).contains(&number) {
        return Some(());
    }
    violations.add(field, format!("must be {least} to {most}"));
    None
}

fn absent(violations: &mut Violations, field: &str, is_absent: bool) -> Option<()> {
    if !is_absent {
        violations.add(field, "must be absent in this state");
    }
    is_absent.then_some(())
}
