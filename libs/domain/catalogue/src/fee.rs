//! The facts a fee is decided on, and what a decision says.

use std::collections::BTreeMap;

use hjm_ids::{IsoCode, PrincipalId};
use hjm_money::{Money, MoneyError};
use hjm_policy::Explanation;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::group::ProductGroup;

/// Why the person gets the device now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// The person has not had one for this need.
    First,
    /// It replaces one that is worn out or broken.
    Replacement,
}

/// A device that a person was prescribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrescribedDevice {
    /// The day.
    pub on: Date,
    /// The article's ISO code then.
    pub iso: IsoCode,
    /// First time or replacement.
    pub occasion: Occasion,
    /// The fee table that was named for it, where one was: what another table is for does not count.
    pub table: Option<String>,
}

/// What else a person is prescribed. Each row counts of it what lies in its own area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrescribedBeside {
    /// The person's earlier devices. A line of the same prescription is earlier
    /// than those after it: kinds together, and both ears, are charged once (Uppsala).
    pub earlier: Vec<PrescribedDevice>,
    /// The codes of all lines of the prescription, this one's among them.
    pub together: Vec<IsoCode>,
}

/// The facts a device's fee is decided on. What is `None` is not known: a row that turns on it is
/// an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeFacts {
    /// The article's ISO code.
    pub iso: IsoCode,
    /// The article's group on the day.
    pub product_group: ProductGroup,
    /// The listed price or value, without VAT added (decisions 23): what a cost cap and a share of
    /// the value are reckoned on.
    pub price: Option<Money>,
    /// First time or replacement.
    pub occasion: Occasion,
    /// Day of birth.
    pub born_on: Option<Date>,
    /// Whether the person is in palliative care at the end of life.
    pub palliative: bool,
    /// Whether the person is admitted to hospital.
    pub in_patient: bool,
    /// How many pieces the prescription line is for.
    pub quantity: u32,
    /// The days of the person's earlier fees or devices of the same kind.
    pub earlier: Option<Vec<Date>>,
    /// How many kinds of the same group are prescribed together, this one counted.
    pub kinds_together: Option<u16>,
    /// What `earlier` and `kinds_together` are counted from where they are not told.
    pub beside: Option<PrescribedBeside>,
    /// Whether a condition that gives a right to the county's part is recorded: yes or no, and no
    /// diagnosis (decisions 25).
    pub qualifying_condition: Option<bool>,
    /// The ceiling of the fee's free-card scheme on the day, where the fee is limited by it.
    pub scheme_ceiling: Option<Money>,
    /// Where that is not told: the ceilings of all schemes on the day, by scheme.
    pub scheme_ceilings: BTreeMap<String, Money>,
    /// The municipality the person is registered in, by its code: some tables are a municipality's.
    pub municipality: Option<PrincipalId>,
    /// The day the fee is decided on: the prescription's date for a one-off fee, the accrual day
    /// for a recurring one, decided anew each time (decisions 21).
    pub on: Date,
}

impl FeeFacts {
    /// The facts that every question has: a first device, one piece, of somebody unknown.
    pub fn new(iso: IsoCode, product_group: ProductGroup, on: Date) -> Self {
        Self {
            iso,
            product_group,
            price: None,
            occasion: Occasion::First,
            born_on: None,
            palliative: false,
            in_patient: false,
            quantity: 1,
            earlier: None,
            kinds_together: None,
            beside: None,
            qualifying_condition: None,
            scheme_ceiling: None,
            scheme_ceilings: BTreeMap::new(),
            municipality: None,
            on,
        }
    }
}

/// What kind of fee the rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeKind {
    /// None, today or later.
    None,
    /// Once for each prescription line, or for each piece or pair of it.
    OneOff,
    /// A share of the value, once.
    ShareOfValue,
    /// Once for each twelve months the person has the device, from delivery.
    Per12Months,
    /// Once for each calendar month in which the person has the device.
    PerCalendarMonth,
    /// Once for each month begun, counted from delivery.
    PerStartedMonth,
    /// Once a calendar month for all the person's devices together.
    MonthlySubscription,
    /// A free loan for some months, then the person buys it at a subsidised price.
    PurchaseAfterTrial,
    /// The product's price up to the cap; the person owns it.
    CostCap,
}

/// Which calendar months a monthly subscription is charged for (Q13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MonthsCovered {
    /// Those with a device on every day.
    WholeMonth,
    /// Those with a device on some day.
    AnyDay,
}

/// Who takes the person's money (decisions 22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CollectedBy {
    /// The desk where it is handed out.
    Desk,
    /// An invoice afterwards.
    Invoice,
}

/// Whose income the fee is (decisions 23).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncomeTo {
    /// The aid centre's.
    #[default]
    AidCentre,
    /// The payer's.
    Payer,
}

/// What else a fee's row says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeTerms {
    /// The most months that are charged, where there is a most.
    pub months_max: Option<u16>,
    /// Which months a subscription is charged for.
    pub covers: Option<MonthsCovered>,
    /// The months of free loan before a purchase.
    pub trial_months: Option<u16>,
    /// Whether the person owns the device once it is paid.
    pub person_owns: bool,
    /// Who takes the money, where the source says.
    pub collected_by: Option<CollectedBy>,
    /// Whose income it is.
    pub income_to: IncomeTo,
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
    /// The person is admitted to hospital.
    InPatient,
    /// It replaces a worn device.
    Replacement,
    /// The price up to the cost cap.
    CostCap,
    /// A share of the value.
    Share,
    /// The share of the value was below the least fee.
    ShareFloor,
    /// The share of the value was above the most.
    ShareCeiling,
    /// The product's fee begins on a later day.
    NotYetInForce,
    /// The product is not prescribed at all.
    NotPrescribable,
    /// The county pays no part of it: the person buys it.
    NotSubsidised,
}

impl FeeReason {
    /// The stable code, for clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fee => "FEE",
            Self::NoFee => "NO_FEE",
            Self::UnderAge => "UNDER_AGE",
            Self::Palliative => "PALLIATIVE",
            Self::InPatient => "IN_PATIENT",
            Self::Replacement => "REPLACEMENT",
            Self::CostCap => "COST_CAP",
            Self::Share => "SHARE_OF_VALUE",
            Self::ShareFloor => "SHARE_AT_FLOOR",
            Self::ShareCeiling => "SHARE_AT_CEILING",
            Self::NotYetInForce => "NOT_YET_IN_FORCE",
            Self::NotPrescribable => "NOT_PRESCRIBABLE",
            Self::NotSubsidised => "NOT_SUBSIDISED",
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
    /// What else the row says.
    pub terms: FeeTerms,
    /// Why.
    pub reason: FeeReason,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// Why no fee could be decided. Never answered with a guess, and never with zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// A fact the rules need is not known.
    #[error("the fee cannot be decided without {fact}")]
    MissingFact {
        /// The field of the facts; `table` where two tables of a county cover the code alike.
        fact: &'static str,
    },
    /// The listed price is below zero.
    #[error("the listed price is negative")]
    NegativePrice,
    /// A line is for one piece at least.
    #[error("the quantity is zero")]
    ZeroQuantity,
    /// The table does not say what this product group means on the day.
    #[error("the fee table has no row for product group {group} on the day")]
    NoGroup {
        /// The group's number.
        group: u8,
    },
    /// The table has no cost cap on the day.
    #[error("the fee table has no cost cap on the day")]
    NoCostCap,
    /// The source does not print what the fee is.
    #[error("the fee table's source does not print {what}")]
    NotPrinted {
        /// What is missing.
        what: String,
    },
    /// No table of the county is asked for this.
    #[error("no fee table of the county has {what} on the day")]
    NotInTable {
        /// The table, service or allowance.
        what: String,
    },
    /// The amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
