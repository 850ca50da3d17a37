//! The rent of one loan in one month.

use std::collections::BTreeSet;

use hjm_ids::{
    ArticleNumber, CustomerNumber, LoanId, Month, PrincipalId, days_inclusive, plus_working_days,
};
use hjm_money::UnitPrice;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::rent_rule::{EndRow, RentEnd, RentStart, RentUnit};
use crate::{BillingError, Line, LineKind, RentPolicy};

/// Who pays, from a day until the next segment's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The customer number that pays.
    pub customer_number: CustomerNumber,
    /// The principal that owns it.
    pub principal: PrincipalId,
    /// The first day that is this payer's (Q3).
    pub from: Date,
}

/// How a device was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handout {
    /// Delivered to the person.
    Delivered,
    /// Taken from a buffer store (buffertförråd) and registered afterwards.
    FromStore {
        /// The civil day of the registration.
        registered_on: Date,
        /// From the withdrawal to the registration, in whole minutes begun.
        minutes: u32,
    },
}

/// What the newest timeline of a loan says, as far as rent needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The loan.
    pub loan: LoanId,
    /// The article that is rented.
    pub article: ArticleNumber,
    /// The day of delivery.
    pub delivered_on: Date,
    /// How it was handed out, where the timeline tells it.
    pub handout: Option<Handout>,
    /// The day of the pickup order; none when there is none or it was cancelled (R9).
    pub pickup_ordered_on: Option<Date>,
    /// The day the device arrived at the centre.
    pub arrived_on: Option<Date>,
    /// The day of the registered return.
    pub returned_on: Option<Date>,
    /// Who pays when, in order of `from`.
    pub segments: Vec<Segment>,
    /// The recipient's date of death.
    pub died_on: Option<Date>,
}

impl Holding {
    /// The day its end began: the earliest of pickup order, arrival and registered return.
    pub(crate) fn end_began(&self) -> Option<Date> {
        let told = [self.pickup_ordered_on, self.arrived_on, self.returned_on];
        told.into_iter().flatten().min()
    }
}

/// The days of rent of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RentWindow {
    /// The first.
    pub first: Date,
    /// The last; none while nothing has ended it. Before `first` there is no day of rent.
    pub last: Option<Date>,
    /// It was registered later than the policy allows (R13).
    pub late: bool,
}

/// The days of rent of a loan by the county's rules: it starts by the rule of the day of delivery
/// and ends by the rule of the day its end began, which is the earliest of pickup order, arrival
/// and registered return. A rule that needs a fact waits for it while the device is out.
///
/// # Errors
/// [`BillingError::ReturnedBeforeDelivery`], [`BillingError::RentRuleMissing`], and
/// [`BillingError::FactMissing`] when the device is back and the rule's fact is not told.
pub fn rent_window(holding: &Holding, policy: &RentPolicy) -> Result<RentWindow, BillingError> {
    let missing = |fact| BillingError::FactMissing {
        loan: holding.loan,
        fact,
    };
    let delivered_on = holding.delivered_on;
    if holding
        .returned_on
        .is_some_and(|returned_on| returned_on < delivered_on)
    {
        return Err(BillingError::ReturnedBeforeDelivery { loan: holding.loan });
    }
    let start = policy.start_on(delivered_on)?;
    let handout = match start.value {
        RentStart::Delivery => Handout::Delivered,
        RentStart::StoreRegistration => holding.handout.ok_or_else(|| missing("handout"))?,
    };
    let (first, late) = match handout {
        Handout::Delivered => (delivered_on, false),
        Handout::FromStore {
            registered_on,
            minutes,
        } => {
            let hours = start.late_after_hours.map_or(u32::MAX, u32::from);
            (registered_on, minutes > hours.saturating_mul(60))
        }
    };
    let Some(began) = holding.end_began() else {
        return Ok(RentWindow {
            first,
            last: None,
            late,
        });
    };
    let end = policy.end_on(began)?;
    let (name, fact) = match end.value {
        RentEnd::ReturnRegistered => ("returned_on", holding.returned_on),
        RentEnd::ArrivalMinusDays => ("arrived_on", holding.arrived_on),
        RentEnd::PickupPlusDays | RentEnd::PickupPlusWorkingDays => {
            ("pickup_ordered_on", holding.pickup_ordered_on)
        }
    };
    if fact.is_none() && holding.returned_on.is_some() {
        return Err(missing(name));
    }
    let last = fact.map(|on| last_day(end, on));
    Ok(RentWindow { first, last, late })
}

/// The last day of rent, by the day that the rule counts from.
fn last_day(end: EndRow, on: Date) -> Date {
    let days = end.days.unwrap_or_default();
    match end.value {
        RentEnd::ReturnRegistered => on,
        RentEnd::ArrivalMinusDays => on.saturating_sub(i64::from(days).days()),
        RentEnd::PickupPlusDays => on.saturating_add(i64::from(days).days()),
        RentEnd::PickupPlusWorkingDays => plus_working_days(on, days),
    }
}

/// A price a unit (a day, a month, 30 days, as the policy says), until the next step's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceStep {
    /// The first day of the price.
    pub from: Date,
    /// Kronor a unit.
    pub price: UnitPrice,
}

/// The rent lines of `month`, in order of days; none when nothing of the loan is billed in it.
///
/// In days, the days of the lines are exactly the billable days of the month, each once (decisions
/// 38, I19, I22). A line ends where the payer changes (Q3), the price changes (Q4) or after the day
/// of death (R16), and nowhere else. In months or begun periods, each unit is one line, whole, in
/// the month its first day lies in, to who pays on that day, at that day's price; the line's days
/// are those of the unit in that month. `prices` are in order of `from`; money is rounded half up
/// once a line (Q5, decisions 37). The same arguments give the same lines.
///
/// # Errors
/// [`BillingError`]: a missing price, payer, rule or fact is named, never taken as zero.
pub fn rent_lines(
    holding: &Holding,
    prices: &[PriceStep],
    policy: &RentPolicy,
    month: Month,
) -> Result<Vec<Line>, BillingError> {
    let window = rent_window(holding, policy)?;
    let mut lines: Vec<Line> = Vec::new();
    // What the last line is billed in. None where a unit that goes on was billed a month ago.
    let mut billed = None;
    for (from, to) in pieces(holding, prices, policy, month, &window) {
        let unit = policy.unit_on(from)?;
        let whole = unit != RentUnit::Day;
        if whole && !policy.begins(unit, window.first, from) {
            if let Some(last) = lines.last_mut().filter(|_| billed == Some(unit)) {
                last.to = to;
                last.days += days_inclusive(from, to);
            }
            continue;
        }
        let piece = priced(holding, prices, from, to, unit)?;
        let by_day = !whole && billed == Some(unit);
        match lines.last_mut() {
            Some(last) if by_day && continues(last, &piece) => {
                last.to = piece.to;
                last.days += piece.days;
                last.amount = last.unit_price.times_days(last.days)?;
            }
            Some(_) | None => lines.push(piece),
        }
        billed = Some(unit);
    }
    Ok(lines)
}

/// The days of rent in the month, cut wherever anything may change. Within a piece nothing does.
fn pieces(
    holding: &Holding,
    prices: &[PriceStep],
    policy: &RentPolicy,
    month: Month,
    window: &RentWindow,
) -> Vec<(Date, Date)> {
    let first = month.first().max(window.first);
    let last = month.last().min(window.last.unwrap_or(Date::MAX));
    if first > last {
        return Vec::new();
    }
    let payers = holding.segments.iter().map(|segment| segment.from);
    let steps = prices.iter().map(|step| step.from);
    let after_death = holding.died_on.and_then(|died_on| died_on.tomorrow().ok());
    let days = first.series(1.day()).take_while(|on| *on <= last);
    let periods = days.filter(|on| policy.begins(RentUnit::Started30Days, window.first, *on));
    let periods = policy.has_periods().then_some(periods);
    let cuts: BTreeSet<Date> = payers
        .chain(steps)
        .chain(after_death)
        .chain(policy.changes())
        .chain(periods.into_iter().flatten())
        .filter(|cut| first < *cut && *cut <= last)
        .chain([first])
        .collect();
    let ends = cuts.iter().skip(1).filter_map(|cut| cut.yesterday().ok());
    let ends: Vec<Date> = ends.chain([last]).collect();
    cuts.into_iter().zip(ends).collect()
}

fn priced(
    holding: &Holding,
    prices: &[PriceStep],
    from: Date,
    to: Date,
    unit: RentUnit,
) -> Result<Line, BillingError> {
    let payer = holding.segments.iter().rfind(|payer| payer.from <= from);
    let payer = payer.ok_or(BillingError::PayerMissing {
        loan: holding.loan,
        on: from,
    })?;
    let step = prices.iter().rfind(|step| step.from <= from);
    let step = step.ok_or_else(|| BillingError::PriceMissing {
        article: holding.article.clone(),
        on: from,
    })?;
    let days = days_inclusive(from, to);
    let units = if unit == RentUnit::Day { days } else { 1 };
    Ok(Line {
        kind: LineKind::Rent,
        customer_number: payer.customer_number.clone(),
        principal: payer.principal.clone(),
        from,
        to,
        days,
        unit_price: step.price,
        amount: step.price.times_days(units)?,
        deceased: holding.died_on.is_some_and(|died_on| died_on < from),
    })
}

/// Whether the cut between the two changed nothing, both billed by the day.
fn continues(last: &Line, piece: &Line) -> bool {
    let same_payer =
        last.customer_number == piece.customer_number && last.principal == piece.principal;
    let same_rate = last.unit_price == piece.unit_price && last.deceased == piece.deceased;
    same_payer && same_rate && last.to.tomorrow().ok() == Some(piece.from)
}
