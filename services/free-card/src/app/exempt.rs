//! Yes or no, for many at once: one read and one batch of the access log for up to
//! [`hjm_service::access::NOTES_MAX`] callers, who are answered after its commit.

use hjm_free_card::Refusal;
use hjm_service::{AccessNote, Caller, Failure, Scope, clock::civil_date};
use jiff::{Timestamp, civil::Date};
use tokio::sync::{mpsc, oneshot};

use super::{Core, Holder, Looking, look::view_in};
use crate::{
    error::{Error, Part},
    store::{self, ExemptKey, ExemptRow},
};

/// Callers in one read at the most.
const BATCH_MAX: usize = 64;
const QUEUE_MAX: usize = 1024;
/// One commits while the other reads.
const QUEUES: usize = 2;

#[derive(Debug)]
struct Item {
    caller: Caller,
    holder: Holder,
    on: Option<Date>,
    now: Timestamp,
    answer: oneshot::Sender<Result<bool, Error>>,
}

/// The questions that wait.
#[derive(Debug, Clone)]
pub(crate) struct Exemptions(std::sync::Arc<[mpsc::Sender<Item>]>);

impl Exemptions {
    /// Starts the readers; they end when the last owner of the queues is gone.
    pub(crate) fn start(core: &Core) -> Self {
        let queues = (0..QUEUES).map(|_| {
            let (sender, receiver) = mpsc::channel(QUEUE_MAX);
            tokio::spawn(read_batches(core.clone(), receiver));
            sender
        });
        Self(queues.collect())
    }

    /// Whether a person has a valid card on a day; today when none is given.
    pub(crate) async fn ask(
        &self,
        caller: Caller,
        holder: Holder,
        on: Option<Date>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (answer, answered) = oneshot::channel();
        let item = Item {
            caller,
            holder,
            on,
            now,
            answer,
        };
        // The shorter queue: questions have no order.
        let queue = self.0.iter().max_by_key(|queue| queue.capacity());
        let queue = queue.ok_or_else(|| Failure::internal("there is no such queue"))?;
        queue
            .try_send(item)
            .map_err(|_| Failure::Unavailable("too many questions wait: come back".to_owned()))?;
        let lost = |_| Error::from(Failure::internal("a question was lost"));
        answered.await.map_err(lost)?
    }
}

async fn read_batches(core: Core, mut queue: mpsc::Receiver<Item>) {
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
            if item.caller.tenant != batch[0].caller.tenant {
                left = Some(item);
                break;
            }
            batch.push(item);
        }
        let answers = match look(&core, &batch).await {
            Ok(answers) => answers,
            Err(failure) => {
                tracing::warn!(error = ?failure, "questions have no answer");
                let text = "the question has no answer now";
                let away = |_: &Item| Err(Failure::Unavailable(text.to_owned()).into());
                batch.iter().map(away).collect()
            }
        };
        for (item, answer) in batch.into_iter().zip(answers) {
            let _ = item.answer.send(answer);
        }
    }
}

async fn look(core: &Core, batch: &[Item]) -> Result<Vec<Result<bool, Error>>, Failure> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    let tenant = &first.caller.tenant;
    let now = batch.iter().map(|item| item.now).max().unwrap_or_default();
    let asked = batch.iter().map(|item| ExemptKey {
        scheme_id: item.holder.scheme_id.clone(),
        subject: item.holder.recipient,
        on: item.on.unwrap_or_else(|| civil_date(now)),
    });
    let asked: Vec<ExemptKey> = asked.collect();
    let scope = Scope::whole(tenant.clone());
    let mut tx = core.producer.database().begin(&scope).await?;
    let rows = store::exempt_list(&mut tx, tenant, &asked).await?;
    let notes = batch.iter().zip(&rows).map(|(item, row)| {
        let Holder {
            scheme_id,
            recipient,
        } = &item.holder;
        let note = AccessNote::new(&item.caller, "IsExempt", *recipient, scheme_id, "");
        note.seen(row.version)
    });
    let notes: Vec<AccessNote> = notes.collect();
    let mut answers = Vec::with_capacity(batch.len());
    for (item, (key, row)) in batch.iter().zip(asked.iter().zip(&rows)) {
        answers.push(answer(core, &mut tx, item, key, *row, now).await);
    }
    let chained = core.access.append(&mut tx, tenant, now, notes).await?;
    tx.commit().await?;
    chained.committed();
    Ok(answers)
}

/// An account of before its standing was kept is replayed.
async fn answer(
    core: &Core,
    tx: &mut sqlx::PgConnection,
    item: &Item,
    key: &ExemptKey,
    row: ExemptRow,
    now: Timestamp,
) -> Result<bool, Error> {
    if row.opted_out {
        return Err(Error::Fee(Part::Account, Refusal::OptedOut));
    }
    if !row.unknown {
        return Ok(row.exempt);
    }
    let looking = Looking {
        caller: item.caller.clone(),
        action: "IsExempt",
        purpose: String::new(),
        now,
        known_at: None,
    };
    let view = view_in(core, tx, &looking, &item.holder).await?;
    let mut days = view.days.iter();
    Ok(days.any(|(from, to)| (*from..=*to).contains(&key.on)))
}
