//! Many registrations in one transaction, without waiting for more to come.
//!
//! A writer takes what is queued, 1 to [`BATCH_MAX`], of one tenant, and while that commits the
//! next batch gathers: alone, a caller waits for nobody; under load the batch grows by itself. A
//! batch of which a statement fails is rolled back and its items run one by one, so a bad item
//! costs its neighbours time, never their answer. Once queued, a fee is registered whether or not
//! its caller stays. What is decided with more accounts than a batch holds is run apart, in a
//! transaction of its own.

mod apart;
mod desk;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use desk::Desk;
pub(super) use desk::check;
use hjm_feed::{NewEvent, Position};
use hjm_ids::TenantId;
use hjm_proto::{free_card::v1 as pb, write::WriteResponse as _};
use hjm_service::{AccessNote, Answered, Failure, Scope, WriteKey, crash, idempotency};
use jiff::Timestamp;
use prost::Message as _;
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};

use super::{
    Core, Holder, Registering, Written,
    book::{Book, store_books},
};
use crate::error::Error;

/// Registrations in one transaction at the most; so many accesses are one batch of the log.
const BATCH_MAX: usize = 256;
/// Registrations that wait for a writer at the most; one more is told to come back.
const QUEUE_MAX: usize = 1024;
/// One commits while the other prepares.
const QUEUES: usize = 2;

type Response = pb::RegisterFeeResponse;
/// What an item of a batch is answered; none where it is run apart.
type Answer = Option<Result<Answered<Response>, Error>>;

/// A registration that waits for its answer.
#[derive(Debug)]
struct Item {
    key: WriteKey,
    asked: Registering,
    answer: oneshot::Sender<Result<Answered<Response>, Error>>,
}

impl Item {
    fn id(&self) -> (String, String) {
        let request_id = self.key.request_id.as_str().to_owned();
        (self.key.caller.client.clone(), request_id)
    }
}

/// The writers' queues; an account is always in the same one.
#[derive(Debug, Clone)]
pub(crate) struct Queues(Arc<[mpsc::Sender<Item>]>);

/// What a writer writes with.
#[derive(Debug, Clone)]
struct Writer {
    core: Core,
    /// Where registrations wait that are run apart.
    apart: mpsc::Sender<Item>,
}

impl Queues {
    /// Starts the writers; they end when the last of the queues' owners is gone.
    pub(crate) fn start(core: &Core) -> Self {
        let (apart, receiver) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(apart::write_each(core.clone(), receiver));
        let queues = (0..QUEUES).map(|_| {
            let (sender, receiver) = mpsc::channel(QUEUE_MAX);
            let (core, apart) = (core.clone(), apart.clone());
            tokio::spawn(write_batches(Writer { core, apart }, receiver));
            sender
        });
        Self(queues.collect())
    }

    /// Queues a fee to be registered with whatever else is queued. Fees of one account are
    /// registered in the order they are queued.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the queue is full.
    pub(crate) fn enqueue(&self, key: WriteKey, asked: Registering) -> Result<Queued, Failure> {
        let mut hasher = DefaultHasher::new();
        (key.caller.tenant.as_str(), &asked.holder).hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % QUEUES as u64).unwrap_or(0);
        let (answer, answered) = oneshot::channel();
        let item = Item { key, asked, answer };
        let queue = self.0.get(place);
        let queue = queue.ok_or_else(|| Failure::internal("there is no such queue"))?;
        queue.try_send(item).map_err(|_| too_many())?;
        Ok(Queued(answered))
    }
}

/// A fee that is registered whether or not anybody waits for the answer.
#[derive(Debug)]
pub(crate) struct Queued(oneshot::Receiver<Result<Answered<Response>, Error>>);

impl Queued {
    pub(crate) async fn answer(self) -> Written<Response> {
        let lost = |_| Error::from(Failure::internal("a registration was lost"));
        self.0.await.map_err(lost)?
    }
}

fn too_many() -> Failure {
    Failure::Unavailable("too many registrations wait: come back".to_owned())
}

async fn write_batches(writer: Writer, mut queue: mpsc::Receiver<Item>) {
    let mut left = None;
    loop {
        let first = match left.take() {
            Some(item) => item,
            None => match queue.recv().await {
                Some(item) => item,
                None => return,
            },
        };
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(item) = queue.try_recv()
        {
            if item.key.caller.tenant != batch[0].key.caller.tenant {
                left = Some(item);
                break;
            }
            batch.push(item);
        }
        // On a task of its own: a defect loses one batch, not the writer.
        let written = tokio::spawn(write_batch(writer.clone(), batch)).await;
        if let Err(error) = written {
            tracing::error!(%error, "a batch of registrations was lost");
        }
    }
}

async fn write_batch(writer: Writer, batch: Vec<Item>) {
    let core = &writer.core;
    match transact(core, &batch).await {
        Ok(answers) => answer_all(&writer, batch, answers),
        Err(Error::Failure(Failure::Unavailable(text))) => {
            for item in batch {
                let away = Failure::Unavailable(text.clone());
                let _ = item.answer.send(Err(away.into()));
            }
        }
        Err(error) => {
            tracing::debug!(%error, items = batch.len(), "a batch is run one by one");
            for item in batch {
                write_alone(&writer, item).await;
            }
        }
    }
}

/// A key that a twin has taken meanwhile is found when the item is run once more.
async fn write_alone(writer: &Writer, item: Item) {
    let alone = [item];
    let mut answered = transact(&writer.core, &alone).await;
    if answered.as_ref().is_err_and(Error::is_taken) {
        answered = transact(&writer.core, &alone).await;
    }
    let [item] = alone;
    match answered {
        Ok(answers) => answer_all(writer, vec![item], answers),
        Err(error) => {
            let _ = item.answer.send(Err(error));
        }
    }
}

/// Answers each item; one that is to be run apart waits on.
fn answer_all(writer: &Writer, batch: Vec<Item>, answers: Vec<Answer>) {
    for (item, answer) in batch.into_iter().zip(answers) {
        match answer {
            // Who has hung up needs no answer.
            Some(answer) => {
                let _ = item.answer.send(answer);
            }
            None => {
                if let Err(full) = writer.apart.try_send(item) {
                    let item = full.into_inner();
                    let _ = item.answer.send(Err(too_many().into()));
                }
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
async fn transact(core: &Core, batch: &[Item]) -> Result<Vec<Answer>, Error> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    let tenant = &first.key.caller.tenant;
    let scope = Scope::whole(tenant.clone());
    let mut tx = core.producer.database().begin(&scope).await?;
    let mut desk = Desk::open(core, &mut tx, tenant, batch).await?;
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
    let last = tell(core, &mut tx, tenant, desk.now, &mut outcomes).await?;
    let chained = store_answers(core, &mut tx, desk.now, batch, &outcomes).await?;
    tx.commit().await.map_err(Failure::from)?;
    if let Some(chained) = chained {
        chained.committed();
    }
    core.producer.tell_head(tenant, last);
    crash::point("after-commit-before-answer");
    Ok(answers(outcomes))
}

fn twin_of(batch: &[Item], twin: usize, item: &Item) -> Outcome {
    let same = batch.get(twin).is_some_and(|first| {
        (first.key.method, &first.key.hash) == (item.key.method, &item.key.hash)
    });
    if same {
        Outcome::Twin(twin)
    } else {
        Outcome::Refused(Failure::RequestIdReused.into())
    }
}

/// Appends the events, gives each answer its position, and says where the feed now ends.
async fn tell(
    core: &Core,
    tx: &mut PgConnection,
    tenant: &TenantId,
    now: Timestamp,
    outcomes: &mut [Outcome],
) -> Result<i64, Error> {
    let events = outcomes.iter_mut().filter_map(|outcome| match outcome {
        Outcome::Done(_, event) => Some(event.take()),
        Outcome::Again(_) | Outcome::Twin(_) | Outcome::Apart | Outcome::Refused(_) => None,
    });
    let told: Vec<Option<NewEvent>> = events.collect();
    let has_event: Vec<bool> = told.iter().map(Option::is_some).collect();
    let events: Vec<NewEvent> = told.into_iter().flatten().collect();
    let last = core.producer.append(tx, tenant, now, &events).await?;
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let mut sequence = last.sequence.saturating_sub(count);
    let mut has_event = has_event.into_iter();
    for outcome in outcomes {
        if let Outcome::Done(answer, _) = outcome {
            if has_event.next().unwrap_or_default() {
                sequence = sequence.saturating_add(1);
            }
            answer.set_position(Position::new(core.producer.feed(), sequence).to_wire());
        }
    }
    Ok(last.sequence)
}

/// Stores the answers under their keys, and the accesses.
async fn store_answers(
    core: &Core,
    tx: &mut PgConnection,
    now: Timestamp,
    batch: &[Item],
    outcomes: &[Outcome],
) -> Result<Option<hjm_service::access::Chained>, Error> {
    let (mut answers, mut notes) = (Vec::new(), Vec::new());
    for (item, outcome) in batch.iter().zip(outcomes) {
        let version = match outcome {
            Outcome::Done(answer, _) => {
                answers.push((&item.key, answer.encode_to_vec()));
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
    let tenant = &first.key.caller.tenant;
    if !answers.is_empty() {
        idempotency::store_all(tx, tenant, &answers).await?;
    }
    Ok(Some(core.access.append(tx, tenant, now, notes).await?))
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
