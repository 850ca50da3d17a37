//! Free-card's SQL.

mod account;
mod books;
mod claim;
mod log;
mod subject;

pub(crate) use account::{
    AccountRow, ExemptKey, ExemptRow, StandingRow, account_find, account_hold, account_hold_of_fee,
    account_insert, account_list, exempt_list, standing_list, standing_update,
};
pub(crate) use books::{charged_list, fee_counts, references_shared, sequence_gaps};
pub(crate) use claim::{
    ClaimChangeRow, ClaimFilter, ClaimKey, ClaimRow, claim_hold, claim_hold_of_account, claim_list,
    claim_list_of_accounts, claim_upsert, decision_insert,
};
pub(crate) use log::{
    AlikeKey, Beside, NewEntry, RegisteredRow, alike_list, log_insert, log_list, registered_list,
};
pub(crate) use subject::{subject_append, subject_hold, subject_list};
