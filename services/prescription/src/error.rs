//! What prescription refuses.

use std::collections::BTreeSet;

use hjm_catalogue::{FeeError, NoMedicalDevice, NotAllowed, PayerError};
use hjm_ids::{ArticleNumber, UnitNumber};
use hjm_prescription::Refusal as Rule;
use hjm_service::{Failure, Refusal, refused_for};
use jiff::civil::Date;
use tonic::Status;

/// A reason of the prescribing directives against a prescription.
#[derive(Debug)]
pub(crate) struct Objection {
    pub(crate) field: String,
    pub(crate) code: String,
    pub(crate) text: String,
}

/// What can go wrong in a use case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the principal's id is taken")]
    PrincipalExists,
    #[error("the county has its region already")]
    RegionExists,
    #[error("the county has no region yet")]
    RegionMissing,
    #[error("the customer number is taken")]
    CustomerNumberExists,
    #[error("the customer number is unknown")]
    CustomerNumberUnknown { field: &'static str },
    #[error("the principal is unknown")]
    PrincipalUnknown { field: &'static str },
    #[error("the principal is no municipality")]
    NotAMunicipality { field: &'static str },
    #[error("facts from {0} are known: later facts begin after that day")]
    FactsNotAfter(Date),
    #[error("the death of {0} is recorded")]
    DeathRecorded(Date),
    #[error("a death is recorded today or earlier: the date is after {0}")]
    DeathInFuture(Date),
    #[error("the death is dated before the birth")]
    DeathBeforeBirth,
    #[error("the unit {0} is registered already")]
    UnitExists(UnitNumber),
    #[error("the article {article} is not in the catalogue on {on}")]
    ArticleUnknown {
        article: ArticleNumber,
        on: Date,
        field: &'static str,
    },
    #[error("only units of an article that comes back are marked; {0} is sold for good")]
    ArticleNotRental(ArticleNumber),
    #[error("the article {0} is of a product group or kind that is not prescribed")]
    NotPrescribable(ArticleNumber),
    #[error("{not} (article {article})")]
    NotInRange {
        article: ArticleNumber,
        not: NotAllowed,
        field: &'static str,
    },
    #[error("the article {0} is sold and has no price in force")]
    PriceMissing(ArticleNumber),
    #[error("{error} (article {article})")]
    FeeUndecided {
        article: ArticleNumber,
        error: FeeError,
    },
    #[error("{error} (article {article})")]
    PayerUndecided {
        article: ArticleNumber,
        error: PayerError,
    },
    #[error("no principal of the county pays: {text} (article {article})")]
    PaidOutside {
        article: ArticleNumber,
        text: String,
    },
    #[error("{error} (article {article})")]
    NoMedicalDevice {
        article: ArticleNumber,
        error: NoMedicalDevice,
        field: &'static str,
    },
    #[error("the prescribing directives speak against it, for every reason that is told")]
    PrescribingRefused(Vec<Objection>),
    #[error("the line is delivered already")]
    AlreadyDelivered,
    #[error("an article that comes back is delivered as a marked unit")]
    UnitRequired,
    #[error("a sold article has no marked unit")]
    SaleHasNoUnit,
    #[error("the unit is not registered")]
    UnitUnknown,
    #[error("the unit is one of the article {0}")]
    UnitOfOtherArticle(ArticleNumber),
    #[error("the article {0} is no equivalent of the prescribed one that is charged alike")]
    NotEquivalent(ArticleNumber),
    #[error("the equivalent article {0} goes first; another one needs a reason")]
    OlderFirst(ArticleNumber),
    #[error("the unit is out on another loan")]
    UnitOut,
    #[error("the unit was out on another loan on some of these days")]
    UnitHeld { field: &'static str },
    #[error("the unit is in store")]
    UnitNotOut,
    #[error("a sold article is not returned")]
    NothingToReturn,
    #[error("a sold article is not transferred")]
    NothingToTransfer,
    #[error("the loans of an offer are on one customer number")]
    LoansOnDifferentNumbers,
    #[error("the loans are on this customer number already")]
    SameCustomerNumber,
    #[error("an offer is answered by the principal that is asked")]
    NotAsked,
    #[error("the offer is answered already")]
    AlreadyAnswered,
    #[error("every loan of the offer is answered, and no other")]
    AnswersIncomplete,
    #[error("{rule}")]
    Rule { rule: Rule, field: &'static str },
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Error {
    /// A rule of the domain, told of the request's own field where its name differs.
    pub(crate) fn rule(rule: Rule) -> Self {
        let field = rule.field();
        Self::Rule { rule, field }
    }

    /// The first of the rules that said no.
    pub(crate) fn first(rules: Vec<Rule>, field: Option<&'static str>) -> Self {
        match rules.into_iter().next() {
            Some(rule) => Self::Rule {
                field: field.unwrap_or(rule.field()),
                rule,
            },
            None => Self::Failure(Failure::internal("refused without a reason")),
        }
    }

    fn reason_and_field(&self) -> (&'static str, &'static str) {
        const ARTICLE: &str = "draft.lines.article_number";
        match self {
            Self::PrincipalExists => ("PRINCIPAL_EXISTS", "principal.principal_id"),
            Self::RegionExists => ("REGION_EXISTS", "principal.kind"),
            Self::RegionMissing => ("REGION_MISSING", ""),
            Self::CustomerNumberExists => ("CUSTOMER_NUMBER_EXISTS", "unit.customer_number"),
            Self::CustomerNumberUnknown { field } => ("CUSTOMER_NUMBER_UNKNOWN", field),
            Self::PrincipalUnknown { field } => ("PRINCIPAL_UNKNOWN", field),
            Self::NotAMunicipality { field } => ("NOT_A_MUNICIPALITY", field),
            Self::FactsNotAfter(_) => ("FACTS_NOT_AFTER", "facts.valid_from"),
            Self::DeathRecorded(_) => ("DEATH_RECORDED", "died_on"),
            Self::DeathInFuture(_) => ("DEATH_IN_FUTURE", "died_on"),
            Self::DeathBeforeBirth => ("DEATH_BEFORE_BIRTH", "died_on"),
            Self::UnitExists(_) => ("UNIT_EXISTS", "unit_numbers"),
            Self::ArticleUnknown { field, .. } => ("ARTICLE_UNKNOWN", field),
            Self::ArticleNotRental(_) => ("ARTICLE_NOT_RENTAL", "article_number"),
            Self::NotPrescribable(_) => ("NOT_PRESCRIBABLE", ARTICLE),
            Self::NotInRange { field, .. } => ("NOT_IN_RANGE", field),
            Self::PriceMissing(_) => ("PRICE_MISSING", ARTICLE),
            Self::FeeUndecided { .. } => ("FEE_UNDECIDED", ARTICLE),
            Self::PayerUndecided { .. } => ("PAYER_UNDECIDED", ARTICLE),
            Self::PaidOutside { .. } => ("PAID_OUTSIDE", ARTICLE),
            Self::NoMedicalDevice { field, .. } => ("NO_MEDICAL_DEVICE", field),
            Self::PrescribingRefused(_) => ("PRESCRIBING_REFUSED", ""),
            Self::AlreadyDelivered => ("ALREADY_DELIVERED", "line_id"),
            Self::UnitRequired => ("UNIT_REQUIRED", "unit_number"),
            Self::SaleHasNoUnit => ("SALE_HAS_NO_UNIT", "unit_number"),
            Self::UnitUnknown => ("UNIT_UNKNOWN", "unit_number"),
            Self::UnitOfOtherArticle(_) => ("UNIT_OF_OTHER_ARTICLE", "unit_number"),
            Self::NotEquivalent(_) => ("NOT_EQUIVALENT", "article_number"),
            Self::OlderFirst(_) => ("OLDER_FIRST", "outside_chain_reason"),
            Self::UnitOut => ("UNIT_OUT", "unit_number"),
            Self::UnitHeld { field } => ("UNIT_HELD", field),
            Self::UnitNotOut => ("UNIT_NOT_OUT", "unit_number"),
            Self::NothingToReturn => ("NOTHING_TO_RETURN", "which"),
            Self::NothingToTransfer => ("NOTHING_TO_TRANSFER", "loan_ids"),
            Self::LoansOnDifferentNumbers => ("LOANS_ON_DIFFERENT_NUMBERS", "loan_ids"),
            Self::SameCustomerNumber => ("SAME_CUSTOMER_NUMBER", "to_customer_number"),
            Self::NotAsked => ("NOT_ASKED", "transfer_id"),
            Self::AlreadyAnswered => ("ALREADY_ANSWERED", "transfer_id"),
            Self::AnswersIncomplete => ("ANSWERS_INCOMPLETE", "answers"),
            Self::Rule { rule, field } => (rule.reason(), field),
            Self::Failure(_) => ("", ""),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        if let Self::Rule {
            rule: Rule::PayerMismatch { resolved, customer },
            ..
        } = self
        {
            return vec![
                ("payer", resolved.to_string()),
                ("customer_principal", customer.to_string()),
            ];
        }
        if let Self::PrescribingRefused(objections) = self {
            let codes: BTreeSet<&str> = objections.iter().map(|why| &*why.code).collect();
            let codes: Vec<&str> = codes.into_iter().collect();
            return vec![("reasons", codes.join(","))];
        }
        if let Self::UnitExists(unit) = self {
            return vec![("unit_number", unit.to_string())];
        }
        if let Self::UnitOfOtherArticle(article)
        | Self::ArticleUnknown { article, .. }
        | Self::ArticleNotRental(article)
        | Self::NotPrescribable(article)
        | Self::NotInRange { article, .. }
        | Self::OlderFirst(article)
        | Self::NotEquivalent(article)
        | Self::NoMedicalDevice { article, .. }
        | Self::PriceMissing(article)
        | Self::FeeUndecided { article, .. }
        | Self::PayerUndecided { article, .. }
        | Self::PaidOutside { article, .. } = self
        {
            return vec![("article_number", article.to_string())];
        }
        Vec::new()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let (reason, field) = error.reason_and_field();
        let (text, metadata) = (error.to_string(), error.metadata());
        let refusal = Refusal {
            reason,
            field,
            text,
            metadata,
        };
        if let Error::Failure(failure) = error {
            return failure.into();
        }
        if let Error::PrescribingRefused(objections) = error {
            let why = objections.into_iter().map(|why| (why.field, why.text));
            return refused_for(refusal, why.collect());
        }
        Failure::Refused(refusal).into()
    }
}
