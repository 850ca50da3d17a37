//! The facts a loss is decided on, and what a decision says.

use hjm_ids::IsoCode;
use hjm_money::{Money, MoneyError};
use hjm_policy::Explanation;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::BillingError;

/// What was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LossKind {
    /// A device with a number of its own.
    Device,
    /// A part of such a device.
    Component,
    /// A special adaptation (specialanpassning) that cannot be restored.
    SpecialAdaptation,
    /// A hearing aid.
    HearingAid,
    /// A device the county scrapped by its rule rather than look for (kasseringsregel).
    ScrappingRule,
    /// A device that comes back misused or not clean.
    Misuse,
}

impl LossKind {
    /// The name in the policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "DEVICE",
            Self::Component => "COMPONENT",
            Self::SpecialAdaptation => "SPECIAL_ADAPTATION",
            Self::HearingAid => "HEARING_AID",
            Self::ScrappingRule => "SCRAPPING_RULE",
            Self::Misuse => "MISUSE",
        }
    }
}

/// Who pays a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LossPayer {
    /// The customer number that pays the rent.
    Payer,
    /// The unit that prescribed it.
    PrescribingUnit,
    /// The person.
    Person,
}

/// The facts of a loss. What a county's rule does not read may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossFacts {
    /// What was lost.
    pub kind: LossKind,
    /// Its ISO code: the years it is written off over hang on it.
    pub iso: Option<IsoCode>,
    /// What it cost, without VAT; the component's own price for a component.
    pub price: Option<Money>,
    /// The day it was acquired.
    pub acquired_on: Option<Date>,
    /// Its residual value where the books have one; for a component, the whole device's. Without
    /// it, it is reckoned from price, day and years.
    pub residual: Option<Money>,
    /// The day of the loss.
    pub on: Date,
}

/// What a line of a loss is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossLineKind {
    /// The loss itself.
    Loss,
    /// The administrative fee, a line of its own (L11).
    AdministrativeFee,
}

/// One line of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossLine {
    /// What it is for.
    pub kind: LossLineKind,
    /// Who pays it.
    pub pays: LossPayer,
    /// Above zero.
    pub amount: Money,
}

/// What is charged for a loss, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossDecision {
    /// The loss, then the administrative fee; a line of nothing is left out.
    pub lines: Vec<LossLine>,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// Whether a loss that was reported may be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chargeable {
    /// From this day, unless it is found before.
    Waits(Date),
    /// It was found in time.
    Found,
    /// Since this day.
    Since(Date),
}

/// Why nothing is decided. An amount is never guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LossError {
    /// The county prints no rule for it.
    #[error("the policy has no rule {rule} on {on}")]
    NoRule {
        /// The table of the policy, or the kind of loss in it.
        rule: &'static str,
        /// The day.
        on: Date,
    },
    /// The rule needs a fact that is not told.
    #[error("the loss cannot be decided without {fact}")]
    MissingFact {
        /// The field of [`LossFacts`].
        fact: &'static str,
    },
    /// An amount is negative or does not fit.
    #[error(transparent)]
    Amount(#[from] BillingError),
}

impl From<MoneyError> for LossError {
    fn from(error: MoneyError) -> Self {
        Self::Amount(error.into())
    }
}

impl LossError {
    /// The stable reason code.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoRule { .. } => "LOSS_RULE_MISSING",
            Self::MissingFact { .. } => "LOSS_FACT_MISSING",
            Self::Amount(error) => error.reason(),
        }
    }
}
