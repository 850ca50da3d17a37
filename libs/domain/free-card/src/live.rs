//! An account as its newest entry leaves it: what the next fee is measured against.

use hjm_ids::PrincipalId;
use hjm_money::Money;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::log::{FeeEvent, FixedCard, LogEntry};
use crate::person::ProposedFee;
use crate::place::Place;
use crate::run::{Outer, Run, Verdict};
use crate::scheme::Scheme;
use crate::wire;

/// What all fees of an account add up to, whenever they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The fees that are not cancelled.
    pub fees: u64,
    /// What they cost by the tariff.
    #[serde(with = "wire::ore")]
    pub nominal: Money,
    /// What they should cost.
    #[serde(with = "wire::ore")]
    pub entitled: Money,
}

impl Totals {
    fn add(&mut self, event: &FeeEvent, verdict: Verdict) -> Result<(), EngineError> {
        self.fees = self.fees.saturating_add(1);
        self.nominal = self.nominal.checked_add(event.nominal)?;
        self.entitled = self.entitled.checked_add(verdict.entitled)?;
        Ok(())
    }
}

/// What taking in an entry came to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken {
    /// A fee, in event order.
    Fee(Verdict),
    /// A card that became final as it stands.
    Fixed,
    /// The entry changes what came before: only all of the log says what it comes to.
    NeedsReplay,
}

/// Who charged how much by the tariff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charged {
    #[serde(with = "wire::text")]
    by: PrincipalId,
    #[serde(with = "wire::ore")]
    nominal: Money,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Live {
    pub(crate) run: Run,
    /// Where the last fee stands that is not cancelled.
    pub(crate) last: Option<Place>,
    /// The highest number of a fee.
    pub(crate) last_sequence: u64,
    /// The instant of the last entry.
    pub(crate) last_at: Option<Timestamp>,
    /// The number of entries.
    pub(crate) entries: u64,
    pub(crate) totals: Totals,
    /// Who charged how much by the tariff on the last fee's day, each once (D-32).
    pub(crate) day: Vec<Charged>,
}

impl Live {
    /// Takes in an entry where that is possible without the others. After
    /// [`Taken::NeedsReplay`] nothing has changed; after an error it is not to be used.
    pub(crate) fn take(&mut self, scheme: &Scheme, entry: &LogEntry) -> Result<Taken, EngineError> {
        let taken = match entry {
            LogEntry::Fee(event) if self.comes_last(event) => {
                Taken::Fee(self.take_fee(scheme, event)?)
            }
            LogEntry::CardFixed(card) if self.run.fix(card.completed_by, card.from, card.to) => {
                Taken::Fixed
            }
            LogEntry::Fee(_)
            | LogEntry::Correct(_)
            | LogEntry::Cancel { .. }
            | LogEntry::CardFixed(_)
            | LogEntry::CardReleased(_)
            | LogEntry::CardRegistered(_)
            | LogEntry::Joined { .. } => return Ok(Taken::NeedsReplay),
        };
        self.entries = self.entries.saturating_add(1);
        self.last_at = self.last_at.max(Some(entry.at()));
        Ok(taken)
    }

    pub(crate) fn comes_last(&self, event: &FeeEvent) -> bool {
        self.last.is_none_or(|last| last < event.place())
    }

    fn take_fee(&mut self, scheme: &Scheme, event: &FeeEvent) -> Result<Verdict, EngineError> {
        let verdict = self.run.step(scheme, event, Outer::default())?;
        if let Some(card) = &mut self.run.card {
            card.since = card.since.or(Some(event.registered_at));
        }
        self.count(event, verdict)?;
        Ok(verdict)
    }

    /// Takes in what a fee that is the last adds up to.
    pub(crate) fn count(&mut self, event: &FeeEvent, verdict: Verdict) -> Result<(), EngineError> {
        self.note_day(event);
        self.last = Some(event.place());
        self.last_sequence = self.last_sequence.max(event.sequence);
        self.totals.add(event, verdict)
    }

    fn note_day(&mut self, event: &FeeEvent) {
        if self.last.is_some_and(|last| last.on < event.on) {
            self.day.clear();
        }
        let charged = Charged {
            by: event.principal.clone(),
            nominal: event.nominal,
        };
        if !self.day.contains(&charged) {
            self.day.push(charged);
        }
    }

    /// Whether a fee that comes last has one like it on its day: of the same principal and amount
    /// (D-32).
    pub(crate) fn has_alike(&self, fee: &ProposedFee) -> bool {
        let mut day = self.day.iter();
        self.last.is_some_and(|last| last.on == fee.on)
            && day.any(|one| (&one.by, one.nominal) == (&fee.principal, fee.nominal))
    }

    /// The first card that is due to become final at `now`: at its due instant, but never before
    /// the last entry, which may have drawn it anew.
    pub(crate) fn due(&self, scheme: &Scheme, now: Timestamp) -> Option<FixedCard> {
        if !self.run.has_open_card() {
            return None;
        }
        let mut run = self.run.clone();
        // Only amounts that were added before are taken off, which cannot fail.
        run.finish(scheme).ok()?;
        let open = run.cards().filter(|card| !card.fixed);
        let due = open.filter_map(|card| {
            Some(FixedCard {
                completed_by: card.completed_by?,
                from: card.from,
                to: card.to,
                at: final_at(scheme, card.since?),
            })
        });
        let first = due
            .filter(|card| card.at <= now)
            .min_by_key(|card| (card.at, card.from))?;
        let at = self.instant(first.at);
        Some(FixedCard { at, ..first })
    }

    /// The instant at which something may be written at `now`: never before the last entry.
    pub(crate) fn instant(&self, now: Timestamp) -> Timestamp {
        self.last_at.map_or(now, |last| last.max(now))
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.last_sequence.saturating_add(1)
    }
}

/// Saturates: a card that would become final after the end of time stays preliminary.
pub(crate) fn final_at(scheme: &Scheme, since: Timestamp) -> Timestamp {
    let preliminary = SignedDuration::from_hours(i64::from(scheme.preliminary_hours()));
    since.saturating_add(preliminary).unwrap_or(Timestamp::MAX)
}
