//! Yes or no, for many at once: one read and one batch of the access log for up to
//! [`hjm_service::access::NOTES_MAX`] callers, who are answered after its commit.

use std::{collections::HashMap, sync::Arc};

use hjm_free_card::Refusal;
use hjm_policy::PolicySet;
use hjm_service::{
    AccessNote, Caller, Failure, Scope,
    batch::{Batcher, Limits, Waiting},
    clock::civil_date,
};
use jiff::{Timestamp, civil::Date};

use super::{Core, Holder, Looking, Together, circle::subject_of, look::view_in};
use crate::{
    error::{Error, Part},
    store::{self, ExemptKey, ExemptRow, Known},
};

const LIMITS: Limits = Limits {
    waiting_max: 1024,
    batch_max: 64,
};

type Reply = Result<bool, Error>;

#[derive(Debug)]
struct Item {
    caller: Caller,
    holder: Holder,
    on: Option<Date>,
    now: Timestamp,
}

/// The questions that wait.
#[derive(Debug, Clone)]
pub(crate) struct Exemptions(Batcher<Item, Reply>);

impl Exemptions {
    /// Starts the reader; it ends when the last owner of the queue is gone.
    pub(crate) fn start(core: &Core) -> Self {
        let core = core.clone();
        Self(Batcher::start(LIMITS, move |batch| {
            read_batch(core.clone(), batch)
        }))
    }

    /// Whether a person has a valid card on a day; today when none is given.
    pub(crate) async fn ask(
        &self,
        caller: Caller,
        holder: Holder,
        on: Option<Date>,
        now: Timestamp,
    ) -> Reply {
        let tenant = caller.tenant.clone();
        let item = Item {
            caller,
            holder,
            on,
            now,
        };
        self.0.put(tenant, item)?.answer().await?
    }
}

async fn read_batch(core: Core, batch: Vec<Waiting<Item, Reply>>) {
    let items: Vec<&Item> = batch.iter().map(|waiting| &waiting.item).collect();
    let answers = match look(&core, &items).await {
        Ok(answers) => answers,
        Err(failure) => {
            tracing::warn!(error = ?failure, "questions have no answer");
            let text = "the question has no answer now";
            let away = |_| Err(Failure::Unavailable(text.to_owned()).into());
            items.into_iter().map(away).collect()
        }
    };
    for (waiting, answer) in batch.into_iter().zip(answers) {
        waiting.answer(answer);
    }
}

async fn look(core: &Core, batch: &[&Item]) -> Result<Vec<Reply>, Failure> {
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
    let mut tx = core.producer.database().begin_here(&scope).await?;
    let rows = store::exempt_list(&mut tx, tenant, &asked).await?;
    let mut drawn = Drawn {
        core,
        policies: core.policies.of(&mut tx, tenant).await?,
        today: civil_date(now),
        schemes: HashMap::new(),
    };
    let covered = asked.iter().zip(&rows).filter(|(_, row)| row.exempt);
    let covered: Vec<_> = covered.map(|(key, _)| key.subject.uuid()).collect();
    let mut known = HashMap::new();
    if !covered.is_empty() {
        known = store::subject_list(&mut tx, tenant, &covered).await?;
    }
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
        let known = known.get(&key.subject).copied().unwrap_or_default();
        answers.push(match drawn.stands(&key.scheme_id, row) {
            Ok(stands) => answer(core, &mut tx, item, key, (row, known, stands), now).await,
            Err(error) => Err(error),
        });
    }
    let chained = core.access.append(&mut tx, tenant, now, notes).await?;
    tx.commit().await?;
    chained.committed();
    Ok(answers)
}

/// What is kept of accounts, held against the schemes as they are in force.
struct Drawn<'a> {
    core: &'a Core,
    policies: Arc<PolicySet>,
    today: Date,
    /// By id, each looked for once.
    schemes: HashMap<String, Together>,
}

impl Drawn<'_> {
    /// Whether the days of an account's cards are those that the present texts give.
    fn stands(&mut self, scheme_id: &str, row: &ExemptRow) -> Result<bool, Error> {
        if !self.schemes.contains_key(scheme_id) {
            let together = self.core.together(&self.policies, scheme_id, self.today)?;
            self.schemes.insert(scheme_id.to_owned(), together);
        }
        let together = self.schemes.get(scheme_id).ok_or(Error::SchemeUnknown)?;
        let (policies, rules) = (&self.policies, &self.core.schemes);
        let is_kept = row.version > 0;
        Ok(!row.unknown && (!is_kept || together.stands(&row.texts, policies, rules, self.today)))
    }
}

/// An account is replayed whose standing was not kept yet, or was drawn by a text that has been
/// corrected. Of who has died before the day the card has expired (D-23).
async fn answer(
    core: &Core,
    tx: &mut sqlx::PgConnection,
    item: &Item,
    key: &ExemptKey,
    (row, known, stands): (&ExemptRow, Known, bool),
    now: Timestamp,
) -> Reply {
    if row.opted_out {
        return Err(Error::Fee(Part::Account, Refusal::OptedOut));
    }
    if stands {
        let mut subject = known.subject;
        if row.exempt && known.has_shared {
            subject = subject_of(tx, &item.caller.tenant, key.subject).await?;
        }
        return Ok(row.exempt && !subject.person.died_before(key.on));
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
    let covered = days.any(|(from, to)| (*from..=*to).contains(&key.on));
    Ok(covered && !view.subject.person.died_before(key.on))
}
