//! Tests of ids, calendar and identity numbers.

mod calendar;
mod identity;
mod test_series;
mod typed_ids;
