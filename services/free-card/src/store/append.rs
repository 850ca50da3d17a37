//! What is added to the logs of accounts, with where the accounts then stand.

use hjm_free_card::{CardReason, Correction, FeeEvent, FeeKind, LogEntry};
use hjm_ids::{FeeId, TenantId};
use hjm_money::Money;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Beside, NewEntry, StandingRow};

/// An entry's parts, each in the column it has.
#[derive(Default)]
struct Columns<'a> {
    accounts: Vec<Uuid>,
    sequences: Vec<i64>,
    kinds: Vec<&'static str>,
    fees: Vec<Option<Uuid>>,
    registered: Vec<jiff_sqlx::Timestamp>,
    days: Vec<Option<jiff_sqlx::Date>>,
    nominals: Vec<Option<i64>>,
    charges: Vec<Option<i64>>,
    principals: Vec<Option<&'a str>>,
    references: Vec<Option<&'a str>>,
    answers: Vec<Option<&'a [u8]>>,
    reasons: Vec<Option<&'static str>>,
    texts: Vec<Option<&'a str>>,
    cards_from: Vec<Option<jiff_sqlx::Date>>,
    cards_to: Vec<Option<jiff_sqlx::Date>>,
    occurred: Vec<Option<jiff_sqlx::Timestamp>>,
    devices: Vec<Option<&'a str>>,
    fee_kinds: Vec<Option<&'a str>>,
    ages: Vec<Option<i16>>,
    card_reasons: Vec<Option<&'static str>>,
    card_evidence: Vec<Option<&'a str>>,
    card_numbers: Vec<Option<&'a str>>,
    kept_after: Vec<Option<String>>,
    kept: Vec<Option<i64>>,
    issuers: Vec<Option<&'a str>>,
    evidence: Vec<Option<&'a str>>,
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

impl<'a> Columns<'a> {
    /// None where an entry is not one that is stored.
    fn of(new: &[&'a NewEntry]) -> Option<Self> {
        let mut columns = Self::default();
        for entry in new {
            columns.push(entry)?;
        }
        Some(columns)
    }

    fn push(&mut self, new: &'a NewEntry) -> Option<()> {
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
        self.principals.push(fee.map(|fee| fee.principal.as_str()));
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
        self.fee_kinds.push(kind.map(FeeKind::as_str));
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

    fn push_beside(&mut self, beside: &'a Beside) {
        let (mut reference, mut told, mut device) = (None, None, None);
        let (mut reason, mut words) = (None, None);
        let (mut shown, mut number) = (None, None);
        let mut paid = None;
        match beside {
            Beside::Fee {
                external_reference,
                answer,
                device_id,
                receipt,
            } => {
                (reference, told) = (Some(external_reference.as_str()), Some(answer.as_slice()));
                (device, paid) = (device_id.as_deref(), receipt.as_ref());
            }
            Beside::Change { reason: code, text } => {
                (reason, words) = (Some(*code), Some(text.as_str()));
            }
            Beside::Card {
                evidence,
                card_number,
            } => (shown, number) = (Some(evidence.as_str()), card_number.as_deref()),
            Beside::Nothing => {}
        }
        self.references.push(reference);
        self.answers.push(told);
        self.devices.push(device);
        self.reasons.push(reason);
        self.texts.push(words);
        self.card_evidence.push(shown);
        self.card_numbers.push(number);
        self.issuers.push(paid.map(|one| one.issuer.as_str()));
        self.evidence.push(paid.map(|one| one.evidence.as_str()));
    }
}

/// Where accounts stand, each part of it a list.
#[derive(Default)]
struct Standings<'a> {
    accounts: Vec<Uuid>,
    versions: Vec<i64>,
    cards: Vec<&'a str>,
    all: Vec<bool>,
    snapshots: Vec<Option<&'a [u8]>>,
    texts: Vec<&'a str>,
}

impl<'a> Standings<'a> {
    fn of(rows: &'a [StandingRow]) -> Self {
        Self {
            accounts: rows.iter().map(|row| row.account.uuid()).collect(),
            versions: rows.iter().map(|row| row.version).collect(),
            cards: rows.iter().map(|row| row.cards.as_str()).collect(),
            all: rows.iter().map(|row| row.cards_are_all).collect(),
            snapshots: rows.iter().map(|row| row.snapshot.as_deref()).collect(),
            texts: rows.iter().map(|row| row.texts.as_str()).collect(),
        }
    }
}

/// Adds entries to the logs of accounts that are held, and keeps where accounts now stand. A fee
/// under a key that another account has meanwhile makes it fail.
pub(crate) async fn log_append(
    connection: &mut PgConnection,
    tenant: &TenantId,
    new: &[&NewEntry],
    standings: &[StandingRow],
) -> Result<(), sqlx::Error> {
    let lost = || sqlx::Error::Protocol("an entry that is not stored".to_owned());
    let columns = Columns::of(new).ok_or_else(lost)?;
    let standings = Standings::of(standings);
    sqlx::query!(
        "WITH added AS (
             INSERT INTO free_card.account_event
                (tenant_id, account_id, sequence, kind, fee_id, registered_at, event_on,
                 nominal_ore, charged_ore, principal_id, external_reference, answer, cancel_reason,
                 cancel_text, card_from, card_to, occurred_at, device_id, fee_kind, age,
                 card_reason, card_evidence, card_number, kept_after, kept_ore, receipt_issuer,
                 receipt_evidence)
             SELECT $1, new.*
               FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::timestamptz[],
                           $7::date[], $8::bigint[], $9::bigint[], $10::text[], $11::text[],
                           $12::bytea[], $13::text[], $14::text[], $15::date[], $16::date[],
                           $17::timestamptz[], $18::text[], $19::text[], $20::smallint[],
                           $21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[],
                           $26::text[], $27::text[]) new)
         UPDATE free_card.standing s
            SET version = new.version, snapshot = new.snapshot, texts = new.texts,
                cards = CASE WHEN new.are_all THEN new.cards::datemultirange
                             WHEN new.cards = '{}' THEN s.cards
                             ELSE s.cards + new.cards::datemultirange END
           FROM (SELECT held.ctid AS place, new.*
                   FROM unnest($28::uuid[], $29::bigint[], $30::text[], $31::bool[], $32::bytea[],
                               $33::text[])
                        new (account_id, version, cards, are_all, snapshot, texts),
                        LATERAL (SELECT h.ctid FROM free_card.standing h
                                  WHERE h.tenant_id = $1 AND h.account_id = new.account_id
                                 OFFSET 0) held) new
          WHERE s.ctid = new.place",
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
        &standings.accounts,
        &standings.versions,
        &standings.cards as _,
        &standings.all,
        &standings.snapshots as _,
        &standings.texts as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
