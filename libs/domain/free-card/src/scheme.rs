//! A scheme of high-cost protection as data.

use hjm_ids::PrincipalId;
use hjm_money::Money;
use hjm_policy::{PolicyReference, Row, Validity};
use jiff::civil::Date;
use serde::Deserialize;

use crate::error::EngineError;

/// How fees below the ceiling stop counting (D-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WindowMode {
    /// `ROLLING`: each fee counts for its own length of the window.
    Rolling,
    /// `TUMBLING`: the first fee opens a fixed period, and all of it lapses together.
    Tumbling,
}

/// Which day is the last of a window or a card (D-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndRule {
    /// `DAY_BEFORE`: the day before the anniversary.
    DayBefore,
    /// `ANNIVERSARY_INCLUSIVE`: the anniversary itself.
    AnniversaryInclusive,
}

/// Which date of a prescription a fee is counted on (decisions 21). Who registers fees reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventDateBasis {
    /// `PRESCRIBED_ON`.
    PrescribedOn,
    /// `DELIVERED_ON`.
    DeliveredOn,
}

/// What the cancellation of a fee does to a final card it built (D-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelFinal {
    /// `RETAIN`: the card stays to its end.
    Retain,
    /// `RECALCULATE`: the card is taken back and computed anew.
    Recalculate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    pub(crate) months: u16,
    pub(crate) mode: WindowMode,
    pub(crate) end_rule: EndRule,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDate {
    pub(crate) basis: EventDateBasis,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preliminary {
    pub(crate) hours: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnCancelFinal {
    pub(crate) action: CancelFinal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ceiling {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    pub(crate) amount: Money,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    pub(crate) principal: PrincipalId,
}

/// A scheme: ceilings, window, members and what happens to cards, each with its validity and
/// source. [`Scheme::parse`] says how it is written.
#[derive(Debug)]
pub struct Scheme {
    pub(crate) policy: PolicyReference,
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) window: Row<Window>,
    pub(crate) event_date: Row<EventDate>,
    pub(crate) preliminary: Row<Preliminary>,
    pub(crate) on_cancel_final: Row<OnCancelFinal>,
    pub(crate) ceilings: Vec<Row<Ceiling>>,
    pub(crate) members: Vec<Row<Member>>,
}

impl Scheme {
    /// The scheme's id, which own fees name to be counted in it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The policy text it was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// How long a fee counts, in months.
    pub fn window_months(&self) -> u16 {
        self.window.value.months
    }

    /// How fees stop counting.
    pub fn mode(&self) -> WindowMode {
        self.window.value.mode
    }

    /// Which day is the last.
    pub fn end_rule(&self) -> EndRule {
        self.window.value.end_rule
    }

    /// Which date a fee is counted on.
    pub fn event_date_basis(&self) -> EventDateBasis {
        self.event_date.value.basis
    }

    /// How long a card may be recomputed after it first existed, in hours (decisions 32).
    pub fn preliminary_hours(&self) -> u32 {
        self.preliminary.value.hours
    }

    /// What a cancellation does to a final card.
    pub fn on_cancel_final(&self) -> CancelFinal {
        self.on_cancel_final.value.action
    }

    /// The ceiling on a date.
    ///
    /// # Errors
    /// [`EngineError::CeilingMissing`]: never last year's (D-27).
    pub fn ceiling(&self, on: Date) -> Result<Money, EngineError> {
        let row = self.ceiling_row(on);
        row.map(|row| row.value.amount)
            .ok_or_else(|| EngineError::CeilingMissing {
                scheme: self.id.clone(),
                on,
            })
    }

    /// Whether the principal's fees count on the date (decisions 34, Q24).
    pub fn is_member(&self, principal: &PrincipalId, on: Date) -> bool {
        self.member_row(principal, on).is_some()
    }

    /// The members, each with the days it is one.
    pub fn members(&self) -> impl Iterator<Item = (&PrincipalId, Validity)> {
        self.members
            .iter()
            .map(|row| (&row.value.principal, row.validity))
    }

    pub(crate) fn ceiling_row(&self, on: Date) -> Option<&Row<Ceiling>> {
        self.ceilings.iter().find(|row| row.validity.contains(on))
    }

    pub(crate) fn member_row(&self, principal: &PrincipalId, on: Date) -> Option<&Row<Member>> {
        self.members
            .iter()
            .find(|row| row.value.principal == *principal && row.validity.contains(on))
    }
}
