//! The page: its questions, each with its answer, the rule that gave it and where that is printed.

use hjm_billing::RentPolicy;
use hjm_catalogue::{HomeCare, PayerError, PayerFacts, PayerRules};
use hjm_ids::{IsoCode, PrincipalId, age_on};
use hjm_policy::{Explanation, PolicyDocument, Section};
use jiff::{ToSpan as _, civil::Date};

use super::{Language, Rules, Shelf, terms, words};
use crate::cli::Error;

const REGIONS: &str = include_str!("../../data/regions.csv");

/// The codes that the project knows a title of; of others the group above is told.
const TITLES: &str = crate::classification::SHIPPED;

/// A question's answer: in words, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
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
/// A code of a municipality that is none, or a county without a region.
pub(super) fn lines(args: &Rules, shelf: &Shelf, on: Date) -> Result<Vec<String>, Error> {
    let words = words::of(args.lang);
    let tables = super::fee::tables(shelf, on);
    let (mut services, mut allowances) = (Vec::new(), Vec::new());
    if let Some(tables) = tables.as_ref().filter(|_| args.services) {
        services = super::fee::services(args, tables, on)?;
        allowances = super::fee::allowances(args, tables, on)?;
    }
    let fee = super::fee::block(args, shelf, tables.as_ref(), on)?;
    let titled = [
        (words.fee, vec![fee]),
        (words.payer, vec![payer(args, shelf, on)?]),
        (words.right, super::right::blocks(args, shelf, on)),
        (words.rent, rent(args, shelf, on)),
        (words.loss, super::loss::blocks(args, shelf, on)),
        (words.visitor, super::visitor::blocks(args, shelf, on)),
        (words.services, services),
        (words.allowances, allowances),
    ];
    let mut page = vec![heading(args, words, on)];
    for (title, blocks) in titled {
        for (index, block) in blocks.into_iter().enumerate() {
            if index == 0 || block.why.is_some() {
                page.push(String::new());
            }
            let title = if index == 0 { title } else { "" };
            page.push(format!("{title:<10} {}", block.answer));
            page.extend(block.why.iter().flat_map(|why| reason(args, words, why)));
        }
    }
    for document in beside(args, shelf) {
        let lacks = document.not_printed().unwrap_or_default();
        page.push(String::new());
        page.push(format!("{} {}: {lacks}", words.beside, title(document)));
    }
    Ok(page)
}

fn reason(args: &Rules, words: &words::Words, why: &Explanation) -> [String; 3] {
    let version = format!("{} {}", words.version, why.policy_version);
    let source = terms::source(args.lang, &why.source);
    let facts = terms::facts(args.lang, &why.facts);
    [
        format!(
            "{:<10} {} {}, {} {version}",
            "", words.rule, why.rule, why.policy_id
        ),
        format!("{:<10} {} {source}", "", words.source),
        format!("{:<10} {} {facts}", "", words.facts),
    ]
}

/// The documents that would say more of what is asked, were they printed whole.
fn beside<'s>(args: &Rules, shelf: &'s Shelf) -> impl Iterator<Item = &'s PolicyDocument> {
    let lost = args.loss.lost.is_some();
    let asked = move |section: &Section| match section {
        Section::Fees | Section::Payers | Section::Directives | Section::Rent => true,
        Section::Loss => lost,
        Section::NationalAgreement | Section::FreeCard => false,
    };
    let documents = shelf.beside.iter();
    documents.filter(move |document| document.sections().iter().any(asked))
}

fn title(document: &PolicyDocument) -> String {
    format!("{} ({})", document.title(), document.id())
}

/// The region, the product with its title, the day and the age.
fn heading(args: &Rules, words: &words::Words, on: Date) -> String {
    let county = county(&args.county).map_or(args.county.as_str(), |(_, name)| name);
    let age = args.born.map(|born| age_on(born, on)).or(args.age);
    let age = age.map_or(String::new(), |age| format!(" · {} {age}", words.age));
    let title = product_title(&args.iso, args.lang);
    let title = title.map_or(String::new(), |title| format!(" {title}"));
    format!("{county} · {}{title} · {on}{age}", args.iso)
}

/// The title of a code, or of the closest one above it that has one.
fn product_title(iso: &IsoCode, lang: Language) -> Option<String> {
    let mut rows = csv::Reader::from_reader(TITLES.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().filter_map(Result::ok).collect();
    let mut code = Some(iso.clone());
    while let Some(asked) = code {
        // Columns: edition, code, and the titles after two of a mapping.
        let row = rows.iter().find(|row| row.get(1) == Some(asked.as_str()));
        if let Some(row) = row {
            let column = if lang == Language::Sv { 4 } else { 5 };
            return row.get(column).map(str::to_owned);
        }
        code = asked.parent();
    }
    None
}

/// What is answered for a person of whom only the age may be known: for the first and the last
/// birthday of that age, and where they differ, that the birthday decides.
pub(super) fn aged(
    args: &Rules,
    on: Date,
    birthday_missing: &str,
    answer: impl Fn(Option<Date>) -> Result<Block, Error>,
) -> Result<Block, Error> {
    let Some((first, last)) = args.age.and_then(|age| births(age, on)) else {
        return answer(args.born);
    };
    let (first, last) = (answer(Some(first))?, answer(Some(last))?);
    Ok(if first == last {
        last
    } else {
        Block::without_reason(birthday_missing.to_owned())
    })
}

/// The first and the last day of birth of who is so old on a day.
fn births(age: u16, on: Date) -> Option<(Date, Date)> {
    let year = on.year().checked_sub(i16::try_from(age).ok()?)?;
    let near = |year| Date::new(year, on.month(), on.day()).or_else(|_| Date::new(year, 2, 28));
    let old = |born: &Date| age_on(*born, on) == age;
    // A leap day's birthday is a day off: the edge is within some days of the same date.
    let mut last = near(year).ok()?.saturating_add(2.days());
    while !old(&last) || last > on {
        last = last.yesterday().ok()?;
    }
    let mut first = near(year.checked_sub(1)?).ok()?.saturating_sub(2.days());
    while !old(&first) {
        first = first.tomorrow().ok()?;
    }
    Some((first, last))
}

fn payer(args: &Rules, shelf: &Shelf, on: Date) -> Result<Block, Error> {
    let no_rules = words::of(args.lang).no_rules;
    let document = shelf.in_force.in_force(Section::Payers, on);
    let rules = document.and_then(|document| PayerRules::parse(document).ok().flatten());
    let Some(rules) = rules else {
        return Ok(Block::without_reason(no_rules.to_owned()));
    };
    let mut facts = PayerFacts::new(args.iso.clone(), on, region(&args.county)?);
    facts.customer_principal.clone_from(&args.customer);
    facts.registered_in.clone_from(&args.registered);
    facts.home_care = match args.home_care.as_deref() {
        None => None,
        Some("none") => Some(HomeCare::NotEnrolled),
        Some(code) => Some(HomeCare::Of(principal(code)?)),
    };
    facts.housing = args.housing;
    facts.place_of_care = args.place;
    facts.in_habilitation = args.habilitation;
    facts.lss_rehabilitation = args.lss;
    facts.speech_therapist = args.speech_therapist;
    facts.asylum_seeker = args.asylum_seeker;
    facts.purpose = args.purpose;
    facts.duration = args.duration;
    facts.category = args.category;
    let born_on = vec!["born_on"];
    let missing = words::no_payer(args.lang, &PayerError::MissingFact { facts: born_on });
    aged(args, on, &missing, |born_on| {
        let facts = PayerFacts {
            born_on,
            ..facts.clone()
        };
        Ok(match rules.resolve(&facts) {
            Ok(decision) => Block {
                answer: words::payer(args.lang, &decision),
                why: Some(decision.explanation),
            },
            Err(error) => Block::without_reason(words::no_payer(args.lang, &error)),
        })
    })
}

fn principal(code: &str) -> Result<PrincipalId, Error> {
    code.parse().map_err(|_| Error::BadCode(code.to_owned()))
}

fn region(county: &str) -> Result<PrincipalId, Error> {
    let code = self::county(county).map(|(code, _)| code);
    principal(code.filter(|code| !code.is_empty()).unwrap_or(county))
}

/// The code and the name of who has the rules of a folder.
fn county(tenant: &str) -> Option<(&'static str, &'static str)> {
    REGIONS.lines().find_map(|row| {
        let (known, rest) = row.split_once(',')?;
        (known == tenant).then(|| rest.split_once(','))?
    })
}

fn rent(args: &Rules, shelf: &Shelf, on: Date) -> Vec<Block> {
    let words = words::of(args.lang);
    let document = shelf.in_force.in_force(Section::Rent, on);
    let policy = document.and_then(|document| RentPolicy::parse(document).ok().flatten());
    let terms = policy.as_ref().and_then(|policy| policy.terms_on(on).ok());
    let mut blocks = vec![match terms {
        Some(terms) => Block {
            answer: words::rent(args.lang, &terms),
            why: Some(terms.explanation),
        },
        None => Block::without_reason(words.no_rules.to_owned()),
    }];
    blocks.extend(policy.and_then(|policy| super::loss::formula(args, &policy, on)));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_of_an_age_are_the_first_and_the_last_of_it() {
        let on = |text: &str| text.parse::<Date>().unwrap();
        for (age, day, first, last) in [
            (19, "2025-05-01", "2005-05-02", "2006-05-01"),
            (0, "2025-05-01", "2024-05-02", "2025-05-01"),
            (17, "2024-02-29", "2006-03-01", "2007-02-28"),
            (1, "2025-03-01", "2023-03-02", "2024-03-01"),
        ] {
            assert_eq!(
                births(age, on(day)),
                Some((on(first), on(last))),
                "{age} {day}"
            );
            assert_eq!(age_on(on(first), on(day)), age);
            assert_ne!(age_on(on(first).yesterday().unwrap(), on(day)), age);
        }
    }
}
