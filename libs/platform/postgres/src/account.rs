//! Whom the server runs as: the caller, or an unprivileged account when the caller is root, since
//! `PostgreSQL` refuses to run as root.

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User};

use crate::error::{ServerError, io};

/// Accounts tried in this order when the caller is root.
const SERVER_USERS: [&str; 2] = ["postgres", "nobody"];

/// The account that owns the cluster and runs its server.
#[derive(Debug, Clone)]
pub(crate) enum Account {
    /// The caller's own.
    Caller,
    /// Another one, because the caller is root.
    Other { name: String, uid: Uid, gid: Gid },
}

impl Account {
    pub(crate) fn for_server() -> Result<Account, ServerError> {
        if !Uid::effective().is_root() {
            return Ok(Account::Caller);
        }
        SERVER_USERS
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Account::Other {
                name: user.name,
                uid: user.uid,
                gid: user.gid,
            })
            .ok_or(ServerError::NoServerUser)
    }

    /// A command run as this account, in a process group of its own, so that Ctrl-C does not stop
    /// the server before the services have drained, and without the caller's `PG*` and locale
    /// variables, which would change what the programs do.
    pub(crate) fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .process_group(0)
            .stdin(Stdio::null());
        if let Account::Other { uid, gid, .. } = self {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    /// Whether the account can enter `directory`, tried rather than computed, so that access lists
    /// and mount options count too.
    pub(crate) fn can_enter(&self, directory: &Path) -> Result<bool, ServerError> {
        match self
            .command(Path::new("/bin/sh"), directory)
            .args(["-c", ":"])
            .status()
        {
            Ok(status) => Ok(status.success()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(io("enter", directory)(error)),
        }
    }

    /// Hands `path` to the account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ServerError> {
        match self {
            Account::Caller => Ok(()),
            Account::Other { uid, gid, .. } => {
                std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
                    .map_err(io("hand over", path))
            }
        }
    }

    pub(crate) fn unreachable(&self, path: &Path) -> ServerError {
        let user = match self {
            Account::Caller => User::from_uid(Uid::effective())
                .ok()
                .flatten()
                .map_or_else(|| Uid::effective().to_string(), |user| user.name),
            Account::Other { name, .. } => name.clone(),
        };
        ServerError::Unreachable {
            path: path.to_path_buf(),
            user,
        }
    }
}
