//! What a circle's newest states change of what principals owe and of what they charged too little.

use std::collections::HashMap;

use hjm_free_card::{ClaimChange, claims_after, undercharges_after};
use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Held, States};
use crate::{
    error::{Error, Part},
    store::{self, ClaimChangeRow, Owed},
};

impl Held {
    /// Stores what the states change. Who holds the accounts holds it: nobody else changes it.
    pub(super) async fn store_owed(
        &self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        states: &States,
    ) -> Result<(), Error> {
        let accounts = self.circle.accounts.values();
        let ids: Vec<Uuid> = accounts.map(|own| own.row.account.uuid()).collect();
        let known = store::owed_list(tx, tenant, &ids).await?;
        let (mut claims, mut undercharges) = (Vec::new(), Vec::new());
        for scheme in &self.circle.together.base {
            let Some(state) = states.get(scheme.id()) else {
                continue;
            };
            let known = self.of_scheme(scheme.id(), &known);
            for change in claims_after(state, &known.claims).map_err(Part::Account.refused())? {
                let (ClaimChange::Opened(claim) | ClaimChange::Changed(claim)) = change else {
                    // Told by the difference between the fee and its claims; never collected.
                    continue;
                };
                claims.push(ClaimChangeRow {
                    account: self.account_of(claim.fee)?,
                    on: state.fee(claim.fee).ok_or_else(lost)?.on,
                    claim,
                });
            }
            for undercharge in undercharges_after(state, &known.undercharges) {
                undercharges.push((self.account_of(undercharge.fee)?, undercharge));
            }
        }
        if !claims.is_empty() {
            store::claim_upsert(tx, tenant, &claims).await?;
        }
        if !undercharges.is_empty() {
            store::undercharge_upsert(tx, tenant, &undercharges).await?;
        }
        Ok(())
    }

    /// What is known of the accounts in a scheme.
    fn of_scheme(&self, scheme_id: &str, known: &HashMap<AccountId, Owed>) -> Owed {
        let accounts = self.circle.accounts.iter();
        let own = accounts.filter(|(holder, _)| holder.scheme_id == scheme_id);
        Owed::together(own.filter_map(|(_, own)| known.get(&own.row.account)))
    }

    fn account_of(&self, fee: FeeId) -> Result<AccountId, Failure> {
        let (owner, _) = self.circle.fee_entry(fee).ok_or_else(lost)?;
        let own = self.circle.accounts.get(owner).ok_or_else(lost)?;
        Ok(own.row.account)
    }
}

fn lost() -> Failure {
    Failure::internal("what is owed is for no fee of its account")
}
