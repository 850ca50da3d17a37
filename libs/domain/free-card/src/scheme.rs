//! A scheme of high-cost protection as data.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

use hjm_ids::PrincipalId;
use hjm_money::Money;
use hjm_policy::{PolicyDocument, PolicyReference, PolicySet, Row, Section, Validity};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;
use crate::log::FeeKind;
use crate::window::{EndRule, WindowLength, WindowMode};
use crate::wire;

/// Which date of a prescription a fee is counted on (decisions 21). Who registers fees reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventDateBasis {
    /// `PRESCRIBED_ON`.
    PrescribedOn,
    /// `DELIVERED_ON`.
    DeliveredOn,
}

/// What the cancellation of a fee does to a final card it built (D-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelFinal {
    /// `RETAIN`: the card stays to its end.
    Retain,
    /// `RECALCULATE`: the card is taken back and computed anew.
    Recalculate,
}

/// Where the excess over a limit is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Settlement {
    /// `AT_DESK`: the desk charges no more than what remains.
    #[default]
    AtDesk,
    /// `REFUND_ON_APPLICATION`: the desk charges in full, and the person applies for the excess.
    RefundOnApplication,
}

/// What a scheme counts, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// The sum of what was to pay.
    Sum(#[serde(with = "wire::ore")] Money),
    /// The number of fees.
    Count(u32),
    /// Nothing ends what is to pay; the tiers lower it.
    Open,
}

impl Limit {
    /// The amount, where the limit is one.
    pub const fn ceiling(self) -> Option<Money> {
        match self {
            Self::Sum(ceiling) => Some(ceiling),
            Self::Count(_) | Self::Open => None,
        }
    }

    /// The number of fees, where the limit is one.
    pub const fn count(self) -> Option<u32> {
        match self {
            Self::Count(count) => Some(count),
            Self::Sum(_) | Self::Open => None,
        }
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    pub(crate) months: Option<u16>,
    pub(crate) days: Option<u16>,
    pub(crate) mode: WindowMode,
    pub(crate) end_rule: EndRule,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDate {
    pub(crate) basis: EventDateBasis,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preliminary {
    pub(crate) hours: u32,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnCancelFinal {
    pub(crate) action: CancelFinal,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settled {
    pub(crate) mode: Settlement,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExternalCards {
    pub(crate) accept: bool,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) up_to: Option<Money>,
    pub(crate) share_percent: u8,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotCounted {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) kind: FeeKind,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exempt {
    pub(crate) under: u8,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reads {
    pub(crate) scheme: String,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Areas {
    pub(crate) at_least: u16,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) principal: PrincipalId,
}

/// A limit with the days it holds.
#[derive(Clone, Debug)]
pub(crate) struct DatedLimit {
    pub(crate) limit: Limit,
    pub(crate) validity: Validity,
    pub(crate) source: String,
}

/// A scheme: limits, window, members and what happens to cards, each with its validity and
/// source. [`Scheme::parse`] says how it is written.
#[derive(Debug)]
pub struct Scheme {
    pub(crate) policy: PolicyReference,
    pub(crate) id: String,
    pub(crate) source: String,
    /// The day from which the document says nothing any more.
    pub(crate) valid_to: Option<Date>,
    pub(crate) length: WindowLength,
    pub(crate) window: Row<Window>,
    pub(crate) event_date: Row<EventDate>,
    pub(crate) preliminary: Row<Preliminary>,
    pub(crate) on_cancel_final: Row<OnCancelFinal>,
    pub(crate) settlement: Option<Row<Settled>>,
    pub(crate) external_cards: Option<Row<ExternalCards>>,
    pub(crate) limits: Vec<DatedLimit>,
    /// In order of `up_to`, the open one last.
    pub(crate) tiers: Vec<Row<Tier>>,
    pub(crate) not_counted: Vec<Row<NotCounted>>,
    pub(crate) exempt: Vec<Row<Exempt>>,
    pub(crate) reads: Vec<Row<Reads>>,
    pub(crate) areas: Option<Row<Areas>>,
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

    /// How long a fee counts.
    pub fn window(&self) -> WindowLength {
        self.length
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

    /// What a cancellation or a correction does to a final card.
    pub fn on_cancel_final(&self) -> CancelFinal {
        self.on_cancel_final.value.action
    }

    /// Where the excess over the limit is settled (decisions 35); at the desk unless it is said.
    pub fn settlement(&self) -> Settlement {
        let row = self.settlement.as_ref();
        row.map_or(Settlement::AtDesk, |row| row.value.mode)
    }

    /// Whether a valid card of another principal covers here (D-16); no unless it is said.
    pub fn accepts_external_cards(&self) -> bool {
        let row = self.external_cards.as_ref();
        row.is_some_and(|row| row.value.accept)
    }

    /// The limit on a date.
    ///
    /// # Errors
    /// [`EngineError::CeilingMissing`]: never last year's (D-27).
    pub fn limit(&self, on: Date) -> Result<Limit, EngineError> {
        let ended = self.valid_to.is_some_and(|end| end <= on);
        match self.limit_on(on) {
            Some(row) if !ended => Ok(row.limit),
            None if !ended && self.has_tiers(on) => Ok(Limit::Open),
            Some(_) | None => Err(EngineError::CeilingMissing {
                scheme: self.id.clone(),
                on,
            }),
        }
    }

    /// The ceiling on a date, of a scheme that limits a sum.
    ///
    /// # Errors
    /// [`EngineError::CeilingMissing`]: never last year's (D-27).
    pub fn ceiling(&self, on: Date) -> Result<Money, EngineError> {
        let ceiling = self.limit(on)?.ceiling();
        ceiling.ok_or_else(|| EngineError::CeilingMissing {
            scheme: self.id.clone(),
            on,
        })
    }

    /// The ceilings of all schemes in force on a date, by the schemes' ids; a scheme that counts, or
    /// that says nothing of the day, has none. Who keeps read schemes says how one is `read`.
    ///
    /// # Errors
    /// As `read`.
    pub fn ceilings<S: Deref<Target = Self>, E>(
        policies: &PolicySet,
        on: Date,
        mut read: impl FnMut(&PolicyDocument) -> Result<S, E>,
    ) -> Result<BTreeMap<String, Money>, E> {
        let mut ceilings = BTreeMap::new();
        for document in policies.all_in_force(Section::FreeCard, on) {
            let scheme = read(document)?;
            let ceiling = scheme.ceiling(on).ok();
            ceilings.extend(ceiling.map(|ceiling| (scheme.id.clone(), ceiling)));
        }
        Ok(ceilings)
    }

    /// The next limit that is known to differ from the one on a date, and its first day.
    pub fn coming_limit(&self, on: Date) -> Option<(Date, Limit)> {
        let now = self.limit(on).ok();
        let later = self
            .limits
            .iter()
            .filter(|row| row.validity.valid_from > on);
        later
            .filter(|row| Some(row.limit) != now)
            .map(|row| (row.validity.valid_from, row.limit))
            .min_by_key(|(from, _)| *from)
    }

    /// Whether the principal's fees count on the date (decisions 34, Q24).
    pub fn is_member(&self, principal: &PrincipalId, on: Date) -> bool {
        let mut rows = self.members.iter();
        rows.any(|row| row.value.principal == *principal && row.validity.contains(on))
    }

    /// The members, each with the days it is one.
    pub fn members(&self) -> impl Iterator<Item = (&PrincipalId, Validity)> {
        self.members
            .iter()
            .map(|row| (&row.value.principal, row.validity))
    }

    /// Whether fees of the kind count on the date; what has no kind does.
    pub fn counts(&self, kind: Option<&FeeKind>, on: Date) -> bool {
        let mut rows = self.not_counted.iter();
        !rows.any(|row| Some(&row.value.kind) == kind && row.validity.contains(on))
    }

    /// Whether a person of that age pays nothing on the date; one whose age is not told does.
    pub fn is_exempt(&self, age: Option<u8>, on: Date) -> bool {
        let mut rows = self.exempt.iter();
        age.is_some_and(|age| rows.any(|row| age < row.value.under && row.validity.contains(on)))
    }

    /// The ids of the schemes whose fees a composite reads on some day, each once; none of a base
    /// scheme (D-14).
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        let ids = self.reads.iter().map(|row| row.value.scheme.as_str());
        ids.filter(move |id| seen.insert(*id))
    }

    /// The days on which a composite reads a scheme.
    pub fn reads_when(&self, scheme_id: &str) -> impl Iterator<Item = Validity> {
        let rows = self.reads.iter();
        let rows = rows.filter(move |row| row.value.scheme == scheme_id);
        rows.map(|row| row.validity)
    }

    /// Whether it only reads the fees of other schemes (D-13).
    pub fn is_composite(&self) -> bool {
        !self.reads.is_empty()
    }

    /// In how many of the schemes it reads something must have been paid.
    pub fn areas_min(&self) -> u16 {
        self.areas.as_ref().map_or(1, |row| row.value.at_least)
    }

    pub(crate) fn last_day(&self, on: Date) -> Date {
        self.length.last_day(on, self.end_rule())
    }

    pub(crate) fn limit_on(&self, on: Date) -> Option<&DatedLimit> {
        self.limits.iter().find(|row| row.validity.contains(on))
    }

    pub(crate) fn tiers_on(&self, on: Date) -> impl Iterator<Item = &Row<Tier>> {
        let tiers = self.tiers.iter();
        tiers.filter(move |row| row.validity.contains(on))
    }

    pub(crate) fn has_tiers(&self, on: Date) -> bool {
        self.tiers_on(on).next().is_some()
    }

    /// What is to pay of `price` when `before` has been counted in the window; all of it where
    /// there are no tiers. Rounded once, half up, to öre.
    ///
    /// # Errors
    /// [`EngineError::ShareMissing`] where no tier says what is to pay of so high a sum.
    pub(crate) fn share(
        &self,
        before: Money,
        price: Money,
        on: Date,
    ) -> Result<Money, EngineError> {
        let mut tiers = self.tiers_on(on).peekable();
        if tiers.peek().is_none() {
            return Ok(price);
        }
        let (mut from, to) = (before, before.checked_add(price)?);
        let mut hundredths: i128 = 0;
        for tier in tiers {
            let end = tier.value.up_to.map_or(to, |up_to| up_to.min(to));
            if end > from {
                let part = end.checked_sub(from)?.ore();
                hundredths += i128::from(part) * i128::from(tier.value.share_percent);
                from = end;
            }
        }
        if from < to {
            let scheme = self.id.clone();
            return Err(EngineError::ShareMissing { scheme, on });
        }
        let ore = i64::try_from((hundredths + 50).div_euclid(100));
        Ok(Money::from_ore(
            ore.map_err(|_| hjm_money::MoneyError::Overflow)?,
        ))
    }
}
