//! What billing refuses.

use hjm_ids::Month;
use hjm_service::{Failure, Refusal};
use tonic::Status;

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the month {0} is not over")]
    MonthNotOver(Month),
    #[error("months are closed in order: {next} is next")]
    MonthOrder { next: Month },
    #[error("rent and sales are corrected through their loan")]
    CorrectTheLoan,
    #[error("the charge is credited already")]
    AlreadyCredited,
    #[error("the charge is itself a credit")]
    IsACredit,
    #[error("the own fee is not posted yet")]
    NotPosted,
    #[error("free-card refused: {reason}")]
    FreeCardRefused { reason: String },
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let (reason, field, metadata) = match error {
            Error::MonthNotOver(_) => ("MONTH_NOT_OVER", "month", vec![]),
            Error::MonthOrder { next } => {
                ("MONTH_ORDER", "month", vec![("next", next.to_string())])
            }
            Error::CorrectTheLoan => ("CORRECT_THE_LOAN", "charge_id", vec![]),
            Error::AlreadyCredited => ("ALREADY_CREDITED", "charge_id", vec![]),
            Error::IsACredit => ("IS_A_CREDIT", "charge_id", vec![]),
            Error::NotPosted => ("NOT_POSTED", "charge_id", vec![]),
            Error::FreeCardRefused { reason } => {
                ("FREE_CARD_REFUSED", "charge_id", vec![("reason", reason)])
            }
            Error::Failure(failure) => return failure,
        };
        Self::Refused(Refusal {
            reason,
            field,
            text,
            metadata,
        })
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
