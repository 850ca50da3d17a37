//! All fee tables of a county: which one decides, and where two disagree.

use std::{collections::BTreeSet, sync::Arc};

use hjm_ids::PrincipalId;
use jiff::civil::Date;

use crate::allowance::{AllowanceDecision, AllowanceFacts};
use crate::fee::{FeeDecision, FeeError, FeeFacts};
use crate::fee_file::Handling;
use crate::fee_service::{ServiceFacts, ServiceFee};
use crate::fee_table::{FeeTable, in_force};

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
    /// where two cover it alike. A municipality's table is asked for its residents only: who names
    /// it for a person known to live elsewhere is refused.
    ///
    /// A table with product groups decides first what a group other than 3 means. A code that no
    /// table covers has no fee, by the table with groups, if there is one.
    ///
    /// # Errors
    /// [`FeeError`]; the missing fact is `municipality` where that of a municipality would decide,
    /// and `table` where two tables cover the code alike and none is named.
    pub fn decide(&self, facts: &FeeFacts, table: Option<&str>) -> Result<FeeDecision, FeeError> {
        let (municipality, on) = (facts.municipality.as_ref(), facts.on);
        if let Some(id) = table {
            let named = self.tables.iter().find(|table| table.policy().id == id);
            let named = named.ok_or_else(|| FeeError::NotInTable {
                what: id.to_owned(),
            })?;
            if let Some(code) = municipality.filter(|_| self.is_elsewheres(id, municipality, on)) {
                return Err(FeeError::NotInTable {
                    what: format!("{id} for municipality {code}"),
                });
            }
            return named.decide(facts);
        }
        let asked = || self.asked(municipality, on);
        let grouped = asked().find_map(|table| Some((table, table.handling(facts).ok()??.1)));
        if let Some((table, Handling::Free | Handling::CostCap | Handling::NotPrescribable)) =
            grouped
        {
            return table.decide(facts);
        }
        let covering = asked().filter_map(|table| Some((table.digits(facts)?, table)));
        let most = covering.clone().map(|(digits, _)| digits).max();
        let closest = covering.filter(|(digits, _)| Some(*digits) == most);
        let closest = one_of(closest.map(|(_, table)| table), municipality, on)?;
        let decides = closest.or_else(|| grouped.map(|(table, _)| table).or(asked().next()));
        let decides = decides.ok_or_else(|| self.nothing(municipality))?;
        known(decides, municipality, on)?;
        decides.decide(facts)
    }

    /// Whether a table is for residents of other municipalities than the one a person is known to
    /// live in: then it is not to be named (any more).
    pub fn is_elsewheres(&self, table: &str, municipality: Option<&PrincipalId>, on: Date) -> bool {
        let mut tables = self.tables.iter();
        let named = tables.find(|one| one.policy().id == table);
        named.is_some_and(|named| named.is_for(municipality, on) == Some(false))
    }

    /// Decides the fee of a service, by the table that has it.
    ///
    /// # Errors
    /// As [`FeeTable::decide_service`]; the missing fact is `municipality` or `table` as in
    /// [`decide`](Self::decide).
    pub fn decide_service(&self, facts: &ServiceFacts) -> Result<ServiceFee, FeeError> {
        let has = |table: &FeeTable| table.has_service(&facts.service, facts.on);
        let table = self.having(has, &facts.service, facts.municipality.as_ref(), facts.on)?;
        table.decide_service(facts)
    }

    /// Decides an allowance, by the table that has it.
    ///
    /// # Errors
    /// As [`FeeTable::decide_allowance`]; the missing fact is `municipality` or `table` as in
    /// [`decide`](Self::decide).
    pub fn decide_allowance(&self, facts: &AllowanceFacts) -> Result<AllowanceDecision, FeeError> {
        let has = |table: &FeeTable| table.has_allowance(&facts.allowance, facts.on);
        let municipality = facts.municipality.as_ref();
        let table = self.having(has, &facts.allowance, municipality, facts.on)?;
        table.decide_allowance(facts)
    }

    /// The one table that has something for who lives somewhere.
    fn having<'t>(
        &'t self,
        has: impl Fn(&FeeTable) -> bool,
        what: &str,
        municipality: Option<&'t PrincipalId>,
        on: Date,
    ) -> Result<&'t FeeTable, FeeError> {
        let tables = self.asked(municipality, on).filter(|table| has(table));
        let table = one_of(tables, municipality, on)?.ok_or_else(|| FeeError::NotInTable {
            what: what.to_owned(),
        })?;
        known(table, municipality, on)?;
        Ok(table)
    }

    /// The services that some table has on a day, but for tables of other municipalities, by id.
    pub fn services(&self, municipality: Option<&PrincipalId>, on: Date) -> BTreeSet<&str> {
        let tables = self.tables.iter();
        let asked = tables.filter(|table| table.is_for(municipality, on) != Some(false));
        let rows = asked.flat_map(|table| in_force(&table.services, on));
        rows.map(|row| row.value.id.as_str()).collect()
    }

    /// The allowances that some table has on a day, by id.
    pub fn allowances(&self, on: Date) -> BTreeSet<&str> {
        let tables = self.tables.iter();
        let rows = tables.flat_map(|table| in_force(&table.allowances, on));
        rows.map(|row| row.value.id.as_str()).collect()
    }

    /// All tables but those of other municipalities.
    fn asked<'t>(
        &'t self,
        municipality: Option<&'t PrincipalId>,
        on: Date,
    ) -> impl Iterator<Item = &'t Arc<FeeTable>> + Clone {
        let tables = self.tables.iter();
        tables.filter(move |table| table.is_for(municipality, on) != Some(false))
    }

    fn nothing(&self, municipality: Option<&PrincipalId>) -> FeeError {
        let elsewhere = municipality.filter(|_| !self.tables.is_empty());
        FeeError::NotInTable {
            what: elsewhere.map_or("anything".to_owned(), |code| {
                format!("anything for municipality {code}")
            }),
        }
    }
}

/// The table there is, if there is one; two that decide alike are told apart by their name.
fn one_of<'t>(
    mut tables: impl Iterator<Item = &'t Arc<FeeTable>>,
    municipality: Option<&PrincipalId>,
    on: Date,
) -> Result<Option<&'t Arc<FeeTable>>, FeeError> {
    match (tables.next(), tables.next()) {
        (Some(one), Some(other)) => {
            known(one, municipality, on).and(known(other, municipality, on))?;
            Err(FeeError::MissingFact { fact: "table" })
        }
        (one, _) => Ok(one),
    }
}

/// Refuses a municipality's table while it is not known where the person lives.
fn known(table: &FeeTable, municipality: Option<&PrincipalId>, on: Date) -> Result<(), FeeError> {
    let fact = "municipality";
    let is_for = table.is_for(municipality, on);
    is_for.map_or(Err(FeeError::MissingFact { fact }), |_| Ok(()))
}

/// Codes that two tables of a county price differently on a day: the same product would cost
/// different fees at different units (decisions 31, source 000 §6.2). A line each, to be read.
pub fn price_conflicts(left: &FeeTable, right: &FeeTable, on: Date) -> Vec<String> {
    let mut conflicts = Vec::new();
    let held = |table: &FeeTable| -> Vec<_> {
        let rows = in_force(&table.fees, on);
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
