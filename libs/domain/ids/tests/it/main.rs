//! Tests of ids, calendar and identity numbers.
