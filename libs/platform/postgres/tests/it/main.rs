//! Against real servers, each in a folder of its own.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bootstrap;
mod server;
mod with_server;

use hjm_postgres::{Options, PrivateServer, temporary_data_dir};
use sqlx::{Connection, PgConnection};

/// Declared so that the server is stopped before its folder goes.
struct Fresh {
    server: PrivateServer,
    folder: tempfile::TempDir,
}

fn fresh() -> Fresh {
    let folder = temporary_data_dir().unwrap();
    Fresh {
        server: start_in(folder.path()),
        folder,
    }
}

fn start_in(data_dir: &std::path::Path) -> PrivateServer {
    PrivateServer::start(&Options {
        data_dir: data_dir.to_path_buf(),
        fsync: false,
    })
    .unwrap()
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// The single text value a statement answers.
async fn text(connection: &mut PgConnection, statement: &'static str) -> String {
    use sqlx::{Executor, Row};
    connection
        .fetch_one(sqlx::raw_sql(statement))
        .await
        .unwrap()
        .get(0)
}

async fn run(connection: &mut PgConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::Executor;
    connection
        .execute(sqlx::raw_sql(statement))
        .await
        .map(|_| ())
}
