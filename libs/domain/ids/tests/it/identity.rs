//! Identity numbers: which are read, what they tell, and that they cannot be printed.

use std::fmt::{Debug, Display};

use hjm_ids::{IdentityError, IdentityKind, OrganisationNumber, PersonIdentity};
use proptest::prelude::*;

const CASES: &str = include_str!("../identities.csv");

fn kind(name: &str) -> IdentityKind {
    match name {
        "personal" => IdentityKind::Personal,
        "coordination" => IdentityKind::Coordination,
        "national" => IdentityKind::ReserveNational,
        "stockholm" => IdentityKind::ReserveStockholm,
        "vgr" => IdentityKind::ReserveVgr,
        "varmland" => IdentityKind::ReserveVarmland,
        "clnk" => IdentityKind::ReserveClnk,
        other => panic!("kind {other}"),
    }
}

fn wrong(cases: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in csv::Reader::from_reader(cases.as_bytes()).records() {
        let row = row.expect("the table has its columns");
        let (result, born_on) = match PersonIdentity::parse(kind(&row[0]), &row[1]) {
            Ok(identity) => {
                assert_eq!(
                    (identity.expose(), identity.kind()),
                    (&row[1], kind(&row[0]))
                );
                (
                    "ok".to_owned(),
                    identity
                        .born_on()
                        .map_or(String::new(), |day| day.to_string()),
                )
            }
            Err(error) => (format!("{error:?}"), String::new()),
        };
        if result != row[2] || born_on != row[3] {
            wrong.push(format!("{row:?}: {result} {born_on}"));
        }
    }
    wrong
}

#[test]
fn identity_cases_come_out_as_written() {
    assert_eq!(wrong(CASES), Vec::<String>::new());
    assert!(CASES.lines().count() > 90, "the table was cut short");
}

#[test]
fn identity_case_with_a_wrong_result_is_caught() {
    assert_eq!(wrong(&CASES.replacen(",ok,", ",CheckDigit,", 1)).len(), 1);
}

#[test]
fn registers_have_different_object_identifiers() {
    let mut oids = IdentityKind::ALL.map(IdentityKind::oid);
    oids.sort_unstable();
    assert!(oids.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(IdentityKind::Personal.oid(), "1.2.752.129.2.1.3.1");
}

#[test]
fn no_error_repeats_any_part_of_the_number() {
    for row in csv::Reader::from_reader(CASES.as_bytes()).records() {
        let row = row.unwrap();
        if let Err(error) = PersonIdentity::parse(kind(&row[0]), &row[1]) {
            let told = format!("{error} {error:?}");
            assert!(
                !row[1]
                    .as_bytes()
                    .windows(4)
                    .any(|part| { told.contains(std::str::from_utf8(part).unwrap_or("not text")) })
            );
        }
    }
}

#[test]
fn text_that_is_not_ascii_is_refused() {
    for text in ["åååååå", "１９", "", "19900101\u{0}000"] {
        assert!(
            PersonIdentity::parse(IdentityKind::Personal, text).is_err(),
            "{text:?}"
        );
    }
}

/// Compiles only while `T` has no `Debug` (and below no `Display`): with it, `NAME` would be
/// ambiguous.
trait NotDebug<Marker> {
    const NAME: &'static str = "cannot be printed";
}
struct HasDebug;
impl<T: ?Sized> NotDebug<()> for T {}
impl<T: ?Sized + Debug> NotDebug<HasDebug> for T {}

trait NotDisplay<Marker> {
    const NAME: &'static str = "cannot be shown";
}
struct HasDisplay;
impl<T: ?Sized> NotDisplay<()> for T {}
impl<T: ?Sized + Display> NotDisplay<HasDisplay> for T {}

#[test]
fn identity_has_neither_debug_nor_display() {
    assert_eq!(<PersonIdentity as NotDebug<_>>::NAME, "cannot be printed");
    assert_eq!(<PersonIdentity as NotDisplay<_>>::NAME, "cannot be shown");
}

#[test]
fn organisation_number_is_ten_digits_of_a_legal_entity() {
    for (text, digits) in [
        ("212000-0142", "2120000142"),
        ("2120001355", "2120001355"),
        ("16212000-1124", "2120001124"),
        ("162321000016", "2321000016"),
        ("232100-0172", "2321000172"),
    ] {
        assert_eq!(
            text.parse::<OrganisationNumber>().unwrap().to_string(),
            digits
        );
    }
    for (text, why) in [
        ("2120000143", "check digit"),
        ("2110000143", "third digit below 2"),
        ("21200-00142", "hyphen in another place"),
        ("212000--142", "two hyphens"),
        ("152120000142", "another prefix than 16"),
        ("SE2120000142", "letters"),
        ("212000 0142", "a space"),
        ("21200001", "too short"),
        ("", "nothing"),
        ("２１２００００１４２", "other digits"),
    ] {
        assert!(text.parse::<OrganisationNumber>().is_err(), "{why}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,14}", digits in "[0-9A-Z]{12}") {
        for kind in IdentityKind::ALL {
            for text in [&text, &digits] {
                if let Ok(identity) = PersonIdentity::parse(kind, text) {
                    prop_assert!(identity.expose() == text.as_str());
                }
            }
        }
    }

    #[test]
    fn one_changed_digit_is_always_refused(place in 2_usize..12, by in 1_u8..10) {
        let known = CASES.lines().nth(5).expect("a row").split(',').nth(1).expect("a number");
        let mut changed = known.as_bytes().to_vec();
        changed[place] = b'0' + (changed[place] - b'0' + by) % 10;
        let changed = String::from_utf8(changed).expect("digits");
        let read = PersonIdentity::parse(IdentityKind::Personal, &changed);
        prop_assert!(matches!(
            read.err(),
            Some(IdentityError::CheckDigit | IdentityError::Date | IdentityError::Serial)
        ));
    }
}
