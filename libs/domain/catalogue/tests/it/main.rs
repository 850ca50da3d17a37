//! Tests of own fees and payers.
