//! The log of an account, and a fee under its charging system's key.

use hjm_free_card::{CardRelease, FeeEvent, FixedCard, LogEntry};
use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// What an entry is stored with, beside what its replay needs.
#[derive(Debug, Clone)]
pub(crate) enum Beside {
    /// Of a fee: the charging system's key, and what the registration answered.
    Fee {
        external_reference: String,
        answer: Vec<u8>,
    },
    /// Of a cancellation: why, coded and in words.
    Cancel { reason: &'static str, text: String },
    /// Of a card.
    Nothing,
}

/// A fee as it was registered under the charging system's key.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredRow {
    pub(crate) account: AccountId,
    pub(crate) fee: FeeId,
    pub(crate) on: Date,
    pub(crate) nominal: Money,
    pub(crate) principal_id: String,
    pub(crate) answer: Vec<u8>,
    pub(crate) cancelled: bool,
}

struct StoredEntry {
    sequence: i64,
    kind: String,
    fee_id: Uuid,
    registered_at: jiff_sqlx::Timestamp,
    event_on: Option<jiff_sqlx::Date>,
    nominal_ore: Option<i64>,
    charged_ore: Option<i64>,
    principal_id: Option<String>,
    card_from: Option<jiff_sqlx::Date>,
    card_to: Option<jiff_sqlx::Date>,
}

impl StoredEntry {
    fn read(self) -> Option<LogEntry> {
        let (fee, at) = (FeeId::new(self.fee_id), self.registered_at.to_jiff());
        let from = self.card_from.map(jiff_sqlx::Date::to_jiff);
        let to = self.card_to.map(jiff_sqlx::Date::to_jiff);
        match self.kind.as_str() {
            "FEE" => Some(LogEntry::Fee(FeeEvent {
                fee,
                sequence: self.sequence.unsigned_abs(),
                on: self.event_on?.to_jiff(),
                occurred_at: None,
                registered_at: at,
                principal: self.principal_id?.parse().ok()?,
                kind: None,
                age: None,
                nominal: Money::from_ore(self.nominal_ore?),
                charged: Money::from_ore(self.charged_ore?),
            })),
            "CANCEL" => Some(LogEntry::Cancel { fee, at }),
            "CARD_FIXED" => Some(LogEntry::CardFixed(FixedCard {
                completed_by: fee,
                from: from?,
                to: to?,
                at,
            })),
            "CARD_RELEASED" => Some(LogEntry::CardReleased(CardRelease {
                completed_by: fee,
                from: from?,
                to: to?,
                at,
            })),
            _ => None,
        }
    }
}

/// An account's whole log, in stored order.
pub(crate) async fn log_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    account: AccountId,
) -> Result<Vec<LogEntry>, Failure> {
    sqlx::query_as!(
        StoredEntry,
        r#"SELECT sequence, kind, fee_id, registered_at,
                  event_on AS "event_on: jiff_sqlx::Date", nominal_ore, charged_ore, principal_id,
                  card_from AS "card_from: jiff_sqlx::Date",
                  card_to AS "card_to: jiff_sqlx::Date"
             FROM free_card.account_event
            WHERE tenant_id = $1 AND account_id = $2 ORDER BY sequence"#,
        tenant.as_str(),
        account.uuid()
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        row.read()
            .ok_or_else(|| Failure::internal("a stored entry of an account cannot be read"))
    })
    .collect()
}

/// Adds an entry under the account's next number. [`Error::FeeReferenceTaken`] when another
/// account has a fee under the same key.
pub(crate) async fn log_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    account: AccountId,
    sequence: i64,
    entry: &LogEntry,
    beside: &Beside,
) -> Result<(), Error> {
    let (kind, fee_id, registered, card) = match entry {
        LogEntry::Fee(fee) => ("FEE", fee.fee, Some(fee), None),
        LogEntry::Cancel { fee, .. } => ("CANCEL", *fee, None, None),
        LogEntry::CardFixed(card) => {
            let dates = Some((card.from, card.to));
            ("CARD_FIXED", card.completed_by, None, dates)
        }
        LogEntry::CardReleased(card) => {
            let dates = Some((card.from, card.to));
            ("CARD_RELEASED", card.completed_by, None, dates)
        }
        LogEntry::Correct(_) | LogEntry::CardRegistered(_) | LogEntry::Joined { .. } => {
            return Err(Failure::internal("an entry of a kind that nothing here asks for").into());
        }
    };
    let (external_reference, answer, reason, text) = match beside {
        Beside::Fee {
            external_reference,
            answer,
        } => (Some(external_reference), Some(answer), None, None),
        Beside::Cancel { reason, text } => (None, None, Some(*reason), Some(text)),
        Beside::Nothing => (None, None, None, None),
    };
    let inserted = sqlx::query!(
        "INSERT INTO free_card.account_event
            (tenant_id, account_id, sequence, kind, fee_id, registered_at, event_on, nominal_ore,
             charged_ore, principal_id, external_reference, answer, cancel_reason, cancel_text,
             card_from, card_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (tenant_id, external_reference) DO NOTHING",
        tenant.as_str(),
        account.uuid(),
        sequence,
        kind,
        fee_id.uuid(),
        entry.at().to_sqlx() as _,
        registered.map(|fee| fee.on.to_sqlx()) as _,
        registered.map(|fee| fee.nominal.ore()),
        registered.map(|fee| fee.charged.ore()),
        registered.map(|fee| fee.principal.as_str()),
        external_reference,
        answer,
        reason,
        text,
        card.map(|(from, _)| from.to_sqlx()) as _,
        card.map(|(_, to)| to.to_sqlx()) as _,
    )
    .execute(connection)
    .await?;
    if inserted.rows_affected() == 0 {
        Err(Error::FeeReferenceTaken)
    } else {
        Ok(())
    }
}

/// The fee under a charging system's key, if there is one.
pub(crate) async fn registered_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    external_reference: &str,
) -> Result<Option<RegisteredRow>, Failure> {
    let row = sqlx::query!(
        r#"SELECT account_id, fee_id, event_on AS "event_on!: jiff_sqlx::Date",
                  nominal_ore AS "nominal_ore!", principal_id AS "principal_id!",
                  answer AS "answer!",
                  EXISTS (SELECT FROM free_card.account_event c
                           WHERE c.tenant_id = e.tenant_id AND c.fee_id = e.fee_id
                             AND c.kind = 'CANCEL') AS "cancelled!"
             FROM free_card.account_event e
            WHERE tenant_id = $1 AND external_reference = $2"#,
        tenant.as_str(),
        external_reference
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| RegisteredRow {
        account: AccountId::new(row.account_id),
        fee: FeeId::new(row.fee_id),
        on: row.event_on.to_jiff(),
        nominal: Money::from_ore(row.nominal_ore),
        principal_id: row.principal_id,
        answer: row.answer,
        cancelled: row.cancelled,
    }))
}
