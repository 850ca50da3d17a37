//! All fee tables of a county: which one decides, and where two disagree.

use std::sync::Arc;

use jiff::civil::Date;

use crate::allowance::{AllowanceDecision, AllowanceFacts};
use crate::fee::{FeeDecision, FeeError, FeeFacts};
use crate::fee_file::Handling;
use crate::fee_service::{ServiceFacts, ServiceFee};
use crate::fee_table::FeeTable;

/// The fee tables of a county that are in force together.
#[derive(Clone, Debug)]
pub struct FeeTables {
    tables: Vec<Arc<FeeTable>>,
}

impl FeeTables {
    /// The tables, in any order.
    pub fn new(mut tables: Vec<Arc<FeeTable>>) -> Self {
        tables.sort_by(|left, right| left.policy().cmp(right.policy()));
        Self { tables }
    }

    /// Decides a device's fee, by the table that covers its code most closely; by the named one
    /// where two cover it alike.
    ///
    /// A table with product groups decides first what a group other than 3 means. A code that no
    /// table covers has no fee, by the table with groups, if there is one.
    ///
    /// # Errors
    /// [`FeeError`]; the missing fact is `table` where two tables cover the code alike and none is
    /// named.
    pub fn decide(&self, facts: &FeeFacts, table: Option<&str>) -> Result<FeeDecision, FeeError> {
        if let Some(id) = table {
            let named = self.tables.iter().find(|table| table.policy().id == id);
            let named = named.ok_or_else(|| FeeError::NotInTable {
                what: id.to_owned(),
            })?;
            return named.decide(facts);
        }
        let grouped = self
            .tables
            .iter()
            .find_map(|table| Some((table, table.handling(facts).ok()??.1)));
        if let Some((table, Handling::Free | Handling::CostCap | Handling::NotPrescribable)) =
            grouped
        {
            return table.decide(facts);
        }
        let covering = self
            .tables
            .iter()
            .filter_map(|table| Some((table.digits(facts)?, table)));
        let most = covering.clone().map(|(digits, _)| digits).max();
        let mut closest = covering.filter(|(digits, _)| Some(*digits) == most);
        match (closest.next(), closest.next()) {
            (Some((_, table)), None) => table.decide(facts),
            (Some(_), Some(_)) => Err(FeeError::MissingFact { fact: "table" }),
            (None, _) => {
                let first = grouped.map(|(table, _)| table).or(self.tables.first());
                let first = first.ok_or_else(|| FeeError::NotInTable {
                    what: "anything".to_owned(),
                })?;
                first.decide(facts)
            }
        }
    }

    /// Decides the fee of a service, by the table that has it.
    ///
    /// # Errors
    /// As [`FeeTable::decide_service`].
    pub fn decide_service(&self, facts: &ServiceFacts) -> Result<ServiceFee, FeeError> {
        let mut tables = self.tables.iter();
        let table = tables.find(|table| table.has_service(&facts.service, facts.on));
        let table = table.ok_or_else(|| FeeError::NotInTable {
            what: facts.service.clone(),
        })?;
        table.decide_service(facts)
    }

    /// Decides an allowance, by the table that has it.
    ///
    /// # Errors
    /// As [`FeeTable::decide_allowance`].
    pub fn decide_allowance(&self, facts: &AllowanceFacts) -> Result<AllowanceDecision, FeeError> {
        let mut tables = self.tables.iter();
        let table = tables.find(|table| table.has_allowance(&facts.allowance, facts.on));
        let table = table.ok_or_else(|| FeeError::NotInTable {
            what: facts.allowance.clone(),
        })?;
        table.decide_allowance(facts)
    }
}

/// Codes that two tables of a county price differently on a day: the same product would cost
/// different fees at different units (decisions 31, source 000 §6.2). A line each, to be read.
pub fn price_conflicts(left: &FeeTable, right: &FeeTable, on: Date) -> Vec<String> {
    let mut conflicts = Vec::new();
    let held = |table: &FeeTable| -> Vec<_> {
        let rows = crate::fee_table::in_force(&table.fees, on);
        rows.cloned().collect()
    };
    for one in held(left) {
        for other in held(right) {
            let same_fee = (one.value.kind, one.value.amount, one.value.share_percent)
                == (
                    other.value.kind,
                    other.value.amount,
                    other.value.share_percent,
                );
            let both = one.value.iso.iter().find(|code| {
                let mut others = other.value.iso.iter();
                others.any(|other| code.is_within(other) || other.is_within(code))
            });
            if let (Some(code), false) = (both, same_fee) {
                conflicts.push(format!(
                    "ISO {code}: {} of {} and {} of {} differ on {on}",
                    one.value.id,
                    left.policy().id,
                    other.value.id,
                    right.policy().id
                ));
            }
        }
    }
    conflicts
}
