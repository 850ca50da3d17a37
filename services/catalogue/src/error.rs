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
    #[error("the articles belong together so already, on that day or later")]
    RelationExists,
    #[error("the article is replaced by {0} on that day or later")]
    ReplacedAlready(ArticleNumber),
    #[error("the articles are in one chain already")]
    ChainCircle,
    #[error("a chain has at most {0} articles")]
    ChainTooLong(usize),
    #[error("it holds from {0}: it ends after that day")]
    RelationEnd(Date),
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
    #[error("version {0} was put in force: what corrects it has a higher number")]
    PolicyOrder(u32),
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

impl Error {
    /// How it is told.
    pub(crate) fn into_failure(self) -> Failure {
        let text = self.to_string();
        let refused = self.reason_and_field();
        let refusal = refused.map(|(reason, field)| Refusal::new(reason, field, text));
        match (self, refusal) {
            (Self::Failure(failure), _) => failure,
            (Self::Undecided(undecided), Some(refusal)) => Failure::Refused(Refusal {
                text: undecided.text,
                metadata: vec![("facts", undecided.facts.join(","))],
                ..refusal
            }),
            (_, Some(refusal)) => Failure::Refused(refusal),
            (_, None) => Failure::internal("a refusal without a reason"),
        }
    }

    /// The stable reason of a refusal and the field it concerns; none of a failure.
    pub(crate) fn reason_and_field(&self) -> Option<(&'static str, &'static str)> {
        Some(match *self {
            Error::ArticleExists => ("ARTICLE_EXISTS", "article.article_number"),
            Error::ArticleNotAfter { field, .. } => ("ARTICLE_NOT_AFTER", field),
            Error::ArticleState { field, .. } => ("ARTICLE_STATE", field),
            Error::IdentifierTaken(_) => ("IDENTIFIER_TAKEN", "article.identifiers"),
            Error::RelationExists => ("RELATION_EXISTS", "relation.valid_from"),
            Error::ReplacedAlready(_) => ("REPLACED_ALREADY", "relation.article_number"),
            Error::ChainCircle => ("CHAIN_CIRCLE", "relation.other_number"),
            Error::ChainTooLong(_) => ("CHAIN_TOO_LONG", "relation.other_number"),
            Error::RelationEnd(_) => ("RELATION_END", "valid_to"),
            Error::PriceNotAfter(_) => ("PRICE_NOT_AFTER", "valid_from"),
            Error::PolicyVersionExists => ("POLICY_VERSION_EXISTS", "text"),
            Error::AlreadyActive(_) => ("ALREADY_ACTIVE", "version"),
            Error::SecondPersonRequired => ("SECOND_PERSON_REQUIRED", ""),
            Error::BeforeValidity(_) => ("BEFORE_VALIDITY", "active_from"),
            Error::NotPrinted(_) => ("NOT_PRINTED", "version"),
            Error::PolicyOrder(_) => ("POLICY_ORDER", "version"),
            Error::SectionTaken { .. } => ("SECTION_TAKEN", "policy_id"),
            Error::Undecided(ref undecided) => (undecided.reason, "question"),
            Error::Failure(_) => return None,
        })
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        error.into_failure().into()
    }
}
