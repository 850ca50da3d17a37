//! The catalogue service over a real socket and a real database.

#![cfg(test)]

mod article_faults;
mod article_versions;
mod articles;
mod books;
mod classification;
mod decisions;
mod feed;
mod fees;
mod imports;
mod iso_lists;
mod policies;
mod policy_faults;
mod prescribing;
mod price_lists;
mod prices;
mod relations;
mod searches;
mod support;
mod tenancy;
