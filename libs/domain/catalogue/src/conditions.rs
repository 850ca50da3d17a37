//! Conditions on facts that may not be known.

/// A half-open range of values: from one, up to but not including another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range<T> {
    from: Option<T>,
    below: Option<T>,
}

impl<T: Ord + Copy> Range<T> {
    /// The range of a row; none where the row says nothing.
    pub(crate) fn of(from: Option<T>, below: Option<T>) -> Option<Self> {
        (from.is_some() || below.is_some()).then_some(Self { from, below })
    }

    pub(crate) fn contains(self, value: T) -> bool {
        self.from.is_none_or(|from| from <= value) && self.below.is_none_or(|below| value < below)
    }

    pub(crate) fn is_empty(self) -> bool {
        matches!((self.from, self.below), (Some(from), Some(below)) if below <= from)
    }

    /// Whether some value lies in both; no range is every value.
    pub(crate) fn meet(left: Option<Self>, right: Option<Self>) -> bool {
        let (Some(left), Some(right)) = (left, right) else {
            return true;
        };
        let apart = |below: Option<T>, from: Option<T>| matches!((below, from), (Some(below), Some(from)) if below <= from);
        !apart(left.below, right.from) && !apart(right.below, left.from)
    }
}

/// Whether a row's conditions are met: yes, no, or not to be said without some facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    refused: Vec<&'static str>,
    unknown: Vec<&'static str>,
}

impl Answer {
    /// A condition that a fact equals a value; without a wanted value there is none.
    pub(crate) fn equal<T: PartialEq>(
        &mut self,
        fact: &'static str,
        wanted: Option<T>,
        known: Option<T>,
    ) {
        match (wanted, known) {
            (None, _) => {}
            (Some(_), None) => self.unknown.push(fact),
            (Some(wanted), Some(known)) if wanted == known => {}
            (Some(_), Some(_)) => self.refused.push(fact),
        }
    }

    /// A condition that a fact lies in a range.
    pub(crate) fn range<T: Ord + Copy>(
        &mut self,
        fact: &'static str,
        wanted: Option<Range<T>>,
        known: Option<T>,
    ) {
        match (wanted, known) {
            (None, _) => {}
            (Some(_), None) => self.unknown.push(fact),
            (Some(wanted), Some(known)) if wanted.contains(known) => {}
            (Some(_), Some(_)) => self.refused.push(fact),
        }
    }

    /// All conditions are known and met.
    pub(crate) fn is_met(&self) -> bool {
        self.refused.is_empty() && self.unknown.is_empty()
    }

    /// The facts without which it cannot be said; none when some known fact refuses already.
    pub(crate) fn open(&self) -> &[&'static str] {
        if self.refused.is_empty() {
            &self.unknown
        } else {
            &[]
        }
    }

    /// The facts that refuse.
    pub(crate) fn refused(&self) -> &[&'static str] {
        &self.refused
    }
}
