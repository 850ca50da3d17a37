//! Wire types to the catalogue's own and back.

mod article;
mod article_details;
mod identifier;
mod policy;
mod price;

pub(crate) use article::{from_pb_article, from_pb_state, to_pb_article};
pub(crate) use identifier::stored_identifiers;
pub(crate) use policy::to_pb_policy;
pub(crate) use price::{from_pb_customer_class, to_pb_price};
