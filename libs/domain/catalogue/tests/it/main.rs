//! Tests of own fees and payers, most of them on the policies that are shipped.

mod articles;
mod classification;
mod directives;
mod fee_cases;
mod fee_faults;
mod fee_laws;
mod fee_table;
mod holes;
mod payer_faults;
mod payers;
mod regions;
mod shipped;
