//! What a lost device costs and whom, on request.

use hjm_billing::{
    Acquisition, LossDecision, LossError, LossFacts, LossKind, LossPolicy, RentPolicy,
};
use hjm_money::Money;
use hjm_policy::Section;
use jiff::civil::Date;

use super::{Rules, Shelf, flags, page::Block, words};

/// What is asked about the device itself.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LossFlags {
    /// What was lost: device, component, special-adaptation, hearing-aid, scrapping-rule, misuse.
    #[arg(long, num_args = 0..=1, default_missing_value = "device", value_parser = flags::lost)]
    pub(crate) lost: Option<LossKind>,
    /// The day the device was acquired.
    #[arg(long, visible_alias = "delivered")]
    pub(crate) acquired_on: Option<Date>,
    /// Its residual value in the books; without it, it is reckoned where the county says how.
    #[arg(long)]
    pub(crate) residual: Option<Money>,
    /// The day the loss was reported: whether it may be charged on the day asked about.
    #[arg(long)]
    pub(crate) reported_on: Option<Date>,
    /// The day it was found again.
    #[arg(long, requires = "reported_on")]
    pub(crate) found_on: Option<Date>,
    /// The person moves to another county: whether the device goes over to its books.
    #[arg(long)]
    pub(crate) moves: bool,
    /// The years it is written off over, where the county makes its rent from the price.
    #[arg(long)]
    pub(crate) years: Option<u16>,
}

/// What a loss costs, whether it may be charged, and whether the device goes over at a move.
pub(super) fn blocks(args: &Rules, shelf: &Shelf, on: Date) -> Vec<Block> {
    let asked = &args.loss;
    if asked.lost.is_none() && asked.reported_on.is_none() && !asked.moves {
        return Vec::new();
    }
    let document = shelf.in_force.in_force(Section::Loss, on);
    let policy = document.and_then(|document| LossPolicy::parse(document).ok().flatten());
    let Some(policy) = policy else {
        let no_rules = words::of(args.lang).no_rules;
        return vec![Block::without_reason(no_rules.to_owned())];
    };
    let mut blocks = Vec::new();
    blocks.extend(asked.lost.map(|kind| {
        let decided = policy.decide(&LossFacts {
            kind,
            iso: Some(args.iso.clone()),
            price: args.price,
            acquired_on: asked.acquired_on,
            residual: asked.residual,
            on,
        });
        told(args, decided, |decision: LossDecision| Block {
            answer: words::loss(args.lang, &decision),
            why: Some(decision.explanation),
        })
    }));
    blocks.extend(asked.reported_on.map(|reported_on| {
        let (chargeable, why) = policy.chargeable(reported_on, asked.found_on, on);
        Block {
            answer: words::chargeable(args.lang, chargeable),
            why: Some(why),
        }
    }));
    if asked.moves {
        let fact = "residual";
        let residual = asked.residual.ok_or(LossError::MissingFact { fact });
        let decided = residual.and_then(|residual| policy.goes_over(residual, on));
        blocks.push(told(args, decided, |(goes, why)| Block {
            answer: words::goes_over(args.lang, goes, &why),
            why: Some(why),
        }));
    }
    blocks
}

fn told<T>(args: &Rules, decided: Result<T, LossError>, block: impl FnOnce(T) -> Block) -> Block {
    match decided {
        Ok(decided) => block(decided),
        Err(error) => Block::without_reason(words::no_loss(args.lang, &error)),
    }
}

/// What a day costs where the county makes its rent from price, age and years.
pub(super) fn formula(args: &Rules, policy: &RentPolicy, on: Date) -> Option<Block> {
    let device = Acquisition {
        price: args.price?,
        acquired_on: args.loss.acquired_on?,
        years: args.loss.years?,
    };
    let answer = match policy.formula_price(&device, on) {
        Ok(price) => words::formula(args.lang, price),
        Err(_) => words::of(args.lang).no_formula.to_owned(),
    };
    Some(Block::without_reason(answer))
}
