//! Wire values as a test writes them, and errors as it reads them.

use hjm_money::Money;
use hjm_proto::common::v1 as pb;
use hjm_service::convert;
use jiff::civil::Date;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// A date, written `2025-03-10`.
///
/// # Panics
/// When it is none.
pub fn date(text: &str) -> Option<pb::Date> {
    let date: Date = text.parse().expect("a date");
    Some(convert::to_pb_date(date))
}

/// An amount, written `600.00`.
///
/// # Panics
/// When it is none.
pub fn money(text: &str) -> Option<pb::Money> {
    let money: Money = text.parse().expect("an amount");
    Some(convert::to_pb_money(money))
}

/// An amount as a test compares it: `600.00`.
///
/// # Panics
/// When it is absent or finer than öre.
pub fn kronor(money: Option<&pb::Money>) -> String {
    let money = money.expect("an amount");
    Money::from_units_nanos(money.units, money.nanos)
        .expect("whole öre")
        .to_string()
}

/// A unit price, written `24.90`.
pub fn unit_price(text: &str) -> Option<pb::Decimal> {
    Some(pb::Decimal {
        value: text.to_owned(),
    })
}

/// A request id that nobody else uses.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// The reason a call was refused with.
///
/// # Panics
/// When the status tells none.
pub fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .expect("an error info")
        .reason
}

/// The fields a status names, in order.
pub fn fields(status: &Status) -> Vec<String> {
    let request = status.get_details_bad_request();
    let violations = request
        .map(|request| request.field_violations)
        .unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}
