//! Free-card against PostgreSQL alone: rounds in which the limits and the service take turns, in
//! an order that moves on by one each round.

mod caller;
mod proof;
mod world;

use std::{collections::BTreeMap, time::Duration};

use caller::{Asking, Idle, People, Registering};
use hjm_postgres::temporary_data_dir;
use world::World;

use super::{
    limit::{Limit, Script},
    load::{Reading, Work, work_for},
    machine,
    report::{self, Against, Aim, Rounds},
};
use crate::{cli::Error, print};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct FreeCard {
    /// Rounds; figures are medians of them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each reading in a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Persons, on both sides; each has an account before anything is measured.
    #[arg(long, default_value_t = 100_000)]
    persons: u32,
    /// Only readings whose name begins so.
    #[arg(long)]
    only: Option<String>,
    /// The same seed asks for the same.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
}

const STREAMS_A_CONNECTION: usize = 16;
/// Callers of the measurement of memory.
const STREAMS: usize = 512;
const HOT_CALLERS: usize = 64;

/// One reading of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Limit(Script, usize),
    Register(usize),
    RegisterHot,
    Exempt(usize),
    Empty(usize),
}

const STEPS: [Step; 25] = [
    Step::Limit(Script::Func, 1),
    Step::Register(1),
    Step::Limit(Script::Func, 4),
    Step::Limit(Script::Func, 16),
    Step::Register(16),
    Step::Limit(Script::Func, 32),
    Step::Register(32),
    Step::Register(64),
    Step::Register(256),
    Step::Limit(Script::Naive, 1),
    Step::Limit(Script::Naive, 4),
    Step::Limit(Script::Naive, 16),
    Step::Limit(Script::Naive, 32),
    Step::Limit(Script::Hot, 1),
    Step::Limit(Script::Hot, 4),
    Step::Limit(Script::Hot, 16),
    Step::Limit(Script::Hot, 32),
    Step::RegisterHot,
    Step::Limit(Script::Batch, 4),
    Step::Limit(Script::Row, 1),
    Step::Limit(Script::Key, 4),
    Step::Exempt(64),
    Step::Exempt(1),
    Step::Empty(1),
    Step::Empty(64),
];

impl Step {
    fn name(self) -> String {
        match self {
            Self::Limit(script, clients) => format!("{} {clients}", script.name()),
            Self::Register(callers) => format!("register {callers}"),
            Self::RegisterHot => format!("register-hot {HOT_CALLERS}"),
            Self::Exempt(callers) => format!("exempt {callers}"),
            Self::Empty(callers) => format!("empty {callers}"),
        }
    }
}

/// What is aimed at; a ratio in thousandths.
const AIMS: [Aim; 8] = [
    Aim::rate("register 64", &["w2_func 16", "w2_func 32"], 1200).with(&["empty 64", BATCH]),
    Aim::rate("register 256", &["w2_func 16", "w2_func 32"], 1200).with(&["empty 64", BATCH]),
    Aim::rate("register 64", &["w2_naive 16", "w2_naive 32"], 1200),
    Aim::rate("register-hot 64", &["w2_hot 16", "w2_hot 32"], 10_000).with(&["empty 64", BATCH]),
    Aim::rate("exempt 64", &["w3_pk 4"], 600).with(&["empty 64"]),
    Aim::median("register 1", "w2_func 1", 1300).with(&["empty 1", "w2_row 1"]),
    // An access is logged before the answer.
    Aim::median("exempt 1", "empty 1", 1900).with(&["empty 1", "w2_row 1"]),
    Aim::of("register 64", Against::SlowestUs(25_000)),
];
/// The simplest fees there are, of which a commit holds many.
const BATCH: &str = "w2_batch32 4";
/// The reading of a flush, as the machine does it.
const FLUSH: &str = "flush of 8 KiB";
const MEMORY_KIB_MAX: u64 = 48 * 1024;

pub(crate) async fn run(args: FreeCard) -> Result<(), Error> {
    let folder = temporary_data_dir()?;
    print::line(format!(
        "{} rounds, {} s a reading, {} persons, seed {}",
        args.rounds, args.seconds, args.persons, args.seed
    ));
    let mut world = World::open(folder.path()).await?;
    let limit = Limit::load(world.admin_url(), folder.path().to_owned(), args.persons).await?;
    let people = People::new(args.persons);
    let measured = measure(&args, &mut world, &limit, &people).await;
    let shown = match measured {
        Ok(bench) => bench.finish(&world).await,
        Err(error) => Err(error),
    };
    world.close().await?;
    shown
}

/// What was measured so far.
struct Bench {
    rounds: Rounds,
    told: caller::Told,
    memory: (u64, u64),
}

async fn measure(
    args: &FreeCard,
    world: &mut World,
    limit: &Limit,
    people: &People,
) -> Result<Bench, Error> {
    let mut bench = Bench {
        rounds: BTreeMap::new(),
        told: caller::Told::default(),
        memory: (0, 0),
    };
    // An account for each person: what is measured is the service at work, not at its first day.
    let firsts = people.firsts(world, HOT_CALLERS, STREAMS_A_CONNECTION)?;
    let (firsts, _) = work_for(firsts, Duration::MAX).await?;
    for first in &firsts {
        bench.told.add(first.told());
    }
    // As the limit's own script does, and the server by itself within a minute.
    world.analyze().await?;
    let time = Duration::from_secs(args.seconds);
    let wanted = |step: &Step| {
        args.only
            .as_ref()
            .is_none_or(|only| step.name().starts_with(only))
    };
    let mut steps: Vec<Step> = STEPS.into_iter().filter(wanted).collect();
    for round in 0..args.rounds {
        bench.flush(world)?;
        for (place, step) in steps.iter().enumerate() {
            let seed = args.seed + (round * STEPS.len() + place) as u64 * 1000;
            let before = world.cpu_ms();
            let mut reading = match step {
                Step::Limit(script, clients) => limit.play(*script, *clients, args.seconds).await?,
                Step::Register(callers) => {
                    bench
                        .register(world, people, (*callers, false), seed, time)
                        .await?
                }
                Step::RegisterHot => {
                    bench
                        .register(world, people, (HOT_CALLERS, true), seed, time)
                        .await?
                }
                Step::Exempt(callers) => {
                    let each = |at: usize, channel| Asking::new(people, channel, seed + at as u64);
                    reading_of(world, *callers, time, each).await?
                }
                Step::Empty(callers) => {
                    reading_of(world, *callers, time, |_, channel| Idle::new(channel)).await?
                }
            };
            let answers = (reading.per_second * args.seconds).max(1);
            let parts = reading.cpu_us.iter_mut().zip(before).zip(world.cpu_ms());
            for ((us, before), now) in parts {
                *us = now.saturating_sub(before) * 1000 / answers;
            }
            bench.rounds.entry(step.name()).or_default().push(reading);
        }
        if !steps.is_empty() {
            steps.rotate_left(1);
        }
    }
    bench.memory = bench.streams(world, people, args.seed, time).await?;
    Ok(bench)
}

async fn reading_of<W: Work>(
    world: &World,
    callers: usize,
    time: Duration,
    each: impl Fn(usize, tonic::transport::Channel) -> W,
) -> Result<Reading, Error> {
    let channels = world.channels(callers, STREAMS_A_CONNECTION)?;
    let workers = channels.into_iter().enumerate();
    let workers = workers.map(|(at, channel)| each(at, channel)).collect();
    Ok(work_for(workers, time).await?.1)
}

impl Bench {
    fn flush(&mut self, world: &World) -> Result<(), Error> {
        let us = machine::flush_us(world.folder())?;
        let readings = self.rounds.entry(FLUSH.to_owned()).or_default();
        readings.push(Reading::of(vec![us], us));
        Ok(())
    }

    async fn register(
        &mut self,
        world: &World,
        people: &People,
        (callers, hot): (usize, bool),
        seed: u64,
        time: Duration,
    ) -> Result<Reading, Error> {
        let channels = world.channels(callers, STREAMS_A_CONNECTION)?;
        let workers = channels.into_iter().enumerate();
        let workers = workers.map(|(at, channel)| {
            let people = if hot { People::hot() } else { people.clone() };
            Registering::new(people, channel, seed + at as u64)
        });
        let (workers, reading) = work_for(workers.collect(), time).await?;
        for worker in &workers {
            self.told.add(worker.told());
        }
        Ok(reading)
    }

    /// The service's memory while so many streams register, and the most it ever took.
    async fn streams(
        &mut self,
        world: &World,
        people: &People,
        seed: u64,
        time: Duration,
    ) -> Result<(u64, u64), Error> {
        let seed = seed + 1_000_000_000;
        self.register(world, people, (STREAMS, false), seed, time)
            .await?;
        Ok(world.memory_kib())
    }

    async fn finish(self, world: &World) -> Result<(), Error> {
        report::readings(&self.rounds);
        report::aims(&self.rounds, &AIMS);
        let (now, most) = self.memory;
        print::line(format!(
            "memory of the service at {STREAMS} streams: {now} KiB, at the most {most} KiB \
             (aim: under {MEMORY_KIB_MAX})"
        ));
        proof::check(world, &self.told).await
    }
}
