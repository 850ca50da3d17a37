//! The files of cases, one a region: `tests/<part>/<region>.csv` beside `policies/<region>/<part>.toml`.
//! What belongs to no region's document is in files named `…any-region`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hjm_policy::PolicyDocument;
use serde::de::DeserializeOwned;

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies")
}

/// The text of a region's document.
pub(crate) fn text(region: &str, part: &str) -> String {
    fs::read_to_string(policies().join(region).join(part).with_extension("toml")).unwrap()
}

pub(crate) fn document(region: &str, part: &str) -> PolicyDocument {
    PolicyDocument::parse(&text(region, part)).unwrap()
}

/// The regions that ship such a document.
pub(crate) fn shipped(part: &str) -> Vec<String> {
    let regions = fs::read_dir(policies()).unwrap();
    let regions = regions.map(|region| region.unwrap().path());
    let regions = regions.filter(|region| region.join(part).with_extension("toml").exists());
    let mut names: Vec<String> = regions.map(|region| stem(&region)).collect();
    names.sort();
    names
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The files of a part, by the region each is named after.
pub(crate) fn files(part: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(part);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .map(|file| (stem(&file), fs::read_to_string(&file).unwrap()))
        .collect()
}

pub(crate) fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// What a set of files lacks: a file for a region's document, a document for a file, or as many
/// cases at the edges as there are examples of the rules. A case at an edge says so in its name.
pub(crate) fn lacking(documents: &[String], files: &BTreeMap<String, String>) -> Vec<String> {
    let no_file = documents
        .iter()
        .filter(|region| !files.contains_key(*region));
    let mut lacking: Vec<String> = no_file
        .map(|region| format!("{region} has no file of cases"))
        .collect();
    for (region, text) in files {
        if region.ends_with("any-region") {
            continue;
        }
        if !documents.contains(region) {
            lacking.push(format!("{region} has cases and no document"));
        }
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cases = reader
            .records()
            .map(|row| row.unwrap()[0].ends_with(" edge"));
        let (edges, examples): (Vec<bool>, Vec<bool>) = cases.partition(|edge| *edge);
        if edges.len() < examples.len().max(1) {
            let (edges, examples) = (edges.len(), examples.len());
            lacking.push(format!("{region}: {edges} edges of {examples} examples"));
        }
    }
    lacking
}

#[test]
fn every_document_has_its_cases_and_enough_at_the_edges() {
    let none: Vec<String> = Vec::new();
    for part in ["rent", "loss", "national-agreement"] {
        assert_eq!(lacking(&shipped(part), &files(part)), none, "{part}");
    }
    let accruals = files("accruals");
    let regions: Vec<String> = accruals.keys().cloned().collect();
    assert_eq!(lacking(&regions, &accruals), none, "accruals");
}

#[test]
fn a_document_without_cases_a_file_without_document_and_thin_edges_are_told() {
    let cases = |rows: &str| format!("case,what\n{rows}");
    let told = lacking(
        &["north".to_owned(), "south".to_owned()],
        &BTreeMap::from([
            ("south".to_owned(), cases("R1,a\nR1 edge,b\nR2,c\n")),
            ("west".to_owned(), cases("R1,a\nR1 edge,b\n")),
            ("units-of-any-region".to_owned(), cases("")),
        ]),
    );
    assert_eq!(
        told,
        [
            "north has no file of cases",
            "south: 1 edges of 2 examples",
            "west has cases and no document",
        ]
    );
}
