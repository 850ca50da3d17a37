//! A composite and the schemes it reads, side by side (D-14): one person's fees in several areas,
//! and a card over all of them. The composite reads and never writes: each fee stays in the log of
//! its own scheme, whose card keeps its own dates.

use std::collections::BTreeSet;

use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::EngineError;
use crate::log::{Correction, FeeEvent, LogEntry, RegisteredCard, merged};
use crate::operations::Quote;
use crate::person::ProposedFee;
use crate::place::Place;
use crate::replay::{Facts, assessed, known_since, public_card};
use crate::run::{Outer, Run, Verdict};
use crate::scheme::{Limit, Scheme};
use crate::state::{AccountState, AssessedFee};
use crate::status::status_on;

/// One person's logs in a composite and in the schemes it reads.
#[derive(Clone, Debug)]
pub struct Joint<'a> {
    /// The composite.
    pub composite: &'a Scheme,
    /// What became of its cards: entries of cards only.
    pub composite_log: &'a [LogEntry],
    /// The schemes it reads, each with the person's log there.
    pub members: Vec<(&'a Scheme, &'a [LogEntry])>,
}

/// What the logs add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointState {
    /// Of each scheme that is read, in the order given.
    pub members: Vec<AccountState>,
    /// Of the composite: the fees that count in it, and its cards.
    pub composite: AccountState,
}

/// What writing to one of the logs comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointRegistration {
    /// What to append, in this order: the scheme's id, the composite's included, and the entry.
    pub entries: Vec<(String, LogEntry)>,
    /// The state after them.
    pub state: JointState,
}

/// What is written to one of the schemes that a composite reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JointWrite {
    /// A fee is registered.
    Register(ProposedFee),
    /// A fee is corrected; the entry gets the instant of the writing.
    Correct(Correction),
    /// A fee is cancelled.
    Cancel(FeeId),
    /// A card without fees is registered (D-16, D-38); the entry gets the instant of the writing.
    Card {
        /// The card.
        card: RegisteredCard,
        /// Whether its scheme may have a card on any of its days.
        extend_existing: bool,
    },
}

/// The state that the logs give together. A composite's card covers the fees of every scheme it
/// reads on their dates, and its ceiling cuts the fee that reaches it; a day on which it does not
/// read a scheme is left to the scheme alone. The work grows as that of [`replay`](crate::replay).
///
/// # Errors
/// As [`replay`](crate::replay), also where the composite lacks a ceiling (D-27).
pub fn replay_joint(joint: &Joint<'_>) -> Result<JointState, EngineError> {
    JointAccount::of(joint)?.state()
}

/// The entries that a writing at `now` comes to, in the schemes and the composite: the cards that
/// became final before it, then the entry, then what the scheme lets follow.
///
/// # Errors
/// [`EngineError::SchemeNotRead`]; the rest as [`register`](crate::register),
/// [`correct`](crate::correct), [`cancel`](crate::cancel) and
/// [`register_card`](crate::register_card).
pub fn write_joint(
    joint: &Joint<'_>,
    scheme_id: &str,
    write: &JointWrite,
    now: Timestamp,
) -> Result<JointRegistration, EngineError> {
    let mut account = JointAccount::of(joint)?;
    let entries = account.write(scheme_id, write, now)?;
    let state = account.state()?;
    Ok(JointRegistration { entries, state })
}

/// What fees would cost, were they registered at `now` in the order given, each with its scheme's
/// id. Changes nothing; the status is that of the fee's own scheme.
///
/// # Errors
/// As [`write_joint`].
pub fn quote_joint(
    joint: &Joint<'_>,
    fees: &[(String, ProposedFee)],
    now: Timestamp,
) -> Result<Vec<Quote>, EngineError> {
    let mut account = JointAccount::of(joint)?;
    let mut quotes = Vec::with_capacity(fees.len());
    for (scheme_id, proposed) in fees {
        let index = account.index_of(scheme_id)?;
        account.write(scheme_id, &JointWrite::Register(proposed.clone()), now)?;
        let state = account.state()?;
        let (scheme, fee) = (account.schemes[index], proposed.fee);
        let told = state.members[index].fee(fee).cloned();
        quotes.push(Quote {
            fee: told.ok_or(EngineError::UnknownFee { fee })?,
            status: status_on(scheme, &state.members[index], proposed.on, now)?,
            coming_limit: scheme.coming_limit(proposed.on),
        });
    }
    Ok(quotes)
}

/// Who an entry is of: a scheme that is read, or the composite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Member(usize),
    Composite,
}

/// All runs on their way through event order together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    pub(crate) members: Vec<Run>,
    pub(crate) composite: Run,
}

impl Runs {
    pub(crate) fn of(members: usize) -> Self {
        Self {
            members: vec![Run::default(); members],
            composite: Run::default(),
        }
    }
}

pub(crate) struct JointAccount<'a> {
    pub(crate) composite: &'a Scheme,
    pub(crate) schemes: Vec<&'a Scheme>,
    pub(crate) facts: Vec<Facts>,
    pub(crate) composite_facts: Facts,
    pub(crate) runs: Runs,
    pub(crate) last: Option<Place>,
    pub(crate) last_at: Option<Timestamp>,
}

impl<'a> JointAccount<'a> {
    /// With what the logs of the schemes and of the composite say, and nothing drawn from it.
    pub(crate) fn with(
        composite: &'a Scheme,
        schemes: Vec<&'a Scheme>,
        facts: Vec<Facts>,
        composite_facts: Facts,
    ) -> Self {
        let runs = Runs::of(schemes.len());
        Self {
            composite,
            schemes,
            facts,
            composite_facts,
            runs,
            last: None,
            last_at: None,
        }
    }

    pub(crate) fn of(joint: &Joint<'a>) -> Result<Self, EngineError> {
        let schemes: Vec<&Scheme> = joint.members.iter().map(|(scheme, _)| *scheme).collect();
        let facts = vec![Facts::default(); schemes.len()];
        let mut account = Self::with(joint.composite, schemes, facts, Facts::default());
        for scheme in &account.schemes {
            if !joint.composite.reads().any(|read| read == scheme.id()) {
                let scheme = scheme.id().to_owned();
                return Err(EngineError::SchemeNotRead { scheme });
            }
        }
        let logs = joint.members.iter().map(|(_, log)| *log).enumerate();
        let logs = logs.map(|(index, log)| (Of::Member(index), log));
        for (of, entry) in merged(logs.chain([(Of::Composite, joint.composite_log)])) {
            account.add(of, entry)?;
        }
        Ok(account)
    }

    pub(crate) fn index_of(&self, scheme_id: &str) -> Result<usize, EngineError> {
        let index = self
            .schemes
            .iter()
            .position(|scheme| scheme.id() == scheme_id);
        index.ok_or_else(|| EngineError::SchemeNotRead {
            scheme: scheme_id.to_owned(),
        })
    }

    pub(crate) fn scheme(&self, of: Of) -> &'a Scheme {
        match of {
            Of::Member(index) => self.schemes[index],
            Of::Composite => self.composite,
        }
    }

    pub(crate) fn facts_mut(&mut self, of: Of) -> &mut Facts {
        match of {
            Of::Member(index) => &mut self.facts[index],
            Of::Composite => &mut self.composite_facts,
        }
    }

    fn run_mut(&mut self, of: Of) -> &mut Run {
        match of {
            Of::Member(index) => &mut self.runs.members[index],
            Of::Composite => &mut self.runs.composite,
        }
    }

    /// Takes in one more entry, and answers what a fee should cost.
    pub(crate) fn add(&mut self, of: Of, entry: &LogEntry) -> Result<Option<Verdict>, EngineError> {
        self.facts_mut(of).take(entry)?;
        self.last_at = self.last_at.max(Some(entry.at()));
        match (of, entry) {
            (Of::Member(index), LogEntry::Fee(event))
                if self.last.is_none_or(|last| last < event.place()) =>
            {
                let mut runs = std::mem::take(&mut self.runs);
                let verdict = self.step(&mut runs, index, event, None)?;
                for run in runs.members.iter_mut().chain([&mut runs.composite]) {
                    if let Some(card) = &mut run.card {
                        card.since = card.since.or(Some(entry.at()));
                    }
                }
                self.runs = runs;
                self.last = Some(event.place());
                Ok(Some(verdict))
            }
            (_, LogEntry::CardFixed(card)) => {
                let fixed = self.run_mut(of).fix(card.completed_by, card.from, card.to);
                if fixed { Ok(None) } else { self.redraw(entry) }
            }
            _ => self.redraw(entry),
        }
    }

    fn redraw(&mut self, entry: &LogEntry) -> Result<Option<Verdict>, EngineError> {
        let mut runs = self.held();
        let mut asked = None;
        for (index, event) in self.events() {
            let verdict = self.step(&mut runs, index, event, None)?;
            if matches!(entry, LogEntry::Fee(new) if new.fee == event.fee) {
                asked = Some(verdict);
            }
        }
        self.last = self.events().last().map(|(_, event)| event.place());
        // As in one scheme's account: what is not final when logs are joined is preliminary anew.
        let joined = matches!(entry, LogEntry::Joined { .. });
        let old = self.runs.members.iter().chain([&self.runs.composite]);
        for (run, old) in runs
            .members
            .iter_mut()
            .chain([&mut runs.composite])
            .zip(old)
        {
            for card in run.cards_mut() {
                let known = (!joined).then(|| known_since(old, card)).flatten();
                card.since = Some(known.unwrap_or(entry.at()));
            }
        }
        self.runs = runs;
        Ok(asked)
    }

    /// The runs before any fee, with everything that is held.
    pub(crate) fn held(&self) -> Runs {
        let place = |fee| self.facts.iter().find_map(|facts| facts.place(fee));
        Runs {
            members: self.facts.iter().map(Facts::run).collect(),
            composite: self.composite_facts.run_of(place),
        }
    }

    /// All fees in event order, each with its scheme's index.
    pub(crate) fn events(&self) -> impl Iterator<Item = (usize, &FeeEvent)> {
        let of_all = self.facts.iter().enumerate();
        let mut events: Vec<(usize, &FeeEvent)> = of_all
            .flat_map(|(index, facts)| facts.fees().map(move |event| (index, event)))
            .collect();
        events.sort_by_key(|(_, event)| event.place());
        events.into_iter()
    }

    /// One more fee, later than all before it; told to `tell` with what it is measured against.
    pub(crate) fn step(
        &self,
        runs: &mut Runs,
        index: usize,
        event: &FeeEvent,
        tell: Option<&mut Vec<AssessedFee>>,
    ) -> Result<Verdict, EngineError> {
        let (scheme, place) = (self.schemes[index], event.place());
        let area = u16::try_from(index).unwrap_or(u16::MAX);
        let Runs { members, composite } = runs;
        members[index].arrive(scheme, place)?;
        composite.arrive(self.composite, place)?;
        let read = self.reads(index, event.on);
        let limit = read.then(|| self.composite.limit(event.on)).transpose();
        let ceiling = limit.as_ref().ok().copied().flatten();
        let ceiling = ceiling.and_then(Limit::ceiling);
        let mut areas: BTreeSet<u16> = composite.counted().map(|fee| fee.area).collect();
        if !event.nominal.is_zero() {
            areas.insert(area);
        }
        let enough = areas.len() >= usize::from(self.composite.areas_min());
        let left = ceiling.filter(|_| enough).map(|ceiling| {
            let left = ceiling.checked_sub(composite.sum())?;
            Ok::<_, EngineError>(left.max(Money::ZERO))
        });
        let card = composite.card.as_ref().map(|card| (card.from, card.to));
        let outer = Outer {
            card: card.filter(|_| read),
            left: left.transpose()?,
        };
        let basis = members[index].basis();
        let verdict = members[index].decide(scheme, event, 0, outer)?;
        // As a scheme itself refuses: what counts, also where a card covers it (D-27).
        if verdict.limit.is_some() {
            limit?;
        }
        if let (Some(ceiling), true) = (ceiling, verdict.outcome.is_measured()) {
            composite.read(self.composite, event, verdict.entitled, area)?;
            let limit = Limit::Sum(ceiling);
            if enough && composite.reached(limit) {
                composite.complete(self.composite, event, limit);
            }
        }
        composite.open_through(self.composite, place)?;
        if let Some(tell) = tell {
            tell.push(assessed(event, verdict, basis)?);
        }
        Ok(verdict)
    }

    /// Whether the composite reads a scheme on a date.
    fn reads(&self, index: usize, on: Date) -> bool {
        let mut days = self.composite.reads_when(self.schemes[index].id());
        days.any(|days| days.contains(on))
    }

    pub(crate) fn state(&self) -> Result<JointState, EngineError> {
        let mut runs = self.held();
        let mut members: Vec<AccountState> = vec![AccountState::default(); self.schemes.len()];
        let mut composite = AccountState::default();
        for (index, event) in self.events() {
            self.step(&mut runs, index, event, Some(&mut members[index].fees))?;
            let counted = members[index].fees.last();
            let counted = counted.filter(|fee| fee.counted() && self.reads(index, fee.on));
            composite.fees.extend(counted.cloned());
        }
        for (index, state) in members.iter_mut().enumerate() {
            state.fees.extend(self.facts[index].cancelled());
            state.fees.sort_by_key(|fee| fee.place);
            let (scheme, old) = (self.schemes[index], &self.runs.members[index]);
            draw(scheme, &mut runs.members[index], old, state)?;
        }
        draw(
            self.composite,
            &mut runs.composite,
            &self.runs.composite,
            &mut composite,
        )?;
        Ok(JointState { members, composite })
    }
}

fn draw(
    scheme: &Scheme,
    run: &mut Run,
    old: &Run,
    state: &mut AccountState,
) -> Result<(), EngineError> {
    run.finish(scheme)?;
    for card in run.ended.drain(..) {
        let since = known_since(old, &card);
        state.cards.push(public_card(scheme, card, since)?);
    }
    Ok(())
}
