//! The end of a batch of writes: what it tells, what each is answered and who did it, in one
//! statement, since what a statement costs by itself is more than what it does for a few.

use hjm_ids::TenantId;
use hjm_proto::write::WriteResponse;
use hjm_service::{Failure, WriteKey, access::BatchRow};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

use crate::{NewEvent, store::EventLists};

/// An answer of a batch, to be kept under its write's key.
#[derive(Debug)]
pub struct BatchAnswer<'a, R> {
    /// The write.
    pub key: &'a WriteKey,
    /// Its answer; the position is added where it is kept.
    pub answer: R,
    /// How many events of the batch have been told with it.
    pub told: i64,
}

/// Answers, each part of them a list.
struct AnswerLists<'a> {
    clients: Vec<&'a str>,
    requests: Vec<&'a str>,
    methods: Vec<&'a str>,
    hashes: Vec<&'a [u8]>,
    answers: Vec<Vec<u8>>,
    instants: Vec<jiff_sqlx::Timestamp>,
    told: Vec<i64>,
}

impl<'a> AnswerLists<'a> {
    fn of<R: WriteResponse>(all: &'a [BatchAnswer<'_, R>]) -> Self {
        let keys = || all.iter().map(|one| one.key);
        let answers = all.iter().map(|one| one.answer.encode_to_vec());
        Self {
            clients: keys().map(|key| key.caller.client.as_str()).collect(),
            requests: keys().map(|key| key.request_id.as_str()).collect(),
            methods: keys().map(|key| key.method).collect(),
            hashes: keys().map(|key| key.hash.as_slice()).collect(),
            answers: answers.collect(),
            instants: keys().map(|key| key.now.to_sqlx()).collect(),
            told: all.iter().map(|one| one.told).collect(),
        }
    }
}

/// The key of the field that holds a message's position, as it is encoded.
fn position_key<R: WriteResponse>() -> Vec<u8> {
    let mut only = R::default();
    only.set_position("x".to_owned());
    let mut key = only.encode_to_vec();
    key.truncate(key.len().saturating_sub(2));
    key
}

/// Appends events, keeps answers and logs accesses; answers the sequence before the first event.
/// The feed is held from here until the transaction ends.
///
/// An encoded message goes on where its bytes end, so each answer's position, which is known under
/// the feed's lock only, is appended to it as the field it is.
pub(crate) async fn batch_close<R: WriteResponse>(
    connection: &mut PgConnection,
    (feed, tenant): (&str, &TenantId),
    now: Timestamp,
    events: &[NewEvent],
    answers: &[BatchAnswer<'_, R>],
    batch: &BatchRow,
) -> Result<i64, Failure> {
    let (events, kept) = (EventLists::of(events), AnswerLists::of(answers));
    let accesses = &batch.accesses;
    let before = sqlx::query_scalar!(
        r#"WITH told AS MATERIALIZED (
               SELECT CASE cardinality($2::uuid[])
                      WHEN 0 THEN (SELECT coalesce(max(sequence), 0) FROM feed_event
                                    WHERE tenant_id = $1)
                      ELSE feed_append($1, $2, $3, $4, $5, $6) - cardinality($2) END AS before),
           answered AS (
               INSERT INTO idempotency
                   (tenant_id, client, request_id, method, body_hash, answer, recorded_at)
               SELECT $1, new.client, new.request_id, new.method, new.body_hash,
                      new.answer || $14::bytea || set_byte('\x00', 0, octet_length(position.wire))
                          || convert_to(position.wire, 'UTF8'), new.recorded_at
                 FROM told,
                      unnest($7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[],
                             $12::timestamptz[], $13::bigint[])
                          new (client, request_id, method, body_hash, answer, recorded_at, told),
                      LATERAL (SELECT $15::text || '.' || to_hex(told.before + new.told) AS wire)
                          position),
           logged AS (
               INSERT INTO access_batch
                   (tenant_id, recorded_at, chain_id, number, previous, hash, actions,
                    subject_ids, principal_ids, clients, user_names, purposes, objects, versions)
               VALUES ($1, $6, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27))
           SELECT before AS "before!" FROM told"#,
        tenant.as_str(),
        &events.ids,
        &events.kinds as _,
        &events.aggregates as _,
        &events.payloads as _,
        now.to_sqlx() as _,
        &kept.clients as _,
        &kept.requests as _,
        &kept.methods as _,
        &kept.hashes as _,
        &kept.answers,
        &kept.instants as _,
        &kept.told,
        position_key::<R>(),
        feed,
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
    Ok(before)
}

#[cfg(test)]
mod tests {
    use hjm_proto::free_card::v1::RegisterFeeResponse;
    use prost::Message as _;

    use super::*;

    #[test]
    fn a_position_is_appended_to_an_encoded_answer() {
        let mut answer = RegisterFeeResponse {
            fee_id: "one".to_owned(),
            account_version: 3,
            possible_duplicate: true,
            ..Default::default()
        };
        let wire = "free-card.ff";
        let mut kept = answer.encode_to_vec();
        kept.extend(position_key::<RegisterFeeResponse>());
        kept.push(12);
        kept.extend(wire.bytes());
        answer.set_position(wire.to_owned());
        assert_eq!(RegisterFeeResponse::decode(kept.as_slice()), Ok(answer));
    }
}
