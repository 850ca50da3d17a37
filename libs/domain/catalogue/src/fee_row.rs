//! One fee of a table: when it applies and what it comes to.

use std::collections::BTreeSet;

use hjm_ids::{IsoCode, age_on, plus_months};
use hjm_money::{Money, Rounding};
use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::area::{meet, specificity};
use crate::conditions::{Answer, Range};
use crate::fee::{
    CollectedBy, FeeError, FeeFacts, FeeKind, FeeReason, FeeTerms, IncomeTo, MonthsCovered,
    Occasion,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RowKind {
    OneOff,
    ShareOfValue,
    #[serde(rename = "PER_12_MONTHS")]
    Per12Months,
    PerCalendarMonth,
    PerStartedMonth,
    MonthlySubscription,
    PurchaseAfterTrial,
    NotSubsidised,
    NotPrinted,
}

/// What the amount is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Per {
    #[default]
    Line,
    Item,
    Pair,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeRow {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    #[schemars(with = "Vec<String>")]
    pub(crate) iso: Vec<IsoCode>,
    pub(crate) kind: RowKind,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) amount: Option<Money>,
    pub(crate) not_printed: Option<String>,
    #[serde(default)]
    pub(crate) per: Per,
    pub(crate) scheme: Option<String>,
    pub(crate) share_percent: Option<u8>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) floor: Option<Money>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) ceiling: Option<Money>,
    #[serde(default)]
    pub(crate) ceiling_of_scheme: bool,
    pub(crate) months_max: Option<u16>,
    pub(crate) covers: Option<MonthsCovered>,
    pub(crate) trial_months: Option<u16>,
    #[serde(default)]
    pub(crate) person_owns: bool,
    pub(crate) collected_by: Option<CollectedBy>,
    #[serde(default)]
    pub(crate) income_to: IncomeTo,
    pub(crate) age_from: Option<u16>,
    pub(crate) age_below: Option<u16>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) value_from: Option<Money>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) value_below: Option<Money>,
    pub(crate) number_from: Option<u16>,
    pub(crate) number_below: Option<u16>,
    pub(crate) within_months: Option<u16>,
    pub(crate) kinds_from: Option<u16>,
    pub(crate) kinds_below: Option<u16>,
    pub(crate) qualifying_condition: Option<bool>,
}

impl FeeRow {
    fn age(&self) -> Option<Range<u16>> {
        Range::of(self.age_from, self.age_below)
    }

    fn value(&self) -> Option<Range<Money>> {
        Range::of(self.value_from, self.value_below)
    }

    fn number(&self) -> Option<Range<u16>> {
        Range::of(self.number_from, self.number_below)
    }

    fn kinds(&self) -> Option<Range<u16>> {
        Range::of(self.kinds_from, self.kinds_below)
    }

    /// The ranges that hold nothing, by the field that ends them.
    pub(crate) fn empty_ranges(&self) -> Vec<&'static str> {
        let empty = [
            ("age_below", self.age().is_some_and(Range::is_empty)),
            ("value_below", self.value().is_some_and(Range::is_empty)),
            ("number_below", self.number().is_some_and(Range::is_empty)),
            ("kinds_below", self.kinds().is_some_and(Range::is_empty)),
        ];
        let empty = empty.into_iter().filter(|(_, empty)| *empty);
        empty.map(|(field, _)| field).collect()
    }

    /// Number of conditions on facts; the ISO code counts on its own.
    fn conditions(&self) -> usize {
        usize::from(self.age().is_some())
            + usize::from(self.value().is_some())
            + usize::from(self.number().is_some())
            + usize::from(self.kinds().is_some())
            + usize::from(self.qualifying_condition.is_some())
    }

    /// How specific the row is for a code; none when it does not cover it.
    pub(crate) fn rank(&self, iso: &IsoCode) -> Option<(usize, usize)> {
        Some((specificity(&self.iso, iso)?, self.conditions()))
    }

    /// Whether both could decide some case and neither is more specific.
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        let condition = self.qualifying_condition != other.qualifying_condition
            && self.qualifying_condition.is_some()
            && other.qualifying_condition.is_some();
        meet(&self.iso, &other.iso)
            && self.conditions() == other.conditions()
            && Range::meet(self.age(), other.age())
            && Range::meet(self.value(), other.value())
            && Range::meet(self.number(), other.number())
            && Range::meet(self.kinds(), other.kinds())
            && !condition
    }

    /// Whether the conditions are met by the facts.
    pub(crate) fn answer(&self, facts: &FeeFacts) -> Answer {
        let age = facts.born_on.map(|born| age_on(born, facts.on));
        let mut answer = Answer::default();
        answer.range("born_on", self.age(), age);
        answer.range("price", self.value(), facts.price);
        answer.range("earlier", self.number(), self.number_in(facts));
        answer.range("kinds_together", self.kinds(), self.kinds_in(facts));
        answer.equal(
            "qualifying_condition",
            self.qualifying_condition,
            facts.qualifying_condition,
        );
        answer
    }

    /// Which in number it is for the person.
    fn number_in(&self, facts: &FeeFacts) -> Option<u16> {
        if let Some(earlier) = &facts.earlier {
            return Some(number_of(earlier, facts.on, self.within_months));
        }
        // A replacement takes the place of another and is no second; of so many months each counts.
        let stands_in = |occasion| match occasion {
            Occasion::First => false,
            Occasion::Replacement => self.within_months.is_none(),
        };
        let earlier = facts.beside.as_ref()?.earlier.iter();
        let counted = earlier
            .filter(|device| specificity(&self.iso, &device.iso).is_some())
            .filter(|device| !stands_in(device.occasion));
        let days: Vec<Date> = counted.map(|device| device.on).collect();
        let number = number_of(&days, facts.on, self.within_months);
        Some(
            number
                .saturating_sub(stands_in(facts.occasion).into())
                .max(1),
        )
    }

    /// How many kinds are prescribed together, this one counted.
    fn kinds_in(&self, facts: &FeeFacts) -> Option<u16> {
        if facts.kinds_together.is_some() {
            return facts.kinds_together;
        }
        let codes = facts.beside.as_ref()?.together.iter();
        let kinds: BTreeSet<&IsoCode> = codes
            .chain([&facts.iso])
            .filter(|code| specificity(&self.iso, code).is_some())
            .collect();
        Some(u16::try_from(kinds.len()).unwrap_or(u16::MAX))
    }

    /// What the row read that was not told as such: what it counted of what else the person is
    /// prescribed, and its scheme's ceiling.
    pub(crate) fn read(&self, facts: &FeeFacts) -> [(&'static str, Option<String>); 3] {
        let number = self.number().and_then(|_| self.number_in(facts));
        let kinds = self.kinds().and_then(|_| self.kinds_in(facts));
        let told = (facts.earlier.is_some(), facts.kinds_together.is_some());
        let ceiling = self
            .scheme_ceiling_in(facts)
            .filter(|_| self.ceiling_of_scheme);
        let ceiling = ceiling.filter(|_| facts.scheme_ceiling.is_none());
        let text = |count: u16| count.to_string();
        [
            ("number", number.filter(|_| !told.0).map(text)),
            ("kinds_together", kinds.filter(|_| !told.1).map(text)),
            ("scheme_ceiling", ceiling.map(|ceiling| ceiling.to_string())),
        ]
    }

    pub(crate) fn fee_kind(&self) -> FeeKind {
        match self.kind {
            RowKind::OneOff => FeeKind::OneOff,
            RowKind::ShareOfValue => FeeKind::ShareOfValue,
            RowKind::Per12Months => FeeKind::Per12Months,
            RowKind::PerCalendarMonth => FeeKind::PerCalendarMonth,
            RowKind::PerStartedMonth => FeeKind::PerStartedMonth,
            RowKind::MonthlySubscription => FeeKind::MonthlySubscription,
            RowKind::PurchaseAfterTrial => FeeKind::PurchaseAfterTrial,
            RowKind::NotSubsidised | RowKind::NotPrinted => FeeKind::None,
        }
    }

    pub(crate) fn terms(&self) -> FeeTerms {
        FeeTerms {
            months_max: self.months_max,
            covers: self.covers,
            trial_months: self.trial_months,
            person_owns: self.person_owns || self.kind == RowKind::PurchaseAfterTrial,
            collected_by: self.collected_by,
            income_to: self.income_to,
        }
    }

    /// What the row comes to, why, and in words.
    pub(crate) fn amount(&self, facts: &FeeFacts) -> Result<(Money, FeeReason, String), FeeError> {
        if let Some(what) = &self.not_printed {
            return Err(FeeError::NotPrinted { what: what.clone() });
        }
        let whole = || self.times(facts);
        let fee = |amount: Money, every: &str| {
            let text = format!("The fee is {amount} {every}.");
            Ok((amount, FeeReason::Fee, text))
        };
        match self.kind {
            RowKind::OneOff => fee(whole()?, "for the prescription"),
            RowKind::Per12Months => fee(whole()?, "for twelve months"),
            RowKind::PerCalendarMonth => fee(whole()?, "for each calendar month"),
            RowKind::PerStartedMonth => fee(whole()?, "for each month begun"),
            RowKind::MonthlySubscription => fee(whole()?, "a month, whatever the number"),
            RowKind::PurchaseAfterTrial => {
                let months = self.trial_months.unwrap_or(0);
                let every =
                    format!("after {months} months free of charge; the person then owns it");
                fee(whole()?, &every)
            }
            RowKind::ShareOfValue => self.share(facts),
            RowKind::NotPrinted => Err(FeeError::NotPrinted {
                what: self.id.clone(),
            }),
            RowKind::NotSubsidised => Ok((
                Money::ZERO,
                FeeReason::NotSubsidised,
                "The county pays no part of it: the person buys it.".to_owned(),
            )),
        }
    }

    /// The amount for the pieces or pairs of the line.
    fn times(&self, facts: &FeeFacts) -> Result<Money, FeeError> {
        let amount = self.amount.unwrap_or_default();
        let times = match self.per {
            Per::Line => 1,
            Per::Item => facts.quantity,
            Per::Pair => facts.quantity.div_ceil(2),
        };
        let kronor = Decimal::new(amount.ore(), 2).checked_mul(Decimal::from(times));
        let kronor = kronor.ok_or(hjm_money::MoneyError::Overflow)?;
        Ok(Money::round(kronor, Rounding::HalfUp)?)
    }

    /// The ceiling of the row's own scheme.
    fn scheme_ceiling_in(&self, facts: &FeeFacts) -> Option<Money> {
        let own = || facts.scheme_ceilings.get(self.scheme.as_ref()?).copied();
        facts.scheme_ceiling.or_else(own)
    }

    fn share(&self, facts: &FeeFacts) -> Result<(Money, FeeReason, String), FeeError> {
        let value = facts.price.ok_or(FeeError::MissingFact { fact: "price" })?;
        if value.is_negative() {
            return Err(FeeError::NegativePrice);
        }
        let ceiling = if self.ceiling_of_scheme {
            let fact = "scheme_ceiling";
            let ceiling = self.scheme_ceiling_in(facts);
            Some(ceiling.ok_or(FeeError::MissingFact { fact })?)
        } else {
            self.ceiling
        };
        let percent = self.share_percent.unwrap_or(0);
        let share = Decimal::new(value.ore(), 2)
            .checked_mul(Decimal::new(i64::from(percent), 2))
            .ok_or(hjm_money::MoneyError::Overflow)?;
        let share = Money::round(share, Rounding::HalfUp)?;
        let at_least = share.max(self.floor.unwrap_or_default());
        let amount = ceiling.map_or(at_least, |ceiling| at_least.min(ceiling));
        let (reason, bound) = if amount < at_least {
            (FeeReason::ShareCeiling, format!(", at most {amount}"))
        } else if share < at_least {
            (FeeReason::ShareFloor, format!(", at least {amount}"))
        } else {
            (FeeReason::Share, String::new())
        };
        let text = format!("The fee is {percent} % of the value {value}{bound}: {amount}.");
        Ok((amount, reason, text))
    }
}

/// Which in number one on `on` is. Where months are counted, it is the number in its period: a
/// period begins with the first one that is in none, so what is free in it opens no other (both
/// ears within a year are one fee; glasses are covered once a year, source 000 §4.1.3).
pub(crate) fn number_of(earlier: &[Date], on: Date, within_months: Option<u16>) -> u16 {
    let mut days: Vec<Date> = earlier.iter().copied().filter(|day| *day <= on).collect();
    days.sort_unstable();
    let (mut opened_on, mut number) = (None, 0_u16);
    for day in days.into_iter().chain([on]) {
        let same = within_months.is_none_or(|months| {
            opened_on.is_some_and(|opened_on| day < plus_months(opened_on, months))
        });
        if same {
            number = number.saturating_add(1);
        } else {
            (opened_on, number) = (Some(day), 1);
        }
    }
    number
}
