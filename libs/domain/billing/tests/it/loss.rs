//! The cases of `loss.csv` (L1 to L11) on the shipped policies, grace (L4) and moves (L12).

use std::path::Path;

use hjm_billing::{
    Acquisition, Chargeable, LossDecision, LossError, LossFacts, LossKind, LossLineKind, LossPayer,
    LossPolicy,
};
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::date;

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    county: String,
    of: String,
    iso: String,
    price: String,
    acquired_on: Option<Date>,
    residual: String,
    on: Date,
    lines: String,
    says: String,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../loss.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn read(text: &str) -> Result<LossPolicy, Vec<Fault>> {
    let document = PolicyDocument::parse(text)?;
    Ok(LossPolicy::parse(&document)?.unwrap())
}

/// The shipped document; `COUNTY with AMOUNT` has that administrative fee besides.
fn shipped(county: &str) -> LossPolicy {
    let (county, fee) = county.split_once(" with ").unwrap_or((county, ""));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
    let text = std::fs::read_to_string(folder.join(county).join("loss.toml")).unwrap();
    let fee = match fee {
        "" => String::new(),
        fee => format!(
            "[[loss.administrative_fee]]\namount = \"{fee}\"\nvalid_from = 2015-01-01\n\
             source = \"handbook §7.6\"\n"
        ),
    };
    read(&(text + &fee)).unwrap()
}

fn kind(of: &str) -> LossKind {
    let all = [
        LossKind::Device,
        LossKind::Component,
        LossKind::SpecialAdaptation,
        LossKind::HearingAid,
        LossKind::ScrappingRule,
        LossKind::Misuse,
    ];
    all.into_iter().find(|kind| kind.name() == of).unwrap()
}

fn money(text: &str) -> Option<Money> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn shown(decided: Result<LossDecision, LossError>) -> String {
    let line = |line: &hjm_billing::LossLine| {
        let kind = match line.kind {
            LossLineKind::Loss => "LOSS",
            LossLineKind::AdministrativeFee => "FEE",
        };
        let pays = match line.pays {
            LossPayer::Payer => "PAYER",
            LossPayer::PrescribingUnit => "PRESCRIBING_UNIT",
            LossPayer::Person => "PERSON",
        };
        format!("{kind} {} {pays}", line.amount)
    };
    match decided {
        Ok(decision) => {
            let lines: Vec<_> = decision.lines.iter().map(line).collect();
            lines.join("; ")
        }
        Err(LossError::NoRule { rule, .. }) => format!("LOSS_RULE_MISSING {rule}"),
        Err(LossError::MissingFact { fact }) => format!("LOSS_FACT_MISSING {fact}"),
        Err(error @ LossError::Amount(_)) => error.reason().to_owned(),
    }
}

fn fault(row: &Row) -> Option<String> {
    let facts = LossFacts {
        kind: kind(&row.of),
        iso: (!row.iso.is_empty()).then(|| row.iso.parse().unwrap()),
        price: money(&row.price),
        acquired_on: row.acquired_on,
        residual: money(&row.residual),
        on: row.on,
    };
    let told = shown(shipped(&row.county).decide(&facts));
    (told != row.lines).then(|| {
        let Row {
            case, says, lines, ..
        } = row;
        format!("LOSS-{case} ({says}): {told} is not {lines}")
    })
}

#[test]
fn losses_cost_what_the_table_says() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_loss_is_caught() {
    let mut row = rows().remove(0);
    row.lines = row.lines.replace("8000", "8001");
    assert!(fault(&row).is_some());
}

#[test]
fn loss_l4_what_is_found_within_the_grace_is_not_charged() {
    let policy = shipped("medelpunkten");
    let reported_on = date("2025-01-15");
    let ask = |found: &str, on: &str| {
        let found_on = (!found.is_empty()).then(|| date(found));
        policy.chargeable(reported_on, found_on, date(on))
    };
    let from = date("2025-03-15");
    assert_eq!(ask("", "2025-03-14"), Chargeable::Waits(from));
    assert_eq!(ask("", "2025-03-15"), Chargeable::Since(from));
    assert_eq!(ask("2025-03-14", "2025-03-14"), Chargeable::Found);
    assert_eq!(ask("2025-03-14", "2025-06-01"), Chargeable::Found);
    assert_eq!(ask("2025-03-15", "2025-03-15"), Chargeable::Since(from));
    assert_eq!(
        ask("2025-03-14", "2025-03-13"),
        Chargeable::Waits(from),
        "not found yet"
    );
    let at_once = shipped("vastra-gotaland").chargeable(reported_on, None, reported_on);
    assert_eq!(
        at_once,
        Chargeable::Since(reported_on),
        "no grace is printed there"
    );
    let last = policy.chargeable(date("2024-12-31"), None, date("2025-02-28"));
    assert_eq!(
        last,
        Chargeable::Waits(date("2025-03-01")),
        "February has no 31st"
    );
}

#[test]
fn loss_l12_a_device_goes_over_above_the_limit_only() {
    let policy = shipped("vasterbotten");
    let on = date("2025-03-01");
    for (residual, expected) in [
        ("2000", false),
        ("2000.01", true),
        ("2001", true),
        ("0", false),
    ] {
        let (goes, told) = policy.goes_over(residual.parse().unwrap(), on).unwrap();
        assert_eq!(goes, expected, "{residual}");
        assert_eq!(told.rule, "loss.move");
        assert!(told.source.contains("2 000 kronor"), "{}", told.source);
    }
    let absent = shipped("jamtland-harjedalen").goes_over("2001".parse().unwrap(), on);
    assert_eq!(absent.unwrap_err(), LossError::NoRule { rule: "move", on });
}

#[test]
fn a_loss_explains_itself_by_its_rules_sources_and_facts() {
    let policy = shipped("medelpunkten");
    let row = &rows()[0];
    let facts = LossFacts {
        kind: LossKind::Device,
        iso: Some(row.iso.parse().unwrap()),
        price: money(&row.price),
        acquired_on: row.acquired_on,
        residual: None,
        on: row.on,
    };
    let told = policy.decide(&facts).unwrap().explanation;
    assert_eq!(
        (told.rule.as_str(), told.policy_id.as_str()),
        ("loss.DEVICE", "medelpunkten-loss")
    );
    assert_eq!(told.policy_hash, policy.policy().hash);
    assert!(told.source.contains("20 per cent") && told.source.contains("wheelchairs"));
    let names: Vec<_> = told
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        names.join(" "),
        "kind=DEVICE on=2024-01-01 iso=122203 price=14000.00 acquired_on=2021-01-01 \
         group=wheelchairs years=7 residual=8000.00"
    );
}

const HEAD: &str = "id = \"x-loss\"\nversion = 1\ntenant = \"x-county\"\ntitle = \"Loss\"\n\
                    valid_from = 2020-01-01\n[sources]\nbook = \"Book\"\n";

fn refused(rows: &[(&str, &str)]) -> String {
    let row = |(table, fields): &(&str, &str)| {
        format!("[[loss.{table}]]\n{fields}\nvalid_from = 2020-01-01\nsource = \"book\"\n")
    };
    let text = HEAD.to_owned() + &rows.iter().map(row).collect::<String>();
    let faults = read(&text).err().unwrap_or_default();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn loss_rules_that_make_no_sense_are_refused_with_the_place() {
    let rule = |fields: &'static str| ("rule", fields);
    for (row, expected) in [
        (
            rule("of = \"DEVICE\"\nbase = \"FLAT\"\npays = \"PAYER\""),
            "loss.rule[1].at_least: missing",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npercent = 5\npays = \"PAYER\""),
            "loss.rule[1].percent: belongs to the base PERCENT_WITH_RESIDUAL",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"PERCENT_WITH_RESIDUAL\"\npays = \"PAYER\""),
            "loss.rule[1].percent: belongs to",
        ),
        (
            rule(
                "of = \"DEVICE\"\nbase = \"FLAT\"\nat_least = \"1\"\npercent_at_least = 5\npays = \"PAYER\"",
            ),
            "loss.rule[1].percent_at_least: belongs to the base RESIDUAL",
        ),
        (
            rule("of = \"HEARING_AID\"\nbase = \"SHARE_BY_AGE\"\npays = \"PERSON\""),
            "loss.rule[1].base: needs a row [[loss.share]]",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npercent_at_least = 101\npays = \"PAYER\""),
            "loss.rule[1].percent_at_least: is above 100",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\nat_least = \"-1\"\npays = \"PAYER\""),
            "loss.rule[1].at_least: is below zero",
        ),
        (
            rule("of = \"BICYCLE\"\nbase = \"RESIDUAL\"\npays = \"PAYER\""),
            "loss.rule[1].of: unknown variant",
        ),
        (
            ("depreciation", "group = \"beds\"\nyears = 0"),
            "loss.depreciation[1].years: a device",
        ),
        (
            ("share", "of = \"DEVICE\"\nfrom_months = 0\npercent = 101"),
            "share[1].percent: is above",
        ),
        (
            ("move", "residual_above = \"-1\""),
            "loss.move[1].residual_above: is below",
        ),
        (
            ("administrative_fee", "amount = \"-1\""),
            "administrative_fee[1].amount: is below",
        ),
        (
            ("grace", "months = -1"),
            "loss.grace[1].months: invalid value",
        ),
        (
            ("graces", "months = 1"),
            "loss.graces: this section has no such key",
        ),
    ] {
        let told = refused(&[row]);
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

#[test]
fn two_loss_rules_of_one_thing_on_one_day_are_refused() {
    let rule = |fields: &'static str| ("rule", fields);
    for twice in [
        rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npays = \"PAYER\""),
        ("grace", "months = 2"),
        ("move", "residual_above = \"1\""),
        ("administrative_fee", "amount = \"1\""),
        (
            "depreciation",
            "group = \"beds\"\niso = [\"1812\"]\nyears = 9",
        ),
        ("depreciation", "group = \"other\"\nyears = 5"),
        ("share", "of = \"DEVICE\"\nfrom_months = 0\npercent = 1"),
    ] {
        let told = refused(&[twice, twice]);
        assert!(told.contains("decides the same as"), "{told}");
    }
}

/// Straight line by day, from the price on the first day to nothing after `years` × 365 days.
#[test]
fn residual_ends_to_the_day() {
    let device = |acquired_on, years| Acquisition {
        price: "3650".parse().unwrap(),
        acquired_on: date(acquired_on),
        years,
    };
    for (acquired_on, years, on, residual) in [
        ("2024-02-29", 1, "2024-02-29", "3650.00"),
        ("2024-02-29", 1, "2024-03-01", "3640.00"),
        ("2024-02-29", 1, "2025-02-27", "10.00"),
        ("2024-02-29", 1, "2025-02-28", "0.00"),
        ("2024-01-01", 1, "2024-12-30", "10.00"),
        ("2024-01-01", 1, "2024-12-31", "0.00"),
        ("2023-01-01", 1, "2023-12-31", "10.00"),
        ("2023-01-01", 1, "2024-01-01", "0.00"),
        ("2020-02-29", 4, "2024-02-27", "2.50"),
        ("2020-02-29", 4, "2024-02-28", "0.00"),
        ("2020-02-29", 4, "2024-02-29", "0.00"),
        ("2023-01-01", 1, "2022-12-31", "3650.00"),
    ] {
        let worth = device(acquired_on, years).residual(date(on)).unwrap();
        assert_eq!(worth.to_string(), residual, "{acquired_on} {on}");
    }
}

proptest! {
    #[test]
    fn residual_never_rises_and_is_never_negative(
        ore in 0..500_000_000_i64, years in 1..30_u16, day in 0..20_000_i32, later in 0..4_000_i32,
    ) {
        let acquired_on = date("2000-01-01");
        let device = Acquisition { price: Money::from_ore(ore), acquired_on, years };
        let residual = |days: i32| device.residual(acquired_on.saturating_add(days.days())).unwrap();
        let (now, then) = (residual(day), residual(day + later));
        prop_assert!(then <= now, "{} after {}", then, now);
        prop_assert!(now <= device.price && !then.is_negative());
        prop_assert!(residual(i32::from(years) * 365).is_zero());
    }

    #[test]
    fn a_loss_never_costs_more_later(
        ore in 0..10_000_000_i64, day in 0..5_000_i32, later in 0..2_000_i32,
    ) {
        let policy = shipped("medelpunkten");
        let acquired_on = date("2020-01-01");
        let charged = |days: i32| {
            let decision = policy.decide(&LossFacts {
                kind: LossKind::Device,
                iso: Some("181210".parse().unwrap()),
                price: Some(Money::from_ore(ore)),
                acquired_on: Some(acquired_on),
                residual: None,
                on: acquired_on.saturating_add(days.days()),
            });
            Money::sum(decision.unwrap().lines.iter().map(|line| line.amount)).unwrap()
        };
        let (now, then) = (charged(day), charged(day + later));
        prop_assert!(then <= now);
        prop_assert!(then >= "300".parse().unwrap());
    }

    #[test]
    fn the_order_of_rows_and_the_question_before_do_not_matter(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        first in 0..2_usize, days in 0..4_000_i32,
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let text = std::fs::read_to_string(folder.join("medelpunkten/loss.toml")).unwrap();
        let (head, rows) = text.split_once("\n[[").unwrap();
        let rows: Vec<&str> = rows.split("\n[[").collect();
        prop_assert_eq!(rows.len(), order.len());
        let shuffled = order.iter().map(|row| format!("\n[[{}\n", rows[*row]));
        let policies = [
            shipped("medelpunkten"),
            read(&shuffled.fold(head.to_owned(), |text, row| text + &row)).unwrap(),
        ];
        let asked = |policy: &LossPolicy, iso: &str| {
            let acquired_on = date("2020-01-01");
            let facts = LossFacts {
                kind: LossKind::Device,
                iso: Some(iso.parse().unwrap()),
                price: Some("14000".parse().unwrap()),
                acquired_on: Some(acquired_on),
                residual: None,
                on: acquired_on.saturating_add(days.days()),
            };
            let decision = policy.decide(&facts).unwrap();
            let told = decision.explanation;
            (decision.lines, told.rule, told.source, told.facts, told.text)
        };
        let codes = ["122203", "150303"];
        let answers = policies.each_ref().map(|policy| asked(policy, codes[first]));
        let others = policies.each_ref().map(|policy| asked(policy, codes[1 - first]));
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(&others[0], &others[1]);
        prop_assert_eq!(&answers[0], &asked(&policies[1], codes[first]));
    }
}
