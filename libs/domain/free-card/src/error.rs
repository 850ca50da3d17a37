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
    /// Two fees of the account have the same number.
    #[error("two fees of this account have the number {sequence}")]
    DuplicateSequence {
        /// The number.
        sequence: u64,
    },
    /// A release names a card that is not fixed.
    #[error("no fixed card was completed by the fee {fee}")]
    UnknownCard {
        /// The fee that the release names.
        fee: FeeId,
    },
    /// The calendar ends before the window does.
    #[error("a window that starts on {on} does not end within the calendar")]
    CalendarEnds {
        /// The start of the window.
        on: Date,
    },
    /// The amounts of the account do not fit.
    #[error("the account's amounts do not fit: {0}")]
    Money(#[from] MoneyError),
}

impl EngineError {
    /// The field of the request it concerns.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::CeilingMissing { .. } | Self::CalendarEnds { .. } => "event_date",
            Self::UnknownFee { .. }
            | Self::AlreadyCancelled { .. }
            | Self::DuplicateFee { .. }
            | Self::DuplicateSequence { .. }
            | Self::UnknownCard { .. } => "fee_id",
            Self::Money(_) => "amount",
        }
    }

    /// The stable reason code.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::CeilingMissing { .. } => "CEILING_MISSING",
            Self::CalendarEnds { .. } => "CALENDAR_ENDS",
            Self::UnknownFee { .. } => "FEE_UNKNOWN",
            Self::AlreadyCancelled { .. } => "FEE_ALREADY_CANCELLED",
            Self::DuplicateFee { .. } => "FEE_ALREADY_REGISTERED",
            Self::DuplicateSequence { .. } => "SEQUENCE_TAKEN",
            Self::UnknownCard { .. } => "CARD_UNKNOWN",
            Self::Money(_) => "AMOUNT_TOO_LARGE",
        }
    }
}
