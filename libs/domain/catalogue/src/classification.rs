//! Editions of ISO 9999, and how a code of one answers to codes of another.

use std::collections::BTreeSet;

use hjm_ids::IsoCode;

/// An edition of ISO 9999, in order of time. A code means something only in its edition: counties
/// use several at once, because national registers lag behind (catalogue 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsoEdition {
    /// Of 2011.
    Of2011,
    /// Of 2016.
    Of2016,
    /// Of 2022.
    Of2022,
}

impl IsoEdition {
    /// All editions, in order of time.
    pub const ALL: [Self; 3] = [Self::Of2011, Self::Of2016, Self::Of2022];

    /// The edition of a year.
    pub fn of_year(year: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|edition| edition.year() == year)
    }

    /// Its year.
    pub const fn year(self) -> u16 {
        match self {
            Self::Of2011 => 2011,
            Self::Of2016 => 2016,
            Self::Of2022 => 2022,
        }
    }
}

/// A code and its edition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditionCode {
    /// The edition.
    pub edition: IsoEdition,
    /// The code.
    pub code: IsoCode,
}

/// A code of an earlier edition answers to one of a later edition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoMapping {
    /// Of the earlier edition.
    pub from: EditionCode,
    /// Of the later edition.
    pub to: EditionCode,
}

/// How a code stands to those of another edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingKind {
    /// One code, which answers to this one alone.
    Same,
    /// Several codes, each of which answers to this one alone.
    Split,
    /// One code, which answers to others too.
    Merge,
    /// Several codes, of which one answers to others too.
    SplitAndMerge,
    /// No mapping is known.
    None,
}

/// The codes of another edition that a code answers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedCode {
    /// How the code stands to them.
    pub kind: MappingKind,
    /// The codes, in order.
    pub codes: Vec<IsoCode>,
    /// Other codes of the asked edition that answer to one of them, in order.
    pub shared_with: Vec<IsoCode>,
}

/// Finds the codes of another edition, later or earlier, by the mappings that hold on a day.
///
/// A mapping right to the wanted edition decides; a code without one goes by the nearest edition
/// between, and from there on. Equal digits alone map nothing, and a code is itself in its own
/// edition.
pub fn map_code(mappings: &[IsoMapping], code: &EditionCode, to: IsoEdition) -> MappedCode {
    let codes = image(mappings, code, to);
    let back = codes.iter().flat_map(|found| {
        let found = EditionCode {
            edition: to,
            code: found.clone(),
        };
        image(mappings, &found, code.edition)
    });
    let shared_with: BTreeSet<IsoCode> = back.filter(|other| *other != code.code).collect();
    let kind = match (codes.len(), shared_with.is_empty()) {
        (0, _) => MappingKind::None,
        (1, true) => MappingKind::Same,
        (1, false) => MappingKind::Merge,
        (_, true) => MappingKind::Split,
        (_, false) => MappingKind::SplitAndMerge,
    };
    MappedCode {
        kind,
        codes: codes.into_iter().collect(),
        shared_with: shared_with.into_iter().collect(),
    }
}

fn image(mappings: &[IsoMapping], code: &EditionCode, to: IsoEdition) -> BTreeSet<IsoCode> {
    if code.edition == to {
        return BTreeSet::from([code.code.clone()]);
    }
    let right = partners(mappings, code, to);
    if !right.is_empty() {
        return right;
    }
    for edition in between(code.edition, to) {
        let there = partners(mappings, code, edition);
        if !there.is_empty() {
            let on = |code| image(mappings, &EditionCode { edition, code }, to);
            return there.into_iter().flat_map(on).collect();
        }
    }
    BTreeSet::new()
}

/// The codes of an edition that a mapping ties to this one, either way.
fn partners(mappings: &[IsoMapping], code: &EditionCode, to: IsoEdition) -> BTreeSet<IsoCode> {
    let partner = |mapping: &IsoMapping| {
        let ends = [(&mapping.from, &mapping.to), (&mapping.to, &mapping.from)];
        let [there, back] =
            ends.map(|(near, far)| (near == code && far.edition == to).then(|| far.code.clone()));
        there.or(back)
    };
    mappings.iter().filter_map(partner).collect()
}

/// The editions between two, the nearest to the first one first.
fn between(from: IsoEdition, to: IsoEdition) -> Vec<IsoEdition> {
    let (low, high) = (from.min(to), from.max(to));
    let inside = |edition: &IsoEdition| low < *edition && *edition < high;
    let mut editions: Vec<IsoEdition> = IsoEdition::ALL.into_iter().filter(inside).collect();
    if to < from {
        editions.reverse();
    }
    editions
}
