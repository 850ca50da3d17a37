//! Why a bill cannot be made.

use hjm_ids::{ArticleNumber, LoanId};
use hjm_money::MoneyError;
use jiff::civil::Date;

/// Why there are no lines. A missing fact is never taken as zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// The article has no price on a billable day.
    #[error("the article {article} has no price on {on}")]
    PriceMissing {
        /// The article.
        article: ArticleNumber,
        /// The first such day.
        on: Date,
    },
    /// Nobody pays for a billable day.
    #[error("nobody pays for the loan {loan} on {on}")]
    PayerMissing {
        /// The loan.
        loan: LoanId,
        /// The first such day.
        on: Date,
    },
    /// The rent policy says nothing about a billable day.
    #[error("the rent policy {policy} has no rule on {on}")]
    RentRuleMissing {
        /// The policy document's id.
        policy: String,
        /// The first such day.
        on: Date,
    },
    /// The rent policy counts from something that the loan's timeline does not tell.
    #[error("the rent of the loan {loan} cannot be counted without {fact}")]
    FactMissing {
        /// The loan.
        loan: LoanId,
        /// The field of [`Holding`](crate::Holding).
        fact: &'static str,
    },
    /// A device is written off over no years at all.
    #[error("a device is written off over one year or more")]
    NoYears,
    /// The loan ends before it starts.
    #[error("the loan {loan} is returned before it is delivered")]
    ReturnedBeforeDelivery {
        /// The loan.
        loan: LoanId,
    },
    /// An amount does not fit, or a price is negative.
    #[error("an amount of the bill is wrong: {0}")]
    Money(#[from] MoneyError),
}

impl BillingError {
    /// The stable reason code.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::PriceMissing { .. } => "PRICE_MISSING",
            Self::PayerMissing { .. } => "PAYER_MISSING",
            Self::RentRuleMissing { .. } => "RENT_RULE_MISSING",
            Self::FactMissing { .. } => "RENT_FACT_MISSING",
            Self::NoYears => "NO_DEPRECIATION_YEARS",
            Self::ReturnedBeforeDelivery { .. } => "RETURNED_BEFORE_DELIVERY",
            Self::Money(_) => "AMOUNT_WRONG",
        }
    }
}
