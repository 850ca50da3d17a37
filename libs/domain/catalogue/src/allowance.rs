//! Allowances: a voucher towards a product that somebody else provides (decisions 28).

use hjm_ids::{PrincipalId, age_on, plus_months};
use hjm_money::Money;
use hjm_policy::Explanation;
use jiff::civil::Date;

use crate::conditions::Answer;
use crate::fee::FeeError;
use crate::fee_file::AllowanceRow;
use crate::fee_table::{FeeTable, in_force};

/// The facts of an allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceFacts {
    /// The allowance, by the id of its row.
    pub allowance: String,
    /// Day of birth.
    pub born_on: Option<Date>,
    /// The municipality the person is registered in, by its code.
    pub municipality: Option<PrincipalId>,
    /// The profession that ordains it.
    pub ordained_by: Option<String>,
    /// The days of the person's earlier allowances of this kind.
    pub earlier: Option<Vec<Date>>,
    /// What the provider charges.
    pub cost: Option<Money>,
    /// The day of the question.
    pub on: Date,
}

/// Why an allowance is given or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllowanceReason {
    /// It is given.
    Given,
    /// The person is outside its ages.
    OutsideAge,
    /// Too little time has passed since the one before.
    TooSoon,
    /// The profession has no right to ordain it.
    NotOrdained,
}

impl AllowanceReason {
    /// The stable code, for clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "GIVEN",
            Self::OutsideAge => "OUTSIDE_AGE",
            Self::TooSoon => "TOO_SOON",
            Self::NotOrdained => "NOT_ORDAINED",
        }
    }
}

/// What of a product's cost is paid to its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowanceDecision {
    /// What the voucher is worth; zero when it is not given, and never more than the cost.
    pub amount: Money,
    /// What is left between the person and the provider, where the cost is known. It never counts
    /// in a free card (source 000 §4.1).
    pub person_pays: Option<Money>,
    /// Why.
    pub reason: AllowanceReason,
    /// By which row, printed where, on which facts.
    pub explanation: Explanation,
}

impl FeeTable {
    /// Whether some row of the day is this allowance.
    pub(crate) fn has_allowance(&self, allowance: &str, on: Date) -> bool {
        in_force(&self.allowances, on).any(|row| row.value.id == allowance)
    }

    /// Decides an allowance.
    ///
    /// # Errors
    /// [`FeeError::NotInTable`] when the table has no such allowance on the day,
    /// [`FeeError::MissingFact`] and [`FeeError::NegativePrice`].
    pub fn decide_allowance(&self, facts: &AllowanceFacts) -> Result<AllowanceDecision, FeeError> {
        let row = in_force(&self.allowances, facts.on).find(|row| row.value.id == facts.allowance);
        let row = row.ok_or_else(|| FeeError::NotInTable {
            what: facts.allowance.clone(),
        })?;
        let allowance = &row.value;
        let (reason, why) = given(allowance, facts)?;
        if facts.cost.is_some_and(Money::is_negative) {
            return Err(FeeError::NegativePrice);
        }
        let amount = if reason == AllowanceReason::Given {
            facts
                .cost
                .map_or(allowance.amount, |cost| cost.min(allowance.amount))
        } else {
            Money::ZERO
        };
        let left = facts
            .cost
            .map(|cost| cost.checked_sub(amount))
            .transpose()?;
        let text = if reason == AllowanceReason::Given {
            format!("{amount} is paid to the provider; what exceeds it is the person's.")
        } else {
            format!("Nothing is paid: {why}.")
        };
        let mut told = vec![("on".to_owned(), facts.on.to_string())];
        let age = facts.born_on.map(|born| age_on(born, facts.on));
        told.extend(age.map(|age| ("age".to_owned(), age.to_string())));
        told.extend(
            facts
                .ordained_by
                .iter()
                .map(|profession| ("ordained_by".to_owned(), profession.clone())),
        );
        let before = allowance.interval_months.and(earlier_of(facts));
        told.extend(before.map(|day| ("earlier".to_owned(), day.to_string())));
        told.extend(facts.cost.map(|cost| ("cost".to_owned(), cost.to_string())));
        Ok(AllowanceDecision {
            amount,
            person_pays: left,
            reason,
            explanation: Explanation::new(&self.policy, &allowance.id, &row.source, told, text),
        })
    }
}

/// The day of the last allowance before this one.
fn earlier_of(facts: &AllowanceFacts) -> Option<Date> {
    let earlier = facts.earlier.iter().flatten().copied();
    earlier.filter(|day| *day <= facts.on).max()
}

/// Whether the allowance is given, and if not, why, in words.
fn given(
    allowance: &AllowanceRow,
    facts: &AllowanceFacts,
) -> Result<(AllowanceReason, &'static str), FeeError> {
    let missing = |fact| FeeError::MissingFact { fact };
    let age = facts.born_on.map(|born| age_on(born, facts.on));
    let mut ages = Answer::default();
    ages.range("born_on", allowance.age(), age);
    if let Some(&fact) = ages.open().first() {
        return Err(missing(fact));
    }
    if !ages.is_met() {
        let why = "the person is outside its ages";
        return Ok((AllowanceReason::OutsideAge, why));
    }
    if !allowance.ordained_by.is_empty() {
        let profession = facts.ordained_by.as_ref();
        let profession = profession.ok_or_else(|| missing("ordained_by"))?;
        if !allowance.ordained_by.contains(profession) {
            let why = "the profession has no right to ordain it";
            return Ok((AllowanceReason::NotOrdained, why));
        }
    }
    if let Some(months) = allowance.interval_months {
        facts.earlier.as_ref().ok_or_else(|| missing("earlier"))?;
        if earlier_of(facts).is_some_and(|day| facts.on < plus_months(day, months)) {
            let why = "too little time has passed since the one before";
            return Ok((AllowanceReason::TooSoon, why));
        }
    }
    Ok((AllowanceReason::Given, ""))
}
