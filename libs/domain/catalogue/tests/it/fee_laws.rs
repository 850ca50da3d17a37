//! What holds for every shipped fee table.

use std::collections::BTreeMap;
use std::fs;

use hjm_catalogue::{
    AllowanceFacts, FeeError, FeeFacts, FeeTable, FeeTables, Occasion, ProductGroup, ServiceFacts,
};
use hjm_ids::PrincipalId;
use hjm_money::Money;
use hjm_policy::Explanation;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::shipped::{fees, paths, reversed};

/// The shipped documents with fees, as texts.
fn texts() -> Vec<String> {
    let texts = paths()
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("a text"));
    texts.filter(|text| text.contains("\n[[fees.")).collect()
}

/// The rows of a table of a document.
fn rows<'t>(text: &'t str, table: &str) -> Vec<&'t str> {
    let head = format!("fees.{table}]]");
    let rows = text.split("\n[[").skip(1);
    rows.filter(|row| row.starts_with(&head)).collect()
}

/// The value of a row's key, without quotes.
fn value<'t>(row: &'t str, key: &str) -> Option<&'t str> {
    let value = row
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    value.map(|value| value.trim_matches('"'))
}

fn ids<'t>(text: &'t str, table: &str) -> Vec<&'t str> {
    let rows = rows(text, table).into_iter();
    rows.map(|row| value(row, "id").expect("a row has an id"))
        .collect()
}

/// Every code of a document, and one that it may not have.
fn codes(text: &str) -> Vec<String> {
    let words = text.lines().filter(|line| line.starts_with("iso = "));
    let words = words.flat_map(|line| line.split('"'));
    let digits = words.filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()));
    digits
        .map(str::to_owned)
        .chain(["150903".to_owned()])
        .collect()
}

/// Facts but for the code, which each document has its own of.
#[derive(Clone, Debug)]
struct Asked {
    on: Date,
    born_on: Date,
    group: u8,
    price: i64,
    quantity: u32,
    flags: [bool; 4],
    earlier: Option<Vec<Date>>,
    kinds: u16,
    code: prop::sample::Index,
    name: prop::sample::Index,
}

fn asked() -> impl Strategy<Value = Asked> {
    let days = (0_i32..4_600, 0_i32..30_000);
    let earlier = prop::option::of(prop::collection::vec(0_i32..900, 0..4));
    let counts = (1_u8..=4, 0_i64..2_000_000, 1_u32..4, 1_u16..5);
    (
        days,
        counts,
        any::<[bool; 4]>(),
        earlier,
        any::<[prop::sample::Index; 2]>(),
    )
        .prop_map(
            |((day, age), (group, price, quantity, kinds), flags, earlier, [code, name])| {
                let on = date(2015, 1, 1).saturating_add(day.days());
                let before = |days: i32| on.saturating_sub(days.days());
                Asked {
                    on,
                    born_on: before(age),
                    group,
                    price,
                    quantity,
                    flags,
                    earlier: earlier.map(|days| days.into_iter().map(before).collect()),
                    kinds,
                    code,
                    name,
                }
            },
        )
}

fn facts(text: &str, asked: &Asked) -> FeeFacts {
    let [palliative, in_patient, replacement, condition] = asked.flags;
    let codes = codes(text);
    FeeFacts {
        price: Some(Money::from_ore(asked.price)),
        occasion: if replacement {
            Occasion::Replacement
        } else {
            Occasion::First
        },
        born_on: Some(asked.born_on),
        palliative,
        in_patient,
        quantity: asked.quantity,
        earlier: asked.earlier.clone(),
        kinds_together: Some(asked.kinds),
        qualifying_condition: Some(condition),
        scheme_ceiling: Some(Money::from_ore(115_000)),
        ..FeeFacts::new(
            asked.code.get(&codes).parse().expect("a code"),
            ProductGroup::from_number(asked.group).expect("1 to 4"),
            asked.on,
        )
    }
}

/// An explanation without the hash of the text.
fn told(explanation: Explanation) -> (String, String, Vec<(String, String)>, String) {
    let Explanation {
        rule,
        source,
        facts,
        text,
        ..
    } = explanation;
    (rule, source, facts, text)
}

fn device(
    table: &FeeTable,
    facts: &FeeFacts,
) -> Result<impl PartialEq + std::fmt::Debug, FeeError> {
    table.decide(facts).map(|fee| {
        let amounts = (fee.kind, fee.amount, fee.unit_pays, fee.reason);
        (amounts, fee.scheme, fee.terms, told(fee.explanation))
    })
}

fn service(
    table: &FeeTable,
    name: &str,
    asked: &Asked,
) -> Result<impl PartialEq + std::fmt::Debug, FeeError> {
    let facts = ServiceFacts {
        service: name.to_owned(),
        born_on: Some(asked.born_on),
        municipality: None,
        on: asked.on,
    };
    let fee = table.decide_service(&facts);
    fee.map(|fee| (fee.amount, fee.per, fee.scheme, told(fee.explanation)))
}

fn allowance(
    table: &FeeTable,
    name: &str,
    asked: &Asked,
) -> Result<impl PartialEq + std::fmt::Debug, FeeError> {
    let given = table.decide_allowance(&AllowanceFacts {
        allowance: name.to_owned(),
        born_on: Some(asked.born_on),
        municipality: None,
        ordained_by: Some("orthoptist".to_owned()),
        earlier: asked.earlier.clone(),
        cost: Some(Money::from_ore(asked.price)),
        on: asked.on,
    });
    given.map(|given| {
        let amounts = (given.amount, given.person_pays, given.reason);
        (amounts, told(given.explanation))
    })
}

proptest! {
    #[test]
    fn order_of_rows_never_matters_in_any_shipped_table(asked in asked()) {
        for text in texts() {
            let (written, turned) = (fees(&text).unwrap(), fees(&reversed(&text)).unwrap());
            let facts = facts(&text, &asked);
            prop_assert_eq!(device(&written, &facts), device(&turned, &facts));
            let services = ids(&text, "service");
            if !services.is_empty() {
                let name = asked.name.get(&services);
                prop_assert_eq!(service(&written, name, &asked), service(&turned, name, &asked));
            }
            let allowances = ids(&text, "allowance");
            if !allowances.is_empty() {
                let name = asked.name.get(&allowances);
                prop_assert_eq!(allowance(&written, name, &asked), allowance(&turned, name, &asked));
            }
        }
    }

    #[test]
    fn a_fee_never_exceeds_its_ceiling_in_any_shipped_table(asked in asked()) {
        let mut limited = 0;
        for text in texts() {
            let ceilings: BTreeMap<&str, Money> = rows(&text, "fee").into_iter().filter_map(|row| {
                let of_scheme = value(row, "ceiling_of_scheme").map(|_| Money::from_ore(115_000));
                let own = value(row, "ceiling").map(|amount| amount.parse().unwrap());
                Some((value(row, "id")?, own.or(of_scheme)?))
            }).collect();
            limited += ceilings.len();
            let Ok(fee) = fees(&text).unwrap().decide(&facts(&text, &asked)) else { continue };
            if let Some(ceiling) = ceilings.get(fee.explanation.rule.as_str()) {
                prop_assert!(fee.amount <= *ceiling, "{}: {}", fee.explanation.rule, fee.amount);
            }
        }
        prop_assert!(limited > 0, "some table has a ceiling");
    }
}

/// A county's table with a visit and a wig, for residents of a municipality where one is named.
fn table(id: &str, municipality: Option<&str>) -> std::sync::Arc<FeeTable> {
    let row = |table: &str, fields: &str| {
        format!("[[fees.{table}]]\n{fields}\nvalid_from = 2020-01-01\nsource = \"board\"\n")
    };
    let code = municipality.map(|code| row("municipality", &format!("code = \"{code}\"")));
    let text = format!(
        "id = \"{id}\"\nversion = 1\ntenant = \"example\"\ntitle = \"Fees\"\n\
         valid_from = 2020-01-01\n[sources]\nboard = \"Board\"\n{}{}{}",
        code.unwrap_or_default(),
        row(
            "service",
            "id = \"visit\"\nper = \"visit\"\namount = \"100\""
        ),
        row("allowance", "id = \"wig\"\namount = \"500\""),
    );
    std::sync::Arc::new(fees(&text).expect("the test writes a table"))
}

#[test]
fn a_service_or_an_allowance_of_two_tables_is_decided_by_neither() {
    let home: PrincipalId = "2280".parse().unwrap();
    let elsewhere: PrincipalId = "2299".parse().unwrap();
    let (one, other) = (table("one", None), table("other", None));
    let (local, next) = (table("local", Some("2280")), table("next", Some("2281")));
    for (tables, lives_in, expected) in [
        (vec![one.clone(), other], Some(&home), "needs table"),
        (vec![one.clone()], None, "by one"),
        (vec![one.clone(), local.clone()], Some(&home), "needs table"),
        (vec![one.clone(), local.clone()], None, "needs municipality"),
        (vec![one, local.clone()], Some(&elsewhere), "by one"),
        (
            vec![local.clone(), next.clone()],
            None,
            "needs municipality",
        ),
        (vec![local.clone(), next], Some(&home), "by local"),
        (vec![local.clone()], None, "needs municipality"),
        (vec![local], Some(&elsewhere), "nothing"),
    ] {
        let tables = FeeTables::new(tables);
        let (municipality, on) = (lives_in.cloned(), date(2025, 3, 10));
        let service = tables.decide_service(&ServiceFacts {
            service: "visit".to_owned(),
            born_on: None,
            municipality: municipality.clone(),
            on,
        });
        let allowance = tables.decide_allowance(&AllowanceFacts {
            allowance: "wig".to_owned(),
            born_on: None,
            municipality,
            ordained_by: None,
            earlier: None,
            cost: None,
            on,
        });
        let shown = |decided: Result<Explanation, FeeError>| match decided {
            Ok(told) => format!("by {}", told.policy_id),
            Err(FeeError::MissingFact { fact }) => format!("needs {fact}"),
            Err(FeeError::NotInTable { .. }) => "nothing".to_owned(),
            Err(other) => other.to_string(),
        };
        assert_eq!(shown(service.map(|fee| fee.explanation)), expected);
        assert_eq!(shown(allowance.map(|given| given.explanation)), expected);
    }
}

#[test]
fn explanations_name_the_fact_that_decides() {
    let on = date(2025, 3, 10);
    let service = table("local", Some("2280")).decide_service(&ServiceFacts {
        service: "visit".to_owned(),
        born_on: None,
        municipality: Some("2280".parse().unwrap()),
        on,
    });
    let told = service.unwrap().explanation.facts;
    assert!(told.contains(&("municipality".to_owned(), "2280".to_owned())));
    let wigs = crate::shipped::text("jamtland-harjedalen/fees-wigs.toml");
    let given = fees(&wigs).unwrap().decide_allowance(&AllowanceFacts {
        allowance: "wig".to_owned(),
        born_on: None,
        municipality: None,
        ordained_by: None,
        earlier: Some(vec![date(2023, 1, 1), date(2024, 5, 2), date(2025, 4, 1)]),
        cost: None,
        on,
    });
    let given = given.unwrap();
    assert_eq!(given.reason.code(), "TOO_SOON");
    let earlier = ("earlier".to_owned(), "2024-05-02".to_owned());
    assert!(given.explanation.facts.contains(&earlier));
}
