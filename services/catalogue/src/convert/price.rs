//! A price and the list it is on.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{to_pb_date, to_pb_unit_price},
};

use crate::store::PriceRow;

/// A class of customers, or that it is not set.
pub(crate) fn from_pb_customer_class(
    violations: &mut Violations,
    field: &str,
    class: i32,
) -> Option<pb::CustomerClass> {
    let class = pb::CustomerClass::try_from(class);
    violations.take(field, class.map_err(|_| "must be a class of this version"))
}

pub(crate) fn to_pb_price(number: &ArticleNumber, price: &PriceRow) -> pb::Price {
    pb::Price {
        article_number: number.to_string(),
        price: Some(to_pb_unit_price(&price.price)),
        valid_from: Some(to_pb_date(price.valid_from)),
        valid_to: price.valid_to.map(to_pb_date),
        customer_class: price.class.into(),
    }
}
