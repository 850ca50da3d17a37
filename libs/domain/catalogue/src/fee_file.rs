//! The section `fees` of a policy document.
//!
//! ```toml
//! [[fees.group]]            # what a product group (1 to 4) means here
//! id = "group-3"
//! group = 3
//! handling = "FEE"          # NOT_PRESCRIBABLE, COST_CAP, FEE or FREE
//!
//! [[fees.fee]]              # a fee of group 3
//! id = "rollator"
//! iso = ["120606"]          # optional: without it, every code
//! kind = "ONE_OFF"          # or PER_12_MONTHS
//! amount = "300.00"
//! scheme = "county-devices" # optional: the free-card scheme it counts in
//!
//! [[fees.cost_cap]]         # the most a person pays for a product of group 2
//! id = "cost-cap"
//! amount = "500.00"
//!
//! [[fees.exemption]]        # whom a fee of group 3 does not meet
//! id = "under-18"
//! when = "UNDER_AGE"        # with age_below; or PALLIATIVE or REPLACEMENT
//! age_below = 18
//! iso = ["120606"]          # optional
//! ```
//! Every row also has `valid_from`, `source` and, where it ends, `valid_to`.

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader};
use serde::Deserialize;

use crate::area::meet;
use crate::fee_table::FeeTable;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Handling {
    NotPrescribable,
    CostCap,
    Fee,
    Free,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRow {
    pub(crate) id: String,
    pub(crate) group: u8,
    pub(crate) handling: Handling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Recurrence {
    OneOff,
    #[serde(rename = "PER_12_MONTHS")]
    Per12Months,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeRow {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    pub(crate) iso: Vec<IsoCode>,
    pub(crate) kind: Recurrence,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    pub(crate) amount: Money,
    pub(crate) scheme: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostCapRow {
    pub(crate) id: String,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    pub(crate) amount: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum When {
    UnderAge,
    Palliative,
    Replacement,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionRow {
    pub(crate) id: String,
    pub(crate) when: When,
    pub(crate) age_below: Option<u16>,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    pub(crate) iso: Vec<IsoCode>,
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<FeeTable>, Vec<Fault>> {
    let Some(mut section) = document.read(Section::Fees) else {
        return Ok(None);
    };
    let table = FeeTable {
        policy: document.reference().clone(),
        groups: groups(&mut section),
        fees: fees(&mut section),
        cost_caps: cost_caps(&mut section),
        exemptions: exemptions(&mut section),
    };
    let capped = |row: &Row<GroupRow>| row.value.handling == Handling::CostCap;
    if let Some(row) = table
        .groups
        .iter()
        .find(|row| capped(row))
        .filter(|_| table.cost_caps.is_empty())
    {
        section.fault(row.fault("handling", "needs a row [[fees.cost_cap]]"));
    }
    section.finish()?;
    Ok(Some(table))
}

fn groups(section: &mut SectionReader<'_>) -> Vec<Row<GroupRow>> {
    let rows = section.rows::<GroupRow>("group");
    if rows.is_empty() {
        section.section_fault("has no row [[fees.group]] that says what a product group means");
    }
    for row in rows
        .iter()
        .filter(|row| !(1..=4).contains(&row.value.group))
    {
        section.fault(row.fault("group", "a product group is 1, 2, 3 or 4"));
    }
    section.refuse_overlaps(&rows, |left, right| left.group == right.group);
    rows
}

fn fees(section: &mut SectionReader<'_>) -> Vec<Row<FeeRow>> {
    let rows = section.rows::<FeeRow>("fee");
    for row in rows.iter().filter(|row| row.value.amount.is_negative()) {
        section.fault(row.fault("amount", "a fee is not negative"));
    }
    section.refuse_overlaps(&rows, |left, right| meet(&left.iso, &right.iso));
    rows
}

fn cost_caps(section: &mut SectionReader<'_>) -> Vec<Row<CostCapRow>> {
    let rows = section.rows::<CostCapRow>("cost_cap");
    for row in rows.iter().filter(|row| row.value.amount.is_negative()) {
        section.fault(row.fault("amount", "a cost cap is not negative"));
    }
    section.refuse_overlaps(&rows, |_, _| true);
    rows
}

fn exemptions(section: &mut SectionReader<'_>) -> Vec<Row<ExemptionRow>> {
    let rows = section.rows::<ExemptionRow>("exemption");
    for row in &rows {
        match (row.value.when, row.value.age_below) {
            (When::UnderAge, None) => {
                section.fault(row.fault("age_below", "missing: UNDER_AGE says below which age"));
            }
            (When::Palliative | When::Replacement, Some(_)) => {
                section.fault(row.fault("age_below", "belongs to UNDER_AGE only"));
            }
            (When::UnderAge, Some(_)) | (When::Palliative | When::Replacement, None) => {}
        }
    }
    section.refuse_overlaps(&rows, |left, right| {
        left.when == right.when && meet(&left.iso, &right.iso)
    });
    rows
}
