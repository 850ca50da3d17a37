//! What is owed on accounts: claims, and what was charged too little.

use std::collections::HashMap;

use hjm_free_card::{Claim, Undercharge};
use hjm_ids::{AccountId, TenantId};
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{claim::claim_of, undercharge::undercharge_of};

/// Of one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owed {
    /// In order of fee and number.
    pub(crate) claims: Vec<Claim>,
    pub(crate) undercharges: Vec<Undercharge>,
}

impl Owed {
    /// What is owed on several accounts, as one.
    pub(crate) fn together<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut together = Self::default();
        for one in all {
            together.claims.extend_from_slice(&one.claims);
            together.undercharges.extend_from_slice(&one.undercharges);
        }
        together
    }
}

/// What is owed on accounts. Who holds an account holds it: nobody else changes it.
pub(crate) async fn owed_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    accounts: &[Uuid],
) -> Result<HashMap<AccountId, Owed>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT owed.account_id AS "account_id!", fee_id AS "fee_id!", number,
                  principal_id AS "principal_id!", event_on AS "event_on!: jiff_sqlx::Date",
                  amount_ore AS "amount_ore!", state
             FROM unnest($2::uuid[]) asked (id),
                  LATERAL (SELECT account_id, fee_id, number, principal_id, event_on, amount_ore,
                                  state
                             FROM free_card.claim
                            WHERE tenant_id = $1 AND account_id = asked.id
                           UNION ALL
                           SELECT account_id, fee_id, NULL, principal_id, event_on, amount_ore,
                                  NULL
                             FROM free_card.undercharge
                            WHERE tenant_id = $1 AND account_id = asked.id
                           OFFSET 0) owed
            ORDER BY fee_id, number"#,
        tenant.as_str(),
        accounts
    )
    .fetch_all(connection)
    .await?;
    let mut all: HashMap<AccountId, Owed> = HashMap::new();
    for row in rows {
        let owed = all.entry(AccountId::new(row.account_id)).or_default();
        let (fee, principal, ore) = (row.fee_id, &row.principal_id, row.amount_ore);
        match row.number.zip(row.state) {
            Some((number, state)) => {
                owed.claims
                    .push(claim_of(fee, number, principal, ore, &state)?);
            }
            None => owed
                .undercharges
                .push(undercharge_of(fee, principal, row.event_on, ore)?),
        }
    }
    Ok(all)
}
