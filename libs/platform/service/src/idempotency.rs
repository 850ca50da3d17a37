//! A write under a `request_id` takes effect once; the same request again gets the same answer.
//!
//! The key is (tenant, client, request id); it is stored with method, hash and answer in the
//! transaction of the effect, for the life of the books. Only successes are stored.

use std::collections::HashMap;

use hjm_ids::{RequestId, TenantId};
use hjm_proto::write::{WriteRequest, WriteResponse};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use tonic::{Response, metadata::MetadataValue};

use crate::{Caller, Failure, Violations};

/// The metadata entry of an answer that was given before.
pub const REPLAYED_HEADER: &str = "hjm-replayed";

/// What makes two writes the same.
#[derive(Debug, Clone)]
pub struct WriteKey {
    /// Who writes.
    pub caller: Caller,
    /// The request's type.
    pub method: &'static str,
    /// The caller's id for it.
    pub request_id: RequestId,
    /// SHA-256 of the request without its id.
    pub hash: Vec<u8>,
    /// When it came, by the service's clock.
    pub now: Timestamp,
}

impl WriteKey {
    /// The key of a request.
    ///
    /// # Errors
    /// [`Failure::Invalid`] naming `request_id`.
    pub fn new<R: WriteRequest>(
        caller: Caller,
        request: &R,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let request_id = request
            .request_id()
            .parse()
            .map_err(|error| Violations::one("request_id", error))?;
        let hash = Sha256::digest(request.without_request_id().encode_to_vec()).to_vec();
        Ok(Self {
            caller,
            method: R::METHOD,
            request_id,
            hash,
            now,
        })
    }
}

/// An answer, and whether it was given before.
#[derive(Debug)]
pub struct Answered<R> {
    /// The answer.
    pub message: R,
    /// It was stored by an earlier call with the same key.
    pub replayed: bool,
}

impl<R> Answered<R> {
    /// As a gRPC response; a repeated answer says so in its metadata.
    pub fn into_response(self) -> Response<R> {
        let mut response = Response::new(self.message);
        if self.replayed {
            let value = MetadataValue::from_static("true");
            response.metadata_mut().insert(REPLAYED_HEADER, value);
        }
        response
    }
}

/// Waits for a twin of this write, if there is one, and answers what it stored.
///
/// # Errors
/// [`Failure::RequestIdReused`] when the id was used for something else.
pub async fn find<R: WriteResponse>(
    connection: &mut PgConnection,
    key: &WriteKey,
) -> Result<Option<R>, Failure> {
    let tenant = key.caller.tenant.as_str();
    let lock = format!("{tenant} {} {}", key.caller.client, key.request_id.as_str());
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        lock
    )
    .fetch_one(&mut *connection)
    .await?;
    let stored = sqlx::query!(
        "SELECT method, body_hash, answer FROM idempotency
          WHERE tenant_id = $1 AND client = $2 AND request_id = $3",
        tenant,
        key.caller.client,
        key.request_id.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    if stored.method != key.method || stored.body_hash != key.hash {
        return Err(Failure::RequestIdReused);
    }
    R::decode(stored.answer.as_slice())
        .map(Some)
        .map_err(|error| Failure::Internal(error.into()))
}

/// Stores the answer of a write in its transaction.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn store<R: WriteResponse>(
    connection: &mut PgConnection,
    key: &WriteKey,
    answer: &R,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO idempotency
            (tenant_id, client, request_id, method, body_hash, answer, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.caller.tenant.as_str(),
        key.caller.client,
        key.request_id.as_str(),
        key.method,
        key.hash,
        answer.encode_to_vec(),
        key.now.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is stored under a write's key.
#[derive(Debug, Clone)]
pub struct StoredAnswer {
    method: String,
    hash: Vec<u8>,
    /// The encoded answer.
    pub answer: Vec<u8>,
}

/// The answers that are stored under the keys of a batch, by client and request id. It waits for no
/// twin: one that commits meanwhile makes [`store_all`] fail on the key.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn find_all(
    connection: &mut PgConnection,
    tenant: &TenantId,
    keys: &[&WriteKey],
) -> Result<HashMap<(String, String), StoredAnswer>, Failure> {
    let clients: Vec<String> = keys.iter().map(|key| key.caller.client.clone()).collect();
    let requests: Vec<String> = keys
        .iter()
        .map(|key| key.request_id.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        "SELECT i.client, i.request_id, i.method, i.body_hash, i.answer
           FROM unnest($2::text[], $3::text[]) asked (client, request_id),
                LATERAL (SELECT * FROM idempotency
                          WHERE tenant_id = $1 AND client = asked.client
                            AND request_id = asked.request_id OFFSET 0) i",
        tenant.as_str(),
        &clients,
        &requests
    )
    .fetch_all(connection)
    .await?;
    let stored = rows.into_iter().map(|row| {
        let answer = StoredAnswer {
            method: row.method,
            hash: row.body_hash,
            answer: row.answer,
        };
        ((row.client, row.request_id), answer)
    });
    Ok(stored.collect())
}

impl StoredAnswer {
    /// The answer, for a write that is the same.
    ///
    /// # Errors
    /// [`Failure::RequestIdReused`] when the id was used for something else.
    pub fn of(&self, key: &WriteKey) -> Result<&[u8], Failure> {
        if self.method == key.method && self.hash == key.hash {
            Ok(&self.answer)
        } else {
            Err(Failure::RequestIdReused)
        }
    }
}

/// Stores the encoded answers of a batch in its transaction. A twin that has committed since
/// [`find_all`] makes it fail.
///
/// # Errors
/// [`Failure::Unavailable`] when the database is away.
pub async fn store_all(
    connection: &mut PgConnection,
    tenant: &TenantId,
    answers: &[(&WriteKey, Vec<u8>)],
) -> Result<(), Failure> {
    let texts = |part: fn(&WriteKey) -> &str| -> Vec<String> {
        answers
            .iter()
            .map(|(key, _)| part(key).to_owned())
            .collect()
    };
    let hashes: Vec<Vec<u8>> = answers.iter().map(|(key, _)| key.hash.clone()).collect();
    let bodies: Vec<Vec<u8>> = answers.iter().map(|(_, answer)| answer.clone()).collect();
    let instants: Vec<jiff_sqlx::Timestamp> =
        answers.iter().map(|(key, _)| key.now.to_sqlx()).collect();
    sqlx::query!(
        "INSERT INTO idempotency
            (tenant_id, client, request_id, method, body_hash, answer, recorded_at)
         SELECT $1, new.* FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[],
                                       $6::bytea[], $7::timestamptz[]) new",
        tenant.as_str(),
        &texts(|key| &key.caller.client),
        &texts(|key| key.request_id.as_str()),
        &texts(|key| key.method),
        &hashes,
        &bodies,
        &instants as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
