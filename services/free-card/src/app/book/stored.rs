//! Storing what was added to accounts.

use hjm_ids::TenantId;
use sqlx::PgConnection;

use super::{Book, Cards};
use crate::{
    error::Error,
    store::{self, AccountRow, ClaimChangeRow, NewEntry, StandingRow, card_days},
};

impl Book {
    fn standing(&self) -> StandingRow {
        let (days, cards_are_all) = match &self.cards {
            Cards::More(days) => (days, false),
            Cards::All(days) => (days, true),
        };
        StandingRow {
            account: self.row.account,
            version: self.version_stored(),
            cards: card_days(days),
            cards_are_all,
            snapshot: self.snapshot.bytes(),
            texts: self.scheme.policy().hash.clone(),
        }
    }
}

/// Stores what was added to accounts that are held, with where they now stand.
pub(in crate::app) async fn store_books(
    connection: &mut PgConnection,
    tenant: &TenantId,
    books: &[&Book],
) -> Result<(), Error> {
    let written = || books.iter().filter(|book| !book.added.is_empty());
    let new = written().filter(|book| book.is_new);
    let new: Vec<AccountRow> = new.map(|book| book.row.clone()).collect();
    if !new.is_empty() {
        store::account_insert(connection, tenant, &new).await?;
    }
    let entries: Vec<&NewEntry> = written().flat_map(|book| &book.added).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let standings: Vec<StandingRow> = written().map(|book| book.standing()).collect();
    store::log_append(connection, tenant, &entries, &standings).await?;
    let claims: Vec<ClaimChangeRow> = written().flat_map(|book| book.claims.clone()).collect();
    if !claims.is_empty() {
        store::claim_upsert(connection, tenant, &claims).await?;
    }
    let undercharges = written().flat_map(|book| {
        let all = book.undercharges.iter().cloned();
        all.map(|undercharge| (book.row.account, undercharge))
    });
    let undercharges: Vec<_> = undercharges.collect();
    if !undercharges.is_empty() {
        store::undercharge_upsert(connection, tenant, &undercharges).await?;
    }
    Ok(())
}
