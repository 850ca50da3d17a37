//! What PostgreSQL alone does: scripts of `pgbench` over tables of their own, beside ours.

use std::{fs, path::PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;

use super::load::Reading;
use crate::{cli::Error, suite::SuiteError};

const SCHEMA: &str = include_str!("sql/w2_schema.sql");
const VACUUM: [&str; 3] = ["w2.acc", "w2.fee", "w3.free_card"];

const SCRIPTS: [Script; 6] = [
    Script::Func,
    Script::Naive,
    Script::Hot,
    Script::Batch,
    Script::Row,
    Script::Key,
];

/// A script that `pgbench` plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// Registers a fee: one function, one round trip.
    Func,
    /// The same in six round trips.
    Naive,
    /// Everybody on one person.
    Hot,
    /// So many fees in a commit, by one statement: what batching could come to.
    Batch,
    /// One row, written durably: what a single caller's write could come to.
    Row,
    /// Reads by primary key.
    Key,
}

/// Fees of a batch of the limit.
const FEES_AT_ONCE: u64 = 32;

impl Script {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Func => "w2_func",
            Self::Naive => "w2_naive",
            Self::Hot => "w2_hot",
            Self::Batch => "w2_batch32",
            Self::Row => "w2_row",
            Self::Key => "w3_pk",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Func => include_str!("sql/w2_func.pgb"),
            Self::Naive => include_str!("sql/w2_naive.pgb"),
            Self::Hot => include_str!("sql/w2_hot.pgb"),
            Self::Batch => include_str!("sql/w2_batch32.pgb"),
            Self::Row => include_str!("sql/w2_row.pgb"),
            Self::Key => include_str!("sql/w3_pk.pgb"),
        }
    }

    /// What a transaction does of what is counted.
    const fn done_at_once(self) -> u64 {
        match self {
            Self::Batch => FEES_AT_ONCE,
            Self::Func | Self::Naive | Self::Hot | Self::Row | Self::Key => 1,
        }
    }
}

/// The tables of the limits, and where their scripts are.
#[derive(Debug)]
pub(crate) struct Limit {
    url: String,
    folder: PathBuf,
    persons: u32,
}

impl Limit {
    /// Makes the tables with so many persons, by a superuser's URL.
    ///
    /// # Errors
    /// What the database or the folder answers.
    pub(crate) async fn load(url: String, folder: PathBuf, persons: u32) -> Result<Self, Error> {
        let mut admin = PgConnection::connect(&url)
            .await
            .map_err(SuiteError::from)?;
        let schema = SCHEMA.replace(":persons", &persons.to_string());
        let vacuum = VACUUM.map(|table| format!("VACUUM ANALYZE {table}"));
        for sql in [schema].into_iter().chain(vacuum) {
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await;
            done.map_err(SuiteError::from)?;
        }
        admin.close().await.map_err(SuiteError::from)?;
        for script in SCRIPTS {
            fs::write(folder.join(script.name()), script.text())?;
        }
        Ok(Self {
            url,
            folder,
            persons,
        })
    }

    /// Plays a script for some seconds. How long its transactions took is known for one client
    /// only: to write them down costs the others.
    ///
    /// # Errors
    /// When `pgbench` is not there or says what cannot be read.
    pub(crate) async fn play(
        &self,
        script: Script,
        clients: usize,
        seconds: u64,
    ) -> Result<Reading, Error> {
        let log = self.folder.join("pgbench-log");
        let mut command = Command::new("pgbench");
        command
            .args(["-n", "-M", "prepared"])
            .args(["-c", &clients.to_string()])
            .args(["-j", &clients.min(2).to_string()])
            .args(["-T", &seconds.to_string()])
            .args(["-D", &format!("persons={}", self.persons)])
            .args(["-D", &format!("fees={}", script.done_at_once())])
            .arg("-f")
            .arg(self.folder.join(script.name()));
        if clients == 1 {
            command.arg("-l").arg("--log-prefix").arg(&log);
        }
        let output = command.arg(&self.url).output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let unread = || {
            let said = String::from_utf8_lossy(&output.stderr);
            Error::Bench(format!("pgbench says {text}{said}"))
        };
        let per_second = per_second(&text).filter(|_| output.status.success());
        let times = if clients == 1 {
            self.logged_times()?
        } else {
            Vec::new()
        };
        Ok(Reading {
            per_second: per_second.ok_or_else(unread)? * script.done_at_once(),
            ..Reading::of(times, 1)
        })
    }

    /// The third word of a line is the time that a transaction took.
    fn logged_times(&self) -> Result<Vec<u64>, Error> {
        let mut times = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| name.starts_with("pgbench-log")) {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            let words = text.lines().filter_map(|line| line.split(' ').nth(2));
            times.extend(words.filter_map(|word| word.parse::<u64>().ok()));
            fs::remove_file(path)?;
        }
        Ok(times)
    }
}

fn per_second(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    let whole = line.split(['.', ' ']).next()?;
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_prints() {
        let text = "latency average = 0.4 ms\n\
                    tps = 2442.103957 (without initial connection time)\n";
        assert_eq!(per_second(text), Some(2442));
        assert_eq!(per_second("no figures"), None);
    }
}
