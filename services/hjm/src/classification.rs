//! `hjm classification`: lists of ISO 9999 codes, shipped or a site's own.
//!
//! The shipped list is of the edition of 2016, which the policies' codes are read in; it begins on the
//! first day of the edition's year. It holds no code and no mapping that no source prints: a site has
//! those in its licensed list.

use std::{fs, path::PathBuf};

use hjm_ids::TenantId;
use hjm_proto::{
    catalogue::v1::{self as c, iso_code_line::Entry},
    common::v1::Date,
};
use hjm_service::Caller;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    cli::Error,
    desk::{Addresses, Desk},
    print,
};

/// The codes that the shipped policies and the demonstration use, with titles of this project's own.
pub const SHIPPED: &str = include_str!("../data/iso9999.csv");

const PART_LINES: usize = 500;
/// The line of the first row: the header is line 1.
const FIRST_LINE: u32 = 2;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Classification {
    /// Import a list of codes and mappings between editions: one status a line. Without a file, the
    /// codes that the shipped policies use.
    Import(Import),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// A CSV: edition, code, `to_edition`, `to_code`, `title_sv`, `title_en`, `valid_from`, `valid_to`; a
    /// row with a `to_code` is a mapping.
    file: Option<PathBuf>,
    /// Only check: nothing is stored.
    #[arg(long)]
    dry_run: bool,
    /// The tenant whose classification is meant.
    #[arg(long, default_value = "jamtland-harjedalen")]
    tenant: TenantId,
    /// Catalogue's address.
    #[arg(long, default_value = "http://127.0.0.1:7101")]
    catalogue: String,
}

/// A row of a list, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    edition: String,
    code: String,
    to_edition: String,
    to_code: String,
    title_sv: String,
    title_en: String,
    valid_from: String,
    valid_to: String,
}

pub(crate) async fn run(args: &Classification) -> Result<(), Error> {
    match args {
        Classification::Import(args) => import(args).await,
    }
}

async fn import(args: &Import) -> Result<(), Error> {
    let text = match &args.file {
        Some(file) => fs::read_to_string(file)?,
        None => SHIPPED.to_owned(),
    };
    // Only catalogue is called; the other addresses are never connected to.
    let addresses = Addresses {
        catalogue: args.catalogue.clone(),
        prescription: args.catalogue.clone(),
        billing: args.catalogue.clone(),
        free_card: args.catalogue.clone(),
    };
    let desk = Desk::new(&addresses, Caller::service(args.tenant.clone(), "hjm"))?;
    let parts = parts(&text, &Uuid::now_v7().to_string(), args.dry_run)?;
    let statuses = desk.import_iso_codes(parts).await?.lines;
    let mut refused = 0;
    for status in &statuses {
        print::line(told(status));
        refused += usize::from(status.outcome() == c::IsoLineOutcome::Refused);
    }
    if refused == 0 {
        Ok(())
    } else {
        Err(Error::BrokenLines {
            refused,
            lines: statuses.len(),
        })
    }
}

fn told(status: &c::IsoLineStatus) -> String {
    let outcome = status.outcome().as_str_name();
    let outcome = outcome.trim_start_matches("ISO_LINE_OUTCOME_");
    let faults = status.faults.iter();
    let faults = faults.map(|fault| format!(" {}: {}", fault.field, fault.text));
    let faults: Vec<String> = faults.collect();
    format!(
        "line {}: {}{}",
        status.line,
        outcome.to_lowercase(),
        faults.join(";")
    )
}

/// A CSV as the parts of one import. What cannot be read as a number or a day is left to the
/// catalogue to name.
///
/// # Errors
/// When the text is no CSV of these columns.
pub fn parts(
    text: &str,
    request_id: &str,
    dry_run: bool,
) -> Result<Vec<c::ImportIsoCodesRequest>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().collect::<Result<Vec<Row>, _>>()?;
    let lines: Vec<c::IsoCodeLine> = (FIRST_LINE..).zip(&rows).map(line).collect();
    let part = |lines: &[c::IsoCodeLine]| c::ImportIsoCodesRequest {
        request_id: request_id.to_owned(),
        dry_run,
        lines: lines.to_vec(),
    };
    Ok(lines.chunks(PART_LINES).map(part).collect())
}

fn line((line, row): (u32, &Row)) -> c::IsoCodeLine {
    let year = |text: &str| text.parse().unwrap_or_default();
    let (valid_from, valid_to) = (day(&row.valid_from), day(&row.valid_to));
    let entry = if row.to_code.is_empty() && row.to_edition.is_empty() {
        Entry::Code(c::IsoCode {
            code: row.code.clone(),
            edition: year(&row.edition),
            title_sv: row.title_sv.clone(),
            title_en: row.title_en.clone(),
            valid_from,
            valid_to,
        })
    } else {
        Entry::Mapping(c::IsoMapping {
            code: row.code.clone(),
            edition: year(&row.edition),
            to_code: row.to_code.clone(),
            to_edition: year(&row.to_edition),
            valid_from,
            valid_to,
        })
    };
    c::IsoCodeLine {
        line,
        entry: Some(entry),
    }
}

fn day(text: &str) -> Option<Date> {
    if text.is_empty() {
        return None;
    }
    let mut parts = text
        .splitn(3, '-')
        .map(|part| part.parse().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    Some(Date {
        year: next(),
        month: next(),
        day: next(),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::story::county::{DALARNA, JAMTLAND};

    const HEADER: &str = "edition,code,to_edition,to_code,title_sv,title_en,valid_from,valid_to\n";

    fn only(row: &str) -> c::IsoCodeLine {
        let parts = parts(&format!("{HEADER}{row}\n"), "id", true).unwrap();
        assert!(parts[0].dry_run && parts[0].request_id == "id");
        parts[0].lines[0].clone()
    }

    #[test]
    fn a_row_is_a_code_or_a_mapping() {
        let code = only("2016,12,,,Förflyttning,Moving about,2016-01-01,2024-02-29");
        let Some(Entry::Code(code)) = code.entry else {
            panic!("a code");
        };
        assert_eq!((code.edition, &*code.title_sv), (2016, "Förflyttning"));
        assert_eq!(
            code.valid_to.map(|day| (day.year, day.day)),
            Some((2024, 29))
        );
        let mapping = only("2011,12,2016,12,,,2016-01-01,");
        assert_eq!(mapping.line, 2);
        let Some(Entry::Mapping(mapping)) = mapping.entry else {
            panic!("a mapping");
        };
        assert_eq!((mapping.edition, mapping.to_edition), (2011, 2016));
        assert_eq!(mapping.valid_to, None);
    }

    fn shipped() -> BTreeSet<String> {
        let parts = parts(SHIPPED, "id", true).unwrap();
        let lines = parts.into_iter().flat_map(|part| part.lines);
        let codes = lines.filter_map(|line| match line.entry? {
            Entry::Code(code) => Some(code.code),
            Entry::Mapping(_) => None,
        });
        codes.collect()
    }

    /// The codes in every `iso = [...]` of a document.
    fn used(text: &str) -> Vec<String> {
        let lists = text.split("iso = [").skip(1);
        let lists = lists.filter_map(|rest| rest.split(']').next());
        let codes =
            lists.flat_map(|list| list.split(',').map(|code| code.trim().trim_matches('"')));
        codes
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_code_of_the_shipped_policies_and_the_stories_is_shipped() {
        let shipped = shipped();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let mut seen = 0;
        for county in fs::read_dir(policies).unwrap() {
            let county = county.unwrap().path();
            if !county.is_dir() {
                continue;
            }
            for document in fs::read_dir(county).unwrap() {
                let document = document.unwrap().path();
                for code in used(&fs::read_to_string(&document).unwrap()) {
                    assert!(shipped.contains(&code), "{code} of {}", document.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "the documents' codes were found");
        for article in [JAMTLAND.articles, DALARNA.articles].concat() {
            assert!(shipped.contains(article.iso_code), "{}", article.iso_code);
        }
    }

    #[test]
    fn a_code_that_is_not_there_is_found() {
        assert_eq!(used("iso = [\"1206\",\n  \"99\"]\nx = 1"), ["1206", "99"]);
        assert!(!shipped().contains("99"));
    }

    #[test]
    fn what_cannot_be_read_is_left_to_be_named() {
        let Some(Entry::Code(code)) = only("x,12,,,A,A,yesterday,").entry else {
            panic!("a code");
        };
        assert_eq!(code.edition, 0);
        assert_eq!(code.valid_from, Some(Date::default()));
        assert!(parts("code,title\n12,A\n", "id", false).is_err());
    }
}
