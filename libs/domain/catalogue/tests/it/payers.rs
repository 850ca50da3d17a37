//! Who pays under the shipped rules, case by case, and why.

use hjm_catalogue::{PayerFacts, PayerRules};
use hjm_ids::PrincipalId;

use crate::shipped::{payers, text};

const CASES: &str = include_str!("../payers.csv");

pub(crate) fn principal(id: &str) -> PrincipalId {
    id.parse().expect("the test writes a principal id")
}

fn rules(county: &str) -> PayerRules {
    payers(&text(&format!("{county}/payers.toml"))).expect("the shipped rules are read")
}

fn region(county: &str) -> PrincipalId {
    match county {
        "jamtland-harjedalen" => principal("23"),
        "dalarna" => principal("20"),
        other => panic!("county {other}"),
    }
}

fn wrong(cases: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in csv::Reader::from_reader(cases.as_bytes()).records() {
        let row = row.expect("the table has its columns");
        let facts = PayerFacts {
            iso: row[2].parse().expect("the table writes ISO codes"),
            on: row[3].parse().expect("the table writes days"),
            enrolled_in_home_care: (!row[4].is_empty()).then(|| principal(&row[4])),
            asylum_seeker: &row[5] == "yes",
            customer_principal: principal(&row[6]),
            region: region(&row[1]),
        };
        let decision = rules(&row[1]).resolve(&facts).expect("the case is covered");
        if decision.payer.as_str() != &row[7] || decision.explanation.rule != row[8] {
            wrong.push(format!(
                "{}: {} by {}",
                &row[0], decision.payer, decision.explanation.rule
            ));
        }
    }
    wrong
}

#[test]
fn payer_cases_of_the_shipped_rules_come_out_as_written() {
    assert_eq!(wrong(CASES), Vec::<String>::new());
}

#[test]
fn payer_case_with_a_wrong_payer_is_caught() {
    assert_eq!(wrong(&CASES.replacen("2380,2380,", "2380,23,", 1)).len(), 1);
}

#[test]
fn payer_decision_explains_itself() {
    let facts = PayerFacts {
        iso: "120606".parse().unwrap(),
        on: "2025-03-10".parse().unwrap(),
        enrolled_in_home_care: Some(principal("2380")),
        asylum_seeker: false,
        customer_principal: principal("2380"),
        region: principal("23"),
    };
    let explanation = rules("jamtland-harjedalen")
        .resolve(&facts)
        .unwrap()
        .explanation;
    assert_eq!(explanation.policy_id, "jamtland-harjedalen-payers");
    assert!(
        explanation.source.ends_with("(source 003) §6.1"),
        "{}",
        explanation.source
    );
    assert!(explanation.text.contains("2380"), "{}", explanation.text);
    let facts: Vec<&str> = explanation
        .facts
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        facts,
        [
            "on",
            "iso",
            "enrolled_in_home_care",
            "asylum_seeker",
            "customer_principal",
            "region"
        ]
    );
}
