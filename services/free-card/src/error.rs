//! What the service refuses.

use hjm_free_card::EngineError;
use hjm_service::{Failure, Refusal, refused_for};
use tonic::Status;

/// Which part of a request a rule of the engine speaks of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// The one fee of `RegisterFee`.
    Fee,
    /// One of the fees of `QuoteFees`, by its place.
    Fees(usize),
    /// The date or amount that `CorrectFee` gives.
    Change,
    /// One of the children who are to be in a pool: the list, and its place in it.
    Entrant(&'static str, usize),
    /// A stored fee: the request names only the account.
    Account,
}

impl Part {
    /// From the engine, in a call that this part belongs to.
    pub(crate) fn refused(self) -> impl Fn(EngineError) -> Error {
        move |error| Error::Engine(self, error)
    }

    /// A field of the part, as the request names it.
    fn field(self, name: &str) -> String {
        match self {
            Self::Fee => format!("fee.{name}"),
            Self::Fees(at) => format!("fees[{at}].{name}"),
            Self::Entrant(list, at) => format!("{list}[{at}].{name}"),
            Self::Change => name.to_owned(),
            Self::Account => String::new(),
        }
    }

    fn refusal(self, refusal: hjm_free_card::Refusal) -> (&'static str, String) {
        let field = match refusal {
            hjm_free_card::Refusal::DateInFuture { .. }
            | hjm_free_card::Refusal::InstantOfAnotherDay { .. }
            | hjm_free_card::Refusal::AfterDeath { .. } => self.field("event_on"),
            hjm_free_card::Refusal::OptedOut => match self {
                Self::Entrant(..) => self.field("recipient_id"),
                Self::Fee | Self::Fees(_) | Self::Change | Self::Account => {
                    "recipient_id".to_owned()
                }
            },
            hjm_free_card::Refusal::AmountNegative => self.field("nominal"),
        };
        (refusal.reason(), field)
    }

    /// None where the request could not have been better: a fee that is not there, or a defect.
    fn engine(self, error: &EngineError) -> Option<(&'static str, String)> {
        let field = match error {
            EngineError::CeilingMissing { .. } => self.field("event_on"),
            EngineError::Money(_) | EngineError::ShareMissing { .. } => self.field("nominal"),
            EngineError::CardExists { .. } => "valid_from".to_owned(),
            EngineError::CardEndsBeforeItBegins { .. } => "valid_to".to_owned(),
            EngineError::CompositeReadsOnly { .. }
            | EngineError::SchemeNotRead { .. }
            | EngineError::ExternalCardRefused { .. } => "scheme_id".to_owned(),
            EngineError::AlreadyCancelled { .. } => {
                return Some(("ALREADY_CANCELLED", "fee_id".to_owned()));
            }
            EngineError::UnknownFee { .. }
            | EngineError::DuplicateFee { .. }
            | EngineError::UnknownCard { .. } => return None,
        };
        Some((error.reason(), field))
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
    #[error("{1}")]
    Group(Part, hjm_free_card::GroupRefusal),
    #[error("the two are linked already")]
    AlreadyLinked,
    #[error("the two are not linked")]
    NotLinked,
    #[error("the person is in a pool of this high-cost protection already")]
    InPool(Part),
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
    #[error("a principal registers and quotes its own fees")]
    FeeOfAnotherPrincipal(Part),
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
            Error::SchemeUnknown => ("SCHEME_UNKNOWN", "scheme_id".to_owned()),
            Error::FeeReferenceTaken => ("FEE_REFERENCE_TAKEN", "external_reference".to_owned()),
            Error::FeeCountsElsewhere => ("FEE_COUNTS_ELSEWHERE", "external_reference".to_owned()),
            Error::Group(part, refusal) => match refusal {
                hjm_free_card::GroupRefusal::AdultInPool { .. } => {
                    (refusal.reason(), part.field("born_on"))
                }
                hjm_free_card::GroupRefusal::TwoAdults => (refusal.reason(), "other".to_owned()),
            },
            Error::AlreadyLinked => ("ALREADY_LINKED", "other".to_owned()),
            Error::NotLinked => ("NOT_LINKED", "other_recipient_id".to_owned()),
            Error::InPool(part) => ("IN_POOL", part.field("recipient_id")),
            Error::NotInPool => ("NOT_IN_POOL", "leaving".to_owned()),
            Error::PoolUnderComposite => ("POOL_UNDER_COMPOSITE", "scheme_id".to_owned()),
            Error::PoolFull => ("POOL_FULL", "joining".to_owned()),
            Error::NoIdentityKeys => ("NO_IDENTITY_KEYS", String::new()),
            Error::FeeRegisteredElsewhere => ("FEE_REGISTERED_ELSEWHERE", "fee_id".to_owned()),
            Error::FeeOfAnotherPrincipal(part) => {
                ("FEE_OF_ANOTHER_PRINCIPAL", part.field("principal_id"))
            }
            Error::Claim(_) => ("CLAIM_STATE", "state".to_owned()),
            Error::PayerNotAMember => ("NOT_A_MEMBER", "paid_by_principal_id".to_owned()),
            Error::NoCard => ("NO_CARD", "as_of".to_owned()),
            Error::CardPreliminary => ("CARD_PRELIMINARY", "as_of".to_owned()),
            Error::NoProofKey => ("NO_PROOF_KEY", String::new()),
            Error::Fee(part, refusal) => part.refusal(refusal),
            Error::Engine(_, EngineError::UnknownFee { .. }) => {
                return Failure::NotFound("fee").into();
            }
            Error::Engine(part, error) => match part.engine(&error) {
                Some(refused) => refused,
                None => return Failure::internal(text).into(),
            },
            Error::Failure(failure) => return failure.into(),
        };
        let why = vec![(field, text.clone())];
        refused_for(Refusal::new(reason, "", text), why)
    }
}
