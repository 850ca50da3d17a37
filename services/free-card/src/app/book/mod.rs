//! One account that a batch holds: where it stands, and what registrations add to it.
//!
//! What comes last in event order is answered from the snapshot; anything else reads the log.

mod past;
mod stored;

use std::sync::Arc;

use hjm_feed::NewEvent;
use hjm_free_card::{
    AccountState, AssessedFee, Claim, ClaimChange, ClaimState, LogEntry, ProposedFee, Registration,
    Scheme, Snapshot, Status, Undercharge, claims_after, register, register_charged,
    register_receipt, replay, status_on, undercharges_after,
};
use hjm_ids::{FeeId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::Failure;
use jiff::{Timestamp, civil::Date};
use past::Past;
pub(super) use past::read_pasts;
use prost::Message as _;
use sqlx::PgConnection;
pub(super) use stored::store_books;

use super::{Registering, circle::check_version};
use crate::{
    convert::{registered_at, to_pb_fee, to_pb_fee_answer},
    error::{Error, Part},
    events,
    store::{AccountRow, Beside, ClaimChangeRow, NewEntry, RegisteredRow},
};

/// An account at hand, with what is added to it.
pub(super) struct Book {
    pub(super) row: AccountRow,
    /// Its row is still to be added, if anything is.
    is_new: bool,
    scheme: Arc<Scheme>,
    snapshot: Snapshot,
    /// What was there when it was opened, once that is needed.
    past: Option<Past>,
    added: Vec<NewEntry>,
    cards: Cards,
    claims: Vec<ClaimChangeRow>,
    undercharges: Vec<Undercharge>,
    /// The fee that was registered last.
    registered: Option<AssessedFee>,
}

/// The days of the cards: those there are more, or all of them.
enum Cards {
    More(Vec<(Date, Date)>),
    All(Vec<(Date, Date)>),
}

/// What adding entries came to.
struct Added {
    fee: AssessedFee,
    status: Status,
    registered_at: Timestamp,
    reassessed: Vec<pb::Fee>,
    alike: bool,
}

impl Book {
    /// An account of a row that is held, or of one that is still to be added.
    pub(super) fn open(row: AccountRow, is_new: bool, scheme: Arc<Scheme>) -> Self {
        let kept = row.snapshot.as_deref().and_then(Snapshot::read);
        let snapshot = kept.filter(|kept| {
            i64::try_from(kept.entries()).is_ok_and(|entries| entries == row.version)
        });
        let fresh = || Snapshot::new(&scheme);
        Self {
            snapshot: snapshot.unwrap_or_else(fresh),
            past: is_new.then(Past::default),
            row,
            is_new,
            scheme,
            added: Vec::new(),
            cards: Cards::More(Vec::new()),
            claims: Vec::new(),
            undercharges: Vec::new(),
            registered: None,
        }
    }

    /// Registers a fee, charged as it is entitled now, or as the desk has charged it. A refusal
    /// changes nothing.
    pub(super) async fn register(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        asked: &Registering,
        now: Timestamp,
    ) -> Result<(pb::RegisterFeeResponse, NewEvent), Error> {
        check_version(asked.expected_version, self.version())?;
        let (first, version) = (self.added.len(), self.version());
        let done = match self.register_last(asked, now)? {
            Some(done) => done,
            None => self.register_anywhere(tx, tenant, asked, now).await?,
        };
        let entries = u64::try_from(self.added.len().saturating_sub(first)).unwrap_or(0);
        let version = version.saturating_add(entries);
        let answer = to_pb_fee_answer(&self.scheme, &done.fee, &done.status, version, |_| true);
        self.describe(Beside::Fee {
            external_reference: asked.external_reference.clone(),
            answer: answer.encode_to_vec(),
            device_id: asked.draft.device_id.clone(),
            receipt: asked.draft.receipt.clone(),
        });
        let event = pb::FeeRegistered {
            recipient_id: self.row.subject.to_string(),
            fee: Some(to_pb_fee(&done.fee, Some(done.registered_at), None)),
            status: answer.status.clone(),
            reassessed: done.reassessed,
        };
        self.registered = Some(done.fee);
        let response = pb::RegisterFeeResponse {
            fee_id: asked.draft.fee.fee.to_string(),
            answer: Some(answer),
            account_version: version,
            possible_duplicate: done.alike,
            ..Default::default()
        };
        Ok((response, events::fee_registered(self.row.account, event)))
    }

    /// Whether a fee will need a past that is not at hand, as far as can be told before others are
    /// registered.
    pub(super) fn misses_past(&self, asked: &Registering, now: Timestamp) -> bool {
        let fee = &asked.draft.fee;
        let is_last = self.is_known() && self.snapshot.comes_last(&self.scheme, fee, now);
        self.past.is_none() && (asked.draft.charged.is_some() || !is_last)
    }

    /// The snapshot is of all there is.
    fn is_known(&self) -> bool {
        i64::try_from(self.snapshot.entries()) == Ok(self.version_stored())
    }

    /// From the snapshot alone; none where the log is needed.
    fn register_last(
        &mut self,
        asked: &Registering,
        now: Timestamp,
    ) -> Result<Option<Added>, Error> {
        if asked.draft.charged.is_some() || !self.is_known() {
            return Ok(None);
        }
        let fee = &asked.draft.fee;
        let done = self.snapshot.register(&self.scheme, fee, now);
        let Some(done) = done.map_err(Part::Fee.refused())? else {
            return Ok(None);
        };
        let registered_at = done.entries.last().map_or(now, LogEntry::at);
        self.push(done.entries);
        let days = done.status.card.as_ref().map(|card| (card.from, card.to));
        match &mut self.cards {
            Cards::More(cards) | Cards::All(cards) => cards.extend(days),
        }
        if !done.fee.overcharge.is_zero() {
            self.claim(done.fee.on, first_claim(&done.fee));
        }
        Ok(Some(Added {
            fee: done.fee,
            status: done.status,
            registered_at,
            reassessed: Vec::new(),
            alike: done.alike,
        }))
    }

    async fn register_anywhere(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
        asked: &Registering,
        now: Timestamp,
    ) -> Result<Added, Error> {
        let fee = &asked.draft.fee;
        let scheme = Arc::clone(&self.scheme);
        let log = self.log(tx, tenant).await?;
        let done = match (asked.draft.charged, &asked.draft.receipt) {
            (Some(paid), Some(_)) => register_receipt(&scheme, &log, fee, paid, now),
            (Some(charged), None) => register_charged(&scheme, &log, fee, charged, now),
            (None, _) => register(&scheme, &log, fee, now),
        };
        let done = done.map_err(Part::Fee.refused())?;
        self.add(log, done, fee, now)
    }

    /// The fee that was registered last, as a later one under its key finds it.
    pub(super) fn registered(&self, answer: &pb::RegisterFeeResponse) -> Option<RegisteredRow> {
        let fee = self.registered.as_ref()?;
        Some(RegisteredRow {
            account: self.row.account,
            scheme_id: Some(self.row.scheme_id.clone()),
            fee: fee.fee,
            on: fee.on,
            nominal: fee.nominal,
            principal_id: fee.principal.as_str().to_owned(),
            answer: answer.answer.as_ref()?.encode_to_vec(),
            cancelled: false,
        })
    }

    /// The account's version with what is added.
    pub(super) fn version(&self) -> u64 {
        self.version_stored().unsigned_abs()
    }

    fn version_stored(&self) -> i64 {
        let added = i64::try_from(self.added.len()).unwrap_or(i64::MAX);
        self.row.version.saturating_add(added)
    }

    /// The whole log, with what is added.
    async fn log(
        &mut self,
        tx: &mut PgConnection,
        tenant: &TenantId,
    ) -> Result<Vec<LogEntry>, Failure> {
        if self.past.is_none() {
            read_pasts(tx, tenant, &mut [self]).await?;
        }
        let past = self.past.iter().flat_map(|past| &past.log);
        let added = self.added.iter().map(|new| &new.entry);
        Ok(past.chain(added).cloned().collect())
    }

    fn add(
        &mut self,
        log: Vec<LogEntry>,
        done: Registration,
        asked: &ProposedFee,
        now: Timestamp,
    ) -> Result<Added, Error> {
        let (fee, on) = (asked.fee, asked.on);
        let lost = || Failure::internal("a fee at hand is not in its account's state");
        let assessed = done.state.fee(fee).ok_or_else(lost)?.clone();
        let mut entries = log.iter().chain(&done.entries);
        let registered_at = entries.find(|entry| is_fee(entry, fee));
        let registered_at = registered_at.map_or(now, LogEntry::at);
        let status = status_on(&self.scheme, &done.state, on, now);
        let status = status.map_err(Part::Account.refused())?;
        let alike = done.state.has_alike(fee, |_| true);
        let reassessed = self.take(log, done, fee)?;
        Ok(Added {
            fee: assessed,
            status,
            registered_at,
            reassessed,
            alike,
        })
    }

    /// Takes in what was decided on the log, and answers the other fees that should now have cost
    /// something else.
    fn take(
        &mut self,
        mut log: Vec<LogEntry>,
        done: Registration,
        at_hand: FeeId,
    ) -> Result<Vec<pb::Fee>, Error> {
        let before = replay(&self.scheme, &log).map_err(Part::Account.refused())?;
        log.extend(done.entries.iter().cloned());
        let snapshot = Snapshot::of(&self.scheme, &log).map_err(Part::Account.refused())?;
        let owed = self.past.as_ref().map(|past| past.owed.clone());
        let owed = owed.unwrap_or_default();
        self.follow_claims(owed.claims, &done.state)?;
        self.follow_undercharges(owed.undercharges, &done.state);
        self.snapshot = snapshot;
        self.push(done.entries);
        let days = done.state.cards.iter().map(|card| (card.from, card.to));
        self.cards = Cards::All(days.collect());
        let others = done.state.fees.iter().filter(|fee| fee.fee != at_hand);
        let changed = others.filter(|fee| {
            let earlier = before.fee(fee.fee);
            earlier.is_some_and(|earlier| earlier.entitled != fee.entitled)
        });
        let told = changed.map(|fee| to_pb_fee(fee, registered_at(&log, fee.fee), None));
        Ok(told.collect())
    }

    /// The claims there are, with those that this write has opened or changed, follow the state.
    fn follow_claims(&mut self, mut known: Vec<Claim>, state: &AccountState) -> Result<(), Error> {
        for change in &self.claims {
            let (fee, number) = (change.claim.fee, change.claim.number);
            known.retain(|claim| (claim.fee, claim.number) != (fee, number));
            known.push(change.claim.clone());
        }
        let changes = claims_after(state, &known).map_err(Part::Account.refused())?;
        for change in changes {
            match change {
                ClaimChange::Opened(claim) | ClaimChange::Changed(claim) => {
                    let on = state.fee(claim.fee).map(|fee| fee.on);
                    let lost = || Failure::internal("a claim is for no fee of its account");
                    self.claim(on.ok_or_else(lost)?, claim);
                }
                // Told by the difference between the fee and its claims; never collected.
                ClaimChange::PaidTooMuch { .. } => {}
            }
        }
        Ok(())
    }

    /// The undercharges that are listed, with those that this write has changed, follow the state.
    fn follow_undercharges(&mut self, mut listed: Vec<Undercharge>, state: &AccountState) {
        let are_of = |changed: &[Undercharge], fee| changed.iter().any(|one| one.fee == fee);
        listed.retain(|known| !are_of(&self.undercharges, known.fee));
        listed.extend(self.undercharges.iter().cloned());
        let changed = undercharges_after(state, &listed);
        self.undercharges
            .retain(|known| !are_of(&changed, known.fee));
        self.undercharges.extend(changed);
    }

    fn claim(&mut self, on: Date, claim: Claim) {
        let same = |known: &ClaimChangeRow| {
            (known.claim.fee, known.claim.number) == (claim.fee, claim.number)
        };
        self.claims.retain(|known| !same(known));
        self.claims.push(ClaimChangeRow {
            account: self.row.account,
            on,
            claim,
        });
    }

    fn push(&mut self, entries: Vec<LogEntry>) {
        for entry in entries {
            let sequence = self.version_stored().saturating_add(1);
            self.added.push(NewEntry {
                account: self.row.account,
                sequence,
                entry,
                beside: Beside::Nothing,
            });
        }
    }

    /// Says what the entry that was asked for is stored with; the others follow from it.
    fn describe(&mut self, beside: Beside) {
        let asked = self.added.iter_mut().rev().find(|new| match new.entry {
            LogEntry::Fee(_)
            | LogEntry::Correct(_)
            | LogEntry::Cancel { .. }
            | LogEntry::CardRegistered(_) => true,
            LogEntry::CardFixed(_) | LogEntry::CardReleased(_) | LogEntry::Joined { .. } => false,
        });
        if let Some(new) = asked {
            new.beside = beside;
        }
    }
}

fn first_claim(fee: &AssessedFee) -> Claim {
    Claim {
        fee: fee.fee,
        number: 1,
        principal: fee.principal.clone(),
        amount: fee.overcharge,
        state: ClaimState::Open,
    }
}

fn is_fee(entry: &LogEntry, fee: FeeId) -> bool {
    matches!(entry, LogEntry::Fee(event) if event.fee == fee)
}
