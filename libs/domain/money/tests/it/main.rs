//! Tests of money, unit prices and splitting.

mod allocate;
mod money;
mod unit_price;
