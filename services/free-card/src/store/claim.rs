//! What is to go back to persons, and what was decided about it.

use hjm_free_card::{Claim, ClaimDecision, ClaimState, PaidClaim};
use hjm_ids::{AccountId, FeeId, PrincipalId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_service::{Database, Failure};
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
    /// Who paid it; none until it is paid.
    pub(crate) paid_by: Option<PrincipalId>,
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
    /// In these schemes; in all when it is none.
    pub(crate) schemes: Option<Vec<String>>,
    /// Of persons who stay outside too.
    pub(crate) with_outside: bool,
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

pub(super) fn claim_of(
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

/// Claims after one, in order of fee and number. One that nothing is owed for any more is none.
pub(crate) async fn claim_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &ClaimFilter,
    after: ClaimKey,
    rows_max: i64,
) -> Result<Vec<ClaimRow>, Failure> {
    Database::plan_each(connection).await?;
    let rows = sqlx::query!(
        "SELECT c.fee_id, c.number, c.account_id, a.scheme_id, a.subject_id, c.principal_id, c.event_on,
                c.amount_ore, c.state, c.paid_by
           FROM free_card.claim c JOIN free_card.account a USING (tenant_id, account_id)
          WHERE c.tenant_id = $1 AND (c.fee_id, c.number) > ($2, $3)
            AND ($4::uuid[] IS NULL OR a.subject_id = ANY ($4))
            AND ($5::text IS NULL OR c.principal_id = $5)
            AND ($6::text IS NULL OR c.state = $6)
            AND ($7::uuid IS NULL OR c.fee_id = $7)
            AND ($8::text[] IS NULL OR a.scheme_id = ANY ($8))
            AND ($9 OR NOT coalesce(
                    (SELECT e.kind = 'OPTED_OUT' FROM free_card.subject_event e
                      WHERE e.tenant_id = $1 AND e.subject_id = a.subject_id
                        AND e.kind IN ('OPTED_OUT', 'OPTED_IN')
                      ORDER BY e.number DESC LIMIT 1), false))
            AND c.amount_ore > 0
          ORDER BY c.fee_id, c.number LIMIT $10",
        tenant.as_str(),
        after.0,
        after.1,
        filter.subjects.as_deref() as _,
        filter.principal_id,
        filter.state.map(ClaimState::code),
        filter.fee.map(FeeId::uuid),
        filter.schemes.as_deref() as _,
        filter.with_outside,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    rows.map(|row| {
        let (principal, state) = (&row.principal_id, &row.state);
        let claim = claim_of(row.fee_id, row.number, principal, row.amount_ore, state)?;
        let own = (claim.state == ClaimState::Paid).then(|| claim.principal.clone());
        let paid_by = row.paid_by.as_deref().map(principal_of).transpose()?;
        Ok(ClaimRow {
            account: AccountId::new(row.account_id),
            scheme_id: row.scheme_id,
            subject: RecipientId::new(row.subject_id),
            on: row.event_on.to_jiff(),
            claim,
            paid_by: paid_by.or(own),
        })
    })
    .collect()
}

pub(super) fn principal_of(id: &str) -> Result<PrincipalId, Failure> {
    let lost = |_| Failure::internal("a stored principal cannot be read");
    id.parse().map_err(lost)
}

/// Adds a decision, and moves the claim to the state it gives, with who paid it.
pub(crate) async fn decision_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    decided: &ClaimRow,
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
    let ClaimRow { claim, paid_by, .. } = decided;
    sqlx::query!(
        "WITH moved AS (
             UPDATE free_card.claim SET state = $9, paid_by = $10
              WHERE tenant_id = $1 AND fee_id = $2 AND number = $3)
         INSERT INTO free_card.claim_decision
            (tenant_id, fee_id, number, place, decision, amount_ore, decided_by, reason,
             recorded_at, paid_by)
         SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6, $7, $8, $10
           FROM free_card.claim_decision WHERE tenant_id = $1 AND fee_id = $2 AND number = $3",
        tenant.as_str(),
        claim.fee.uuid(),
        i64::from(claim.number),
        decision,
        claim.amount.ore(),
        by,
        reason,
        now.to_sqlx() as _,
        claim.state.code(),
        paid_by.as_ref().map(PrincipalId::as_str)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The claims that one member paid for another and no report has held, where `principal` is either
/// of them, each with its scheme: they are marked as reported, and nobody gets them again.
pub(crate) async fn claim_net(
    connection: &mut PgConnection,
    tenant: &TenantId,
    principal: &PrincipalId,
    now: Timestamp,
    rows_max: i64,
) -> Result<Vec<(String, PaidClaim)>, Failure> {
    let rows = sqlx::query!(
        r#"WITH due AS (
               SELECT fee_id, number FROM free_card.claim
                WHERE tenant_id = $1 AND netted_at IS NULL AND paid_by <> principal_id
                  AND (principal_id = $2 OR paid_by = $2)
                ORDER BY fee_id, number LIMIT $4 FOR UPDATE)
           UPDATE free_card.claim c SET netted_at = $3
             FROM due, free_card.account a
            WHERE c.tenant_id = $1 AND c.fee_id = due.fee_id AND c.number = due.number
              AND a.tenant_id = $1 AND a.account_id = c.account_id
           RETURNING a.scheme_id, c.principal_id, c.paid_by AS "paid_by!", c.amount_ore"#,
        tenant.as_str(),
        principal.as_str(),
        now.to_sqlx() as _,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let paid = PaidClaim {
            owed_by: principal_of(&row.principal_id)?,
            paid_by: principal_of(&row.paid_by)?,
            amount: Money::from_ore(row.amount_ore),
        };
        Ok((row.scheme_id, paid))
    });
    rows.collect()
}
