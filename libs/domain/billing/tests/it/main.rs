//! Tests of rent, sales, differences and recurring fees.

#![cfg(test)]

mod accruals;
mod agreement;
mod difference;
mod laws;
mod loss;
mod loss_faults;
mod policy_file;
mod regions;
mod rent;
mod rent_laws;
mod rent_rules;
mod sale;
mod shipped;
mod support;
