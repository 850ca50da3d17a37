//! Work that is done for many at once, without waiting for more to come (architecture decision 8).
//!
//! A worker takes what is queued, of one tenant, and while that is done the next batch gathers:
//! alone, a caller waits for nobody; under load the batch grows by itself. Once queued, an item is
//! done whether or not its caller stays.

use std::sync::Arc;

use hjm_ids::TenantId;
use tokio::sync::{mpsc, oneshot};

use crate::Failure;

/// How much may wait, and how much is done at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Workers: one commits while another prepares.
    pub queues: usize,
    /// Items that wait for a worker at the most; one more is told to come back.
    pub waiting_max: usize,
    /// Items in one batch at the most.
    pub batch_max: usize,
}

/// An item that waits for its answer.
#[derive(Debug)]
pub struct Waiting<I, A> {
    /// Whose it is; a batch is of one tenant.
    pub tenant: TenantId,
    /// What is asked.
    pub item: I,
    answer: oneshot::Sender<A>,
}

impl<I, A> Waiting<I, A> {
    /// Answers; who has hung up needs none.
    pub fn answer(self, answer: A) {
        drop(self.answer.send(answer));
    }
}

/// The queues of one kind of work.
#[derive(Debug)]
pub struct Batcher<I, A> {
    queues: Arc<[mpsc::Sender<Waiting<I, A>>]>,
}

impl<I, A> Clone for Batcher<I, A> {
    fn clone(&self) -> Self {
        Self {
            queues: Arc::clone(&self.queues),
        }
    }
}

impl<I: Send + 'static, A: Send + 'static> Batcher<I, A> {
    /// Starts the workers; they end when the last owner of the queues is gone.
    pub fn start<W, F>(limits: Limits, work: W) -> Self
    where
        W: Fn(Vec<Waiting<I, A>>) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let queues = (0..limits.queues).map(|_| {
            let (sender, receiver) = mpsc::channel(limits.waiting_max);
            tokio::spawn(work_off(receiver, limits.batch_max, work.clone()));
            sender
        });
        Self {
            queues: queues.collect(),
        }
    }

    /// Asks in the shortest queue: for what has no order.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when too much waits.
    pub async fn ask(&self, tenant: TenantId, item: I) -> Result<A, Failure> {
        let shortest = self.queues.iter().max_by_key(|queue| queue.capacity());
        put(shortest, tenant, item)?.answer().await
    }

    /// Queues an item in the queue of a key: what has the same key is done in the order it is
    /// queued.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when too much waits.
    pub fn put_in_order(&self, tenant: TenantId, key: u64, item: I) -> Result<Queued<A>, Failure> {
        let place = usize::try_from(key % self.queues.len().max(1) as u64).unwrap_or(0);
        put(self.queues.get(place), tenant, item)
    }
}

/// An item that is done whether or not anybody waits for its answer.
#[derive(Debug)]
pub struct Queued<A>(oneshot::Receiver<A>);

impl<A> Queued<A> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// [`Failure::Internal`] when a defect has lost the batch.
    pub async fn answer(self) -> Result<A, Failure> {
        let lost = |_| Failure::internal("what was queued was lost");
        self.0.await.map_err(lost)
    }
}

fn put<I, A>(
    queue: Option<&mpsc::Sender<Waiting<I, A>>>,
    tenant: TenantId,
    item: I,
) -> Result<Queued<A>, Failure> {
    let queue = queue.ok_or_else(|| Failure::internal("there is no queue"))?;
    let (answer, answered) = oneshot::channel();
    let waiting = Waiting {
        tenant,
        item,
        answer,
    };
    queue
        .try_send(waiting)
        .map_err(|_| Failure::Unavailable("too many wait: come back".to_owned()))?;
    Ok(Queued(answered))
}

async fn work_off<I, A, W, F>(mut queue: mpsc::Receiver<Waiting<I, A>>, batch_max: usize, work: W)
where
    I: Send + 'static,
    A: Send + 'static,
    W: Fn(Vec<Waiting<I, A>>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
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
        while batch.len() < batch_max
            && let Ok(item) = queue.try_recv()
        {
            if item.tenant != batch[0].tenant {
                left = Some(item);
                break;
            }
            batch.push(item);
        }
        // On a task of its own: a defect loses one batch, not the worker.
        if let Err(error) = tokio::spawn(work(batch)).await {
            tracing::error!(%error, "a batch was lost");
        }
    }
}
