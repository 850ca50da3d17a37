//! Schemes as policy texts, and short ways to write fees.

use hjm_free_card::{FeeEvent, ProposedFee, Scheme};
use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use hjm_policy::PolicyDocument;
use jiff::Timestamp;
use jiff::civil::Date;

/// What may differ between the schemes of the tests.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) mode: String,
    pub(crate) end_rule: String,
    pub(crate) on_cancel_final: String,
    /// From a date, in kronor; each until the next.
    pub(crate) ceilings: Vec<(Date, String)>,
    /// More rows of the section.
    pub(crate) extra: String,
}

impl Default for Options {
    fn default() -> Self {
        let ceilings = [
            ("2023-01-01", "1300"),
            ("2024-01-01", "1400"),
            ("2025-01-01", "1450"),
        ];
        Self {
            mode: "ROLLING".to_owned(),
            end_rule: "DAY_BEFORE".to_owned(),
            on_cancel_final: "RETAIN".to_owned(),
            ceilings: ceilings
                .map(|(from, sek)| (date(from), sek.to_owned()))
                .to_vec(),
            extra: String::new(),
        }
    }
}

/// A scheme in which principals 20 and 2081 are members, and 2062 from March 2024.
pub(crate) fn scheme(options: &Options) -> Scheme {
    Scheme::parse(&document(&policy(options))).unwrap().unwrap()
}

/// The scheme of a shipped document, by county and file.
pub(crate) fn shipped(county: &str, file: &str) -> Scheme {
    Scheme::parse(&shipped_document(county, file))
        .unwrap()
        .unwrap()
}

pub(crate) fn shipped_document(county: &str, file: &str) -> PolicyDocument {
    document(&shipped_text(county, file))
}

pub(crate) fn shipped_text(county: &str, file: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../policies");
    std::fs::read_to_string(format!("{root}/{county}/{file}.toml")).unwrap()
}

pub(crate) fn document(text: &str) -> PolicyDocument {
    PolicyDocument::parse(text).unwrap()
}

pub(crate) fn policy(options: &Options) -> String {
    use std::fmt::Write as _;

    let Options {
        mode,
        end_rule,
        on_cancel_final,
        ceilings,
        extra,
    } = options;
    let mut text = format!(
        r#"
id = "test-free-card"
version = 1
tenant = "test-county"
title = "Free card of the tests"
valid_from = 2010-01-01

[sources]
board = "Board decision of the tests"
press = "Price list of the tests"

[free_card]
id = "test-devices"
source = "board"

[[free_card.window]]
months = 12
mode = "{mode}"
end_rule = "{end_rule}"
valid_from = 2010-01-01
source = "board §1"

[[free_card.event_date]]
basis = "PRESCRIBED_ON"
valid_from = 2010-01-01
source = "board §2"

[[free_card.preliminary]]
hours = 48
valid_from = 2010-01-01
source = "board §3"

[[free_card.on_cancel_final]]
action = "{on_cancel_final}"
valid_from = 2010-01-01
source = "board §4"
"#
    );
    for (index, (from, sek)) in ceilings.iter().enumerate() {
        let next = ceilings.get(index + 1);
        let to = next.map_or(String::new(), |(to, _)| format!("valid_to = {to}\n"));
        write!(
            text,
            "\n[[free_card.ceiling]]\namount = \"{sek}\"\nvalid_from = {from}\n{to}\
             source = \"press {}\"\n",
            from.year()
        )
        .unwrap();
    }
    for (principal, from) in [
        ("20", "2010-01-01"),
        ("2081", "2010-01-01"),
        ("2062", "2024-03-01"),
    ] {
        write!(
            text,
            "\n[[free_card.member]]\nprincipal = \"{principal}\"\nvalid_from = {from}\n\
             source = \"board §5\"\n"
        )
        .unwrap();
    }
    text.push_str(extra);
    text
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn principal(text: &str) -> PrincipalId {
    text.parse().unwrap()
}

pub(crate) fn fee_id(number: u64) -> FeeId {
    FeeId::new(uuid::Uuid::from_u64_pair(1, number))
}

/// The fee called by a letter, A to Z.
pub(crate) fn fee_called(letter: &str) -> FeeId {
    fee_id(u64::from(letter.as_bytes()[0]))
}

/// Ten in the morning, UTC.
pub(crate) fn morning(on: Date) -> Timestamp {
    format!("{on}T10:00:00Z").parse().unwrap()
}

pub(crate) fn proposed(fee: FeeId, on: Date, nominal: Money) -> ProposedFee {
    ProposedFee {
        fee,
        on,
        occurred_at: None,
        principal: principal("20"),
        kind: None,
        age: None,
        nominal,
    }
}

/// A fee of principal 20, registered in the morning of its date and charged in full.
pub(crate) fn event(number: u64, on: Date, nominal: Money) -> FeeEvent {
    FeeEvent {
        fee: fee_id(number),
        sequence: number,
        on,
        occurred_at: None,
        registered_at: morning(on),
        principal: principal("20"),
        kind: None,
        age: None,
        nominal,
        charged: nominal,
        paid_elsewhere: false,
    }
}
