//! Whether somebody may prescribe a product, and every reason why not.

use std::collections::BTreeMap;

use hjm_ids::plus_months;
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row, SectionSchema};

use crate::area::specificity;
use crate::directive_file::{
    self, AnswerRow, Directive, Duplicates, DuplicatesRow, ProfessionRow, ReferralRow, RightRow,
    SpecialRow, TrainingRow, UnitRow,
};
use crate::prescribing::{
    PrescribingDecision, PrescribingFacts, PrescribingObjection, PrescribingReason, same_division,
};

/// The prescribing directives of one policy document.
#[derive(Clone, Debug)]
pub struct Directives {
    pub(crate) policy: PolicyReference,
    pub(crate) rights: Vec<Row<RightRow>>,
    pub(crate) professions: Vec<Row<ProfessionRow>>,
    pub(crate) units: Vec<Row<UnitRow>>,
    pub(crate) referrals: Vec<Row<ReferralRow>>,
    pub(crate) trainings: Vec<Row<TrainingRow>>,
    pub(crate) criteria: Vec<Row<AnswerRow>>,
    pub(crate) contraindications: Vec<Row<AnswerRow>>,
    pub(crate) duplicates: Vec<Row<DuplicatesRow>>,
    pub(crate) special_decisions: Vec<Row<SpecialRow>>,
}

/// What a directive says of the facts: the fact it looked at with its value, nothing or a reason
/// against, and one sentence.
struct Said {
    fact: &'static str,
    value: Option<String>,
    against: Option<PrescribingReason>,
    names: Vec<String>,
    text: String,
}

impl Said {
    fn of(
        fact: &'static str,
        value: impl Into<String>,
        against: Option<PrescribingReason>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            fact,
            value: Some(value.into()),
            against,
            names: Vec::new(),
            text: text.into(),
        }
    }

    fn missing(fact: &'static str, text: impl Into<String>) -> Self {
        Self {
            fact,
            value: None,
            against: Some(PrescribingReason::FactMissing),
            names: Vec::new(),
            text: text.into(),
        }
    }

    fn naming<'n>(self, names: impl IntoIterator<Item = &'n String>) -> Self {
        Self {
            names: names.into_iter().cloned().collect(),
            ..self
        }
    }
}

impl Directives {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        directive_file::schema()
    }

    /// Reads the section `directives` of a document; none when it does not hold it.
    ///
    /// # Errors
    /// Every fault: unknown fields, missing sources, and two equally specific rows that answer the
    /// same on the same day.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        directive_file::parse(document)
    }

    /// The policy text the directives were read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Asks every directive that covers the code on the day, and answers all reasons why not
    /// (source 003 §4.2, §8). A code that no directive covers may be prescribed by anybody.
    pub fn check(&self, facts: &PrescribingFacts) -> PrescribingDecision {
        let mut asked = Asked {
            policy: &self.policy,
            facts,
            decision: PrescribingDecision::default(),
        };
        asked.ask(&self.rights, |_| right(facts));
        asked.ask(&self.professions, |row| {
            let names = row.allowed.iter().chain(&row.barred).flatten();
            profession(row, facts).naming(names)
        });
        asked.ask(&self.units, |row| unit(row, facts).naming(&row.allowed));
        asked.ask(&self.referrals, |row| {
            referral(row, facts).naming(row.from.iter().flatten())
        });
        asked.ask(&self.trainings, |row| {
            training(row, facts).naming([&row.training])
        });
        asked.ask(&self.criteria, |row| {
            answer(row, facts, true, PrescribingReason::CriterionNotMet).naming([&row.text])
        });
        asked.ask(&self.contraindications, |row| {
            answer(row, facts, false, PrescribingReason::Contraindicated).naming([&row.text])
        });
        asked.ask(&self.duplicates, |row| duplicate(row, facts));
        asked.ask(&self.special_decisions, |row| {
            special(row, facts).naming([&row.by])
        });
        asked.decision
    }
}

struct Asked<'facts> {
    policy: &'facts PolicyReference,
    facts: &'facts PrescribingFacts,
    decision: PrescribingDecision,
}

impl Asked<'_> {
    /// Asks the most specific row of each question.
    fn ask<T: Directive>(&mut self, rows: &[Row<T>], says: impl Fn(&T) -> Said) {
        let mut deciding: BTreeMap<&str, (usize, &Row<T>)> = BTreeMap::new();
        for row in rows
            .iter()
            .filter(|row| row.validity.contains(self.facts.on))
        {
            let Some(digits) = specificity(row.value.area(), &self.facts.iso) else {
                continue;
            };
            let best = deciding
                .entry(row.value.question())
                .or_insert((digits, row));
            if best.0 < digits {
                *best = (digits, row);
            }
        }
        for (_, row) in deciding.into_values() {
            let said = says(&row.value);
            let mut facts = vec![
                ("on".to_owned(), self.facts.on.to_string()),
                ("iso".to_owned(), self.facts.iso.to_string()),
            ];
            facts.extend(said.value.map(|value| (said.fact.to_owned(), value)));
            let (rule, source) = (row.value.id(), &row.source);
            let explanation = Explanation::new(self.policy, rule, source, facts, said.text);
            match said.against {
                None => self.decision.met.push(explanation),
                Some(reason) => self.decision.objections.push(PrescribingObjection {
                    reason,
                    // The fact that would let it through.
                    fact: match reason {
                        PrescribingReason::SpecialDecisionRequired => "special_decisions",
                        PrescribingReason::DuplicateNotJustified => "duplicate_justified",
                        PrescribingReason::RightNotGranted
                        | PrescribingReason::ProfessionNotAllowed
                        | PrescribingReason::UnitNotAllowed
                        | PrescribingReason::ReferralRequired
                        | PrescribingReason::TrainingMissing
                        | PrescribingReason::TrainingExpired
                        | PrescribingReason::CriterionNotMet
                        | PrescribingReason::Contraindicated
                        | PrescribingReason::DuplicateNotAllowed
                        | PrescribingReason::FactMissing => said.fact,
                    },
                    names: said.names,
                    explanation,
                }),
            }
        }
    }
}

fn against(refused: bool, reason: PrescribingReason) -> Option<PrescribingReason> {
    refused.then_some(reason)
}

fn right(facts: &PrescribingFacts) -> Said {
    const FACT: &str = "right_granted";
    let text = "The unit's manager grants the right to prescribe.";
    match facts.right_granted {
        None => Said::missing(FACT, text),
        Some(granted) => {
            let value = if granted { "yes" } else { "no" };
            let against = against(!granted, PrescribingReason::RightNotGranted);
            Said::of(FACT, value, against, text)
        }
    }
}

fn profession(row: &ProfessionRow, facts: &PrescribingFacts) -> Said {
    const FACT: &str = "profession";
    let (names, may) = match (&row.allowed, &row.barred) {
        (Some(allowed), _) => (allowed.as_slice(), true),
        (None, barred) => (barred.as_deref().unwrap_or_default(), false),
    };
    let word = if may { "may" } else { "may not" };
    let text = format!("{} {word} prescribe it.", names.join(", "));
    let Some(profession) = &facts.profession else {
        return Said::missing(FACT, text);
    };
    let refused = names.contains(profession) != may;
    let against = against(refused, PrescribingReason::ProfessionNotAllowed);
    Said::of(FACT, profession, against, text)
}

fn unit(row: &UnitRow, facts: &PrescribingFacts) -> Said {
    const FACT: &str = "unit_kind";
    let text = format!("It is prescribed at: {}.", row.allowed.join(", "));
    let Some(unit) = &facts.unit_kind else {
        return Said::missing(FACT, text);
    };
    let refused = !row.allowed.contains(unit);
    let against = against(refused, PrescribingReason::UnitNotAllowed);
    Said::of(FACT, unit, against, text)
}

fn referral(row: &ReferralRow, facts: &PrescribingFacts) -> Said {
    const FACT: &str = "referred_by";
    let text = match &row.from {
        None => "It takes a referral.".to_owned(),
        Some(from) => format!("It takes a referral from: {}.", from.join(", ")),
    };
    let by = facts.referred_by.as_ref();
    let fits = by.is_some_and(|by| row.from.as_ref().is_none_or(|from| from.contains(by)));
    let against = against(!fits, PrescribingReason::ReferralRequired);
    Said::of(FACT, by.map_or("none", String::as_str), against, text)
}

fn training(row: &TrainingRow, facts: &PrescribingFacts) -> Said {
    const FACT: &str = "trainings";
    let kind = &row.training;
    if !row.required {
        let text = format!("The training {kind} is not required for it.");
        return Said::of(FACT, "any", None, text);
    }
    let completed = facts.trainings.iter();
    let completed = completed.filter(|(done, on)| done == kind && *on <= facts.on);
    let last = completed.map(|(_, on)| *on).max();
    let text = match row.every_months {
        None => format!("The training {kind} is completed once."),
        Some(months) => format!("The training {kind} is completed every {months} months."),
    };
    let Some(last) = last else {
        let against = Some(PrescribingReason::TrainingMissing);
        return Said::of(FACT, format!("{kind} never"), against, text);
    };
    let lapsed = row
        .every_months
        .is_some_and(|months| plus_months(last, months) <= facts.on);
    let against = against(lapsed, PrescribingReason::TrainingExpired);
    Said::of(FACT, format!("{kind} {last}"), against, text)
}

/// A criterion has to hold; a contraindication must not.
fn answer(
    row: &AnswerRow,
    facts: &PrescribingFacts,
    wanted: bool,
    reason: PrescribingReason,
) -> Said {
    const FACT: &str = "answers";
    match facts.answers.get(row.id()) {
        None => Said::missing(FACT, &row.text),
        Some(holds) => {
            let value = format!("{} {}", row.id(), if *holds { "yes" } else { "no" });
            Said::of(FACT, value, against(*holds != wanted, reason), &row.text)
        }
    }
}

fn duplicate(row: &DuplicatesRow, facts: &PrescribingFacts) -> Said {
    const FACT: &str = "held";
    let (text, reason) = match row.duplicates {
        Duplicates::Allowed => {
            let text = "The person may have several of the same.";
            return Said::of(FACT, "any", None, text);
        }
        Duplicates::Justified => (
            "One more of the same takes a recorded reason.",
            PrescribingReason::DuplicateNotJustified,
        ),
        Duplicates::NotAllowed => (
            "The person may have one only.",
            PrescribingReason::DuplicateNotAllowed,
        ),
    };
    let Some(held) = &facts.held else {
        return Said::missing(FACT, text);
    };
    // A powered wheelchair beside a manual one is no duplicate (decisions 19): divisions differ.
    let same = held.iter().find(|code| same_division(code, &facts.iso));
    let justified = row.duplicates == Duplicates::Justified && facts.duplicate_justified;
    let value = match same {
        None => "none of the same".to_owned(),
        Some(code) if justified => format!("{code}, with a reason"),
        Some(code) => code.to_string(),
    };
    Said::of(
        FACT,
        value,
        against(same.is_some() && !justified, reason),
        text,
    )
}

fn special(row: &SpecialRow, facts: &PrescribingFacts) -> Said {
    let by = &row.by;
    let (fact, text, value, needed) = if let Some(above) = row.above {
        let text = format!("Above {above} kr, {by} decides.");
        let Some(price) = facts.price else {
            return Said::missing("price", text);
        };
        ("price", text, price.to_string(), price > above)
    } else {
        let text = format!("Outside the range, {by} decides.");
        let Some(in_range) = facts.in_range else {
            return Said::missing("in_range", text);
        };
        let value = if in_range { "yes" } else { "no" };
        ("in_range", text, value.to_owned(), !in_range)
    };
    if !needed {
        return Said::of(fact, value, None, text);
    }
    let mut decided = facts.special_decisions.iter();
    let decided = decided.find(|(office, day)| office == by && *day <= facts.on);
    let value = match decided {
        None => value,
        Some((office, day)) => format!("{value}, decided by {office} on {day}"),
    };
    let against = against(
        decided.is_none(),
        PrescribingReason::SpecialDecisionRequired,
    );
    Said::of(fact, value, against, text)
}
