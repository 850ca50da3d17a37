//! The fee's part of the page, and what else the county's fee tables have.

use std::sync::Arc;

use hjm_catalogue::{
    AllowanceFacts, FeeError, FeeFacts, FeeTable, FeeTables, ProductGroup, ServiceFacts,
};
use hjm_policy::Section;
use jiff::civil::Date;

use super::{
    Rules, Shelf,
    page::{Block, aged},
    terms, words,
};
use crate::cli::Error;

/// The fee tables of the day; none where the county has none.
pub(super) fn tables(shelf: &Shelf, on: Date) -> Option<FeeTables> {
    let documents = shelf.in_force.all_in_force(Section::Fees, on);
    let tables = documents.into_iter();
    let tables = tables.filter_map(|document| FeeTable::parse(document).ok().flatten());
    let tables: Vec<Arc<FeeTable>> = tables.map(Arc::new).collect();
    (!tables.is_empty()).then(|| FeeTables::new(tables))
}

fn birthday_missing(args: &Rules) -> String {
    let error = FeeError::MissingFact { fact: "born_on" };
    words::no_fee(args.lang, &error)
}

/// What the person pays.
pub(super) fn block(
    args: &Rules,
    shelf: &Shelf,
    tables: Option<&FeeTables>,
    on: Date,
) -> Result<Block, Error> {
    let group = ProductGroup::from_number(args.group);
    let (Some(tables), Some(group)) = (tables, group) else {
        let no_rules = words::of(args.lang).no_rules;
        return Ok(Block::without_reason(no_rules.to_owned()));
    };
    let facts = FeeFacts {
        price: args.price,
        occasion: args.occasion,
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
    aged(args, on, &birthday_missing(args), |born_on| {
        let facts = FeeFacts {
            born_on,
            ..facts.clone()
        };
        Ok(match tables.decide(&facts, args.table.as_deref()) {
            Ok(decision) => Block {
                answer: words::fee(args.lang, &decision),
                why: Some(decision.explanation),
            },
            Err(error) => Block::without_reason(words::no_fee(args.lang, &error)),
        })
    })
}

/// A line for each service of the day's tables.
pub(super) fn services(args: &Rules, tables: &FeeTables, on: Date) -> Result<Vec<Block>, Error> {
    let (lang, municipality) = (args.lang, args.registered.as_ref());
    let services = tables.services(municipality, on).into_iter();
    let lines = services.map(|service| {
        let line = |text: &str| {
            let name = terms::service(lang, service);
            Block::without_reason(format!("{name}: {text}"))
        };
        aged(args, on, &line(&birthday_missing(args)).answer, |born_on| {
            let decided = tables.decide_service(&ServiceFacts {
                service: service.to_owned(),
                born_on,
                municipality: municipality.cloned(),
                on,
            });
            Ok(line(&match decided {
                Ok(fee) => words::service(lang, &fee),
                Err(error) => words::no_fee(lang, &error),
            }))
        })
    });
    lines.collect()
}

/// A line for each allowance of the day's tables.
pub(super) fn allowances(args: &Rules, tables: &FeeTables, on: Date) -> Result<Vec<Block>, Error> {
    let (lang, municipality) = (args.lang, args.registered.as_ref());
    let lines = tables.allowances(on).into_iter().map(|allowance| {
        let line = |text: &str| {
            let name = terms::service(lang, allowance);
            Block::without_reason(format!("{name}: {text}"))
        };
        aged(args, on, &line(&birthday_missing(args)).answer, |born_on| {
            let decided = tables.decide_allowance(&AllowanceFacts {
                allowance: allowance.to_owned(),
                born_on,
                ordained_by: args.ordained_by.clone(),
                earlier: args.earlier.clone(),
                cost: args.cost,
                municipality: municipality.cloned(),
                on,
            });
            Ok(line(&match decided {
                Ok(decision) => words::allowance(lang, &decision),
                Err(error) => words::no_fee(lang, &error),
            }))
        })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Language, shelf::documents};

    #[test]
    fn every_shipped_service_and_allowance_has_a_swedish_name() {
        for document in documents() {
            let Some(table) = FeeTable::parse(&document).unwrap() else {
                continue;
            };
            let tables = FeeTables::new(vec![Arc::new(table)]);
            let years = (2015..=2030).map(|year| Date::constant(year, 7, 1));
            for on in years {
                let services = tables.services(None, on).into_iter();
                for id in services.chain(tables.allowances(on)) {
                    assert_ne!(terms::service(Language::Sv, id), id, "{}", document.id());
                }
            }
        }
    }
}
