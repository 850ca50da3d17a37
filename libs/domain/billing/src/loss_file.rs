//! The section `loss` of a policy document.

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader, SectionSchema, Validity};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::loss::LossPolicy;
use crate::loss_facts::{LossKind, LossPayer};

/// Percentages are whole and at most the whole price.
const PERCENT_MAX: u8 = 100;

/// What a charge is reckoned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Base {
    /// The residual value.
    Residual,
    /// `percent` of the price, when the device it belongs to has a residual value.
    PercentWithResidual,
    /// The share of the price that `loss.share` says for the age.
    ShareByAge,
    /// Always `at_least`.
    Flat,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleRow {
    pub(crate) of: LossKind,
    pub(crate) base: Base,
    pub(crate) percent: Option<u8>,
    /// Floor, in per cent of the price.
    pub(crate) percent_at_least: Option<u8>,
    /// In per cent of the price, in place of a residual value that is nothing.
    pub(crate) percent_without_residual: Option<u8>,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) at_least: Option<Money>,
    #[serde(default)]
    pub(crate) administrative_fee: bool,
    pub(crate) pays: LossPayer,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeRow {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) amount: Money,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareRow {
    pub(crate) of: LossKind,
    /// Whole months since the acquisition from which the share holds.
    pub(crate) from_months: u16,
    pub(crate) percent: u8,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DepreciationRow {
    pub(crate) group: String,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    #[schemars(with = "Vec<String>")]
    pub(crate) iso: Vec<IsoCode>,
    pub(crate) years: u16,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraceRow {
    pub(crate) months: u16,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveRow {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) residual_above: Money,
}

/// The section's keys, for editors.
pub(crate) fn schema() -> SectionSchema {
    SectionSchema::new()
        .rows::<RuleRow>("rule")
        .rows::<FeeRow>("administrative_fee")
        .rows::<ShareRow>("share")
        .rows::<DepreciationRow>("depreciation")
        .rows::<GraceRow>("grace")
        .rows::<MoveRow>("move")
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<LossPolicy>, Vec<Fault>> {
    let Some(mut reader) = document.read(Section::Loss) else {
        return Ok(None);
    };
    let policy = LossPolicy {
        policy: document.reference().clone(),
        rules: reader.rows("rule"),
        fees: reader.rows("administrative_fee"),
        shares: reader.rows("share"),
        depreciation: reader.rows("depreciation"),
        graces: reader.rows("grace"),
        moves: reader.rows("move"),
    };
    for row in &policy.rules {
        check_rule(&mut reader, row);
        // A document that lacks what no source prints is never in force.
        if document.not_printed().is_none() {
            check_tables(&mut reader, row, &policy);
        }
    }
    check_shares(&mut reader, &policy.shares);
    check_amounts(&mut reader, &policy);
    reader.one_a_day(&policy.rules, |one, other| one.of == other.of);
    reader.one_a_day(&policy.fees, |_, _| true);
    reader.one_a_day(&policy.shares, |one, other| {
        (one.of, one.from_months) == (other.of, other.from_months)
    });
    reader.one_a_day(&policy.depreciation, |one, other| {
        let rest = one.iso.is_empty() && other.iso.is_empty();
        rest || one.iso.iter().any(|code| other.iso.contains(code))
    });
    reader.one_a_day(&policy.graces, |_, _| true);
    reader.one_a_day(&policy.moves, |_, _| true);
    reader.finish()?;
    Ok(Some(policy))
}

/// A rule has what its base needs and nothing that it would not read.
fn check_rule(reader: &mut SectionReader<'_>, row: &Row<RuleRow>) {
    let rule = &row.value;
    let mut belongs = |field: &str, is_there: bool, to: Base, needed: bool| {
        let bases = rule.base == to;
        if (is_there && !bases) || (needed && bases && !is_there) {
            let message = format!("belongs to the base {}", name(to));
            reader.fault(row.fault(field, message));
        }
    };
    let percent = rule.percent.is_some();
    belongs("percent", percent, Base::PercentWithResidual, true);
    let residual = Base::Residual;
    let floor = rule.percent_at_least.is_some();
    belongs("percent_at_least", floor, residual, false);
    let without = rule.percent_without_residual.is_some();
    belongs("percent_without_residual", without, residual, false);
    if rule.base == Base::Flat && rule.at_least.is_none() {
        reader.fault(row.fault("at_least", "missing: the base FLAT is that amount"));
    }
}

/// The tables that a rule reads have a row on every day it holds.
fn check_tables(reader: &mut SectionReader<'_>, row: &Row<RuleRow>, policy: &LossPolicy) {
    let rule = &row.value;
    let shares = policy.shares.iter();
    let shares = shares.filter(|share| share.value.of == rule.of && share.value.from_months == 0);
    let told: Vec<Validity> = shares.map(|share| share.validity).collect();
    if rule.base == Base::ShareByAge
        && let Some(open) = reader.first_without(row, &told)
    {
        let message = format!("needs a row [[loss.share]] from_months = 0 on {open}");
        reader.fault(row.fault("base", message));
    }
    let fees: Vec<Validity> = policy.fees.iter().map(|fee| fee.validity).collect();
    if rule.administrative_fee
        && let Some(open) = reader.first_without(row, &fees)
    {
        let message = format!("needs a row [[loss.administrative_fee]] on {open}");
        reader.fault(row.fault("administrative_fee", message));
    }
}

/// What a thing is worth never rises with its age.
fn check_shares(reader: &mut SectionReader<'_>, shares: &[Row<ShareRow>]) {
    for row in shares {
        let risen = shares.iter().any(|young| {
            young.value.of == row.value.of
                && young.value.from_months < row.value.from_months
                && young.value.percent < row.value.percent
                && young.validity.overlaps(&row.validity)
        });
        if risen {
            let message = "is above the share of fewer months, and no value rises with age";
            reader.fault(row.fault("percent", message));
        }
    }
}

fn name(base: Base) -> &'static str {
    match base {
        Base::Residual => "RESIDUAL",
        Base::PercentWithResidual => "PERCENT_WITH_RESIDUAL",
        Base::ShareByAge => "SHARE_BY_AGE",
        Base::Flat => "FLAT",
    }
}

fn check_amounts(reader: &mut SectionReader<'_>, policy: &LossPolicy) {
    for row in &policy.rules {
        let rule = &row.value;
        let percents = [
            ("percent", rule.percent),
            ("percent_at_least", rule.percent_at_least),
            ("percent_without_residual", rule.percent_without_residual),
        ];
        for (field, percent) in percents {
            if percent.is_some_and(|percent| percent > PERCENT_MAX) {
                reader.fault(row.fault(field, "is above 100 per cent"));
            }
        }
        if rule.at_least.is_some_and(Money::is_negative) {
            reader.fault(row.fault("at_least", "is below zero"));
        }
    }
    for row in policy
        .shares
        .iter()
        .filter(|row| row.value.percent > PERCENT_MAX)
    {
        reader.fault(row.fault("percent", "is above 100 per cent"));
    }
    for row in policy
        .fees
        .iter()
        .filter(|row| row.value.amount.is_negative())
    {
        reader.fault(row.fault("amount", "is below zero"));
    }
    for row in policy
        .depreciation
        .iter()
        .filter(|row| row.value.years == 0)
    {
        reader.fault(row.fault("years", "a device is written off over one year or more"));
    }
    let moves = policy.moves.iter();
    for row in moves.filter(|row| row.value.residual_above.is_negative()) {
        reader.fault(row.fault("residual_above", "is below zero"));
    }
}
