//! The law of the catalogue: what a person pays for a device, and who pays its rent.
//!
//! Owns the policy sections `fees` ([`FeeTable`]: own fees, the cost cap, exemptions) and `payers`
//! ([`PayerRules`]). Both take all facts as arguments, the date too, and answer a decision with
//! its reason and the published rule that gave it. The order of a document's rows never matters:
//! the most specific row decides, and two equally specific ones are refused when it is read.

mod area;
mod conditions;
mod fee;
mod fee_file;
mod fee_table;
mod group;
mod payer_facts;
mod payer_file;
mod payers;

pub use fee::{FeeDecision, FeeError, FeeFacts, FeeKind, FeeReason, Occasion};
pub use fee_table::FeeTable;
pub use group::ProductGroup;
pub use payer_facts::{
    Duration, HomeCare, Housing, PayerFacts, PlaceOfCare, ProductCategory, Purpose,
};
pub use payers::{Payer, PayerDecision, PayerError, PayerRules, Prescribes};
