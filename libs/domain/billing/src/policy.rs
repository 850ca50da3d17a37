//! The rent policy of a county: what a day is, when rent starts, when it ends.

use hjm_policy::{
    Explanation, Fault, PolicyDocument, PolicyReference, Row, Section, SectionReader,
};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{BillingError, Line};

/// What rent is counted in (Q1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RentUnit {
    /// `DAY`: each civil day, first and last both counted (R1).
    Day,
}

/// The first day of rent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RentStart {
    /// `DELIVERY`: the day of delivery.
    Delivery,
}

/// The last day of rent (Q2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RentEnd {
    /// `RETURN_REGISTERED`: the day of the registered return (source 003 §7.2), death or not.
    ReturnRegistered,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value<T> {
    value: T,
}

type Rows<T> = Vec<Row<Value<T>>>;

/// The section `rent` of a policy document. [`RentPolicy::parse`] says how it is written.
#[derive(Debug)]
pub struct RentPolicy {
    policy: PolicyReference,
    units: Rows<RentUnit>,
    starts: Rows<RentStart>,
    ends: Rows<RentEnd>,
}

/// The rules of one day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RentRule {
    pub(crate) unit: RentUnit,
    pub(crate) start: RentStart,
    pub(crate) end: RentEnd,
}

impl RentPolicy {
    /// Reads the section `rent`; none when the document has none.
    ///
    /// Three tables of rows, each row with `value`, `valid_from`, `source` and, where it ends,
    /// `valid_to` (exclusive). Two rows of one table never hold on the same day; a day that one of
    /// the tables leaves out cannot be billed.
    ///
    /// ```toml
    /// [[rent.unit]]
    /// value = "DAY"                   # both ends counted
    /// valid_from = 2017-01-01
    /// source = "decision"
    ///
    /// [[rent.start]]
    /// value = "DELIVERY"
    /// valid_from = 2017-01-01
    /// source = "decision"
    ///
    /// [[rent.end]]
    /// value = "RETURN_REGISTERED"
    /// valid_from = 2017-01-01
    /// source = "handbook §7.2"
    /// ```
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        let Some(mut reader) = document.read(Section::Rent) else {
            return Ok(None);
        };
        let policy = Self {
            policy: document.reference().clone(),
            units: rows(&mut reader, "unit"),
            starts: rows(&mut reader, "start"),
            ends: rows(&mut reader, "end"),
        };
        reader.finish().map(|()| Some(policy))
    }

    /// The policy text it was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Why a rent line is as it is: the rules of its first day, the days, the price. It holds no
    /// id of a person.
    pub fn explain(&self, line: &Line) -> Explanation {
        let on = line.from;
        let sources = [
            valid_on(&self.units, on).map(|row| &row.source),
            valid_on(&self.starts, on).map(|row| &row.source),
            valid_on(&self.ends, on).map(|row| &row.source),
        ];
        let mut told: Vec<&str> = Vec::new();
        for source in sources.into_iter().flatten() {
            if !told.contains(&source.as_str()) {
                told.push(source);
            }
        }
        let fact = |name: &str, value: &dyn std::fmt::Display| (name.to_owned(), value.to_string());
        let facts = vec![
            fact("from", &line.from),
            fact("to", &line.to),
            fact("days", &line.days),
            fact("unit_price", &line.unit_price),
            fact("amount", &line.amount),
            fact("deceased", &line.deceased),
        ];
        let text = format!(
            "{} days from {} through {}, both counted, at {} a day: {}",
            line.days, line.from, line.to, line.unit_price, line.amount
        );
        Explanation::new(&self.policy, "rent.DAY", told.join("; "), facts, text)
    }

    /// # Errors
    /// [`BillingError::RentRuleMissing`].
    pub(crate) fn rule_on(&self, on: Date) -> Result<RentRule, BillingError> {
        let missing = || BillingError::RentRuleMissing {
            policy: self.policy.id.clone(),
            on,
        };
        Ok(RentRule {
            unit: valid_on(&self.units, on).ok_or_else(missing)?.value.value,
            start: valid_on(&self.starts, on).ok_or_else(missing)?.value.value,
            end: valid_on(&self.ends, on).ok_or_else(missing)?.value.value,
        })
    }

    /// The days on which some rule starts or stops to hold.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Date> {
        let units = self.units.iter().map(|row| row.validity);
        let starts = self.starts.iter().map(|row| row.validity);
        let ends = self.ends.iter().map(|row| row.validity);
        units
            .chain(starts)
            .chain(ends)
            .flat_map(|validity| [Some(validity.valid_from), validity.valid_to])
            .flatten()
    }
}

fn rows<T: DeserializeOwned>(reader: &mut SectionReader<'_>, key: &str) -> Rows<T> {
    let rows: Rows<T> = reader.rows(key);
    if rows.is_empty() {
        reader.section_fault(format!("has no readable row [[rent.{key}]]"));
    }
    reader.refuse_overlaps(&rows, |_, _| true);
    rows
}

fn valid_on<T>(rows: &[Row<Value<T>>], on: Date) -> Option<&Row<Value<T>>> {
    rows.iter().find(|row| row.validity.contains(on))
}
