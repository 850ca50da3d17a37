//! Own fees that are due: the fee, the periods to come, and why one is still not decided.

use std::collections::BTreeSet;

use hjm_ids::{
    ArticleNumber, ChargeId, CustomerNumber, LineId, LoanId, PrincipalId, RecipientId, TenantId,
};
use hjm_money::Money;
use hjm_policy::Explanation;
use hjm_proto::common::v1::OwnFeeKind;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{count, from_json, stored, to_json};

/// What makes two own fees the same (decisions 22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeeKey {
    pub(crate) line: LineId,
    pub(crate) kind: OwnFeeKind,
    pub(crate) period: u32,
}

impl FeeKey {
    pub(crate) fn kind_text(&self) -> &'static str {
        kind_text(self.kind)
    }

    /// The key as free-card and the derived ids know it.
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}/{}", self.line, self.kind_text(), self.period)
    }
}

fn kind_text(kind: OwnFeeKind) -> &'static str {
    kind.as_str_name().trim_start_matches("OWN_FEE_KIND_")
}

/// An own fee as it was decided.
#[derive(Debug, Clone)]
pub(crate) struct FeeDue {
    pub(crate) key: FeeKey,
    pub(crate) charge: ChargeId,
    pub(crate) recipient: RecipientId,
    pub(crate) loan: LoanId,
    pub(crate) loan_version: u32,
    pub(crate) article: ArticleNumber,
    pub(crate) customer_number: CustomerNumber,
    pub(crate) owner: PrincipalId,
    pub(crate) dated_on: Date,
    pub(crate) nominal: Money,
    pub(crate) scheme: Option<String>,
    pub(crate) reason: String,
    pub(crate) explanation: Explanation,
    pub(crate) feed_sequence: i64,
}

/// Adds a fee and opens it; the same again changes nothing.
pub(crate) async fn fee_due_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    due: &FeeDue,
) -> Result<(), Failure> {
    sqlx::query!(
        "WITH due AS (
             INSERT INTO billing.fee_due
                (tenant_id, line_id, fee_kind, period, charge_id, recipient_id, loan_id,
                 loan_version, article_number, customer_number, owner_principal, dated_on,
                 nominal_ore, scheme_id, reason, explanation, feed_sequence)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                     $16::text::jsonb, $17)
             ON CONFLICT (tenant_id, line_id, fee_kind, period) DO NOTHING
             RETURNING tenant_id, charge_id, dated_on, feed_sequence)
         INSERT INTO billing.fee_open (tenant_id, charge_id, dated_on, feed_sequence)
         SELECT tenant_id, charge_id, dated_on, feed_sequence FROM due",
        tenant.as_str(),
        due.key.line.uuid(),
        due.key.kind_text(),
        i64::from(due.key.period),
        due.charge.uuid(),
        due.recipient.uuid(),
        due.loan.uuid(),
        i64::from(due.loan_version),
        due.article.as_str(),
        due.customer_number.as_str(),
        due.owner.as_str(),
        due.dated_on.to_sqlx() as _,
        due.nominal.ore(),
        due.scheme,
        due.reason,
        to_json(&due.explanation)?,
        due.feed_sequence
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct StoredDue {
    line_id: Uuid,
    fee_kind: String,
    period: i64,
    charge_id: Uuid,
    recipient_id: Uuid,
    loan_id: Uuid,
    loan_version: i64,
    article_number: String,
    customer_number: String,
    owner_principal: String,
    dated_on: jiff_sqlx::Date,
    nominal_ore: i64,
    scheme_id: Option<String>,
    reason: String,
    explanation: String,
    feed_sequence: i64,
}

impl TryFrom<StoredDue> for FeeDue {
    type Error = Failure;

    fn try_from(row: StoredDue) -> Result<Self, Failure> {
        let kind = OwnFeeKind::from_str_name(&format!("OWN_FEE_KIND_{}", row.fee_kind));
        let kind = kind.ok_or_else(|| Failure::internal("a stored fee cannot be read"))?;
        Ok(Self {
            key: FeeKey {
                line: LineId::new(row.line_id),
                kind,
                period: count(row.period)?,
            },
            charge: ChargeId::new(row.charge_id),
            recipient: RecipientId::new(row.recipient_id),
            loan: LoanId::new(row.loan_id),
            loan_version: count(row.loan_version)?,
            article: stored(&row.article_number)?,
            customer_number: stored(&row.customer_number)?,
            owner: stored(&row.owner_principal)?,
            dated_on: row.dated_on.to_jiff(),
            nominal: Money::from_ore(row.nominal_ore),
            scheme: row.scheme_id,
            reason: row.reason,
            explanation: from_json(&row.explanation)?,
            feed_sequence: row.feed_sequence,
        })
    }
}

/// Fees that are due, in the order of their dates, without those that rest after a refusal.
pub(crate) async fn fee_due_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    resting: &[Uuid],
    rows_max: i64,
) -> Result<Vec<FeeDue>, Failure> {
    sqlx::query_as!(
        StoredDue,
        r#"SELECT d.line_id, d.fee_kind, d.period, d.charge_id, d.recipient_id, d.loan_id,
                  d.loan_version, d.article_number, d.customer_number, d.owner_principal,
                  d.dated_on, d.nominal_ore, d.scheme_id, d.reason,
                  d.explanation::text AS "explanation!", d.feed_sequence
             FROM billing.fee_open o
             JOIN billing.fee_due d USING (tenant_id, charge_id)
            WHERE o.tenant_id = $1 AND o.charge_id <> ALL ($2)
            ORDER BY d.dated_on, d.feed_sequence, d.line_id, d.period LIMIT $3"#,
        tenant.as_str(),
        resting,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// What there is to do for the task of own fees.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) accruals: bool,
    pub(crate) credits: bool,
    pub(crate) fees: bool,
}

/// Whether periods have begun by a day, credits are half done, or fees are due that do not rest.
pub(crate) async fn fee_pending(
    connection: &mut PgConnection,
    tenant: &TenantId,
    today: Date,
    resting: &[Uuid],
) -> Result<Pending, Failure> {
    let pending = sqlx::query_as!(
        Pending,
        r#"SELECT EXISTS (SELECT FROM billing.accrual_ahead
                           WHERE tenant_id = $1 AND next_on <= $2) AS "accruals!",
                  EXISTS (SELECT FROM billing.credit_intention i
                           WHERE i.tenant_id = $1
                             AND NOT EXISTS (SELECT FROM billing.own_fee_charge c
                                              WHERE c.tenant_id = $1
                                                AND c.credits_charge_id = i.charge_id))
                  AS "credits!",
                  EXISTS (SELECT FROM billing.fee_open
                           WHERE tenant_id = $1 AND charge_id <> ALL ($3)) AS "fees!""#,
        tenant.as_str(),
        today.to_sqlx() as _,
        resting
    )
    .fetch_one(connection)
    .await?;
    Ok(pending)
}

/// One fee by its charge.
pub(crate) async fn fee_due_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    charge: Uuid,
) -> Result<Option<FeeDue>, Failure> {
    sqlx::query_as!(
        StoredDue,
        r#"SELECT line_id, fee_kind, period, charge_id, recipient_id, loan_id, loan_version,
                  article_number, customer_number, owner_principal, dated_on, nominal_ore,
                  scheme_id, reason, explanation::text AS "explanation!", feed_sequence
             FROM billing.fee_due WHERE tenant_id = $1 AND charge_id = $2"#,
        tenant.as_str(),
        charge
    )
    .fetch_optional(connection)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Whether a fee told up to an event is due and was never answered by free-card.
pub(crate) async fn fee_untried(
    connection: &mut PgConnection,
    tenant: &TenantId,
    through: i64,
) -> Result<bool, Failure> {
    let untried = sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM billing.fee_open o
              WHERE o.tenant_id = $1 AND o.feed_sequence <= $2
                AND NOT EXISTS (SELECT FROM billing.fee_attempt a
                                 WHERE a.tenant_id = $1 AND a.charge_id = o.charge_id))
           AS "untried!""#,
        tenant.as_str(),
        through
    )
    .fetch_one(connection)
    .await?;
    Ok(untried)
}

/// How many fees were decided, and those that are neither posted nor due any more.
pub(crate) async fn fee_lost_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<(u64, Vec<String>), Failure> {
    let fees = sqlx::query_scalar!(
        r#"SELECT count(*) AS "fees!" FROM billing.fee_due WHERE tenant_id = $1"#,
        tenant.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    let lost = sqlx::query_scalar!(
        "SELECT d.charge_id FROM billing.fee_due d
          WHERE d.tenant_id = $1
            AND NOT EXISTS (SELECT FROM billing.fee_open o
                             WHERE o.tenant_id = $1 AND o.charge_id = d.charge_id)
            AND NOT EXISTS (SELECT FROM billing.own_fee_charge c
                             WHERE c.tenant_id = $1 AND c.charge_id = d.charge_id)",
        tenant.as_str()
    )
    .fetch_all(connection)
    .await?;
    let text = |charge| format!("own fee {charge} is neither posted nor due");
    Ok((count(fees)?, lost.into_iter().map(text).collect()))
}

/// Notes that free-card refused a fee, and why.
pub(crate) async fn fee_attempt_note(
    connection: &mut PgConnection,
    tenant: &TenantId,
    charge: ChargeId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.fee_attempt (tenant_id, charge_id, attempts, reason, attempted_at)
         VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (tenant_id, charge_id) DO UPDATE
            SET attempts = fee_attempt.attempts + 1, reason = $3, attempted_at = $4",
        tenant.as_str(),
        charge.uuid(),
        reason,
        now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The periods of a line's recurring fee that are known.
pub(crate) async fn fee_periods(
    connection: &mut PgConnection,
    tenant: &TenantId,
    line: LineId,
    kind: OwnFeeKind,
) -> Result<BTreeSet<u32>, Failure> {
    let periods = sqlx::query_scalar!(
        "SELECT period FROM billing.fee_due
          WHERE tenant_id = $1 AND line_id = $2 AND fee_kind = $3",
        tenant.as_str(),
        line.uuid(),
        kind_text(kind)
    )
    .fetch_all(connection)
    .await?;
    periods.into_iter().map(count).collect()
}

/// Says when the next period of a loan's fee begins; none for never.
pub(crate) async fn accrual_plan(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
    next_on: Option<Date>,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO billing.accrual (tenant_id, loan_id, next_on) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, loan_id) DO UPDATE SET next_on = $3",
        tenant.as_str(),
        loan.uuid(),
        next_on.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Loans with a period that has begun by a day and is to be decided (anew), by id after one.
pub(crate) async fn accrual_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    today: Date,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<LoanId>, Failure> {
    let loans = sqlx::query_scalar!(
        r#"SELECT DISTINCT loan_id AS "loan_id!" FROM billing.accrual_ahead
            WHERE tenant_id = $1 AND next_on <= $2 AND loan_id > $3 ORDER BY 1 LIMIT $4"#,
        tenant.as_str(),
        today.to_sqlx() as _,
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?;
    Ok(loans.into_iter().map(LoanId::new).collect())
}

/// Holds a loan's periods until the transaction ends, so that a newer timeline waits.
pub(crate) async fn accrual_lock(
    connection: &mut PgConnection,
    tenant: &TenantId,
    loan: LoanId,
) -> Result<(), Failure> {
    sqlx::query_scalar!(
        "SELECT loan_id FROM billing.accrual WHERE tenant_id = $1 AND loan_id = $2 FOR UPDATE",
        tenant.as_str(),
        loan.uuid()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
