//! The Tax Agency's whole test series, where it is at hand.

use std::fs;
use std::path::Path;

use hjm_ids::{IdentityError, IdentityKind, PersonIdentity};

/// The numbers of a file beside the workspace; says so and answers none when it is not there.
#[expect(clippy::print_stderr, reason = "a check that was skipped says so")]
fn series(name: &str) -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data")
        .join(name);
    let Ok(text) = fs::read_to_string(path) else {
        eprintln!("skipped: {name} is not here");
        return None;
    };
    Some(text.lines().skip(1).map(str::to_owned).collect())
}

#[test]
fn every_test_personal_number_is_read_with_its_day_of_birth() {
    let Some(numbers) = series("testpersonnummer.csv") else {
        return;
    };
    assert_eq!(numbers.len(), 41_493);
    for (line, number) in numbers.iter().enumerate() {
        let identity = PersonIdentity::parse(IdentityKind::Personal, number)
            .unwrap_or_else(|error| panic!("row {line}: {error}"));
        let born_on = identity
            .born_on()
            .map(|day| day.strftime("%Y%m%d").to_string());
        assert_eq!(born_on.as_deref(), Some(&number[..8]));
        let as_coordination = PersonIdentity::parse(IdentityKind::Coordination, number).err();
        assert_eq!(as_coordination, Some(IdentityError::CoordinationDay));
    }
}

#[test]
fn every_test_coordination_number_with_a_known_date_is_read() {
    let Some(numbers) = series("testsamordningsnummer.csv") else {
        return;
    };
    assert_eq!(numbers.len(), 2_240);
    let mut refused = 0;
    for number in &numbers {
        let unknown_date = &number[4..6] == "00" || &number[6..8] == "60";
        let read = PersonIdentity::parse(IdentityKind::Coordination, number);
        assert_eq!(read.is_err(), unknown_date, "row of {}", &number[..8]);
        refused += usize::from(unknown_date);
        assert!(PersonIdentity::parse(IdentityKind::Personal, number).is_err());
    }
    assert_eq!(refused, 170);
}
