//! Who knows one service knows four.

use std::collections::BTreeSet;

use super::tree::{Source, sources};
use super::{assert_none, root};

const SERVICES: [&str; 4] = ["catalogue", "prescription", "billing", "free-card"];

/// What is in every service's `src`, each a file or a folder of that name.
const MODULES: [&str; 10] = [
    "app", "config", "convert", "error", "events", "grpc", "lib", "main", "store", "verify",
];

/// SQL that the platform ships and services copy into a migration: the file, and a statement by
/// which a copy is known.
const SHIPPED: [(&str, &str); 6] = [
    ("libs/platform/feed/sql/kit.sql", "CREATE TABLE feed_event "),
    (
        "libs/platform/feed/sql/policies.sql",
        "CREATE TABLE followed_policy ",
    ),
    (
        "libs/platform/feed/sql/access.sql",
        "CREATE TABLE access_batch ",
    ),
    (
        "libs/platform/feed/sql/accesses.sql",
        "DROP TABLE access_entry;",
    ),
    (
        "libs/platform/feed/sql/append.sql",
        "CREATE FUNCTION feed_append(",
    ),
    (
        "libs/platform/feed/sql/skip.sql",
        "CREATE TABLE follower_skip ",
    ),
];

/// A service counts from its `main.rs` on.
fn odd_services(files: &[Source]) -> Vec<String> {
    let expected = BTreeSet::from(MODULES);
    let mut complaints = Vec::new();
    for service in SERVICES {
        let folder = format!("services/{service}/src/");
        let modules: BTreeSet<&str> = files
            .iter()
            .filter_map(|file| module(&file.path, &folder))
            .collect();
        if !modules.contains("main") {
            continue;
        }
        complaints.extend(
            expected
                .difference(&modules)
                .map(|name| format!("{folder} has no {name}.rs")),
        );
        complaints.extend(
            modules
                .difference(&expected)
                .map(|name| format!("{folder} has a {name} of its own")),
        );
    }
    complaints
}

/// `store` of `…/src/store.rs` and of `…/src/store/invoice.rs`.
fn module<'path>(path: &'path str, folder: &str) -> Option<&'path str> {
    let first = path.strip_prefix(folder)?.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

fn stale_copies(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    let migrations: Vec<&Source> = files
        .iter()
        .filter(|file| is_migration(&file.path))
        .collect();
    for (shipped, mark) in SHIPPED {
        let original = files.iter().find(|file| file.path == shipped);
        for copy in migrations.iter().filter(|file| file.text.contains(mark)) {
            if original.is_none_or(|original| original.text != copy.text) {
                complaints.push(format!("{} is not a copy of {shipped}", copy.path));
            }
        }
    }
    for first in migrations
        .iter()
        .filter(|file| file.path.contains("/migrations/0001"))
    {
        let (_, mark) = SHIPPED[0];
        if !first.path.ends_with("/0001_kit.sql") || !first.text.contains(mark) {
            complaints.push(format!("{} is not the kit", first.path));
        }
    }
    complaints
}

fn is_migration(path: &str) -> bool {
    path.starts_with("services/") && path.contains("/migrations/")
}

#[test]
fn the_four_services_have_the_same_shape() {
    assert_none(&odd_services(&sources(&root())));
}

#[test]
fn a_service_of_another_shape_is_reported() {
    let whole: Vec<Source> = MODULES
        .iter()
        .map(|name| match *name {
            "store" => Source::new("services/billing/src/store/invoice.rs", ""),
            name => Source::new(&format!("services/billing/src/{name}.rs"), ""),
        })
        .collect();
    assert_none(&odd_services(&whole));

    let without_app: Vec<Source> = whole
        .iter()
        .filter(|file| !file.path.ends_with("app.rs"))
        .cloned()
        .collect();
    assert_eq!(
        odd_services(&without_app),
        ["services/billing/src/ has no app.rs"]
    );

    let mut with_helper = whole;
    with_helper.push(Source::new("services/billing/src/helper.rs", ""));
    assert_eq!(
        odd_services(&with_helper),
        ["services/billing/src/ has a helper of its own"]
    );
}

#[test]
fn migrations_copy_the_platforms_tables_unchanged() {
    assert_none(&stale_copies(&sources(&root())));
}

#[test]
fn a_copy_that_differs_is_reported() {
    let (shipped, mark) = SHIPPED[0];
    let original = Source::new(shipped, &format!("{mark}(…)"));
    let copy = Source::new("services/billing/migrations/0001_kit.sql", &original.text);
    assert_none(&stale_copies(&[original.clone(), copy]));

    let changed = Source::new(
        "services/billing/migrations/0001_kit.sql",
        &format!("{mark}(… more)"),
    );
    assert_eq!(stale_copies(&[original.clone(), changed]).len(), 1);

    let other = Source::new(
        "services/billing/migrations/0001_rental.sql",
        "CREATE TABLE rental",
    );
    assert_eq!(stale_copies(&[original, other]).len(), 1);
}
