//! The catalogue with many articles: how fast they come in, and how fast they are found.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use hjm_proto::{
    catalogue::v1::{self as c, article_service_client::ArticleServiceClient},
    common::v1::{ChargeForm, Date},
};
use hjm_service::{Caller, Failure, caller::ROLE_AID_CENTRE, client};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng, seq::IndexedRandom as _};
use tonic::transport::Channel;

use super::{
    alone::Alone,
    time::{millis, per_second, percentile, seconds},
};
use crate::{cli::Error, print};

const BROKEN_EVERY: usize = 20;

const KINDS: [(&str, &str); 16] = [
    ("Rullstol", "122203"),
    ("Elrullstol", "122306"),
    ("Rollator", "120606"),
    ("Gåbord", "120612"),
    ("Säng", "181210"),
    ("Madrass", "043303"),
    ("Sittdyna", "043303"),
    ("Duschpall", "093307"),
    ("Toalettförhöjning", "091215"),
    ("Personlyft", "123603"),
    ("Lyftsele", "123621"),
    ("Hörapparat", "220615"),
    ("Förstoringsapparat", "220318"),
    ("Arbetsstol", "180903"),
    ("Ramp", "183015"),
    ("Griptång", "242103"),
];
const TRAITS: [&str; 12] = [
    "hopfällbar",
    "höjdbar",
    "eldriven",
    "bred",
    "låg",
    "barn",
    "tyngre",
    "vridbar",
    "med korg",
    "med broms",
    "med armstöd",
    "för utomhusbruk",
];
const SERIES: [&str; 8] = ["Norr", "Fjäll", "Älv", "Skog", "Berg", "Sjö", "Vidd", "Myr"];

/// Flags of `hjm bench catalogue`.
#[derive(Debug, clap::Args)]
pub(crate) struct Catalogue {
    /// How many articles there are, 200 000 at most.
    #[arg(long, default_value_t = 100_000)]
    articles: usize,
    /// How many times each question is asked.
    #[arg(long, default_value_t = 500)]
    asked: usize,
    /// The same seed makes the same articles and questions.
    #[arg(long, default_value_t = 2025)]
    seed: u64,
}

struct World {
    articles: ArticleServiceClient<Channel>,
    caller: Caller,
    alone: Alone,
}

pub(crate) async fn run(args: Catalogue) -> Result<(), Error> {
    let world = World::open().await?;
    print::heading(format!("{} articles", args.articles));
    let mut random = ChaCha8Rng::seed_from_u64(args.seed);
    let file: Vec<c::Article> = (0..args.articles)
        .map(|at| article(at, &mut random))
        .collect();
    world.import("imported", file.clone(), 0).await?;
    world.import("the same file again", file.clone(), 0).await?;
    let broken = file.len().div_ceil(BROKEN_EVERY);
    world
        .import("changed, 5 % broken", changed(file), broken)
        .await?;
    print::heading(format!(
        "Questions, {} times each, a page of 50",
        args.asked
    ));
    for question in QUESTIONS {
        world.ask(&question, &args, &mut random).await?;
    }
    world.alone.close().await
}

impl World {
    async fn open() -> Result<Self, Error> {
        let alone = Alone::open().await?;
        Ok(Self {
            articles: ArticleServiceClient::new(client::channel(&alone.url)?),
            caller: Caller {
                tenant: alone.tenant.clone(),
                principal: None,
                client: "bench".to_owned(),
                user: "aid-centre".to_owned(),
                roles: vec![ROLE_AID_CENTRE.to_owned()],
            },
            alone,
        })
    }

    /// Sends a file and checks that as many lines are refused as were broken, each with its faults.
    async fn import(&self, what: &str, file: Vec<c::Article>, broken: usize) -> Result<(), Error> {
        let count = file.len();
        let items = (1u32..)
            .zip(file)
            .map(|(line, article)| c::ImportArticlesRequest {
                dry_run: false,
                line,
                article: Some(article),
            });
        let items: Vec<_> = items.collect();
        let started = Instant::now();
        let request = client::streaming_request(&self.caller, stream::iter(items));
        let answers = self.articles.clone().import_articles(request).await?;
        let mut answers = answers.into_inner();
        let mut tally = Tally::default();
        while let Some(answer) = answers.next().await {
            tally.count(&answer?.items);
        }
        let time = started.elapsed();
        print::line(format!(
            "  {what:<22} {:>8}  {:>7} items/s  created {}, changed {}, unchanged {}, refused {}",
            seconds(time),
            per_second(count, time),
            tally.created,
            tally.changed,
            tally.unchanged,
            tally.refused
        ));
        if tally.refused != broken || tally.silent > 0 {
            let text = format!("{broken} lines were broken, {tally:?}");
            return Err(Failure::internal(text).into());
        }
        Ok(())
    }

    async fn ask(
        &self,
        question: &Question,
        args: &Catalogue,
        random: &mut ChaCha8Rng,
    ) -> Result<(), Error> {
        let mut times = Vec::with_capacity(args.asked);
        let mut found = 0;
        for _ in 0..args.asked {
            let request = (question.make)(random, args.articles);
            let request = client::request(&self.caller, request);
            let started = Instant::now();
            let answer = self.articles.clone().search_articles(request).await?;
            times.push(started.elapsed());
            found += answer.into_inner().articles.len();
        }
        let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 99));
        let found = found / args.asked.max(1);
        let total: Duration = times.iter().sum();
        print::line(format!(
            "  {:<34} p50 {:>9}  p99 {:>9}  {:>6}/s  {found} found",
            question.name,
            millis(half),
            millis(most),
            per_second(args.asked, total)
        ));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Tally {
    created: usize,
    changed: usize,
    unchanged: usize,
    refused: usize,
    /// Refused without a field.
    silent: usize,
}

impl Tally {
    fn count(&mut self, items: &[c::ImportedArticle]) {
        for item in items {
            match item.outcome() {
                c::ImportOutcome::Created => self.created += 1,
                c::ImportOutcome::Changed => self.changed += 1,
                c::ImportOutcome::Unchanged => self.unchanged += 1,
                c::ImportOutcome::Refused | c::ImportOutcome::Unspecified => {
                    self.refused += 1;
                    let named = item.faults.iter().any(|fault| !fault.field.is_empty());
                    self.silent += usize::from(!named || item.line == 0);
                }
            }
        }
    }
}

const fn new_year(year: i32) -> Date {
    Date {
        year,
        month: 1,
        day: 1,
    }
}

fn number(at: usize) -> String {
    format!("B-{at:06}")
}

/// Thirteen digits that name the article, and the check digit.
fn gtin(at: usize) -> String {
    let digits = format!("0735{at:09}");
    let weighted = digits.bytes().rev().enumerate().map(|(place, byte)| {
        let weight = if place % 2 == 0 { 3 } else { 1 };
        u32::from(byte - b'0') * weight
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

fn article(at: usize, random: &mut ChaCha8Rng) -> c::Article {
    let (kind, iso_code) = KINDS.choose(random).unwrap_or(&KINDS[0]);
    let (one, other) = (TRAITS.choose(random), TRAITS.choose(random));
    let series = SERIES.choose(random).unwrap_or(&SERIES[0]);
    let model = random.random_range(100..1000);
    let traits = [one, other].map(|it| it.copied().unwrap_or_default());
    c::Article {
        article_number: number(at),
        name: format!("{kind} {} {} {model}", traits[0], traits[1]),
        iso_code: (*iso_code).to_owned(),
        kind: c::ArticleKind::MainProduct.into(),
        charge_form: ChargeForm::Rental.into(),
        product_group: 3,
        valid_from: Some(new_year(2024)),
        series: format!("{series} {}", at % 1000),
        suppliers: vec![c::Supplier {
            name: format!("Leverantör {}", at % 97),
            article_number: at.to_string(),
        }],
        identifiers: vec![c::Identifier {
            kind: c::IdentifierKind::Gtin.into(),
            value: gtin(at),
            issuer: String::new(),
        }],
        regulatory_class: c::RegulatoryClass::MdrI.into(),
        ..Default::default()
    }
}

/// The articles from another day on in another product group, every twentieth broken in one of four
/// ways.
fn changed(mut file: Vec<c::Article>) -> Vec<c::Article> {
    for (at, article) in file.iter_mut().enumerate() {
        (article.valid_from, article.product_group) = (Some(new_year(2025)), 4);
        if at % BROKEN_EVERY != 0 {
            continue;
        }
        match at / BROKEN_EVERY % 4 {
            0 => article.name.clear(),
            1 => "12".clone_into(&mut article.iso_code),
            2 => article.valid_from = Some(new_year(2023)),
            _ => {
                for identifier in &mut article.identifiers {
                    "07350000000001".clone_into(&mut identifier.value);
                }
            }
        }
    }
    file
}

struct Question {
    name: &'static str,
    make: fn(&mut ChaCha8Rng, usize) -> c::SearchArticlesRequest,
}

const QUESTIONS: [Question; 7] = [
    Question {
        name: "a word that a sixteenth has",
        make: |random, _| words(KINDS.choose(random).map_or("", |kind| kind.0)),
    },
    Question {
        name: "two words and a number",
        make: |random, _| {
            let kind = KINDS.choose(random).map_or("", |kind| kind.0);
            let series = SERIES.choose(random).copied().unwrap_or_default();
            let model = random.random_range(100..1000);
            words(&format!("{kind} {series} {model}"))
        },
    },
    Question {
        name: "a word that nothing has",
        make: |random, _| words(&format!("Ingenting{}", random.random_range(0..1000))),
    },
    Question {
        name: "a word under a class",
        make: |random, _| c::SearchArticlesRequest {
            iso_prefix: "12".to_owned(),
            ..words(TRAITS.choose(random).copied().unwrap_or_default())
        },
    },
    Question {
        name: "an ISO division, last year",
        make: |random, _| c::SearchArticlesRequest {
            iso_prefix: KINDS.choose(random).map_or("", |kind| kind.1).to_owned(),
            as_of: Some(new_year(2024)),
            ..Default::default()
        },
    },
    Question {
        name: "the beginning of a number",
        make: |random, articles| {
            let whole = number(random.random_range(0..articles.max(1)));
            c::SearchArticlesRequest {
                number: whole[..6].to_owned(),
                ..Default::default()
            }
        },
    },
    Question {
        name: "a GTIN",
        make: |random, articles| c::SearchArticlesRequest {
            number: gtin(random.random_range(0..articles.max(1))),
            ..Default::default()
        },
    },
];

fn words(words: &str) -> c::SearchArticlesRequest {
    c::SearchArticlesRequest {
        words: words.to_owned(),
        ..Default::default()
    }
}
