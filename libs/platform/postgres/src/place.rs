//! One data directory: the steps that make a cluster in it, start its server and stop it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::{self, Binaries};
use crate::error::{ServerError, io};

/// Superuser of every private cluster, and the name of its first database.
pub(crate) const SUPERUSER: &str = "hjm";

/// Name of the socket's file, given by `PostgreSQL` from its port.
const SOCKET_FILE: &str = ".s.PGSQL.5432";

/// A socket's path is at most this long, so that it and its closing zero fit the kernel's 108.
const SOCKET_PATH_BYTES_MAX: usize = 106;

/// How long a start or stop may take before it is an error.
const WAIT_SECONDS_MAX: u64 = 60;

/// How often a server that is still starting is asked again.
const POLL: Duration = Duration::from_millis(20);

/// A data directory with the programs and the account that serve it.
#[derive(Debug)]
pub(crate) struct Place {
    data_dir: PathBuf,
    account: Account,
    binaries: Binaries,
}

impl Place {
    /// The folder, made if it is missing, with the installed version that fits what is in it.
    pub(crate) fn open(data_dir: &Path) -> Result<Place, ServerError> {
        let account = Account::for_server()?;
        let data_dir = prepare_data_dir(data_dir, &account)?;
        let binaries = Binaries::choose(&binaries::installed(), &data_dir.join("pgdata"))?;
        Ok(Place {
            data_dir,
            account,
            binaries,
        })
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Waits until no other process starts or stops this server, and keeps them out while the
    /// answer lives.
    pub(crate) fn close_gate(&self) -> Result<File, ServerError> {
        let gate = self.lock_file("gate.lock")?;
        gate.lock().map_err(io("lock", &self.data_dir))?;
        Ok(gate)
    }

    /// Makes what is missing, and answers the socket's folder once the server answers there. Only
    /// behind the gate.
    pub(crate) fn start_or_join(&self, fsync: bool) -> Result<PathBuf, ServerError> {
        if !self.data_dir.join("pgdata").join("PG_VERSION").exists() {
            self.make_cluster(fsync)?;
        }
        let socket_dir = if self.is_running()? {
            self.running_socket_dir()?
        } else {
            let socket_dir = self.make_socket_dir()?;
            self.write_settings(&socket_dir, fsync)?;
            self.launch()?;
            socket_dir
        };
        self.wait_until_answering(&socket_dir)?;
        Ok(socket_dir)
    }

    /// Starts the server with a new `server.log`, which tells why where it does not start.
    fn launch(&self) -> Result<(), ServerError> {
        let log = self.data_dir.join("server.log");
        File::create(&log).map_err(io("make", &log))?;
        self.account.own(&log)?;
        self.pg_ctl(&["start", "-l", "server.log"])
            .map_err(|error| {
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                let Some(detail) = last_line(&text) else {
                    return error;
                };
                ServerError::Program {
                    program: "postgres",
                    detail,
                }
            })
    }

    /// Stops the server, rolling open transactions back. Only behind the gate.
    pub(crate) fn stop(&self, socket_dir: &Path) -> Result<(), ServerError> {
        self.pg_ctl(&["stop", "-m", "fast"])?;
        if socket_dir.starts_with(&self.data_dir) {
            return Ok(());
        }
        std::fs::remove_dir_all(socket_dir).map_err(io("remove", socket_dir))
    }

    pub(crate) fn lock_file(&self, name: &str) -> Result<File, ServerError> {
        let path = self.data_dir.join(name);
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io("open", &path))
    }

    /// Makes the cluster beside its place and moves it there whole, so that an interrupted attempt
    /// leaves nothing that looks like a cluster.
    fn make_cluster(&self, fsync: bool) -> Result<(), ServerError> {
        let unfinished = self.data_dir.join("pgdata.unfinished");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(io("remove", &unfinished))?;
        }
        self.make_private_folder(&unfinished)?;
        let mut arguments = vec![
            "--pgdata=pgdata.unfinished",
            "--username",
            SUPERUSER,
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ];
        if !fsync {
            arguments.push("--no-sync");
        }
        let mut initdb = self
            .account
            .command(&self.binaries.program("initdb"), &self.data_dir);
        let output = initdb.args(&arguments).output();
        succeeded(
            "initdb",
            &output.map_err(io("run initdb in", &self.data_dir))?,
        )?;
        self.make_first_database(&unfinished)?;
        let cluster = self.data_dir.join("pgdata");
        std::fs::rename(&unfinished, &cluster).map_err(io("rename", &unfinished))
    }

    /// Database `hjm`, made without a server, so that no client program is needed.
    fn make_first_database(&self, cluster: &Path) -> Result<(), ServerError> {
        let mut single = self
            .account
            .command(&self.binaries.program("postgres"), &self.data_dir)
            .args(["--single", "-D", "pgdata.unfinished", "postgres"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io("run postgres in", cluster))?;
        if let Some(mut input) = single.stdin.take() {
            let statement = format!("CREATE DATABASE {SUPERUSER};\n");
            input
                .write_all(statement.as_bytes())
                .map_err(io("write to postgres in", cluster))?;
        }
        let output = single
            .wait_with_output()
            .map_err(io("run postgres in", cluster))?;
        succeeded("postgres", &output)
    }

    fn make_private_folder(&self, path: &Path) -> Result<(), ServerError> {
        if !path.exists() {
            std::fs::create_dir(path).map_err(io("make", path))?;
        }
        std::fs::set_permissions(path, Permissions::from_mode(0o700))
            .map_err(io("make private", path))?;
        self.account.own(path)
    }

    /// `run` in the data directory, or a fresh short folder where the socket's path would not fit.
    fn make_socket_dir(&self) -> Result<PathBuf, ServerError> {
        let own = self.data_dir.join("run");
        if own.as_os_str().len() + 1 + SOCKET_FILE.len() <= SOCKET_PATH_BYTES_MAX {
            self.make_private_folder(&own)?;
            return Ok(own);
        }
        let short = tempfile::Builder::new()
            .prefix("hjm-")
            .permissions(Permissions::from_mode(0o700))
            .disable_cleanup(true)
            .tempdir_in("/tmp")
            .map_err(io("make a folder in", Path::new("/tmp")))?;
        self.make_private_folder(short.path())?;
        Ok(short.path().to_path_buf())
    }

    /// The whole of `postgresql.conf`, written anew at each start.
    fn write_settings(&self, socket_dir: &Path, fsync: bool) -> Result<(), ServerError> {
        let path = self.data_dir.join("pgdata/postgresql.conf");
        let socket_dir = socket_dir.display().to_string().replace('\'', "''");
        let on_off = if fsync { "on" } else { "off" };
        let settings = format!(
            "# Written at each start by the program that owns this private server.\n\
             listen_addresses = ''\n\
             unix_socket_directories = '\"{socket_dir}\"'\n\
             unix_socket_permissions = 0700\n\
             port = 5432\n\
             cluster_name = 'hjm'\n\
             max_connections = 200\n\
             shared_buffers = '128MB'\n\
             work_mem = '8MB'\n\
             maintenance_work_mem = '64MB'\n\
             max_wal_size = '1GB'\n\
             wal_level = minimal\n\
             max_wal_senders = 0\n\
             max_parallel_workers_per_gather = 0\n\
             jit = off\n\
             random_page_cost = 1.1\n\
             fsync = {on_off}\n\
             full_page_writes = {on_off}\n\
             synchronous_commit = {on_off}\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             datestyle = 'iso, ymd'\n\
             default_text_search_config = 'pg_catalog.simple'\n"
        );
        std::fs::write(&path, settings).map_err(io("write", &path))
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<(), ServerError> {
        // The server inherits pg_ctl's streams: a pipe would stay open as long as the server runs.
        let mut said = tempfile::tempfile().map_err(io("make a file in", &std::env::temp_dir()))?;
        let stream = || {
            said.try_clone()
                .map_err(io("open a stream in", &self.data_dir))
        };
        let status = self
            .account
            .command(&self.binaries.program("pg_ctl"), &self.data_dir)
            .args(["-D", "pgdata", "-w", "-t", &WAIT_SECONDS_MAX.to_string()])
            .args(arguments)
            .stdout(stream()?)
            .stderr(stream()?)
            .status()
            .map_err(io("run pg_ctl in", &self.data_dir))?;
        let mut stderr = Vec::new();
        said.rewind()
            .and_then(|()| said.read_to_end(&mut stderr))
            .map_err(io("read pg_ctl's words in", &self.data_dir))?;
        succeeded(
            "pg_ctl",
            &Output {
                status,
                stdout: Vec::new(),
                stderr,
            },
        )
    }

    pub(crate) fn is_running(&self) -> Result<bool, ServerError> {
        self.account
            .command(&self.binaries.program("pg_ctl"), &self.data_dir)
            .args(["-D", "pgdata", "status"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map(|status| status.success())
            .map_err(io("run pg_ctl in", &self.data_dir))
    }

    /// Where the running server's socket is: the fifth line of its `postmaster.pid`.
    fn running_socket_dir(&self) -> Result<PathBuf, ServerError> {
        let path = self.data_dir.join("pgdata/postmaster.pid");
        let text = std::fs::read_to_string(&path).map_err(io("read", &path))?;
        text.lines()
            .nth(4)
            .filter(|line| !line.is_empty())
            .map(PathBuf::from)
            .ok_or_else(|| ServerError::NotAnswering {
                path: self.data_dir.clone(),
            })
    }

    fn wait_until_answering(&self, socket_dir: &Path) -> Result<(), ServerError> {
        let started = Instant::now();
        while UnixStream::connect(socket_dir.join(SOCKET_FILE)).is_err() {
            if started.elapsed().as_secs() >= WAIT_SECONDS_MAX {
                return Err(ServerError::NotAnswering {
                    path: self.data_dir.clone(),
                });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

/// Makes the folder if it is missing, and makes sure before that its account will reach it. An
/// empty private folder is handed over; one with anything in it is left as it is.
fn prepare_data_dir(wanted: &Path, account: &Account) -> Result<PathBuf, ServerError> {
    let absolute = std::path::absolute(wanted).map_err(io("find", wanted))?;
    if !absolute.exists() {
        let parent = absolute
            .ancestors()
            .find(|path| path.exists())
            .unwrap_or(Path::new("/"));
        if !account.can_enter(parent)? {
            return Err(account.unreachable(wanted));
        }
        std::fs::create_dir_all(&absolute).map_err(io("make", &absolute))?;
        std::fs::set_permissions(&absolute, Permissions::from_mode(0o755))
            .map_err(io("open up", &absolute))?;
    }
    let data_dir = absolute.canonicalize().map_err(io("find", &absolute))?;
    if account.can_enter(&data_dir)? {
        return Ok(data_dir);
    }
    let empty = std::fs::read_dir(&data_dir)
        .map_err(io("read", &data_dir))?
        .next()
        .is_none();
    let parent = data_dir.parent().unwrap_or(&data_dir);
    if empty && account.can_enter(parent)? {
        account.own(&data_dir)?;
        return Ok(data_dir);
    }
    Err(account.unreachable(wanted))
}

/// An error with the program's last words unless it ended well.
fn succeeded(program: &'static str, output: &Output) -> Result<(), ServerError> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let detail = last_line(&said).unwrap_or_else(|| output.status.to_string());
    Err(ServerError::Program { program, detail })
}

fn last_line(text: &str) -> Option<String> {
    text.lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .map(str::to_owned)
}
