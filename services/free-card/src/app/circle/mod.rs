//! The accounts that are decided together: of persons who share them, and in the schemes that a
//! composite reads. Mostly one account of one person.

mod held;
mod owed;
mod regroup;
mod sharing;
mod together;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hjm_free_card::{
    AccountState, EngineError, Joint, LogEntry, ProposedFee, Quote, Scheme, Share, Subject,
    known_at, quote, quote_joint, shared_log, shared_logs, status_on,
};
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use sqlx::PgConnection;
use uuid::Uuid;

pub(in crate::app) use held::Held;
pub(in crate::app) use regroup::{Regrouped, Regrouping};
use sharing::Sharing;
pub(in crate::app) use sharing::{identities, subject_of, subjects};
pub(crate) use together::Together;

use super::Holder;
use crate::{
    convert::to_pb_status,
    error::{Error, Part},
    store::{self, AccountRow},
};

/// States by scheme.
pub(in crate::app) type States = BTreeMap<String, AccountState>;

/// An account with its own log.
#[derive(Debug, Clone)]
pub(in crate::app) struct Own {
    pub(in crate::app) row: AccountRow,
    /// Its row is still to be added.
    pub(in crate::app) is_new: bool,
    pub(in crate::app) log: Vec<LogEntry>,
}

/// One scheme of a circle, as its logs draw it.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) scheme: Arc<Scheme>,
    pub(crate) state: AccountState,
    /// The days on which a card covers the scheme's fees.
    pub(crate) days: Vec<(Date, Date)>,
    /// The accounts of the scheme, with their own logs.
    pub(crate) accounts: Vec<(AccountId, Vec<LogEntry>)>,
    /// Nobody shares, and nothing is read by a composite.
    pub(crate) is_alone: bool,
}

/// Accounts that are decided together, as they are or were known.
#[derive(Debug, Clone)]
pub(crate) struct Circle {
    pub(in crate::app) together: Together,
    pub(in crate::app) persons: BTreeSet<RecipientId>,
    shares: Vec<Share>,
    pub(in crate::app) accounts: BTreeMap<Holder, Own>,
    /// What holds for the person asked about, under all of its identities.
    pub(in crate::app) subject: Subject,
    /// The same of each person.
    subjects: BTreeMap<RecipientId, Subject>,
}

impl Circle {
    /// As somebody looks at it: nobody is held up.
    pub(crate) async fn read(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: Together,
        person: RecipientId,
        known: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let sharing = Sharing::read(tx, tenant, &together, person, known).await?;
        let (schemes, subjects) = keys(&together, &sharing.persons);
        let rows = store::account_find(tx, tenant, &schemes, &subjects).await?;
        Self::of_rows(tx, tenant, together, (person, sharing), rows, known).await
    }

    /// Those of persons of whom none ever shared.
    pub(in crate::app) async fn read_alone(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: &Together,
        persons: BTreeSet<RecipientId>,
    ) -> Result<Vec<Self>, Error> {
        let Some(first) = persons.first().copied() else {
            return Ok(Vec::new());
        };
        let (schemes, subjects) = keys(together, &persons);
        let rows = store::account_find(tx, tenant, &schemes, &subjects).await?;
        let all = (first, Sharing::none(persons));
        let all = Self::of_rows(tx, tenant, together.clone(), all, rows, None).await?;
        let mut circles: BTreeMap<RecipientId, Self> = BTreeMap::new();
        for (holder, own) in all.accounts {
            let person = holder.recipient;
            let circle = circles.entry(person).or_insert_with(|| Self {
                together: together.clone(),
                persons: BTreeSet::from([person]),
                shares: Vec::new(),
                accounts: BTreeMap::new(),
                subject: Subject::default(),
                subjects: BTreeMap::new(),
            });
            circle.accounts.insert(holder, own);
        }
        Ok(circles.into_values().collect())
    }

    async fn of_rows(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: Together,
        (person, sharing): (RecipientId, Sharing),
        rows: Vec<AccountRow>,
        known: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.account.uuid()).collect();
        let mut logs = store::log_list(tx, tenant, &ids).await?;
        let accounts = rows.into_iter().map(|row| {
            let mut log = logs.remove(&row.account).unwrap_or_default();
            if let Some(at) = known {
                log.truncate(known_at(&log, at).len());
            }
            let holder = Holder {
                scheme_id: row.scheme_id.clone(),
                recipient: row.subject,
            };
            let is_new = false;
            (holder, Own { row, is_new, log })
        });
        Ok(Self {
            together,
            persons: sharing.persons,
            shares: sharing.shares,
            accounts: accounts.collect(),
            subject: sharing.subjects.get(&person).copied().unwrap_or_default(),
            subjects: sharing.subjects,
        })
    }

    /// One scheme of the circle; none where it is not in it.
    pub(crate) fn drawn(self, scheme_id: &str) -> Result<Option<Drawn>, Error> {
        let mut states = self.states().map_err(Part::Account.refused())?;
        let days = self.together.days(&states, scheme_id);
        let is_alone = self.accounts.len() == 1;
        let scheme = self.together.scheme(scheme_id).map(Arc::clone);
        let Some((scheme, state)) = scheme.zip(states.remove(scheme_id)) else {
            return Ok(None);
        };
        let own = self.accounts.into_iter();
        let own = own.filter(|(holder, _)| holder.scheme_id == scheme_id);
        Ok(Some(Drawn {
            scheme,
            state,
            days,
            accounts: own.map(|(_, own)| (own.row.account, own.log)).collect(),
            is_alone,
        }))
    }

    /// Nothing of a person who stays outside is shown.
    pub(in crate::app) fn shows(&self) -> Result<(), Error> {
        if self.subject.person.opted_out {
            return Err(Error::Fee(Part::Account, hjm_free_card::Refusal::OptedOut));
        }
        Ok(())
    }

    /// How many entries there are: another number after any of them has changed.
    pub(in crate::app) fn version(&self) -> u64 {
        let entries = self.accounts.values().map(|own| own.log.len());
        u64::try_from(entries.sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Decision D-25: who quoted may ask that nothing has happened since.
    pub(in crate::app) fn check_version(&self, expected: Option<u64>) -> Result<(), Failure> {
        check_version(expected, self.version())
    }

    /// Where each scheme stands.
    pub(in crate::app) fn states(&self) -> Result<States, EngineError> {
        let logs = if let Some(composite) = &self.together.composite {
            self.logs(composite)?
        } else {
            let base = self.together.base.iter();
            let logs = base.map(|scheme| self.log_of(scheme));
            logs.collect::<Result<_, _>>()?
        };
        let states = self.together.replay(&logs)?;
        Ok(self.together.ids().into_iter().zip(states).collect())
    }

    /// Where a scheme stands on a day, as it is known at an instant.
    pub(in crate::app) fn status(
        &self,
        states: &States,
        scheme_id: &str,
        on: Date,
        at: Timestamp,
    ) -> Result<pb::AccountStatus, Error> {
        let scheme = self.scheme(scheme_id).map_err(Part::Account.refused())?;
        let lost = || Failure::internal("a scheme at hand has no state");
        let drawn = states.get(scheme_id).ok_or_else(lost)?;
        let told = status_on(scheme, drawn, on, at).map_err(Part::Account.refused())?;
        Ok(to_pb_status(scheme, on, &told, self.version()))
    }

    /// What fees would cost, in order.
    pub(in crate::app) fn quote(
        &self,
        scheme_id: &str,
        fees: &[ProposedFee],
        now: Timestamp,
    ) -> Result<Vec<Quote>, EngineError> {
        let Some(composite) = &self.together.composite else {
            let scheme = self.scheme(scheme_id)?;
            return quote(scheme, &self.log_of(scheme)?, fees, now);
        };
        self.takes_fees(scheme_id)?;
        let logs = self.logs(composite)?;
        let fees: Vec<_> = fees
            .iter()
            .map(|fee| (scheme_id.to_owned(), fee.clone()))
            .collect();
        quote_joint(&joint(composite, &self.together.base, &logs), &fees, now)
    }

    fn scheme(&self, scheme_id: &str) -> Result<&Arc<Scheme>, EngineError> {
        let scheme = self.together.scheme(scheme_id);
        scheme.ok_or_else(|| EngineError::SchemeNotRead {
            scheme: scheme_id.to_owned(),
        })
    }

    /// A composite reads and never writes (D-13).
    fn takes_fees(&self, scheme_id: &str) -> Result<(), EngineError> {
        if self.scheme(scheme_id)?.is_composite() {
            let scheme = scheme_id.to_owned();
            return Err(EngineError::CompositeReadsOnly { scheme });
        }
        Ok(())
    }

    /// When a fee was registered.
    pub(in crate::app) fn registered_at(&self, fee: FeeId) -> Option<Timestamp> {
        let (_, entry) = self.fee_entry(fee)?;
        Some(entry.at())
    }

    /// What holds for the person whose fee it is.
    pub(in crate::app) fn subject_of(&self, fee: FeeId) -> Subject {
        let owner = self.fee_entry(fee).map(|(holder, _)| holder.recipient);
        let known = owner.and_then(|owner| self.subjects.get(&owner));
        known.copied().unwrap_or(self.subject)
    }

    fn fee_entry(&self, fee: FeeId) -> Option<(&Holder, &LogEntry)> {
        let is = |entry: &&LogEntry| matches!(entry, LogEntry::Fee(event) if event.fee == fee);
        let mut accounts = self.accounts.iter();
        accounts.find_map(|(holder, own)| Some((holder, own.log.iter().find(is)?)))
    }

    /// The persons' own logs in a scheme.
    fn own_logs(&self, scheme: &Scheme) -> BTreeMap<RecipientId, &[LogEntry]> {
        let of_scheme = self
            .accounts
            .iter()
            .filter(|(holder, _)| holder.scheme_id == scheme.id());
        of_scheme
            .map(|(holder, own)| (holder.recipient, own.log.as_slice()))
            .collect()
    }

    /// The log that the persons share in a scheme that no composite reads.
    fn log_of(&self, scheme: &Scheme) -> Result<Vec<LogEntry>, EngineError> {
        match self.persons.first() {
            Some(person) => shared_log(scheme, &self.own_logs(scheme), &self.shares, *person),
            None => Ok(Vec::new()),
        }
    }

    /// The logs that the persons share: in the base schemes in order, then in the composite.
    fn logs(&self, composite: &Scheme) -> Result<Vec<Vec<LogEntry>>, EngineError> {
        let base: Vec<&Scheme> = self.together.base.iter().map(AsRef::as_ref).collect();
        let all = base.iter().copied().chain([composite]);
        let own: Vec<_> = all.map(|scheme| self.own_logs(scheme)).collect();
        match self.persons.first() {
            Some(person) => shared_logs(composite, &base, &own, &self.shares, *person),
            None => Ok(Vec::new()),
        }
    }
}

/// Decision D-25, of a version that was found.
pub(in crate::app) fn check_version(expected: Option<u64>, found: u64) -> Result<(), Failure> {
    let small = |version: u64| u32::try_from(version).unwrap_or(u32::MAX);
    match expected {
        Some(expected) if expected != found => Err(Failure::VersionConflict {
            expected: small(expected),
            found: small(found),
        }),
        Some(_) | None => Ok(()),
    }
}

fn joint<'a>(
    composite: &'a Scheme,
    base: &'a [Arc<Scheme>],
    logs: &'a [Vec<LogEntry>],
) -> Joint<'a> {
    let (composite_log, logs) = logs
        .split_last()
        .map_or((&[][..], &[][..]), |(last, rest)| (last.as_slice(), rest));
    let logs = logs.iter().map(Vec::as_slice);
    Joint {
        composite,
        composite_log,
        members: base.iter().map(AsRef::as_ref).zip(logs).collect(),
    }
}

/// Every scheme with every person.
fn keys(together: &Together, persons: &BTreeSet<RecipientId>) -> (Vec<String>, Vec<Uuid>) {
    let all = together.ids().into_iter();
    let keys = all.flat_map(|id| {
        persons
            .iter()
            .map(move |person| (id.clone(), person.uuid()))
    });
    keys.unzip()
}
