use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use hjm_postgres::{Options, PrivateServer, ServerError, temporary_data_dir};

use crate::{Fresh, connect, fresh, run, start_in, text};

#[tokio::test]
async fn a_fresh_server_has_database_hjm_in_utf8_and_c_utf8() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    let facts = text(
        &mut admin,
        "SELECT concat_ws(' ', current_database(), current_user, datcollate, \
             pg_encoding_to_char(encoding)) FROM pg_database WHERE datname = current_database()",
    )
    .await;
    assert_eq!(facts, "hjm hjm C.UTF-8 UTF8");
}

#[tokio::test]
async fn it_listens_on_no_network_and_its_socket_folder_is_private() {
    let fresh = fresh();
    let mut admin = connect(&fresh.server.admin_url("hjm")).await;
    let addresses = text(&mut admin, "SHOW listen_addresses").await;
    assert_eq!(addresses, "");
    let folder = std::fs::metadata(fresh.server.socket_dir()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_server_never_runs_as_root() {
    let fresh = fresh();
    let cluster = fresh.folder.path().join("pgdata");
    let id = std::fs::read_to_string(cluster.join("postmaster.pid")).unwrap();
    let process = Path::new("/proc").join(id.lines().next().unwrap());
    let server_uid = std::fs::metadata(process).unwrap().uid();
    assert_ne!(server_uid, 0);
    assert_eq!(server_uid, std::fs::metadata(cluster).unwrap().uid());
}

#[tokio::test]
async fn a_restart_keeps_the_data() {
    let Fresh { server, folder } = fresh();
    let mut admin = connect(&server.admin_url("hjm")).await;
    run(
        &mut admin,
        "CREATE TABLE kept AS SELECT 'still here' AS word",
    )
    .await
    .unwrap();
    server.stop().unwrap();

    let again = start_in(folder.path());
    let mut admin = connect(&again.admin_url("hjm")).await;
    assert_eq!(
        text(&mut admin, "SELECT word FROM kept").await,
        "still here"
    );
}

#[tokio::test]
async fn stop_ends_the_server_while_a_client_is_connected() {
    let Fresh { server, folder } = fresh();
    let url = server.admin_url("hjm");
    let mut admin = connect(&url).await;
    server.stop().unwrap();
    assert!(run(&mut admin, "SELECT 1").await.is_err());
    assert!(!folder.path().join("pgdata/postmaster.pid").exists());
}

#[tokio::test]
async fn a_running_server_is_joined_and_the_last_user_stops_it() {
    let Fresh {
        server: first,
        folder,
    } = fresh();
    let second = start_in(folder.path());
    assert_eq!(first.admin_url("hjm"), second.admin_url("hjm"));

    first.stop().unwrap();
    let mut admin = connect(&second.admin_url("hjm")).await;
    assert_eq!(text(&mut admin, "SELECT current_user::text").await, "hjm");

    second.stop().unwrap();
    assert!(!folder.path().join("pgdata/postmaster.pid").exists());
}

#[tokio::test]
async fn a_server_left_running_is_used_again_and_then_stopped() {
    let Fresh { server, folder } = fresh();
    server.leave_running();
    let process = std::fs::read_to_string(folder.path().join("pgdata/postmaster.pid")).unwrap();

    let again = start_in(folder.path());
    let same = std::fs::read_to_string(folder.path().join("pgdata/postmaster.pid")).unwrap();
    assert_eq!(process.lines().next(), same.lines().next());
    drop(again);
    assert!(!folder.path().join("pgdata/postmaster.pid").exists());
}

#[test]
fn starts_at_the_same_moment_share_one_server() {
    let folder = temporary_data_dir().unwrap();
    let servers: Vec<PrivateServer> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| start_in(folder.path())))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let urls: std::collections::BTreeSet<_> = servers
        .iter()
        .map(|server| server.admin_url("hjm"))
        .collect();
    assert_eq!(urls.len(), 1);
}

#[tokio::test]
async fn a_data_directory_too_deep_for_a_socket_gets_a_short_one_elsewhere() {
    let folder = temporary_data_dir().unwrap();
    let deep = folder.path().join("x".repeat(60)).join("y z'%&".repeat(8));
    let server = start_in(&deep);
    let socket_dir = server.socket_dir().to_path_buf();
    assert!(!socket_dir.starts_with(&deep));
    let mut admin = connect(&server.admin_url("hjm")).await;
    assert_eq!(text(&mut admin, "SELECT current_user::text").await, "hjm");
    server.stop().unwrap();
    assert!(!socket_dir.exists());
}

#[tokio::test]
async fn odd_characters_in_the_path_are_encoded_in_the_url() {
    let folder = temporary_data_dir().unwrap();
    let server = start_in(&folder.path().join("å b'%&,?#"));
    let mut admin = connect(&server.admin_url("hjm")).await;
    assert_eq!(text(&mut admin, "SELECT current_user::text").await, "hjm");
}

#[test]
fn without_fsync_only_when_asked() {
    let folder = temporary_data_dir().unwrap();
    for (fsync, line) in [(true, "fsync = on"), (false, "fsync = off")] {
        let options = Options {
            data_dir: folder.path().to_path_buf(),
            fsync,
        };
        let server = PrivateServer::start(&options).unwrap();
        let settings = std::fs::read_to_string(folder.path().join("pgdata/postgresql.conf"));
        assert!(settings.unwrap().lines().any(|written| written == line));
        server.stop().unwrap();
    }
}

/// As root only: an ordinary user runs the server itself, and reaches what it can make.
#[test]
fn a_folder_the_servers_account_cannot_reach_is_refused_in_one_line() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let private = private_folder();
    std::fs::write(private.path().join("something"), "of mine").unwrap();
    let inside = private.path().join("data");
    for data_dir in [private.path(), &inside] {
        let options = Options {
            data_dir: data_dir.to_path_buf(),
            fsync: false,
        };
        let error = PrivateServer::start(&options).unwrap_err();
        assert!(matches!(error, ServerError::Unreachable { .. }), "{error}");
        let line = error.to_string();
        assert!(line.contains("cannot be reached by user"), "{line}");
        assert!(line.contains(&data_dir.display().to_string()), "{line}");
        assert_eq!(line.lines().count(), 1);
    }
    assert!(!inside.exists(), "a refused folder is not made");
}

#[test]
fn an_empty_private_folder_is_handed_over() {
    let private = private_folder();
    drop(start_in(private.path()));
    assert!(private.path().join("pgdata/PG_VERSION").exists());
}

#[test]
fn an_interrupted_cluster_is_made_anew() {
    let folder = temporary_data_dir().unwrap();
    let unfinished = folder.path().join("pgdata.unfinished");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("PG_VERSION"), "half").unwrap();
    drop(start_in(folder.path()));
    assert!(!unfinished.exists());
}

fn private_folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}
