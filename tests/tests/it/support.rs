//! A world of its own for each test: a database, a clock, all four services on four ports.

use std::path::PathBuf;

use hjm::{
    desk::Desk,
    story::{ClockFile, Teller, county::County},
    suite::{Books, Suite, SuiteOptions},
};
use hjm_testkit::{OTHER_TENANT, TENANT, TestDatabase, aid_centre};
use jiff::civil::date;
use tempfile::TempDir;

/// All four services over a test's own database.
pub(crate) struct World {
    pub(crate) suite: Suite,
    pub(crate) clock: ClockFile,
    pub(crate) database: TestDatabase,
    _folder: TempDir,
}

/// A database with the schemas of all four services.
pub(crate) async fn database() -> TestDatabase {
    TestDatabase::create("suite", |database| async move {
        let url = database.migration_url();
        catalogue_service::migrate(&url).await.unwrap();
        prescription_service::migrate(&url).await.unwrap();
        billing_service::migrate(&url).await.unwrap();
        free_card_service::migrate(&url).await.unwrap();
    })
    .await
}

impl World {
    pub(crate) async fn open() -> Self {
        let database = database().await;
        let folder = tempfile::tempdir().unwrap();
        let clock = ClockFile::new(&folder.path().join("clock"));
        clock.set(date(2024, 1, 2)).unwrap();
        let options = SuiteOptions {
            books: Books::Given(database.migration_url()),
            tenants: vec![TENANT.parse().unwrap(), OTHER_TENANT.parse().unwrap()],
            clock: clock.clock(),
            keys: folder.path().join("keys.toml"),
            first_port: 0,
        };
        let suite = Suite::start(options).await.unwrap();
        Self {
            suite,
            clock,
            database,
            _folder: folder,
        }
    }

    /// A teller at the aid centre of a county.
    pub(crate) fn teller(&self, county: &County, name: &'static str) -> Teller {
        let caller = aid_centre(county.tenant, "aid-centre");
        let desk = Desk::new(&self.suite.addresses, caller).unwrap();
        Teller::new(desk, self.clock.clone(), name)
    }
}

/// A program of the suite, beside the test programs' folder.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join(name);
    assert!(
        program.exists(),
        "build the services first: cargo build --workspace --bins"
    );
    program
}
