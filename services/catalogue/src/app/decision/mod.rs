//! Decisions for who asks from outside: decided in batches by the policies in force, kept, and run
//! again on request.

mod again;
mod decide;
mod known;
mod product;

use std::sync::Arc;

use hjm_ids::{DecisionId, TenantId};
use hjm_policy::PolicySet;
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Caller, Database, Failure, Scope,
    batch::{Batcher, Limits, Waiting},
};
use jiff::Timestamp;
use prost::Message as _;
use uuid::Uuid;

pub(crate) use again::{explain, runs_again};
pub(crate) use decide::Question;
use decide::{Rulebook, used};
use known::KnownSets;
pub(crate) use product::{Product, products};

use crate::{
    error::Error,
    store::{self, DecisionRow},
};

const LIMITS: Limits = Limits {
    waiting_max: 1024,
    batch_max: 64,
};

/// The name space of decisions' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x3b0e_52c1_94d7_5a6f_8c13_e7a2_46f9_d058);

/// Why a question could not be decided.
#[derive(Debug, Clone)]
pub(crate) struct Undecided {
    pub(crate) reason: &'static str,
    /// The facts that are missing or decide against, by the names of the question's fields.
    pub(crate) facts: Vec<String>,
    pub(crate) text: String,
}

/// A question as it was asked and as it is decided.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) told: pb::Question,
    pub(crate) question: Question,
}

/// An answer and the id it is kept under.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) id: DecisionId,
    pub(crate) answer: pb::answer::Answer,
}

/// One caller's questions.
#[derive(Debug)]
struct Item {
    asked: Vec<Asked>,
    known_at: Timestamp,
    now: Timestamp,
}

type Results = Vec<Result<Decided, Undecided>>;

/// The questions that wait: alone, a caller waits for nobody; under load one transaction reads
/// what is in force, and keeps what was decided, for all.
#[derive(Debug, Clone)]
pub(crate) struct Decisions(Batcher<Item, Result<Results, Failure>>);

impl Decisions {
    /// Starts the worker.
    pub(crate) fn start(database: &Database) -> Self {
        let shelf = Arc::new(Shelf {
            database: database.clone(),
            rules: Rulebook::default(),
            sets: KnownSets::default(),
        });
        Self(Batcher::start(LIMITS, move |batch| {
            let shelf = Arc::clone(&shelf);
            async move { shelf.answer(batch).await }
        }))
    }

    /// An answer to each question, in order; every answer is kept when this returns.
    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        asked: Vec<Asked>,
        known_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Results, Error> {
        let item = Item {
            asked,
            known_at: known_at.unwrap_or(now),
            now,
        };
        let queued = self.0.put(caller.tenant.clone(), item)?;
        Ok(queued.answer().await??)
    }

    /// The answer to one question.
    ///
    /// # Errors
    /// [`Error::Undecided`].
    pub(crate) async fn ask_one(
        &self,
        caller: &Caller,
        asked: Asked,
        known_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Decided, Error> {
        let answers = self.ask(caller, vec![asked], known_at, now).await?;
        let answer = answers.into_iter().next();
        let answer = answer.ok_or_else(|| Failure::internal("a question has no answer"))?;
        answer.map_err(Error::Undecided)
    }
}

/// What the workers share.
#[derive(Debug)]
struct Shelf {
    database: Database,
    rules: Rulebook,
    sets: KnownSets,
}

impl Shelf {
    async fn answer(&self, batch: Vec<Waiting<Item, Result<Results, Failure>>>) {
        match self.decide(&batch).await {
            Ok(answers) => {
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    waiting.answer(Ok(answer));
                }
            }
            Err(failure) => {
                tracing::warn!(error = ?failure, "questions have no answer");
                for waiting in batch {
                    let text = "the question has no answer now".to_owned();
                    waiting.answer(Err(Failure::Unavailable(text)));
                }
            }
        }
    }

    async fn decide(
        &self,
        batch: &[Waiting<Item, Result<Results, Failure>>],
    ) -> Result<Vec<Results>, Failure> {
        let Some(first) = batch.first() else {
            return Ok(Vec::new());
        };
        let tenant = &first.tenant;
        let instants = batch.iter().map(|waiting| waiting.item.known_at);
        let instants: Vec<Timestamp> = instants.collect();
        let mut tx = self.database.begin(&Scope::whole(tenant.clone())).await?;
        let sets = self.sets.at(&mut tx, tenant, &instants).await?;
        let mut answers = Vec::with_capacity(batch.len());
        let mut kept = Vec::new();
        for (waiting, set) in batch.iter().zip(&sets) {
            let mut results = Vec::with_capacity(waiting.item.asked.len());
            for asked in &waiting.item.asked {
                let answer = self.rules.decide(set, &asked.question)?;
                results.push(answer.map(|answer| {
                    let row = row(tenant, set, asked, answer.clone(), waiting.item.now);
                    let id = row.id;
                    kept.push(row);
                    Decided { id, answer }
                }));
            }
            answers.push(results);
        }
        store::decision_keep(&mut tx, tenant, &kept).await?;
        tx.commit().await?;
        Ok(answers)
    }
}

/// A decision as it is kept, under the id that follows from its question and its policies.
fn row(
    tenant: &TenantId,
    set: &PolicySet,
    asked: &Asked,
    answer: pb::answer::Answer,
    now: Timestamp,
) -> DecisionRow {
    let policies = used(set, &asked.question).into_iter();
    let policies = policies.map(|document| pb::PolicyUsed {
        policy_id: document.id().to_owned(),
        version: document.version(),
        hash: document.hash().to_owned(),
    });
    let by = pb::Decision {
        policies: policies.collect(),
        ..Default::default()
    };
    let (question, policies) = (asked.told.encode_to_vec(), by.encode_to_vec());
    let name = [tenant.as_str().as_bytes(), &[0], &question, &[0], &policies].concat();
    let answer = pb::Answer {
        answer: Some(answer),
    };
    DecisionRow {
        id: DecisionId::new(Uuid::new_v5(&NAMESPACE, &name)),
        question,
        answer: answer.encode_to_vec(),
        policies,
        decided_at: now,
    }
}
