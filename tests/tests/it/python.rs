//! A client in another language: Python with grpcio, which learns the API by reflection.

use std::{path::Path, process::Command};

use hjm::story::county::{County, JAMTLAND};
use hjm_ids::Month;
use jiff::civil::date;

use crate::support::World;

/// Runs a program of tests/python and answers what it printed.
///
/// `HJM_PYTHON` names a Python with the packages of its requirements.txt; `make test` sets it.
#[expect(
    clippy::disallowed_methods,
    reason = "the Makefile hands the interpreter over this way"
)]
pub(crate) fn python(arguments: &[&str]) -> String {
    let python = std::env::var("HJM_PYTHON").expect("HJM_PYTHON is unset: run `make test`");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let output = Command::new(python)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_prescribes_delivers_and_reads_the_statement() {
    let world = World::open().await;
    let teller = world.teller(&JAMTLAND, "python-county");
    teller.day(date(2025, 3, 10)).unwrap();
    JAMTLAND.set_up(&teller).await.unwrap();
    County::stock(&teller, "12001", &["PY-1".to_owned()])
        .await
        .unwrap();
    let person = teller
        .person("194201077098", Some("2380"), JAMTLAND.from)
        .await
        .unwrap();
    let address = |url: &str| url.trim_start_matches("http://").to_owned();

    let prescription = address(&world.suite.addresses.prescription);
    let told = python(&[
        "check_client.py",
        "deliver",
        &prescription,
        &person,
        "2380",
        "12001",
        "PY-1",
        "2025-03-10",
    ]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "own fee 300.00 FEE");
    assert_eq!(lines[1], "refused FAILED_PRECONDITION delivered_on");
    teller.hear(lines[2].trim_start_matches("position "));

    teller.day(date(2025, 4, 1)).unwrap();
    teller.close(Month::of(date(2025, 3, 1))).await.unwrap();
    let billing = address(&world.suite.addresses.billing);
    let told = python(&["check_client.py", "read", &billing, "2380", "2025-03"]);
    assert_eq!(told.trim(), "rent 39.60 own fees 300.00");
    let told = python(&["statement.py", "2380", "2025-03", &billing]);
    assert!(told.contains("total") && told.contains("39.60"), "{told}");
}
