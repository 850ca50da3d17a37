//! Wire types to the catalogue's own and back.

mod article;
mod decision;
mod policy;
mod price;

pub(crate) use article::{from_pb_article, from_pb_product_code, to_pb_article};
pub(crate) use decision::{
    from_pb_fee_question, from_pb_question, to_pb_allowance, to_pb_own_fee, to_pb_payer,
    to_pb_rent, to_pb_service_fee,
};
pub(crate) use policy::to_pb_policy;
pub(crate) use price::to_pb_price;
