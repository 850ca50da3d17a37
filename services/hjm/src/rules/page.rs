//! The page: its questions, each with its answer, the rule that gave it and where that is printed.

use hjm_billing::RentPolicy;
use hjm_catalogue::{HomeCare, PayerFacts, PayerRules};
use hjm_ids::{PrincipalId, age_on, anniversary};
use hjm_policy::{Explanation, PolicyDocument, Section};
use jiff::civil::Date;

use super::{Language, Rules, Shelf, terms, words};
use crate::cli::Error;

const REGIONS: &str = include_str!("../../data/regions.csv");

/// A question's answer: in words, and why.
pub(super) struct Block {
    pub(super) answer: String,
    pub(super) why: Option<Explanation>,
}

impl Block {
    pub(super) fn without_reason(answer: String) -> Self {
        Self { answer, why: None }
    }
}

/// The page, line by line.
///
/// # Errors
/// A day of birth that the flags do not give, or a county without a region.
pub(super) fn lines(args: &Rules, shelf: &Shelf, on: Date) -> Result<Vec<String>, Error> {
    let words = words::of(args.lang);
    let mut page = vec![heading(args, words, on)];
    let mut titled = vec![
        (words.fee, super::fee::block(args, shelf, on)),
        (words.payer, payer(args, shelf, on)?),
    ];
    for (index, block) in super::right::blocks(args, shelf, on)
        .into_iter()
        .enumerate()
    {
        titled.push((if index == 0 { words.right } else { "" }, block));
    }
    titled.push((words.rent, rent(args.lang, shelf, on)));
    for (title, block) in titled {
        page.push(String::new());
        page.push(format!("{title:<10} {}", block.answer));
        if let Some(why) = block.why {
            let version = format!("{} {}", words.version, why.policy_version);
            page.push(format!(
                "{:<10} {} {}, {} {version}",
                "", words.rule, why.rule, why.policy_id
            ));
            let source = terms::source(args.lang, &why.source);
            page.push(format!("{:<10} {} {source}", "", words.source));
            let facts = terms::facts(args.lang, &why.facts);
            page.push(format!("{:<10} {} {facts}", "", words.facts));
        }
    }
    for document in &shelf.beside {
        let lacks = document.not_printed().unwrap_or_default();
        page.push(String::new());
        page.push(format!("{} {}: {lacks}", words.beside, title(document)));
    }
    Ok(page)
}

fn title(document: &PolicyDocument) -> String {
    format!("{} ({})", document.title(), document.id())
}

fn heading(args: &Rules, words: &words::Words, on: Date) -> String {
    let age = born_on(args, on).map(|born| format!(", {} {}", words.age, age_on(born, on)));
    format!(
        "{}: ISO {}, {on}{}",
        args.county,
        args.iso,
        age.unwrap_or_default()
    )
}

/// The day of birth; of who is so many years old, the birthday is today.
pub(super) fn born_on(args: &Rules, on: Date) -> Option<Date> {
    args.born.or_else(|| {
        let years = i16::try_from(args.age?).ok()?;
        let year = on.year().checked_sub(years)?;
        let born = Date::new(year, on.month(), on.day()).or_else(|_| Date::new(year, 2, 28));
        born.ok()
            .filter(|born| anniversary(*born, args.age.unwrap_or(0)) <= on)
    })
}

fn payer(args: &Rules, shelf: &Shelf, on: Date) -> Result<Block, Error> {
    let words = words::of(args.lang);
    let Some(document) = shelf.in_force.in_force(Section::Payers, on) else {
        return Ok(Block::without_reason(words.no_rules.to_owned()));
    };
    let Ok(Some(rules)) = PayerRules::parse(document) else {
        return Ok(Block::without_reason(words.no_rules.to_owned()));
    };
    let mut facts = PayerFacts::new(args.iso.clone(), on, region(&args.county)?);
    facts.born_on = born_on(args, on);
    facts.customer_principal.clone_from(&args.customer);
    facts.registered_in.clone_from(&args.registered);
    facts.home_care = match args.home_care.as_deref() {
        None => None,
        Some("none") => Some(HomeCare::NotEnrolled),
        Some(code) => Some(HomeCare::Of(principal(code)?)),
    };
    facts.housing = args.housing.map(Into::into);
    facts.place_of_care = args.place.map(Into::into);
    facts.in_habilitation = args.habilitation;
    facts.lss_rehabilitation = args.lss;
    facts.speech_therapist = args.speech_therapist;
    facts.asylum_seeker = Some(args.asylum_seeker);
    Ok(match rules.resolve(&facts) {
        Ok(decision) => Block {
            answer: words::payer(args.lang, &decision),
            why: Some(decision.explanation),
        },
        Err(error) => Block::without_reason(words::no_payer(args.lang, &error)),
    })
}

fn principal(code: &str) -> Result<PrincipalId, Error> {
    code.parse().map_err(|_| Error::BadCode(code.to_owned()))
}

fn region(county: &str) -> Result<PrincipalId, Error> {
    let row = REGIONS.lines().find_map(|row| {
        let (tenant, region) = row.split_once(',')?;
        (tenant == county).then_some(region)
    });
    principal(row.unwrap_or(county))
}

fn rent(lang: Language, shelf: &Shelf, on: Date) -> Block {
    let words = words::of(lang);
    let document = shelf.in_force.in_force(Section::Rent, on);
    let policy = document.and_then(|document| RentPolicy::parse(document).ok().flatten());
    match policy.map(|policy| policy.terms_on(on)) {
        Some(Ok(terms)) => Block {
            answer: words::rent(lang, &terms),
            why: Some(terms.explanation),
        },
        Some(Err(_)) | None => Block::without_reason(words.no_rules.to_owned()),
    }
}
