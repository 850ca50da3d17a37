//! The fast path: an account as its newest entry leaves it, small enough to store beside the log.

use hjm_ids::FeeId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::live::{Live, Taken, Totals};
use crate::log::{FeeEvent, LogEntry};
use crate::operations::{Quote, charge, fee_event};
use crate::person::ProposedFee;
use crate::replay::{Account, assessed};
use crate::scheme::Scheme;
use crate::state::AssessedFee;
use crate::status::{Status, status_after};

/// Raised whenever a snapshot of before would be read wrongly, or would decide otherwise.
const FORMAT: u16 = 4;

/// An account after the entries it was made from: the fees that count, the card, and what is still
/// to become final. It answers for everything that comes later in event order and says so of what
/// does not: then all of the log is replayed ([`Snapshot::of`]).
///
/// It belongs to one text of one scheme and to one version of this engine: under any other it
/// takes nothing in. Its size grows with the fees that count at one time, not with the log. What
/// [`append`](Self::append) gives equals what [`Snapshot::of`] gives for the longer log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    format: u16,
    policy_hash: String,
    live: Live,
}

/// What appending an entry came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// A fee, with what it should have cost.
    Fee(Box<AssessedFee>),
    /// A card became final as it stood.
    Card,
    /// The entry changes what came before it, or the snapshot is of another scheme: nothing was
    /// taken in. Make a new snapshot of the log.
    NeedsReplay,
}

/// A fee that was registered by a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// What to append to the log, in this order: the snapshot has taken it in.
    pub entries: Vec<LogEntry>,
    /// The fee; `charged` is what to charge.
    pub fee: AssessedFee,
    /// The account on the fee's date, the fee included.
    pub status: Status,
    /// Its day had a fee of the same principal and amount before it (D-32).
    pub alike: bool,
}

impl Snapshot {
    /// Of an account without entries.
    pub fn new(scheme: &Scheme) -> Self {
        Self {
            format: FORMAT,
            policy_hash: scheme.policy().hash.clone(),
            live: Live::default(),
        }
    }

    /// Of a log, in stored order, by a full replay.
    ///
    /// # Errors
    /// As [`replay`](crate::replay).
    pub fn of(scheme: &Scheme, log: &[LogEntry]) -> Result<Self, EngineError> {
        let mut live = Account::of(scheme, log)?.live;
        live.run.compact();
        Ok(Self {
            live,
            ..Self::new(scheme)
        })
    }

    /// As it was written by [`bytes`](Self::bytes); none where that was another format.
    pub fn read(written: &[u8]) -> Option<Self> {
        let snapshot: Self = postcard::from_bytes(written).ok()?;
        (snapshot.format == FORMAT).then_some(snapshot)
    }

    /// Itself as bytes, to be kept beside the log; without them the log is read.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        postcard::to_allocvec(self).ok()
    }

    /// Whether it was made under this text of the scheme by this version of the engine.
    pub fn fits(&self, scheme: &Scheme) -> bool {
        self.format == FORMAT && self.policy_hash == scheme.policy().hash
    }

    /// The number of entries it was made from.
    pub fn entries(&self) -> u64 {
        self.live.entries
    }

    /// What all fees that are not cancelled add up to.
    pub fn totals(&self) -> Totals {
        self.live.totals
    }

    /// Takes in an entry that was appended to the log. The work grows with the fees that count at
    /// one time. That a fee is new to the account is the store's to know.
    ///
    /// # Errors
    /// As [`replay`](crate::replay); the snapshot is then as it was.
    pub fn append(&mut self, scheme: &Scheme, entry: &LogEntry) -> Result<Appended, EngineError> {
        if !self.fits(scheme) {
            return Ok(Appended::NeedsReplay);
        }
        let mut next = self.live.clone();
        let appended = next.append(scheme, entry)?;
        if appended != Appended::NeedsReplay {
            self.live = next;
        }
        Ok(appended)
    }

    /// Registers a fee at `now`, as [`register`](crate::register) does with the whole log; none
    /// where that is needed, and nothing has changed then.
    ///
    /// # Errors
    /// As [`register`](crate::register); the snapshot is then as it was.
    pub fn register(
        &mut self,
        scheme: &Scheme,
        proposed: &ProposedFee,
        now: Timestamp,
    ) -> Result<Option<Registered>, EngineError> {
        if scheme.is_composite() {
            let scheme = scheme.id().to_owned();
            return Err(EngineError::CompositeReadsOnly { scheme });
        }
        if !self.fits(scheme) {
            return Ok(None);
        }
        let mut next = self.live.clone();
        let at = next.instant(now);
        let mut entries = Vec::new();
        while let Some(fixed) = next.due(scheme, at).map(LogEntry::CardFixed) {
            match next.append(scheme, &fixed)? {
                Appended::Card => entries.push(fixed),
                Appended::Fee(_) | Appended::NeedsReplay => return Ok(None),
            }
        }
        let (sequence, alike) = (next.next_sequence(), next.has_alike(proposed));
        let mut event = fee_event(proposed, sequence, proposed.nominal, at);
        let Appended::Fee(told) = next.append(scheme, &LogEntry::Fee(event.clone()))? else {
            return Ok(None);
        };
        event.charged = charge(scheme, event.nominal, told.entitled, told.outcome);
        let over = event.charged.checked_sub(told.entitled)?;
        let fee = AssessedFee {
            charged: event.charged,
            overcharge: over,
            ..*told
        };
        let status = status_of(&next, scheme, proposed.on, now)?;
        entries.push(LogEntry::Fee(event));
        self.live = next;
        Ok(Some(Registered {
            entries,
            fee,
            status,
            alike,
        }))
    }

    /// Whether a fee that is registered at `now` stands last in event order, as far as its log need
    /// not be read.
    pub fn comes_last(&self, scheme: &Scheme, proposed: &ProposedFee, now: Timestamp) -> bool {
        let (sequence, at) = (self.live.next_sequence(), self.live.instant(now));
        let event = fee_event(proposed, sequence, proposed.nominal, at);
        self.fits(scheme) && self.live.comes_last(&event)
    }

    /// What each fee would cost, were they registered at `now` in the order given, as
    /// [`quote`](crate::quote) says from the whole log; none where that is needed.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn quote(
        &self,
        scheme: &Scheme,
        fees: &[ProposedFee],
        now: Timestamp,
    ) -> Result<Option<Vec<Quote>>, EngineError> {
        let mut next = self.clone();
        let mut quotes = Vec::with_capacity(fees.len());
        for proposed in fees {
            let Some(done) = next.register(scheme, proposed, now)? else {
                return Ok(None);
            };
            quotes.push(Quote {
                fee: done.fee,
                status: done.status,
                coming_limit: scheme.coming_limit(proposed.on),
            });
        }
        Ok(Some(quotes))
    }

    /// The account on a date, as [`status_on`](crate::status_on) says from the whole log; none
    /// where the date is before a fee of the account, or the snapshot is of another scheme.
    ///
    /// # Errors
    /// As [`status_on`](crate::status_on).
    pub fn status_on(
        &self,
        scheme: &Scheme,
        on: Date,
        now: Timestamp,
    ) -> Result<Option<Status>, EngineError> {
        if !self.fits(scheme) || self.live.last.is_some_and(|last| last.on > on) {
            return Ok(None);
        }
        status_of(&self.live, scheme, on, now).map(Some)
    }

    /// The fee that stands last in event order, if there is one.
    pub fn last_fee(&self) -> Option<FeeId> {
        self.live.last.map(|last| last.fee)
    }
}

fn status_of(
    live: &Live,
    scheme: &Scheme,
    on: Date,
    now: Timestamp,
) -> Result<Status, EngineError> {
    status_after(scheme, &live.run, live.totals.fees > 0, on, now)
}

impl Live {
    /// Takes in an entry; after [`Appended::NeedsReplay`] or an error it is not to be used.
    fn append(&mut self, scheme: &Scheme, entry: &LogEntry) -> Result<Appended, EngineError> {
        let appended = match entry {
            LogEntry::Fee(event) => match self.assess(scheme, event)? {
                Some(fee) => Appended::Fee(Box::new(fee)),
                None => Appended::NeedsReplay,
            },
            LogEntry::CardFixed(_) => match self.take(scheme, entry)? {
                Taken::Fixed => Appended::Card,
                Taken::Fee(_) | Taken::NeedsReplay => Appended::NeedsReplay,
            },
            LogEntry::Correct(_)
            | LogEntry::Cancel { .. }
            | LogEntry::CardReleased(_)
            | LogEntry::CardRegistered(_)
            | LogEntry::Joined { .. } => Appended::NeedsReplay,
        };
        self.run.compact();
        Ok(appended)
    }

    /// Takes in a fee and tells what it is measured against; none where it is not the last.
    fn assess(
        &mut self,
        scheme: &Scheme,
        event: &FeeEvent,
    ) -> Result<Option<AssessedFee>, EngineError> {
        let entry = LogEntry::Fee(event.clone());
        let mut before = self.run.clone();
        match self.take(scheme, &entry)? {
            Taken::Fee(verdict) => {
                before.arrive(scheme, event.place())?;
                assessed(event, verdict, before.basis()).map(Some)
            }
            Taken::Fixed | Taken::NeedsReplay => Ok(None),
        }
    }
}
