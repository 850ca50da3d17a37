//! The writing end of a feed, and with it the one shape of every write: idempotency, effect,
//! events, answer, commit.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hjm_ids::TenantId;
use hjm_proto::write::WriteResponse;
use hjm_service::{
    Answered, Database, Failure, Scope, TxFuture, WriteKey, access::BatchRow, crash, idempotency,
};
use jiff::Timestamp;
use sqlx::PgConnection;
use tokio::{sync::watch, time};

use crate::{
    Position,
    answered::{BatchAnswer, batch_close},
    store,
};

/// An event to be told.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its name.
    pub kind: &'static str,
    /// The thing that changed; its versions are numbered without gaps.
    pub aggregate_id: String,
    /// The encoded event message of the context.
    pub payload: Vec<u8>,
}

/// How often another process's appends are looked for while somebody follows.
const POLL: Duration = Duration::from_millis(50);

/// The newest sequence of a tenant that this process knows, for those who follow.
#[derive(Debug, Default)]
struct Head {
    sequence: watch::Sender<i64>,
    /// Somebody looks for other processes' appends.
    looked_for: AtomicBool,
}

type Heads = Mutex<HashMap<TenantId, Arc<Head>>>;

/// The writing end of one service's feed.
#[derive(Debug, Clone)]
pub struct Producer {
    database: Database,
    feed: &'static str,
    heads: Arc<Heads>,
}

impl Producer {
    /// The feed of a service over its database.
    pub fn new(database: Database, feed: &'static str) -> Self {
        Self {
            database,
            feed,
            heads: Arc::default(),
        }
    }

    /// The service's database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The feed's name.
    pub fn feed(&self) -> &'static str {
        self.feed
    }

    /// The newest sequence of a tenant, as it grows. This process's appends are told at once;
    /// others' are found by one look for all who follow, while anybody does.
    pub(crate) fn follow_head(&self, tenant: &TenantId) -> watch::Receiver<i64> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let head = Arc::clone(heads.entry(tenant.clone()).or_default());
        let receiver = head.sequence.subscribe();
        if !head.looked_for.swap(true, Ordering::SeqCst) {
            tokio::spawn(look_for_appends(
                self.database.clone(),
                tenant.clone(),
                head,
            ));
        }
        receiver
    }

    /// Tells those who follow that a transaction with events up to `sequence` has committed.
    pub fn tell_head(&self, tenant: &TenantId, sequence: i64) {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = heads.get(tenant) {
            head.raise(sequence);
        }
    }

    /// Performs a write once, in one transaction, whether or not its caller stays.
    ///
    /// The work answers and says what to tell; events are appended last, under the feed's lock,
    /// and the answer is stored under the write's key with them.
    ///
    /// # Errors
    /// Those of the work; [`Failure::RequestIdReused`]; [`Failure::Unavailable`]. Nothing is
    /// stored then.
    pub async fn write<R, E>(
        &self,
        key: WriteKey,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, (R, Vec<NewEvent>), E>
        + Send
        + 'static,
    ) -> Result<Answered<R>, E>
    where
        R: WriteResponse,
        E: From<Failure> + Send + 'static,
    {
        let producer = self.clone();
        let written = tokio::spawn(async move { producer.write_here(key, work).await });
        let answered = written
            .await
            .map_err(|error| Failure::internal(format!("a write was lost: {error}")))??;
        crash::point("after-commit-before-answer");
        Ok(answered)
    }

    async fn write_here<R, E>(
        &self,
        key: WriteKey,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, (R, Vec<NewEvent>), E> + Send,
    ) -> Result<Answered<R>, E>
    where
        R: WriteResponse,
        E: From<Failure>,
    {
        let mut tx = self.database.begin_here(&key.caller.scope()).await?;
        if let Some(message) = idempotency::find::<R>(&mut tx, &key).await? {
            return Ok(Answered {
                message,
                replayed: true,
            });
        }
        let (mut message, events) = work(&mut tx).await?;
        let position = self
            .append(&mut tx, &key.caller.tenant, key.now, &events)
            .await?;
        message.set_position(position.to_wire());
        idempotency::store(&mut tx, &key, &message).await?;
        tx.commit().await.map_err(Failure::from)?;
        self.tell_head(&key.caller.tenant, position.sequence);
        Ok(Answered {
            message,
            replayed: false,
        })
    }

    /// Performs the service's own work in one transaction, with the events it tells.
    ///
    /// # Errors
    /// Those of the work, and [`Failure::Unavailable`].
    pub async fn transaction<T, E>(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, (T, Vec<NewEvent>), E> + Send,
    ) -> Result<T, E>
    where
        E: From<Failure>,
    {
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let (done, events) = work(&mut tx).await?;
        let mut appended = None;
        if !events.is_empty() {
            appended = Some(self.append(&mut tx, tenant, now, &events).await?);
        }
        tx.commit().await.map_err(Failure::from)?;
        if let Some(position) = appended {
            self.tell_head(tenant, position.sequence);
        }
        Ok(done)
    }

    /// Appends events in a transaction at hand, under the feed's lock, which is held until it ends:
    /// the last thing but the answers. Answers the position of the last event, or the head's.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn append(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Position, Failure> {
        if events.is_empty() {
            let head = store::feed_head(connection, tenant).await?;
            return Ok(Position::new(self.feed, head));
        }
        let last = store::event_append(connection, tenant, now, events).await?;
        Ok(Position::new(self.feed, last))
    }

    /// Ends a batch of writes in a transaction at hand, as [`append`](Self::append) does, with the
    /// answers that are kept and the accesses that are logged: answers the sequence before the
    /// first event. A twin that has committed since the batch began makes it fail.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn append_answered<R: WriteResponse>(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        now: Timestamp,
        events: &[NewEvent],
        answers: &[BatchAnswer<'_, R>],
        accesses: &BatchRow,
    ) -> Result<i64, Failure> {
        let of = (self.feed, tenant);
        batch_close(connection, of, now, events, answers, accesses).await
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn head(&self, tenant: &TenantId) -> Result<Position, Failure> {
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let head = self.head_within(&mut tx, tenant).await?;
        tx.commit().await?;
        Ok(head)
    }

    /// The position of the newest event that a transaction sees: what it reads after this is no
    /// older.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn head_within(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
    ) -> Result<Position, Failure> {
        Ok(Position::new(
            self.feed,
            store::feed_head(connection, tenant).await?,
        ))
    }
}

/// Tells a sequence that is newer than the one that is known.
pub(crate) fn raise(known: &watch::Sender<i64>, sequence: i64) {
    known.send_if_modified(|known| {
        let newer = sequence > *known;
        *known = sequence.max(*known);
        newer
    });
}

impl Head {
    fn raise(&self, sequence: i64) {
        raise(&self.sequence, sequence);
    }

    /// Whether looking goes on. Who begins to follow while it ends begins it anew.
    fn is_followed(&self) -> bool {
        if self.sequence.receiver_count() > 0 {
            return true;
        }
        self.looked_for.store(false, Ordering::SeqCst);
        self.sequence.receiver_count() > 0 && !self.looked_for.swap(true, Ordering::SeqCst)
    }
}

/// Looks for appends of other processes until nobody follows any more.
async fn look_for_appends(database: Database, tenant: TenantId, head: Arc<Head>) {
    let scope = Scope::whole(tenant);
    while head.is_followed() {
        let look = database.read(&scope, |tx| {
            let tenant = scope.tenant.clone();
            Box::pin(async move { store::feed_head(tx, &tenant).await })
        });
        match look.await {
            Ok(sequence) => head.raise(sequence),
            Err(failure) => tracing::debug!(%failure, "a feed's head was not found"),
        }
        time::sleep(POLL).await;
    }
}
