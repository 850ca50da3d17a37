//! Wire types to domain types and back, for what every context shares. Parse at the edge: after
//! these nothing can be invalid.

use std::{collections::BTreeMap, fmt, str::FromStr};

use hjm_money::{Money, UnitPrice};
use hjm_policy::Explanation;
use hjm_proto::{catalogue::v1 as catalogue, common::v1 as pb};
use jiff::{Timestamp, civil::Date};

use crate::Violations;

const CURRENCY: &str = "SEK";
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Largest page of any list.
pub const PAGE_SIZE_MAX: i32 = 500;
const PAGE_SIZE_DEFAULT: i32 = 50;
/// The longest name that directives use.
const DIRECTIVE_NAME_LENGTH_MAX: usize = 60;
const DIRECTIVE_ENTRIES_MAX: usize = 100;

/// A date that must be given.
pub fn from_pb_date(
    violations: &mut Violations,
    field: &str,
    date: Option<&pb::Date>,
) -> Option<Date> {
    let date = violations.need(field, date)?;
    violations.take(field, parse_date(date))
}

/// A date that may be absent. The outer option is empty when it is malformed.
pub fn from_pb_date_optional(
    violations: &mut Violations,
    field: &str,
    date: Option<&pb::Date>,
) -> Option<Option<Date>> {
    match date {
        None => Some(None),
        Some(date) => violations.take(field, parse_date(date)).map(Some),
    }
}

fn parse_date(date: &pb::Date) -> Result<Date, &'static str> {
    const TEXT: &str = "must be a date of the years 1900 to 2200";
    if !YEARS.contains(&date.year) {
        return Err(TEXT);
    }
    let (Ok(year), Ok(month), Ok(day)) = (
        i16::try_from(date.year),
        i8::try_from(date.month),
        i8::try_from(date.day),
    ) else {
        return Err(TEXT);
    };
    Date::new(year, month, day).map_err(|_| TEXT)
}

/// A date on the wire.
pub fn to_pb_date(date: Date) -> pb::Date {
    pb::Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

/// An amount that must be given: kronor, no finer than öre, not negative.
pub fn from_pb_money(
    violations: &mut Violations,
    field: &str,
    money: Option<&pb::Money>,
) -> Option<Money> {
    let money = violations.need(field, money)?;
    if money.currency_code != CURRENCY {
        violations.add(field, "must be in SEK");
        return None;
    }
    let parsed = violations.take(field, Money::from_units_nanos(money.units, money.nanos))?;
    if parsed.is_negative() {
        violations.add(field, "must not be negative");
        return None;
    }
    Some(parsed)
}

/// An amount on the wire.
pub fn to_pb_money(money: Money) -> pb::Money {
    let (units, nanos) = money.to_units_nanos();
    pb::Money {
        currency_code: CURRENCY.to_owned(),
        units,
        nanos,
    }
}

/// A unit price that must be given.
pub fn from_pb_unit_price(
    violations: &mut Violations,
    field: &str,
    price: Option<&pb::Decimal>,
) -> Option<UnitPrice> {
    let price = violations.need(field, price)?;
    violations.take(field, price.value.parse::<UnitPrice>())
}

/// A unit price on the wire.
pub fn to_pb_unit_price(price: &UnitPrice) -> pb::Decimal {
    pb::Decimal {
        value: price.to_string(),
    }
}

/// A text id that must be given and well-formed.
pub fn from_pb_text<T>(violations: &mut Violations, field: &str, text: &str) -> Option<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    violations.take(field, text.parse::<T>())
}

/// A text id that may be empty. The outer option is empty when it is malformed.
pub fn from_pb_text_optional<T>(
    violations: &mut Violations,
    field: &str,
    text: &str,
) -> Option<Option<T>>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    if text.is_empty() {
        return Some(None);
    }
    from_pb_text(violations, field, text).map(Some)
}

/// Words of a person: 1 to `length_max` characters without control characters.
pub fn from_pb_words(
    violations: &mut Violations,
    field: &str,
    text: &str,
    length_max: usize,
) -> Option<String> {
    let length = text.chars().count();
    if length == 0 || length > length_max || text.chars().any(char::is_control) {
        let expected = format!("must be 1 to {length_max} characters without control characters");
        violations.add(field, expected);
        return None;
    }
    Some(text.to_owned())
}

/// A page size within the limits, as rows to read.
pub fn from_pb_page_size(violations: &mut Violations, page_size: i32) -> Option<i64> {
    match page_size {
        0 => Some(i64::from(PAGE_SIZE_DEFAULT)),
        1..=PAGE_SIZE_MAX => Some(i64::from(page_size)),
        _ => {
            violations.add("page_size", format!("must be 0 to {PAGE_SIZE_MAX}"));
            None
        }
    }
}

/// The token of the next page: empty when this one was not full.
pub fn to_pb_next_page(found: usize, rows_max: i64, last: Option<String>) -> String {
    let full = i64::try_from(found).is_ok_and(|found| found == rows_max);
    last.filter(|_| full).unwrap_or_default()
}

/// An instant on the wire.
pub fn to_pb_timestamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: instant.as_second(),
        nanos: instant.subsec_nanosecond(),
    }
}

/// An instant that may be absent, to the microsecond, as everything is stored. The outer option is
/// empty when it is malformed.
pub fn from_pb_timestamp_optional(
    violations: &mut Violations,
    field: &str,
    instant: Option<&prost_types::Timestamp>,
) -> Option<Option<Timestamp>> {
    const TEXT: &str = "must be an instant of the years 1900 to 2200";
    let Some(instant) = instant else {
        return Some(None);
    };
    let in_range = |at: &Timestamp| {
        let year = i32::from(at.to_zoned(jiff::tz::TimeZone::UTC).year());
        (0..1_000_000_000).contains(&instant.nanos) && YEARS.contains(&year)
    };
    let micros = instant.nanos.wrapping_sub(instant.nanos.rem_euclid(1_000));
    let parsed = Timestamp::new(instant.seconds, micros).ok();
    let parsed = parsed.filter(in_range).ok_or(TEXT);
    violations.take(field, parsed).map(Some)
}

/// An explanation on the wire.
pub fn to_pb_explanation(explanation: &Explanation) -> pb::Explanation {
    pb::Explanation {
        rule_id: explanation.rule.clone(),
        policy_id: explanation.policy_id.clone(),
        policy_version: explanation.policy_version,
        policy_hash: explanation.policy_hash.clone(),
        source: explanation.source.clone(),
        facts: explanation
            .facts
            .iter()
            .map(|(name, value)| pb::Fact {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
        text: explanation.text.clone(),
    }
}

/// An explanation as another service told it.
pub fn from_pb_explanation(explanation: pb::Explanation) -> Explanation {
    Explanation {
        rule: explanation.rule_id,
        policy_id: explanation.policy_id,
        policy_version: explanation.policy_version,
        policy_hash: explanation.policy_hash,
        source: explanation.source,
        facts: explanation
            .facts
            .into_iter()
            .map(|fact| (fact.name, fact.value))
            .collect(),
        text: explanation.text,
    }
}

/// A charge form that must be given.
pub fn from_pb_charge_form(
    violations: &mut Violations,
    field: &str,
    form: i32,
) -> Option<pb::ChargeForm> {
    let form = pb::ChargeForm::try_from(form).ok();
    violations.need(
        field,
        form.filter(|form| *form != pb::ChargeForm::Unspecified),
    )
}

/// An occasion that must be given.
pub fn from_pb_occasion(
    violations: &mut Violations,
    field: &str,
    occasion: i32,
) -> Option<pb::Occasion> {
    let occasion = pb::Occasion::try_from(occasion).ok();
    violations.need(
        field,
        occasion.filter(|occasion| *occasion != pb::Occasion::Unspecified),
    )
}

/// A name as directives use it; none when it is empty. What is malformed is noted.
pub fn from_pb_directive_name(
    violations: &mut Violations,
    field: &str,
    name: &str,
) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    from_pb_words(violations, field, name, DIRECTIVE_NAME_LENGTH_MAX)
}

/// Trainings that were completed: the kind and the day.
pub fn from_pb_trainings(
    violations: &mut Violations,
    list: &str,
    trainings: &[catalogue::Training],
) -> Option<Vec<(String, Date)>> {
    dated(violations, list, trainings, |training| {
        (
            ("kind", &training.kind),
            ("completed_on", training.completed_on),
        )
    })
}

/// Special decisions that were made: by whom, and the day.
pub fn from_pb_special_decisions(
    violations: &mut Violations,
    list: &str,
    decisions: &[catalogue::SpecialDecision],
) -> Option<Vec<(String, Date)>> {
    dated(violations, list, decisions, |decision| {
        (
            ("decided_by", &decision.decided_by),
            ("decided_on", decision.decided_on),
        )
    })
}

/// A field's name and value, of a name and of a day.
type Dated<'entry> = (
    (&'static str, &'entry String),
    (&'static str, Option<pb::Date>),
);

fn dated<T>(
    violations: &mut Violations,
    list: &str,
    entries: &[T],
    parts: impl Fn(&T) -> Dated<'_>,
) -> Option<Vec<(String, Date)>> {
    few_directive_entries(violations, list, entries.len())?;
    let mut read = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let ((name_field, name), (day_field, day)) = parts(entry);
        let field = |field: &str| format!("{list}[{at}].{field}");
        let name = from_pb_words(
            violations,
            &field(name_field),
            name,
            DIRECTIVE_NAME_LENGTH_MAX,
        );
        let day = from_pb_date(violations, &field(day_field), day.as_ref());
        read.push(name.zip(day));
    }
    read.into_iter().collect()
}

/// Answers to criteria and contraindications, each rule's once.
pub fn from_pb_directive_answers(
    violations: &mut Violations,
    list: &str,
    answers: &[catalogue::DirectiveAnswer],
) -> Option<BTreeMap<String, bool>> {
    few_directive_entries(violations, list, answers.len())?;
    let mut read = BTreeMap::new();
    for (at, answer) in answers.iter().enumerate() {
        let field = format!("{list}[{at}].rule_id");
        let rule = from_pb_words(
            violations,
            &field,
            &answer.rule_id,
            DIRECTIVE_NAME_LENGTH_MAX,
        )?;
        if read.insert(rule, answer.holds).is_some() {
            violations.add(field, "is answered once");
        }
    }
    Some(read)
}

/// Whether a list that directives read is short enough.
pub fn few_directive_entries(
    violations: &mut Violations,
    list: &str,
    entries: usize,
) -> Option<()> {
    if entries > DIRECTIVE_ENTRIES_MAX {
        violations.add(list, format!("must be at most {DIRECTIVE_ENTRIES_MAX}"));
        return None;
    }
    Some(())
}
