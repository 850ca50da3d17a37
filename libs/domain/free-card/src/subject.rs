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
    /// The identity is protected (D-22).
    Protected,
    /// It no longer is.
    Unprotected,
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
    /// The identity is protected: the same sums and cards, and nothing that leads to the person.
    pub is_protected: bool,
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
            SubjectEvent::Protected => self.is_protected = true,
            SubjectEvent::Unprotected => self.is_protected = false,
            SubjectEvent::Died(on) => self.person.died_on = Some(on),
        }
        self
    }

    /// What holds for one person under two linked identities: what either has chosen to keep back,
    /// the earlier death, and only what both let others see.
    #[must_use]
    pub fn linked_with(self, other: Self) -> Self {
        let deaths = [self.person.died_on, other.person.died_on];
        Self {
            person: Person {
                died_on: deaths.into_iter().flatten().min(),
                opted_out: self.person.opted_out || other.person.opted_out,
            },
            read_consent: self.read_consent && other.read_consent,
            is_protected: self.is_protected || other.is_protected,
        }
    }

    /// Whether a caller sees who charged a fee: the aid centre (no principal) and the one who
    /// charged it do, others where the person lets them; they see date and amount (D-15). Of a
    /// protected person nobody but the one who charged it does: where a unit lies leads to the
    /// person (D-22).
    pub fn shows_principal(&self, caller: Option<&PrincipalId>, charged_by: &PrincipalId) -> bool {
        let own = caller == Some(charged_by);
        let open = !self.is_protected && (self.read_consent || caller.is_none());
        own || open
    }

    /// Whether a caller is told which principal owes this person or has paid it: all but of a
    /// protected person, where it leads to the person. Who settles names the principal itself.
    pub fn shows_debtor(&self, caller: Option<&PrincipalId>, principal: &PrincipalId) -> bool {
        !self.is_protected || caller == Some(principal)
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
        let guarded = Subject::of([SubjectEvent::ConsentGiven, SubjectEvent::Protected]);
        assert!(guarded.shows_principal(Some(&region), &region));
        for caller in [None, Some(&town)] {
            assert!(!guarded.shows_principal(caller, &region));
            assert!(!guarded.shows_debtor(caller, &region));
            assert!(closed.shows_debtor(caller, &region));
        }
        assert!(guarded.shows_debtor(Some(&region), &region));
    }

    #[test]
    fn linked_identities_keep_back_what_either_does() {
        use SubjectEvent::{ConsentGiven, Died, OptedOut, Protected};
        let day = jiff::civil::date(2024, 5, 10);
        let one = Subject::of([OptedOut, ConsentGiven, Died(day.tomorrow().unwrap())]);
        let other = Subject::of([Protected, Died(day)]);
        let both = one.linked_with(other);
        assert_eq!(both, other.linked_with(one));
        assert!(both.person.opted_out && both.is_protected && !both.read_consent);
        assert_eq!(both.person.died_on, Some(day));
    }
}
