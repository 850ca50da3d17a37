use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hjm_postgres::temporary_data_dir;
use nix::unistd::User;

const WITH_SERVER: &str = env!("CARGO_BIN_EXE_with-server");

fn with_server(arguments: &[&str]) -> Output {
    Command::new(WITH_SERVER).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The socket's folder in a URL.
fn socket_dir(url: &str) -> PathBuf {
    let host = url.split("host=").nth(1).unwrap();
    PathBuf::from(host.split('&').next().unwrap())
}

#[test]
fn the_commands_exit_code_is_forwarded() {
    let output = with_server(&["--no-fsync", "--", "sh", "-c", "exit 7"]);
    assert_eq!(output.status.code(), Some(7));
    let output = with_server(&["--no-fsync", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(output.status.code(), Some(128 + 15));
    let output = with_server(&["--no-fsync", "--", "/nonexistent/program"]);
    assert_eq!(output.status.code(), Some(125));
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(line.contains("cannot run /nonexistent/program"), "{line}");
}

#[test]
fn the_command_gets_both_urls_and_a_server_that_is_gone_afterwards() {
    let script = "echo \"$DATABASE_URL $KIT_DATABASE_URL\"; test -S \"${DATABASE_URL#*host=}/.s.PGSQL.5432\"";
    let output = with_server(&["--no-fsync", "--bootstrap", "--", "sh", "-c", script]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let urls = said(&output);
    let (plain, kit) = urls.split_once(' ').unwrap();
    assert!(
        plain.starts_with("postgres://hjm@localhost/hjm?host=/"),
        "{plain}"
    );
    assert_eq!(kit, format!("{plain}&options=-c%20search_path%3Dkit"));
    let data_dir = socket_dir(plain);
    assert!(
        !data_dir.parent().unwrap().exists(),
        "the temporary folder is removed"
    );
}

#[test]
fn a_termination_reaches_the_command_and_stops_the_server() {
    let folder = temporary_data_dir().unwrap();
    let data_dir = folder.path().display().to_string();
    // The parent of the command is the program under test.
    let script = "trap 'exit 9' TERM; kill -TERM $PPID; i=0; \
        while [ $i -lt 100000000 ]; do i=$((i + 1)); done";
    let arguments = [
        "--no-fsync",
        "--data-dir",
        &data_dir,
        "--",
        "sh",
        "-c",
        script,
    ];
    assert_eq!(with_server(&arguments).status.code(), Some(9));
    assert!(
        folder.path().join("pgdata").exists(),
        "a given folder is kept"
    );
    assert!(!folder.path().join("pgdata/postmaster.pid").exists());
}

#[test]
fn an_ordinary_user_runs_the_server_as_itself() {
    let Some(program) = reachable_copy() else {
        return;
    };
    let mut command = Command::new(program.path().join("with-server"));
    command.args(["--no-fsync", "--bootstrap", "--", "sh", "-c"]);
    command.arg("id -u; stat -c %u \"${DATABASE_URL#*host=}\"");
    command.current_dir("/");
    if let Some(nobody) = User::from_name("nobody").unwrap()
        && nix::unistd::Uid::effective().is_root()
    {
        command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = said(&output);
    let (caller, owner) = said.split_once('\n').unwrap();
    assert_eq!(caller, owner);
    assert_ne!(caller, "0");
}

/// The program where any user reaches it: the build folder may be private. None on a system whose
/// temporary folder runs no programs.
fn reachable_copy() -> Option<tempfile::TempDir> {
    let folder = temporary_data_dir().unwrap();
    let copy = folder.path().join("with-server");
    std::fs::copy(Path::new(WITH_SERVER), &copy).unwrap();
    Command::new(&copy)
        .arg("--version")
        .output()
        .ok()
        .map(|_| folder)
}
