//! Runs a command with a private `PostgreSQL` around it.

use std::ffi::OsString;
use std::future::pending;
use std::io::{IsTerminal, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use clap::Parser;
use hjm_postgres::bootstrap::bootstrap;
use hjm_postgres::{Options, PrivateServer, temporary_data_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection, PgConnection};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Database the command is pointed to.
const DATABASE: &str = "hjm";

/// Schema against which the platform libraries' SQL is checked.
const KIT_SCHEMA: &str = "kit";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Starts a private database server, runs a command with `DATABASE_URL` set to it, and stops it.
///
/// `KIT_DATABASE_URL` is set too: the same database, with the schema `kit` as search path. Ends
/// with the command's exit code, or 128 and the signal's number when a signal ended it.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Keep the data here [default: a fresh folder that is removed at the end]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Do not wait for the disk at commits: quicker, for tests only
    #[arg(long)]
    no_fsync: bool,
    /// Make the services' roles and schemas in the database first
    #[arg(long)]
    bootstrap: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "with-server: {error}");
            ExitCode::from(125)
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()?;
    let temporary = match arguments.data_dir {
        Some(_) => None,
        None => Some(temporary_data_dir()?),
    };
    let data_dir = arguments
        .data_dir
        .or_else(|| temporary.as_ref().map(|folder| folder.path().to_path_buf()))
        .unwrap_or_default();
    let options = Options {
        data_dir,
        fsync: !arguments.no_fsync,
    };
    let server = tokio::task::spawn_blocking(move || PrivateServer::start(&options)).await??;
    if arguments.bootstrap {
        let mut admin = PgConnection::connect(&server.admin_url(DATABASE)).await?;
        bootstrap(&mut admin).await?;
        admin.close().await?;
    }
    let status = run_command(&arguments.command, &server, &mut signals).await;
    tokio::task::spawn_blocking(|| server.stop()).await??;
    Ok(exit_code(status?))
}

/// Runs the command to its end, whatever signals arrive: it decides what they mean.
async fn run_command(
    command: &[OsString],
    server: &PrivateServer,
    signals: &mut Signals,
) -> Result<ExitStatus, Failure> {
    if let Some(early) = signals.arrived().await {
        return Ok(ExitStatus::from_raw(early as i32));
    }
    let (program, arguments) = command.split_first().ok_or("no command given")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", server.admin_url(DATABASE))
        .env(
            "KIT_DATABASE_URL",
            server.admin_url_in(KIT_SCHEMA, DATABASE),
        )
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            signal = signals.next() => {
                // A terminal sends Ctrl-C to the whole group, the command included.
                let told_by_terminal = signal == Signal::SIGINT && std::io::stdin().is_terminal();
                if let (false, Some(id)) = (told_by_terminal, child.id()) {
                    kill(Pid::from_raw(i32::try_from(id)?), signal)?;
                }
            }
        }
    }
}

/// SIGINT and SIGTERM, heard from the start on.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Signals, std::io::Error> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Signal::SIGINT,
            Some(()) = self.terminate.recv() => Signal::SIGTERM,
            else => pending().await,
        }
    }

    /// A signal that came before, without waiting for one.
    async fn arrived(&mut self) -> Option<Signal> {
        tokio::select! {
            biased;
            signal = self.next() => Some(signal),
            () = std::future::ready(()) => None,
        }
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
