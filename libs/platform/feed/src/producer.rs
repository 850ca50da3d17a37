//! The writing end of a feed, and with it the one shape of every write: idempotency, effect,
//! events, answer, commit.

use std::sync::Arc;

use hjm_ids::TenantId;
use hjm_proto::write::WriteResponse;
use hjm_service::{Answered, Database, Failure, Scope, TxFuture, WriteKey, crash, idempotency};
use jiff::Timestamp;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::{Position, store};

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

/// The writing end of one service's feed.
#[derive(Debug, Clone)]
pub struct Producer {
    database: Database,
    feed: &'static str,
    appended: Arc<watch::Sender<()>>,
}

impl Producer {
    /// The feed of a service over its database.
    pub fn new(database: Database, feed: &'static str) -> Self {
        Self {
            database,
            feed,
            appended: Arc::new(watch::Sender::new(())),
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

    /// Changes whenever this process has appended.
    pub(crate) fn appended(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
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
        let mut tx = self.database.begin(&key.caller.scope()).await?;
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
        self.appended.send_replace(());
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
        if !events.is_empty() {
            self.append(&mut tx, tenant, now, &events).await?;
        }
        tx.commit().await.map_err(Failure::from)?;
        self.appended.send_replace(());
        Ok(done)
    }

    async fn append(
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
        store::feed_lock(connection, tenant).await?;
        let last = store::event_append(connection, tenant, now, events).await?;
        Ok(Position::new(self.feed, last))
    }

    /// The position of the newest event.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn head(&self, tenant: &TenantId) -> Result<Position, Failure> {
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let head = store::feed_head(&mut tx, tenant).await?;
        Ok(Position::new(self.feed, head))
    }
}
