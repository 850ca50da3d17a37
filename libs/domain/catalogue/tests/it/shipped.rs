//! The shipped policy documents: all of them are read, and each is what its name says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hjm_catalogue::{Directives, FeeTable, PayerRules};
use hjm_policy::{Fault, PolicyDocument, Section};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies")
}

pub(crate) fn text(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn document(text: &str) -> Result<PolicyDocument, String> {
    PolicyDocument::parse(text).map_err(|faults| told(&faults))
}

pub(crate) fn told(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(Fault::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every shipped document's file.
pub(crate) fn paths() -> Vec<PathBuf> {
    let counties = fs::read_dir(folder()).expect("the folder of policies");
    let counties = counties.map(|county| county.expect("a county").path());
    let files = counties
        .filter(|county| county.is_dir())
        .flat_map(|county| {
            let files = fs::read_dir(county).expect("the county's folder");
            files.map(|file| file.expect("a file").path())
        });
    files.collect()
}

/// Every document of a county, the highest version of each.
pub(crate) fn documents_of(county: &str) -> Vec<PolicyDocument> {
    let mut newest: BTreeMap<String, PolicyDocument> = BTreeMap::new();
    for file in fs::read_dir(folder().join(county)).expect("the county has a folder") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("a text");
        let read = document(&text).expect("the shipped document is read");
        let known = newest.get(read.id()).map_or(0, PolicyDocument::version);
        if known < read.version() {
            newest.insert(read.id().to_owned(), read);
        }
    }
    newest.into_values().collect()
}

pub(crate) fn fees(text: &str) -> Result<FeeTable, String> {
    let table = FeeTable::parse(&document(text)?).map_err(|faults| told(&faults))?;
    table.ok_or_else(|| "no section fees".to_owned())
}

pub(crate) fn payers(text: &str) -> Result<PayerRules, String> {
    let rules = PayerRules::parse(&document(text)?).map_err(|faults| told(&faults))?;
    rules.ok_or_else(|| "no section payers".to_owned())
}

/// The rows of a document, in another order.
pub(crate) fn reversed(text: &str) -> String {
    let mut parts = text.split("\n[[");
    let head = parts.next().unwrap_or_default().to_owned();
    let mut rows: Vec<&str> = parts.collect();
    rows.reverse();
    rows.iter()
        .fold(head, |text, row| format!("{text}\n[[{row}\n"))
}

#[test]
fn every_shipped_document_is_read_and_named_after_its_place() {
    let mut seen = Vec::new();
    for path in paths() {
        let document = document(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|faults| panic!("{}:\n{faults}", path.display()));
        let county = path.parent().and_then(Path::file_name);
        let tenant = county.and_then(|county| county.to_str()).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let (part, version) = stem.split_once(".v").unwrap_or((stem, "1"));
        assert_eq!(document.tenant().as_str(), tenant);
        assert_eq!(document.id(), format!("{tenant}-{part}"));
        assert_eq!(
            document.version().to_string(),
            version,
            "{}",
            path.display()
        );
        assert_eq!(
            document.sections().len(),
            1,
            "one section, one document, one version"
        );
        FeeTable::parse(&document).unwrap();
        PayerRules::parse(&document).unwrap();
        Directives::parse(&document).unwrap();
        seen.push((tenant.to_owned(), document.sections()[0]));
    }
    for (county, section) in [
        ("jamtland-harjedalen", Section::Fees),
        ("jamtland-harjedalen", Section::Payers),
        ("jamtland-harjedalen", Section::Directives),
        ("jamtland-harjedalen", Section::Rent),
        ("dalarna", Section::Fees),
        ("dalarna", Section::Payers),
        ("dalarna", Section::Rent),
        ("dalarna", Section::FreeCard),
    ] {
        assert!(
            seen.contains(&(county.to_owned(), section)),
            "{county} {section:?}"
        );
    }
}

#[test]
fn document_without_the_section_has_neither_table() {
    let rent = document(&text("dalarna/rent.toml")).unwrap();
    assert!(FeeTable::parse(&rent).unwrap().is_none());
    assert!(PayerRules::parse(&rent).unwrap().is_none());
    assert!(Directives::parse(&rent).unwrap().is_none());
}

#[test]
#[expect(clippy::print_stderr, reason = "a check that was skipped says so")]
fn dalarna_members_are_the_region_and_its_fifteen_municipalities() {
    let text = text("dalarna/free-card.toml");
    let codes: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("principal = \"")?.strip_suffix('"'))
        .collect();
    assert_eq!(codes.len(), 16);
    assert!(codes.contains(&"20") && codes.contains(&"2081"));
    let known =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/municipalities.csv");
    let Ok(list) = fs::read_to_string(known) else {
        eprintln!("skipped: the list of municipalities is not here");
        return;
    };
    for row in list.lines().filter(|row| row.ends_with(",20")) {
        assert!(
            codes.contains(&row.split(',').next().unwrap_or_default()),
            "{row}"
        );
    }
}
