//! Whether two texts of a scheme say the same of days that have been.

use hjm_policy::{Row, Validity};
use jiff::civil::Date;

use crate::scheme::{DatedLimit, Scheme};

impl Scheme {
    /// Whether another text of the scheme says the same of every day through `on`: then whatever was
    /// drawn by it until then stands. One that adds a coming year does; one that corrects a past
    /// ceiling does not.
    pub fn alike_through(&self, other: &Self, on: Date) -> bool {
        let limit = |row: &DatedLimit| (row.limit, row.validity);
        settings(self) == settings(other)
            && same(
                &said(self.limits.iter().map(limit), on),
                &said(other.limits.iter().map(limit), on),
            )
            && rows_same(&self.tiers, &other.tiers, on)
            && rows_same(&self.not_counted, &other.not_counted, on)
            && rows_same(&self.exempt, &other.exempt, on)
            && rows_same(&self.reads, &other.reads, on)
            && rows_same(&self.members, &other.members, on)
    }
}

fn settings(scheme: &Scheme) -> impl PartialEq {
    (
        scheme.id.clone(),
        scheme.length,
        (scheme.mode(), scheme.end_rule(), scheme.areas_min()),
        (scheme.preliminary_hours(), scheme.on_cancel_final()),
        (scheme.settlement(), scheme.accepts_external_cards()),
    )
}

/// What rows say, and of which of the days through `on`.
fn said<T>(rows: impl Iterator<Item = (T, Validity)>, on: Date) -> Vec<(T, Date, Option<Date>)> {
    let begun = rows.filter(|(_, validity)| validity.valid_from <= on);
    let until = |validity: Validity| validity.valid_to.filter(|to| *to <= on);
    begun
        .map(|(value, validity)| (value, validity.valid_from, until(validity)))
        .collect()
}

fn rows_same<T: PartialEq>(one: &[Row<T>], other: &[Row<T>], on: Date) -> bool {
    let rows = |row| {
        let Row {
            value, validity, ..
        }: &Row<T> = row;
        (value, *validity)
    };
    same(
        &said(one.iter().map(rows), on),
        &said(other.iter().map(rows), on),
    )
}

fn same<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.len() == other.len() && one.iter().all(|said| other.contains(said))
}
