//! The cases of `national-agreement/` (N1 to N6) on the shipped document.

use hjm_billing::{
    AgreementAnswer, AgreementError, Consultation, Limits, NationalAgreement, OutsideCare,
};
use hjm_policy::PolicyDocument;
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::date;

const SHIPPED: &str =
    include_str!("../../../../../policies/jamtland-harjedalen/national-agreement.toml");

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    question: String,
    first: String,
    second: String,
    installation: String,
    answer: String,
    says: String,
}

fn read(text: &str) -> Result<NationalAgreement, String> {
    let told = |faults: Vec<hjm_policy::Fault>| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    };
    let document = PolicyDocument::parse(text).map_err(told)?;
    Ok(NationalAgreement::parse(&document).map_err(told)?.unwrap())
}

fn rows() -> Vec<Row> {
    let text = include_str!("../national-agreement/jamtland-harjedalen.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn limits(answer: &AgreementAnswer<Limits>) -> String {
    let Limits { last, in_time } = answer.value;
    let verdict = if in_time { "in time" } else { "too late" };
    assert!(answer.explanation.text.contains(verdict));
    format!("{last} {verdict}")
}

fn consultation(answer: &AgreementAnswer<Consultation>) -> String {
    let text = match answer.value {
        Consultation::Free => "free",
        Consultation::Required => "required",
        Consultation::HomeRegionOnly => "home region only",
    };
    text.to_owned()
}

fn asked(agreement: &NationalAgreement, row: &Row) -> Result<String, AgreementError> {
    let (first, second) = (&row.first, date(&row.second));
    match row.question.as_str() {
        "claim" => agreement
            .claim(date(first), second)
            .map(|answer| limits(&answer)),
        "objection" => agreement
            .objection(date(first), second)
            .map(|answer| limits(&answer)),
        "consultation" => {
            let costs = first
                .split_whitespace()
                .map(|cost| cost.parse().unwrap())
                .collect();
            let care = OutsideCare {
                costs,
                needs_installation: row.installation == "yes",
                on: second,
            };
            agreement
                .consultation(&care)
                .map(|answer| consultation(&answer))
        }
        other => panic!("question {other}"),
    }
}

fn fault(row: &Row) -> Option<String> {
    let told = match asked(&read(SHIPPED).unwrap(), row) {
        Ok(answer) => answer,
        Err(AgreementError::NoRule { rule, .. }) => format!("NO_RULE {rule}"),
        Err(AgreementError::NoCost) => "NO_COST".to_owned(),
        Err(AgreementError::Cost(_)) => "COST_WRONG".to_owned(),
    };
    (told != row.answer).then(|| {
        let Row {
            case, says, answer, ..
        } = row;
        format!("{case} ({says}): {told} is not {answer}")
    })
}

#[test]
fn n1_to_n6_every_case_of_the_table_holds() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_answer_is_caught() {
    let mut row = rows().remove(0);
    row.first = "10000".to_owned();
    assert!(fault(&row).is_some());
}

#[test]
fn the_answer_explains_itself_by_its_rule_and_source() {
    let care = OutsideCare {
        costs: vec!["8500".parse().unwrap(), "1900".parse().unwrap()],
        needs_installation: false,
        on: date("2025-03-10"),
    };
    let told = read(SHIPPED)
        .unwrap()
        .consultation(&care)
        .unwrap()
        .explanation;
    assert_eq!(told.rule, "national_agreement.consultation");
    assert!(told.source.contains("handboken §7.23"), "{}", told.source);
    assert_eq!(
        told.text,
        "10400.00 is not below 10000.00: the home region is consulted."
    );
}

#[test]
fn an_agreement_that_makes_no_sense_is_refused_with_the_place() {
    for (from, to, expected) in [
        (
            "from = \"10000.00\"",
            "from = \"-1\"",
            "consultation[1].from: is below zero",
        ),
        (
            "from = \"10000.00\"",
            "from = 10000",
            "consultation[1].from: invalid type",
        ),
        (
            "months = 6",
            "months = -6",
            "claim[1].months: invalid value",
        ),
        (
            "months = 3",
            "months = 3\ndays = 1",
            "objection[1].days: unknown field",
        ),
        (
            "months = 6\nvalid_from = 2015-01-01",
            "months = 6\nvalid_from = 2015-01-01\nvalid_to = 2020-01-01",
            "claim[1].valid_to: no row holds from 2020-01-01",
        ),
        (
            "[[national_agreement.objection]]",
            "[[national_agreement.reply]]",
            "no readable row",
        ),
    ] {
        assert!(SHIPPED.contains(from), "{from}");
        let told = read(&SHIPPED.replacen(from, to, 1)).unwrap_err();
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

proptest! {
    #[test]
    fn a_dearer_device_is_never_freer(ore in prop::collection::vec(0..700_000_i64, 1..4), more in 0..900_000_i64) {
        let agreement = read(SHIPPED).unwrap();
        let asked = |costs: &[i64]| {
            let costs = costs.iter().map(|ore| hjm_money::Money::from_ore(*ore)).collect();
            let care = OutsideCare { costs, needs_installation: false, on: date("2025-03-10") };
            agreement.consultation(&care).unwrap().value
        };
        let total: i64 = ore.iter().sum();
        prop_assert_eq!(asked(&ore), asked(&[total]), "how a cost is split does not matter");
        if asked(&ore) == Consultation::Required {
            prop_assert_eq!(asked(&[total + more]), Consultation::Required);
        }
    }
}
