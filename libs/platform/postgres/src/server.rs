//! The private server: its data directory, its start and its stop.
//!
//! A data directory holds `pgdata` (the cluster), `run` (the socket), `server.log` and two lock
//! files. `gate.lock` is held while a server is started or stopped; every process that uses the
//! server holds `users.lock` shared, so the last one to leave can tell that it is the last, even
//! after others were killed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::bootstrap::Context;
use crate::error::{ServerError, io};
use crate::place::{Place, SUPERUSER};

/// How a private server is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the cluster, its socket and its log; made if missing.
    pub data_dir: PathBuf,
    /// Whether commits reach the disk. `false` only for tests that never crash the machine. A
    /// server that already runs keeps the choice it was started with.
    pub fsync: bool,
}

/// A use of a private server, on a unix socket in a folder of mode 0700; it listens on no network.
///
/// Several processes may use one data directory: the first starts the server, the last to
/// [`stop`](PrivateServer::stop) or drop stops it. A server left running by a killed process is
/// used again.
#[derive(Debug)]
pub struct PrivateServer {
    place: Place,
    socket_dir: PathBuf,
    users: Option<File>,
}

impl PrivateServer {
    /// Starts the server of `options.data_dir`, or joins it where it runs already; makes the
    /// cluster with an empty database `hjm` if there is none. Returns when it answers.
    ///
    /// # Errors
    /// Every [`ServerError`]: nothing installed, a data directory that the server's account cannot
    /// reach, a cluster of another version, a program that fails.
    pub fn start(options: &Options) -> Result<PrivateServer, ServerError> {
        let place = Place::open(&options.data_dir)?;
        let _gate = place.close_gate()?;
        let users = place.lock_file("users.lock")?;
        users.lock_shared().map_err(io("lock", place.data_dir()))?;
        let socket_dir = place.start_or_join(options.fsync)?;
        Ok(PrivateServer {
            place,
            socket_dir,
            users: Some(users),
        })
    }

    /// Folder of the socket, mode 0700.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// URL of `database` as superuser.
    pub fn admin_url(&self, database: &str) -> String {
        self.url(SUPERUSER, database, "")
    }

    /// URL of `database` as the context's serving role, in the context's schema.
    pub fn serving_url(&self, context: Context, database: &str) -> String {
        let settings = format!("-c search_path={}", context.schema());
        self.url(&context.serving_role(), database, &settings)
    }

    /// URL of `database` for the context's migrations: the owner cannot log in, so the superuser
    /// does and acts as the owner from the first statement on.
    pub fn migration_url(&self, context: Context, database: &str) -> String {
        let settings = format!(
            "-c role={} -c search_path={}",
            context.owner_role(),
            context.schema()
        );
        self.url(SUPERUSER, database, &settings)
    }

    /// URL of `database` as superuser in a schema that is not a context's.
    pub fn admin_url_in(&self, schema: &str, database: &str) -> String {
        self.url(SUPERUSER, database, &format!("-c search_path={schema}"))
    }

    fn url(&self, role: &str, database: &str, settings: &str) -> String {
        let mut url = format!(
            "postgres://{role}@localhost/{}?host={}",
            encoded(OsStr::new(database)),
            encoded(self.socket_dir.as_os_str()),
        );
        if !settings.is_empty() {
            url.push_str("&options=");
            url.push_str(&encoded(OsStr::new(settings)));
        }
        url
    }

    /// Leaves the server, and stops it (fast: open transactions are rolled back) if nobody else
    /// uses it.
    ///
    /// # Errors
    /// When the server does not stop within a minute.
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.leave()
    }

    /// Leaves the server without stopping it. It runs on until a later user leaves last.
    pub fn leave_running(mut self) {
        self.users = None;
    }

    fn leave(&mut self) -> Result<(), ServerError> {
        let Some(users) = self.users.take() else {
            return Ok(());
        };
        let _gate = self.place.close_gate()?;
        users
            .unlock()
            .map_err(io("unlock", self.place.data_dir()))?;
        if users.try_lock().is_err() || !self.place.is_running()? {
            return Ok(());
        }
        self.place.stop(&self.socket_dir)
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if let Err(error) = self.leave() {
            tracing::warn!(%error, "the private PostgreSQL was not stopped");
        }
    }
}

/// Where data is kept unless told otherwise: `/var/lib/hjm` for root, else `$XDG_STATE_HOME/hjm`,
/// else `~/.local/state/hjm`.
///
/// # Errors
/// [`ServerError::NoHome`] when none of these is known.
pub fn default_data_dir() -> Result<PathBuf, ServerError> {
    if nix::unistd::Uid::effective().is_root() {
        return Ok(PathBuf::from("/var/lib/hjm"));
    }
    std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".local/state")))
        .map(|state| state.join("hjm"))
        .ok_or(ServerError::NoHome)
}

/// A fresh data directory that the server's account can reach, removed when dropped. Drop it after
/// the server.
///
/// # Errors
/// [`ServerError::Io`] when the system's temporary folder refuses.
pub fn temporary_data_dir() -> Result<tempfile::TempDir, ServerError> {
    tempfile::Builder::new()
        .prefix("hjm-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .map_err(io("make a folder in", &std::env::temp_dir()))
}

/// Percent encoding of everything that is not plain in a URL's path or query.
fn encoded(text: &OsStr) -> String {
    let mut url = String::new();
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}
