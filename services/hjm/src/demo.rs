//! `hjm demo`: both stories, a generated year, its totals, and the checks over them.

use std::{fs, io::IsTerminal as _, path::Path, time::Instant};

use hjm_ids::{Month, TenantId};
use hjm_money::Money;
use hjm_postgres::{Options, PrivateServer, bootstrap, temporary_data_dir};
use hjm_proto::free_card::v1 as f;
use hjm_service::{Caller, caller::ROLE_AID_CENTRE};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::date;

use crate::{
    cli::{DATABASE, Demo, Error},
    desk::Desk,
    print,
    story::{
        ClockFile, Teller, Telling,
        county::{County, DALARNA, JAMTLAND},
        dalarna, jamtland,
        year::{self, OwnerTotal, YearSize},
    },
    suite::{Books, Suite, SuiteError, SuiteOptions},
    verify,
};

/// A suite on any four ports, with a clock file, for a telling of the stories.
struct World {
    suite: Suite,
    clock: ClockFile,
}

impl World {
    async fn open(data_dir: &Path, database: &str) -> Result<Self, Error> {
        // Nobody would miss these books after a power cut, so nobody waits for the disk.
        let server = PrivateServer::start(&Options {
            data_dir: data_dir.to_owned(),
            fsync: false,
        })?;
        if database != DATABASE {
            bootstrap::create_database(&server.admin_url(DATABASE), database, None)
                .await
                .map_err(SuiteError::from)?;
        }
        let clock = ClockFile::new(&data_dir.join(format!("{database}.clock")));
        clock.set(date(2024, 1, 2))?;
        let options = SuiteOptions {
            books: Books::Private(server, database.to_owned()),
            tenants: tenants(),
            clock: clock.clock(),
            keys: data_dir.join("keys.toml"),
            first_port: 0,
        };
        Ok(Self {
            suite: Suite::start(options).await?,
            clock,
        })
    }

    fn teller(&self, county: &County, name: &'static str) -> Result<Teller, Error> {
        let tenants = tenants();
        let tenant = tenants
            .iter()
            .find(|tenant| tenant.as_str() == county.tenant);
        let tenant = tenant.ok_or(crate::story::StoryError::Missing("a tenant"))?;
        let caller = Caller {
            tenant: tenant.clone(),
            principal: None,
            client: "demonstration".to_owned(),
            user: "aid-centre".to_owned(),
            roles: vec![ROLE_AID_CENTRE.to_owned()],
        };
        Ok(Teller::new(
            Desk::new(&self.suite.addresses, caller)?,
            self.clock.clone(),
            name,
        ))
    }
}

fn tenants() -> Vec<TenantId> {
    [JAMTLAND.tenant, DALARNA.tenant]
        .iter()
        .filter_map(|tenant| tenant.parse().ok())
        .collect()
}

pub(crate) async fn run(args: Demo) -> Result<(), Error> {
    let started = Instant::now();
    let data_dir = match args.data_dir {
        Some(folder) => folder,
        None => temporary_data_dir()?.keep(),
    };
    fs::create_dir_all(&data_dir)?;
    print::line("Assistive devices in two counties: rents, prices and people are made up or test");
    print::line("data (rents are invented; persons are the Tax Agency's test numbers); rules are");
    print::line("the counties' own. Everything below was asked by gRPC from four services.");
    second_telling(&data_dir, first_telling(&data_dir).await?).await?;
    let size = YearSize {
        seed: args.seed,
        persons: args.persons,
        loans: args.loans,
    };
    let holds = generated_year(&data_dir, size).await?;
    print::line(format!(
        "\nTook {} s. The data is in {}.",
        started.elapsed().as_secs(),
        data_dir.display()
    ));
    how_to_go_on(&data_dir);
    if holds == 0 {
        Ok(())
    } else {
        Err(Error::Breaches(holds))
    }
}

/// What the first telling printed, to be compared with the second.
struct Told {
    card: f::AccountStatus,
}

async fn first_telling(data_dir: &Path) -> Result<Told, Error> {
    let world = World::open(data_dir, DATABASE).await?;
    let told = dalarna::play(&world.teller(&DALARNA, "story-dalarna")?, Telling::First).await?;
    print::heading("Dalarna 2024: one person of 45, seven devices, one common free card");
    print::figures(&told.figures);
    print::line(format!("  {}", card(&told.status)));
    let alike = if told.repeats_alike {
        "nothing changed"
    } else {
        "SOMETHING CHANGED"
    };
    print::line(format!("  asked again with the same request ids: {alike}"));

    let teller = world.teller(&JAMTLAND, "story-jamtland")?;
    let figures = jamtland::play(&teller, Telling::First).await?;
    print::heading("Jämtland Härjedalen, March 2025: seven people, three customer numbers");
    print::figures(&figures);
    world.suite.stop().await?;
    Ok(Told { card: told.status })
}

async fn second_telling(data_dir: &Path, first: Told) -> Result<(), Error> {
    let world = World::open(data_dir, "hjm_second").await?;
    let told = dalarna::play(&world.teller(&DALARNA, "story-dalarna")?, Telling::Second).await?;
    print::heading("Dalarna again, when February's charge is credited on 11 June");
    print::figures(&told.figures);
    print::line(format!("  before: {}", card(&first.card)));
    print::line(format!("  now:    {}", card(&told.status)));
    let little = dalarna::undercharged(&told.fees)?;
    print::line(format!(
        "  charged too little in June: {little}, listed and not collected"
    ));

    let teller = world.teller(&JAMTLAND, "story-jamtland")?;
    let mut figures = jamtland::play(&teller, Telling::Second).await?;
    figures.retain(|figure| figure.who == "F");
    print::heading("Jämtland Härjedalen again, when F's return is corrected to 20 March");
    print::figures(&figures);
    Ok(world.suite.stop().await?)
}

fn card(status: &f::AccountStatus) -> String {
    let day = |date: Option<hjm_proto::common::v1::Date>| {
        date.map_or("-".to_owned(), |d| {
            format!("{:04}-{:02}-{:02}", d.year, d.month, d.day)
        })
    };
    format!(
        "free card {} – {}",
        day(status.card_from),
        day(status.card_to)
    )
}

/// Plays the year in the first telling's books; answers how many checks found a breach.
async fn generated_year(data_dir: &Path, size: YearSize) -> Result<usize, Error> {
    let world = World::open(data_dir, DATABASE).await?;
    print::heading(format!(
        "A generated year, May 2025 to April 2026: {} persons, about {} loans, seed {}",
        size.persons, size.loans, size.seed
    ));
    let tellers = [
        (&JAMTLAND, world.teller(&JAMTLAND, "year-jamtland")?),
        (&DALARNA, world.teller(&DALARNA, "year-dalarna")?),
    ];
    year::close_before(&tellers[1].1, Month::of(date(2024, 7, 1))).await?;
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("  {bar:40} {pos}/{len} steps, {elapsed}") {
        bar.set_style(style);
    }
    let year = year::play(&tellers, size, |played, steps| {
        bar.set_length(steps as u64);
        bar.set_position(played as u64);
    });
    let year = year.await?;
    bar.finish_and_clear();
    print::line(format!(
        "  {} deliveries, returns, moves, deaths and corrections; twelve months closed",
        year.steps
    ));
    owners(&year.totals);
    print::heading("What must always hold, checked in the books");
    let mut broken = 0;
    for tenant in tenants() {
        print::line(format!("  {tenant}"));
        broken += verify::report(&verify::check(&world.suite.books, &tenant).await?);
    }
    world.suite.stop().await?;
    Ok(broken)
}

fn owners(totals: &[OwnerTotal]) {
    print::row([
        "tenant", "owner", "name", "rent", "sales", "own fees", "lines",
    ]);
    for total in totals {
        let cells = [total.rent, total.sales, total.own_fees].map(print::kronor);
        let (id, name) = (&total.principal_id, &total.name);
        let lines = total.lines.to_string();
        print::row([
            &total.tenant,
            id,
            name,
            &cells[0],
            &cells[1],
            &cells[2],
            &lines,
        ]);
    }
    let sum =
        |of: fn(&OwnerTotal) -> Money| Money::sum(totals.iter().map(of)).unwrap_or(Money::ZERO);
    let cells = [sum(|t| t.rent), sum(|t| t.sales), sum(|t| t.own_fees)].map(print::kronor);
    let lines: u64 = totals.iter().map(|total| total.lines).sum();
    print::row([
        "all",
        "",
        "",
        &cells[0],
        &cells[1],
        &cells[2],
        &lines.to_string(),
    ]);
}

fn how_to_go_on(data_dir: &Path) {
    let here = data_dir.display();
    let program = std::env::args().next().unwrap_or_else(|| "hjm".to_owned());
    print::heading("How to go on");
    print::line(
        "Serve these books (catalogue 7101, prescription 7102, billing 7103, free-card 7104):",
    );
    print::line(format!("  {program} serve --data-dir {here}"));
    print::line("In another terminal, in this folder:");
    print::line(format!(
        "  {program} statement --customer 2380 --month 2025-03"
    ));
    print::line(
        "  .venv/bin/buf curl --protocol grpc --http2-prior-knowledge \
         -H 'hjm-caller: tenant=jamtland-harjedalen;principal=2380;user=me' \
         -d '{\"customer_number\":\"2380\",\"month\":\"2025-03\"}' \
         http://127.0.0.1:7103/hjalpmedel.billing.v1.StatementService/GetStatement",
    );
    print::line("  .venv/bin/python tests/python/statement.py 2380 2025-03");
    print::line(format!(
        "Check the books again: {program} verify --data-dir {here}"
    ));
}
