//! The consuming end of a feed: the cursor moves in the transaction of the effect.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt as _, Stream, StreamExt as _};
use hjm_ids::TenantId;
use hjm_proto::event::v1 as pb;
use hjm_service::{
    Caller, Database, Failure, Scope, TxFuture, Violations, client, crash, deadline, server::Drain,
};
use sqlx::PgConnection;
use tokio::{sync::watch, time};
use uuid::Uuid;

use crate::{
    Position, Source,
    producer::raise,
    skip::{SHOWN_MAX, to_pb_skip},
    source::Item,
    store,
};

/// Events that take effect in one transaction at the most.
const BATCH_MAX: usize = 64;
const POLL: Duration = Duration::from_millis(50);
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(5);
/// How long a position is waited for where no deadline is known.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// An event as a handler gets it.
#[derive(Debug)]
pub struct Followed<E> {
    /// The tenant whose feed it came in.
    pub tenant: TenantId,
    /// Its number in the feed.
    pub sequence: i64,
    /// Its unique id.
    pub event_id: Uuid,
    /// The event.
    pub event: E,
}

/// One tenant's cursor in one feed.
#[derive(Debug)]
pub struct Follower<S> {
    database: Database,
    source: S,
    caller: Caller,
    progress: Arc<watch::Sender<i64>>,
}

/// How a follower goes on after a failure.
struct Pace {
    pause: Duration,
    /// So many events the next time: those before the one that was refused take effect without it.
    at_most: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: RETRY_FIRST,
            at_most: BATCH_MAX,
        }
    }
}

impl<S: Source> Follower<S> {
    /// Follows until the drain begins. The handler runs inside the transaction that moves the
    /// cursor; it must not call other services. An event that it refuses, or that cannot be read,
    /// stops the feed until the cause is mended or two persons pass over it, and says so in
    /// `ListFollowers` and the log; those before it take effect.
    pub async fn run<H>(self, drain: Drain, handler: H)
    where
        H: for<'t> Fn(&'t mut PgConnection, Followed<S::Event>) -> TxFuture<'t, (), Failure>
            + Send
            + Sync,
    {
        let mut pace = Pace::default();
        loop {
            let ended = tokio::select! {
                () = drain.begun() => return,
                ended = self.follow(&handler, &mut pace) => ended,
            };
            if let Err(failure) = ended {
                tracing::warn!(feed = S::FEED, tenant = %self.caller.tenant, %failure, "follower");
            }
            // Who passes over an event moves the cursor.
            let mut moved = self.progress.subscribe();
            tokio::select! {
                () = drain.begun() => return,
                () = time::sleep(pace.pause) => {}
                _ = moved.changed() => {}
            }
            pace.pause = (pace.pause * 2).min(RETRY_LAST);
        }
    }

    fn tenant(&self) -> &TenantId {
        &self.caller.tenant
    }

    async fn follow<H>(&self, handler: &H, pace: &mut Pace) -> Result<(), Failure>
    where
        H: for<'t> Fn(&'t mut PgConnection, Followed<S::Event>) -> TxFuture<'t, (), Failure>
            + Send
            + Sync,
    {
        let mut tx = self.begin().await?;
        store::cursor_ensure(&mut tx, self.tenant(), S::FEED).await?;
        let (mut cursor, _) = store::cursor_find(&mut tx, self.tenant(), S::FEED).await?;
        tx.commit().await?;
        self.progress.send_replace(cursor);
        let after = Position::new(S::FEED, cursor).to_wire();
        let unavailable = |status| client::failure(S::FEED, &status);
        let mut stream = self
            .source
            .follow(&self.caller, after)
            .await
            .map_err(unavailable)?;
        while let Some(first) = stream.next().await {
            let (batch, unread) = self.gather(first, &mut stream, pace.at_most);
            if !batch.is_empty() {
                cursor = self.apply(cursor, batch, handler, pace).await?;
                *pace = Pace::default();
            }
            if let Some(failure) = unread {
                return self.stop_at_unread(cursor, failure).await;
            }
        }
        Ok(())
    }

    /// What has come so far, and why no more of it can be read.
    fn gather(
        &self,
        first: Item<S::Event>,
        stream: &mut (impl Stream<Item = Item<S::Event>> + Unpin),
        at_most: usize,
    ) -> (Vec<Followed<S::Event>>, Option<Failure>) {
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(item) = next {
            match self.read(item) {
                Ok(followed) => batch.extend(followed),
                Err(failure) => return (batch, Some(failure)),
            }
            next = None;
            if batch.len() < at_most {
                next = stream.next().now_or_never().flatten();
            }
        }
        (batch, None)
    }

    fn read(&self, item: Item<S::Event>) -> Result<Option<Followed<S::Event>>, Failure> {
        let item = item.map_err(|status| client::failure(S::FEED, &status))?;
        let Some((envelope, event)) = item else {
            return Ok(None);
        };
        let wrong = |_| Failure::internal("an envelope cannot be read");
        let position: Position = envelope.position.parse().map_err(wrong)?;
        Ok(Some(Followed {
            tenant: self.tenant().clone(),
            sequence: position.sequence,
            event_id: envelope.event_id.parse().map_err(|_| wrong(""))?,
            event,
        }))
    }

    /// It is the next event that cannot be read, if there is one: a stream may break without.
    async fn stop_at_unread(&self, cursor: i64, failure: Failure) -> Result<(), Failure> {
        let is_lasting = matches!(failure, Failure::Internal(_));
        if is_lasting && head_of(&self.source, &self.caller).await? > cursor {
            self.halt(cursor.saturating_add(1), &failure).await?;
        }
        Err(failure)
    }

    /// One transaction: every event's effect in order, then the cursor.
    async fn apply<H>(
        &self,
        cursor: i64,
        batch: Vec<Followed<S::Event>>,
        handler: &H,
        pace: &mut Pace,
    ) -> Result<i64, Failure>
    where
        H: for<'t> Fn(&'t mut PgConnection, Followed<S::Event>) -> TxFuture<'t, (), Failure>
            + Send
            + Sync,
    {
        let mut tx = self.begin().await?;
        let (held, _) = store::cursor_lock(&mut tx, self.tenant(), S::FEED).await?;
        if held != cursor {
            return Err(Failure::Unavailable(
                "another replica has moved the cursor".into(),
            ));
        }
        let mut last = cursor;
        for (place, followed) in batch.into_iter().enumerate() {
            let sequence = followed.sequence;
            if sequence != last + 1 {
                return Err(Failure::internal(format!(
                    "event {sequence} follows {last}: a gap"
                )));
            }
            if let Err(failure) = handler(&mut tx, followed).await {
                tx.rollback().await?;
                if place > 0 {
                    pace.at_most = place;
                } else if !matches!(failure, Failure::Unavailable(_)) {
                    self.halt(sequence, &failure).await?;
                }
                return Err(failure);
            }
            last = sequence;
        }
        crash::point("between-effect-and-cursor");
        store::cursor_move(&mut tx, self.tenant(), S::FEED, last).await?;
        tx.commit().await?;
        self.progress.send_replace(last);
        Ok(last)
    }

    async fn halt(&self, sequence: i64, failure: &Failure) -> Result<(), Failure> {
        tracing::error!(feed = S::FEED, sequence, error = ?failure, "an event was refused");
        let mut tx = self.begin().await?;
        let text = format!("event {}: {failure}", Position::new(S::FEED, sequence));
        store::cursor_halt(&mut tx, self.tenant(), S::FEED, sequence, &text).await?;
        Ok(tx.commit().await?)
    }

    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, Failure> {
        self.database
            .begin(&Scope::whole(self.tenant().clone()))
            .await
    }
}

/// All that a service follows: who waits for what, and how far each has come.
#[derive(Debug, Clone)]
pub struct Followers {
    database: Database,
    name: &'static str,
    cursors: Vec<(TenantId, &'static str, Arc<watch::Sender<i64>>)>,
}

impl Followers {
    /// Nothing is followed yet. `name` is the following service's.
    pub fn new(database: Database, name: &'static str) -> Self {
        Self {
            database,
            name,
            cursors: Vec::new(),
        }
    }

    /// One more cursor; run the follower that is answered.
    pub fn add<S: Source>(&mut self, tenant: &TenantId, source: S) -> Follower<S> {
        let progress = Arc::new(watch::Sender::new(0));
        self.cursors
            .push((tenant.clone(), S::FEED, Arc::clone(&progress)));
        Follower {
            database: self.database.clone(),
            source,
            caller: Caller::service(tenant.clone(), self.name),
            progress,
        }
    }

    /// Returns when a position of a followed feed has taken effect. Positions of the service's
    /// own feed have, always. The caller's deadline bounds the wait.
    ///
    /// # Errors
    /// [`Failure::Invalid`] naming `not_before` when it is no position of a feed followed here;
    /// [`Failure::Unavailable`] shortly before the call's deadline passes.
    pub async fn wait(&self, tenant: &TenantId, not_before: &str) -> Result<(), Failure> {
        if not_before.is_empty() {
            return Ok(());
        }
        let position: Position = not_before
            .parse()
            .map_err(|text: &str| Violations::one("not_before", text))?;
        if position.feed == self.name {
            return Ok(());
        }
        let Some((feed, progress)) = self.find(tenant, &position.feed) else {
            return Err(Violations::one(
                "not_before",
                "must be a position of a feed followed here",
            ));
        };
        let left = deadline::left().unwrap_or(WAIT_MAX);
        time::timeout(
            left * 9 / 10,
            self.reach(tenant, feed, position.sequence, progress),
        )
        .await
        .unwrap_or_else(|_| {
            let text = format!("{not_before} has not taken effect here yet");
            Err(Failure::Unavailable(text))
        })
    }

    async fn reach(
        &self,
        tenant: &TenantId,
        feed: &str,
        sequence: i64,
        progress: &watch::Sender<i64>,
    ) -> Result<(), Failure> {
        let mut moved = progress.subscribe();
        // Another replica may be the one that moves the cursor: then it is found by looking.
        while *moved.borrow_and_update() < sequence {
            if self.cursor(tenant, feed).await?.0 >= sequence {
                return Ok(());
            }
            let _ = time::timeout(POLL, moved.changed()).await;
        }
        Ok(())
    }

    /// A feed that is followed for a tenant, by its name, and how far it has come.
    pub(crate) fn find(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Option<(&'static str, &watch::Sender<i64>)> {
        let mut own = self.cursors.iter().filter(|(of, ..)| of == tenant);
        let (_, feed, progress) = own.find(|(_, feed, _)| *feed == name)?;
        Some((feed, progress))
    }

    /// A cursor was moved by other means than following: who follows and who waits learn of it.
    pub(crate) async fn look_again(&self, tenant: &TenantId, name: &str) -> Result<(), Failure> {
        let (cursor, _) = self.cursor(tenant, name).await?;
        if let Some((_, progress)) = self.find(tenant, name) {
            raise(progress, cursor);
        }
        Ok(())
    }

    /// Changes whenever this process has moved one of a tenant's cursors.
    pub fn progress(&self, tenant: &TenantId) -> Vec<watch::Receiver<i64>> {
        let own = self.cursors.iter().filter(|(of, ..)| of == tenant);
        own.map(|(.., progress)| progress.subscribe()).collect()
    }

    /// How far a feed has taken effect.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn consumed(&self, tenant: &TenantId, feed: &str) -> Result<i64, Failure> {
        Ok(self.cursor(tenant, feed).await?.0)
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<(i64, String), Failure> {
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let cursor = store::cursor_find(&mut tx, tenant, feed).await?;
        tx.commit().await?;
        Ok(cursor)
    }

    /// How far one feed is followed, against the head its producer tells. Who passed over what, and
    /// why, is shown to who works for the whole tenant.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn describe<S: Source>(
        &self,
        caller: &Caller,
        source: &S,
    ) -> Result<pb::Follower, Failure> {
        let tenant = &caller.tenant;
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let (sequence, error) = store::cursor_find(&mut tx, tenant, S::FEED).await?;
        let mut skips = Vec::new();
        if caller.scope().principal.is_none() {
            skips = store::skip_list(&mut tx, tenant, S::FEED, SHOWN_MAX).await?;
        }
        tx.commit().await?;
        let caller = Caller::service(tenant.clone(), self.name);
        let head = head_of(source, &caller).await?;
        let skips = skips.into_iter().map(|skip| to_pb_skip(S::FEED, skip));
        Ok(pb::Follower {
            feed: S::FEED.to_owned(),
            position: Position::new(S::FEED, sequence).to_wire(),
            lag: head.saturating_sub(sequence).unsigned_abs(),
            error,
            skips: skips.collect(),
        })
    }
}

/// The sequence of a feed's newest event; 0 when there is none.
async fn head_of<S: Source>(source: &S, caller: &Caller) -> Result<i64, Failure> {
    let head = source.head(caller).await;
    let head = head.map_err(|status| client::failure(S::FEED, &status))?;
    Ok(head
        .parse::<Position>()
        .map_or(0, |position| position.sequence))
}
