//! Wire types to the catalogue's own and back.

mod article;
mod policy;
mod price;

pub(crate) use article::{from_pb_article, to_pb_article};
pub(crate) use policy::to_pb_policy;
pub(crate) use price::to_pb_price;
