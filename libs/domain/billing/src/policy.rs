//! The rent policy of a county: what a unit is, when rent starts, when it ends.

use hjm_ids::days_inclusive;
use hjm_money::UnitPrice;
use hjm_policy::{
    Explanation, Fault, PolicyDocument, PolicyReference, Row, Section, SectionSchema,
};
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::depreciation::{Acquisition, days_written_off};
use crate::rent_rule::{
    EndRow, FormulaRow, RentUnit, StartRow, UnitRow, begun_by, check_ends, check_formulas,
    check_starts, check_units, rows, valid_on,
};
use crate::{BillingError, Holding, Line};

/// A period of the unit `STARTED_30_DAYS`.
const PERIOD_DAYS: u32 = 30;

/// The section `rent` of a policy document. [`RentPolicy::parse`] says how it is written.
#[derive(Debug)]
pub struct RentPolicy {
    policy: PolicyReference,
    units: Vec<Row<UnitRow>>,
    starts: Vec<Row<StartRow>>,
    ends: Vec<Row<EndRow>>,
    formulas: Vec<Row<FormulaRow>>,
}

impl RentPolicy {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        SectionSchema::new()
            .rows::<UnitRow>("unit")
            .rows::<StartRow>("start")
            .rows::<EndRow>("end")
            .rows::<FormulaRow>("formula")
    }

    /// Reads the section `rent`; none when the document has none.
    ///
    /// Three tables of rows, each row with `value`, `valid_from`, `source` and, where it ends,
    /// `valid_to` (exclusive). Two rows of one table never hold on the same day, and one of
    /// each holds on every day of the document. A fourth table is for a county that makes its prices
    /// from what devices cost.
    ///
    /// ```toml
    /// [[rent.unit]]
    /// value = "DAY"                   # both ends counted; or CALENDAR_MONTH, STARTED_30_DAYS
    /// valid_from = 2017-01-01
    /// source = "decision"
    ///
    /// [[rent.start]]
    /// value = "STORE_REGISTRATION"    # or DELIVERY, without hours
    /// late_after_hours = 24
    /// valid_from = 2017-01-01
    /// source = "decision"
    ///
    /// [[rent.end]]
    /// value = "PICKUP_PLUS_WORKING_DAYS"  # or PICKUP_PLUS_DAYS, ARRIVAL_MINUS_DAYS; or
    /// days = 3                            # RETURN_REGISTERED, without days
    /// valid_from = 2017-01-01
    /// source = "handbook §7.2"
    ///
    /// [[rent.formula]]
    /// overhead_percent = 55           # on top of depreciation, while it lasts
    /// decimals = 5                    # of the price a day
    /// valid_from = 2017-01-01
    /// source = "decision"
    /// ```
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        let Some(mut reader) = document.read(Section::Rent) else {
            return Ok(None);
        };
        let policy = Self {
            policy: document.reference().clone(),
            units: rows(&mut reader, "rent", "unit"),
            starts: rows(&mut reader, "rent", "start"),
            ends: rows(&mut reader, "rent", "end"),
            formulas: reader.rows("formula"),
        };
        check_units(&mut reader, &policy.units);
        check_starts(&mut reader, &policy.starts);
        check_ends(&mut reader, &policy.ends);
        check_formulas(&mut reader, &policy.formulas);
        reader.finish().map(|()| Some(policy))
    }

    /// The policy text it was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Why a rent line of a loan is as it is: the unit of its first day, the rules that the loan
    /// starts and ends by, the days, the price. It holds no id of a person.
    pub fn explain(&self, holding: &Holding, line: &Line) -> Explanation {
        let unit = valid_on(&self.units, line.from);
        let ended = holding.end_began().unwrap_or(line.from);
        let sources = self.sources([line.from, holding.delivered_on, ended]);
        let fact = |name: &str, value: &dyn std::fmt::Display| (name.to_owned(), value.to_string());
        let facts = vec![
            fact("from", &line.from),
            fact("to", &line.to),
            fact("days", &line.days),
            fact("unit_price", &line.unit_price),
            fact("amount", &line.amount),
            fact("deceased", &line.deceased),
        ];
        let unit = unit.map_or(RentUnit::Day, |row| row.value.value);
        let days = format!("{} days from {} through {}", line.days, line.from, line.to);
        let price = format!("{}: {}", line.unit_price, line.amount);
        let text = match unit {
            RentUnit::Day => format!(
                "{days}, both counted, at {} a day: {}",
                line.unit_price, line.amount
            ),
            RentUnit::CalendarMonth => format!("One calendar month, {days}, at {price}"),
            RentUnit::Started30Days => format!("One begun period of 30 days, {days}, at {price}"),
        };
        let rule = format!("rent.{}", unit.name());
        Explanation::new(&self.policy, rule, sources, facts, text)
    }

    /// Where the rules are printed that decide the unit of a day, the start of a loan handed out on
    /// another and the end that began on a third, each text once.
    pub(crate) fn sources(&self, [on, delivered_on, ended_on]: [Date; 3]) -> String {
        let sources = [
            valid_on(&self.units, on).map(|row| &row.source),
            begun_by(&self.starts, delivered_on).map(|row| &row.source),
            begun_by(&self.ends, ended_on).map(|row| &row.source),
        ];
        let mut told: Vec<&str> = Vec::new();
        for source in sources.into_iter().flatten() {
            if !told.contains(&source.as_str()) {
                told.push(source);
            }
        }
        told.join("; ")
    }

    /// The price a day of a device by the county's formula, for its price list: what is written
    /// off in a day, and the overhead on top (R3). Nothing once it is written off (decisions 39).
    ///
    /// # Errors
    /// [`BillingError::RentRuleMissing`] when the policy has no formula on the day, or
    /// [`BillingError::Money`].
    pub fn formula_price(&self, device: &Acquisition, on: Date) -> Result<UnitPrice, BillingError> {
        let row = valid_on(&self.formulas, on).ok_or_else(|| self.missing(on))?;
        let whole = device.days_whole()?;
        let ore = if days_written_off(device, on) < whole {
            device.price.ore()
        } else {
            0
        };
        let price = Decimal::new(ore, 2)
            .checked_mul(row.value.factor())
            .and_then(|whole_life| whole_life.checked_div(Decimal::from(whole)))
            .ok_or(hjm_money::MoneyError::Overflow)?;
        let decimals = u32::from(row.value.decimals);
        let strategy = RoundingStrategy::MidpointAwayFromZero;
        Ok(UnitPrice::new(
            price.round_dp_with_strategy(decimals, strategy),
        )?)
    }

    /// The unit that a day is billed in. All three tables must answer for it.
    ///
    /// # Errors
    /// [`BillingError::RentRuleMissing`].
    pub(crate) fn unit_on(&self, on: Date) -> Result<RentUnit, BillingError> {
        let answered = valid_on(&self.starts, on).is_some() && valid_on(&self.ends, on).is_some();
        let unit = valid_on(&self.units, on).filter(|_| answered);
        Ok(unit.ok_or_else(|| self.missing(on))?.value.value)
    }

    /// The rule that a loan handed out on a day starts by.
    ///
    /// # Errors
    /// [`BillingError::RentRuleMissing`].
    pub(crate) fn start_on(&self, on: Date) -> Result<StartRow, BillingError> {
        Ok(begun_by(&self.starts, on)
            .ok_or_else(|| self.missing(on))?
            .value)
    }

    /// The rule that a loan whose end began on a day ends by.
    ///
    /// # Errors
    /// [`BillingError::RentRuleMissing`].
    pub(crate) fn end_on(&self, on: Date) -> Result<EndRow, BillingError> {
        Ok(begun_by(&self.ends, on)
            .ok_or_else(|| self.missing(on))?
            .value)
    }

    fn missing(&self, on: Date) -> BillingError {
        BillingError::RentRuleMissing {
            policy: self.policy.id.clone(),
            on,
        }
    }

    /// Whether a unit that is more than a day begins on a day of rent: the first such day of a
    /// month, each thirtieth day since the first, counted anew where the county took up the unit.
    pub(crate) fn begins(&self, unit: RentUnit, first: Date, on: Date) -> bool {
        let since = first.max(self.unit_since(on));
        match unit {
            RentUnit::Day => true,
            RentUnit::CalendarMonth => on == since || on.day() == 1,
            RentUnit::Started30Days => (days_inclusive(since, on) - 1).is_multiple_of(PERIOD_DAYS),
        }
    }

    /// The first day from which the unit of a day has held without a break.
    fn unit_since(&self, on: Date) -> Date {
        let Some(mut row) = valid_on(&self.units, on) else {
            return on;
        };
        while let Some(before) = self.units.iter().find(|before| {
            before.validity.valid_to == Some(row.validity.valid_from)
                && before.value.value == row.value.value
        }) {
            row = before;
        }
        row.validity.valid_from
    }

    /// Whether any day is billed in begun periods.
    pub(crate) fn has_periods(&self) -> bool {
        let mut units = self.units.iter();
        units.any(|row| row.value.value == RentUnit::Started30Days)
    }

    /// The days on which some rule starts or stops to hold.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Date> {
        let units = self.units.iter().map(|row| row.validity);
        let starts = self.starts.iter().map(|row| row.validity);
        let ends = self.ends.iter().map(|row| row.validity);
        units
            .chain(starts)
            .chain(ends)
            .flat_map(|validity| [Some(validity.valid_from), validity.valid_to])
            .flatten()
    }
}
