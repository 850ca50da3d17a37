//! The facts a fee is decided on, and what a decision says.

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::Explanation;
use jiff::civil::Date;

use crate::group::ProductGroup;

/// Why the person gets the device now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// The person has not had one for this need.
    First,
    /// It replaces one that is worn out or broken.
    Replacement,
}

/// The facts a fee is decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeFacts {
    /// The article's ISO code.
    pub iso: IsoCode,
    /// The article's group on the day.
    pub product_group: ProductGroup,
    /// The listed price a person pays for it, without VAT added (decisions 23); needed for group 2.
    pub price: Option<Money>,
    /// First time or replacement.
    pub occasion: Occasion,
    /// Day of birth; needed where the table exempts an age.
    pub born_on: Option<Date>,
    /// Whether the person is in palliative care at the end of life.
    pub palliative: bool,
    /// The day the fee is decided on: the prescription's date for a one-off fee, the accrual day
    /// for a recurring one, decided anew each time (decisions 21).
    pub on: Date,
}

/// What kind of fee the rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeKind {
    /// None, today or later.
    None,
    /// Once for each prescription.
    OneOff,
    /// Once for each twelve months the person has the device, from delivery.
    Per12Months,
    /// The product's price up to the cap; the person owns it.
    CostCap,
}

/// Why the amount is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeReason {
    /// The fee of the table.
    Fee,
    /// The product has no fee.
    NoFee,
    /// The person is below the table's age.
    UnderAge,
    /// The person is in palliative care.
    Palliative,
    /// It replaces a worn device.
    Replacement,
    /// The price up to the cost cap.
    CostCap,
    /// The product's fee begins on a later day.
    NotYetInForce,
    /// The product is not prescribed at all.
    NotPrescribable,
}

impl FeeReason {
    /// The stable code, for clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fee => "FEE",
            Self::NoFee => "NO_FEE",
            Self::UnderAge => "UNDER_AGE",
            Self::Palliative => "PALLIATIVE",
            Self::Replacement => "REPLACEMENT",
            Self::CostCap => "COST_CAP",
            Self::NotYetInForce => "NOT_YET_IN_FORCE",
            Self::NotPrescribable => "NOT_PRESCRIBABLE",
        }
    }
}

/// A decided fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeDecision {
    /// The kind of the rule. An exempt person's fee keeps its kind, because the next accrual day
    /// may find the person no longer exempt.
    pub kind: FeeKind,
    /// What the person pays before any free card.
    pub amount: Money,
    /// What the prescribing unit pays of the product's price above the cost cap, else zero.
    pub unit_pays: Money,
    /// The free-card scheme the fee counts in, when there is one.
    pub scheme: Option<String>,
    /// Why.
    pub reason: FeeReason,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// Why no fee could be decided. Never answered with a guess, and never with zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// A fact the rules need is not known.
    #[error("the fee cannot be decided without {fact}")]
    MissingFact {
        /// The field of [`FeeFacts`].
        fact: &'static str,
    },
    /// The listed price is below zero.
    #[error("the listed price is negative")]
    NegativePrice,
    /// The table does not say what this product group means on the day.
    #[error("the fee table has no row for product group {group} on the day")]
    NoGroup {
        /// The group's number.
        group: u8,
    },
    /// The table has no cost cap on the day.
    #[error("the fee table has no cost cap on the day")]
    NoCostCap,
}
