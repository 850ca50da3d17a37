//! What is written to the schemes that a composite reads, and what follows in each of them.

use jiff::Timestamp;

use crate::error::EngineError;
use crate::joint::{Joint, JointAccount, JointWrite, Of, Runs};
use crate::live::final_at;
use crate::log::{CardRelease, Correction, FixedCard, LogEntry, RegisteredCard};
use crate::operations::{charge, check_card, fee_event};
use crate::replay::Facts;
use crate::run::DrawnCard;
use crate::scheme::{CancelFinal, Scheme};

/// The cards that are due to become final at `now`, each with its scheme's place; the composite's is
/// the last.
pub(crate) fn due_joint(
    joint: &Joint<'_>,
    now: Timestamp,
) -> Result<Vec<(usize, FixedCard)>, EngineError> {
    let mut account = JointAccount::of(joint)?;
    let mut due = Vec::new();
    while let Some((of, card)) = account.due(now) {
        account.add(of, &LogEntry::CardFixed(card))?;
        let place = match of {
            Of::Member(index) => index,
            Of::Composite => account.schemes.len(),
        };
        due.push((place, card));
    }
    Ok(due)
}

/// The cards that the fees give beside the registered ones: of each scheme, then of the composite.
pub(crate) fn given_joint(
    composite: &Scheme,
    schemes: &[&Scheme],
    mut facts: Vec<Facts>,
) -> Result<Vec<Vec<DrawnCard>>, EngineError> {
    let of_composite = facts.pop().unwrap_or_default();
    let account = JointAccount::with(composite, schemes.to_vec(), facts, of_composite);
    let mut given = account.cards_from(account.held())?;
    for cards in &mut given {
        cards.retain(|card| card.computed_to.is_some());
    }
    Ok(given)
}

impl JointAccount<'_> {
    /// The first card, of the schemes and the composite, that is due to become final at `now`: at
    /// its due instant, but never before the last entry.
    fn due(&self, now: Timestamp) -> Option<(Of, FixedCard)> {
        let members = self.runs.members.iter().enumerate();
        let runs = members.map(|(index, run)| (Of::Member(index), run));
        let due = runs
            .chain([(Of::Composite, &self.runs.composite)])
            .flat_map(|(of, run)| run.cards().map(move |card| (of, card)))
            .filter(|(_, card)| !card.fixed)
            .filter_map(|(of, card)| {
                let fixed = FixedCard {
                    completed_by: card.completed_by?,
                    from: card.from,
                    to: card.to,
                    at: final_at(self.scheme(of), card.since?),
                };
                (fixed.at <= now).then_some((of, fixed))
            });
        let (of, first) = due.min_by_key(|(_, card)| card.at)?;
        let at = self.last_at.map_or(first.at, |last| last.max(first.at));
        Some((of, FixedCard { at, ..first }))
    }

    pub(crate) fn write(
        &mut self,
        scheme_id: &str,
        write: &JointWrite,
        now: Timestamp,
    ) -> Result<Vec<(String, LogEntry)>, EngineError> {
        let index = self.index_of(scheme_id)?;
        let of = Of::Member(index);
        let now = self.last_at.map_or(now, |last| last.max(now));
        let mut entries = Vec::new();
        while let Some((of, fixed)) = self.due(now) {
            self.append(&mut entries, of, LogEntry::CardFixed(fixed))?;
        }
        match write {
            JointWrite::Register(proposed) => {
                let sequence = self.facts[index].next_sequence();
                let mut event = fee_event(proposed, sequence, proposed.nominal, now);
                let verdict = self.add(of, &LogEntry::Fee(event.clone()))?;
                let verdict = verdict.ok_or(EngineError::UnknownFee { fee: event.fee })?;
                let scheme = self.schemes[index];
                event.charged = charge(scheme, event.nominal, verdict.entitled, verdict.outcome);
                self.facts[index].set_charged(event.fee, event.charged)?;
                entries.push((scheme_id.to_owned(), LogEntry::Fee(event)));
            }
            JointWrite::Correct(correction) => {
                let correction = Correction {
                    at: now,
                    ..correction.clone()
                };
                self.change(&mut entries, of, LogEntry::Correct(correction))?;
            }
            JointWrite::Card {
                card,
                extend_existing,
            } => {
                let state = self.state()?;
                let (scheme, own) = (self.schemes[index], &state.members[index]);
                check_card(scheme, own, *card, *extend_existing)?;
                let card = RegisteredCard { at: now, ..*card };
                self.append(&mut entries, of, LogEntry::CardRegistered(card))?;
            }
            JointWrite::Cancel(fee) => {
                let (fee, at) = (*fee, now);
                self.change(&mut entries, of, LogEntry::Cancel { fee, at })?;
            }
        }
        Ok(entries)
    }

    fn append(
        &mut self,
        entries: &mut Vec<(String, LogEntry)>,
        of: Of,
        entry: LogEntry,
    ) -> Result<(), EngineError> {
        self.add(of, &entry)?;
        entries.push((self.scheme(of).id().to_owned(), entry));
        Ok(())
    }

    /// Appends an entry that takes something back, and the releases that follow where a scheme
    /// recalculates.
    fn change(
        &mut self,
        entries: &mut Vec<(String, LogEntry)>,
        of: Of,
        entry: LogEntry,
    ) -> Result<(), EngineError> {
        let before = self.cards_of_fees()?;
        let at = entry.at();
        self.append(entries, of, entry)?;
        let after = self.cards_of_fees()?;
        let ofs = (0..self.schemes.len())
            .map(Of::Member)
            .chain([Of::Composite]);
        for (place, of) in ofs.enumerate() {
            if self.scheme(of).on_cancel_final() == CancelFinal::Retain {
                continue;
            }
            let fixed = self.facts_mut(of).fixed().to_vec();
            for card in fixed {
                let given = |cards: &[DrawnCard]| {
                    let mut over = cards.iter().filter(|new| new.overlaps(card.from, card.to));
                    over.next().map(|card| (card.from, card.to))
                };
                if given(&before[place]) != given(&after[place]) {
                    let release = CardRelease {
                        completed_by: card.completed_by,
                        from: card.from,
                        to: card.to,
                        at,
                    };
                    self.append(entries, of, LogEntry::CardReleased(release))?;
                }
            }
        }
        Ok(())
    }

    /// The cards that the fees alone give: of each scheme, then of the composite.
    fn cards_of_fees(&self) -> Result<Vec<Vec<DrawnCard>>, EngineError> {
        self.cards_from(Runs::of(self.schemes.len()))
    }

    fn cards_from(&self, mut runs: Runs) -> Result<Vec<Vec<DrawnCard>>, EngineError> {
        for (index, event) in self.events() {
            self.step(&mut runs, index, event, None)?;
        }
        let mut cards = Vec::with_capacity(self.schemes.len() + 1);
        for (run, scheme) in runs.members.iter_mut().zip(&self.schemes) {
            run.finish(scheme)?;
            cards.push(std::mem::take(&mut run.ended));
        }
        runs.composite.finish(self.composite)?;
        cards.push(runs.composite.ended);
        Ok(cards)
    }
}
