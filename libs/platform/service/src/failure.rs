//! What can go wrong in any service, free of transport, and how it is told.
//!
//! malformed → `INVALID_ARGUMENT` with every field named; refused by a rule → `FAILED_PRECONDITION`
//! with a reason; not yours or not there → `NOT_FOUND`; database away → `UNAVAILABLE` with a time
//! to come back. Internal text is logged and never leaves.

use std::{borrow::Cow, collections::HashMap, fmt, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

const DOMAIN: &str = "hjalpmedel";
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Fields of a request that cannot be read, collected and answered once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Violations(Vec<(String, String)>);

impl Violations {
    /// Notes that a field is wrong. The text must not repeat the field's value.
    pub fn add(&mut self, field: impl Into<String>, text: impl fmt::Display) {
        self.0.push((field.into(), text.to_string()));
    }

    /// Keeps a parsed value, or notes that its field is wrong.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.add(field, error)).ok()
    }

    /// Keeps a value that must be there.
    pub fn need<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "must be given");
        }
        value
    }

    /// The value, if nothing was noted since the start.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with everything noted.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Failure::Invalid(self)),
        }
    }

    /// One violation as a failure.
    pub fn one(field: &str, text: impl fmt::Display) -> Failure {
        let mut violations = Self::default();
        violations.add(field, text);
        Failure::Invalid(violations)
    }

    /// What was noted: field and text, in order.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, text)| (&**field, &**text))
    }

    /// The fields that were named.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(field, _)| field.as_str())
    }
}

/// A rule said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, `UPPER_SNAKE`.
    pub reason: &'static str,
    /// The request's field it concerns; empty for none.
    pub field: &'static str,
    /// One sentence without personal data.
    pub text: String,
    /// The values the sentence names.
    pub metadata: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal without further values.
    pub fn new(reason: &'static str, field: &'static str, text: impl Into<String>) -> Self {
        Self {
            reason,
            field,
            text: text.into(),
            metadata: Vec::new(),
        }
    }
}

/// What can go wrong in any service.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request cannot be read; every field is named.
    #[error("the request is malformed")]
    Invalid(Violations),
    /// A rule said no.
    #[error("{}", .0.text)]
    Refused(Refusal),
    /// Not there, or not the caller's to see. Holds what was looked for.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// Another change came in between: look again and repeat.
    #[error("version {found} is the newest, {expected} was expected")]
    VersionConflict {
        /// The version the caller looked at.
        expected: u32,
        /// The newest.
        found: u32,
    },
    /// The `request_id` was used for something else.
    #[error("this request_id was used for another request")]
    RequestIdReused,
    /// Not now: come back.
    #[error("{0}")]
    Unavailable(String),
    /// A defect or a database error: logged, its text never leaves.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// A defect, described for the log.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into().into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// The connection is gone. 57P01 to 57P03: the server shuts down, has crashed, or starts.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_))
        || matches!(code(error).as_deref(), Some("57P01" | "57P02" | "57P03"))
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let none_is_left = matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
            || code(&error).as_deref() == Some("53300");
        if none_is_left || is_lost(&error) {
            tracing::warn!(%error, "the database is away");
            return Self::Unavailable("the database is away".to_owned());
        }
        Self::Internal(Box::new(error))
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string();
        match failure {
            Failure::Invalid(Violations(list)) => {
                let mut details = ErrorDetails::new();
                details.set_error_info("MALFORMED", DOMAIN, HashMap::new());
                for (field, text) in list {
                    details.add_bad_request_violation(field, text);
                }
                Self::with_error_details(Code::InvalidArgument, text, details)
            }
            Failure::Refused(refusal) => refused(refusal),
            Failure::NotFound(what) => {
                let metadata = HashMap::from([("what".to_owned(), what.to_owned())]);
                with_info(Code::NotFound, text, "NOT_FOUND", metadata)
            }
            Failure::VersionConflict { expected, found } => {
                let metadata = HashMap::from([
                    ("expected".to_owned(), expected.to_string()),
                    ("found".to_owned(), found.to_string()),
                ]);
                with_info(Code::Aborted, text, "VERSION_CONFLICT", metadata)
            }
            Failure::RequestIdReused => with_info(
                Code::AlreadyExists,
                text,
                "REQUEST_ID_REUSED",
                HashMap::new(),
            ),
            Failure::Unavailable(_) => {
                let mut details = ErrorDetails::new();
                details.set_error_info("UNAVAILABLE", DOMAIN, HashMap::new());
                details.set_retry_info(Some(RETRY_AFTER));
                Self::with_error_details(Code::Unavailable, text, details)
            }
            Failure::Internal(source) => {
                tracing::error!(error = %source, "internal error");
                Self::internal(text)
            }
        }
    }
}

fn refused(refusal: Refusal) -> Status {
    let why = vec![(refusal.field.to_owned(), refusal.text.clone())];
    refused_for(refusal, why)
}

/// The status of a rule that said no for several reasons at once: each names its field and says
/// why. The refusal's own field is not told.
pub fn refused_for(refusal: Refusal, why: Vec<(String, String)>) -> Status {
    let metadata = refusal
        .metadata
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.reason, DOMAIN, metadata.collect::<HashMap<_, _>>());
    for (field, text) in why.into_iter().filter(|(field, _)| !field.is_empty()) {
        details.add_bad_request_violation(field, text);
    }
    Status::with_error_details(Code::FailedPrecondition, refusal.text, details)
}

fn with_info(code: Code, text: String, reason: &str, metadata: HashMap<String, String>) -> Status {
    Status::with_error_details(
        code,
        text,
        ErrorDetails::with_error_info(reason, DOMAIN, metadata),
    )
}
