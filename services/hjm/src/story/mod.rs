//! The stories that show the whole job, played by public gRPC calls only, on a clock file.

mod books;
mod clock;
pub mod county;
pub mod dalarna;
pub mod jamtland;
mod teller;
pub mod year;
mod year_plan;

pub(crate) use books::amount;
pub use clock::ClockFile;
pub use teller::{StoryError, Teller};

use hjm_money::Money;

/// A story is told twice where a correction changes how it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Nothing is corrected.
    First,
    /// Something is corrected after the fact.
    Second,
}

/// A figure of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The person, as the story names them.
    pub who: &'static str,
    /// What is counted.
    pub what: String,
    /// How much it is, in kronor.
    pub amount: Money,
    /// Why, in the words of the decision.
    pub why: String,
}
