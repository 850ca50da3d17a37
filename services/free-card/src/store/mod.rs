//! Free-card's SQL.

mod account;
mod books;
mod log;

pub(crate) use account::{
    AccountRow, account_ensure, account_find, account_list, account_lock, account_lock_of_fee,
};
pub(crate) use books::{charged_list, fee_counts, references_shared, sequence_gaps};
pub(crate) use log::{Beside, RegisteredRow, log_append, log_list, registered_find};
