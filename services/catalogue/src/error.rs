//! What the catalogue refuses.

use hjm_service::{Failure, Refusal};
use jiff::civil::Date;
use tonic::Status;

use crate::app::decision::Undecided;

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the article number is taken")]
    ArticleExists,
    #[error("a price from {0} or later is already set")]
    PriceNotAfter(Date),
    #[error("this version is stored with another text")]
    PolicyVersionExists,
    #[error("the version is already in force from {0}")]
    AlreadyActive(Date),
    #[error("another person than the one who imported it must put it in force")]
    SecondPersonRequired,
    #[error("it cannot be in force before {0}, where its validity begins")]
    BeforeValidity(Date),
    #[error("it lacks what no source prints and cannot be put in force: {0}")]
    NotPrinted(String),
    #[error("a later version is in force from {0}: versions come in order")]
    PolicyOrder(Date),
    #[error("the section {section} is already decided by the policy {policy_id}")]
    SectionTaken { section: String, policy_id: String },
    #[error("{}", .0.text)]
    Undecided(Undecided),
    #[error(transparent)]
    Failure(#[from] Failure),
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
            Error::ArticleExists => ("ARTICLE_EXISTS", "article.article_number"),
            Error::PriceNotAfter(_) => ("PRICE_NOT_AFTER", "valid_from"),
            Error::PolicyVersionExists => ("POLICY_VERSION_EXISTS", "text"),
            Error::AlreadyActive(_) => ("ALREADY_ACTIVE", "version"),
            Error::SecondPersonRequired => ("SECOND_PERSON_REQUIRED", ""),
            Error::BeforeValidity(_) => ("BEFORE_VALIDITY", "active_from"),
            Error::NotPrinted(_) => ("NOT_PRINTED", "version"),
            Error::PolicyOrder(_) => ("POLICY_ORDER", "active_from"),
            Error::SectionTaken { .. } => ("SECTION_TAKEN", "policy_id"),
            Error::Undecided(undecided) => {
                let Undecided {
                    reason,
                    facts,
                    text,
                } = undecided;
                let refusal = Refusal {
                    metadata: vec![("facts", facts.join(","))],
                    ..Refusal::new(reason, "question", text)
                };
                return Failure::Refused(refusal).into();
            }
            Error::Failure(failure) => return failure.into(),
        };
        Failure::Refused(Refusal::new(reason, field, text)).into()
    }
}
