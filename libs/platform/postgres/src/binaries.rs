//! Where the installed `PostgreSQL` programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ServerError;

/// Programs that make a folder a server's: clients alone are not enough.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where distributions put each major version's programs.
const VERSIONED: &str = "/usr/lib/postgresql";

/// One installed version.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    directory: PathBuf,
    major: String,
}

impl Binaries {
    /// The version to use: the one that made the cluster where there is a cluster, else the first
    /// found.
    pub(crate) fn choose(candidates: &[PathBuf], cluster: &Path) -> Result<Binaries, ServerError> {
        let found: Vec<Binaries> = candidates.iter().filter_map(|path| probe(path)).collect();
        let Ok(wanted) = std::fs::read_to_string(cluster.join("PG_VERSION")) else {
            return found.into_iter().next().ok_or(ServerError::NotInstalled);
        };
        let wanted = wanted.trim();
        if let Some(same) = found.iter().find(|binaries| binaries.major == wanted) {
            return Ok(same.clone());
        }
        if found.is_empty() {
            return Err(ServerError::NotInstalled);
        }
        let mut majors: Vec<String> = found.into_iter().map(|binaries| binaries.major).collect();
        majors.dedup();
        Err(ServerError::OtherVersion {
            path: cluster.to_path_buf(),
            wanted: wanted.to_owned(),
            found: majors.join(", "),
        })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Folders to look in, best first: what `pg_config` says, each version a distribution installed
/// with the newest first, then `PATH`.
pub(crate) fn installed() -> Vec<PathBuf> {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    configured
        .into_iter()
        .chain(newest_first(Path::new(VERSIONED)))
        .chain(std::env::split_paths(&path))
        .collect()
}

/// `<root>/<version>/bin` for every version folder, by number and not by text: 9 before 15 is old.
fn newest_first(root: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|left, right| right.cmp(left));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// The version in `directory`, if all its programs are there and answer.
fn probe(directory: &Path) -> Option<Binaries> {
    if !NEEDED.iter().all(|name| directory.join(name).is_file()) {
        return None;
    }
    let output = Command::new(directory.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let major = major_of(&text)?;
    Some(Binaries {
        directory: directory.to_path_buf(),
        major: major.to_owned(),
    })
}

/// The 15 of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_of(version: &str) -> Option<&str> {
    let number = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    number.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_version_is_the_leading_number() {
        for (text, major) in [
            (
                "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n",
                Some("15"),
            ),
            ("postgres (PostgreSQL) 18beta1", Some("18")),
            ("postgres", None),
        ] {
            assert_eq!(major_of(text), major, "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers_newest_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "15", "100", "not-a-version"] {
            std::fs::create_dir(root.path().join(version)).unwrap();
        }
        let expected = ["100", "15", "9"].map(|version| root.path().join(version).join("bin"));
        assert_eq!(newest_first(root.path()), expected);
    }

    #[test]
    fn no_binaries_says_in_one_line_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let error =
            Binaries::choose(&[empty.path().to_path_buf()], Path::new("/nonexistent")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("apt-get install postgresql"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn a_cluster_of_a_version_not_installed_is_refused_with_both_versions() {
        let cluster = tempfile::tempdir().unwrap();
        std::fs::write(cluster.path().join("PG_VERSION"), "7\n").unwrap();
        let text = Binaries::choose(&installed(), cluster.path())
            .unwrap_err()
            .to_string();
        assert!(text.contains("made by PostgreSQL 7"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
