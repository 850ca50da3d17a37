//! Who may prescribe what under the shipped directives, case by case, and why not.

use hjm_catalogue::{Directives, PrescribingDecision, PrescribingFacts, kept_beside};
use proptest::prelude::*;

use crate::regions;
use crate::shipped::{document, reversed, text, told};

/// What no source here prints: professions, criteria and contraindications of a code.
const EXAMPLE: &str = r#"id = "example-directives"
version = 1
tenant = "example"
title = "Directives"
valid_from = 2020-01-01

[sources]
guide = "Guide"

[[directives.profession]]
id = "mobility"
iso = ["12"]
allowed = ["nurse", "occupational_therapist", "physiotherapist"]
valid_from = 2020-01-01
source = "guide 12"

[[directives.profession]]
id = "wheelchairs"
iso = ["1222", "1223"]
allowed = ["occupational_therapist", "physiotherapist"]
valid_from = 2020-01-01
source = "guide 12.22"

[[directives.profession]]
id = "powered"
iso = ["122306"]
allowed = ["occupational_therapist"]
valid_from = 2020-01-01
source = "guide 12.23.06"

[[directives.criterion]]
id = "needs-it-daily"
iso = ["1222", "1223"]
text = "It is needed every day."
valid_from = 2020-01-01
source = "guide 12.22"

[[directives.criterion]]
id = "drives-safely"
iso = ["122306"]
text = "The person drives it safely, tried out."
valid_from = 2020-01-01
source = "guide 12.23.06"

[[directives.contraindication]]
id = "no-room"
iso = ["1222", "1223"]
text = "It does not fit in the home."
valid_from = 2020-01-01
source = "guide 12.22"

[[directives.contraindication]]
id = "seizures"
iso = ["122306"]
text = "Seizures that are not under control."
valid_from = 2020-01-01
source = "guide 12.23.06"

[[directives.duplicates]]
id = "chairs"
iso = ["1809"]
duplicates = "ALLOWED"
valid_from = 2020-01-01
source = "guide 18.09"

[[directives.duplicates]]
id = "chairs-one"
iso = ["180903"]
duplicates = "NOT_ALLOWED"
valid_from = 2020-01-01
valid_to = 2026-01-01
source = "guide 18.09.03"

[[directives.referral]]
id = "compression-referral"
iso = ["0406"]
valid_from = 2020-01-01
source = "guide 04.06"
"#;

pub(crate) fn directives(text: &str) -> Result<Directives, String> {
    let read = Directives::parse(&document(text)?).map_err(|faults| told(&faults))?;
    read.ok_or_else(|| "no section directives".to_owned())
}

/// The facts of a case: `by nurse; right yes; local 2024-01-15; held 120606; no seizures`.
fn facts(row: &csv::StringRecord) -> PrescribingFacts {
    let iso = row[1].parse().expect("the table writes ISO codes");
    let day = |text: &str| text.parse().expect("the table writes days");
    let mut facts = PrescribingFacts::new(iso, day(&row[2]));
    for told in row[3].split("; ").filter(|told| !told.is_empty()) {
        let (what, value) = told.split_once(' ').unwrap_or((told, ""));
        let name = || Some(value.to_owned());
        match what {
            "by" => facts.profession = name(),
            "unit" => facts.unit_kind = name(),
            "right" => facts.right_granted = Some(value == "yes"),
            "national" | "local" => facts.trainings.push((what.to_owned(), day(value))),
            "referred" => facts.referred_by = name(),
            "price" => facts.price = Some(value.parse().expect("the table writes prices")),
            "in" => facts.in_range = Some(value == "range yes"),
            "decided" => {
                let (by, on) = value.split_once(' ').expect("who decided, and when");
                facts.special_decisions.push((by.to_owned(), day(on)));
            }
            "held" => {
                let held = value.split(' ').filter(|code| *code != "none");
                let held = held.map(|code| code.parse().expect("the table writes ISO codes"));
                facts.held = Some(held.collect());
            }
            "justified" => facts.duplicate_justified = true,
            "yes" | "no" => {
                facts.answers.insert(value.to_owned(), what == "yes");
            }
            other => panic!("{other:?} is no fact"),
        }
    }
    facts
}

/// The last column as decided; a missing fact with its name.
fn reasons(decision: &PrescribingDecision) -> String {
    let reasons = decision.objections.iter().map(|objection| {
        let (rule, code) = (&objection.explanation.rule, objection.reason.code());
        match code {
            "FACT_MISSING" => format!("{rule} {code} {}", objection.fact),
            code => format!("{rule} {code}"),
        }
    });
    reasons.collect::<Vec<_>>().join("; ")
}

fn assert_table(name: &str, document: &str, table: &str) {
    let directives = directives(document).expect("the directives are read");
    let other_order = self::directives(&reversed(document)).expect("they are read so too");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut cases = 0;
    for row in reader.records() {
        let row = row.expect("the table is a CSV");
        let decision = directives.check(&facts(&row));
        assert_eq!(reasons(&decision), &row[4], "{name}: {}", &row[0]);
        assert_eq!(decision.allowed(), row[4].is_empty());
        let other = other_order.check(&facts(&row));
        assert_eq!(reasons(&other), &row[4], "{name}: {}, reversed", &row[0]);
        let whys = decision.met.iter();
        let whys = whys.chain(decision.objections.iter().map(|it| &it.explanation));
        for why in whys {
            assert_eq!(&why.policy_hash, &directives.policy().hash);
            assert!(!why.source.is_empty() && !why.text.is_empty());
        }
        cases += 1;
    }
    assert!(cases > 5, "{name} has cases");
}

#[test]
fn the_shipped_directives_answer_as_the_tables_say() {
    for (county, table) in regions::files("directives") {
        if county != "any-region" {
            assert_table(&county, &text(&format!("{county}/directives.toml")), &table);
        }
    }
}

#[test]
fn the_most_specific_directive_decides() {
    assert_table(
        "example",
        EXAMPLE,
        include_str!("../directives/any-region.csv"),
    );
}

#[test]
fn an_explanation_names_rule_version_source_and_facts() {
    let directives = directives(&text("kronoberg/directives.toml")).unwrap();
    let mut facts = PrescribingFacts::new("061206".parse().unwrap(), "2025-03-10".parse().unwrap());
    facts.price = Some("15000.01".parse().unwrap());
    facts.trainings = vec![("national".to_owned(), facts.on)];
    let decision = directives.check(&facts);
    let why = &decision.objections[0].explanation;
    assert_eq!(why.rule, "orthopaedic-above-15000");
    assert_eq!(
        (&*why.policy_id, why.policy_version),
        ("kronoberg-directives", 1)
    );
    assert!(why.source.ends_with("(källa 001) §4.3"), "{}", why.source);
    let facts: Vec<&str> = why.facts.iter().map(|(name, _)| &**name).collect();
    assert_eq!(facts, ["on", "iso", "price"]);
    assert_eq!(
        why.text,
        "Above 15000.00 kr, head_of_orthopaedic_clinic decides."
    );
    assert_eq!(decision.met.len(), 2, "both trainings were asked");
}

/// The example with its only row replaced.
fn refused(row: &str) -> String {
    let head = EXAMPLE.split("[[").next().unwrap_or_default();
    let rows = format!("{head}{row}\nvalid_from = 2020-01-01\nsource = \"guide\"\n");
    directives(&rows).err().unwrap_or_default()
}

#[test]
fn directives_that_make_no_sense_are_refused() {
    for (row, expected) in [
        (
            "[[directives.profession]]\nid = \"x\"",
            "allowed: says either who may",
        ),
        (
            "[[directives.profession]]\nid = \"x\"\nallowed = [\"a\"]\nbarred = [\"b\"]",
            "allowed: says either who may",
        ),
        (
            "[[directives.profession]]\nid = \"x\"\nallowed = []",
            "allowed: names at least one",
        ),
        (
            "[[directives.unit]]\nid = \"x\"\nallowed = [\"\"]",
            "allowed: names at least one",
        ),
        (
            "[[directives.referral]]\nid = \"x\"\nfrom = []",
            "from: names at least one",
        ),
        (
            "[[directives.training]]\nid = \"x\"\ntraining = \"local\"\nevery_months = 0",
            "every_months: is at least 1",
        ),
        (
            "[[directives.training]]\nid = \"x\"\ntraining = \"a\"\nrequired = false\nevery_months = 2",
            "every_months: belongs to a training",
        ),
        (
            "[[directives.training]]\nid = \"x\"\ntraining = \" \"",
            "training: is empty",
        ),
        (
            "[[directives.criterion]]\nid = \"x\"\ntext = \"\"",
            "text: is empty",
        ),
        (
            "[[directives.duplicates]]\nid = \"x\"\nduplicates = \"SOME\"",
            "duplicates: unknown variant",
        ),
        (
            "[[directives.special_decision]]\nid = \"x\"\nby = \"a\"",
            "above: says either above which price",
        ),
        (
            "[[directives.special_decision]]\nid = \"x\"\nby = \"a\"\nabove = \"-1.00\"",
            "above: is not negative",
        ),
        (
            "[[directives.special_decision]]\nid = \"x\"\nby = \" \"\nabove = \"1.00\"",
            "by: is empty",
        ),
        (
            "[[directives.right]]\nid = \"x\"\niso = [\"1\"]",
            "iso: \"1\": an ISO 9999 code",
        ),
        (
            "[[directives.right]]\nid = \"x\"\nwho = \"a\"",
            "who: unknown field",
        ),
        (
            "[[directives.rule]]\nid = \"x\"",
            "directives.rule: this section has no such key",
        ),
    ] {
        let faults = refused(row);
        assert!(faults.contains(expected), "{expected} in\n{faults}");
    }
}

#[test]
fn two_rows_that_answer_the_same_alike_are_refused() {
    let again =
        |row: &str| format!("{EXAMPLE}\n{row}\nvalid_from = 2021-01-01\nsource = \"guide\"\n");
    for (row, clash) in [
        (
            "[[directives.profession]]\nid = \"x\"\niso = [\"12\"]\nbarred = [\"a\"]",
            true,
        ),
        (
            "[[directives.profession]]\nid = \"x\"\niso = [\"1206\"]\nbarred = [\"a\"]",
            false,
        ),
        (
            "[[directives.criterion]]\nid = \"x\"\niso = [\"122306\"]\ntext = \"a\"",
            false,
        ),
        (
            "[[directives.criterion]]\nid = \"drives-safely\"\niso = [\"122306\"]\ntext = \"a\"",
            true,
        ),
    ] {
        let faults = directives(&again(row)).err().unwrap_or_default();
        assert_eq!(
            faults.contains("decides the same as"),
            clash,
            "{row}\n{faults}"
        );
    }
    let row =
        "[[directives.contraindication]]\nid = \"drives-safely\"\niso = [\"1222\"]\ntext = \"a\"";
    let faults = directives(&again(row)).err().unwrap_or_default();
    assert!(faults.contains("id: a criterion has this id"), "{faults}");
}

proptest! {
    #[test]
    fn more_trainings_and_decisions_never_add_a_reason(
        days in prop::collection::vec((0..2_usize, 0..1500_i64), 0..6), price in 0..3_000_000_i64,
    ) {
        let directives = directives(&text("jamtland-harjedalen/directives.toml")).expect("read");
        let on = jiff::civil::date(2025, 3, 10);
        let mut facts = PrescribingFacts::new("120606".parse().expect("a code"), on);
        facts.price = Some(hjm_money::Money::from_ore(price));
        let mut before = directives.check(&facts).objections.len();
        for (kind, ago) in days {
            let kind = ["national", "local"][kind].to_owned();
            let day = on.checked_sub(jiff::Span::new().days(ago)).expect("a day");
            facts.trainings.push((kind, day));
            let after = directives.check(&facts).objections.len();
            prop_assert!(after <= before);
            before = after;
        }
    }
}

#[test]
fn a_replacement_takes_the_place_of_one_of_its_division() {
    let codes = |text: &str| -> Vec<_> {
        let codes = text.split_whitespace();
        codes.map(|code| code.parse().unwrap()).collect()
    };
    for (held, prescribed, replaces, kept) in [
        ("", "120606", false, ""),
        ("", "120606", true, ""),
        ("120606", "120606", false, "120606"),
        ("120606", "120606", true, ""),
        ("12060601", "12060603", true, ""),
        ("120606 120606", "120606", true, "120606"),
        ("120609 181210", "120606", true, "120609 181210"),
    ] {
        let prescribed = &codes(prescribed)[0];
        let beside = kept_beside(&codes(held), prescribed, replaces);
        assert_eq!(beside, codes(kept), "{held} {prescribed} {replaces}");
    }
}
