//! The values a rent policy is written in.

use hjm_money::UnitPrice;
use hjm_policy::{Row, SectionReader};
use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The most days that an end counts: a year.
const END_DAYS_MAX: u16 = 366;

/// What rent is counted in (Q1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RentUnit {
    /// `DAY`: each civil day, first and last both counted (R1).
    #[serde(rename = "DAY")]
    Day,
    /// `CALENDAR_MONTH`: each calendar month with a day of rent in it, whole.
    #[serde(rename = "CALENDAR_MONTH")]
    CalendarMonth,
    /// `STARTED_30_DAYS`: each begun period of 30 days from the first day of rent (R12).
    #[serde(rename = "STARTED_30_DAYS")]
    Started30Days,
}

impl RentUnit {
    /// The name in the policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::CalendarMonth => "CALENDAR_MONTH",
            Self::Started30Days => "STARTED_30_DAYS",
        }
    }
}

/// The first day of rent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RentStart {
    /// `DELIVERY`: the day of delivery.
    Delivery,
    /// `STORE_REGISTRATION`: what is taken from a buffer store: the day that was registered; else
    /// the day of delivery.
    StoreRegistration,
}

impl RentStart {
    /// The name in the policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivery => "DELIVERY",
            Self::StoreRegistration => "STORE_REGISTRATION",
        }
    }
}

/// The last day of rent (Q2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RentEnd {
    /// `RETURN_REGISTERED`: the day of the registered return (source 003 §7.2), death or not.
    ReturnRegistered,
    /// `ARRIVAL_MINUS_DAYS`: `days` days before the arrival at the centre.
    ArrivalMinusDays,
    /// `PICKUP_PLUS_DAYS`: `days` days after the pickup order.
    PickupPlusDays,
    /// `PICKUP_PLUS_WORKING_DAYS`: `days` working days after the pickup order.
    PickupPlusWorkingDays,
}

impl RentEnd {
    /// The name in the policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReturnRegistered => "RETURN_REGISTERED",
            Self::ArrivalMinusDays => "ARRIVAL_MINUS_DAYS",
            Self::PickupPlusDays => "PICKUP_PLUS_DAYS",
            Self::PickupPlusWorkingDays => "PICKUP_PLUS_WORKING_DAYS",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitRow {
    pub(crate) value: RentUnit,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartRow {
    pub(crate) value: RentStart,
    /// A registration more than so many hours after the withdrawal is late (R13).
    pub(crate) late_after_hours: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRow {
    pub(crate) value: RentEnd,
    pub(crate) days: Option<u16>,
}

/// A price a day made of what a device costs (R3).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormulaRow {
    /// Per cent on top of depreciation, while depreciation lasts (decisions 39).
    pub(crate) overhead_percent: u16,
    /// Decimals of the price a day.
    pub(crate) decimals: u8,
}

impl FormulaRow {
    /// What is multiplied with a depreciation part.
    pub(crate) fn factor(self) -> Decimal {
        Decimal::new(i64::from(self.overhead_percent).saturating_add(100), 2)
    }
}

/// The rows of a table that must have one on every day it is asked about.
pub(crate) fn rows<T: DeserializeOwned>(
    reader: &mut SectionReader<'_>,
    section: &str,
    key: &str,
) -> Vec<Row<T>> {
    let rows: Vec<Row<T>> = reader.rows(key);
    if rows.is_empty() {
        reader.section_fault(format!("has no readable row [[{section}.{key}]]"));
    }
    reader.refuse_overlaps(&rows, |_, _| true);
    reader.refuse_gaps(&rows);
    rows
}

/// A unit of months begins and ends with a month, so that no day is in two units.
pub(crate) fn check_units(reader: &mut SectionReader<'_>, rows: &[Row<UnitRow>]) {
    for row in rows {
        if row.value.value != RentUnit::CalendarMonth {
            continue;
        }
        let ends = row.validity.valid_to;
        let days = [
            ("valid_from", Some(row.validity.valid_from)),
            ("valid_to", ends),
        ];
        for (field, day) in days {
            if day.is_some_and(|day| day.day() != 1) {
                let message = "calendar months begin and end with the first of a month";
                reader.fault(row.fault(field, message));
            }
        }
    }
}

pub(crate) fn check_starts(reader: &mut SectionReader<'_>, rows: &[Row<StartRow>]) {
    for row in rows {
        let wanted = row.value.value == RentStart::StoreRegistration;
        if wanted != row.value.late_after_hours.is_some() {
            let message = "belongs to STORE_REGISTRATION, which needs it";
            reader.fault(row.fault("late_after_hours", message));
        }
    }
}

pub(crate) fn check_ends(reader: &mut SectionReader<'_>, rows: &[Row<EndRow>]) {
    for row in rows {
        let wanted = row.value.value != RentEnd::ReturnRegistered;
        if wanted != row.value.days.is_some() {
            let message = "belongs to every value but RETURN_REGISTERED, which has none";
            reader.fault(row.fault("days", message));
        }
        if row.value.days.is_some_and(|days| days > END_DAYS_MAX) {
            let message = format!("is at most {END_DAYS_MAX}");
            reader.fault(row.fault("days", message));
        }
    }
}

pub(crate) fn check_formulas(reader: &mut SectionReader<'_>, rows: &[Row<FormulaRow>]) {
    for row in rows {
        if u32::from(row.value.decimals) > UnitPrice::DECIMALS_MAX {
            let message = format!("a price has at most {}", UnitPrice::DECIMALS_MAX);
            reader.fault(row.fault("decimals", message));
        }
    }
    reader.one_a_day(rows, |_, _| true);
}

/// The row that holds on a day.
pub(crate) fn valid_on<T>(rows: &[Row<T>], on: Date) -> Option<&Row<T>> {
    rows.iter().find(|row| row.validity.contains(on))
}

/// The newest row that has begun by a day, whether or not it has ended; else the first there is.
pub(crate) fn begun_by<T>(rows: &[Row<T>], on: Date) -> Option<&Row<T>> {
    let begun = rows.iter().filter(|row| row.validity.valid_from <= on);
    begun
        .max_by_key(|row| row.validity.valid_from)
        .or_else(|| rows.iter().min_by_key(|row| row.validity.valid_from))
}
