//! Free-card's SQL.

mod account;
mod alias;
mod append;
mod batch;
mod books;
mod claim;
mod days;
mod log;
mod owed;
mod share;
mod subject;
mod undercharge;

pub(crate) use account::{
    AccountRow, StandingRow, account_find, account_hold, account_hold_ids, account_insert,
    account_list, account_of_fee, standing_list,
};
pub(crate) use alias::{alias_find, alias_hold, alias_insert};
pub(crate) use append::log_append;
pub(crate) use batch::{BatchKeys, CoverRow, RegisteredRow, batch_find, exempt_find};
pub(crate) use books::{charged_list, fee_counts, references_shared, sequence_gaps};
pub(crate) use claim::{
    ClaimChangeRow, ClaimFilter, ClaimKey, ClaimRow, claim_list, claim_net, claim_upsert,
    decision_insert,
};
pub(crate) use days::{card_days, covers};
pub(crate) use log::{Beside, NewEntry, Receipt, log_list, receipt_list};
pub(crate) use owed::{Owed, owed_list};
pub(crate) use share::{
    LinkRow, PoolHead, PoolRow, link_append, link_list, pool_append, pool_events, pool_find,
    pool_ids_born_by, pool_insert, pool_list, sharing_hold,
};
pub(crate) use subject::{Known, subject_append, subject_hold, subject_list};
pub(crate) use undercharge::{UnderchargeRow, undercharge_list, undercharge_upsert};
