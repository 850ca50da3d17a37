//! What a person pays for a device, before any free card.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use hjm_ids::{IsoCode, PrincipalId, age_on};
use hjm_money::Money;
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row, SectionSchema};
use jiff::civil::Date;

use crate::area::specificity;
use crate::fee::{
    FeeDecision, FeeError, FeeFacts, FeeKind, FeeReason, FeeTerms, Occasion, PrescribedDevice,
};
use crate::fee_file::{
    self, AllowanceRow, CostCapRow, ExemptionRow, GroupRow, Handling, MunicipalityRow, ServiceRow,
    When,
};
use crate::fee_row::FeeRow;

/// The own fees of one policy document.
#[derive(Clone, Debug)]
pub struct FeeTable {
    pub(crate) policy: PolicyReference,
    pub(crate) municipalities: Vec<Row<MunicipalityRow>>,
    pub(crate) groups: Vec<Row<GroupRow>>,
    pub(crate) fees: Vec<Row<FeeRow>>,
    pub(crate) cost_caps: Vec<Row<CostCapRow>>,
    pub(crate) exemptions: Vec<Row<ExemptionRow>>,
    pub(crate) services: Vec<Row<ServiceRow>>,
    pub(crate) allowances: Vec<Row<AllowanceRow>>,
}

impl FeeTable {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        fee_file::schema()
    }

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

    /// The free-card schemes that its fees are counted in.
    pub fn schemes(&self) -> BTreeSet<&str> {
        let fees = self.fees.iter().map(|row| &row.value.scheme);
        let services = self.services.iter().map(|row| &row.value.scheme);
        let named = fees.chain(services).flatten();
        named.map(String::as_str).collect()
    }

    /// Decides what the person pays. The same facts always give the same answer.
    ///
    /// Where the table has product groups, the group says what is asked: nothing (group 4), the
    /// price up to the cost cap (group 2; nobody is exempt from it, decisions 23), or a fee (group
    /// 3). The fee is that of the most specific row that holds on the day and whose conditions are
    /// met, unless the person is exempt: by age, then by palliative care, then as an in-patient,
    /// then because it is a replacement (source 003 §6.2, source 000 §4.1.1).
    ///
    /// # Errors
    /// [`FeeError`] when a fact or a row is missing.
    pub fn decide(&self, facts: &FeeFacts) -> Result<FeeDecision, FeeError> {
        if facts.quantity == 0 {
            return Err(FeeError::ZeroQuantity);
        }
        let facts = &self.of_this_table(facts);
        match self.handling(facts)? {
            Some((group, Handling::NotPrescribable)) => Ok(self.without_fee(
                facts,
                group,
                FeeReason::NotPrescribable,
                "The product is not prescribed.",
            )),
            Some((group, Handling::Free)) => Ok(self.without_fee(
                facts,
                group,
                FeeReason::NoFee,
                "The product is lent without a fee.",
            )),
            Some((_, Handling::CostCap)) => self.cost_cap(facts),
            Some((_, Handling::Fee)) | None => match self.row(facts)? {
                Some(fee) => self.fee(facts, fee),
                None => Ok(self.without_rule(facts)),
            },
        }
    }

    /// The facts without the earlier devices that another table was named for.
    fn of_this_table<'f>(&self, facts: &'f FeeFacts) -> Cow<'f, FeeFacts> {
        let others = |device: &PrescribedDevice| {
            let named = device.table.as_ref();
            named.is_some_and(|table| *table != self.policy.id)
        };
        let mut beside = facts.beside.iter().flat_map(|beside| &beside.earlier);
        if !beside.any(others) {
            return Cow::Borrowed(facts);
        }
        let mut facts = facts.clone();
        if let Some(beside) = &mut facts.beside {
            beside.earlier.retain(|device| !others(device));
        }
        Cow::Owned(facts)
    }

    /// Whether the table is for residents of the municipality on a day; none where it is a
    /// municipality's and which one the person lives in is not known.
    pub(crate) fn is_for(&self, municipality: Option<&PrincipalId>, on: Date) -> Option<bool> {
        if self.municipalities.is_empty() {
            return Some(true);
        }
        let code = municipality?;
        Some(in_force(&self.municipalities, on).any(|row| row.value.code == *code))
    }

    /// What the article's group means on the day; none in a table without groups.
    pub(crate) fn handling(
        &self,
        facts: &FeeFacts,
    ) -> Result<Option<(&Row<GroupRow>, Handling)>, FeeError> {
        if self.groups.is_empty() {
            return Ok(None);
        }
        let group = facts.product_group.number();
        let row = in_force(&self.groups, facts.on).find(|row| row.value.group == group);
        let row = row.ok_or(FeeError::NoGroup { group })?;
        Ok(Some((row, row.value.handling)))
    }

    fn without_fee(
        &self,
        facts: &FeeFacts,
        group: &Row<GroupRow>,
        reason: FeeReason,
        text: &str,
    ) -> FeeDecision {
        self.decision(facts, group, &group.value.id)
            .free(FeeKind::None, reason, text)
    }

    /// Digits of the longest code under which some fee of the day covers the product.
    pub(crate) fn digits(&self, facts: &FeeFacts) -> Option<usize> {
        in_force(&self.fees, facts.on)
            .filter_map(|row| specificity(&row.value.iso, &facts.iso))
            .max()
    }

    /// The most specific fee whose conditions are met. A fact that a more specific one turns on is
    /// named, never guessed.
    fn row(&self, facts: &FeeFacts) -> Result<Option<&Row<FeeRow>>, FeeError> {
        let mut decided: Option<((usize, usize), &Row<FeeRow>)> = None;
        let mut open: Vec<((usize, usize), &'static str)> = Vec::new();
        for row in in_force(&self.fees, facts.on) {
            let Some(rank) = row.value.rank(&facts.iso) else {
                continue;
            };
            let answer = row.value.answer(facts);
            open.extend(answer.open().iter().map(|fact| (rank, *fact)));
            if answer.is_met() && decided.is_none_or(|(best, _)| best < rank) {
                decided = Some((rank, row));
            }
        }
        let missing = open
            .into_iter()
            .filter(|(rank, _)| decided.is_none_or(|(best, _)| best < *rank))
            .map(|(_, fact)| fact)
            .min();
        match missing {
            Some(fact) => Err(FeeError::MissingFact { fact }),
            None => Ok(decided.map(|(_, row)| row)),
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
        let decision = self.decision(facts, cap, &cap.value.id);
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
            terms: FeeTerms {
                person_owns: true,
                ..FeeTerms::default()
            },
            reason: FeeReason::CostCap,
            explanation: decision.explain(text),
        })
    }

    fn fee(&self, facts: &FeeFacts, fee: &Row<FeeRow>) -> Result<FeeDecision, FeeError> {
        let kind = fee.value.fee_kind();
        let exempt = self.exempt(facts)?;
        let mut decided = if let Some(Exempt { row, reason, text }) = exempt {
            let mut decision = self.decision(facts, row, &row.value.id);
            decision.fact("fee", &fee.value.id);
            decision.free(kind, reason, &text)
        } else {
            let (amount, reason, text) = fee.value.amount(facts)?;
            let mut decision = self.decision(facts, fee, &fee.value.id);
            for (name, read) in fee.value.read(facts) {
                decision.known(name, read.as_ref());
            }
            FeeDecision {
                kind,
                amount,
                unit_pays: Money::ZERO,
                scheme: None,
                terms: FeeTerms::default(),
                reason,
                explanation: decision.explain(text),
            }
        };
        decided.terms = fee.value.terms();
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
        if let Some(row) = row(When::InPatient).filter(|_| facts.in_patient) {
            let text = "No fee: the person is admitted to hospital.".to_owned();
            return Ok(Some(Exempt {
                row,
                reason: FeeReason::InPatient,
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

    /// No fee covers the product: yet, or at all. Then the table itself, or the group, is the rule.
    fn without_rule(&self, facts: &FeeFacts) -> FeeDecision {
        let later = self
            .fees
            .iter()
            .filter(|row| facts.on < row.validity.valid_from)
            .filter_map(|row| Some((specificity(&row.value.iso, &facts.iso)?, row)))
            .min_by_key(|(specific, row)| {
                (row.validity.valid_from, Reverse(*specific), &row.value.id)
            });
        if let Some((_, row)) = later {
            let text = format!("No fee before {}.", row.validity.valid_from);
            let decision = self.decision(facts, row, &row.value.id);
            return decision.free(FeeKind::None, FeeReason::NotYetInForce, &text);
        }
        let text = "The table has no fee for the product.";
        if let Ok(Some((group, _))) = self.handling(facts) {
            return self.without_fee(facts, group, FeeReason::NoFee, text);
        }
        let deciding = self.deciding(facts, "the whole table".to_owned(), "no-row");
        deciding.free(FeeKind::None, FeeReason::NoFee, text)
    }

    fn decision<T>(&self, facts: &FeeFacts, row: &Row<T>, rule: &str) -> Deciding<'_> {
        self.deciding(facts, row.source.clone(), rule)
    }

    fn deciding(&self, facts: &FeeFacts, source: String, rule: &str) -> Deciding<'_> {
        let mut deciding = Deciding {
            policy: &self.policy,
            rule: rule.to_owned(),
            source,
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
        if facts.quantity != 1 {
            deciding.fact("quantity", &facts.quantity);
        }
        deciding.known("price", facts.price.as_ref());
        if facts.in_patient {
            deciding.fact("in_patient", &facts.in_patient);
        }
        deciding.known("earlier", facts.earlier.as_ref().map(Vec::len).as_ref());
        deciding.known("kinds_together", facts.kinds_together.as_ref());
        deciding.known("qualifying_condition", facts.qualifying_condition.as_ref());
        deciding.known("scheme_ceiling", facts.scheme_ceiling.as_ref());
        deciding.known("municipality", facts.municipality.as_ref());
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

    fn known(&mut self, name: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            self.fact(name, value);
        }
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
            terms: FeeTerms::default(),
            reason,
            explanation: self.explain(text),
        }
    }
}

pub(crate) fn in_force<T>(rows: &[Row<T>], on: Date) -> impl Iterator<Item = &Row<T>> {
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
