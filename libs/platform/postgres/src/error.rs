//! Why a private server could not be had, each in one line that says what to do.

use std::path::PathBuf;

/// A private server could not be started or stopped.
///
/// `Display` is always one line, fit to be shown to the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No directory with `initdb`, `pg_ctl` and `postgres` was found.
    #[error(
        "PostgreSQL is not installed: run `apt-get install postgresql`, or set DATABASE_URL to a \
         server of your own"
    )]
    NotInstalled,
    /// Binaries are there, but none of the version that made the data directory.
    #[error(
        "the data in {} was made by PostgreSQL {wanted}, and only {found} is installed: run \
         `apt-get install postgresql-{wanted}`, or give another data directory",
        path.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        path: PathBuf,
        /// Major version that made the cluster.
        wanted: String,
        /// Major versions installed, separated by commas.
        found: String,
    },
    /// The process runs as root, and there is no account to run the server as.
    #[error("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")]
    NoServerUser,
    /// The account that runs the server cannot enter the data directory.
    #[error(
        "the data directory {} cannot be reached by user {user}, who runs PostgreSQL: give one \
         outside private folders such as /root",
        path.display()
    )]
    Unreachable {
        /// The data directory as given.
        path: PathBuf,
        /// Name of the account.
        user: String,
    },
    /// Neither `XDG_STATE_HOME` nor a home directory is known.
    #[error("no home directory to keep data in: give a data directory")]
    NoHome,
    /// One of `PostgreSQL`'s programs failed.
    #[error("{program} failed: {detail}")]
    Program {
        /// Its name.
        program: &'static str,
        /// Its last words, one line.
        detail: String,
    },
    /// A process is registered as the server of this data directory, but does not answer.
    #[error("a PostgreSQL is registered for {} and does not answer; see server.log there", path.display())]
    NotAnswering {
        /// The data directory.
        path: PathBuf,
    },
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// For `map_err`: an I/O error with what was tried, and where.
pub(crate) fn io(
    action: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(std::io::Error) -> ServerError {
    move |source| ServerError::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}
