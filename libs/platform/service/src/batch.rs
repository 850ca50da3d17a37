//! Work that is done for many at once, without waiting for more to come (architecture decision 8).
//!
//! The worker takes what is queued, of one tenant, and while that is done the next batch gathers:
//! alone, a caller waits for nobody; under load the batch grows by itself. Once queued, an item is
//! done whether or not its caller stays.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use hjm_ids::TenantId;
use tokio::sync::{mpsc, oneshot};

use crate::Failure;

/// How much may wait, and how much is done at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
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

/// The queue of one kind of work, in the order it is queued.
#[derive(Debug)]
pub struct Batcher<I, A> {
    queue: mpsc::Sender<Waiting<I, A>>,
}

impl<I, A> Clone for Batcher<I, A> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<I: Send + 'static, A: Send + 'static> Batcher<I, A> {
    /// Starts the worker; it ends when the last owner of the queue is gone.
    pub fn start<W, F>(limits: Limits, work: W) -> Self
    where
        W: Fn(Vec<Waiting<I, A>>) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (queue, receiver) = mpsc::channel(limits.waiting_max);
        tokio::spawn(work_off(receiver, limits.batch_max, work));
        Self { queue }
    }

    /// Queues an item.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when too much waits.
    pub fn put(&self, tenant: TenantId, item: I) -> Result<Queued<A>, Failure> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            tenant,
            item,
            answer,
        };
        self.queue
            .try_send(waiting)
            .map_err(|_| Failure::Unavailable("too many wait: come back".to_owned()))?;
        Ok(Queued(answered))
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
        // A defect loses one batch, not the worker.
        if AssertUnwindSafe(work(batch)).catch_unwind().await.is_err() {
            tracing::error!("a batch was lost");
        }
    }
}
