//! Billing over its own database, with the feeds it follows told by hand.

mod bad_input;
mod credits;
mod fee_kinds;
mod months;
mod own_fees;
mod rent;
mod skips;
mod support;
mod undecided;
mod units;
mod walls;
