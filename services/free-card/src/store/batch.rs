//! What a batch of registrations or questions needs, read by one statement: what a statement costs
//! by itself is more than what it finds for a few.

use std::collections::HashMap;

use hjm_feed::policies::Stamp;
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_service::{Failure, access::BatchRow, idempotency::StoredAnswer};
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;
use uuid::Uuid;

/// What registrations ask for, or some of it.
#[derive(Debug, Default)]
pub(crate) struct BatchKeys {
    pub(crate) subjects: Vec<Uuid>,
    /// Of writes: clients, beside their request ids.
    pub(crate) clients: Vec<String>,
    pub(crate) requests: Vec<String>,
    /// Of fees: the charging systems' keys.
    pub(crate) references: Vec<String>,
}

/// What there is of it.
#[derive(Debug)]
pub(crate) struct BatchRows {
    /// By client and request id.
    pub(crate) answered: HashMap<(String, String), StoredAnswer>,
    /// Persons of whom something else is known.
    pub(crate) known: Vec<Uuid>,
    pub(crate) registered: HashMap<String, RegisteredRow>,
    /// The policies in force.
    pub(crate) stamp: Stamp,
}

/// A fee as it was registered under the charging system's key.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredRow {
    pub(crate) account: AccountId,
    /// Of a fee that is not stored yet; else it is looked for where it matters.
    pub(crate) scheme_id: Option<String>,
    pub(crate) fee: FeeId,
    pub(crate) on: Date,
    pub(crate) nominal: Money,
    pub(crate) principal_id: String,
    pub(crate) answer: Vec<u8>,
    pub(crate) cancelled: bool,
}

type Answer = (String, String, String, Vec<u8>, Vec<u8>);
type Fee = (
    String,
    Uuid,
    Uuid,
    jiff_sqlx::Date,
    i64,
    String,
    Vec<u8>,
    bool,
);
type Policy = (String, jiff_sqlx::Date);

/// Reads what there is, after the accounts are held: a statement sees what was there when it began,
/// and who held an account until now may have linked its person.
pub(crate) async fn batch_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    keys: &BatchKeys,
) -> Result<BatchRows, Failure> {
    let row = sqlx::query!(
        r#"SELECT ARRAY(
               SELECT ROW (i.client, i.request_id, i.method, i.body_hash, i.answer)
                 FROM unnest($3::text[], $4::text[]) asked (client, request_id),
                      LATERAL (SELECT * FROM free_card.idempotency
                                WHERE tenant_id = $1 AND client = asked.client
                                  AND request_id = asked.request_id OFFSET 0) i)
               AS "answered!: Vec<Answer>",
           ARRAY(
               SELECT k.subject_id
                 FROM unnest($2::uuid[]) asked (id),
                      LATERAL (SELECT subject_id FROM free_card.known_subject
                                WHERE tenant_id = $1 AND subject_id = asked.id OFFSET 0) k)
               AS "known!: Vec<Uuid>",
           ARRAY(
               SELECT ROW (e.external_reference, e.account_id, e.fee_id, e.event_on,
                           e.nominal_ore, e.principal_id, e.answer,
                           EXISTS (SELECT FROM free_card.account_event c
                                    WHERE c.tenant_id = $1 AND c.fee_id = e.fee_id
                                      AND c.kind = 'CANCEL'))
                 FROM unnest($5::text[]) asked (reference),
                      LATERAL (SELECT * FROM free_card.account_event
                                WHERE tenant_id = $1 AND external_reference = asked.reference
                               OFFSET 0) e)
               AS "registered!: Vec<Fee>",
           ARRAY(
               SELECT ROW (hash, active_from) FROM free_card.followed_policy
                WHERE tenant_id = $1 ORDER BY policy_id, version)
               AS "stamp!: Vec<Policy>""#,
        tenant.as_str(),
        &keys.subjects,
        &keys.clients,
        &keys.requests,
        &keys.references,
    )
    .fetch_one(connection)
    .await?;
    Ok(BatchRows {
        answered: row.answered.into_iter().map(answer).collect(),
        known: row.known,
        registered: row.registered.into_iter().map(fee).collect(),
        stamp: stamp(row.stamp),
    })
}

/// On which days cards cover an account's fees, as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct CoverRow {
    pub(crate) scheme_id: String,
    pub(crate) subject: RecipientId,
    /// The account's version; 0 where it has not been replayed yet.
    pub(crate) version: i64,
    /// As PostgreSQL writes a set of ranges of dates.
    pub(crate) cards: String,
    /// By which texts they were drawn.
    pub(crate) texts: String,
}

/// What is kept of accounts that are asked about.
#[derive(Debug)]
pub(crate) struct CoverRows {
    pub(crate) covers: Vec<CoverRow>,
    /// Persons of whom something else is known.
    pub(crate) known: Vec<Uuid>,
    /// The policies in force.
    pub(crate) stamp: Stamp,
}

/// Logs the accesses and finds what cards there are of persons in schemes, in a transaction of its
/// own; nobody is held up.
pub(crate) async fn exempt_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    (schemes, subjects): (&[String], &[Uuid]),
    now: Timestamp,
    batch: &BatchRow,
) -> Result<CoverRows, sqlx::Error> {
    let accesses = &batch.accesses;
    let row = sqlx::query!(
        r#"SELECT coalesce(cover_schemes, '{}') AS "schemes!",
                  coalesce(cover_subjects, '{}') AS "subjects!",
                  coalesce(cover_versions, '{}') AS "versions!",
                  coalesce(cover_cards, '{}') AS "cards!", coalesce(cover_texts, '{}') AS "texts!",
                  coalesce(known, '{}') AS "known!", coalesce(policy_hashes, '{}') AS "hashes!",
                  coalesce(policy_starts, '{}') AS "starts!: Vec<jiff_sqlx::Date>"
             FROM free_card.exempt_find($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                                        $14, $15, $16)"#,
        tenant.as_str(),
        schemes,
        subjects,
        now.to_sqlx() as _,
        batch.chain,
        batch.number,
        &batch.previous[..],
        &batch.hash[..],
        &accesses.actions,
        &accesses.subjects,
        &accesses.principal_ids,
        &accesses.clients,
        &accesses.users,
        &accesses.purposes,
        &accesses.objects,
        &accesses.versions,
    )
    .fetch_one(connection)
    .await?;
    let keys = row.schemes.into_iter().zip(row.subjects);
    let kept = row.versions.into_iter().zip(row.cards).zip(row.texts);
    let covers = keys.zip(kept).map(|(key, kept)| {
        let ((scheme_id, subject), ((version, cards), texts)) = (key, kept);
        CoverRow {
            scheme_id,
            subject: RecipientId::new(subject),
            version,
            cards,
            texts,
        }
    });
    Ok(CoverRows {
        covers: covers.collect(),
        known: row.known,
        stamp: stamp(row.hashes.into_iter().zip(row.starts)),
    })
}

fn stamp(policies: impl IntoIterator<Item = Policy>) -> Stamp {
    let stamp = policies.into_iter();
    stamp.map(|(hash, from)| (hash, from.to_jiff())).collect()
}

fn answer((client, request, method, hash, answer): Answer) -> ((String, String), StoredAnswer) {
    let stored = StoredAnswer {
        method,
        hash,
        answer,
    };
    ((client, request), stored)
}

fn fee(row: Fee) -> (String, RegisteredRow) {
    let (reference, account, fee, on, nominal, principal_id, answer, cancelled) = row;
    let registered = RegisteredRow {
        account: AccountId::new(account),
        scheme_id: None,
        fee: FeeId::new(fee),
        on: on.to_jiff(),
        nominal: Money::from_ore(nominal),
        principal_id,
        answer,
        cancelled,
    };
    (reference, registered)
}
