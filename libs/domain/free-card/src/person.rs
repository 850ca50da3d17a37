//! What is asked of a fee and of the person before a log is looked at.

use hjm_ids::{FeeId, PrincipalId};
use hjm_money::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::log::FeeKind;
use crate::place::event_date;
use crate::status::{Status, StatusKind};

/// A fee that somebody asks about or is about to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedFee {
    /// The id it has, or would have.
    pub fee: FeeId,
    /// The date it is counted on, in Sweden.
    pub on: Date,
    /// The instant of the event, where the desk tells it: an offline desk always does (D-24).
    pub occurred_at: Option<Timestamp>,
    /// The principal that charges it.
    pub principal: PrincipalId,
    /// What it is for, where it is told.
    pub kind: Option<FeeKind>,
    /// The person's age on `on` in whole years, where it is known.
    pub age: Option<u8>,
    /// The fee of the tariff, before any free card; under a scheme with tiers the price.
    pub nominal: Money,
}

/// What is known of a person, whatever the scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The day of death.
    pub died_on: Option<Date>,
    /// Whether the person stays outside the electronic service (R20).
    pub opted_out: bool,
}

impl Person {
    /// Whether the person has died before the day: the day of death is still its own (D-23).
    pub fn died_before(self, on: Date) -> bool {
        self.died_on.is_some_and(|died_on| died_on < on)
    }

    /// Why a fee of this person may not be of a day: it is after `today` (D-30), or after the death
    /// (D-23).
    pub fn refuses_day(self, on: Date, today: Date) -> impl Iterator<Item = Refusal> {
        let future = (on > today).then_some(Refusal::DateInFuture { on, today });
        let died = self.died_on.filter(|died_on| *died_on < on);
        let late = died.map(|died_on| Refusal::AfterDeath { on, died_on });
        future.into_iter().chain(late)
    }
}

impl ProposedFee {
    /// Whether the fee may be registered at all on `today` (D-30). A fee of zero may: it is a
    /// record that never opens a period (D-29).
    ///
    /// # Errors
    /// Every [`Refusal`] that applies, not just the first.
    pub fn check(&self, today: Date) -> Result<(), Vec<Refusal>> {
        self.check_for(today, Person::default())
    }

    /// As [`check`](Self::check), for this person: nothing after the death (D-23), and nothing for
    /// who has opted out, who pays the tariff's fee and keeps the receipt (D-21).
    ///
    /// # Errors
    /// Every [`Refusal`] that applies; for who has opted out that one alone.
    pub fn check_for(&self, today: Date, person: Person) -> Result<(), Vec<Refusal>> {
        if person.opted_out {
            return Err(vec![Refusal::OptedOut]);
        }
        let on = self.on;
        let mut refusals: Vec<Refusal> = person.refuses_day(on, today).collect();
        if let Some(occurred_on) = self.occurred_at.map(event_date)
            && occurred_on != on
        {
            refusals.push(Refusal::InstantOfAnotherDay { on, occurred_on });
        }
        if self.nominal.is_negative() {
            refusals.push(Refusal::AmountNegative);
        }
        if refusals.is_empty() {
            Ok(())
        } else {
            Err(refusals)
        }
    }
}

/// Why a fee is not taken on an account, whatever the account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The fee is dated after today.
    #[error("a fee is dated today or earlier: {on} is after {today}")]
    DateInFuture {
        /// The date that was given.
        on: Date,
        /// The service's date in Sweden.
        today: Date,
    },
    /// The instant of the event lies on another day in Sweden than the date (D-31).
    #[error("the event happened on {occurred_on} in Sweden, not on {on}")]
    InstantOfAnotherDay {
        /// The date that was given.
        on: Date,
        /// The date of the instant.
        occurred_on: Date,
    },
    /// The fee is dated after the person's death (D-23).
    #[error("the person died on {died_on}, before {on}")]
    AfterDeath {
        /// The date that was given.
        on: Date,
        /// The day of death.
        died_on: Date,
    },
    /// The person stays outside the electronic service: the tariff's fee and a receipt (D-21).
    #[error("the person has opted out of the electronic high-cost protection")]
    OptedOut,
    /// The fee is below zero.
    #[error("a fee is not negative")]
    AmountNegative,
}

impl Refusal {
    /// The field of the fee it concerns.
    pub const fn field(self) -> &'static str {
        match self {
            Self::DateInFuture { .. } | Self::AfterDeath { .. } => "event_date",
            Self::InstantOfAnotherDay { .. } => "occurred_at",
            Self::OptedOut => "recipient_id",
            Self::AmountNegative => "amount",
        }
    }

    /// The stable reason code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DateInFuture { .. } => "FEE_IN_FUTURE",
            Self::InstantOfAnotherDay { .. } => "INSTANT_OF_ANOTHER_DAY",
            Self::AfterDeath { .. } => "PERSON_DECEASED",
            Self::OptedOut => "OPTED_OUT",
            Self::AmountNegative => "AMOUNT_NEGATIVE",
        }
    }
}

/// What may be shown of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// That the person has opted out, and no amount (D-21). The log stays: opting in again shows
    /// it as it is.
    OptedOut,
    /// Where the account stands.
    Status(Box<Status>),
}

/// What may be shown of a person's account on the date `on`: of who died before it, that the card
/// has expired (D-23).
pub fn shown(status: Status, person: Person, on: Date) -> Shown {
    if person.opted_out {
        return Shown::OptedOut;
    }
    let died = person.died_before(on);
    Shown::Status(Box::new(match status.kind {
        StatusKind::None | StatusKind::BelowLimit | StatusKind::Expired => status,
        StatusKind::Preliminary
        | StatusKind::Final
        | StatusKind::Retained
        | StatusKind::Imported
        | StatusKind::Registered => Status {
            kind: if died {
                StatusKind::Expired
            } else {
                status.kind
            },
            card: status.card.filter(|_| !died),
            ..status
        },
    }))
}

/// Where a person has lived since a day: a region, by its principal id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residence {
    /// The region.
    pub region: PrincipalId,
    /// The first day there.
    pub from: Date,
}

/// The region whose scheme decides a fee: where the person lives on the fee's date (D-16). An
/// account elsewhere is left as it is, and goes on if the person returns.
pub fn residence_on(residences: &[Residence], on: Date) -> Option<&PrincipalId> {
    let begun = residences.iter().filter(|residence| residence.from <= on);
    begun
        .max_by_key(|residence| residence.from)
        .map(|residence| &residence.region)
}
