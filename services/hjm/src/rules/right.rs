//! The prescribing right's part of the page: every reason against, each with its rule.

use hjm_catalogue::{Directives, PrescribingFacts, PrescribingObjection, PrescribingReason};
use hjm_policy::Section;
use jiff::civil::Date;

use super::{Rules, Shelf, flags::Named, page::Block, terms, words};

/// Whether it may be prescribed so: the reasons why not, or the directive that allows it.
pub(super) fn blocks(args: &Rules, shelf: &Shelf, on: Date) -> Vec<Block> {
    let words = words::of(args.lang);
    let document = shelf.in_force.in_force(Section::Directives, on);
    let directives = document.and_then(|document| Directives::parse(document).ok().flatten());
    let Some(directives) = directives else {
        return vec![Block::without_reason(words.no_rules.to_owned())];
    };
    let decision = directives.check(&facts(args, on));
    let (unknown, against): (Vec<_>, Vec<_>) = decision
        .objections
        .into_iter()
        .partition(|objection| turns_on(args, objection).is_some());
    let mut blocks: Vec<Block> = against
        .into_iter()
        .map(|objection| Block {
            answer: words::against(args.lang, &objection),
            why: Some(objection.explanation),
        })
        .collect();
    if !unknown.is_empty() {
        let mut facts: Vec<String> = Vec::new();
        for objection in &unknown {
            let fact = turns_on(args, objection).unwrap_or(objection.fact);
            let names = match fact {
                "answers" => std::slice::from_ref(&objection.explanation.rule),
                _ => objection.names.as_slice(),
            };
            let fact = terms::asked(args.lang, fact, names);
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        let text = format!("{} {}.", words.right_unknown, facts.join(", "));
        blocks.push(Block::without_reason(text));
    }
    if blocks.is_empty() {
        blocks.push(Block {
            answer: words.allowed.to_owned(),
            why: decision.met.into_iter().next(),
        });
    }
    blocks
}

fn facts(args: &Rules, on: Date) -> PrescribingFacts {
    let told = |named: &Option<Vec<Named>>| named.iter().flatten().flatten().cloned().collect();
    let referred_by = args.referred_by.as_ref();
    PrescribingFacts {
        profession: args.profession.clone(),
        unit_kind: args.unit_kind.clone(),
        right_granted: args.right,
        trainings: told(&args.training),
        referred_by: referred_by.filter(|by| *by != "none").cloned(),
        price: args.price,
        in_range: args.in_range,
        special_decisions: told(&args.special_decision),
        held: args.held.clone(),
        duplicate_justified: args.duplicate_justified.unwrap_or(false),
        answers: args.answer.iter().cloned().collect(),
        ..PrescribingFacts::new(args.iso.clone(), on)
    }
}

/// The fact that an objection turns on because nobody told it; none of one that stands.
fn turns_on(args: &Rules, objection: &PrescribingObjection) -> Option<&'static str> {
    let untold = match objection.reason {
        PrescribingReason::FactMissing => true,
        PrescribingReason::TrainingMissing => args.training.is_none(),
        PrescribingReason::ReferralRequired => args.referred_by.is_none(),
        PrescribingReason::SpecialDecisionRequired => args.special_decision.is_none(),
        PrescribingReason::DuplicateNotJustified => args.duplicate_justified.is_none(),
        PrescribingReason::RightNotGranted
        | PrescribingReason::ProfessionNotAllowed
        | PrescribingReason::UnitNotAllowed
        | PrescribingReason::TrainingExpired
        | PrescribingReason::CriterionNotMet
        | PrescribingReason::Contraindicated
        | PrescribingReason::DuplicateNotAllowed => false,
    };
    untold.then_some(objection.fact)
}
