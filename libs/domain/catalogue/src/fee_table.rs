//! What a person pays for a device, before any free card.

use std::cmp::Reverse;

use hjm_ids::{IsoCode, age_on};
use hjm_money::Money;
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row};
use jiff::civil::Date;

use crate::area::specificity;
use crate::fee::{FeeDecision, FeeError, FeeFacts, FeeKind, FeeReason, Occasion};
use crate::fee_file::{
    self, CostCapRow, ExemptionRow, FeeRow, GroupRow, Handling, Recurrence, When,
};

/// The own fees of one policy document.
#[derive(Clone, Debug)]
pub struct FeeTable {
    pub(crate) policy: PolicyReference,
    pub(crate) groups: Vec<Row<GroupRow>>,
    pub(crate) fees: Vec<Row<FeeRow>>,
    pub(crate) cost_caps: Vec<Row<CostCapRow>>,
    pub(crate) exemptions: Vec<Row<ExemptionRow>>,
}

impl FeeTable {
    /// Reads the section `fees` of a document; none when it does not hold it.
    ///
    /// # Errors
    /// Every fault: unknown fields, ill-written values, missing sources, and two equally specific
    /// rows that hold on the same day.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        fee_file::parse(document)
    }

    /// The policy text the table was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Decides what the person pays. The same facts always give the same answer.
    ///
    /// The product group says what is asked: nothing (group 4), the price up to the cost cap
    /// (group 2; nobody is exempt from it, decisions 23), or the fee of the most specific ISO code
    /// that holds on the day (group 3), unless the person is exempt: by age, then by palliative
    /// care, then because it is a replacement (source 003 §6.2, source 000 §4.1.1).
    ///
    /// # Errors
    /// [`FeeError`] when a fact or a row is missing.
    pub fn decide(&self, facts: &FeeFacts) -> Result<FeeDecision, FeeError> {
        let number = facts.product_group.number();
        let group = in_force(&self.groups, facts.on)
            .find(|row| row.value.group == number)
            .ok_or(FeeError::NoGroup { group: number })?;
        let without_fee = |reason, text: &str| {
            self.decision(facts, group, &group.value.id)
                .free(FeeKind::None, reason, text)
        };
        match group.value.handling {
            Handling::NotPrescribable => Ok(without_fee(
                FeeReason::NotPrescribable,
                "The product is not prescribed.",
            )),
            Handling::Free => Ok(without_fee(
                FeeReason::NoFee,
                "The product is lent without a fee.",
            )),
            Handling::CostCap => self.cost_cap(facts),
            Handling::Fee => match most_specific(&self.fees, facts, |fee| &fee.iso) {
                Some(fee) => self.fee(facts, fee),
                None => Ok(self.without_rule(facts, group)),
            },
        }
    }

    fn cost_cap(&self, facts: &FeeFacts) -> Result<FeeDecision, FeeError> {
        let cap = in_force(&self.cost_caps, facts.on)
            .next()
            .ok_or(FeeError::NoCostCap)?;
        let price = facts.price.ok_or(FeeError::MissingFact { fact: "price" })?;
        if price.is_negative() {
            return Err(FeeError::NegativePrice);
        }
        let amount = price.min(cap.value.amount);
        let unit_pays = price
            .checked_sub(amount)
            .map_err(|_| FeeError::NegativePrice)?;
        let mut decision = self.decision(facts, cap, &cap.value.id);
        decision.fact("price", &price);
        let text = format!(
            "The price is {price}; the person pays at most {} and owns the product, the unit pays \
             {unit_pays}.",
            cap.value.amount
        );
        Ok(FeeDecision {
            kind: FeeKind::CostCap,
            amount,
            unit_pays,
            scheme: None,
            reason: FeeReason::CostCap,
            explanation: decision.explain(text),
        })
    }

    fn fee(&self, facts: &FeeFacts, fee: &Row<FeeRow>) -> Result<FeeDecision, FeeError> {
        let (kind, every) = match fee.value.kind {
            Recurrence::OneOff => (FeeKind::OneOff, "for the prescription"),
            Recurrence::Per12Months => (FeeKind::Per12Months, "for twelve months"),
        };
        let exempt = self.exempt(facts)?;
        let mut decided = if let Some(Exempt { row, reason, text }) = exempt {
            let mut decision = self.decision(facts, row, &row.value.id);
            decision.fact("fee", &fee.value.amount);
            decision.free(kind, reason, &text)
        } else {
            let text = format!("The fee is {} {every}.", fee.value.amount);
            FeeDecision {
                kind,
                amount: fee.value.amount,
                unit_pays: Money::ZERO,
                scheme: None,
                reason: FeeReason::Fee,
                explanation: self.decision(facts, fee, &fee.value.id).explain(text),
            }
        };
        decided.scheme.clone_from(&fee.value.scheme);
        Ok(decided)
    }

    /// The first exemption that holds, in the order of [`When`]; of one kind the most specific row.
    fn exempt(&self, facts: &FeeFacts) -> Result<Option<Exempt<'_>>, FeeError> {
        let row = |when| {
            let rows = self
                .exemptions
                .iter()
                .filter(move |row| row.value.when == when);
            most_specific(rows, facts, |exemption| &exemption.iso)
        };
        if let Some(row) = row(When::UnderAge) {
            let born_on = facts
                .born_on
                .ok_or(FeeError::MissingFact { fact: "born_on" })?;
            let below = row.value.age_below.unwrap_or(0);
            if age_on(born_on, facts.on) < below {
                let text = format!("No fee: the person is under {below}.");
                return Ok(Some(Exempt {
                    row,
                    reason: FeeReason::UnderAge,
                    text,
                }));
            }
        }
        if let Some(row) = row(When::Palliative).filter(|_| facts.palliative) {
            let text = "No fee: the person is in palliative care.".to_owned();
            return Ok(Some(Exempt {
                row,
                reason: FeeReason::Palliative,
                text,
            }));
        }
        let replaces = facts.occasion == Occasion::Replacement;
        Ok(row(When::Replacement).filter(|_| replaces).map(|row| {
            let text = "No fee: it replaces a worn device.".to_owned();
            Exempt {
                row,
                reason: FeeReason::Replacement,
                text,
            }
        }))
    }

    fn without_rule(&self, facts: &FeeFacts, group: &Row<GroupRow>) -> FeeDecision {
        let later = self
            .fees
            .iter()
            .filter(|row| facts.on < row.validity.valid_from)
            .filter(|row| specificity(&row.value.iso, &facts.iso).is_some())
            .min_by_key(|row| row.validity.valid_from);
        match later {
            Some(row) => {
                let text = format!("No fee before {}.", row.validity.valid_from);
                let decision = self.decision(facts, row, &row.value.id);
                decision.free(FeeKind::None, FeeReason::NotYetInForce, &text)
            }
            None => self.decision(facts, group, &group.value.id).free(
                FeeKind::None,
                FeeReason::NoFee,
                "The table has no fee for the product.",
            ),
        }
    }

    fn decision<T>(&self, facts: &FeeFacts, row: &Row<T>, rule: &str) -> Deciding<'_> {
        let mut deciding = Deciding {
            policy: &self.policy,
            rule: rule.to_owned(),
            source: row.source.clone(),
            facts: Vec::new(),
        };
        deciding.fact("on", &facts.on);
        deciding.fact("iso", &facts.iso);
        deciding.fact("product_group", &facts.product_group.number());
        if let Some(born_on) = facts.born_on {
            deciding.fact("age", &age_on(born_on, facts.on));
        }
        deciding.fact("palliative", &facts.palliative);
        let occasion = match facts.occasion {
            Occasion::First => "FIRST",
            Occasion::Replacement => "REPLACEMENT",
        };
        deciding.fact("occasion", &occasion);
        deciding
    }
}

/// The exemption that holds, and its words.
struct Exempt<'a> {
    row: &'a Row<ExemptionRow>,
    reason: FeeReason,
    text: String,
}

/// A decision whose rule is found and whose words are not.
struct Deciding<'a> {
    policy: &'a PolicyReference,
    rule: String,
    source: String,
    facts: Vec<(String, String)>,
}

impl Deciding<'_> {
    fn fact(&mut self, name: &str, value: &impl ToString) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    fn explain(self, text: impl Into<String>) -> Explanation {
        Explanation::new(self.policy, self.rule, self.source, self.facts, text)
    }

    fn free(self, kind: FeeKind, reason: FeeReason, text: &str) -> FeeDecision {
        FeeDecision {
            kind,
            amount: Money::ZERO,
            unit_pays: Money::ZERO,
            scheme: None,
            reason,
            explanation: self.explain(text),
        }
    }
}

fn in_force<T>(rows: &[Row<T>], on: Date) -> impl Iterator<Item = &Row<T>> {
    rows.iter().filter(move |row| row.validity.contains(on))
}

fn most_specific<'t, T: 't>(
    rows: impl IntoIterator<Item = &'t Row<T>>,
    facts: &FeeFacts,
    area: impl Fn(&T) -> &[IsoCode],
) -> Option<&'t Row<T>> {
    rows.into_iter()
        .filter(|row| row.validity.contains(facts.on))
        .filter_map(|row| Some((specificity(area(&row.value), &facts.iso)?, row)))
        .min_by_key(|(digits, _)| Reverse(*digits))
        .map(|(_, row)| row)
}
