//! The fee's part of the page.

use std::sync::Arc;

use hjm_catalogue::{FeeFacts, FeeTable, FeeTables, ProductGroup};
use hjm_policy::Section;
use jiff::civil::Date;

use super::{
    Rules, Shelf,
    page::{Block, born_on},
    words,
};

/// What the person pays.
pub(super) fn block(args: &Rules, shelf: &Shelf, on: Date) -> Block {
    let documents = shelf.in_force.all_in_force(Section::Fees, on);
    let tables: Vec<Arc<FeeTable>> = documents
        .into_iter()
        .filter_map(|document| FeeTable::parse(document).ok().flatten())
        .map(Arc::new)
        .collect();
    let group = ProductGroup::from_number(args.group);
    let (false, Some(group)) = (tables.is_empty(), group) else {
        return Block::without_reason(words::of(args.lang).no_rules.to_owned());
    };
    let facts = FeeFacts {
        price: args.price,
        born_on: born_on(args, on),
        palliative: args.palliative,
        in_patient: args.in_patient,
        quantity: args.quantity,
        earlier: args.earlier.clone(),
        kinds_together: args.kinds,
        qualifying_condition: args.condition,
        scheme_ceiling: args.ceiling,
        scheme_ceilings: shelf.ceilings(on),
        municipality: args.registered.clone(),
        ..FeeFacts::new(args.iso.clone(), group, on)
    };
    match FeeTables::new(tables).decide(&facts, args.table.as_deref()) {
        Ok(decision) => Block {
            answer: words::fee(args.lang, &decision),
            why: Some(decision.explanation),
        },
        Err(error) => Block::without_reason(words::no_fee(args.lang, &error)),
    }
}
