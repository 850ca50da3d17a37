//! Wire types to the catalogue's own and back.

mod article;
mod article_details;
mod classification;
mod decision;
mod identifier;
mod policy;
mod prescribing;
mod price;
mod relation;

pub(crate) use article::{from_pb_article, from_pb_product_code, from_pb_state, to_pb_article};
pub(crate) use article_details::{stored_trial, words_optional};
pub(crate) use classification::{
    from_pb_edition, from_pb_edition_code, from_pb_line, to_pb_broken, to_pb_iso_code,
    to_pb_line_status, to_pb_mapping_kind,
};
pub(crate) use decision::{
    from_pb_fee_question, from_pb_question, to_pb_allowance, to_pb_own_fee, to_pb_payer,
    to_pb_rent, to_pb_service_fee,
};
pub(crate) use identifier::stored_identifiers;
pub(crate) use policy::to_pb_policy;
pub(crate) use prescribing::{from_pb_prescribing, to_pb_prescribing};
pub(crate) use price::{from_pb_customer_class, to_pb_price};
pub(crate) use relation::{from_pb_pair, from_pb_relation, from_pb_relation_kind, to_pb_relation};
