//! Several persons as one account: children of a household, and identities of one person
//! (D-17 to D-20). Each keeps a log of its own; what they share is a reading of all of them.

use hjm_ids::{IdentityKind, birthday};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::error::EngineError;
use crate::joint::Joint;
use crate::joint_write::{due_joint, given_joint};
use crate::log::{CardReason, FixedCard, LogEntry, RegisteredCard, known_at, merged};
use crate::replay::{Account, Facts};
use crate::run::{DrawnCard, Outer};
use crate::scheme::Scheme;
use crate::state::{AccountState, CardStanding};
use crate::status::status_on;

/// From this age a person is an adult.
const ADULT_AGE: u16 = 18;

/// Why persons are not to share an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// A pool is of children: the person is 18 when its period begins (D-17, W17).
    #[error("a pool is of children, and the person is 18 on {on}")]
    AdultInPool {
        /// The first day of the pool's period.
        on: Date,
    },
    /// Two adults with personal numbers are two persons (D-19, W18).
    #[error("two adult personal numbers are two persons")]
    TwoAdults,
}

impl GroupRefusal {
    /// The stable reason code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AdultInPool { .. } => "POOL_ADULT",
            Self::TwoAdults => "TWO_ADULTS",
        }
    }
}

/// An identity that is to be linked with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The register its number is of.
    pub kind: IdentityKind,
    /// The date of birth, where it is known; who has none counts as an adult.
    pub born_on: Option<Date>,
}

impl Identity {
    fn is_adult_person(self, on: Date) -> bool {
        let adult = |born_on| birthday(born_on, ADULT_AGE) <= on;
        self.kind == IdentityKind::Personal && self.born_on.is_none_or(adult)
    }
}

/// Whether a person may be in a pool whose period begins on `from` (D-17). Who turns 18 later
/// stays until [`leaves_pool_on`].
///
/// # Errors
/// [`GroupRefusal::AdultInPool`].
pub fn check_pool_member(born_on: Date, from: Date) -> Result<(), GroupRefusal> {
    if birthday(born_on, ADULT_AGE) <= from {
        Err(GroupRefusal::AdultInPool { on: from })
    } else {
        Ok(())
    }
}

/// Whether two identities may be linked as one person's on the day `on` (D-19).
///
/// # Errors
/// [`GroupRefusal::TwoAdults`].
pub fn check_link(one: Identity, other: Identity, on: Date) -> Result<(), GroupRefusal> {
    if one.is_adult_person(on) && other.is_adult_person(on) {
        Err(GroupRefusal::TwoAdults)
    } else {
        Ok(())
    }
}

/// The last day of birth of who is an adult on a day.
pub fn adults_born_by(on: Date) -> Date {
    let years = Span::new().years(ADULT_AGE);
    on.checked_sub(years).unwrap_or(Date::MIN)
}

/// The first day on which who turns 18 is no longer in the pool: the day after the period that
/// runs on the birthday, its card included; the birthday itself where none does (D-17, R3).
///
/// # Errors
/// As [`status_on`].
pub fn leaves_pool_on(
    scheme: &Scheme,
    state: &AccountState,
    born_on: Date,
) -> Result<Date, EngineError> {
    let adult_on = birthday(born_on, ADULT_AGE);
    let status = status_on(scheme, state, adult_on, Timestamp::MIN)?;
    let last = match (&status.card, status.period_start) {
        (Some(card), _) => card.to,
        (None, Some(start)) => scheme.last_day(start),
        (None, None) => return Ok(adult_on),
    };
    Ok(last.tomorrow().unwrap_or(last))
}

/// The log of the account that several persons share from the instant `at`: the union of their
/// logs, each in stored order. Where a pool grows, unite the united log with the newcomer's; what
/// the account's own entries are is up to whose log they are stored in.
///
/// The cards of the union are those that all fees together give (D-20): a card that one of them
/// had as final and that the union gives otherwise keeps its standing and gets the union's days,
/// since what was paid too much is refunded. A final card that the union's fees do not give stays
/// as it is. A card that is not final yet is preliminary anew from `at`.
///
/// # Errors
/// As [`replay`](crate::replay).
pub fn unite(
    scheme: &Scheme,
    logs: &[&[LogEntry]],
    at: Timestamp,
) -> Result<Vec<LogEntry>, EngineError> {
    let mut joining = Joining::of(logs, at)?;
    joining.due = due(scheme, logs, at)?;
    let given = given(scheme, &joining.facts)?;
    Ok(joining.united(&given))
}

/// As [`unite`], in all schemes that a composite reads at once: of each who is joined the logs in
/// those schemes, in their order, and then the log in the composite. A fee that the composite's
/// card covers builds no card of its own scheme (D-14).
///
/// # Errors
/// As [`replay_joint`](crate::replay_joint).
pub fn unite_joint(
    composite: &Scheme,
    schemes: &[&Scheme],
    joined: &[Vec<Vec<LogEntry>>],
    at: Timestamp,
) -> Result<Vec<Vec<LogEntry>>, EngineError> {
    let of_place = |place: usize| {
        let logs = joined.iter().filter_map(|logs| logs.get(place));
        logs.map(Vec::as_slice).collect::<Vec<_>>()
    };
    let places = 0..=schemes.len();
    let all = places.map(|place| Joining::of(&of_place(place), at));
    let mut all = all.collect::<Result<Vec<_>, _>>()?;
    for logs in joined {
        let mut known = logs.iter().map(|log| known_at(log, at));
        let members = schemes.iter().copied().zip(known.by_ref()).collect();
        let joint = Joint {
            composite,
            composite_log: known.next().unwrap_or_default(),
            members,
        };
        for (place, card) in due_joint(&joint, at)? {
            all[place].due.push(card);
        }
    }
    let facts = all.iter().map(|joining| joining.facts.clone()).collect();
    let given = given_joint(composite, schemes, facts)?;
    let united = all.into_iter().zip(&given);
    Ok(united
        .map(|(joining, given)| joining.united(given))
        .collect())
}

/// Logs of one scheme that are being joined.
struct Joining {
    at: Timestamp,
    before: Vec<LogEntry>,
    after: Vec<LogEntry>,
    /// What was there before, but for the cards that were final.
    facts: Facts,
    fixed: Vec<FixedCard>,
    /// Cards that are due to become final when the logs are joined.
    due: Vec<FixedCard>,
}

impl Joining {
    fn of(logs: &[&[LogEntry]], at: Timestamp) -> Result<Self, EngineError> {
        let all = merged(logs.iter().map(|log| ((), *log))).into_iter();
        let mut before: Vec<LogEntry> = all.map(|((), entry)| entry.clone()).collect();
        let after = before.split_off(known_at(&before, at).len());
        let mut facts = Facts::default();
        for entry in &before {
            facts.take(entry)?;
        }
        Ok(Self {
            at,
            before,
            after,
            fixed: facts.take_fixed(),
            facts,
            due: Vec::new(),
        })
    }

    /// The log that is shared, in which the fees give the cards `given`.
    fn united(self, given: &[DrawnCard]) -> Vec<LogEntry> {
        let Self { at, due, .. } = self;
        let fixed = [self.fixed, due.clone()].concat();
        let is_given = |card: &FixedCard| given.iter().any(|new| new.overlaps(card.from, card.to));
        let before = self.before.into_iter();
        let mut united: Vec<LogEntry> = before
            .filter(|entry| match entry {
                LogEntry::CardFixed(card) => fixed.contains(card) && !is_given(card),
                LogEntry::CardReleased(_) => false,
                LogEntry::Fee(_)
                | LogEntry::Correct(_)
                | LogEntry::Cancel { .. }
                | LogEntry::CardRegistered(_)
                | LogEntry::Joined { .. } => true,
            })
            .collect();
        let stay = due.into_iter().filter(|card| !is_given(card));
        united.extend(stay.map(LogEntry::CardFixed));
        united.push(LogEntry::Joined { at });
        for card in given {
            let was_final = fixed.iter().any(|old| card.overlaps(old.from, old.to));
            if let (true, Some(completed_by), Some(to)) =
                (was_final, card.completed_by, card.computed_to)
            {
                let from = card.from;
                united.push(LogEntry::CardFixed(FixedCard {
                    completed_by,
                    from,
                    to,
                    at,
                }));
            }
        }
        united.extend(self.after);
        united
    }
}

/// The cards that are due to become final when the logs are joined, each in its own: a joining is
/// an event of the account (decisions 32).
fn due(
    scheme: &Scheme,
    logs: &[&[LogEntry]],
    at: Timestamp,
) -> Result<Vec<FixedCard>, EngineError> {
    let mut due = Vec::new();
    for log in logs {
        let mut account = Account::of(scheme, known_at(log, at))?;
        while let Some(card) = account.live.due(scheme, at) {
            account.add(scheme, &LogEntry::CardFixed(card))?;
            due.push(card);
        }
    }
    Ok(due)
}

/// The cards that the fees give beside the registered ones.
fn given(scheme: &Scheme, facts: &Facts) -> Result<Vec<DrawnCard>, EngineError> {
    let mut run = facts.run();
    for event in facts.fees() {
        run.step(scheme, event, Outer::default())?;
    }
    run.finish(scheme)?;
    run.ended.retain(|card| card.computed_to.is_some());
    Ok(run.ended)
}

/// What who leaves a pool at `at` takes along, to be appended to the log of each member: every card
/// that is final by then (D-18, W19). One that has ended is kept too: what it covered stays covered.
///
/// # Errors
/// As [`replay`](crate::replay).
pub fn kept_cards(
    scheme: &Scheme,
    united: &[LogEntry],
    at: Timestamp,
) -> Result<Vec<RegisteredCard>, EngineError> {
    let state = Account::of(scheme, united)?.state(scheme)?;
    let mut kept = Vec::new();
    for card in &state.cards {
        let is_final = match card.standing {
            CardStanding::Preliminary { final_at } => final_at <= at,
            CardStanding::Final | CardStanding::Retained => true,
            CardStanding::Imported | CardStanding::Registered => false,
        };
        let by = card.completed_by.and_then(|fee| state.fee(fee));
        if let (true, Some(fee)) = (is_final, by) {
            kept.push(RegisteredCard {
                from: card.from,
                to: card.to,
                reason: CardReason::Kept {
                    after: fee.place,
                    entitled: fee.entitled,
                },
                at,
            });
        }
    }
    Ok(kept)
}
