//! Rows and settings of a section: values, sources, validity, overlaps, unknown fields.

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument, Row, Section};
use serde::Deserialize;

use crate::document::GOOD;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    amount: Money,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    below: Option<Money>,
    #[serde(default = "no_codes", deserialize_with = "hjm_policy::from_texts")]
    iso: Vec<IsoCode>,
}

fn no_codes() -> Vec<IsoCode> {
    Vec::new()
}

fn read(text: &str) -> Result<Vec<Row<Rule>>, Vec<String>> {
    let told =
        |faults: Vec<Fault>| -> Vec<String> { faults.iter().map(Fault::to_string).collect() };
    let document = PolicyDocument::parse(text).map_err(told)?;
    let mut section = document.read(Section::Fees).expect("the text has fees");
    let rows = section.rows::<Rule>("rule");
    section.refuse_overlaps(&rows, |left, right| left.name == right.name);
    section.finish().map_err(told)?;
    Ok(rows)
}

fn refused(text: &str) -> Vec<String> {
    read(text).err().unwrap_or_default()
}

#[test]
fn row_is_read_with_its_source_in_words() {
    let rows = read(&GOOD.replace(
        "\"rollator\"",
        "\"rollator\"\niso = [\"1206\"]\nbelow = \"1\"",
    ));
    let rows = rows.unwrap();
    assert_eq!(rows[0].value.amount, Money::from_ore(25_000));
    assert_eq!(rows[0].value.below, Some(Money::from_ore(100)));
    assert_eq!(rows[0].value.iso[0].as_str(), "1206");
    assert_eq!(rows[0].source, "Board decision 2022-08-18 §4");
    assert_eq!(rows[0].validity.valid_from.to_string(), "2023-01-01");
    assert_eq!(rows[0].place(), "line 10: fees.rule[1]");
}

#[test]
fn every_bad_field_of_every_row_is_told_at_once() {
    let second = "\n[[fees.rule]]\nname = \"bed\"\nvalid_from = 2023-01-01\nsource = \"bored\"\n";
    let text = GOOD.replace(
        "amount = \"250.00\"",
        "amount = \"250.001\"\ncolour = \"red\"\niso = [\"120\"]",
    ) + second;
    assert_eq!(
        refused(&text),
        [
            "line 12: fees.rule[1].amount: \"250.001\": an amount has at most two decimals: \
             nothing finer than one öre",
            "line 13: fees.rule[1].colour: unknown field `colour`, expected one of `name`, \
             `amount`, `below`, `iso`",
            "line 14: fees.rule[1].iso: \"120\": an ISO 9999 code is written as 2, 4, 6 or 8 \
             digits",
            "line 21: fees.rule[2].source: \"bored\" is no key of [sources]",
            "line 18: fees.rule[2]: missing field `amount`",
        ]
    );
}

#[test]
fn row_without_source_or_first_day_is_refused() {
    let text = GOOD
        .replace("source = \"board §4\"\n", "")
        .replace("\"250.00\"\nvalid_from = 2023-01-01", "\"250.00\"");
    assert_eq!(
        refused(&text),
        [
            "line 10: fees.rule[1].source: missing: every value says where it is published",
            "line 10: fees.rule[1].valid_from: missing: every value says from which day",
        ]
    );
}

#[test]
fn row_of_which_the_document_holds_on_no_day_is_refused() {
    let head = "title = \"Own fees\"\nvalid_from = 2023-01-01";
    let brief = GOOD.replace(head, &format!("{head}\nvalid_to = 2024-01-01"));
    let row = "\"250.00\"\nvalid_from = 2023-01-01";
    let faults = |dates: &str| refused(&brief.replace(row, &format!("\"250.00\"\n{dates}")));
    let told = ["line 14: fees.rule[1].valid_from: the document holds on no day of this row"];
    assert_eq!(faults("valid_from = 2024-01-01"), told);
    assert_eq!(
        faults("valid_from = 2022-01-01\nvalid_to = 2023-01-01"),
        told
    );
    assert_eq!(faults("valid_from = 2023-12-31"), [""; 0]);
    assert_eq!(
        faults("valid_from = 2022-01-01\nvalid_to = 2023-01-02"),
        [""; 0]
    );
}

#[test]
fn amount_written_as_a_number_is_refused() {
    let found = refused(&GOOD.replace("\"250.00\"", "250.00"));
    assert_eq!(
        found,
        [
            "line 12: fees.rule[1].amount: invalid type: floating point `250.0`, expected a text in \
          quotes"
        ]
    );
}

#[test]
fn rows_that_decide_the_same_on_one_day_are_refused() {
    let row = GOOD.split_once("[[").expect("the text has a row").1;
    let text = |from: &str, to: &str| {
        let later = row.replace(
            "valid_from = 2023-01-01",
            &format!("valid_from = {from}\n{to}"),
        );
        format!("{GOOD}\n[[{later}")
    };
    assert_eq!(
        refused(&text("2024-02-01", "")),
        [
            "line 19: fees.rule[2].valid_from: decides the same as fees.rule[1] (line 10), and both \
          hold on 2024-02-01"
        ]
    );
    assert_eq!(
        refused(&text("2022-01-01", "valid_to = 2023-01-02")).len(),
        1
    );
    assert_eq!(
        refused(&text("2022-01-01", "valid_to = 2023-01-01")),
        ["line 19: fees.rule[2].valid_from: the document holds on no day of this row"]
    );
    assert!(refused(&text("2024-02-01", "").replace("\"rollator\"", "\"bed\"")).len() == 1);
}

#[test]
fn table_that_nobody_read_is_refused() {
    let text = format!("{GOOD}\n[fees.extra]\nkey = 1\n");
    assert_eq!(
        refused(&text),
        ["line 16: fees.extra: this section has no such key"]
    );
    let text = GOOD.replace("[[fees.rule]]", "[fees.rule]");
    assert_eq!(
        refused(&text),
        ["line 10: fees.rule: write rows as [[fees.rule]]"]
    );
}

#[test]
fn settings_hold_as_long_as_the_document_and_carry_a_source() {
    let text = GOOD
        .replace("[[fees.rule]]", "[fees]")
        .replace("valid_from = 2023-01-01\ns", "s");
    let document = PolicyDocument::parse(&text).unwrap();
    let mut section = document.read(Section::Fees).unwrap();
    let settings: Row<Rule> = section.settings().unwrap();
    section.finish().unwrap();
    assert_eq!(settings.validity, document.validity());
    assert_eq!(settings.source, "Board decision 2022-08-18 §4");
    assert_eq!(
        settings.fault("amount", "wrong").place,
        "line 12: fees.amount"
    );

    let document = PolicyDocument::parse(&text.replace("source = \"board §4\"", "")).unwrap();
    let mut section = document.read(Section::Fees).unwrap();
    assert!(section.settings::<Rule>().is_none());
    assert_eq!(section.finish().unwrap_err().len(), 1);
}

#[test]
fn day_that_no_row_answers_is_told_where_every_day_needs_one() {
    let row = |from: &str, to: &str| {
        format!(
            "\n[[fees.rule]]\nname = \"a\"\namount = \"1\"\nsource = \"board\"\n\
             valid_from = {from}\n{to}"
        )
    };
    let told = |rows: &str| -> Vec<String> {
        let head = GOOD.split_once("[[").expect("the text has a row").0;
        let document = PolicyDocument::parse(&format!("{head}{rows}")).unwrap();
        let mut section = document.read(Section::Fees).unwrap();
        let rows = section.rows::<Rule>("rule");
        section.refuse_gaps(&rows);
        let faults = section.finish().err().unwrap_or_default();
        faults.iter().map(Fault::to_string).collect()
    };
    let whole = row("2024-01-01", "") + &row("2023-01-01", "valid_to = 2024-01-01");
    assert_eq!(told(&whole), Vec::<String>::new());
    assert_eq!(
        told(&row("2023-02-01", "")),
        ["line 15: fees.rule[1].valid_from: no row holds from 2023-01-01 until this one"]
    );
    let apart = row("2023-01-01", "valid_to = 2023-12-31") + &row("2024-01-01", "");
    assert_eq!(
        told(&apart),
        ["line 21: fees.rule[2].valid_from: no row holds from 2023-12-31 until this one"]
    );
    assert_eq!(
        told(&row("2022-01-01", "valid_to = 2025-01-01")),
        [
            "line 16: fees.rule[1].valid_to: no row holds from 2025-01-01, and the document still \
             does"
        ]
    );
}

#[test]
fn hole_between_two_rows_of_the_same_thing_is_told_inside_the_document_only() {
    let row = |name: &str, from: &str, to: &str| {
        format!(
            "\n[[fees.rule]]\nname = \"{name}\"\namount = \"1\"\nsource = \"board\"\n\
             valid_from = {from}\n{to}"
        )
    };
    let told = |rows: &str| -> Vec<String> {
        let head = GOOD.split_once("[[").expect("the text has a row").0;
        let document = PolicyDocument::parse(&format!("{head}{rows}")).unwrap();
        let mut section = document.read(Section::Fees).unwrap();
        let rows = section.rows::<Rule>("rule");
        section.refuse_holes(&rows, |left, right| left.name == right.name);
        let faults = section.finish().err().unwrap_or_default();
        faults.iter().map(Fault::to_string).collect()
    };
    let first = row("a", "2023-01-01", "valid_to = 2024-01-01");
    assert_eq!(
        told(&(first.clone() + &row("a", "2024-01-02", ""))),
        [
            "line 21: fees.rule[2].valid_from: decides the same as fees.rule[1] (line 11), and \
             neither holds from 2024-01-01 until this one"
        ]
    );
    let none: Vec<String> = Vec::new();
    assert_eq!(told(&(first.clone() + &row("a", "2024-01-01", ""))), none);
    assert_eq!(told(&(first.clone() + &row("b", "2024-06-01", ""))), none);
    assert_eq!(told(&first), none, "it ends for good");
    let before = row("a", "2021-01-01", "valid_to = 2022-01-01") + &row("a", "2023-01-01", "");
    let outside = "line 15: fees.rule[1].valid_from: the document holds on no day of this row";
    assert_eq!(told(&before), [outside], "the document had not begun");
}
