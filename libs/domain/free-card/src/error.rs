//! Why a log cannot be replayed or added to.

use hjm_ids::FeeId;
use hjm_money::MoneyError;
use jiff::civil::Date;

/// Why the engine gives no answer. It never falls back to a guess.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The scheme has no ceiling on the date (D-27): never last year's.
    #[error("the scheme {scheme} has no ceiling on {on}")]
    CeilingMissing {
        /// The scheme's id.
        scheme: String,
        /// The date of the fee.
        on: Date,
    },
    /// The fee is not on this account.
    #[error("the fee {fee} is not on this account")]
    UnknownFee {
        /// The fee that was named.
        fee: FeeId,
    },
    /// The fee is cancelled already.
    #[error("the fee {fee} is cancelled already")]
    AlreadyCancelled {
        /// The fee that was named.
        fee: FeeId,
    },
    /// The fee is on the account already.
    #[error("the fee {fee} is on this account already")]
    DuplicateFee {
        /// The fee that was named.
        fee: FeeId,
    },
    /// No tier says what is to pay of so high a sum.
    #[error("the scheme {scheme} prints no share of a sum so high on {on}")]
    ShareMissing {
        /// The scheme's id.
        scheme: String,
        /// The date of the fee.
        on: Date,
    },
    /// There is a card on some of the days, and it was not to be extended (W30).
    #[error("a card is valid from {from} through {to}")]
    CardExists {
        /// First day of the card there is.
        from: Date,
        /// Last day of the card there is, inclusive.
        to: Date,
    },
    /// A card ends before it begins.
    #[error("a card from {from} does not end on {to}")]
    CardEndsBeforeItBegins {
        /// The first day that was given.
        from: Date,
        /// The last day that was given.
        to: Date,
    },
    /// The scheme takes no card of another principal (D-16).
    #[error("the scheme {scheme} takes no card of another principal")]
    ExternalCardRefused {
        /// The scheme's id.
        scheme: String,
    },
    /// A composite only reads: a fee belongs to one base scheme (D-13).
    #[error("the scheme {scheme} reads the fees of others and has none of its own")]
    CompositeReadsOnly {
        /// The scheme's id.
        scheme: String,
    },
    /// A composite does not read the scheme.
    #[error("the scheme {scheme} is not read by the composite")]
    SchemeNotRead {
        /// The scheme that was given.
        scheme: String,
    },
    /// A release names a card that is not fixed.
    #[error("no fixed card was completed by the fee {fee}")]
    UnknownCard {
        /// The fee that the release names.
        fee: FeeId,
    },
    /// The amounts of the account do not fit.
    #[error("the account's amounts do not fit: {0}")]
    Money(#[from] MoneyError),
}

impl EngineError {
    /// The field of the request it concerns.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::CeilingMissing { .. } => "event_date",
            Self::UnknownFee { .. }
            | Self::AlreadyCancelled { .. }
            | Self::DuplicateFee { .. }
            | Self::UnknownCard { .. } => "fee_id",
            Self::CardExists { .. } => "from",
            Self::CardEndsBeforeItBegins { .. } => "to",
            Self::ExternalCardRefused { .. } => "reason",
            Self::CompositeReadsOnly { .. } | Self::SchemeNotRead { .. } => "scheme_id",
            Self::ShareMissing { .. } | Self::Money(_) => "amount",
        }
    }

    /// The stable reason code.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::CeilingMissing { .. } => "CEILING_MISSING",
            Self::UnknownFee { .. } => "FEE_UNKNOWN",
            Self::AlreadyCancelled { .. } => "FEE_ALREADY_CANCELLED",
            Self::DuplicateFee { .. } => "FEE_ALREADY_REGISTERED",
            Self::ShareMissing { .. } => "SHARE_MISSING",
            Self::CardExists { .. } => "CARD_EXISTS",
            Self::CardEndsBeforeItBegins { .. } => "CARD_ENDS_BEFORE_IT_BEGINS",
            Self::ExternalCardRefused { .. } => "EXTERNAL_CARD_REFUSED",
            Self::CompositeReadsOnly { .. } => "COMPOSITE_READS_ONLY",
            Self::SchemeNotRead { .. } => "SCHEME_NOT_READ",
            Self::UnknownCard { .. } => "CARD_UNKNOWN",
            Self::Money(_) => "AMOUNT_TOO_LARGE",
        }
    }
}
