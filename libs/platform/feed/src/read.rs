//! The reading end of a feed: what `EventFeedService.Read` answers.

use std::time::Duration;

use hjm_ids::TenantId;
use hjm_proto::event::v1::Envelope;
use hjm_service::{Failure, Scope, Violations, convert::to_pb_timestamp, server::Drain};
use tokio::{sync::mpsc, time};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{Position, Producer, store, store::EventRow};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events fetched at a time, and events waiting for a slow reader.
const BATCH: i64 = 256;
const WAITING_MAX: usize = 256;

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Reading {
    after: i64,
    limit: Option<u64>,
    kinds: Vec<String>,
    follow: bool,
}

impl Reading {
    /// Reads the request's parts.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when `after` is not a position of this feed.
    pub fn new(
        feed: &str,
        after: &str,
        limit: u32,
        kinds: Vec<String>,
        follow: bool,
    ) -> Result<Self, Failure> {
        let after = if after.is_empty() {
            0
        } else {
            let position: Position = after
                .parse()
                .map_err(|text: &str| Violations::one("after", text))?;
            if position.feed != feed {
                return Err(Violations::one("after", "must be a position of this feed"));
            }
            position.sequence
        };
        let limit = (limit > 0).then(|| u64::from(limit));
        Ok(Self {
            after,
            limit,
            kinds,
            follow,
        })
    }
}

/// An event, or a heartbeat.
#[derive(Debug)]
pub enum Item {
    /// An event with its encoded message.
    Event(Box<Envelope>, Vec<u8>),
    /// Nothing new, but still here.
    Heartbeat,
}

/// Streams a tenant's events in order; ends at the limit, at the head unless following, or with
/// `UNAVAILABLE` when the service drains. `answer` makes the context's own response.
pub fn stream<R: Send + 'static>(
    producer: Producer,
    tenant: TenantId,
    reading: Reading,
    drain: Drain,
    answer: fn(Item) -> Result<R, Status>,
) -> ReceiverStream<Result<R, Status>> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            () = drain.begun() => {
                let _ = sender.send(Err(Failure::Unavailable("draining".into()).into())).await;
            }
            ended = pump(&producer, &tenant, reading, &sender, answer) => {
                if let Err(failure) = ended {
                    let _ = sender.send(Err(failure.into())).await;
                }
            }
        }
    });
    ReceiverStream::new(receiver)
}

async fn pump<R>(
    producer: &Producer,
    tenant: &TenantId,
    mut reading: Reading,
    sender: &mpsc::Sender<Result<R, Status>>,
    answer: fn(Item) -> Result<R, Status>,
) -> Result<(), Failure> {
    let mut head = reading.follow.then(|| producer.follow_head(tenant));
    loop {
        let seen = head.as_mut().map_or(0, |head| *head.borrow_and_update());
        let batch = reading.limit.map_or(BATCH, |left| {
            i64::try_from(left).map_or(BATCH, |left| left.min(BATCH))
        });
        let rows = next(producer, tenant, &reading, batch).await?;
        let fetched = rows.len();
        for row in rows {
            reading.after = row.sequence;
            let (envelope, payload) = envelope(producer.feed(), row);
            if sender
                .send(answer(Item::Event(Box::new(envelope), payload)))
                .await
                .is_err()
            {
                return Ok(());
            }
        }
        if let Some(left) = &mut reading.limit {
            *left = left.saturating_sub(fetched as u64);
            if *left == 0 {
                return Ok(());
            }
        }
        let full = i64::try_from(fetched).is_ok_and(|fetched| fetched == batch);
        if full {
            continue;
        }
        let Some(head) = &mut head else { return Ok(()) };
        // What there was before the look and did not come is of a kind that is not asked for.
        reading.after = reading.after.max(seen);
        let newer = head.wait_for(|head| *head > reading.after);
        if time::timeout(HEARTBEAT, newer).await.is_err()
            && sender.send(answer(Item::Heartbeat)).await.is_err()
        {
            return Ok(());
        }
    }
}

async fn next(
    producer: &Producer,
    tenant: &TenantId,
    reading: &Reading,
    batch: i64,
) -> Result<Vec<EventRow>, Failure> {
    let mut tx = producer
        .database()
        .begin(&Scope::whole(tenant.clone()))
        .await?;
    let rows = store::event_list(&mut tx, tenant, reading.after, &reading.kinds, batch).await?;
    tx.commit().await?;
    Ok(rows)
}

fn envelope(feed: &str, row: EventRow) -> (Envelope, Vec<u8>) {
    let envelope = Envelope {
        position: Position::new(feed, row.sequence).to_wire(),
        event_id: row.event_id.to_string(),
        kind: row.kind,
        aggregate_id: row.aggregate_id,
        aggregate_version: row.aggregate_version.unsigned_abs(),
        recorded_at: Some(to_pb_timestamp(row.recorded_at)),
    };
    (envelope, row.payload)
}
