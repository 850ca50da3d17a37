//! What billing tells, and what it does with what it hears.

mod heard;
mod told;

pub(crate) use heard::{on_catalogue, on_prescription};
pub(crate) use told::{month_closed, own_fee_posted, run_started};
