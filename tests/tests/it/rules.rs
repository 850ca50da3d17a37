//! The command line's answers from the shipped rules, as a reader gets them.

use std::{fs, path::PathBuf, process::Command};

use hjm::story::county::JAMTLAND;
use hjm_proto::{catalogue::v1 as c, common::v1::Occasion};
use hjm_testkit::date;
use jiff::civil;

use crate::{
    python::python,
    support::{World, program},
};

/// What `hjm` prints, and whether it was content.
pub(crate) fn hjm(arguments: &str) -> (String, bool) {
    let output = Command::new(program("hjm"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.success())
}

pub(crate) fn says(page: &str, lines: &[&str]) {
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
            "Region Kronoberg · 122206 Wheelchairs without a motor · 2025-05-01 · age 17",
            "The table has no fee for the product.",
            "The region pays (07).",
            "rule under-18, kronoberg-payers version 1",
            "(källa 001) §4.4",
            "The county has no such rules here.",
        ],
    );
    let (page, _) = hjm(&format!("{asked} --lang sv"));
    says(
        &page,
        &[
            "Rätt       ",
            "ålder 17",
            "Avgift     Ingen avgift för produkten.",
            "Betalare   Regionen betalar (07).",
            "Hyra       Länet har inga sådana regler här.",
        ],
    );
}

#[test]
fn a_share_is_limited_by_the_ceiling_that_the_county_has_put_in_force() {
    let asked = "rules --county varmland --iso 120606 --age 40 --price 9000 --on 2024-03-01";
    let (page, content) = hjm(asked);
    assert!(content, "{page}");
    says(
        &page,
        &["at most 1400.00: 1400.00.", "scheme_ceiling=1400.00"],
    );
    let (page, _) = hjm(&format!("{asked} --ceiling 900"));
    says(&page, &["at most 900.00: 900.00."]);
}

#[test]
fn a_prescriber_is_told_every_reason_against() {
    let asked = "rules --county jamtland-harjedalen --iso 120606 --age 82 --on 2025-05-01";
    let (page, content) = hjm(asked);
    assert!(content, "{page}");
    says(&page, &["Whether it may be prescribed turns on: "]);
    let expired = "--earlier 2024-01-01 --right false --training national:2019-01-01 --training local:2022-01-01";
    let (page, _) = hjm(&format!(
        "{asked} --profession physiotherapist --held 120606 --duplicate-justified false {expired}"
    ));
    says(
        &page,
        &[
            "rule right-from-manager, jamtland-harjedalen-directives version 1",
            "rule local-training, jamtland-harjedalen-directives version 1",
            "rule duplicates-with-restraint, jamtland-harjedalen-directives version 1",
        ],
    );
}

#[test]
fn what_no_source_prints_is_told_by_name_and_never_as_no_fee() {
    let asked = |rest: &str| {
        let (page, _) = hjm(&format!("rules --iso 122203 --age 67 {rest}"));
        assert!(!page.contains("has no fee"), "{page}");
        page
    };
    let county = "--county vasternorrland --on 2025-05-01";
    says(&asked(county), &["cannot be decided without municipality."]);
    says(
        &asked(&format!("{county} --registered 2280")),
        &["Not decided: the fee table's source does not print månadsavgiften 2025 i Härnösand."],
    );
    says(
        &asked("--county jonkoping --on 2025-05-01 --lang sv"),
        &["Kan inte avgöras: källan anger inte avgiften för andra hjälpmedel än hörapparater"],
    );
    says(
        &asked("--county vasternorrland --on 2024-05-01 --registered 2282"),
        &["rule monthly-2024, vasternorrland-fees-kramfors version 1"],
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
    let (page, _) = hjm(&format!("{asked} --lang sv"));
    says(&page, &["Betalare   Kan inte avgöras utan: vårdplats."]);
    let (page, content) = hjm("rules --county atlantis --iso 122206");
    assert!(!content);
    says(&page, &["no county atlantis has rules here", "kronoberg"]);
}

/// Every policy document of the repository.
fn shipped() -> Vec<PathBuf> {
    let policies = format!("{}/../policies", env!("CARGO_MANIFEST_DIR"));
    let counties = fs::read_dir(policies)
        .unwrap()
        .map(|county| county.unwrap().path());
    let files = counties
        .filter(|county| county.is_dir())
        .flat_map(|county| {
            let files = fs::read_dir(county).unwrap();
            files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
        });
    files
        .filter(|file| file.extension().is_some_and(|kind| kind == "toml"))
        .collect()
}

#[test]
fn every_shipped_document_is_right_and_a_broken_one_is_told_line_by_line() {
    let files = shipped();
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
    assert!(!told.contains("which no document given has"), "{told}");

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
            "line 42: fees.fee[1].amount: \"250.001\"",
            "faults found: 1",
        ],
    );
}

#[test]
fn a_scheme_that_no_document_given_has_is_warned_of() {
    let folder = format!("{}/../policies/dalarna", env!("CARGO_MANIFEST_DIR"));
    let warning = "warning: dalarna-fees counts fees in the scheme dalarna-devices, which no document given has";
    let (told, content) = hjm(&format!("policy check {folder}/fees.toml"));
    assert!(content, "{told}");
    says(&told, &[warning]);
    let both = format!("policy check {folder}/fees.toml {folder}/free-card.toml");
    let (told, content) = hjm(&both);
    assert!(content && !told.contains("warning"), "{told}");
}

#[test]
fn each_kind_of_fault_is_told_with_its_place() {
    let policies = format!("{}/../policies", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(format!("{policies}/dalarna/rent.toml")).unwrap();
    let row = "value = \"DAY\"\nvalid_from = 2023-01-01\n";
    let source =
        "source = \"project en hyresdag är en kalenderdag, första och sista dagen räknas\"\n";
    let twice = "[[rent.unit]]\nvalue = \"CALENDAR_MONTH\"\nvalid_from = 2024-01-01\nsource = \"project\"\n\n[[rent.start]]";
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("rent.toml");
    for (from, to, told) in [
        (
            "[[rent.start]]",
            twice,
            "line 18: rent.unit[2].valid_from: decides the same as rent.unit[1] (line 11)",
        ),
        (
            row,
            "value = \"DAY\"\nvalid_from = 2023-02-01\n",
            "line 13: rent.unit[1].valid_from: no row holds from 2023-01-01 until this one",
        ),
        (
            row,
            &format!("{row}colour = \"red\"\n"),
            "line 14: rent.unit[1].colour: unknown field",
        ),
        (source, "", "line 11: rent.unit[1].source: missing"),
        (
            "\"DAY\"",
            "\"HOUR\"",
            "line 12: rent.unit[1].value: unknown variant `HOUR`",
        ),
        (
            row,
            "value = \"DAY\"\nvalid_from = 2023-02-30\n",
            "line 13: syntax: invalid date",
        ),
    ] {
        fs::write(&broken, text.replacen(from, to, 1)).unwrap();
        let (printed, content) = hjm(&format!("policy check {}", broken.display()));
        assert!(!content, "{printed}");
        says(&printed, &[told]);
    }
}

#[test]
fn a_hole_in_time_is_told_with_both_places() {
    let policies = format!("{}/../policies", env!("CARGO_MANIFEST_DIR"));
    let path = format!("{policies}/vasternorrland/fees-harnosand.toml");
    let text = fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("fees.toml");
    let begins = "valid_from = 2026-01-01";
    fs::write(&broken, text.replacen(begins, "valid_from = 2026-02-01", 1)).unwrap();
    let (printed, content) = hjm(&format!("policy check {}", broken.display()));
    assert!(!content, "{printed}");
    let told = "fees.fee[3].valid_from: decides the same as fees.fee[2] (line 27), and neither holds \
                from 2026-01-01 until this one";
    says(&printed, &[told]);
}

#[test]
fn editors_know_every_field_and_tell_a_wrong_one() {
    let schema = format!("{}/../policies/schema.json", env!("CARGO_MANIFEST_DIR"));
    let (printed, content) = hjm("policy schema");
    assert!(content, "{printed}");
    let committed = fs::read_to_string(&schema).unwrap();
    assert!(
        committed == printed,
        "run `hjm policy schema > policies/schema.json`"
    );

    let files = shipped();
    let names = files.iter().map(|file| file.to_str().unwrap());
    let arguments: Vec<&str> = ["check_policies.py", &schema]
        .into_iter()
        .chain(names)
        .collect();
    let told = python(&arguments);
    let wrong: Vec<_> = told
        .lines()
        .zip(&files)
        .filter(|(told, _)| *told != "right")
        .collect();
    assert_eq!(wrong, []);
    assert_eq!(told.lines().count(), files.len());

    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("fees.toml");
    let path = files
        .iter()
        .find(|file| file.ends_with("dalarna/fees.toml"));
    let text = fs::read_to_string(path.unwrap()).unwrap();
    for (right, wrong, place) in [
        ("kind = \"ONE_OFF\"", "kind = \"ONCE\"", "$.fees.fee[0]"),
        (
            "amount = \"250.00\"",
            "amount = 250",
            "$.fees.fee[0].amount",
        ),
        ("tenant = ", "tenants = ", "$:"),
    ] {
        fs::write(&broken, text.replacen(right, wrong, 1)).unwrap();
        let told = python(&["check_policies.py", &schema, broken.to_str().unwrap()]);
        assert!(told.starts_with(place), "{place} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_decision_is_explained_and_runs_again() {
    let world = World::open().await;
    let teller = world.teller(&JAMTLAND, "explained");
    teller.day(civil::date(2025, 3, 10)).unwrap();
    JAMTLAND.set_up(&teller).await.unwrap();
    let question = c::FeeQuestion {
        on: date("2025-03-10"),
        born_on: date("1942-05-01"),
        about: Some(c::fee_question::About::Device(c::DeviceFee {
            iso_code: "120606".to_owned(),
            product_group: 3,
            occasion: Occasion::First.into(),
            ..Default::default()
        })),
        ..Default::default()
    };
    let request = c::DecideFeesRequest {
        questions: vec![question],
        as_known_at: None,
    };
    let decided = teller.desk.decide_fees(request).await.unwrap();
    let id = &decided.results[0].decision_id;
    let tenant = JAMTLAND.tenant;
    let catalogue = &world.suite.addresses.catalogue;
    let asked = format!("explain {id} --tenant {tenant} --catalogue {catalogue}");
    let (told, content) = hjm(&asked);
    assert!(content, "{told}");
    says(
        &told,
        &[
            "rule      rollator, jamtland-harjedalen-fees",
            "age=82",
            "jamtland-harjedalen-fees version 1, SHA-256 ",
            "again     the same versions answer the same",
        ],
    );
    let (told, content) = hjm(&asked.replace(id, "00000000-0000-5000-8000-000000000000"));
    assert!(!content);
    says(&told, &["decision was not found"]);
}
