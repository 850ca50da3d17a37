//! One row of a section, and the place of each of its fields.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::fault::line_of;
use crate::{Fault, Validity};

/// A row of a section, read: its value, when it holds, where it is published.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// What the section's owner reads from it.
    pub value: T,
    /// When it holds.
    pub validity: Validity,
    /// The resolved text of its source: the document's name and the paragraph.
    pub source: String,
    pub(crate) place: Place,
}

impl<T> Row<T> {
    /// A fault at this row's field; at the row itself when it has no such field.
    pub fn fault(&self, field: &str, message: impl Into<String>) -> Fault {
        self.place.fault(field, message)
    }

    /// Where the row stands, as in `line 12: fees.rule[2]`.
    pub fn place(&self) -> String {
        format!("line {}: {}", self.place.line, self.place.path)
    }
}

/// Where a table stands in the text, and each of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: String,
    pub(crate) line: usize,
    fields: BTreeMap<String, (usize, Range<usize>)>,
}

impl Place {
    pub(crate) fn of(text: &str, path: String, offset: usize, table: &DeTable<'_>) -> Self {
        let fields = table
            .iter()
            .map(|(key, value)| {
                let (start, end) = (key.span().start, value.span().end);
                (
                    key.get_ref().to_string(),
                    (line_of(text, start), start..end),
                )
            })
            .collect();
        Self {
            path,
            line: line_of(text, offset),
            fields,
        }
    }

    pub(crate) fn fault(&self, field: &str, message: impl Into<String>) -> Fault {
        let path = if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        };
        let line = self.fields.get(field).map_or(self.line, |&(line, _)| line);
        Fault::at(line, &path, message)
    }

    fn field_at(&self, span: Option<Range<usize>>) -> Option<&str> {
        let offset = span?.start;
        let found = self
            .fields
            .iter()
            .find(|(_, (_, range))| range.contains(&offset));
        found.map(|(field, _)| field.as_str())
    }
}

/// Reads a table as `T`, with every field that does not fit as a fault of its own.
pub(crate) fn read_table<T: DeserializeOwned>(
    mut table: DeTable<'_>,
    place: &Place,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let mut removed: Vec<String> = Vec::new();
    loop {
        // An error of the whole table gets a span that lies in no field.
        let nowhere = usize::MAX..usize::MAX;
        let whole = Spanned::new(nowhere, DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(whole)) {
            Ok(value) => return removed.is_empty().then_some(value),
            Err(error) => error,
        };
        // A bad field is told, taken away, and the rest is read again: so all are told at once.
        let field = place
            .field_at(error.span())
            .filter(|&field| table.contains_key(field));
        let Some(field) = field else {
            let missing_by_us = removed
                .iter()
                .any(|field| error.message().contains(&format!("`{field}`")));
            if !missing_by_us {
                faults.push(Fault::at(place.line, &place.path, error.message()));
            }
            return None;
        };
        faults.push(place.fault(field, error.message()));
        table.remove(field);
        removed.push(field.to_owned());
    }
}

/// Takes `valid_from` and `valid_to` out of a table; a document's own dates where `or` allows it.
pub(crate) fn take_validity(
    table: &mut DeTable<'_>,
    place: &Place,
    or: Option<Validity>,
    faults: &mut Vec<Fault>,
) -> Option<Validity> {
    let before = faults.len();
    let valid_from = take_date(table, "valid_from", place, faults);
    let valid_to = take_date(table, "valid_to", place, faults);
    if faults.len() > before {
        return None;
    }
    match (valid_from, valid_to, or) {
        (None, None, Some(validity)) => Some(validity),
        (None, _, _) => {
            faults.push(place.fault("valid_from", "missing: every value says from which day"));
            None
        }
        (Some(from), Some(to), _) if to <= from => {
            let message = "is exclusive, so it is later than valid_from";
            faults.push(place.fault("valid_to", message));
            None
        }
        (Some(valid_from), valid_to, _) => Some(Validity {
            valid_from,
            valid_to,
        }),
    }
}

fn take_date(
    table: &mut DeTable<'_>,
    field: &str,
    place: &Place,
    faults: &mut Vec<Fault>,
) -> Option<Date> {
    let value = table.remove(field)?;
    let date = civil_date(value.get_ref());
    if date.is_none() {
        faults.push(place.fault(field, "write a day as 2017-12-01, without quotes"));
    }
    date
}

fn civil_date(value: &DeValue<'_>) -> Option<Date> {
    let DeValue::Datetime(datetime) = value else {
        return None;
    };
    let toml::value::Datetime {
        date: Some(date),
        time: None,
        offset: None,
    } = *datetime
    else {
        return None;
    };
    let year = i16::try_from(date.year).ok()?;
    Date::new(
        year,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    )
    .ok()
}

/// Takes `source` out of a table and resolves it: a key of `[sources]`, then any paragraph.
pub(crate) fn take_source(
    table: &mut DeTable<'_>,
    place: &Place,
    sources: &BTreeMap<String, String>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let Some(value) = table.remove("source") else {
        faults.push(place.fault("source", "missing: every value says where it is published"));
        return None;
    };
    let DeValue::String(text) = value.get_ref() else {
        faults.push(place.fault("source", "write a source as text: a key of [sources]"));
        return None;
    };
    let (key, paragraph) = match text.split_once(' ') {
        Some((key, paragraph)) => (key, paragraph.trim()),
        None => (text.as_ref(), ""),
    };
    let Some(name) = sources.get(key) else {
        faults.push(place.fault("source", format!("{key:?} is no key of [sources]")));
        return None;
    };
    Some(if paragraph.is_empty() {
        name.clone()
    } else {
        format!("{name} {paragraph}")
    })
}
