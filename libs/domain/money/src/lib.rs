//! Money in öre, unit prices with more decimals, and the one door between them.
//!
//! Owns: [`Money`] (a whole number of öre), [`UnitPrice`] (kronor with up to six decimals),
//! [`Rounding`] and [`allocate`]. A decimal becomes money only through [`Money::round`], once an
//! invoiced line (decisions 37); one amount is split between payers only through [`allocate`].
//! Nothing here panics, wraps or uses a float: every sum that does not fit is
//! [`MoneyError::Overflow`].
#![deny(clippy::arithmetic_side_effects)]

mod allocate;
mod error;
mod money;
mod plain_decimal;
mod unit_price;

pub use allocate::allocate;
pub use error::MoneyError;
pub use money::{Money, Rounding};
pub use unit_price::UnitPrice;
