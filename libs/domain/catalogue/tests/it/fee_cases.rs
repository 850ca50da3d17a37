//! Own fees of the shipped tables, case by case: one file a region.

use std::sync::Arc;

use hjm_catalogue::{
    AllowanceFacts, FeeDecision, FeeError, FeeFacts, FeeKind, FeeTables, MonthsCovered, Occasion,
    PrescribedBeside, PrescribedDevice, ProductGroup, ServiceFacts,
};
use hjm_ids::{IsoCode, PrincipalId};
use hjm_money::Money;
use hjm_policy::Section;
use jiff::civil::Date;

use crate::regions;
use crate::shipped::{documents_of, fees};

/// What is known of a case: `born 1958-01-01; price 820.00; replacement`. Instead of being told what
/// to count, it may be told what there is: `before 2025-01-01 220615; with 220615,220618`.
#[derive(Default)]
struct Known {
    born_on: Option<Date>,
    group: Option<u8>,
    price: Option<Money>,
    replacement: bool,
    palliative: bool,
    in_patient: bool,
    quantity: Option<u32>,
    earlier: Option<Vec<Date>>,
    kinds: Option<u16>,
    beside: Option<PrescribedBeside>,
    condition: Option<bool>,
    ceiling: Option<Money>,
    ordained_by: Option<String>,
    table: Option<String>,
    municipality: Option<PrincipalId>,
}

fn day(text: &str) -> Date {
    text.parse().expect("the table writes days as YYYY-MM-DD")
}

fn code(text: &str) -> IsoCode {
    text.parse().expect("the table writes ISO codes")
}

fn device(text: &str) -> PrescribedDevice {
    let (text, table) = match text.split_once(" by ") {
        Some((text, table)) => (text, Some(table.to_owned())),
        None => (text, None),
    };
    let (on, iso) = text.split_once(' ').expect("the table writes DAY CODE");
    let replaces = iso.split_once(' ');
    PrescribedDevice {
        on: day(on),
        iso: code(replaces.map_or(iso, |(iso, _)| iso)),
        occasion: match replaces {
            Some((_, "replacement")) => Occasion::Replacement,
            Some((_, other)) => panic!("{other:?} is no occasion"),
            None => Occasion::First,
        },
        table,
    }
}

fn known(text: &str) -> Known {
    let amount = |text: &str| Some(text.parse().expect("the table writes amounts"));
    let number = |text: &str| text.parse().expect("the table writes numbers");
    let mut known = Known::default();
    for told in text.split("; ").filter(|told| !told.is_empty()) {
        match told.split_once(' ').unwrap_or((told, "")) {
            ("born", on) => known.born_on = Some(day(on)),
            ("group", group) => known.group = group.parse().ok(),
            ("price", price) => known.price = amount(price),
            ("replacement", "") => known.replacement = true,
            ("palliative", "") => known.palliative = true,
            ("in", "hospital") => known.in_patient = true,
            ("quantity", count) => known.quantity = Some(number(count)),
            ("earlier", "none") => known.earlier = Some(Vec::new()),
            ("earlier", days) => known.earlier = Some(days.split(',').map(day).collect()),
            ("kinds", count) => known.kinds = count.parse().ok(),
            ("before", "none") => known.beside = Some(PrescribedBeside::default()),
            ("before", devices) => {
                known.beside.get_or_insert_default().earlier =
                    devices.split(',').map(device).collect();
            }
            ("with", codes) => {
                known.beside.get_or_insert_default().together =
                    codes.split(',').map(code).collect();
            }
            ("condition", yes) => known.condition = Some(yes == "yes"),
            ("ceiling", ceiling) => known.ceiling = amount(ceiling),
            ("by", profession) => known.ordained_by = Some(profession.to_owned()),
            ("in", code) => known.municipality = code.parse().ok(),
            ("table", id) => known.table = Some(id.to_owned()),
            other => panic!("{other:?} is no fact"),
        }
    }
    known
}

fn facts(iso: &str, on: Date, known: &Known) -> FeeFacts {
    let group = ProductGroup::from_number(known.group.unwrap_or(3)).expect("1 to 4");
    FeeFacts {
        price: known.price,
        occasion: if known.replacement {
            Occasion::Replacement
        } else {
            Occasion::First
        },
        born_on: known.born_on,
        palliative: known.palliative,
        in_patient: known.in_patient,
        quantity: known.quantity.unwrap_or(1),
        earlier: known.earlier.clone(),
        kinds_together: known.kinds,
        beside: known.beside.clone(),
        qualifying_condition: known.condition,
        scheme_ceiling: known.ceiling,
        municipality: known.municipality.clone(),
        ..FeeFacts::new(code(iso), group, on)
    }
}

/// The kind with what else the row says of it.
fn kind(decision: &FeeDecision) -> String {
    let terms = decision.terms;
    let months = terms.months_max.map(|most| format!(" at most {most}"));
    let kind = match decision.kind {
        FeeKind::None => "none".to_owned(),
        FeeKind::OneOff => "one-off".to_owned(),
        FeeKind::ShareOfValue => "share".to_owned(),
        FeeKind::Per12Months => "12-months".to_owned(),
        FeeKind::PerCalendarMonth => "calendar-month".to_owned(),
        FeeKind::PerStartedMonth => "started-month".to_owned(),
        FeeKind::MonthlySubscription => match terms.covers {
            Some(MonthsCovered::WholeMonth) => "subscription whole months".to_owned(),
            Some(MonthsCovered::AnyDay) => "subscription any day".to_owned(),
            None => "subscription".to_owned(),
        },
        FeeKind::PurchaseAfterTrial => {
            assert!(terms.person_owns);
            return format!("after-trial {} months", terms.trial_months.unwrap_or(0));
        }
        FeeKind::CostCap => return "cost-cap".to_owned(),
    };
    let owned = if terms.person_owns { " owned" } else { "" };
    kind + &months.unwrap_or_default() + owned
}

fn error(error: &FeeError) -> [String; 3] {
    let text = match error {
        FeeError::MissingFact { fact } => format!("needs {fact}"),
        FeeError::NotPrinted { .. } => "not printed".to_owned(),
        FeeError::NotInTable { .. } => "no table".to_owned(),
        FeeError::NegativePrice
        | FeeError::ZeroQuantity
        | FeeError::NoGroup { .. }
        | FeeError::NoCostCap
        | FeeError::Money(_) => error.to_string(),
    };
    [text, String::new(), String::new()]
}

/// The last three columns as decided.
fn outcome(tables: &FeeTables, row: &csv::StringRecord) -> [String; 3] {
    let (on, known) = (day(&row[3]), known(&row[4]));
    if let Some(service) = row[2].strip_prefix("service:") {
        let facts = ServiceFacts {
            service: service.to_owned(),
            born_on: known.born_on,
            municipality: known.municipality,
            on,
        };
        return match tables.decide_service(&facts) {
            Ok(fee) => [fee.amount.to_string(), "service".to_owned(), String::new()],
            Err(refused) => error(&refused),
        };
    }
    if let Some(allowance) = row[2].strip_prefix("allowance:") {
        let facts = AllowanceFacts {
            allowance: allowance.to_owned(),
            born_on: known.born_on,
            municipality: known.municipality,
            ordained_by: known.ordained_by,
            earlier: known.earlier,
            cost: known.price,
            on,
        };
        return match tables.decide_allowance(&facts) {
            Ok(decision) => {
                let left = decision.person_pays.map(|left| format!(" person {left}"));
                let amount = decision.amount.to_string() + &left.unwrap_or_default();
                let reason = decision.reason.code().to_owned();
                [amount, "allowance".to_owned(), reason]
            }
            Err(refused) => error(&refused),
        };
    }
    match tables.decide(&facts(&row[2], on, &known), known.table.as_deref()) {
        Ok(decision) => {
            assert!(
                !decision.explanation.source.is_empty() && !decision.explanation.rule.is_empty()
            );
            let unit =
                (!decision.unit_pays.is_zero()).then(|| format!(" unit {}", decision.unit_pays));
            let amount = decision.amount.to_string() + &unit.unwrap_or_default();
            [amount, kind(&decision), decision.reason.code().to_owned()]
        }
        Err(refused) => error(&refused),
    }
}

/// The county's tables that hold on a day.
fn tables(county: &str, on: Date) -> FeeTables {
    let documents = documents_of(county).into_iter();
    let held = documents.filter(|document| {
        document.sections().contains(&Section::Fees) && document.validity().contains(on)
    });
    FeeTables::new(
        held.map(|document| Arc::new(fees(document.text()).expect("the shipped fees are read")))
            .collect(),
    )
}

/// Cases that come out otherwise than written.
fn wrong(county: &str, cases: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in csv::Reader::from_reader(cases.as_bytes()).records() {
        let row = row.expect("the table has its columns");
        let found = outcome(&tables(county, day(&row[3])), &row);
        if found.each_ref().map(String::as_str) != [&row[5], &row[6], &row[7]] {
            wrong.push(format!("{county} {} {}: {found:?}", &row[0], &row[1]));
        }
    }
    wrong
}

#[test]
fn fee_cases_of_the_shipped_tables_come_out_as_written() {
    let files = regions::files("fees");
    let all = files
        .iter()
        .flat_map(|(county, cases)| wrong(county, cases));
    assert_eq!(all.collect::<Vec<_>>(), Vec::<String>::new());
    let count: usize = files.values().map(|cases| cases.lines().count() - 1).sum();
    assert!(count > 350, "the tables were cut short: {count}");
}

#[test]
fn fee_case_with_a_wrong_figure_is_caught() {
    let cases = &regions::files("fees")["jamtland-harjedalen"];
    let broken = cases.replacen(",300.00,one-off,FEE", ",301.00,one-off,FEE", 1);
    assert_eq!(wrong("jamtland-harjedalen", &broken).len(), 1);
}
