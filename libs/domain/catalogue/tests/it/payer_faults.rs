//! Payer rules that are refused, and cases that no rule covers.

use hjm_catalogue::{HomeCare, PayerError, PayerFacts};

use crate::payers::principal;
use crate::shipped::payers;

const HEAD: &str = "id = \"example-payers\"\nversion = 1\ntenant = \"example\"\ntitle = \"Payers\"\n\
                    valid_from = 2020-01-01\n[sources]\nbook = \"Book\"\n";

fn with(rules: &[&str]) -> String {
    let row = |rule: &&str| {
        format!("[[payers.rule]]\n{rule}\nvalid_from = 2020-01-01\nsource = \"book §1\"\n")
    };
    rules
        .iter()
        .map(row)
        .fold(HEAD.to_owned(), |text, row| text + &row)
}

fn refused(rules: &[&str]) -> String {
    payers(&with(rules)).err().unwrap_or_default()
}

fn facts(iso: &str, on: &str, home_care: Option<&str>) -> PayerFacts {
    let mut facts = PayerFacts::new(
        iso.parse().expect("the test writes an ISO code"),
        on.parse().expect("the test writes a day"),
        principal("23"),
    );
    facts.home_care =
        Some(home_care.map_or(HomeCare::NotEnrolled, |id| HomeCare::Of(principal(id))));
    facts.asylum_seeker = Some(false);
    facts.customer_principal = Some(principal("2380"));
    facts
}

const HOME: &str =
    "id = \"home\"\nenrolled_in_home_care = true\npays = \"MUNICIPALITY_OF_HOME_CARE\"";
const ASYLUM: &str = "id = \"asylum\"\nasylum_seeker = true\npays = \"REGION\"";
const WALKING: &str = "id = \"walking\"\niso = [\"1206\"]\npays = \"CUSTOMER_NUMBER\"";
const ALL: &str = "id = \"all\"\npays = \"REGION\"";

#[test]
fn two_rules_equally_specific_that_could_both_decide_are_refused() {
    let faults = refused(&[HOME, ASYLUM]);
    assert!(
        faults.contains("payers.rule[2].valid_from: decides the same as payers.rule[1]"),
        "{faults}"
    );
    assert!(!refused(&[ALL, ALL]).is_empty());
    assert!(!refused(&[WALKING, WALKING]).is_empty());
}

#[test]
fn rules_that_exclude_each_other_or_differ_in_reach_stand_together() {
    let outside = "id = \"outside\"\nenrolled_in_home_care = false\npays = \"REGION\"";
    assert_eq!(refused(&[HOME, outside]), "");
    assert_eq!(refused(&[ALL, HOME, WALKING]), "");
    let other = WALKING.replace("1206", "1223");
    assert_eq!(refused(&[WALKING, &other]), "");
}

#[test]
fn longer_iso_code_wins_over_more_conditions() {
    let rules = payers(&with(&[ALL, HOME, WALKING])).unwrap();
    let rule = |iso: &str, home_care| {
        let facts = facts(iso, "2025-03-10", home_care);
        rules
            .resolve(&facts)
            .map(|decision| decision.explanation.rule)
            .ok()
    };
    assert_eq!(rule("120606", Some("2309")).as_deref(), Some("walking"));
    assert_eq!(rule("122306", Some("2309")).as_deref(), Some("home"));
    assert_eq!(rule("122306", None).as_deref(), Some("all"));
}

#[test]
fn case_without_a_rule_names_the_fact_it_would_take() {
    let facts_missing = |rules: &[&str], facts: &PayerFacts| match payers(&with(rules))
        .expect("the rules are read")
        .resolve(facts)
    {
        Err(PayerError::NoRule { facts }) => facts,
        other => panic!("{other:?}"),
    };
    let case = facts("122306", "2025-03-10", None);
    assert_eq!(facts_missing(&[HOME], &case), ["home_care"]);
    assert_eq!(facts_missing(&[WALKING], &case), ["iso"]);
    assert_eq!(
        facts_missing(&[ALL], &facts("122306", "2019-12-31", None)),
        ["on"]
    );
    let both = "id = \"x\"\nasylum_seeker = true\nenrolled_in_home_care = true\npays = \"REGION\"";
    assert_eq!(
        facts_missing(&[both], &case),
        ["asylum_seeker", "home_care"]
    );
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    for (rule, expected) in [
        (
            "id = \"x\"\npays = \"EVERYBODY\"",
            "payers.rule[1].pays: unknown variant `EVERYBODY`",
        ),
        (
            "id = \"x\"\npays = \"MUNICIPALITY_OF_HOME_CARE\"",
            "pays: needs the condition",
        ),
        (
            "id = \"x\"\npays = \"REGION\"\nage = 18",
            "age: unknown field",
        ),
        (
            "id = \"x\"\npays = \"REGION\"\nage_from = 18\nage_below = 18",
            "age_below: no age is both",
        ),
        ("id = \"x\"\npays = \"OUTSIDE\"", "apply_to: missing"),
        (
            "id = \"x\"\npays = \"STATE\"\napply_to = \"school\"",
            "apply_to: belongs to OUTSIDE only",
        ),
        (
            "id = \"x\"\npays = \"REGION\"\nasylum_seeker = \"yes\"",
            "asylum_seeker: invalid type",
        ),
        (
            "id = \"x\"\npays = \"REGION\"\niso = [\"x\"]",
            "iso: \"x\": an ISO 9999 code",
        ),
    ] {
        let faults = refused(&[rule]);
        assert!(faults.contains(expected), "{expected} in\n{faults}");
    }
    let empty = format!("{HEAD}[payers]\n");
    let faults = payers(&empty).err().unwrap_or_default();
    assert!(
        faults.contains("payers: has no row [[payers.rule]]"),
        "{faults}"
    );
}
