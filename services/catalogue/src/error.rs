//! What the catalogue refuses.

use hjm_catalogue::ArticleState;
use hjm_ids::ArticleNumber;
use hjm_service::{Failure, Refusal};
use jiff::civil::Date;
use tonic::Status;

use crate::app::decision::Undecided;

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the article number is taken")]
    ArticleExists,
    #[error("a version from {newest} is stored: the next one begins after that day")]
    ArticleNotAfter { newest: Date, field: &'static str },
    #[error("an article that is {} does not become {}", .from.name(), .to.name())]
    ArticleState {
        from: ArticleState,
        to: ArticleState,
        field: &'static str,
    },
    #[error("the article {0} has one of the identifiers on some of these days")]
    IdentifierTaken(ArticleNumber),
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
            Error::ArticleNotAfter { field, .. } => ("ARTICLE_NOT_AFTER", field),
            Error::ArticleState { field, .. } => ("ARTICLE_STATE", field),
            Error::IdentifierTaken(_) => ("IDENTIFIER_TAKEN", "article.identifiers"),
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
