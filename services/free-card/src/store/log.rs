//! The logs of accounts.

use std::collections::HashMap;

use hjm_free_card::{
    CardReason, CardRelease, Correction, FeeEvent, FixedCard, LogEntry, RegisteredCard,
};
use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

/// Who was paid elsewhere, and what was shown of it.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) issuer: String,
    pub(crate) evidence: String,
}

/// What an entry is stored with, beside what its replay needs.
#[derive(Debug, Clone)]
pub(crate) enum Beside {
    /// Of a fee.
    Fee {
        /// The charging system's key.
        external_reference: String,
        /// What the registration answered.
        answer: Vec<u8>,
        /// Of a desk that was offline: its device.
        device_id: Option<String>,
        /// Of one that was paid elsewhere.
        receipt: Option<Receipt>,
    },
    /// Of a correction or a cancellation: why, coded and in words.
    Change { reason: &'static str, text: String },
    /// Of a card without fees: what it stands on, and the number on it.
    Card {
        evidence: String,
        card_number: Option<String>,
    },
    /// Of what follows from these.
    Nothing,
}

/// An entry with its account and its number there.
#[derive(Debug, Clone)]
pub(crate) struct NewEntry {
    pub(crate) account: AccountId,
    pub(crate) sequence: i64,
    pub(crate) entry: LogEntry,
    pub(crate) beside: Beside,
}

struct StoredEntry {
    account_id: Uuid,
    kind: String,
    fee_id: Option<Uuid>,
    registered_at: jiff_sqlx::Timestamp,
    event_on: Option<jiff_sqlx::Date>,
    nominal_ore: Option<i64>,
    charged_ore: Option<i64>,
    principal_id: Option<String>,
    card_from: Option<jiff_sqlx::Date>,
    card_to: Option<jiff_sqlx::Date>,
    occurred_at: Option<jiff_sqlx::Timestamp>,
    fee_kind: Option<String>,
    age: Option<i16>,
    card_reason: Option<String>,
    kept_after: Option<String>,
    kept_ore: Option<i64>,
    paid_elsewhere: bool,
}

impl StoredEntry {
    /// The entry. Fees are numbered from 1 on each account, in stored order.
    fn read(self, number: u64) -> Option<LogEntry> {
        let (fee, at) = (self.fee_id.map(FeeId::new), self.registered_at.to_jiff());
        let from = self.card_from.map(jiff_sqlx::Date::to_jiff);
        let to = self.card_to.map(jiff_sqlx::Date::to_jiff);
        let occurred_at = self.occurred_at.map(jiff_sqlx::Timestamp::to_jiff);
        let age = self.age.map(u8::try_from).transpose().ok()?;
        match self.kind.as_str() {
            "FEE" => Some(LogEntry::Fee(FeeEvent {
                fee: fee?,
                sequence: number,
                on: self.event_on?.to_jiff(),
                occurred_at,
                registered_at: at,
                principal: self.principal_id?.parse().ok()?,
                kind: self.fee_kind.map(|kind| kind.parse()).transpose().ok()?,
                age,
                nominal: Money::from_ore(self.nominal_ore?),
                charged: Money::from_ore(self.charged_ore?),
                paid_elsewhere: self.paid_elsewhere,
            })),
            "CORRECT" => Some(LogEntry::Correct(Correction {
                fee: fee?,
                on: self.event_on?.to_jiff(),
                occurred_at,
                age,
                nominal: Money::from_ore(self.nominal_ore?),
                at,
            })),
            "CANCEL" => Some(LogEntry::Cancel { fee: fee?, at }),
            "CARD_FIXED" => Some(LogEntry::CardFixed(FixedCard {
                completed_by: fee?,
                from: from?,
                to: to?,
                at,
            })),
            "CARD_RELEASED" => Some(LogEntry::CardReleased(CardRelease {
                completed_by: fee?,
                from: from?,
                to: to?,
                at,
            })),
            "CARD_REGISTERED" => Some(LogEntry::CardRegistered(RegisteredCard {
                from: from?,
                to: to?,
                reason: match self.card_reason?.as_str() {
                    "VALID_CARD" => CardReason::ValidCard,
                    "MEDICAL" => CardReason::Medical,
                    "KEPT" => CardReason::Kept {
                        after: serde_json::from_str(&self.kept_after?).ok()?,
                        entitled: Money::from_ore(self.kept_ore?),
                    },
                    _ => return None,
                },
                at,
            })),
            _ => None,
        }
    }
}

/// The whole logs of accounts, in stored order. An account without entries is not in it.
pub(crate) async fn log_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    accounts: &[Uuid],
) -> Result<HashMap<AccountId, Vec<LogEntry>>, Failure> {
    let rows = sqlx::query_as!(
        StoredEntry,
        r#"SELECT account_id, kind, fee_id, registered_at,
                  event_on AS "event_on: jiff_sqlx::Date", nominal_ore, charged_ore, principal_id,
                  card_from AS "card_from: jiff_sqlx::Date",
                  card_to AS "card_to: jiff_sqlx::Date",
                  occurred_at AS "occurred_at: jiff_sqlx::Timestamp", fee_kind, age, card_reason,
                  kept_after, kept_ore, receipt_issuer IS NOT NULL AS "paid_elsewhere!"
             FROM unnest($2::uuid[]) asked (id),
                  LATERAL (SELECT * FROM free_card.account_event
                            WHERE tenant_id = $1 AND account_id = asked.id
                            ORDER BY sequence OFFSET 0) entry
            ORDER BY account_id, sequence"#,
        tenant.as_str(),
        accounts
    )
    .fetch_all(connection)
    .await?;
    let mut logs: HashMap<AccountId, Vec<LogEntry>> = HashMap::new();
    let mut fees: HashMap<AccountId, u64> = HashMap::new();
    for row in rows {
        let account = AccountId::new(row.account_id);
        let number = fees.entry(account).or_default();
        *number = number.saturating_add(u64::from(row.kind == "FEE"));
        let entry = row.read(*number);
        let lost = || Failure::internal("a stored entry of an account cannot be read");
        logs.entry(account)
            .or_default()
            .push(entry.ok_or_else(lost)?);
    }
    Ok(logs)
}

/// The receipts of fees on accounts. One that was charged here has none.
pub(crate) async fn receipt_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    accounts: &[Uuid],
) -> Result<HashMap<FeeId, Receipt>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT fee_id AS "fee_id!", receipt_issuer AS "issuer!", receipt_evidence AS "evidence!"
             FROM unnest($2::uuid[]) asked (id),
                  LATERAL (SELECT * FROM free_card.account_event
                            WHERE tenant_id = $1 AND account_id = asked.id OFFSET 0) entry
            WHERE receipt_issuer IS NOT NULL"#,
        tenant.as_str(),
        accounts
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let (issuer, evidence) = (row.issuer, row.evidence);
        (FeeId::new(row.fee_id), Receipt { issuer, evidence })
    });
    Ok(rows.collect())
}
