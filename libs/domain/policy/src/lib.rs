//! Policies: dated documents of fees, payers, rent and ceilings, each value with its source.
//!
//! Owns the envelope that all of them share: who and what a document is ([`PolicyDocument`]), its
//! sections, when a value holds ([`Validity`]), where it was published, and which version is in
//! force on a day ([`PolicySet`]). What a section means belongs to the domain lib that reads it
//! through [`SectionReader`]; whatever that lib does not know is a [`Fault`] with the place named.
//! A document is never changed: a correction is a new version (architecture decision 12).
//!
//! ```toml
//! id = "example-fees"
//! version = 1
//! tenant = "example"
//! title = "Own fees"
//! valid_from = 2023-01-01          # optional: valid_to, the first day it no longer holds
//! not_printed = "the ceiling"      # optional: what no source prints; then never put in force
//!
//! [sources]
//! board = "Board decision 2022-08-18"
//!
//! [[fees.rule]]                    # a row: source and valid_from always, valid_to where it ends
//! amount = "250.00"
//! valid_from = 2023-01-01
//! source = "board §4"              # a key of [sources], then the paragraph
//! ```

mod document;
mod explanation;
mod fault;
mod in_force;
mod reader;
mod row;
mod schema;
mod text;
mod validity;

pub use document::{PolicyDocument, PolicyReference, Section};
pub use explanation::Explanation;
pub use fault::Fault;
pub use in_force::PolicySet;
pub use reader::SectionReader;
pub use row::Row;
pub use schema::{SectionSchema, document_schema};
pub use text::{from_text, from_text_optional, from_texts};
pub use validity::Validity;
