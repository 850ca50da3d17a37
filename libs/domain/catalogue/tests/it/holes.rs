//! A hole in time between two rows of the same thing is refused, with its place; a row that says what
//! holds then closes it.

use crate::directives::directives;
use crate::shipped::{fees, payers};

/// The document `valid_from` 2020 with rows of one table: each its fields and the days it holds.
fn rows(table: &str, rows: &[(&str, &str)]) -> String {
    let head = "id = \"x-rules\"\nversion = 1\ntenant = \"example\"\ntitle = \"Rules\"\n\
                valid_from = 2020-01-01\n[sources]\nbook = \"Book\"\n";
    let row = |(fields, days): &(&str, &str)| {
        let (from, to) = days.split_once(" to ").unwrap_or((days, ""));
        let to = match to {
            "" => String::new(),
            to => format!("valid_to = {to}\n"),
        };
        format!("[[{table}]]\n{fields}\nvalid_from = {from}\n{to}source = \"book\"\n")
    };
    rows.iter()
        .map(row)
        .fold(head.to_owned(), |text, row| text + &row)
}

fn faults(text: &str) -> String {
    let read = match text {
        text if text.contains("[[fees.") => fees(text).err(),
        text if text.contains("[[payers.") => payers(text).err(),
        text => directives(text).err(),
    };
    read.unwrap_or_default()
}

/// A table, the fields of a row of it, and the fields of one that says that nothing applies.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "fees.fee",
        "id = \"rollator\"\niso = [\"120606\"]\nkind = \"ONE_OFF\"\namount = \"300.00\"",
        "id = \"rollator\"\niso = [\"120606\"]\nkind = \"NOT_PRINTED\"\nnot_printed = \"the fee\"",
    ),
    (
        "fees.fee",
        "id = \"month\"\nkind = \"MONTHLY_SUBSCRIPTION\"\ncovers = \"ANY_DAY\"\namount = \"65.00\"",
        "id = \"month\"\nkind = \"ONE_OFF\"\namount = \"0.00\"",
    ),
    (
        "fees.group",
        "id = \"free\"\ngroup = 4\nhandling = \"FREE\"",
        "id = \"fee\"\ngroup = 4\nhandling = \"FEE\"",
    ),
    (
        "fees.exemption",
        "id = \"young\"\nwhen = \"UNDER_AGE\"\nage_below = 20",
        "id = \"young\"\nwhen = \"UNDER_AGE\"\nage_below = 0",
    ),
    (
        "fees.service",
        "id = \"pickup\"\namount = \"200.00\"\nper = \"pickup\"",
        "id = \"pickup\"\nnot_printed = \"the fee of a pickup\"\nper = \"pickup\"",
    ),
    (
        "fees.allowance",
        "id = \"wig\"\namount = \"6000.00\"",
        "id = \"wig\"\namount = \"0.00\"",
    ),
    (
        "payers.rule",
        "id = \"adults\"\nage_from = 18\npays = \"MUNICIPALITY\"",
        "id = \"adults\"\nage_from = 18\npays = \"SHARED\"",
    ),
    (
        "directives.training",
        "id = \"local\"\ntraining = \"local\"",
        "id = \"local\"\ntraining = \"local\"\nrequired = false",
    ),
];

#[test]
fn a_hole_between_two_rows_of_the_same_thing_is_refused_with_its_place() {
    for (table, fields, _) in TABLES {
        let apart = rows(
            table,
            &[(fields, "2020-01-01 to 2021-01-01"), (fields, "2021-01-02")],
        );
        let line = apart[..apart.rfind("valid_from").unwrap()].lines().count() + 1;
        let first = apart[..apart.find("[[").unwrap()].lines().count() + 1;
        let expected = format!(
            "line {line}: {table}[2].valid_from: decides the same as {table}[1] (line {first}), and \
             neither holds from 2021-01-01 until this one"
        );
        assert_eq!(faults(&apart), expected);
    }
}

#[test]
fn rows_that_meet_or_say_what_holds_between_them_are_right() {
    for (table, fields, nothing) in TABLES {
        let meeting = [
            (*fields, "2020-01-01 to 2021-01-01"),
            (*fields, "2021-01-01"),
        ];
        assert_eq!(faults(&rows(table, &meeting)), "", "{table}");
        let told = [
            (*fields, "2022-01-01 to 2023-01-01"),
            (*nothing, "2021-01-01 to 2022-01-01"),
            (*fields, "2020-01-01 to 2021-01-01"),
        ];
        assert_eq!(faults(&rows(table, &told)), "", "{table}");
    }
}

#[test]
fn rows_of_different_things_and_rows_that_end_for_good_leave_no_hole() {
    let fee =
        |iso: &str| format!("id = \"x\"\niso = [\"{iso}\"]\nkind = \"ONE_OFF\"\namount = \"1.00\"");
    let (one, other) = (fee("120606"), fee("122306"));
    let apart = [
        (one.as_str(), "2020-01-01 to 2021-01-01"),
        (other.as_str(), "2022-01-01"),
    ];
    assert_eq!(faults(&rows("fees.fee", &apart)), "");
    let ended = [(one.as_str(), "2020-01-01 to 2021-01-01")];
    assert_eq!(faults(&rows("fees.fee", &ended)), "");
}

#[test]
fn a_row_that_holds_a_part_of_a_hole_leaves_the_rest() {
    let fee = "id = \"x\"\niso = [\"120606\"]\nkind = \"ONE_OFF\"\namount = \"1.00\"";
    let parts = [
        (fee, "2020-01-01 to 2021-01-01"),
        (fee, "2021-01-01 to 2021-06-30"),
        (fee, "2021-07-01"),
    ];
    let told = faults(&rows("fees.fee", &parts));
    assert!(
        told.contains("fees.fee[3].valid_from: decides the same as fees.fee[2]"),
        "{told}"
    );
    assert!(told.contains("neither holds from 2021-06-30"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
