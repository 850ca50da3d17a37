//! Each service ended at the awkward places and started again: the books come out the same.
//!
//! The four services are processes of their own. A watchman starts each again when it ends, as an
//! orchestrator would. The one under test ends itself at a named point, the Nth time it passes; or
//! all four are killed again and again at moments that a seed chooses.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, Ordering},
    },
    time::Duration,
};

use hjm::{
    desk::{Addresses, Desk},
    story::{
        ClockFile, Teller, Telling,
        county::{County, DALARNA, JAMTLAND},
    },
    suite::Books,
    verify,
};
use hjm_postgres::Context;
use hjm_testkit::{OTHER_TENANT, TENANT, TestDatabase, aid_centre};
use jiff::civil::date;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    stories,
    support::{self, program},
};

/// What a process ends with at a crash point.
const CRASHED: i32 = 137;
const NAMES: [&str; 4] = ["catalogue", "prescription", "billing", "free-card"];

/// How services end under a test.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// One ends itself, once, at a point of its own.
    Crash {
        service: &'static str,
        point: &'static str,
    },
    /// Each is killed so many times, whatever it is doing.
    Kills { seed: u64, times: u32 },
    /// One is.
    KillsOf {
        service: &'static str,
        seed: u64,
        times: u32,
    },
}

/// The lives of a killed service are so short, in milliseconds: from its start, when it may not
/// listen yet, to well within a story's work.
const LIFE_MS: std::ops::Range<u64> = 20..900;

/// Four services as processes, each started again when it ends.
pub(crate) struct Processes {
    database: TestDatabase,
    clock: ClockFile,
    folder: TempDir,
    addresses: [SocketAddr; 4],
    crashes: Arc<AtomicU32>,
    watchmen: Vec<JoinHandle<()>>,
}

impl Processes {
    pub(crate) async fn start(fault: Fault) -> Self {
        let database = support::database().await;
        let folder = tempfile::tempdir().unwrap();
        let clock = ClockFile::new(&folder.path().join("clock"));
        clock.set(date(2024, 1, 2)).unwrap();
        prescription_service::keys::create(&folder.path().join("keys.toml")).unwrap();
        let crashes = Arc::new(AtomicU32::new(0));
        let addresses = addresses();
        let mut all = Self {
            database,
            clock,
            folder,
            addresses,
            crashes,
            watchmen: Vec::new(),
        };
        for name in NAMES {
            let watchman = match fault {
                Fault::Crash { service, point } => {
                    all.watch(name, (name == service).then_some(point))
                }
                Fault::KillsOf { service, .. } if name != service => all.watch(name, None),
                Fault::Kills { seed, times } | Fault::KillsOf { seed, times, .. } => {
                    all.hunt(name, seed, times)
                }
            };
            all.watchmen.push(watchman);
        }
        all
    }

    fn url(&self, name: &str) -> String {
        let at = NAMES.iter().position(|one| *one == name).unwrap();
        format!("http://{}", self.addresses[at])
    }

    fn command(&self, name: &str) -> Command {
        let at = NAMES.iter().position(|one| *one == name).unwrap();
        let context = Context::ALL[at];
        let mut command = Command::new(program(name));
        command
            .arg("serve")
            .args(["--listen", &self.addresses[at].to_string()])
            .args(["--tenants", &format!("{TENANT},{OTHER_TENANT}")])
            .args([
                "--clock",
                &format!("file:{}", self.folder.path().join("clock").display()),
            ])
            .args(["--database-url", &self.database.serving_url(context)])
            .arg("--insecure-callers")
            .env("RUST_LOG", "error")
            .env("HJM_KEYS", self.folder.path().join("keys.toml"))
            .env("HJM_CATALOGUE_URL", self.url("catalogue"))
            .env("HJM_PRESCRIPTION_URL", self.url("prescription"))
            .env("HJM_FREE_CARD_URL", self.url("free-card"))
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        command
    }

    /// Starts a service, and again whenever it ends; it crashes in its first life only.
    fn watch(&self, name: &'static str, point: Option<&str>) -> JoinHandle<()> {
        let mut first = self.command(name);
        if let Some(point) = point {
            first.args(["--crash-at", point]);
        }
        let next = self.command(name);
        let crashes = Arc::clone(&self.crashes);
        tokio::spawn(async move { keep_alive(first.spawn().unwrap(), next, &crashes).await })
    }

    /// Starts a service and kills it `times` times, each after a life of a random length.
    fn hunt(&self, name: &'static str, seed: u64, times: u32) -> JoinHandle<()> {
        let place = NAMES.iter().position(|one| *one == name).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(seed + place as u64);
        let mut command = self.command(name);
        let crashes = Arc::clone(&self.crashes);
        tokio::spawn(async move {
            for _ in 0..times {
                let life = Duration::from_millis(random.random_range(LIFE_MS));
                let mut child = command.spawn().unwrap();
                if timeout(life, child.wait()).await.is_err() {
                    child.kill().await.unwrap();
                    crashes.fetch_add(1, Ordering::SeqCst);
                }
            }
            keep_alive(command.spawn().unwrap(), command, &crashes).await;
        })
    }

    pub(crate) fn teller(&self, county: &County, name: &'static str) -> Teller {
        let addresses = Addresses {
            catalogue: self.url("catalogue"),
            prescription: self.url("prescription"),
            billing: self.url("billing"),
            free_card: self.url("free-card"),
        };
        let desk = Desk::new(&addresses, aid_centre(county.tenant, "aid-centre")).unwrap();
        Teller::new(desk, self.clock.clone(), name)
    }

    /// Every invariant holds in the books of both tenants.
    pub(crate) async fn verify(&self) {
        let books = Books::Given(self.database.migration_url());
        for tenant in [TENANT, OTHER_TENANT] {
            for finding in verify::check(&books, &tenant.parse().unwrap())
                .await
                .unwrap()
            {
                assert_eq!(
                    finding.breaches,
                    Vec::<String>::new(),
                    "{}",
                    finding.invariant
                );
            }
        }
    }

    /// How often one has crashed so far.
    pub(crate) fn crashed(&self) -> u32 {
        self.crashes.load(Ordering::SeqCst)
    }

    /// Ends the services and says how often one crashed.
    fn crashes(&self) -> u32 {
        for watchman in &self.watchmen {
            watchman.abort();
        }
        self.crashes.load(Ordering::SeqCst)
    }
}

/// Starts a service again whenever it ends, and counts how often it had crashed.
async fn keep_alive(mut child: Child, mut next: Command, crashes: &AtomicU32) {
    loop {
        let ended = child.wait().await.unwrap();
        if ended.code() == Some(CRASHED) {
            crashes.fetch_add(1, Ordering::SeqCst);
        }
        child = next.spawn().unwrap();
    }
}

/// Four addresses that no other test has: loopback is a whole network, a process a host of it.
fn addresses() -> [SocketAddr; 4] {
    static STARTED: AtomicU16 = AtomicU16::new(0);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, 64 + high, middle, low);
    let first = 7101 + 4 * STARTED.fetch_add(1, Ordering::SeqCst);
    [0, 1, 2, 3].map(|offset| (host, first + offset).into())
}

/// Both stories in their second telling; answers how many processes ended on the way.
async fn comes_out_the_same(fault: Fault) -> u32 {
    let processes = Processes::start(fault).await;
    let teller = processes.teller(&DALARNA, "story-dalarna");
    stories::dalarna_is_told(&teller, Telling::Second).await;
    let teller = processes.teller(&JAMTLAND, "story-jamtland");
    stories::jamtland_is_told(&teller, Telling::Second).await;
    processes.verify().await;
    processes.crashes()
}

async fn comes_out_the_same_after_a_crash(service: &'static str, point: &'static str) {
    let crashes = comes_out_the_same(Fault::Crash { service, point }).await;
    assert_eq!(
        crashes, 1,
        "{service} never passed {point}: nothing was proved"
    );
}

macro_rules! crashes {
    ($($name:ident: $service:literal $point:literal;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            comes_out_the_same_after_a_crash($service, $point).await;
        }
    )*};
}

crashes! {
    prescription_ends_after_a_commit_and_before_its_answer:
        "prescription" "after-commit-before-answer:70";
    billing_ends_after_its_first_claim_of_a_month:
        "billing" "after-commit-before-answer:1";
    billing_ends_between_the_claim_of_a_month_and_its_owners:
        "billing" "between-claim-and-owners:1";
    billing_ends_between_two_owners_of_a_month:
        "billing" "between-owners:2";
    billing_ends_between_a_cancelled_fee_and_its_credit:
        "billing" "between-cancel-and-settlement:1";
    billing_ends_after_the_credit_is_posted_and_before_its_answer:
        "billing" "after-commit-before-answer:6";
    billing_ends_between_the_first_effects_and_their_cursor:
        "billing" "between-effect-and-cursor:1";
    billing_ends_between_later_effects_and_their_cursor:
        "billing" "between-effect-and-cursor:40";
    billing_ends_between_a_fee_and_its_settlement:
        "billing" "between-fee-and-settlement:1";
    billing_ends_between_the_fee_that_gives_the_card_and_its_settlement:
        "billing" "between-fee-and-settlement:6";
    free_card_ends_after_a_fee_and_before_its_answer:
        "free-card" "after-commit-before-answer:3";
    free_card_ends_after_a_cancellation_and_before_its_answer:
        "free-card" "after-commit-before-answer:7";
    catalogue_ends_after_a_policy_and_before_its_answer:
        "catalogue" "after-commit-before-answer:8";
}

/// The harness itself: a service that is killed and not started again must be noticed.
#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "never passed")]
async fn a_crash_that_does_not_happen_is_noticed() {
    comes_out_the_same_after_a_crash("catalogue", "no-such-point").await;
}

/// `HJM_SEED` names other moments than the first seed's.
#[expect(clippy::disallowed_methods, reason = "a test has no flags of its own")]
pub(crate) fn seed() -> u64 {
    std::env::var("HJM_SEED").map_or(1, |seed| seed.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_is_killed_again_and_again_at_any_moment() {
    let seed = seed();
    let times = 4;
    let kills = comes_out_the_same(Fault::Kills { seed, times }).await;
    assert_eq!(
        kills,
        4 * times,
        "a service ended by itself, HJM_SEED={seed}"
    );
}
