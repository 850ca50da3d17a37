//! The cases of `ceilings/`, one file a region: what each shipped protection is limited to on a day.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hjm_free_card::{Limit, Scheme};
use hjm_policy::{PolicyDocument, Section};

use crate::support::date;

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies")
}

/// The shipped documents of protections, as region and name.
pub(crate) fn shipped() -> BTreeSet<(String, String)> {
    let mut shipped = BTreeSet::new();
    for region in fs::read_dir(policies()).unwrap() {
        let region = region.unwrap().path();
        if !region.is_dir() {
            continue;
        }
        for file in fs::read_dir(&region).unwrap() {
            let file = file.unwrap().path();
            let document = PolicyDocument::parse(&fs::read_to_string(&file).unwrap()).unwrap();
            if document.sections().contains(&Section::FreeCard) {
                let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
                shipped.insert((name(&region), name(&file)));
            }
        }
    }
    shipped
}

fn files() -> BTreeMap<String, Vec<csv::StringRecord>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ceilings");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files = files.map(|file| {
        let region = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let rows = csv::Reader::from_path(&file).unwrap();
        (region, rows.into_records().map(Result::unwrap).collect())
    });
    files.collect()
}

fn limit(region: &str, row: &csv::StringRecord) -> String {
    let path = policies().join(region).join(&row[2]).with_extension("toml");
    let document = PolicyDocument::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let on = date(&row[3]);
    if !document.validity().contains(on) {
        return "not in force".to_owned();
    }
    let scheme = Scheme::parse(&document).unwrap().unwrap();
    match scheme.limit(on) {
        Ok(Limit::Sum(amount)) => amount.to_string(),
        Ok(Limit::Count(count)) => format!("{count} times"),
        Ok(Limit::Open) => "open".to_owned(),
        Err(_) => "missing".to_owned(),
    }
}

fn fault(region: &str, row: &csv::StringRecord) -> Option<String> {
    let found = limit(region, row);
    (found != row[4]).then(|| format!("{region} {}: {found} is not {}", &row[1], &row[4]))
}

#[test]
fn the_ceilings_of_every_region_are_as_its_file_says() {
    let mut faults = Vec::new();
    for (region, rows) in files() {
        faults.extend(rows.iter().filter_map(|row| fault(&region, row)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_shipped_protection_has_cases_and_enough_at_the_edges() {
    let files = files();
    let asked = files.iter().flat_map(|(region, rows)| {
        let documents = rows.iter().map(|row| (region.clone(), row[2].to_owned()));
        documents.collect::<Vec<_>>()
    });
    assert_eq!(asked.collect::<BTreeSet<_>>(), shipped());
    for (region, rows) in files {
        let edges = rows.iter().filter(|row| row[0].ends_with(" edge")).count();
        assert!(edges * 2 >= rows.len(), "{region}: {edges} edges");
    }
}

#[test]
fn a_wrong_ceiling_is_caught() {
    let row = csv::StringRecord::from(vec!["FC", "2024", "free-card", "2024-06-01", "1300.00"]);
    assert!(fault("dalarna", &row).is_some());
}
