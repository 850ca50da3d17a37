//! The law of the catalogue: what a person pays for a device, who pays its rent, and who may
//! prescribe it.
//!
//! Owns what an article's identifiers, states and chains of substitutes are ([`Identifier`],
//! [`ArticleState`], [`substitution_chain`]), the classification, and the policy sections `fees`
//! ([`FeeTable`]: own fees, the cost cap, exemptions), `payers` ([`PayerRules`]) and `directives`
//! ([`Directives`]). Those take all facts as arguments, the date too, and answer a decision with its
//! reason and the published rule that gave it. The order of a document's rows never matters: the
//! most specific row decides, and two equally specific ones are refused when it is read.

mod allowance;
mod area;
mod article_state;
mod classification;
mod conditions;
mod directive_file;
mod directives;
mod fee;
mod fee_file;
mod fee_row;
mod fee_service;
mod fee_table;
mod fee_tables;
mod group;
mod identifier;
mod iso_list;
mod payer_facts;
mod payer_file;
mod payers;
mod prescribing;
mod substitution;

pub use allowance::{AllowanceDecision, AllowanceFacts, AllowanceReason};
pub use article_state::{ArticleAct, ArticleState, NotAllowed, TrialLimits};
pub use classification::{EditionCode, IsoEdition, IsoMapping, MappedCode, MappingKind, map_code};
pub use directives::Directives;
pub use fee::{
    CollectedBy, FeeDecision, FeeError, FeeFacts, FeeKind, FeeReason, FeeTerms, IncomeTo,
    MonthsCovered, Occasion, PrescribedBeside, PrescribedDevice,
};
pub use fee_service::{ServiceFacts, ServiceFee};
pub use fee_table::FeeTable;
pub use fee_tables::{FeeTables, price_conflicts};
pub use group::ProductGroup;
pub use identifier::{Identifier, IdentifierFault, IdentifierKind, identifier_key};
pub use iso_list::{Classification, IsoEntry, IsoLine, IsoLineOutcome, IsoTitles};
pub use payer_facts::{
    Duration, HomeCare, Housing, NoMedicalDevice, PayerFacts, PlaceOfCare, ProductCategory, Purpose,
};
pub use payers::{Payer, PayerDecision, PayerError, PayerRules, Prescribes};
pub use prescribing::{
    PrescribingDecision, PrescribingFacts, PrescribingObjection, PrescribingReason, kept_beside,
};
pub use substitution::{
    ChainRefusal, DeliveryRefusal, Equivalent, delivered_of_chain, may_deliver, substitution_chain,
};
