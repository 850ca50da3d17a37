//! What was on accounts before: fees that do not come last are decided on all of it.

use hjm_free_card::LogEntry;
use hjm_ids::TenantId;
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Book;
use crate::store::{self, Owed};

/// An account's log, and what is owed on it, as they were when its book was opened.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) log: Vec<LogEntry>,
    pub(super) owed: Owed,
}

/// Reads the pasts of books at once.
pub(in crate::app) async fn read_pasts(
    tx: &mut PgConnection,
    tenant: &TenantId,
    books: &mut [&mut Book],
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = books.iter().map(|book| book.row.account.uuid()).collect();
    let mut logs = store::log_list(tx, tenant, &ids).await?;
    let mut owed = store::owed_list(tx, tenant, &ids).await?;
    for book in books {
        let account = book.row.account;
        book.past = Some(Past {
            log: logs.remove(&account).unwrap_or_default(),
            owed: owed.remove(&account).unwrap_or_default(),
        });
    }
    Ok(())
}
