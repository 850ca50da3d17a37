//! What the service refuses.

use hjm_free_card::EngineError;
use hjm_service::{Failure, Refusal};
use tonic::Status;

/// Which part of a request a rule of the engine speaks of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// The one fee of `RegisterFee`.
    Fee,
    /// One of the fees of `QuoteFees`.
    Fees,
    /// The date or amount that `CorrectFee` gives.
    Change,
    /// A stored fee: the request names only the account.
    Account,
}

impl Part {
    /// From the engine, in a call that this part belongs to.
    pub(crate) fn refused(self) -> impl Fn(EngineError) -> Error {
        move |error| Error::Engine(self, error)
    }

    const fn event_on(self) -> &'static str {
        match self {
            Self::Fee => "fee.event_on",
            Self::Fees => "fees.event_on",
            Self::Change => "event_on",
            Self::Account => "",
        }
    }

    const fn nominal(self) -> &'static str {
        match self {
            Self::Fee => "fee.nominal",
            Self::Fees => "fees.nominal",
            Self::Change => "nominal",
            Self::Account => "",
        }
    }
}

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no policy in force has this high-cost protection")]
    SchemeUnknown,
    #[error("the external reference belongs to another fee, or to one that was cancelled")]
    FeeReferenceTaken,
    #[error("the external reference counts in another high-cost protection")]
    FeeCountsElsewhere,
    #[error("{0}")]
    Group(#[from] hjm_free_card::GroupRefusal),
    #[error("the two are linked already")]
    AlreadyLinked,
    #[error("the two are not linked")]
    NotLinked,
    #[error("the person is in a pool of this high-cost protection already")]
    InPool,
    #[error("the person is not in the pool")]
    NotInPool,
    #[error("a composite reads the high-cost protection: its persons are not pooled")]
    PoolUnderComposite,
    #[error("at most 20 children are in a pool")]
    PoolFull,
    #[error("no keys of identity numbers are held here")]
    NoIdentityKeys,
    #[error("the fee was registered by another principal, who corrects it")]
    FeeRegisteredElsewhere,
    #[error("{0}")]
    Claim(#[from] hjm_free_card::ClaimRefusal),
    #[error("who pays back what another owes is a member of the high-cost protection today")]
    PayerNotAMember,
    #[error("no card is valid on the day")]
    NoCard,
    #[error("the card is preliminary: a correction may still take it back")]
    CardPreliminary,
    #[error("no proofs are issued here: there is no key")]
    NoProofKey,
    #[error("{1}")]
    Fee(Part, hjm_free_card::Refusal),
    #[error("{1}")]
    Engine(Part, EngineError),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Error {
    /// A key was taken by somebody else between the look for it and the insert.
    pub(crate) fn is_taken(&self) -> bool {
        let Self::Failure(Failure::Internal(source)) = self else {
            return false;
        };
        let database = source.downcast_ref::<sqlx::Error>();
        let database = database.and_then(sqlx::Error::as_database_error);
        database.is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let (reason, field) = match error {
            Error::SchemeUnknown => ("SCHEME_UNKNOWN", "scheme_id"),
            Error::FeeReferenceTaken => ("FEE_REFERENCE_TAKEN", "external_reference"),
            Error::FeeCountsElsewhere => ("FEE_COUNTS_ELSEWHERE", "external_reference"),
            Error::Group(refusal) => match refusal {
                hjm_free_card::GroupRefusal::AdultInPool { .. } => {
                    (refusal.reason(), "members.born_on")
                }
                hjm_free_card::GroupRefusal::TwoAdults => (refusal.reason(), "other"),
            },
            Error::AlreadyLinked => ("ALREADY_LINKED", "other"),
            Error::NotLinked => ("NOT_LINKED", "other_recipient_id"),
            Error::InPool => ("IN_POOL", "members.recipient_id"),
            Error::NotInPool => ("NOT_IN_POOL", "leaving"),
            Error::PoolUnderComposite => ("POOL_UNDER_COMPOSITE", "scheme_id"),
            Error::PoolFull => ("POOL_FULL", "joining"),
            Error::NoIdentityKeys => ("NO_IDENTITY_KEYS", ""),
            Error::FeeRegisteredElsewhere => ("FEE_REGISTERED_ELSEWHERE", "fee_id"),
            Error::Claim(_) => ("CLAIM_STATE", "state"),
            Error::PayerNotAMember => ("NOT_A_MEMBER", "paid_by_principal_id"),
            Error::NoCard => ("NO_CARD", "as_of"),
            Error::CardPreliminary => ("CARD_PRELIMINARY", "as_of"),
            Error::NoProofKey => ("NO_PROOF_KEY", ""),
            Error::Fee(part, refusal) => match refusal {
                hjm_free_card::Refusal::DateInFuture { .. }
                | hjm_free_card::Refusal::InstantOfAnotherDay { .. }
                | hjm_free_card::Refusal::AfterDeath { .. } => (refusal.reason(), part.event_on()),
                hjm_free_card::Refusal::OptedOut => (refusal.reason(), "recipient_id"),
                hjm_free_card::Refusal::AmountNegative => (refusal.reason(), part.nominal()),
            },
            Error::Engine(part, error) => match error {
                EngineError::CeilingMissing { .. } => (error.reason(), part.event_on()),
                EngineError::Money(_) | EngineError::ShareMissing { .. } => {
                    (error.reason(), part.nominal())
                }
                EngineError::CompositeReadsOnly { .. }
                | EngineError::SchemeNotRead { .. }
                | EngineError::CardExists { .. }
                | EngineError::CardEndsBeforeItBegins { .. }
                | EngineError::ExternalCardRefused { .. } => (error.reason(), error.field()),
                EngineError::AlreadyCancelled { .. } => ("ALREADY_CANCELLED", "fee_id"),
                EngineError::UnknownFee { .. } => return Failure::NotFound("fee").into(),
                EngineError::DuplicateFee { .. } | EngineError::UnknownCard { .. } => {
                    return Failure::internal(text).into();
                }
            },
            Error::Failure(failure) => return failure.into(),
        };
        Failure::Refused(Refusal::new(reason, field, text)).into()
    }
}
