//! Which version decides on a day.

use hjm_policy::{PolicyDocument, PolicySet, Section, Validity};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::document::GOOD;

fn document(version: u32, dates: &str) -> PolicyDocument {
    let text = GOOD
        .replace("version = 2", &format!("version = {version}"))
        .replacen("valid_from = 2023-01-01", dates, 1);
    PolicyDocument::parse(&text).expect("the test writes a document")
}

fn version_on(set: &PolicySet, on: Date) -> Option<u32> {
    set.in_force(Section::Fees, on).map(PolicyDocument::version)
}

#[test]
fn latest_version_that_has_begun_decides() {
    let mut set = PolicySet::new();
    assert_eq!(version_on(&set, date(2024, 1, 1)), None);
    set.activate(document(2, "valid_from = 2024-01-01"), date(2023, 11, 5));
    set.activate(document(1, "valid_from = 2023-01-01"), date(2022, 12, 1));
    assert_eq!(
        version_on(&set, date(2022, 12, 31)),
        None,
        "activated, not yet valid"
    );
    assert_eq!(version_on(&set, date(2023, 12, 31)), Some(1));
    assert_eq!(version_on(&set, date(2024, 1, 1)), Some(2));
    assert!(set.in_force(Section::Rent, date(2024, 1, 1)).is_none());
}

#[test]
fn version_activated_after_its_first_day_decides_from_its_activation() {
    let mut set = PolicySet::new();
    set.activate(document(1, "valid_from = 2023-01-01"), date(2023, 1, 1));
    set.activate(document(2, "valid_from = 2023-01-01"), date(2023, 3, 1));
    assert_eq!(version_on(&set, date(2023, 2, 28)), Some(1));
    assert_eq!(version_on(&set, date(2023, 3, 1)), Some(2));
}

#[test]
fn of_two_begun_the_same_day_the_higher_version_decides() {
    let mut set = PolicySet::new();
    set.activate(document(2, "valid_from = 2023-01-01"), date(2023, 1, 1));
    set.activate(document(1, "valid_from = 2023-01-01"), date(2023, 1, 1));
    assert_eq!(version_on(&set, date(2023, 1, 1)), Some(2));
}

#[test]
fn last_days_of_what_was_in_force_are_told_newest_first() {
    let mut set = PolicySet::new();
    set.activate(document(1, "valid_from = 2023-01-01"), date(2023, 1, 1));
    let brief = document(2, "valid_from = 2023-01-01\nvalid_to = 2024-01-01");
    set.activate(brief, date(2023, 6, 1));
    let last = [date(2023, 12, 31), date(2023, 5, 31), date(2022, 12, 31)];
    assert_eq!(set.last_days(date(2024, 1, 1)), last);
    assert_eq!(set.last_days(date(2023, 12, 31)), last[1..]);
}

#[test]
fn superseded_version_does_not_come_back_when_its_successor_ends() {
    let mut set = PolicySet::new();
    set.activate(document(1, "valid_from = 2023-01-01"), date(2023, 1, 1));
    let brief = document(2, "valid_from = 2023-01-01\nvalid_to = 2024-01-01");
    set.activate(brief, date(2023, 6, 1));
    assert_eq!(version_on(&set, date(2023, 12, 31)), Some(2));
    assert_eq!(version_on(&set, date(2024, 1, 1)), None);
}

#[test]
fn a_correction_holds_until_the_day_of_a_version_that_was_planned_before_it() {
    let mut set = PolicySet::new();
    set.activate(document(1, "valid_from = 2024-01-01"), date(2024, 1, 1));
    set.activate(document(2, "valid_from = 2024-01-01"), date(2026, 1, 1));
    set.activate(document(3, "valid_from = 2024-01-01"), date(2025, 3, 1));
    assert_eq!(version_on(&set, date(2025, 2, 28)), Some(1));
    assert_eq!(version_on(&set, date(2025, 3, 1)), Some(3));
    assert_eq!(version_on(&set, date(2025, 12, 31)), Some(3));
    assert_eq!(version_on(&set, date(2026, 1, 1)), Some(2));
    set.activate(document(4, "valid_from = 2024-01-01"), date(2026, 1, 1));
    assert_eq!(version_on(&set, date(2026, 1, 1)), Some(4));
}

/// A version of a document with these sections and no rows.
fn holding(id: &str, version: u32, dates: &str, sections: &[&str]) -> PolicyDocument {
    let sections = sections.iter().map(|name| format!("[{name}]\n"));
    let text = format!(
        "id = \"{id}\"\nversion = {version}\ntenant = \"example\"\ntitle = \"{id}\"\n{dates}\n\
         [sources]\ndecision = \"A decision\"\n{}",
        sections.collect::<String>()
    );
    PolicyDocument::parse(&text).expect("the test writes a document")
}

#[test]
fn a_section_that_a_version_no_longer_holds_is_decided_by_no_older_one() {
    let mut set = PolicySet::new();
    let from = "valid_from = 2023-01-01";
    set.activate(
        holding("both", 1, from, &["fees", "rent"]),
        date(2023, 1, 1),
    );
    set.activate(holding("both", 2, from, &["rent"]), date(2024, 1, 1));
    let held = |section, on| set.in_force(section, on).map(PolicyDocument::version);
    assert_eq!(held(Section::Fees, date(2023, 12, 31)), Some(1));
    assert_eq!(held(Section::Fees, date(2024, 1, 1)), None);
    assert!(set.all_in_force(Section::Fees, date(2024, 1, 1)).is_empty());
    assert_eq!(held(Section::Rent, date(2024, 1, 1)), Some(2));
}

#[test]
fn another_document_takes_a_section_from_the_day_it_is_left() {
    let taken = |held: &[(PolicyDocument, Date)], from| {
        let mut set = PolicySet::new();
        for (document, active_from) in held {
            set.activate(document.clone(), *active_from);
        }
        set.holder_beside(
            &holding("new", 1, "valid_from = 2023-01-01", &["rent"]),
            from,
        )
    };
    let by_old = Some((Section::Rent, "old".to_owned()));
    let open = holding("old", 1, "valid_from = 2023-01-01", &["rent"]);
    let left = holding("old", 2, "valid_from = 2023-01-01", &["loss"]);
    let brief = "valid_from = 2023-01-01\nvalid_to = 2025-01-01";
    let brief = holding("old", 1, brief, &["rent"]);
    let start = date(2023, 1, 1);
    let dropped = [(open.clone(), start), (left, date(2025, 1, 1))];
    for (held, from, expected) in [
        (&[][..], date(2023, 1, 1), None),
        (
            &[(open.clone(), start)][..],
            date(2026, 1, 1),
            by_old.clone(),
        ),
        (
            &[(open, date(2027, 1, 1))][..],
            date(2026, 1, 1),
            by_old.clone(),
        ),
        (
            &[(brief.clone(), start)][..],
            date(2024, 12, 31),
            by_old.clone(),
        ),
        (&[(brief, start)][..], date(2025, 1, 1), None),
        (&dropped[..], date(2024, 12, 31), by_old),
        (&dropped[..], date(2025, 1, 1), None),
    ] {
        assert_eq!(taken(held, from), expected, "from {from}");
    }
}

#[test]
fn documents_that_share_a_section_decide_together_each_by_its_own_versions() {
    let named = |id: &str, version, dates: &str| {
        let text = document(version, dates).text().replacen(
            "id = \"example-fees\"",
            &format!("id = \"{id}\""),
            1,
        );
        PolicyDocument::parse(&text).expect("the test writes a document")
    };
    let mut set = PolicySet::new();
    set.activate(
        named("vision", 1, "valid_from = 2023-01-01"),
        date(2023, 1, 1),
    );
    set.activate(
        named("aids", 1, "valid_from = 2023-01-01"),
        date(2023, 1, 1),
    );
    set.activate(
        named("aids", 2, "valid_from = 2024-01-01"),
        date(2023, 6, 1),
    );
    let told = |on| -> Vec<(String, u32)> {
        set.all_in_force(Section::Fees, on)
            .into_iter()
            .map(|document| (document.id().to_owned(), document.version()))
            .collect()
    };
    let expected = |aids| vec![("aids".to_owned(), aids), ("vision".to_owned(), 1)];
    assert_eq!(told(date(2022, 12, 31)), vec![]);
    assert_eq!(told(date(2023, 12, 31)), expected(1));
    assert_eq!(told(date(2024, 1, 1)), expected(2));
}

fn validity() -> impl Strategy<Value = Validity> {
    (0_i32..60, prop::option::of(1_i32..60)).prop_map(|(start, length)| {
        let valid_from = date(2024, 2, 1).saturating_add(jiff::Span::new().days(start));
        let valid_to = length.map(|days| valid_from.saturating_add(jiff::Span::new().days(days)));
        Validity {
            valid_from,
            valid_to,
        }
    })
}

proptest! {
    #[test]
    fn two_validities_overlap_exactly_when_they_share_a_day(left in validity(), right in validity()) {
        let days = (0..200).map(|day| date(2024, 1, 1).saturating_add(jiff::Span::new().days(day)));
        let shared = days.into_iter().any(|day| left.contains(day) && right.contains(day));
        prop_assert_eq!(left.overlaps(&right), shared);
        prop_assert_eq!(right.overlaps(&left), shared);
    }
}
