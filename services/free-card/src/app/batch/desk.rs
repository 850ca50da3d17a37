//! What a batch is decided on: everything its items need is read at once, then each is decided in
//! its turn on the accounts at hand.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use hjm_feed::NewEvent;
use hjm_free_card::{Person, Scheme};
use hjm_ids::{AccountId, RecipientId, TenantId};
use hjm_policy::PolicySet;
use hjm_proto::free_card::v1 as pb;
use hjm_service::{Failure, WriteKey, clock::civil_date, idempotency::StoredAnswer};
use jiff::{Timestamp, civil::Date};
use prost::Message as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Item, Outcome, Response};
use crate::{
    app::{
        Core, Drafted, Holder, Registering,
        book::{Book, read_pasts},
        keys_of, schemes_with,
    },
    error::{Error, Part},
    store::{self, AccountRow, BatchKeys, Known, RegisteredRow},
};

/// What a batch is decided on.
pub(super) struct Desk<'a> {
    core: &'a Core,
    policies: Arc<PolicySet>,
    pub(super) now: Timestamp,
    today: Date,
    stored: HashMap<(String, String), StoredAnswer>,
    subjects: HashMap<RecipientId, Known>,
    registered: HashMap<String, RegisteredRow>,
    rows: HashMap<Holder, AccountRow>,
    /// By id, each with whether a composite reads it.
    schemes: HashMap<String, (Arc<Scheme>, bool)>,
    pub(super) books: BTreeMap<Holder, Book>,
}

impl<'a> Desk<'a> {
    /// Holds the accounts there are, then reads what the items need.
    pub(super) async fn open(
        core: &'a Core,
        tx: &mut PgConnection,
        tenant: &TenantId,
        batch: &[&Item],
    ) -> Result<Self, Error> {
        let (schemes, subjects) = keys_of(batch.iter().map(|item| &item.asked.holder));
        let rows = store::account_hold(tx, tenant, &schemes, &subjects).await?;
        let mut keys = BatchKeys {
            subjects,
            ..BatchKeys::default()
        };
        for item in batch {
            let (client, request) = item.id();
            keys.clients.push(client);
            keys.requests.push(request);
            keys.references.push(item.asked.external_reference.clone());
        }
        let found = store::batch_find(tx, tenant, &keys).await?;
        let held = rows.into_iter().map(|row| {
            let holder = Holder {
                scheme_id: row.scheme_id.clone(),
                recipient: row.subject,
            };
            (holder, row)
        });
        let rows: HashMap<Holder, AccountRow> = held.collect();
        let now = batch.iter().map(|item| item.key.now).max();
        let now = now.unwrap_or_default();
        let subjects = store::subject_list(tx, tenant, &found.known).await?;
        Ok(Self {
            core,
            policies: core.policies.stamped(tx, tenant, found.stamp).await?,
            now,
            today: civil_date(now),
            stored: found.answered,
            subjects,
            registered: found.registered,
            rows,
            schemes: HashMap::new(),
            books: BTreeMap::new(),
        })
    }

    /// Reads at once what was on the accounts of which a fee does not come last.
    pub(super) async fn look_back(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        batch: &[&Item],
    ) -> Result<(), Error> {
        let mut late = BTreeSet::new();
        for item in batch {
            let (holder, reference) = (&item.asked.holder, &item.asked.external_reference);
            let is_there =
                self.registered.contains_key(reference) || !self.rows.contains_key(holder);
            if is_there || !matches!(self.is_apart(holder), Ok(false)) {
                continue;
            }
            let ((scheme, _), now) = (self.scheme(&holder.scheme_id)?, self.now);
            if self.book(holder, scheme)?.misses_past(&item.asked, now) {
                late.insert(holder);
            }
        }
        let books = self.books.iter_mut();
        let books = books.filter(|(holder, _)| late.contains(holder));
        let mut books: Vec<&mut Book> = books.map(|(_, book)| book).collect();
        if !books.is_empty() {
            read_pasts(tx, tenant, &mut books).await?;
        }
        Ok(())
    }

    pub(super) async fn decide(&mut self, tx: &mut PgConnection, item: &Item) -> Outcome {
        if let Some(stored) = self.stored.get(&item.id()) {
            let registered = self.registered.get(&item.asked.external_reference);
            let again = stored.of(&item.key).and_then(read_answer);
            return match again.and_then(|answer| whole(answer, registered)) {
                Ok(answer) => Outcome::Again(Box::new(answer)),
                Err(failure) => Outcome::Refused(failure.into()),
            };
        }
        match self.is_apart(&item.asked.holder) {
            Ok(true) => return Outcome::Apart,
            Ok(false) => {}
            Err(error) => return Outcome::Refused(error),
        }
        match self.register(tx, &item.key, &item.asked).await {
            Ok((answer, event)) => Outcome::Done(Box::new(answer), event),
            Err(error) => Outcome::Refused(error),
        }
    }

    /// Who shares an account, and a scheme that a composite reads, is decided with more accounts
    /// than the batch holds.
    fn is_apart(&mut self, holder: &Holder) -> Result<bool, Error> {
        let known = self.subjects.get(&holder.recipient);
        if known.is_some_and(|known| known.has_shared) {
            return Ok(true);
        }
        Ok(self.scheme(&holder.scheme_id)?.1)
    }

    /// Looked for once, by the first item that asks for it.
    fn scheme(&mut self, scheme_id: &str) -> Result<(Arc<Scheme>, bool), Error> {
        if let Some((scheme, is_read)) = self.schemes.get(scheme_id) {
            return Ok((Arc::clone(scheme), *is_read));
        }
        let rules = &self.core.schemes;
        let beside = schemes_with(rules, &self.policies, scheme_id, self.today)?;
        let is_read = beside
            .iter()
            .any(|scheme| scheme.reads().any(|id| id == scheme_id));
        let scheme = beside.into_iter().find(|scheme| scheme.id() == scheme_id);
        let scheme = scheme.ok_or(Error::SchemeUnknown)?;
        let known = (Arc::clone(&scheme), is_read);
        self.schemes.insert(scheme_id.to_owned(), known);
        Ok((scheme, is_read))
    }

    async fn register(
        &mut self,
        tx: &mut PgConnection,
        key: &WriteKey,
        asked: &Registering,
    ) -> Result<(Response, Option<NewEvent>), Error> {
        let holder = &asked.holder;
        let (scheme, _) = self.scheme(&holder.scheme_id)?;
        let subject = self.subjects.get(&holder.recipient);
        let person = subject.copied().unwrap_or_default().subject.person;
        let now = self.now;
        check(&asked.draft, person, now, Part::Fee)?;
        let known = self.registered.get(&asked.external_reference);
        if let Some(found) = known {
            let account = self.rows.get(holder).map(|row| row.account);
            return Ok((
                answer_again(tx, &key.caller.tenant, found, asked, account).await?,
                None,
            ));
        }
        let book = self.book(holder, scheme)?;
        let done = book.register(tx, &key.caller.tenant, asked, now).await;
        let (answer, event) = done?;
        let (row, found) = (book.row.clone(), book.registered(&answer));
        if let Some(found) = found {
            let reference = asked.external_reference.clone();
            self.registered.insert(reference, found);
            self.rows.insert(holder.clone(), row);
        }
        Ok((answer, Some(event)))
    }

    fn book(&mut self, holder: &Holder, scheme: Arc<Scheme>) -> Result<&mut Book, Error> {
        if !self.books.contains_key(holder) {
            let held = self.rows.get(holder).cloned();
            let is_new = held.is_none();
            let row = held.unwrap_or_else(|| AccountRow {
                account: AccountId::new(Uuid::now_v7()),
                scheme_id: holder.scheme_id.clone(),
                subject: holder.recipient,
                version: 0,
                snapshot: None,
            });
            let book = Book::open(row, is_new, scheme);
            self.books.insert(holder.clone(), book);
        }
        let lost = || Failure::internal("an account at hand is lost").into();
        self.books.get_mut(holder).ok_or_else(lost)
    }
}

fn read_answer(stored: &[u8]) -> Result<Response, Failure> {
    Response::decode(stored).map_err(|error| Failure::Internal(error.into()))
}

/// What was answered first, with what is kept once: beside the fee itself.
pub(super) fn whole(
    answer: Response,
    registered: Option<&RegisteredRow>,
) -> Result<Response, Failure> {
    if answer.answer.is_some() {
        return Ok(answer);
    }
    let lost = || Failure::internal("a registration was answered that is not stored");
    Ok(Response {
        answer: Some(read_fee_answer(registered.ok_or_else(lost)?)?),
        ..answer
    })
}

fn read_fee_answer(registered: &RegisteredRow) -> Result<pb::FeeAnswer, Failure> {
    pb::FeeAnswer::decode(registered.answer.as_slice())
        .map_err(|error| Failure::Internal(error.into()))
}

/// Whether a fee may be registered for this person at all, whatever the account holds. What
/// happened later today has not happened.
pub(in crate::app) fn check(
    draft: &Drafted,
    person: Person,
    now: Timestamp,
    part: Part,
) -> Result<(), Error> {
    let today = civil_date(now);
    let on = draft.fee.on;
    let early = draft.fee.occurred_at.is_some_and(|at| at > now);
    let early = early.then_some(hjm_free_card::Refusal::DateInFuture { on, today });
    let refused = draft.fee.check_for(today, person).err();
    match refused.into_iter().flatten().chain(early).next() {
        Some(refusal) => Err(Error::Fee(part, refusal)),
        None => Ok(()),
    }
}

/// One fee, one door (decisions 22): the same fee under the same key gets what it was told first.
pub(super) async fn answer_again(
    tx: &mut PgConnection,
    tenant: &TenantId,
    found: &RegisteredRow,
    asked: &Registering,
    account: Option<AccountId>,
) -> Result<Response, Error> {
    let proposed = &asked.draft.fee;
    let same = !found.cancelled
        && account == Some(found.account)
        && found.on == proposed.on
        && found.nominal == proposed.nominal
        && found.principal_id == proposed.principal.as_str();
    if !same {
        let scheme_id = match &found.scheme_id {
            Some(scheme_id) => scheme_id.clone(),
            None => {
                store::account_of_fee(tx, tenant, found.fee)
                    .await?
                    .scheme_id
            }
        };
        let elsewhere = scheme_id != asked.holder.scheme_id;
        return Err(if elsewhere {
            Error::FeeCountsElsewhere
        } else {
            Error::FeeReferenceTaken
        });
    }
    let answer = read_fee_answer(found)?;
    let status = answer.status.as_ref();
    Ok(Response {
        fee_id: found.fee.to_string(),
        account_version: status.map_or(0, |status| status.account_version),
        answer: Some(answer),
        ..Default::default()
    })
}
