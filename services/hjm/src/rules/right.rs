//! The prescribing right's part of the page: every reason against, each with its rule.

use hjm_catalogue::{Directives, PrescribingFacts, PrescribingReason};
use hjm_policy::Section;
use jiff::civil::Date;

use super::{Rules, Shelf, page::Block, terms, words};

/// Whether it may be prescribed so: the reasons why not, or the directive that allows it.
pub(super) fn blocks(args: &Rules, shelf: &Shelf, on: Date) -> Vec<Block> {
    let words = words::of(args.lang);
    let document = shelf.in_force.in_force(Section::Directives, on);
    let directives = document.and_then(|document| Directives::parse(document).ok().flatten());
    let Some(directives) = directives else {
        return vec![Block::without_reason(words.no_rules.to_owned())];
    };
    let trainings = args.training.iter().cloned();
    let decision = directives.check(&PrescribingFacts {
        profession: args.profession.clone(),
        right_granted: args.right,
        trainings: trainings.collect(),
        price: args.price,
        held: args.held.clone(),
        ..PrescribingFacts::new(args.iso.clone(), on)
    });
    let (unknown, against): (Vec<_>, Vec<_>) = decision
        .objections
        .into_iter()
        .partition(|objection| objection.reason == PrescribingReason::FactMissing);
    let mut blocks: Vec<Block> = against
        .into_iter()
        .map(|objection| Block {
            answer: words::against(args.lang, &objection),
            why: Some(objection.explanation),
        })
        .collect();
    if !unknown.is_empty() {
        let mut facts: Vec<&str> = unknown.iter().map(|objection| objection.fact).collect();
        facts.dedup();
        let facts = terms::names(args.lang, &facts);
        let text = format!("{} {facts}.", words.right_unknown);
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

/// `kind:YYYY-MM-DD`: a training and the day it was completed.
pub(super) fn training(text: &str) -> Result<(String, Date), String> {
    let (kind, day) = text.split_once(':').ok_or("write it as kind:YYYY-MM-DD")?;
    let day = day.parse().map_err(|error| format!("{day}: {error}"))?;
    Ok((kind.to_owned(), day))
}
