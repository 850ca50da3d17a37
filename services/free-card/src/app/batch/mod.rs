//! Many registrations in one transaction, without waiting for more to come.
//!
//! A batch of which a statement fails is rolled back and its items run one by one, so a bad item
//! costs its neighbours time, never their answer. What is decided with more accounts than a batch
//! holds is run apart, in a transaction of its own.

mod apart;
mod desk;

use std::collections::HashMap;

use desk::Desk;
pub(super) use desk::check;
use hjm_feed::{BatchAnswer, NewEvent, Position};
use hjm_proto::{free_card::v1 as pb, write::WriteResponse as _};
use hjm_service::{
    AccessNote, Answered, Failure, Scope, WriteKey,
    access::{Chained, NOTES_MAX},
    batch::{self, Batcher, Limits, Waiting},
    crash,
};
use jiff::Timestamp;
use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::{
    Core, Holder, Registering, Written,
    book::{Book, store_books},
};
use crate::error::Error;

const LIMITS: Limits = Limits {
    waiting_max: 1024,
    // So many accesses are one batch of the log.
    batch_max: NOTES_MAX,
};

type Response = pb::RegisterFeeResponse;
type Reply = Result<Answered<Response>, Error>;
/// What an item of a batch is answered; none where it is run apart.
type Answer = Option<Reply>;
type Waiter = Waiting<Item, Reply>;

/// A registration.
#[derive(Debug)]
struct Item {
    key: WriteKey,
    asked: Registering,
}

impl Item {
    fn id(&self) -> (String, String) {
        let request_id = self.key.request_id.as_str().to_owned();
        (self.key.caller.client.clone(), request_id)
    }
}

/// What waits for the writer. There is one: two made batches of half the size, each with what a batch
/// costs by itself, and on two cores a fee took longer.
#[derive(Debug, Clone)]
pub(crate) struct Queue(Batcher<Item, Reply>);

/// What a writer writes with.
#[derive(Debug, Clone)]
struct Writer {
    core: Core,
    /// Where registrations wait that are run apart.
    apart: mpsc::Sender<Waiter>,
}

impl Queue {
    /// Starts the writer; it ends when the last owner of the queue is gone.
    pub(crate) fn start(core: &Core) -> Self {
        let (apart, receiver) = mpsc::channel(LIMITS.waiting_max);
        tokio::spawn(apart::write_each(core.clone(), receiver));
        let core = core.clone();
        let writer = Writer { core, apart };
        Self(Batcher::start(LIMITS, move |batch| {
            write_batch(writer.clone(), batch)
        }))
    }

    /// Queues a fee to be registered with whatever else is queued, in the order they are queued.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the queue is full.
    pub(crate) fn enqueue(&self, key: WriteKey, asked: Registering) -> Result<Queued, Failure> {
        let tenant = key.caller.tenant.clone();
        self.0.put(tenant, Item { key, asked }).map(Queued)
    }
}

/// A fee that is registered whether or not anybody waits for the answer.
#[derive(Debug)]
pub(crate) struct Queued(batch::Queued<Reply>);

impl Queued {
    pub(crate) async fn answer(self) -> Written<Response> {
        self.0.answer().await?
    }
}

async fn write_batch(writer: Writer, batch: Vec<Waiter>) {
    let items: Vec<&Item> = batch.iter().map(|waiting| &waiting.item).collect();
    match transact(&writer.core, &items).await {
        Ok(answers) => {
            for (waiting, answer) in batch.into_iter().zip(answers) {
                answer_one(&writer, waiting, answer);
            }
        }
        Err(Error::Failure(Failure::Unavailable(text))) => {
            for waiting in batch {
                waiting.answer(Err(Failure::Unavailable(text.clone()).into()));
            }
        }
        Err(error) => {
            tracing::debug!(%error, items = batch.len(), "a batch is run one by one");
            for waiting in batch {
                let answer = write_alone(&writer.core, &waiting.item).await;
                answer_one(&writer, waiting, answer);
            }
        }
    }
}

/// A key that a twin has taken meanwhile is found when the item is run once more.
async fn write_alone(core: &Core, item: &Item) -> Answer {
    let mut answered = transact(core, &[item]).await;
    if answered.as_ref().is_err_and(Error::is_taken) {
        answered = transact(core, &[item]).await;
    }
    let lost = || Some(Err(Failure::internal("a registration has no answer").into()));
    match answered {
        Ok(mut answers) => answers.pop().unwrap_or_else(lost),
        Err(error) => Some(Err(error)),
    }
}

/// Answers an item; one that is to be run apart waits on.
fn answer_one(writer: &Writer, waiting: Waiter, answer: Answer) {
    match answer {
        Some(answer) => waiting.answer(answer),
        None => {
            if let Err(full) = writer.apart.try_send(waiting) {
                let text = "too many registrations wait: come back".to_owned();
                full.into_inner()
                    .answer(Err(Failure::Unavailable(text).into()));
            }
        }
    }
}

/// What an item comes to, before anything is stored.
enum Outcome {
    Done(Box<Response>, Option<NewEvent>),
    Again(Box<Response>),
    /// The same request as an earlier item of the batch.
    Twin(usize),
    /// It is decided with more accounts than the batch holds.
    Apart,
    Refused(Error),
}

/// The whole batch in one transaction: read, decide, store. The feed's lock comes last.
async fn transact(core: &Core, batch: &[&Item]) -> Result<Vec<Answer>, Error> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    let tenant = &first.key.caller.tenant;
    let scope = Scope::whole(tenant.clone());
    let mut tx = core.producer.database().begin_here(&scope).await?;
    let mut desk = Desk::open(core, &mut tx, tenant, batch).await?;
    desk.look_back(&mut tx, tenant, batch).await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut ids: HashMap<(String, String), usize> = HashMap::new();
    for (place, item) in batch.iter().enumerate() {
        let outcome = match ids.get(&item.id()) {
            Some(twin) => twin_of(batch, *twin, item),
            None => desk.decide(&mut tx, item).await,
        };
        if matches!(outcome, Outcome::Done(..)) {
            ids.insert(item.id(), place);
        }
        outcomes.push(outcome);
    }
    let books: Vec<&Book> = desk.books.values().collect();
    store_books(&mut tx, tenant, &books).await?;
    let now = desk.now;
    let ended = close(core, &mut tx, now, batch, &mut outcomes).await?;
    tx.commit().await.map_err(Failure::from)?;
    if let Some((chained, last)) = ended {
        chained.committed();
        core.producer.tell_head(tenant, last);
    }
    crash::point("after-commit-before-answer");
    Ok(answers(outcomes))
}

fn twin_of(batch: &[&Item], twin: usize, item: &Item) -> Outcome {
    let same = batch.get(twin).is_some_and(|first| {
        (first.key.method, &first.key.hash) == (item.key.method, &item.key.hash)
    });
    if same {
        Outcome::Twin(twin)
    } else {
        Outcome::Refused(Failure::RequestIdReused.into())
    }
}

/// Stores the events, the answers under their keys and the accesses, gives each answer its
/// position, and says where the feed now ends; nothing where every item is refused.
async fn close(
    core: &Core,
    tx: &mut PgConnection,
    now: Timestamp,
    batch: &[&Item],
    outcomes: &mut [Outcome],
) -> Result<Option<(Chained, i64)>, Error> {
    let (mut events, mut kept, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for (item, outcome) in batch.iter().zip(outcomes.iter_mut()) {
        let version = match outcome {
            Outcome::Done(answer, event) => {
                events.extend(event.take());
                kept.push(BatchAnswer {
                    key: &item.key,
                    answer: without_answer(answer),
                    told: i64::try_from(events.len()).unwrap_or(i64::MAX),
                });
                answer.account_version
            }
            Outcome::Again(answer) => answer.account_version,
            Outcome::Twin(_) => 0,
            Outcome::Apart | Outcome::Refused(_) => continue,
        };
        let Holder {
            scheme_id,
            recipient,
        } = &item.asked.holder;
        let note = AccessNote::new(&item.key.caller, "RegisterFee", *recipient, scheme_id, "");
        notes.push(note.seen(i64::try_from(version).unwrap_or(i64::MAX)));
    }
    let Some(first) = batch.first().filter(|_| !notes.is_empty()) else {
        return Ok(None);
    };
    let (producer, tenant) = (&core.producer, &first.key.caller.tenant);
    let (chained, row) = core.access.chain(tenant, now, notes)?;
    let before = producer.append_answered(tx, tenant, now, &events, &kept, &row);
    let before = before.await?;
    let mut told = kept.iter().map(|one| one.told);
    for outcome in outcomes {
        if let Outcome::Done(answer, _) = outcome {
            let sequence = before.saturating_add(told.next().unwrap_or_default());
            answer.set_position(Position::new(producer.feed(), sequence).to_wire());
        }
    }
    let last = before.saturating_add(i64::try_from(events.len()).unwrap_or(i64::MAX));
    Ok(Some((chained, last)))
}

/// As it is kept under its key: what the fee cost is kept with the fee, and its position is added.
fn without_answer(response: &Response) -> Response {
    Response {
        fee_id: response.fee_id.clone(),
        account_version: response.account_version,
        possible_duplicate: response.possible_duplicate,
        ..Response::default()
    }
}

fn answers(outcomes: Vec<Outcome>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let answer = match outcome {
            Outcome::Done(message, _) => Some(Ok(answered(*message, false))),
            Outcome::Again(message) => Some(Ok(answered(*message, true))),
            Outcome::Twin(first) => Some(match answers.get(first) {
                Some(Some(Ok(first))) => Ok(answered(first.message.clone(), true)),
                Some(Some(Err(_)) | None) | None => {
                    Err(Failure::internal("a twin has no answer").into())
                }
            }),
            Outcome::Apart => None,
            Outcome::Refused(error) => Some(Err(error)),
        };
        answers.push(answer);
    }
    answers
}

fn answered(message: Response, replayed: bool) -> Answered<Response> {
    Answered { message, replayed }
}
