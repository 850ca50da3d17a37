//! What a person decided, as the events of it add up.

use hjm_ids::PrincipalId;
use jiff::civil::Date;

use crate::person::Person;

/// Something that a person decided, or its death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectEvent {
    /// Stays outside the electronic protection (R20, D-21).
    OptedOut,
    /// Came back.
    OptedIn,
    /// Lets principals see who charged each other's fees.
    ConsentGiven,
    /// No longer lets them.
    ConsentWithdrawn,
    /// Died on the date.
    Died(Date),
}

/// What holds for a person now: the last event of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// What bears on its fees.
    pub person: Person,
    /// Principals see who charged each other's fees.
    pub read_consent: bool,
}

impl Subject {
    /// What the events, in order, come to.
    pub fn of(events: impl IntoIterator<Item = SubjectEvent>) -> Self {
        events.into_iter().fold(Self::default(), Self::with)
    }

    /// What holds after one more event.
    #[must_use]
    pub fn with(mut self, event: SubjectEvent) -> Self {
        match event {
            SubjectEvent::OptedOut => self.person.opted_out = true,
            SubjectEvent::OptedIn => self.person.opted_out = false,
            SubjectEvent::ConsentGiven => self.read_consent = true,
            SubjectEvent::ConsentWithdrawn => self.read_consent = false,
            SubjectEvent::Died(on) => self.person.died_on = Some(on),
        }
        self
    }

    /// Whether a caller sees who charged a fee: the aid centre (no principal) and the one who
    /// charged it do, others where the person lets them; they see date and amount (D-15).
    pub fn shows_principal(&self, caller: Option<&PrincipalId>, charged_by: &PrincipalId) -> bool {
        self.read_consent || caller.is_none_or(|caller| caller == charged_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_decision_of_a_kind_holds() {
        use SubjectEvent::{ConsentGiven, ConsentWithdrawn, Died, OptedIn, OptedOut};
        assert!(Subject::of([OptedOut, ConsentGiven]).person.opted_out);
        assert_eq!(Subject::of([OptedOut, OptedIn]), Subject::default());
        assert!(!Subject::of([ConsentGiven, ConsentWithdrawn]).read_consent);
        let day = jiff::civil::date(2024, 5, 10);
        let corrected = Subject::of([Died(day.tomorrow().unwrap()), Died(day)]);
        assert_eq!(corrected.person.died_on, Some(day));
    }

    #[test]
    fn who_charged_is_seen_by_itself_the_aid_centre_and_with_consent() {
        let (region, town): (PrincipalId, PrincipalId) =
            ("20".parse().unwrap(), "2081".parse().unwrap());
        let closed = Subject::default();
        assert!(closed.shows_principal(None, &region));
        assert!(closed.shows_principal(Some(&region), &region));
        assert!(!closed.shows_principal(Some(&town), &region));
        let open = Subject::of([SubjectEvent::ConsentGiven]);
        assert!(open.shows_principal(Some(&town), &region));
    }
}
