//! One line of a bill.

use hjm_ids::{CustomerNumber, PrincipalId};
use hjm_money::{Money, UnitPrice};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::BillingError;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// Rent (hyra) for a number of days, or for one month or begun period.
    Rent,
    /// Something sold, once: an article, or what exceeds the person's part under a cost cap.
    Sale,
}

/// One line on a customer number. Two equal lines charge the same thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// The customer number that pays.
    pub customer_number: CustomerNumber,
    /// The principal that owns the customer number.
    pub principal: PrincipalId,
    /// First day.
    pub from: Date,
    /// Last day, inclusive, in the same month.
    pub to: Date,
    /// Rent: the days, both ends counted. Sale: 0, so that days of rent can be summed.
    pub days: u32,
    /// Kronor a day, a month or a begun period, or the whole price of a sale.
    pub unit_price: UnitPrice,
    /// Days times price for rent by the day, the price of one unit for other rent and for a sale;
    /// rounded once.
    pub amount: Money,
    /// Whether the first day is after the recipient's death (R16).
    pub deceased: bool,
}

/// How many times a line's unit price is charged, so that the product is its amount: its days when
/// it is rent by the day, once for a month, a begun period or a sale. The direction of a credit
/// does not matter.
///
/// # Errors
/// [`BillingError::Money`] when the product does not fit.
pub fn quantity(unit_price: UnitPrice, days: u32, amount: Money) -> Result<u32, BillingError> {
    let by_day = unit_price.times_days(days)?.ore();
    let is_by_day = days > 0 && by_day.unsigned_abs() == amount.ore().unsigned_abs();
    Ok(if is_by_day { days } else { 1 })
}

/// Something sold to a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// The customer number that pays.
    pub customer_number: CustomerNumber,
    /// The principal that owns the customer number.
    pub principal: PrincipalId,
    /// The day of delivery: its month is the line's month.
    pub delivered_on: Date,
    /// What the unit pays, without VAT.
    pub amount: Money,
}

/// The line of a sale; none when the unit pays nothing, as under a cost cap that is not exceeded
/// (source 000 §4.1.1, decisions 23).
///
/// # Errors
/// [`BillingError::Money`] when the amount is negative.
pub fn sale_line(sale: &Sale) -> Result<Option<Line>, BillingError> {
    if sale.amount.is_zero() {
        return Ok(None);
    }
    Ok(Some(Line {
        kind: LineKind::Sale,
        customer_number: sale.customer_number.clone(),
        principal: sale.principal.clone(),
        from: sale.delivered_on,
        to: sale.delivered_on,
        days: 0,
        unit_price: UnitPrice::new(Decimal::new(sale.amount.ore(), 2))?,
        amount: sale.amount,
        deceased: false,
    }))
}
