//! What is to go back to persons, and what was decided about it.

use std::collections::HashMap;

use hjm_free_card::{Claim, ClaimDecision, ClaimState};
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// A claim with whose it is.
#[derive(Debug, Clone)]
pub(crate) struct ClaimRow {
    pub(crate) account: AccountId,
    pub(crate) scheme_id: String,
    pub(crate) subject: RecipientId,
    pub(crate) on: Date,
    pub(crate) claim: Claim,
}

/// A claim that an account's newest state opens or changes.
#[derive(Debug, Clone)]
pub(crate) struct ClaimChangeRow {
    pub(crate) account: AccountId,
    pub(crate) on: Date,
    pub(crate) claim: Claim,
}

/// Which claims.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClaimFilter {
    /// Of one person, under any of its identities; of all when it is none.
    pub(crate) subjects: Option<Vec<Uuid>>,
    pub(crate) principal_id: Option<String>,
    pub(crate) state: Option<ClaimState>,
    pub(crate) fee: Option<FeeId>,
}

/// Where a page of claims ends: the last one's fee and number.
pub(crate) type ClaimKey = (Uuid, i64);

fn state_of(code: &str) -> Option<ClaimState> {
    match code {
        "OPEN" => Some(ClaimState::Open),
        "APPROVED" => Some(ClaimState::Approved),
        "PAID" => Some(ClaimState::Paid),
        "REJECTED" => Some(ClaimState::Rejected),
        "WAIVED" => Some(ClaimState::Waived),
        _ => None,
    }
}

fn claim_of(
    fee: Uuid,
    number: i64,
    principal: &str,
    amount_ore: i64,
    state: &str,
) -> Result<Claim, Failure> {
    let read = || {
        Some(Claim {
            fee: FeeId::new(fee),
            number: u32::try_from(number).ok()?,
            principal: principal.parse().ok()?,
            amount: Money::from_ore(amount_ore),
            state: state_of(state)?,
        })
    };
    read().ok_or_else(|| Failure::internal("a stored claim cannot be read"))
}

/// Keeps claims of accounts that are held.
pub(crate) async fn claim_upsert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[ClaimChangeRow],
) -> Result<(), sqlx::Error> {
    let fees: Vec<Uuid> = rows.iter().map(|row| row.claim.fee.uuid()).collect();
    let numbers: Vec<i64> = rows.iter().map(|row| row.claim.number.into()).collect();
    let accounts: Vec<Uuid> = rows.iter().map(|row| row.account.uuid()).collect();
    let principals = rows.iter().map(|row| row.claim.principal.to_string());
    let principals: Vec<String> = principals.collect();
    let days: Vec<jiff_sqlx::Date> = rows.iter().map(|row| row.on.to_sqlx()).collect();
    let amounts: Vec<i64> = rows.iter().map(|row| row.claim.amount.ore()).collect();
    let states: Vec<String> = rows
        .iter()
        .map(|row| row.claim.state.code().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO free_card.claim
            (tenant_id, fee_id, number, account_id, principal_id, event_on, amount_ore, state)
         SELECT $1, new.* FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::date[],
                                      $7::bigint[], $8::text[]) new
         ON CONFLICT (tenant_id, fee_id, number)
            DO UPDATE SET amount_ore = excluded.amount_ore, state = excluded.state,
                          event_on = excluded.event_on",
        tenant.as_str(),
        &fees,
        &numbers,
        &accounts,
        &principals,
        &days as _,
        &amounts,
        &states
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The claims of accounts. Who holds an account holds its claims: nobody else changes them.
pub(crate) async fn claim_list_of_accounts(
    connection: &mut PgConnection,
    tenant: &TenantId,
    accounts: &[Uuid],
) -> Result<HashMap<AccountId, Vec<Claim>>, Failure> {
    let rows = sqlx::query!(
        "SELECT account_id, fee_id, number, principal_id, amount_ore, state
           FROM unnest($2::uuid[]) asked (id),
                LATERAL (SELECT * FROM free_card.claim
                          WHERE tenant_id = $1 AND account_id = asked.id OFFSET 0) claim
          ORDER BY fee_id, number",
        tenant.as_str(),
        accounts
    )
    .fetch_all(connection)
    .await?;
    let mut claims: HashMap<AccountId, Vec<Claim>> = HashMap::new();
    for row in rows {
        let (principal, state) = (&row.principal_id, &row.state);
        let claim = claim_of(row.fee_id, row.number, principal, row.amount_ore, state)?;
        let account = AccountId::new(row.account_id);
        claims.entry(account).or_default().push(claim);
    }
    Ok(claims)
}

/// Claims after one, in order of fee and number. One that nothing is owed for any more is none.
pub(crate) async fn claim_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &ClaimFilter,
    after: ClaimKey,
    rows_max: i64,
) -> Result<Vec<ClaimRow>, Failure> {
    let rows = sqlx::query!(
        "SELECT c.fee_id, c.number, c.account_id, a.scheme_id, a.subject_id, c.principal_id, c.event_on,
                c.amount_ore, c.state
           FROM free_card.claim c JOIN free_card.account a USING (tenant_id, account_id)
          WHERE c.tenant_id = $1 AND (c.fee_id, c.number) > ($2, $3)
            AND ($4::uuid[] IS NULL OR a.subject_id = ANY ($4))
            AND ($5::text IS NULL OR c.principal_id = $5)
            AND ($6::text IS NULL OR c.state = $6)
            AND ($7::uuid IS NULL OR c.fee_id = $7)
            AND c.amount_ore > 0
          ORDER BY c.fee_id, c.number LIMIT $8",
        tenant.as_str(),
        after.0,
        after.1,
        filter.subjects.as_deref() as _,
        filter.principal_id,
        filter.state.map(ClaimState::code),
        filter.fee.map(FeeId::uuid),
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    rows.map(|row| {
        let (principal, state) = (&row.principal_id, &row.state);
        Ok(ClaimRow {
            account: AccountId::new(row.account_id),
            scheme_id: row.scheme_id,
            subject: RecipientId::new(row.subject_id),
            on: row.event_on.to_jiff(),
            claim: claim_of(row.fee_id, row.number, principal, row.amount_ore, state)?,
        })
    })
    .collect()
}

/// Adds a decision, and moves the claim to the state it gives.
pub(crate) async fn decision_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    decided: &Claim,
    decision: ClaimDecision,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let decision = match decision {
        ClaimDecision::Approve => "APPROVE",
        ClaimDecision::Pay => "PAY",
        ClaimDecision::Reject => "REJECT",
        ClaimDecision::Waive => "WAIVE",
    };
    sqlx::query!(
        "WITH moved AS (
             UPDATE free_card.claim SET state = $9
              WHERE tenant_id = $1 AND fee_id = $2 AND number = $3)
         INSERT INTO free_card.claim_decision
            (tenant_id, fee_id, number, place, decision, amount_ore, decided_by, reason,
             recorded_at)
         SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6, $7, $8
           FROM free_card.claim_decision WHERE tenant_id = $1 AND fee_id = $2 AND number = $3",
        tenant.as_str(),
        decided.fee.uuid(),
        i64::from(decided.number),
        decision,
        decided.amount.ore(),
        by,
        reason,
        now.to_sqlx() as _,
        decided.state.code()
    )
    .execute(connection)
    .await?;
    Ok(())
}
