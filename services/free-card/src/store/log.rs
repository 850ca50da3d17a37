//! The logs of accounts.

use std::collections::HashMap;

use hjm_free_card::{
    CardReason, CardRelease, Correction, FeeEvent, FixedCard, LogEntry, RegisteredCard,
};
use hjm_ids::{AccountId, FeeId, TenantId};
use hjm_money::Money;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
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

/// An entry's parts, each in the column it has.
#[derive(Default)]
struct Columns {
    accounts: Vec<Uuid>,
    sequences: Vec<i64>,
    kinds: Vec<&'static str>,
    fees: Vec<Option<Uuid>>,
    registered: Vec<jiff_sqlx::Timestamp>,
    days: Vec<Option<jiff_sqlx::Date>>,
    nominals: Vec<Option<i64>>,
    charges: Vec<Option<i64>>,
    principals: Vec<Option<String>>,
    references: Vec<Option<String>>,
    answers: Vec<Option<Vec<u8>>>,
    reasons: Vec<Option<&'static str>>,
    texts: Vec<Option<String>>,
    cards_from: Vec<Option<jiff_sqlx::Date>>,
    cards_to: Vec<Option<jiff_sqlx::Date>>,
    occurred: Vec<Option<jiff_sqlx::Timestamp>>,
    devices: Vec<Option<String>>,
    fee_kinds: Vec<Option<String>>,
    ages: Vec<Option<i16>>,
    card_reasons: Vec<Option<&'static str>>,
    card_evidence: Vec<Option<String>>,
    card_numbers: Vec<Option<String>>,
    kept_after: Vec<Option<String>>,
    kept: Vec<Option<i64>>,
    issuers: Vec<Option<String>>,
    evidence: Vec<Option<String>>,
}

/// What an entry has of a fee, a card and a corrected fee.
struct Parts<'a> {
    kind: &'static str,
    fee: Option<FeeId>,
    registered: Option<&'a FeeEvent>,
    corrected: Option<&'a Correction>,
    card: Option<(Date, Date)>,
}

impl<'a> Parts<'a> {
    fn of(entry: &'a LogEntry) -> Option<Self> {
        let mut parts = Self {
            kind: "",
            fee: None,
            registered: None,
            corrected: None,
            card: None,
        };
        match entry {
            LogEntry::Fee(fee) => {
                (parts.kind, parts.fee, parts.registered) = ("FEE", Some(fee.fee), Some(fee));
            }
            LogEntry::Correct(to) => {
                (parts.kind, parts.fee, parts.corrected) = ("CORRECT", Some(to.fee), Some(to));
            }
            LogEntry::Cancel { fee, .. } => (parts.kind, parts.fee) = ("CANCEL", Some(*fee)),
            LogEntry::CardFixed(card) => {
                (parts.kind, parts.fee) = ("CARD_FIXED", Some(card.completed_by));
                parts.card = Some((card.from, card.to));
            }
            LogEntry::CardReleased(card) => {
                (parts.kind, parts.fee) = ("CARD_RELEASED", Some(card.completed_by));
                parts.card = Some((card.from, card.to));
            }
            LogEntry::CardRegistered(card) => {
                parts.kind = "CARD_REGISTERED";
                parts.card = Some((card.from, card.to));
            }
            // Only a reading of several logs has it.
            LogEntry::Joined { .. } => return None,
        }
        Some(parts)
    }
}

impl Columns {
    fn push(&mut self, new: &NewEntry) -> Option<()> {
        let parts = Parts::of(&new.entry)?;
        let (fee, corrected) = (parts.registered, parts.corrected);
        self.accounts.push(new.account.uuid());
        self.sequences.push(new.sequence);
        self.kinds.push(parts.kind);
        self.fees.push(parts.fee.map(FeeId::uuid));
        self.registered.push(new.entry.at().to_sqlx());
        let on = fee.map(|fee| fee.on).or(corrected.map(|to| to.on));
        self.days.push(on.map(Date::to_sqlx));
        let nominal = fee
            .map(|fee| fee.nominal)
            .or(corrected.map(|to| to.nominal));
        self.nominals.push(nominal.map(Money::ore));
        self.charges.push(fee.map(|fee| fee.charged.ore()));
        let principal = fee.map(|fee| fee.principal.as_str().to_owned());
        self.principals.push(principal);
        self.cards_from
            .push(parts.card.map(|(from, _)| from.to_sqlx()));
        self.cards_to.push(parts.card.map(|(_, to)| to.to_sqlx()));
        let occurred = fee.map_or(corrected.and_then(|to| to.occurred_at), |fee| {
            fee.occurred_at
        });
        self.occurred.push(occurred.map(Timestamp::to_sqlx));
        let age = fee.map_or(corrected.and_then(|to| to.age), |fee| fee.age);
        self.ages.push(age.map(i16::from));
        let kind = fee.and_then(|fee| fee.kind.as_ref());
        self.fee_kinds.push(kind.map(ToString::to_string));
        self.push_card(&new.entry)?;
        self.push_beside(&new.beside);
        Some(())
    }

    fn push_card(&mut self, entry: &LogEntry) -> Option<()> {
        let reason = match entry {
            LogEntry::CardRegistered(card) => Some(card.reason),
            LogEntry::Fee(_)
            | LogEntry::Correct(_)
            | LogEntry::Cancel { .. }
            | LogEntry::CardFixed(_)
            | LogEntry::CardReleased(_)
            | LogEntry::Joined { .. } => None,
        };
        self.card_reasons.push(reason.map(CardReason::code));
        let (after, ore) = match reason {
            Some(CardReason::Kept { after, entitled }) => {
                let after = serde_json::to_string(&after).ok()?;
                (Some(after), Some(entitled.ore()))
            }
            Some(CardReason::ValidCard | CardReason::Medical) | None => (None, None),
        };
        self.kept_after.push(after);
        self.kept.push(ore);
        Some(())
    }

    fn push_beside(&mut self, beside: &Beside) {
        let (mut reference, mut told, mut device) = (None, None, None);
        let (mut reason, mut words) = (None, None);
        let (mut shown, mut number) = (None, None);
        let mut paid = None;
        match beside.clone() {
            Beside::Fee {
                external_reference,
                answer,
                device_id,
                receipt,
            } => {
                (reference, told, device) = (Some(external_reference), Some(answer), device_id);
                paid = receipt;
            }
            Beside::Change { reason: code, text } => (reason, words) = (Some(code), Some(text)),
            Beside::Card {
                evidence,
                card_number,
            } => (shown, number) = (Some(evidence), card_number),
            Beside::Nothing => {}
        }
        self.references.push(reference);
        self.answers.push(told);
        self.devices.push(device);
        self.reasons.push(reason);
        self.texts.push(words);
        self.card_evidence.push(shown);
        self.card_numbers.push(number);
        self.issuers
            .push(paid.as_ref().map(|one| one.issuer.clone()));
        self.evidence.push(paid.map(|one| one.evidence));
    }
}

/// Adds entries to the logs of accounts that are held. A fee under a key that another account
/// has meanwhile makes it fail.
pub(crate) async fn log_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    new: &[NewEntry],
) -> Result<(), sqlx::Error> {
    let mut columns = Columns::default();
    for entry in new {
        let lost = || sqlx::Error::Protocol("an entry that is not stored".to_owned());
        columns.push(entry).ok_or_else(lost)?;
    }
    sqlx::query!(
        "INSERT INTO free_card.account_event
            (tenant_id, account_id, sequence, kind, fee_id, registered_at, event_on, nominal_ore,
             charged_ore, principal_id, external_reference, answer, cancel_reason, cancel_text,
             card_from, card_to, occurred_at, device_id, fee_kind, age, card_reason,
             card_evidence, card_number, kept_after, kept_ore, receipt_issuer,
             receipt_evidence)
         SELECT $1, new.*
           FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::timestamptz[],
                       $7::date[], $8::bigint[], $9::bigint[], $10::text[], $11::text[],
                       $12::bytea[], $13::text[], $14::text[], $15::date[], $16::date[],
                       $17::timestamptz[], $18::text[], $19::text[], $20::smallint[], $21::text[],
                       $22::text[], $23::text[], $24::text[], $25::bigint[], $26::text[],
                       $27::text[]) new",
        tenant.as_str(),
        &columns.accounts,
        &columns.sequences,
        &columns.kinds as _,
        &columns.fees as _,
        &columns.registered as _,
        &columns.days as _,
        &columns.nominals as _,
        &columns.charges as _,
        &columns.principals as _,
        &columns.references as _,
        &columns.answers as _,
        &columns.reasons as _,
        &columns.texts as _,
        &columns.cards_from as _,
        &columns.cards_to as _,
        &columns.occurred as _,
        &columns.devices as _,
        &columns.fee_kinds as _,
        &columns.ages as _,
        &columns.card_reasons as _,
        &columns.card_evidence as _,
        &columns.card_numbers as _,
        &columns.kept_after as _,
        &columns.kept as _,
        &columns.issuers as _,
        &columns.evidence as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
