//! How a domain lib reads its section: rows and settings in, every fault out.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::row::{Place, read_table, take_source, take_validity};
use crate::{Fault, PolicyDocument, Row, Section, Validity};

/// One section being read. Take its rows and settings, add faults of meaning, then
/// [`finish`](Self::finish): what nobody took is a fault too.
#[derive(Debug)]
pub struct SectionReader<'d> {
    document: &'d PolicyDocument,
    section: Section,
    offset: usize,
    table: DeTable<'d>,
    faults: Vec<Fault>,
}

impl<'d> SectionReader<'d> {
    pub(crate) fn new(
        document: &'d PolicyDocument,
        section: Section,
        offset: usize,
        table: DeTable<'d>,
    ) -> Self {
        Self {
            document,
            section,
            offset,
            table,
            faults: Vec::new(),
        }
    }

    /// The rows `[[section.key]]` in the order written; none when there is no such key. A row has
    /// `source` and `valid_from`, may have `valid_to`, and its other fields are those of `T`
    /// (which denies unknown fields). A row with a fault is left out here and told by `finish`.
    pub fn rows<T: DeserializeOwned>(&mut self, key: &str) -> Vec<Row<T>> {
        let path = format!("{}.{key}", self.section.name());
        let Some(value) = self.table.remove(key) else {
            return Vec::new();
        };
        let line = crate::fault::line_of(self.document.text(), value.span().start);
        let DeValue::Array(values) = value.into_inner() else {
            self.faults
                .push(Fault::at(line, &path, format!("write rows as [[{path}]]")));
            return Vec::new();
        };
        let mut rows = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let (path, offset) = (format!("{path}[{}]", index + 1), value.span().start);
            match value.into_inner() {
                DeValue::Table(table) => rows.extend(self.row(path, offset, table, false)),
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => {
                    self.faults.push(Fault::at(line, &path, "a row is a table"));
                }
            }
        }
        rows
    }

    /// What stands directly under `[section]`, as one row: `source` is required, and it holds as
    /// long as the document unless it says otherwise. Take all rows first: `T` gets what is left.
    pub fn settings<T: DeserializeOwned>(&mut self) -> Option<Row<T>> {
        let table = std::mem::take(&mut self.table);
        self.row(self.section.name().to_owned(), self.offset, table, true)
    }

    fn row<T: DeserializeOwned>(
        &mut self,
        path: String,
        offset: usize,
        mut table: DeTable<'_>,
        as_document: bool,
    ) -> Option<Row<T>> {
        let place = Place::of(self.document.text(), path, offset, &table);
        let or = as_document.then(|| self.document.validity());
        let source = take_source(
            &mut table,
            &place,
            self.document.sources(),
            &mut self.faults,
        );
        let validity = take_validity(&mut table, &place, or, &mut self.faults);
        let whole = self.document.validity();
        if validity.is_some_and(|validity| !validity.overlaps(&whole)) {
            let message = "the document holds on no day of this row";
            self.faults.push(place.fault("valid_from", message));
        }
        let value = read_table(table, &place, &mut self.faults);
        Some(Row {
            value: value?,
            validity: validity?,
            source: source?,
            place,
        })
    }

    /// Adds a fault of meaning; make it with [`Row::fault`].
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds a fault about the section as a whole, such as a table that is missing.
    pub fn section_fault(&mut self, message: impl Into<String>) {
        let line = crate::fault::line_of(self.document.text(), self.offset);
        self.faults
            .push(Fault::at(line, self.section.name(), message));
    }

    /// Adds a fault for every two rows that `clash` says decide the same thing, when both are
    /// valid on some day.
    pub fn refuse_overlaps<T>(&mut self, rows: &[Row<T>], clash: impl Fn(&T, &T) -> bool) {
        for (index, later) in rows.iter().enumerate() {
            for earlier in &rows[..index] {
                if later.validity.overlaps(&earlier.validity) && clash(&earlier.value, &later.value)
                {
                    let since = later.validity.valid_from.max(earlier.validity.valid_from);
                    let message = format!(
                        "decides the same as {} ({}), and both hold on {since}",
                        earlier.place.path,
                        format_args!("line {}", earlier.place.line),
                    );
                    self.faults.push(later.fault("valid_from", message));
                }
            }
        }
    }

    /// Both: of the rows of the same thing exactly one holds on a day, from the first of them to the
    /// last.
    pub fn one_a_day<T>(&mut self, rows: &[Row<T>], same: impl Fn(&T, &T) -> bool) {
        self.refuse_overlaps(rows, &same);
        self.refuse_holes(rows, &same);
    }

    /// Adds a fault for every hole in time between two rows that `same` says are of the same thing:
    /// one ends, another begins later, and none holds in between. What nothing applies to then has
    /// a row that says so. Before the first and after the last of them nothing is asked.
    pub fn refuse_holes<T>(&mut self, rows: &[Row<T>], same: impl Fn(&T, &T) -> bool) {
        let whole = self.document.validity();
        for row in rows {
            let Some(end) = row.validity.valid_to else {
                continue;
            };
            let open = end.max(whole.valid_from);
            let alike = || rows.iter().filter(|other| same(&row.value, &other.value));
            if !whole.contains(open) || alike().any(|other| other.validity.contains(open)) {
                continue;
            }
            let later = alike().filter(|other| open < other.validity.valid_from);
            if let Some(next) = later.min_by_key(|other| other.validity.valid_from) {
                let message = format!(
                    "decides the same as {} ({}), and neither holds from {open} until this one",
                    row.place.path,
                    format_args!("line {}", row.place.line),
                );
                self.faults.push(next.fault("valid_from", message));
            }
        }
    }

    /// Adds a fault for every day of the document that none of the rows holds on, where a question
    /// must have an answer every day. Overlaps are another fault, see
    /// [`refuse_overlaps`](Self::refuse_overlaps); without any row there is nothing to point at.
    pub fn refuse_gaps<T>(&mut self, rows: &[Row<T>]) {
        let whole = self.document.validity();
        let mut rows: Vec<&Row<T>> = rows.iter().collect();
        rows.sort_by_key(|row| row.validity.valid_from);
        // The first day that no row so far holds on; none when they hold for good.
        let mut open = Some(whole.valid_from);
        for row in &rows {
            let Some(from) = open else { return };
            if from < row.validity.valid_from {
                let message = format!("no row holds from {from} until this one");
                self.faults.push(row.fault("valid_from", message));
            }
            open = row.validity.valid_to.map(|end| end.max(from));
        }
        let (Some(from), Some(last)) = (open, rows.last()) else {
            return;
        };
        if whole.valid_to.is_none_or(|end| from < end) {
            let message = format!("no row holds from {from}, and the document still does");
            self.faults.push(last.fault("valid_to", message));
        }
    }

    /// The first day of a row, within the document, on which none of others holds.
    pub fn first_without<T>(&self, row: &Row<T>, others: &[Validity]) -> Option<Date> {
        let whole = self.document.validity();
        let mut open = row.validity.valid_from.max(whole.valid_from);
        while row.validity.contains(open) && whole.contains(open) {
            match others.iter().find(|other| other.contains(open)) {
                Some(other) => open = other.valid_to?,
                None => return Some(open),
            }
        }
        None
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every fault found, and one for each key of the section that was not read.
    pub fn finish(mut self) -> Result<(), Vec<Fault>> {
        let place = Place::of(
            self.document.text(),
            self.section.name().to_owned(),
            self.offset,
            &self.table,
        );
        for key in self.table.keys() {
            self.faults
                .push(place.fault(key.get_ref(), "this section has no such key"));
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults)
        }
    }
}
