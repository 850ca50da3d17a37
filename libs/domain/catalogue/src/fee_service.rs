//! Fees for what is no device: visits, missed visits, moves, pickups, withdrawals.

use hjm_ids::{PrincipalId, age_on};
use hjm_money::Money;
use hjm_policy::Explanation;
use jiff::civil::Date;

use crate::conditions::Answer;
use crate::fee::FeeError;
use crate::fee_table::{FeeTable, in_force};

/// The facts of a service's fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// The service, by the id of its row.
    pub service: String,
    /// Day of birth.
    pub born_on: Option<Date>,
    /// The municipality the person is registered in, by its code.
    pub municipality: Option<PrincipalId>,
    /// The day of the service.
    pub on: Date,
}

/// The fee of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFee {
    /// What the person pays before any free card.
    pub amount: Money,
    /// What it is for: a visit, a withdrawal.
    pub per: String,
    /// The free-card scheme it counts in, when there is one.
    pub scheme: Option<String>,
    /// By which row, printed where, on which facts.
    pub explanation: Explanation,
}

impl FeeTable {
    /// Whether some row of the day is of this service.
    pub(crate) fn has_service(&self, service: &str, on: Date) -> bool {
        in_force(&self.services, on).any(|row| row.value.id == service)
    }

    /// Decides the fee of a service; zero for who is outside its ages.
    ///
    /// # Errors
    /// [`FeeError::NotInTable`] when the table has no such service on the day,
    /// [`FeeError::NotPrinted`] when its row has no amount, and [`FeeError::MissingFact`].
    pub fn decide_service(&self, facts: &ServiceFacts) -> Result<ServiceFee, FeeError> {
        let age = facts.born_on.map(|born| age_on(born, facts.on));
        let mut outside = None;
        for row in in_force(&self.services, facts.on).filter(|row| row.value.id == facts.service) {
            let mut answer = Answer::default();
            answer.range("born_on", row.value.age(), age);
            if let Some(&fact) = answer.open().first() {
                return Err(FeeError::MissingFact { fact });
            }
            if answer.is_met() {
                let amount = row.value.amount.ok_or_else(|| FeeError::NotPrinted {
                    what: row.value.not_printed.clone().unwrap_or_default(),
                })?;
                let text = format!("The fee is {amount} for each {}.", row.value.per);
                return Ok(self.service_fee(facts, age, row, amount, text));
            }
            outside = Some(row);
        }
        let row = outside.ok_or_else(|| FeeError::NotInTable {
            what: facts.service.clone(),
        })?;
        let text = "No fee: the person is outside the ages it is for.".to_owned();
        Ok(self.service_fee(facts, age, row, Money::ZERO, text))
    }

    fn service_fee(
        &self,
        facts: &ServiceFacts,
        age: Option<u16>,
        row: &hjm_policy::Row<crate::fee_file::ServiceRow>,
        amount: Money,
        text: String,
    ) -> ServiceFee {
        let mut told = vec![
            ("on".to_owned(), facts.on.to_string()),
            ("service".to_owned(), facts.service.clone()),
        ];
        told.extend(age.map(|age| ("age".to_owned(), age.to_string())));
        let municipality = facts.municipality.as_ref();
        told.extend(municipality.map(|code| ("municipality".to_owned(), code.to_string())));
        ServiceFee {
            amount,
            per: row.value.per.clone(),
            scheme: row.value.scheme.clone(),
            explanation: Explanation::new(&self.policy, &row.value.id, &row.source, told, text),
        }
    }
}
