//! A write under a `request_id` takes effect once; the same request again gets the same answer.
//!
//! The key is (tenant, client, request id); it is stored with method, hash and answer in the
//! transaction of the effect, for the life of the books. Only successes are stored.

use hjm_ids::RequestId;
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
    let stored = sqlx::query_as!(
        StoredAnswer,
        "SELECT method, body_hash AS hash, answer FROM idempotency
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
    R::decode(stored.of(key)?)
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
    /// The request's type.
    pub method: String,
    /// SHA-256 of the request without its id.
    pub hash: Vec<u8>,
    /// The encoded answer.
    pub answer: Vec<u8>,
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
