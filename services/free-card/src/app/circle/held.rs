//! A circle that a write holds: what is added to its logs, and what follows for all of it.

use hjm_free_card::{
    AssessedFee, Correction, EngineError, JointWrite, LogEntry, RegisteredCard, Registration,
    Snapshot, cancel, correct, due_fix, register, register_card, register_charged, write_joint,
};
use hjm_ids::{AccountId, FeeId, RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::clock::civil_date;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Circle, Own, Sharing, States, Together, joint, keys};
use crate::{
    app::{Changing, Drafted, Holder},
    convert::to_pb_fee,
    error::{Error, Part},
    store::{self, AccountRow, Beside, NewEntry, StandingRow, card_days},
};

/// Instants are stored to the microsecond.
const NEXT: SignedDuration = SignedDuration::from_micros(1);

/// Accounts that nobody else changes until the transaction ends.
pub(in crate::app) struct Held {
    pub(in crate::app) circle: Circle,
    pub(in crate::app) before: States,
    added: Vec<NewEntry>,
    /// The instant of what is written. Where several accounts are read as one it is later than all
    /// that is there, so that nothing depends on whose account an entry is numbered in.
    pub(in crate::app) now: Timestamp,
}

impl Held {
    /// Holds everybody's accounts, in ascending order, and adds those that are missing. Who shares
    /// with whom does not change meanwhile.
    pub(in crate::app) async fn open(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: Together,
        person: RecipientId,
        now: Timestamp,
    ) -> Result<Self, Error> {
        store::sharing_hold(tx, tenant, false).await?;
        Self::open_under(tx, tenant, together, person, now).await
    }

    /// As [`open`](Self::open), by who holds the sharing already.
    pub(super) async fn open_under(
        tx: &mut PgConnection,
        tenant: &TenantId,
        together: Together,
        person: RecipientId,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let sharing = Sharing::read(tx, tenant, &together, person, None).await?;
        let (schemes, subjects) = keys(&together, &sharing.persons);
        let rows = store::account_hold(tx, tenant, &schemes, &subjects).await?;
        let mut circle =
            Circle::of_rows(tx, tenant, together, (person, sharing), rows, None).await?;
        for (scheme_id, subject) in schemes.into_iter().zip(subjects) {
            let recipient = RecipientId::new(subject);
            let holder = Holder {
                scheme_id,
                recipient,
            };
            circle
                .accounts
                .entry(holder.clone())
                .or_insert_with(|| Own {
                    row: AccountRow {
                        account: AccountId::new(Uuid::now_v7()),
                        scheme_id: holder.scheme_id,
                        subject: recipient,
                        version: 0,
                        snapshot: None,
                    },
                    is_new: true,
                    log: Vec::new(),
                });
        }
        let entries = circle.accounts.values().flat_map(|own| &own.log);
        let shares = circle.shares.iter().map(|share| share.at);
        let last = entries.map(LogEntry::at).chain(shares).max();
        let later = last.filter(|_| circle.accounts.len() > 1);
        let later = later.and_then(|last| last.checked_add(NEXT).ok());
        Ok(Self {
            before: circle.states().map_err(Part::Account.refused())?,
            circle,
            added: Vec::new(),
            now: later.map_or(now, |later| later.max(now)),
        })
    }

    /// Registers a fee of a person, charged as it is entitled now, or as the desk has charged it.
    /// What it is stored with is [described](Self::describe) once its answer is known.
    pub(in crate::app) fn register(
        &mut self,
        holder: &Holder,
        draft: &Drafted,
    ) -> Result<(), EngineError> {
        let (circle, now, fee) = (&self.circle, self.now, &draft.fee);
        circle.takes_fees(&holder.scheme_id)?;
        let mut entries = if circle.together.composite.is_some() {
            self.write_joint(&holder.scheme_id, &JointWrite::Register(fee.clone()))?
        } else {
            let scheme = circle.scheme(&holder.scheme_id)?;
            let log = circle.log_of(scheme)?;
            let done = match draft.charged {
                Some(charged) => register_charged(scheme, &log, fee, charged, now),
                None => register(scheme, &log, fee, now),
            };
            of_scheme(scheme.id(), done?)
        };
        // What was charged decides nothing: only what is owed back.
        for (_, entry) in &mut entries {
            if let (LogEntry::Fee(event), Some(charged)) = (entry, draft.charged) {
                event.charged = charged;
                event.paid_elsewhere = draft.receipt.is_some();
            }
        }
        self.append(holder.recipient, entries, &Beside::Nothing);
        Ok(())
    }

    /// Cancels or corrects a fee.
    pub(in crate::app) fn change(
        &mut self,
        holder: &Holder,
        asked: &Changing,
    ) -> Result<(), EngineError> {
        let (circle, now, fee) = (&self.circle, self.now, asked.fee);
        let correction = asked.to.map(|(on, nominal)| {
            let (occurred_at, age) = match circle.fee_entry(fee) {
                Some((_, LogEntry::Fee(event))) => (event.occurred_at, event.age),
                Some(_) | None => (None, None),
            };
            let occurred_at = occurred_at.filter(|at| civil_date(*at) == on);
            Correction {
                fee,
                on,
                occurred_at,
                age,
                nominal,
                at: now,
            }
        });
        let entries = if circle.together.composite.is_some() {
            let write = correction.map_or(JointWrite::Cancel(fee), JointWrite::Correct);
            self.write_joint(&holder.scheme_id, &write)?
        } else {
            let scheme = circle.scheme(&holder.scheme_id)?;
            let log = circle.log_of(scheme)?;
            let done = match &correction {
                Some(correction) => correct(scheme, &log, correction),
                None => cancel(scheme, &log, fee, now),
            };
            of_scheme(scheme.id(), done?)
        };
        let beside = Beside::Change {
            reason: asked.reason,
            text: asked.text.clone(),
        };
        self.append(holder.recipient, entries, &beside);
        Ok(())
    }

    /// Registers a card without fees.
    pub(in crate::app) fn register_card(
        &mut self,
        holder: &Holder,
        card: RegisteredCard,
        extend_existing: bool,
        beside: &Beside,
    ) -> Result<(), EngineError> {
        self.circle.takes_fees(&holder.scheme_id)?;
        let card = RegisteredCard {
            at: self.now,
            ..card
        };
        let entries = if self.circle.together.composite.is_some() {
            let write = JointWrite::Card {
                card,
                extend_existing,
            };
            self.write_joint(&holder.scheme_id, &write)?
        } else {
            let scheme = self.circle.scheme(&holder.scheme_id)?;
            let log = self.circle.log_of(scheme)?;
            let done = register_card(scheme, &log, card, extend_existing)?;
            of_scheme(scheme.id(), done)
        };
        self.append(holder.recipient, entries, beside);
        Ok(())
    }

    /// Writes the cards that are due to become final, before who shares changes. A composite's and
    /// those of the schemes it reads wait for the next fee.
    pub(super) fn fix_due(&mut self) -> Result<(), EngineError> {
        let Together { base, composite } = &self.circle.together;
        let ([scheme], None) = (&base[..], composite) else {
            return Ok(());
        };
        let (scheme, mut log) = (scheme.clone(), self.circle.log_of(scheme)?);
        while let Some(fixed) = due_fix(&scheme, &log, self.now)? {
            log.push(fixed.clone());
            let first = self.circle.persons.first().copied();
            let entries = vec![(scheme.id().to_owned(), fixed)];
            if let Some(person) = first {
                self.append(person, entries, &Beside::Nothing);
            }
        }
        Ok(())
    }

    /// A card that a person keeps.
    pub(super) fn keep(&mut self, holder: &Holder, card: RegisteredCard, evidence: &str) {
        let entries = vec![(holder.scheme_id.clone(), LogEntry::CardRegistered(card))];
        let beside = Beside::Card {
            evidence: evidence.to_owned(),
            card_number: None,
        };
        self.append(holder.recipient, entries, &beside);
    }

    fn write_joint(
        &self,
        scheme_id: &str,
        write: &JointWrite,
    ) -> Result<Vec<(String, LogEntry)>, EngineError> {
        let Together { base, composite } = &self.circle.together;
        let lost = || EngineError::SchemeNotRead {
            scheme: scheme_id.to_owned(),
        };
        let composite = composite.as_ref().ok_or_else(lost)?;
        let logs = self.circle.logs(composite)?;
        let done = write_joint(&joint(composite, base, &logs), scheme_id, write, self.now)?;
        Ok(done.entries)
    }

    /// Adds entries, each to the log of whose fee it speaks of: so that a person who no longer
    /// shares takes along what is its own.
    fn append(&mut self, person: RecipientId, entries: Vec<(String, LogEntry)>, beside: &Beside) {
        for (scheme_id, entry) in entries {
            let (of, asked) = match &entry {
                LogEntry::Fee(_) | LogEntry::CardRegistered(_) => (None, true),
                LogEntry::Correct(to) => (Some(to.fee), true),
                LogEntry::Cancel { fee, .. } => (Some(*fee), true),
                LogEntry::CardFixed(card) => (Some(card.completed_by), false),
                LogEntry::CardReleased(card) => (Some(card.completed_by), false),
                LogEntry::Joined { .. } => continue,
            };
            let owner = of.and_then(|fee| self.circle.fee_entry(fee));
            let recipient = owner.map_or(person, |(holder, _)| holder.recipient);
            let holder = Holder {
                scheme_id,
                recipient,
            };
            let Some(own) = self.circle.accounts.get_mut(&holder) else {
                continue;
            };
            own.log.push(entry.clone());
            self.added.push(NewEntry {
                account: own.row.account,
                sequence: i64::try_from(own.log.len()).unwrap_or(i64::MAX),
                entry,
                beside: if asked {
                    beside.clone()
                } else {
                    Beside::Nothing
                },
            });
        }
    }

    /// Says what an entry that was added is stored with, once that is known.
    pub(in crate::app) fn describe(&mut self, fee: FeeId, beside: Beside) {
        let is =
            |new: &&mut NewEntry| matches!(&new.entry, LogEntry::Fee(event) if event.fee == fee);
        if let Some(new) = self.added.iter_mut().find(is) {
            new.beside = beside;
        }
    }

    /// Where each scheme stands with what was added, and the fees but the one at hand that should
    /// now have cost something else.
    pub(in crate::app) fn outcome(
        &self,
        at_hand: Option<FeeId>,
    ) -> Result<(States, Vec<pb::Fee>), Error> {
        let states = self.circle.states().map_err(Part::Account.refused())?;
        let before = std::slice::from_ref(&self.before);
        let reassessed = reassessed(before, &states, &self.circle, at_hand);
        Ok((states, reassessed))
    }

    /// Stores what was added, with where every account now stands and what is owed.
    pub(in crate::app) async fn store(
        &self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        states: &States,
    ) -> Result<(), Error> {
        let standings = self.circle.accounts.iter();
        let standings = standings.map(|(holder, own)| self.standing(holder, own, states));
        let standings = standings.collect::<Result<Vec<_>, _>>()?;
        self.store_log(tx, tenant, &standings).await?;
        self.store_owed(tx, tenant, states).await
    }

    pub(super) async fn store_log(
        &self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        standings: &[StandingRow],
    ) -> Result<(), Error> {
        let new = self.circle.accounts.values().filter(|own| own.is_new);
        let new: Vec<AccountRow> = new.map(|own| own.row.clone()).collect();
        if !new.is_empty() {
            store::account_insert(tx, tenant, &new).await?;
        }
        let added: Vec<&NewEntry> = self.added.iter().collect();
        store::log_append(tx, tenant, &added, standings).await?;
        Ok(())
    }

    fn standing(&self, holder: &Holder, own: &Own, states: &States) -> Result<StandingRow, Error> {
        let scheme = self.circle.scheme(&holder.scheme_id);
        let scheme = scheme.map_err(Part::Account.refused())?;
        let alone = self.circle.accounts.len() == 1;
        let snapshot = if alone {
            let snapshot = Snapshot::of(scheme, &own.log).map_err(Part::Account.refused())?;
            snapshot.bytes()
        } else {
            None
        };
        Ok(StandingRow {
            account: own.row.account,
            version: i64::try_from(own.log.len()).unwrap_or(i64::MAX),
            cards: card_days(&self.circle.together.days(states, &holder.scheme_id)),
            cards_are_all: true,
            snapshot,
            texts: self.circle.together.texts(),
        })
    }
}

fn of_scheme(scheme_id: &str, done: Registration) -> Vec<(String, LogEntry)> {
    let entries = done.entries.into_iter();
    entries.map(|entry| (scheme_id.to_owned(), entry)).collect()
}

/// The fees but the one at hand that should now cost something else than before.
pub(super) fn reassessed(
    before: &[States],
    states: &States,
    circle: &Circle,
    at_hand: Option<FeeId>,
) -> Vec<pb::Fee> {
    let base = circle.together.base.iter();
    let now = base.filter_map(|scheme| Some((scheme.id(), states.get(scheme.id())?)));
    let fees = now.flat_map(|(id, state)| state.fees.iter().map(move |fee| (id, fee)));
    let earlier = |id: &str, fee: &AssessedFee| {
        let mut known = before
            .iter()
            .filter_map(|states| states.get(id)?.fee(fee.fee));
        known
            .next()
            .is_some_and(|known| known.entitled != fee.entitled)
    };
    // Nothing is told of who stays outside (D-21).
    let shown = |fee: &AssessedFee| !circle.subject_of(fee.fee).person.opted_out;
    let changed =
        fees.filter(|(id, fee)| Some(fee.fee) != at_hand && earlier(id, fee) && shown(fee));
    changed
        .map(|(_, fee)| to_pb_fee(fee, circle.registered_at(fee.fee), None))
        .collect()
}
