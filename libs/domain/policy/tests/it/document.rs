//! The envelope: what a document must say about itself, and its hash.

use hjm_policy::{Fault, PolicyDocument, Section};

pub(crate) const GOOD: &str = r#"id = "example-fees"
version = 2
tenant = "example"
title = "Own fees"
valid_from = 2023-01-01

[sources]
board = "Board decision 2022-08-18"

[[fees.rule]]
name = "rollator"
amount = "250.00"
valid_from = 2023-01-01
source = "board §4"
"#;

pub(crate) fn faults(text: &str) -> Vec<String> {
    PolicyDocument::parse(text)
        .err()
        .unwrap_or_default()
        .iter()
        .map(Fault::to_string)
        .collect()
}

#[test]
fn envelope_is_read() {
    let document = PolicyDocument::parse(GOOD).unwrap();
    assert_eq!((document.id(), document.version()), ("example-fees", 2));
    assert_eq!(
        (document.tenant().as_str(), document.title()),
        ("example", "Own fees")
    );
    assert_eq!(document.valid_from().to_string(), "2023-01-01");
    assert_eq!(document.valid_to(), None);
    assert_eq!(document.sections(), [Section::Fees]);
    assert_eq!(document.source("board"), Some("Board decision 2022-08-18"));
    assert_eq!(document.source("bored"), None);
    assert!(document.read(Section::Rent).is_none());
}

#[test]
fn hash_is_of_the_text_and_not_of_its_line_ends() {
    let hash = |text: &str| PolicyDocument::parse(text).unwrap().hash().to_owned();
    let good = hash(GOOD);
    assert_eq!(good.len(), 64);
    assert_eq!(hash(&GOOD.replace('\n', "\r\n")), good);
    assert_eq!(hash(&format!("{GOOD}\n\n")), good);
    assert_eq!(hash(GOOD.trim_end()), good);
    assert_ne!(hash(&GOOD.replace("Own", "0wn")), good);
    let again = PolicyDocument::parse(PolicyDocument::parse(GOOD).unwrap().text()).unwrap();
    assert_eq!(again.hash(), good);
}

#[test]
fn every_fault_of_the_envelope_is_told_with_its_line() {
    let text = GOOD
        .replace("version = 2", "version = \"two\"")
        .replace("tenant = \"example\"", "tenant = \"Ex ample\"")
        .replace("title = \"Own fees\"", "titel = \"Own fees\"")
        .replace(
            "valid_from = 2023-01-01\n\n[",
            "valid_from = \"2023-01-01\"\nvalid_to = 1\n\n[",
        )
        .replace("board = ", "empty = \"\"\nboard = ");
    let found = faults(&text);
    for start in [
        "line 2: version: invalid type: string",
        "line 3: tenant: \"Ex ample\": a tenant id is written as",
        "line 4: titel: a policy document has no such key or section",
        "line 5: valid_from: write a day as",
        "line 6: valid_to: write a day as",
        "line 8: sources: \"empty\"",
    ] {
        assert!(
            found.iter().any(|fault| fault.starts_with(start)),
            "{start} in {found:#?}"
        );
    }
}

#[test]
fn document_without_a_key_a_section_or_an_order_of_days_is_refused() {
    for (from, to, expected) in [
        (
            "id = \"example-fees\"\n",
            "",
            "line 1: document: missing field `id`",
        ),
        (
            "id = \"example-fees\"",
            "id = \"Å\"",
            "line 1: id: an id is",
        ),
        (
            "version = 2",
            "version = 0",
            "line 2: version: the first version is 1",
        ),
        ("\"Own fees\"", "\" \"", "line 4: title: is empty"),
        ("valid_from = 2023-01-01\n\n", "\n", "valid_from: missing"),
        (
            "01\n\n[",
            "01\nvalid_to = 2023-01-01\n\n[",
            "line 6: valid_to: is exclusive",
        ),
        (
            "01\n\n[",
            "01T10:00:00\n\n[",
            "line 5: valid_from: write a day as",
        ),
        (
            "fees.rule",
            "fines.rule",
            "line 10: fines: a policy document has no such",
        ),
        ("board = \"Board decision 2022-08-18\"", "", "source"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        if expected == "source" {
            assert!(faults(&text).is_empty(), "rows are their owners' to check");
        } else {
            let found = faults(&text);
            assert!(
                found.iter().any(|fault| fault.contains(expected)),
                "{expected}: {found:#?}"
            );
        }
    }
    let bare = GOOD.split("[[").next().unwrap_or_default();
    assert_eq!(
        faults(bare),
        ["line 1: document: holds none of the sections"]
    );
    assert_eq!(
        faults(&format!("fees = 1\n{bare}")),
        ["line 1: fees: a section is a table"]
    );
}

#[test]
fn broken_syntax_is_told_with_its_lines() {
    let text = GOOD
        .replace("version = 2", "version = = 2")
        .replace("\"Own fees\"", "Own fees");
    let found = faults(&text);
    assert!(
        found
            .iter()
            .any(|fault| fault.starts_with("line 2: syntax: ")),
        "{found:#?}"
    );
    assert!(
        found
            .iter()
            .any(|fault| fault.starts_with("line 4: syntax: ")),
        "{found:#?}"
    );
    let twice = GOOD.replace("version = 2", "version = 2\nversion = 3");
    assert!(
        faults(&twice)[0].starts_with("line 3: syntax: "),
        "a key given twice"
    );
}
