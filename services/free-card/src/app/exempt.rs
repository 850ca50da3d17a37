//! Yes or no, for many at once: one read and one batch of the access log for up to
//! [`hjm_service::access::NOTES_MAX`] callers, who are answered after its commit.

use std::{collections::HashMap, sync::Arc};

use hjm_free_card::Refusal;
use hjm_ids::RecipientId;
use hjm_policy::PolicySet;
use hjm_service::{
    AccessNote, Caller, Database, Failure, Scope,
    batch::{Batcher, Limits, Waiting},
    clock::civil_date,
};
use jiff::{Timestamp, civil::Date};
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Core, Holder, Looking, Together, circle::subject_of, keys_of, look::view_in};
use crate::{
    error::{Error, Part},
    store::{self, CoverRow, Known},
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

/// The accesses are logged with the look; what else is needed, of a few, is read after it.
async fn look(core: &Core, batch: &[&Item]) -> Result<Vec<Reply>, Failure> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    let tenant = &first.caller.tenant;
    let now = batch.iter().map(|item| item.now).max().unwrap_or_default();
    let (schemes, subjects) = keys_of(batch.iter().map(|item| &item.holder));
    // A yes or no shows no version.
    let notes = batch.iter().map(|item| {
        let Holder {
            scheme_id,
            recipient,
        } = &item.holder;
        AccessNote::new(&item.caller, "IsExempt", *recipient, scheme_id, "")
    });
    let (chained, row) = core.access.chain(tenant, now, notes.collect())?;
    let (keys, row) = ((schemes.as_slice(), subjects.as_slice()), &row);
    let database = core.producer.database();
    let found = database
        .once(|mut connection| async move {
            store::exempt_find(&mut connection, tenant, keys, now, row).await
        })
        .await?;
    chained.committed();
    let covers = found.covers.into_iter().map(|cover| {
        let holder = Holder {
            scheme_id: cover.scheme_id.clone(),
            recipient: cover.subject,
        };
        (holder, cover)
    });
    let mut later = Later {
        database,
        scope: Scope::whole(tenant.clone()),
        begun: None,
    };
    let policies = if let Some(policies) = core.policies.known(tenant, &found.stamp) {
        policies
    } else {
        let tx = later.tx().await?;
        core.policies.stamped(tx, tenant, found.stamp).await?
    };
    let mut known = HashMap::new();
    if !found.known.is_empty() {
        known = store::subject_list(later.tx().await?, tenant, &found.known).await?;
    }
    let mut kept = Kept {
        covers: covers.collect(),
        known,
        policies,
        today: civil_date(now),
        schemes: HashMap::new(),
        later,
    };
    let mut answers = Vec::with_capacity(batch.len());
    for item in batch {
        answers.push(kept.answer(core, item, now).await);
    }
    Ok(answers)
}

/// A transaction that begins when it is needed, and reads only.
struct Later<'a> {
    database: &'a Database,
    scope: Scope,
    begun: Option<Transaction<'static, Postgres>>,
}

impl Later<'_> {
    async fn tx(&mut self) -> Result<&mut PgConnection, Failure> {
        let begun = if let Some(begun) = self.begun.take() {
            begun
        } else {
            self.database.begin_here(&self.scope).await?
        };
        Ok(self.begun.insert(begun))
    }
}

/// What is kept of accounts and persons, held against the schemes as they are in force.
struct Kept<'a> {
    covers: HashMap<Holder, CoverRow>,
    known: HashMap<RecipientId, Known>,
    policies: Arc<PolicySet>,
    today: Date,
    /// By id, each looked for once, with what has been found of texts.
    schemes: HashMap<String, (Together, HashMap<String, bool>)>,
    later: Later<'a>,
}

impl Kept<'_> {
    /// An account is replayed whose standing was not kept yet, or was drawn by a text that has been
    /// corrected. Of who has died before the day the card has expired (D-23).
    async fn answer(&mut self, core: &Core, item: &Item, now: Timestamp) -> Reply {
        let on = item.on.unwrap_or(self.today);
        let stands = self.stands(core, &item.holder)?;
        let known = self.known.get(&item.holder.recipient);
        let known = known.copied().unwrap_or_default();
        if known.subject.person.opted_out {
            return Err(Error::Fee(Part::Account, Refusal::OptedOut));
        }
        let cover = self.covers.get(&item.holder);
        let lost = || Failure::internal("the days of an account's cards cannot be read");
        let covered = cover.map_or(Some(false), |cover| store::covers(&cover.cards, on));
        let covered = covered.ok_or_else(lost)?;
        if stands {
            let mut subject = known.subject;
            if covered && known.has_shared {
                let tx = self.later.tx().await?;
                subject = subject_of(tx, &item.caller.tenant, item.holder.recipient).await?;
            }
            return Ok(covered && !subject.person.died_before(on));
        }
        let looking = Looking {
            caller: item.caller.clone(),
            action: "IsExempt",
            purpose: String::new(),
            now,
            known_at: None,
        };
        let tx = self.later.tx().await?;
        let view = view_in(core, tx, &looking, &item.holder).await?;
        let mut days = view.days.iter();
        let covered = days.any(|(from, to)| (*from..=*to).contains(&on));
        Ok(covered && !view.subject.person.died_before(on))
    }

    /// Whether the days of an account's cards are those that the present texts give.
    fn stands(&mut self, core: &Core, holder: &Holder) -> Result<bool, Error> {
        let (policies, today) = (&self.policies, self.today);
        if !self.schemes.contains_key(&holder.scheme_id) {
            let together = core.together(policies, &holder.scheme_id, today)?;
            let found = (together, HashMap::new());
            self.schemes.insert(holder.scheme_id.clone(), found);
        }
        let found = self.schemes.get_mut(&holder.scheme_id);
        let (together, stood) = found.ok_or(Error::SchemeUnknown)?;
        let Some(cover) = self.covers.get(holder) else {
            return Ok(true);
        };
        if let Some(stands) = stood.get(&cover.texts) {
            return Ok(cover.version > 0 && *stands);
        }
        let stands = together.stands(&cover.texts, policies, &core.schemes, today);
        stood.insert(cover.texts.clone(), stands);
        Ok(cover.version > 0 && stands)
    }
}
