//! The command line's answers from the shipped rules, as a reader gets them.

use std::{fs, process::Command};

use crate::support::program;

/// What `hjm` prints, and whether it was content.
fn hjm(arguments: &str) -> (String, bool) {
    let output = Command::new(program("hjm"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.success())
}

fn says(page: &str, lines: &[&str]) {
    for line in lines {
        assert!(page.contains(line), "{line:?} in\n{page}");
    }
}

#[test]
fn a_county_answers_fee_payer_and_rent_on_one_page() {
    let asked = "rules --county kronoberg --iso 122206 --age 17 --on 2025-05-01";
    let (page, content) = hjm(asked);
    assert!(content, "{page}");
    says(
        &page,
        &[
            "kronoberg: ISO 122206, 2025-05-01, age 17",
            "The table has no fee for the product.",
            "The region pays (07).",
            "rule under-18, kronoberg-payers version 1",
            "(source 001) §4.4",
            "The county has no such rules here.",
        ],
    );
    let (page, _) = hjm(&format!("{asked} --lang sv"));
    says(
        &page,
        &[
            "ålder 17",
            "Avgift     Ingen avgift för produkten.",
            "Betalare   Regionen betalar (07).",
            "Hyra       Länet har inga sådana regler här.",
        ],
    );
}

#[test]
fn a_missing_fact_is_asked_for_by_name() {
    let asked = "rules --county kronoberg --iso 122206 --age 40 --on 2025-05-01 --registered 0780";
    let (page, _) = hjm(asked);
    says(
        &page,
        &["Not decided: who pays cannot be said without: place_of_care."],
    );
    let (page, _) = hjm(&format!("{asked} --place home"));
    says(
        &page,
        &["The municipality the person is registered in pays (0780)."],
    );
    let (page, content) = hjm("rules --county atlantis --iso 122206");
    assert!(!content);
    says(&page, &["no county atlantis has rules here", "kronoberg"]);
}

#[test]
fn every_shipped_document_is_right_and_a_broken_one_is_told_line_by_line() {
    let policies = format!("{}/../policies", env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for county in fs::read_dir(policies).unwrap() {
        let county = county.unwrap().path();
        if county.is_dir() {
            files.extend(
                fs::read_dir(county)
                    .unwrap()
                    .map(|file| file.unwrap().path()),
            );
        }
    }
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let (told, content) = hjm(&format!("policy check {}", names.join(" ")));
    assert!(content, "{told}");
    assert_eq!(
        told.lines()
            .filter(|line| line.contains(" is right"))
            .count(),
        files.len()
    );

    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("fees.toml");
    let text = fs::read_to_string(
        files
            .iter()
            .find(|file| file.ends_with("dalarna/fees.toml"))
            .unwrap(),
    );
    fs::write(
        &broken,
        text.unwrap()
            .replace("amount = \"250.00\"", "amount = \"250.001\""),
    )
    .unwrap();
    let (told, content) = hjm(&format!("policy check {}", broken.display()));
    assert!(!content);
    says(
        &told,
        &[
            "line 41: fees.fee[1].amount: \"250.001\"",
            "faults found: 1",
        ],
    );
}
