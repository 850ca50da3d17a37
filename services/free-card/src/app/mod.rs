//! Free-card's use cases: one function, one transaction.
//!
//! Every answer is a replay of the account's log. A write holds the account's row from before it
//! reads the log until it has added to it, so writers of one account come one after another.
//! Locks are taken in the order request, number, sharing, person, accounts in ascending order of
//! scheme and person and all at once, feed. Who holds an account holds its claims: they are locked by nothing else.

mod audit;
mod batch;
mod book;
mod card;
mod circle;
mod claim;
mod exempt;
mod fee;
mod leave;
mod link;
mod look;
mod of_age;
mod pool;
mod proof;
mod scheme;
mod simulate;
mod subject;

use std::{
    collections::BTreeSet,
    iter,
    sync::{Arc, Mutex, PoisonError},
};

use hjm_feed::{NewEvent, PolicyShelf, Producer, Rules};
use hjm_free_card::{ProposedFee, Scheme};
use hjm_ids::{FeeId, RecipientId, TenantId};
use hjm_money::Money;
use hjm_policy::{PolicySet, Section};
use hjm_proto::write::WriteResponse;
use hjm_service::{
    AccessLog, AccessNote, Answered, Caller, Failure, TxFuture, WriteKey, clock::civil_date,
};
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Error, store::Receipt};

pub(crate) use audit::{ACCESSES_MAX, list_access};
pub(crate) use batch::{Queue, Queued};
pub(crate) use card::{Carding, add_card};
pub(crate) use circle::{Circle, Together};
pub(crate) use claim::{Deciding, Listing, decide_claim, list_claims, settle_claims};
pub(crate) use exempt::Exemptions;
pub(crate) use fee::{cancel_fee, correct_fee, register_fee};
pub(crate) use link::{Linking, Unlinking, link_subjects, unlink_subjects};
pub(crate) use look::{explain_card, get_status, get_statuses, list_fees, quote_fees};
pub(crate) use of_age::leave_each_day;
pub(crate) use pool::{Entrant, Pooling, Repooling, change_pool, create_pool, get_pool};
pub(crate) use proof::{issue_proof, verify_proof};
pub(crate) use scheme::list_schemes;
pub(crate) use simulate::{Days, simulate};
pub(crate) use subject::{change_subject, find_subject, subject_died, subject_registered};

type Written<R> = Result<Answered<R>, Error>;

/// What decides and stores, without what asks it to.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    pub(crate) producer: Producer,
    pub(crate) policies: PolicyShelf,
    pub(crate) schemes: Arc<Rules<Scheme>>,
    pub(crate) access: AccessLog,
}

/// A person in a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Holder {
    pub(crate) scheme_id: String,
    pub(crate) recipient: RecipientId,
}

/// Schemes beside persons, each pair once and in ascending order.
fn keys_of<'a>(holders: impl Iterator<Item = &'a Holder>) -> (Vec<String>, Vec<Uuid>) {
    let holders: BTreeSet<&Holder> = holders.collect();
    let keys = holders.into_iter();
    keys.map(|holder| (holder.scheme_id.clone(), holder.recipient.uuid()))
        .unzip()
}

/// Who looks at a person, for what, and as of when.
#[derive(Debug, Clone)]
pub(crate) struct Looking {
    pub(crate) caller: Caller,
    pub(crate) action: &'static str,
    pub(crate) purpose: String,
    pub(crate) now: Timestamp,
    /// Only what had been stored by this instant.
    pub(crate) known_at: Option<Timestamp>,
}

/// A fee to quote or register.
#[derive(Debug, Clone)]
pub(crate) struct Drafted {
    pub(crate) fee: ProposedFee,
    /// What was charged already, by a desk that was offline or elsewhere.
    pub(crate) charged: Option<Money>,
    pub(crate) device_id: Option<String>,
    /// Of a fee that was paid elsewhere.
    pub(crate) receipt: Option<Receipt>,
}

/// A fee to register.
#[derive(Debug, Clone)]
pub(crate) struct Registering {
    pub(crate) holder: Holder,
    pub(crate) draft: Drafted,
    pub(crate) external_reference: String,
    pub(crate) expected_version: Option<u64>,
}

/// A fee to correct or cancel.
#[derive(Debug, Clone)]
pub(crate) struct Changing {
    pub(crate) fee: FeeId,
    /// The date and amount it should have had; none to cancel it.
    pub(crate) to: Option<(Date, Money)>,
    pub(crate) reason: &'static str,
    pub(crate) text: String,
}

impl Core {
    /// Every scheme in force, in order of id.
    fn schemes_on(&self, policies: &PolicySet, on: Date) -> Result<Vec<Arc<Scheme>>, Error> {
        Ok(schemes_on(&self.schemes, policies, on)?)
    }

    /// A scheme of today with those that are decided together with it.
    async fn together_in(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        scheme_id: &str,
        now: Timestamp,
    ) -> Result<Together, Error> {
        let policies = self.policies.of(connection, tenant).await?;
        self.together(&policies, scheme_id, civil_date(now))
    }

    fn together(
        &self,
        policies: &PolicySet,
        scheme_id: &str,
        today: Date,
    ) -> Result<Together, Error> {
        let schemes = schemes_with(&self.schemes, policies, scheme_id, today)?;
        Together::of(&schemes, scheme_id).ok_or(Error::SchemeUnknown)
    }

    /// Reads in one transaction, which stores the accesses it made.
    async fn look<T>(
        &self,
        looking: &Looking,
        work: impl for<'t> FnOnce(&'t mut PgConnection) -> TxFuture<'t, (T, Vec<AccessNote>), Error>,
    ) -> Result<T, Error> {
        let tenant = &looking.caller.tenant;
        let mut tx = self
            .producer
            .database()
            .begin(&looking.caller.scope())
            .await?;
        let (found, notes) = work(&mut tx).await?;
        let chained = if notes.is_empty() {
            None
        } else {
            Some(
                self.access
                    .append(&mut tx, tenant, looking.now, notes)
                    .await?,
            )
        };
        tx.commit().await.map_err(Failure::from)?;
        if let Some(chained) = chained {
            chained.committed();
        }
        Ok(found)
    }

    /// Writes once, in one transaction, which stores the access.
    async fn write<R: WriteResponse>(
        &self,
        key: WriteKey,
        work: impl for<'t> FnOnce(
            &'t mut PgConnection,
        ) -> TxFuture<'t, (R, Vec<NewEvent>, Vec<AccessNote>), Error>
        + Send
        + 'static,
    ) -> Written<R> {
        let (access, tenant, now) = (self.access.clone(), key.caller.tenant.clone(), key.now);
        let slot = Arc::new(Mutex::new(None));
        let stored = Arc::clone(&slot);
        let written = self.producer.write(key, move |tx| {
            Box::pin(async move {
                let (answer, events, notes) = work(tx).await?;
                if !notes.is_empty() {
                    let chained = access.append(tx, &tenant, now, notes).await?;
                    let mut stored = stored.lock().unwrap_or_else(PoisonError::into_inner);
                    *stored = Some(chained);
                }
                Ok::<_, Error>((answer, events))
            })
        });
        let answered = written.await?;
        let chained = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(chained) = chained {
            chained.committed();
        }
        Ok(answered)
    }
}

/// Every scheme in force beside one: today, or on the last day of one that has ended. What happened
/// while it was in force is still registered, corrected and asked for.
pub(crate) fn schemes_with(
    rules: &Rules<Scheme>,
    policies: &PolicySet,
    scheme_id: &str,
    today: Date,
) -> Result<Vec<Arc<Scheme>>, Error> {
    for day in iter::once(today).chain(policies.last_days(today)) {
        let schemes = schemes_on(rules, policies, day)?;
        if schemes.iter().any(|scheme| scheme.id() == scheme_id) {
            return Ok(schemes);
        }
    }
    Err(Error::SchemeUnknown)
}

fn schemes_on(
    rules: &Rules<Scheme>,
    policies: &PolicySet,
    on: Date,
) -> Result<Vec<Arc<Scheme>>, Failure> {
    let documents = policies.all_in_force(Section::FreeCard, on).into_iter();
    let read = documents.map(|document| rules.of(document, Scheme::parse));
    let mut schemes = read.collect::<Result<Vec<_>, _>>()?;
    schemes.sort_by(|left, right| left.id().cmp(right.id()));
    Ok(schemes)
}

/// Once more where somebody else has added the same account meanwhile: it is found then.
async fn again_if_taken<R, F>(write: impl Fn() -> F) -> Written<R>
where
    F: Future<Output = Written<R>>,
{
    let written = write().await;
    if written.as_ref().is_err_and(Error::is_taken) {
        return write().await;
    }
    written
}

impl Looking {
    fn note(&self, subject: RecipientId, object: &str) -> AccessNote {
        AccessNote::new(&self.caller, self.action, subject, object, &self.purpose)
    }

    /// The instant that answers are as of.
    fn at(&self) -> Timestamp {
        self.known_at.unwrap_or(self.now)
    }
}
