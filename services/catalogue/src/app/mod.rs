//! The catalogue's use cases: one function, one transaction.

pub(crate) mod article;
pub(crate) mod classification;
pub(crate) mod decision;
pub(crate) mod import;
pub(crate) mod policy;
pub(crate) mod price;
pub(crate) mod relation;
pub(crate) mod search;
mod shelf;

use hjm_service::Answered;

use crate::error::Error;

type Written<R> = Result<Answered<R>, Error>;
