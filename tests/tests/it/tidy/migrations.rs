//! Migrations that databases have applied stay as they were: a database refuses one that differs
//! from what it has applied.

use std::{collections::BTreeMap, fmt::Write as _, slice};

use sha2::{Digest as _, Sha256};

use super::{
    assert_none, root,
    tree::{Source, sources},
};

/// As `sha256sum` prints it, a line for each migration.
const APPLIED: &str = include_str!("migrations.sha256");

fn complaints(applied: &str, sources: &[Source]) -> Vec<String> {
    let lines = applied.lines().filter_map(|line| line.split_once("  "));
    let mut applied: BTreeMap<&str, &str> = lines.map(|(sum, path)| (path, sum)).collect();
    let migrations = sources
        .iter()
        .filter(|source| source.path.contains("/migrations/") && source.has_extension(&["sql"]));
    let mut complaints = Vec::new();
    for migration in migrations {
        let path = &migration.path;
        match applied.remove(path.as_str()) {
            None => complaints.push(format!("{path} is new: add its sum to migrations.sha256")),
            Some(sum) if sum != sum_of(&migration.text) => {
                complaints.push(format!("{path} was applied as it was: add another"));
            }
            Some(_) => {}
        }
    }
    let gone = applied.keys();
    complaints.extend(gone.map(|path| format!("{path} was applied and is gone")));
    complaints
}

fn sum_of(text: &str) -> String {
    let mut sum = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        write!(sum, "{byte:02x}").unwrap();
    }
    sum
}

#[test]
fn applied_migrations_are_as_they_were() {
    assert_none(&complaints(APPLIED, &sources(&root())));
}

#[test]
fn a_migration_that_was_edited_added_or_removed_is_found() {
    let kept = Source::new("services/a/migrations/0001_one.sql", "SELECT 1;\n");
    let applied = format!("{}  {}\n", sum_of(&kept.text), kept.path);
    assert_eq!(complaints(&applied, slice::from_ref(&kept)), [""; 0]);
    let edited = Source::new(&kept.path, "SELECT 2;\n");
    let said = complaints(&applied, &[edited]);
    assert!(said[0].ends_with("was applied as it was: add another"));
    let new = Source::new("services/a/migrations/0002_two.sql", "");
    let said = complaints(&applied, &[new]);
    assert!(said[0].contains("0002_two.sql is new"), "{said:?}");
    assert!(said[1].ends_with("0001_one.sql was applied and is gone"));
}
