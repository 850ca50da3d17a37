//! A price.

use hjm_ids::ArticleNumber;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::convert::{to_pb_date, to_pb_unit_price};

use crate::store::PriceRow;

pub(crate) fn to_pb_price(number: &ArticleNumber, price: &PriceRow) -> pb::Price {
    pb::Price {
        article_number: number.to_string(),
        price: Some(to_pb_unit_price(&price.price)),
        valid_from: Some(to_pb_date(price.valid_from)),
        valid_to: price.valid_to.map(to_pb_date),
    }
}
