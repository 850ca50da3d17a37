//! Tests of the whole suite; they are in `tests/it`.
