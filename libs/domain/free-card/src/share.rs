//! Who shares an account with whom, and the log that they share.

use std::collections::{BTreeMap, BTreeSet};

use hjm_ids::RecipientId;
use jiff::Timestamp;

use crate::error::EngineError;
use crate::group::{unite, unite_joint};
use crate::log::LogEntry;
use crate::scheme::Scheme;

/// Persons who share their accounts since an instant: two linked identities, or those of a pool who
/// had joined by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Since when.
    pub at: Timestamp,
    /// Who.
    pub persons: Vec<RecipientId>,
}

/// Everybody who shares with a person, itself and those it shares with through others included.
pub fn sharing_with(shares: &[Share], person: RecipientId) -> BTreeSet<RecipientId> {
    let mut all = BTreeSet::from([person]);
    loop {
        let before = all.len();
        for share in shares {
            if share.persons.iter().any(|one| all.contains(one)) {
                all.extend(&share.persons);
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

/// The log of the account that a person shares under `shares`, whose own logs are `logs`: in order
/// of the shares' instants, each makes one log of those of everybody in it ([`unite`]). A person
/// without a log has nothing in it.
///
/// # Errors
/// As [`replay`](crate::replay).
pub fn shared_log(
    scheme: &Scheme,
    logs: &BTreeMap<RecipientId, &[LogEntry]>,
    shares: &[Share],
    person: RecipientId,
) -> Result<Vec<LogEntry>, EngineError> {
    let alone = |person: RecipientId| {
        let log = logs.get(&person).map(|log| log.to_vec());
        log.unwrap_or_default()
    };
    let unite = |logs: &[Vec<LogEntry>], at| {
        let logs: Vec<&[LogEntry]> = logs.iter().map(Vec::as_slice).collect();
        unite(scheme, &logs, at)
    };
    shared(shares, person, alone, unite)
}

/// As [`shared_log`], in all schemes that a composite reads at once ([`unite_joint`]): the persons'
/// own logs in those schemes, in their order, and last in the composite.
///
/// # Errors
/// As [`replay_joint`](crate::replay_joint).
pub fn shared_logs(
    composite: &Scheme,
    schemes: &[&Scheme],
    logs: &[BTreeMap<RecipientId, &[LogEntry]>],
    shares: &[Share],
    person: RecipientId,
) -> Result<Vec<Vec<LogEntry>>, EngineError> {
    let alone = |person: RecipientId| {
        let own = logs.iter().map(|logs| logs.get(&person));
        own.map(|log| log.map(|log| log.to_vec()).unwrap_or_default())
            .collect()
    };
    let unite = |logs: &[Vec<Vec<LogEntry>>], at| unite_joint(composite, schemes, logs, at);
    shared(shares, person, alone, unite)
}

/// What a person shares: of each `alone`, united in order of the shares' instants.
fn shared<T: Default>(
    shares: &[Share],
    person: RecipientId,
    alone: impl Fn(RecipientId) -> T,
    unite: impl Fn(&[T], Timestamp) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let persons = sharing_with(shares, person).into_iter();
    let groups = persons.map(|person| (BTreeSet::from([person]), alone(person)));
    let mut groups: Vec<(BTreeSet<RecipientId>, T)> = groups.collect();
    let mut shares: Vec<&Share> = shares.iter().collect();
    shares.sort();
    for share in shares {
        let is_in = |group: &mut (BTreeSet<RecipientId>, T)| {
            share.persons.iter().any(|person| group.0.contains(person))
        };
        let together: Vec<_> = groups.extract_if(.., is_in).collect();
        let [_, _, ..] = together[..] else {
            groups.extend(together);
            continue;
        };
        let (persons, logs): (Vec<_>, Vec<T>) = together.into_iter().unzip();
        let united = unite(&logs, share.at)?;
        groups.push((persons.into_iter().flatten().collect(), united));
    }
    let mut of_person = groups.into_iter().filter(|(all, _)| all.contains(&person));
    Ok(of_person.next().map(|(_, log)| log).unwrap_or_default())
}
