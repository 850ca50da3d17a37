//! The files of cases, one a region: `tests/<section>/<region>.csv`, `<region>.v2.csv` for another
//! version. What belongs to no region's document is in `any-region.csv`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hjm_policy::Section;

use crate::shipped::{document, paths};

/// A region's folder under `policies` and its SCB code.
pub(crate) const CODES: [(&str, &str); 13] = [
    ("dalarna", "20"),
    ("gavleborg", "21"),
    ("jamtland-harjedalen", "23"),
    ("jonkoping", "06"),
    ("kalmar", "08"),
    ("kronoberg", "07"),
    ("skane", "12"),
    ("sormland", "04"),
    ("vasterbotten", "24"),
    ("vasternorrland", "22"),
    ("vastmanland", "19"),
    ("vastra-gotaland", "14"),
    ("gotland", "09"),
];

fn stem(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.expect("a file has a name").to_owned()
}

/// The shipped documents of a section, by the name of the file that holds their cases.
pub(crate) fn shipped(section: Section) -> Vec<String> {
    let mut names = Vec::new();
    for path in paths() {
        let text = fs::read_to_string(&path).expect("a text");
        let read = document(&text).expect("the shipped document is read");
        if read.sections().contains(&section) {
            let version = match read.version() {
                1 => String::new(),
                later => format!(".v{later}"),
            };
            names.push(format!("{}{version}", read.tenant()));
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The files of a section, by their names.
pub(crate) fn files(section: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(section);
    let files = fs::read_dir(folder).expect("the section has a folder");
    files
        .map(|file| file.expect("a file").path())
        .map(|file| (stem(&file), fs::read_to_string(&file).expect("a text")))
        .collect()
}

/// Documents without a file of cases, and files without a document.
pub(crate) fn unmatched(documents: &[String], files: &BTreeMap<String, String>) -> Vec<String> {
    let no_file = documents.iter().filter(|name| !files.contains_key(*name));
    let no_document = files.keys();
    let no_document =
        no_document.filter(|name| *name != "any-region" && !documents.contains(*name));
    let no_file = no_file.map(|name| format!("{name} has no file of cases"));
    no_file
        .chain(no_document.map(|name| format!("{name} has cases and no document")))
        .collect()
}

/// Files with fewer cases at the edges than examples of the rules. A case at an edge says so in its
/// name.
pub(crate) fn thin(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut thin = Vec::new();
    for (name, text) in files {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cases = reader.records();
        let cases = cases.map(|row| row.expect("a case")[0].ends_with(" edge"));
        let (edges, examples): (Vec<bool>, Vec<bool>) = cases.partition(|edge| *edge);
        if edges.len() < examples.len().max(1) {
            let (edges, examples) = (edges.len(), examples.len());
            thin.push(format!("{name}: {edges} edges of {examples} examples"));
        }
    }
    thin
}

#[test]
fn every_shipped_document_has_its_file_of_cases_and_enough_at_the_edges() {
    let none: Vec<String> = Vec::new();
    for (section, folder) in [
        (Section::Fees, "fees"),
        (Section::Payers, "payers"),
        (Section::Directives, "directives"),
    ] {
        let files = files(folder);
        assert_eq!(unmatched(&shipped(section), &files), none, "{folder}");
        if section != Section::Directives {
            assert_eq!(thin(&files), none, "{folder}");
        }
    }
}

#[test]
fn a_document_without_cases_a_file_without_document_and_thin_edges_are_told() {
    let cases = |rows: &str| format!("case,what\n{rows}");
    let files = BTreeMap::from([
        ("south".to_owned(), cases("P1,a\nP1 edge,b\nP2,c\n")),
        ("west".to_owned(), cases("P1,a\nP1 edge,b\n")),
    ]);
    assert_eq!(
        unmatched(&["north".to_owned(), "south".to_owned()], &files),
        [
            "north has no file of cases",
            "west has cases and no document"
        ]
    );
    assert_eq!(thin(&files), ["south: 1 edges of 2 examples"]);
}
