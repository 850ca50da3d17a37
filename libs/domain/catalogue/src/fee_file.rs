//! The section `fees` of a policy document.
//!
//! ```toml
//! [[fees.municipality]]     # where the table is a municipality's and not the whole county's
//! code = "2280"
//!
//! [[fees.group]]            # what a product group (1 to 4) means here
//! id = "group-3"
//! group = 3
//! handling = "FEE"          # NOT_PRESCRIBABLE, COST_CAP, FEE or FREE
//!
//! [[fees.fee]]              # a fee of group 3, or of any product where there are no groups
//! id = "rollator"
//! iso = ["120606"]          # optional: without it, every code
//! kind = "ONE_OFF"          # PER_12_MONTHS, PER_CALENDAR_MONTH, PER_STARTED_MONTH,
//!                           # MONTHLY_SUBSCRIPTION, SHARE_OF_VALUE, PURCHASE_AFTER_TRIAL, or
//!                           # NOT_SUBSIDISED: the person buys it; or NOT_PRINTED
//! amount = "300.00"         # of every kind but a share; or, where the source has no amount,
//! not_printed = "the amount of 2025"    # the missing thing's name: then it is refused by it
//! per = "LINE"              # or ITEM, PAIR: what a one-off amount is for
//! scheme = "county-devices" # optional: the free-card scheme it counts in
//! share_percent = 20        # SHARE_OF_VALUE, with
//! floor = "200.00"          # optional
//! ceiling = "1200.00"       # optional; or
//! ceiling_of_scheme = true
//! months_max = 6            # optional, of a monthly kind
//! covers = "WHOLE_MONTH"    # MONTHLY_SUBSCRIPTION: or ANY_DAY
//! trial_months = 3          # PURCHASE_AFTER_TRIAL
//! person_owns = true        # optional: paid, it is the person's
//! collected_by = "DESK"     # optional: or INVOICE
//! income_to = "PAYER"       # optional: else AID_CENTRE
//! age_from = 18             # optional conditions, each range from and below:
//! value_from = "2000.00"    # the price
//! number_from = 2           # which in number it is for the person, of those the row covers,
//! within_months = 12        # in so many months from the first, which opens the period
//! kinds_from = 3            # kinds prescribed together, of those the row covers
//! qualifying_condition = true
//!
//! [[fees.cost_cap]]         # the most a person pays for a product of group 2
//! id = "cost-cap"
//! amount = "500.00"
//!
//! [[fees.exemption]]        # whom a fee does not meet
//! id = "under-18"
//! when = "UNDER_AGE"        # with age_below; or PALLIATIVE, IN_PATIENT or REPLACEMENT
//! age_below = 18
//! iso = ["120606"]          # optional
//!
//! [[fees.service]]          # what is no device: a visit, a missed visit, a move, a pickup
//! id = "missed-visit-doctor-hospital"
//! amount = "800.00"         # or not_printed, as of a fee
//! per = "VISIT"             # what it is for, in words
//! age_from = 17             # optional, as age_below and scheme
//!
//! [[fees.allowance]]        # a voucher, settled with who provides the product (decisions 28)
//! id = "glasses-0-7"
//! amount = "700.00"
//! interval_months = 12      # optional: the least time between two
//! ordained_by = ["ophthalmologist", "orthoptist"]   # optional
//! age_below = 8             # optional, as age_from
//! ```
//! Every row also has `valid_from`, `source` and, where it ends, `valid_to`.

use hjm_ids::{IsoCode, PrincipalId};
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader, SectionSchema};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::area::meet;
use crate::conditions::Range;
use crate::fee_row::{FeeRow, Per, RowKind};
use crate::fee_table::FeeTable;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Handling {
    NotPrescribable,
    CostCap,
    Fee,
    Free,
}

/// Whose residents the table is for; without any, the whole county's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MunicipalityRow {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) code: PrincipalId,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRow {
    pub(crate) id: String,
    pub(crate) group: u8,
    pub(crate) handling: Handling,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostCapRow {
    pub(crate) id: String,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) amount: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum When {
    UnderAge,
    Palliative,
    InPatient,
    Replacement,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionRow {
    pub(crate) id: String,
    pub(crate) when: When,
    pub(crate) age_below: Option<u16>,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    #[schemars(with = "Vec<String>")]
    pub(crate) iso: Vec<IsoCode>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceRow {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
    #[schemars(with = "Option<String>")]
    pub(crate) amount: Option<Money>,
    pub(crate) not_printed: Option<String>,
    pub(crate) per: String,
    pub(crate) scheme: Option<String>,
    age_from: Option<u16>,
    age_below: Option<u16>,
}

impl ServiceRow {
    pub(crate) fn age(&self) -> Option<Range<u16>> {
        Range::of(self.age_from, self.age_below)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowanceRow {
    pub(crate) id: String,
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    pub(crate) amount: Money,
    pub(crate) interval_months: Option<u16>,
    #[serde(default)]
    pub(crate) ordained_by: Vec<String>,
    age_from: Option<u16>,
    age_below: Option<u16>,
}

impl AllowanceRow {
    pub(crate) fn age(&self) -> Option<Range<u16>> {
        Range::of(self.age_from, self.age_below)
    }
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<FeeTable>, Vec<Fault>> {
    let Some(mut section) = document.read(Section::Fees) else {
        return Ok(None);
    };
    let table = FeeTable {
        policy: document.reference().clone(),
        municipalities: municipalities(&mut section),
        groups: groups(&mut section),
        fees: fees(&mut section),
        cost_caps: cost_caps(&mut section),
        exemptions: exemptions(&mut section),
        services: services(&mut section),
        allowances: allowances(&mut section),
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

/// The section's keys, for editors.
pub(crate) fn schema() -> SectionSchema {
    SectionSchema::new()
        .rows::<MunicipalityRow>("municipality")
        .rows::<GroupRow>("group")
        .rows::<FeeRow>("fee")
        .rows::<CostCapRow>("cost_cap")
        .rows::<ExemptionRow>("exemption")
        .rows::<ServiceRow>("service")
        .rows::<AllowanceRow>("allowance")
}

fn municipalities(section: &mut SectionReader<'_>) -> Vec<Row<MunicipalityRow>> {
    let rows = section.rows::<MunicipalityRow>("municipality");
    section.refuse_overlaps(&rows, |left, right| left.code == right.code);
    rows
}

fn groups(section: &mut SectionReader<'_>) -> Vec<Row<GroupRow>> {
    let rows = section.rows::<GroupRow>("group");
    for row in rows
        .iter()
        .filter(|row| !(1..=4).contains(&row.value.group))
    {
        section.fault(row.fault("group", "a product group is 1, 2, 3 or 4"));
    }
    section.one_a_day(&rows, |left, right| left.group == right.group);
    rows
}

fn fees(section: &mut SectionReader<'_>) -> Vec<Row<FeeRow>> {
    let rows = section.rows::<FeeRow>("fee");
    for row in &rows {
        let fee = &row.value;
        let amounts = [
            ("amount", fee.amount),
            ("floor", fee.floor),
            ("ceiling", fee.ceiling),
            ("value_from", fee.value_from),
        ];
        for (field, amount) in amounts {
            if amount.is_some_and(Money::is_negative) {
                section.fault(row.fault(field, "is not negative"));
            }
        }
        for field in fee.empty_ranges() {
            section.fault(row.fault(field, NO_VALUE));
        }
        let share = fee.share_percent;
        if share.is_some_and(|percent| !(1..=100).contains(&percent)) {
            section.fault(row.fault("share_percent", "a share is 1 to 100 per cent"));
        }
        if matches!((fee.floor, fee.ceiling), (Some(floor), Some(ceiling)) if ceiling < floor) {
            section.fault(row.fault("ceiling", "is below the floor"));
        }
        refuse_no_months(section, row, "months_max", fee.months_max);
        refuse_no_months(section, row, "trial_months", fee.trial_months);
        refuse_no_months(section, row, "within_months", fee.within_months);
        refuse_blank(section, row, "not_printed", fee.not_printed.as_ref());
        for (field, given, wanted, message) in belongings(fee) {
            match (given, wanted) {
                (false, Some(true)) => {
                    section.fault(row.fault(field, format!("missing: {message} needs it")));
                }
                (true, Some(false)) => {
                    section.fault(row.fault(field, format!("belongs to {message} only")));
                }
                (_, None) | (true, Some(true)) | (false, Some(false)) => {}
            }
        }
    }
    section.one_a_day(&rows, FeeRow::clashes_with);
    rows
}

const NO_VALUE: &str = "no value is both from and below these";

fn refuse_no_months<T>(
    section: &mut SectionReader<'_>,
    row: &Row<T>,
    field: &str,
    months: Option<u16>,
) {
    if months == Some(0) {
        section.fault(row.fault(field, "is one month or more"));
    }
}

fn refuse_blank<'t, T>(
    section: &mut SectionReader<'_>,
    row: &Row<T>,
    field: &str,
    texts: impl IntoIterator<Item = &'t String>,
) {
    if texts.into_iter().any(|text| text.trim().is_empty()) {
        section.fault(row.fault(field, "is empty"));
    }
}

/// A field, whether the row has it, whether its kind wants it (or may have it), and whose it is.
type Belonging = (&'static str, bool, Option<bool>, &'static str);

/// Which fields stand with which kinds.
fn belongings(fee: &FeeRow) -> [Belonging; 11] {
    const SHARE: &str = "SHARE_OF_VALUE";
    let share = fee.kind == RowKind::ShareOfValue;
    let unpaid = fee.kind == RowKind::NotSubsidised;
    let subscription = fee.kind == RowKind::MonthlySubscription;
    let trial = fee.kind == RowKind::PurchaseAfterTrial;
    let monthly = [RowKind::PerCalendarMonth, RowKind::PerStartedMonth].contains(&fee.kind);
    let counted = fee.number_from.is_some() || fee.number_below.is_some();
    let unprinted = fee.not_printed.is_some();
    let unknown = fee.kind == RowKind::NotPrinted;
    let may = |allowed: bool| if allowed { None } else { Some(false) };
    let of_share = may(share);
    let fixed = may(share && !fee.ceiling_of_scheme);
    let of_scheme = may(share && fee.scheme.is_some());
    let lines = may(!share && !unpaid && !unknown && !subscription);
    let (has_amount, has_covers) = (fee.amount.is_some(), fee.covers.is_some());
    let (has_share, has_trial) = (fee.share_percent.is_some(), fee.trial_months.is_some());
    let has_within = fee.within_months.is_some();
    [
        (
            "amount",
            has_amount,
            Some(!share && !unpaid && !unprinted && !unknown),
            "a fee that is no share, and printed",
        ),
        (
            "not_printed",
            unprinted,
            unknown.then_some(true).or(may(!share && !unpaid)),
            "a row without an amount",
        ),
        ("per", fee.per != Per::Line, lines, "a fee for a line"),
        ("share_percent", has_share, Some(share), SHARE),
        ("floor", fee.floor.is_some(), of_share, SHARE),
        (
            "ceiling",
            fee.ceiling.is_some(),
            fixed,
            "SHARE_OF_VALUE without ceiling_of_scheme",
        ),
        (
            "ceiling_of_scheme",
            fee.ceiling_of_scheme,
            of_scheme,
            "SHARE_OF_VALUE with a scheme",
        ),
        (
            "months_max",
            fee.months_max.is_some(),
            may(monthly),
            "a monthly kind",
        ),
        (
            "covers",
            has_covers,
            Some(subscription),
            "MONTHLY_SUBSCRIPTION",
        ),
        (
            "trial_months",
            has_trial,
            Some(trial),
            "PURCHASE_AFTER_TRIAL",
        ),
        (
            "within_months",
            has_within,
            may(counted),
            "a condition on number",
        ),
    ]
}

fn cost_caps(section: &mut SectionReader<'_>) -> Vec<Row<CostCapRow>> {
    let rows = section.rows::<CostCapRow>("cost_cap");
    for row in rows.iter().filter(|row| row.value.amount.is_negative()) {
        section.fault(row.fault("amount", "a cost cap is not negative"));
    }
    section.one_a_day(&rows, |_, _| true);
    rows
}

fn exemptions(section: &mut SectionReader<'_>) -> Vec<Row<ExemptionRow>> {
    let rows = section.rows::<ExemptionRow>("exemption");
    for row in &rows {
        match (row.value.when, row.value.age_below) {
            (When::UnderAge, None) => {
                section.fault(row.fault("age_below", "missing: UNDER_AGE says below which age"));
            }
            (When::Palliative | When::InPatient | When::Replacement, Some(_)) => {
                section.fault(row.fault("age_below", "belongs to UNDER_AGE only"));
            }
            (When::UnderAge, Some(_))
            | (When::Palliative | When::InPatient | When::Replacement, None) => {}
        }
    }
    section.one_a_day(&rows, |left, right| {
        left.when == right.when && meet(&left.iso, &right.iso)
    });
    rows
}

fn services(section: &mut SectionReader<'_>) -> Vec<Row<ServiceRow>> {
    let rows = section.rows::<ServiceRow>("service");
    for row in &rows {
        match (row.value.amount, &row.value.not_printed) {
            (Some(amount), None) if amount.is_negative() => {
                section.fault(row.fault("amount", "is not negative"));
            }
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) => {
                section.fault(row.fault("amount", "missing: a service that is printed needs it"));
            }
            (Some(_), Some(_)) => {
                section.fault(row.fault("not_printed", "belongs to a row without an amount only"));
            }
        }
        if row.value.age().is_some_and(Range::is_empty) {
            section.fault(row.fault("age_below", NO_VALUE));
        }
        refuse_blank(section, row, "per", [&row.value.per]);
        refuse_blank(section, row, "not_printed", &row.value.not_printed);
    }
    section.one_a_day(&rows, |left, right| {
        left.id == right.id && Range::meet(left.age(), right.age())
    });
    rows
}

fn allowances(section: &mut SectionReader<'_>) -> Vec<Row<AllowanceRow>> {
    let rows = section.rows::<AllowanceRow>("allowance");
    for row in &rows {
        if row.value.amount.is_negative() {
            section.fault(row.fault("amount", "is not negative"));
        }
        if row.value.age().is_some_and(Range::is_empty) {
            section.fault(row.fault("age_below", NO_VALUE));
        }
        let months = row.value.interval_months;
        refuse_no_months(section, row, "interval_months", months);
        refuse_blank(section, row, "ordained_by", &row.value.ordained_by);
    }
    section.one_a_day(&rows, |left, right| left.id == right.id);
    rows
}
