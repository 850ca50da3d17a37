//! What a list of codes and mappings does to those that are stored.

use std::collections::BTreeMap;

use hjm_policy::Validity;
use jiff::civil::Date;

use crate::classification::{EditionCode, IsoMapping};

/// What a code is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsoTitles {
    /// In Swedish.
    pub sv: String,
    /// In English; empty where the national level has none.
    pub en: String,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsoEntry {
    /// A code.
    Code(EditionCode, IsoTitles),
    /// A mapping.
    Mapping(IsoMapping),
}

/// A line of a list, read: its fields are well-formed each by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsoLine {
    /// What it says.
    pub entry: IsoEntry,
    /// When it holds.
    pub validity: Validity,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsoLineOutcome {
    /// It is new.
    Added,
    /// It changes what is stored from the same first day.
    Changed,
    /// It is stored as it is.
    Unchanged,
    /// It is broken: the field, and why.
    Refused(&'static str, String),
}

/// The versions of a code, or of a mapping: by first day the end and what it is called.
type Versions<T> = BTreeMap<Date, (Option<Date>, T)>;

/// What a line says of one code or mapping, by its place in the list.
type Said<T> = (usize, Validity, T);

/// The codes and mappings of a tenant, every version by its first day.
#[derive(Clone, Debug, Default)]
pub struct Classification {
    codes: BTreeMap<EditionCode, Versions<IsoTitles>>,
    mappings: BTreeMap<IsoMapping, Versions<()>>,
}

impl Classification {
    /// Adds a version that is stored.
    pub fn insert(&mut self, line: IsoLine) {
        let (from, to) = (line.validity.valid_from, line.validity.valid_to);
        match line.entry {
            IsoEntry::Code(code, titles) => {
                self.codes
                    .entry(code)
                    .or_default()
                    .insert(from, (to, titles));
            }
            IsoEntry::Mapping(mapping) => {
                self.mappings
                    .entry(mapping)
                    .or_default()
                    .insert(from, (to, ()));
            }
        }
    }

    /// Whether the edition has the code on a day.
    pub fn knows(&self, code: &EditionCode, on: Date) -> bool {
        self.codes
            .get(code)
            .is_some_and(|versions| holds(versions, on))
    }

    /// Takes a list in: what becomes of each line, in the list's order. What is refused changes
    /// nothing here, and what lies under it, or is mapped to it, is refused with it.
    ///
    /// Codes are taken from the class down, then mappings; of two lines that cannot both be, the
    /// first is taken.
    pub fn take(&mut self, lines: &[IsoLine]) -> Vec<IsoLineOutcome> {
        let mut codes: BTreeMap<(usize, &EditionCode), Vec<Said<IsoTitles>>> = BTreeMap::new();
        let mut mappings: BTreeMap<&IsoMapping, Vec<Said<()>>> = BTreeMap::new();
        for (place, line) in lines.iter().enumerate() {
            match &line.entry {
                IsoEntry::Code(code, titles) => {
                    let group = codes.entry((code.code.digits(), code)).or_default();
                    group.push((place, line.validity, titles.clone()));
                }
                IsoEntry::Mapping(mapping) => {
                    let group = mappings.entry(mapping).or_default();
                    group.push((place, line.validity, ()));
                }
            }
        }
        let mut outcomes = vec![IsoLineOutcome::Unchanged; lines.len()];
        for ((_, code), said) in codes {
            self.take_code(code, said, &mut outcomes);
        }
        for (mapping, said) in mappings {
            self.take_mapping(mapping, said, &mut outcomes);
        }
        outcomes
    }

    fn take_code(
        &mut self,
        code: &EditionCode,
        said: Vec<Said<IsoTitles>>,
        outcomes: &mut [IsoLineOutcome],
    ) {
        let parent = code.code.parent().map(|above| EditionCode {
            edition: code.edition,
            code: above,
        });
        let known = |on| parent.as_ref().is_none_or(|parent| self.knows(parent, on));
        let (said, orphans): (Vec<_>, Vec<_>) =
            said.into_iter().partition(|said| known(said.1.valid_from));
        for (place, validity, _) in orphans {
            let missing = parent.as_ref().unwrap_or(code);
            outcomes[place] = refused("code", unknown(missing, validity.valid_from));
        }
        let stored = self.codes.get(code).cloned().unwrap_or_default();
        let lost = |taken: &Versions<IsoTitles>| self.lost(code, &stored, taken);
        let taken = overlay(&stored, said, lost, outcomes);
        if !taken.is_empty() {
            self.codes.insert(code.clone(), taken);
        }
    }

    fn take_mapping(
        &mut self,
        mapping: &IsoMapping,
        said: Vec<Said<()>>,
        outcomes: &mut [IsoLineOutcome],
    ) {
        let mut good = Vec::new();
        for said in said {
            let (place, from) = (said.0, said.1.valid_from);
            let ends = [("code", &mapping.from), ("to_code", &mapping.to)];
            match ends.into_iter().find(|(_, end)| !self.knows(end, from)) {
                Some((field, end)) => outcomes[place] = refused(field, unknown(end, from)),
                None => good.push(said),
            }
        }
        let stored = self.mappings.get(mapping).cloned().unwrap_or_default();
        let taken = overlay(&stored, good, |_| None, outcomes);
        if !taken.is_empty() {
            self.mappings.insert(mapping.clone(), taken);
        }
    }

    /// A first day of what lies under the code, or is mapped, that its stored versions have and
    /// the new ones have not.
    fn lost(
        &self,
        code: &EditionCode,
        stored: &Versions<IsoTitles>,
        taken: &Versions<IsoTitles>,
    ) -> Option<Date> {
        let ends = |versions: &Versions<IsoTitles>| -> Vec<_> {
            versions
                .iter()
                .map(|(from, (to, _))| (*from, *to))
                .collect()
        };
        if ends(stored) == ends(taken) {
            return None;
        }
        let is_under = |other: &EditionCode| {
            other.edition == code.edition && other.code.parent().as_ref() == Some(&code.code)
        };
        let under = self.codes.iter().filter(|(other, _)| is_under(other));
        let under = under.flat_map(|(_, versions)| versions.keys());
        let tied = |mapping: &IsoMapping| mapping.from == *code || mapping.to == *code;
        let mapped = self.mappings.iter().filter(|(mapping, _)| tied(mapping));
        let mapped = mapped.flat_map(|(_, versions)| versions.keys());
        let mut days = under.chain(mapped).copied();
        days.find(|day| holds(stored, *day) && !holds(taken, *day))
    }
}

/// Puts what lines say over what is stored, and tells what becomes of each.
fn overlay<T: Clone + PartialEq>(
    stored: &Versions<T>,
    said: Vec<Said<T>>,
    lost: impl Fn(&Versions<T>) -> Option<Date>,
    outcomes: &mut [IsoLineOutcome],
) -> Versions<T> {
    let mut left: Vec<Said<T>> = Vec::with_capacity(said.len());
    for line in said {
        let same_day = |other: &Said<T>| other.1.valid_from == line.1.valid_from;
        if left.iter().any(same_day) {
            let text = "an earlier line says the same from this day".to_owned();
            outcomes[line.0] = refused("valid_from", text);
        } else {
            left.push(line);
        }
    }
    // Each turn takes one line away, or is the last.
    loop {
        let mut taken = stored.clone();
        for (_, validity, what) in &left {
            taken.insert(validity.valid_from, (validity.valid_to, what.clone()));
        }
        let (at, outcome) = if let Some((at, other)) = overlapping(&taken, &left) {
            (
                at,
                refused("valid_from", format!("overlaps the one from {other}")),
            )
        } else if let Some((at, day)) = lost(&taken).and_then(|day| shortening(stored, &left, day))
        {
            let text = format!("something lies under it, or is mapped, from {day}");
            (at, refused("valid_to", text))
        } else {
            for (place, validity, what) in &left {
                let said = (validity.valid_to, what.clone());
                outcomes[*place] = match stored.get(&validity.valid_from) {
                    None => IsoLineOutcome::Added,
                    Some(stored) if *stored == said => IsoLineOutcome::Unchanged,
                    Some(_) => IsoLineOutcome::Changed,
                };
            }
            return taken;
        };
        let (place, _, _) = left.remove(at);
        outcomes[place] = outcome;
    }
}

/// The last line that holds on some day of another version, and that one's first day.
fn overlapping<T>(taken: &Versions<T>, left: &[Said<T>]) -> Option<(usize, Date)> {
    left.iter()
        .enumerate()
        .rev()
        .find_map(|(at, (_, validity, _))| {
            let mut others = taken
                .iter()
                .filter(|(from, _)| **from != validity.valid_from);
            let other = others.find(|(from, (to, _))| valid(**from, *to).overlaps(validity));
            other.map(|(from, _)| (at, *from))
        })
}

/// The line by which a stored version no longer holds on a day.
fn shortening<T>(stored: &Versions<T>, left: &[Said<T>], day: Date) -> Option<(usize, Date)> {
    let at = left.iter().rposition(|(_, validity, _)| {
        let old = stored.get(&validity.valid_from);
        old.is_some_and(|(to, _)| valid(validity.valid_from, *to).contains(day))
    });
    at.map(|at| (at, day))
}

fn holds<T>(versions: &Versions<T>, on: Date) -> bool {
    let mut versions = versions.iter();
    versions.any(|(from, (to, _))| valid(*from, *to).contains(on))
}

fn valid(valid_from: Date, valid_to: Option<Date>) -> Validity {
    Validity {
        valid_from,
        valid_to,
    }
}

fn unknown(code: &EditionCode, on: Date) -> String {
    let (year, code) = (code.edition.year(), &code.code);
    format!("{code} is not in the edition of {year} on {on}")
}

fn refused(field: &'static str, text: String) -> IsoLineOutcome {
    IsoLineOutcome::Refused(field, text)
}
