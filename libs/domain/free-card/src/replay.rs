//! From a log to the state of the account, and to when each card became known.

use std::collections::BTreeMap;

use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::Timestamp;

use crate::error::EngineError;
use crate::live::{Live, Taken, final_at};
use crate::log::{CardReason, CardRelease, Correction, FeeEvent, FixedCard, LogEntry};
use crate::place::Place;
use crate::run::{Cap, DrawnCard, Hold, HoldKind, Outer, Run, Verdict};
use crate::scheme::Scheme;
use crate::state::{AccountState, AssessedFee, Card, CardStanding, CountedFee, Outcome};

/// The state that `log`, in stored order, gives under `scheme`.
///
/// Deterministic: the order in which fees of different dates arrived does not matter, but for what
/// a card that became final in between promised. The work grows with the number of entries, and
/// with their square only as far as they arrive out of event order: when a card first existed is
/// read from every prefix of the log.
///
/// # Errors
/// [`EngineError::CeilingMissing`] when a counting fee's date has no limit; the other variants
/// when the log contradicts itself.
pub fn replay(scheme: &Scheme, log: &[LogEntry]) -> Result<AccountState, EngineError> {
    Account::of(scheme, log)?.state(scheme)
}

/// What a log says, with nothing drawn from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// All fees in event order; true where cancelled.
    fees: BTreeMap<Place, (FeeEvent, bool)>,
    places: BTreeMap<FeeId, Place>,
    /// The cards that became final and were not released.
    fixed: Vec<FixedCard>,
    /// The cards that were registered without fees.
    registered: Vec<Hold>,
    caps: Vec<Cap>,
}

impl Facts {
    pub(crate) fn take(&mut self, entry: &LogEntry) -> Result<(), EngineError> {
        match entry {
            LogEntry::Fee(event) => self.take_fee(event),
            LogEntry::Correct(correction) => self.take_correction(correction),
            LogEntry::Cancel { fee, .. } => {
                self.active(*fee)?.1 = true;
                Ok(())
            }
            LogEntry::CardFixed(card) => {
                self.fixed.push(*card);
                Ok(())
            }
            LogEntry::CardReleased(release) => self.take_release(release),
            LogEntry::CardRegistered(card) => {
                let (after, completed_by, kind) = match card.reason {
                    CardReason::ValidCard => (Place::dawn(card.from), None, HoldKind::Imported),
                    CardReason::Medical => (Place::dawn(card.from), None, HoldKind::Medical),
                    CardReason::Kept { after, entitled } => {
                        let fee = after.fee;
                        self.caps.push(Cap { fee, entitled });
                        (after, Some(fee), HoldKind::Final)
                    }
                };
                self.registered.push(Hold {
                    after,
                    from: card.from,
                    to: card.to,
                    completed_by,
                    kind,
                });
                Ok(())
            }
            LogEntry::Joined { .. } => Ok(()),
        }
    }

    fn take_fee(&mut self, event: &FeeEvent) -> Result<(), EngineError> {
        let place = event.place();
        if self.places.insert(event.fee, place).is_some() {
            return Err(EngineError::DuplicateFee { fee: event.fee });
        }
        self.fees.insert(place, (event.clone(), false));
        Ok(())
    }

    fn take_correction(&mut self, correction: &Correction) -> Result<(), EngineError> {
        let mut event = self.active(correction.fee)?.0.clone();
        self.fees.remove(&event.place());
        event.on = correction.on;
        event.occurred_at = correction.occurred_at;
        event.age = correction.age;
        event.nominal = correction.nominal;
        self.places.insert(event.fee, event.place());
        self.fees.insert(event.place(), (event, false));
        Ok(())
    }

    fn take_release(&mut self, release: &CardRelease) -> Result<(), EngineError> {
        let fee = release.completed_by;
        let place = self.fixed.iter().position(|card| {
            card.completed_by == fee && card.from == release.from && card.to == release.to
        });
        self.fixed
            .remove(place.ok_or(EngineError::UnknownCard { fee })?);
        Ok(())
    }

    /// The fee, which must not be cancelled.
    fn active(&mut self, fee: FeeId) -> Result<&mut (FeeEvent, bool), EngineError> {
        let place = self.places.get(&fee);
        let known = place.and_then(|place| self.fees.get_mut(place));
        match known {
            Some((_, true)) => Err(EngineError::AlreadyCancelled { fee }),
            Some(active @ (_, false)) => Ok(active),
            None => Err(EngineError::UnknownFee { fee }),
        }
    }

    pub(crate) fn fees(&self) -> impl Iterator<Item = &FeeEvent> {
        let active = self.fees.values().filter(|(_, cancelled)| !cancelled);
        active.map(|(fee, _)| fee)
    }

    /// Everything cancelled, as it is told.
    pub(crate) fn cancelled(&self) -> impl Iterator<Item = AssessedFee> {
        let cancelled = self.fees.values().filter(|(_, cancelled)| *cancelled);
        cancelled.map(|(event, _)| AssessedFee {
            fee: event.fee,
            on: event.on,
            sequence: event.sequence,
            place: event.place(),
            principal: event.principal.clone(),
            nominal: event.nominal,
            charged: event.charged,
            paid_elsewhere: event.paid_elsewhere,
            entitled: Money::ZERO,
            outcome: Outcome::Cancelled,
            limit: None,
            basis: Vec::new(),
            overcharge: Money::ZERO,
            undercharge: Money::ZERO,
        })
    }

    /// An account on its way with everything that is held.
    pub(crate) fn run(&self) -> Run {
        self.run_of(|fee| self.place(fee))
    }

    /// As [`run`](Self::run), where the fees that completed cards stand elsewhere.
    pub(crate) fn run_of(&self, place: impl Fn(FeeId) -> Option<Place>) -> Run {
        let fixed = self
            .fixed
            .iter()
            .map(|card| hold(card, place(card.completed_by)));
        let holds = fixed.chain(self.registered.iter().copied()).collect();
        Run::new(holds, self.caps.clone())
    }

    pub(crate) fn place(&self, fee: FeeId) -> Option<Place> {
        self.places.get(&fee).copied()
    }

    pub(crate) fn fixed(&self) -> &[FixedCard] {
        &self.fixed
    }

    /// The cards that became final, which then no longer are.
    pub(crate) fn take_fixed(&mut self) -> Vec<FixedCard> {
        std::mem::take(&mut self.fixed)
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        let last = self.fees.values().map(|(fee, _)| fee.sequence).max();
        last.map_or(1, |last| last.saturating_add(1))
    }

    /// Changes what a fee was charged, which nothing is drawn from.
    pub(crate) fn set_charged(&mut self, fee: FeeId, charged: Money) -> Result<(), EngineError> {
        self.active(fee)?.0.charged = charged;
        Ok(())
    }
}

/// A card that became final covers what comes after the fee that completed it; where that fee was
/// moved to another date, all of its days.
fn hold(card: &FixedCard, place: Option<Place>) -> Hold {
    let place = place.filter(|place| place.on == card.from);
    Hold {
        after: place.unwrap_or_else(|| Place::dawn(card.from)),
        from: card.from,
        to: card.to,
        completed_by: Some(card.completed_by),
        kind: HoldKind::Final,
    }
}

/// The log, taken in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) facts: Facts,
    pub(crate) live: Live,
}

impl Account {
    pub(crate) fn of(scheme: &Scheme, log: &[LogEntry]) -> Result<Self, EngineError> {
        let mut account = Self::default();
        for entry in log {
            account.add(scheme, entry)?;
        }
        Ok(account)
    }

    /// Takes in one more entry, and answers what a fee should cost. After an error the account is
    /// not to be used.
    pub(crate) fn add(
        &mut self,
        scheme: &Scheme,
        entry: &LogEntry,
    ) -> Result<Option<Verdict>, EngineError> {
        self.facts.take(entry)?;
        match self.live.take(scheme, entry)? {
            Taken::Fee(verdict) => Ok(Some(verdict)),
            Taken::Fixed => Ok(None),
            Taken::NeedsReplay => self.replay(scheme, entry),
        }
    }

    /// Draws everything anew after an entry that changes what came before it. A card that is
    /// recomputed stays the same card as long as its days overlap, and keeps its first instant.
    fn replay(
        &mut self,
        scheme: &Scheme,
        entry: &LogEntry,
    ) -> Result<Option<Verdict>, EngineError> {
        let mut run = self.facts.run();
        let (mut next, mut asked) = (Live::default(), None);
        for event in self.facts.fees() {
            let verdict = run.step(scheme, event, Outer::default())?;
            next.count(event, verdict)?;
            if matches!(entry, LogEntry::Fee(new) if new.fee == event.fee) {
                asked = Some(verdict);
            }
        }
        let joined = matches!(entry, LogEntry::Joined { .. });
        for card in run.cards_mut() {
            let known = (!joined)
                .then(|| known_since(&self.live.run, card))
                .flatten();
            card.since = Some(known.unwrap_or(entry.at()));
        }
        self.live = Live {
            run,
            last_sequence: next.last_sequence.max(self.live.last_sequence),
            last_at: self.live.last_at.max(Some(entry.at())),
            entries: self.live.entries.saturating_add(1),
            ..next
        };
        Ok(asked)
    }

    /// The cards that the fees alone give, whatever was promised.
    pub(crate) fn cards_of_fees(&self, scheme: &Scheme) -> Result<Vec<DrawnCard>, EngineError> {
        let mut run = Run::default();
        for event in self.facts.fees() {
            run.step(scheme, event, Outer::default())?;
        }
        run.finish(scheme)?;
        Ok(run.ended)
    }

    pub(crate) fn state(&self, scheme: &Scheme) -> Result<AccountState, EngineError> {
        let mut run = self.facts.run();
        let mut fees = Vec::new();
        for event in self.facts.fees() {
            run.arrive(scheme, event.place())?;
            let basis = run.basis();
            let verdict = run.decide(scheme, event, 0, Outer::default())?;
            fees.push(assessed(event, verdict, basis)?);
        }
        fees.extend(self.facts.cancelled());
        fees.sort_by_key(|fee| fee.place);
        run.finish(scheme)?;
        let cards = run.ended.into_iter().map(|card| {
            let since = known_since(&self.live.run, &card);
            public_card(scheme, card, since)
        });
        let cards = cards.collect::<Result<_, _>>()?;
        Ok(AccountState { fees, cards })
    }
}

/// When a card first existed: the earliest of those known, given by fees, whose days it shares.
pub(crate) fn known_since(known: &Run, card: &DrawnCard) -> Option<Timestamp> {
    let same = known
        .cards()
        .filter(|known| known.computed_to.is_some() && card.overlaps(known.from, known.to));
    same.filter_map(|known| known.since).min()
}

pub(crate) fn public_card(
    scheme: &Scheme,
    card: DrawnCard,
    since: Option<Timestamp>,
) -> Result<Card, EngineError> {
    let standing = match (card.fixed, card.computed_to, card.held) {
        (false, _, _) => CardStanding::Preliminary {
            final_at: since.map_or(Timestamp::MAX, |since| final_at(scheme, since)),
        },
        (true, Some(_), _) => CardStanding::Final,
        (true, None, Some(HoldKind::Imported)) => CardStanding::Imported,
        (true, None, Some(HoldKind::Medical)) => CardStanding::Registered,
        (true, None, Some(HoldKind::Final) | None) => CardStanding::Retained,
    };
    let by_fees = !matches!(card.held, Some(HoldKind::Imported | HoldKind::Medical));
    Ok(Card {
        from: card.from,
        to: card.to,
        period_start: card.fees.first().map(|fee| fee.on),
        standing,
        flagged: by_fees && card.computed_to != Some(card.to),
        completed_by: card.completed_by,
        limit: card.limit,
        accumulated: Money::sum(card.fees.iter().map(|fee| fee.entitled))?,
        fees: card.fees,
    })
}

pub(crate) fn assessed(
    event: &FeeEvent,
    verdict: Verdict,
    basis: Vec<CountedFee>,
) -> Result<AssessedFee, EngineError> {
    let over = event.charged.checked_sub(verdict.entitled)?;
    let covered = matches!(verdict.outcome, Outcome::Covered { .. });
    let told = covered || verdict.outcome.is_measured();
    Ok(AssessedFee {
        fee: event.fee,
        on: event.on,
        sequence: event.sequence,
        place: event.place(),
        principal: event.principal.clone(),
        nominal: event.nominal,
        charged: event.charged,
        paid_elsewhere: event.paid_elsewhere,
        entitled: verdict.entitled,
        outcome: verdict.outcome,
        limit: verdict.limit,
        basis: if told { basis } else { Vec::new() },
        overcharge: over.max(Money::ZERO),
        undercharge: over.checked_neg()?.max(Money::ZERO),
    })
}
