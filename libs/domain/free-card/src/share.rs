//! Who shares an account with whom, and the log that they share.

use std::collections::{BTreeMap, BTreeSet};

use hjm_ids::RecipientId;
use jiff::Timestamp;

use crate::error::EngineError;
use crate::group::unite;
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
    let persons = sharing_with(shares, person);
    let alone = |person: &RecipientId| {
        let log = logs.get(person).map(|log| log.to_vec());
        (BTreeSet::from([*person]), log.unwrap_or_default())
    };
    let mut groups: Vec<(BTreeSet<RecipientId>, Vec<LogEntry>)> =
        persons.iter().map(alone).collect();
    let mut shares: Vec<&Share> = shares.iter().collect();
    shares.sort();
    for share in shares {
        let is_in = |group: &mut (BTreeSet<RecipientId>, Vec<LogEntry>)| {
            share.persons.iter().any(|person| group.0.contains(person))
        };
        let together: Vec<_> = groups.extract_if(.., is_in).collect();
        let [_, _, ..] = together[..] else {
            groups.extend(together);
            continue;
        };
        let logs: Vec<&[LogEntry]> = together.iter().map(|(_, log)| log.as_slice()).collect();
        let united = unite(scheme, &logs, share.at)?;
        let persons = together.into_iter().flat_map(|(persons, _)| persons);
        groups.push((persons.collect(), united));
    }
    let mut of_person = groups.into_iter().filter(|(all, _)| all.contains(&person));
    Ok(of_person.next().map(|(_, log)| log).unwrap_or_default())
}
