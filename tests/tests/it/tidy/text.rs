//! What may not be written, and how long a file may get.

use super::tree::{Source, sources};
use super::{assert_none, root};

/// Lines of a source file; past about 400 it becomes a folder.
const LINES_MAX: usize = 450;

/// Ways to ask the database for the time. Time comes from the one clock.
const SQL_CLOCKS: [&str; 10] = [
    "now()",
    "'now'",
    "'today'",
    "current_date",
    "current_time",
    "localtime",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
];

/// Column types that hold a time.
const SQL_TIMES: [&str; 5] = ["date", "time", "timetz", "timestamp", "timestamptz"];

/// Places that are one machine's own. In two pieces, so that this file does not hold them.
const MACHINE_PLACES: [&str; 2] = [concat!("/wo", "rk/"), concat!("localhost", ":5432")];

/// A wait for time to pass, in any of our languages.
const SLEEP: &str = concat!("sle", "ep(");

fn sql_clocks(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension(&["sql"])) {
        for (number, line) in file.text.lines().enumerate() {
            let statement = line.split("--").next().unwrap_or_default().to_lowercase();
            let packed = statement.replace(' ', "");
            let words: Vec<&str> = statement
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            let clock = SQL_CLOCKS.iter().any(|clock| packed.contains(clock));
            let default_time =
                words.contains(&"default") && words.iter().any(|word| SQL_TIMES.contains(word));
            if clock || default_time {
                complaints.push(format!(
                    "{}:{}: time from the database",
                    file.path,
                    number + 1
                ));
            }
        }
    }
    complaints
}

fn machine_places(files: &[Source]) -> Vec<String> {
    complain(files, |_, line| {
        MACHINE_PLACES
            .iter()
            .find(|place| line.contains(**place))
            .map(|place| format!("{place} is a place on one machine"))
    })
}

/// In test folders, in the kit for tests, and below `#[cfg(test)]`.
fn sleeps(files: &[Source]) -> Vec<String> {
    let tests: Vec<Source> = files
        .iter()
        .filter(|file| file.has_extension(&["rs", "py", "sh"]))
        .filter_map(|file| {
            let whole = file.path.starts_with("tests/")
                || file.path.contains("/tests/")
                || file.path.contains("/testkit/");
            let from = if whole {
                0
            } else {
                file.text.find("#[cfg(test)]")?
            };
            Some(Source::new(&file.path, &file.text[from..]))
        })
        .collect();
    complain(&tests, |_, line| {
        line.contains(SLEEP)
            .then(|| "a test waits for a fact, not for time to pass".to_owned())
    })
}

fn long_files(files: &[Source]) -> Vec<String> {
    let sources = files
        .iter()
        .filter(|file| file.has_extension(&["rs", "py", "sh", "sql"]));
    sources
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > LINES_MAX)
                .then(|| format!("{}: {lines} lines, at most {LINES_MAX}", file.path))
        })
        .collect()
}

/// One complaint for each line that `fault` finds something in.
fn complain(files: &[Source], fault: impl Fn(&Source, &str) -> Option<String>) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| file.text.lines().map(move |line| (file, line)))
        .filter_map(|(file, line)| {
            Some(format!(
                "{}: {}: {}",
                file.path,
                fault(file, line)?,
                line.trim()
            ))
        })
        .collect()
}

#[test]
fn no_time_comes_from_the_database() {
    let files = sources(&root());
    assert!(
        files
            .iter()
            .any(|file| file.path.ends_with("sql/bootstrap.sql")),
        "files are found"
    );
    assert_none(&sql_clocks(&files));
}

#[test]
fn a_time_from_the_database_is_reported() {
    for line in [
        "VALUES (now ( ))",
        "at timestamptz NOT NULL DEFAULT something()",
        "on_day DATE DEFAULT '2025-01-01'",
        "CHECK (on_day <= CURRENT_DATE)",
        "SELECT 'now'::timestamptz",
    ] {
        assert_eq!(
            sql_clocks(&[Source::new("a.sql", line)]).len(),
            1,
            "{line} went unseen"
        );
    }
    for line in [
        "-- until now()",
        "counted bigint DEFAULT 0",
        "known_at timestamptz NOT NULL",
    ] {
        assert_none(&sql_clocks(&[Source::new("a.sql", line)]));
    }
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    assert_none(&machine_places(&sources(&root())));
}

#[test]
fn a_place_on_one_machine_is_reported() {
    for place in MACHINE_PLACES {
        let file = Source::new("README.md", &format!("see {place}x"));
        assert_eq!(machine_places(&[file]).len(), 1);
    }
}

#[test]
fn no_test_sleeps() {
    assert_none(&sleeps(&sources(&root())));
}

#[test]
fn a_sleeping_test_is_reported_and_a_program_that_waits_is_not() {
    let line = format!("    tokio::time::{SLEEP}POLL).await;\n");
    let below = format!("{line}#[cfg(test)]\nmod tests {{\n{line}}}\n");
    for (path, text, expected) in [
        ("services/billing/tests/it/runs.rs", &line, 1),
        ("tests/python/client.py", &line, 1),
        ("libs/platform/testkit/src/lib.rs", &line, 1),
        ("libs/domain/ids/src/lib.rs", &below, 1),
        ("libs/platform/postgres/src/place.rs", &line, 0),
    ] {
        assert_eq!(sleeps(&[Source::new(path, text)]).len(), expected, "{path}");
    }
}

#[test]
fn no_source_file_is_too_long() {
    assert_none(&long_files(&sources(&root())));
}

#[test]
fn a_source_file_of_one_line_too_many_is_reported() {
    let most = Source::new("a.rs", &"\n".repeat(LINES_MAX));
    let more = Source::new("a.rs", &"\n".repeat(LINES_MAX + 1));
    assert_none(&long_files(&[most]));
    assert_eq!(long_files(&[more]).len(), 1);
}
