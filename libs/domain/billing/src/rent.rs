//! The rent of one loan in one month.

use std::collections::BTreeSet;

use hjm_ids::{ArticleNumber, CustomerNumber, LoanId, Month, PrincipalId, days_inclusive};
use hjm_money::UnitPrice;
use jiff::civil::Date;

use crate::policy::{RentEnd, RentRule, RentStart, RentUnit};
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

/// What the newest timeline of a loan says, as far as rent needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The loan.
    pub loan: LoanId,
    /// The article that is rented.
    pub article: ArticleNumber,
    /// The day of delivery.
    pub delivered_on: Date,
    /// The day of the registered return.
    pub returned_on: Option<Date>,
    /// Who pays when, in order of `from`.
    pub segments: Vec<Segment>,
    /// The recipient's date of death.
    pub died_on: Option<Date>,
}

/// A price a day, from a day until the next step's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceStep {
    /// The first day of the price.
    pub from: Date,
    /// Kronor a day.
    pub price: UnitPrice,
}

/// The rent lines of `month`, in order of days; none when the loan has no billable day in it.
///
/// The days of the lines are exactly the billable days of the month, each once (decisions 38, I19,
/// I22). A line ends where the payer changes (Q3), the price changes (Q4) or after the day of death
/// (R16), and nowhere else. `prices` are in order of `from`; money is rounded half up once a line
/// (Q5, decisions 37). The same arguments give the same lines.
///
/// # Errors
/// [`BillingError`]: a missing price, payer or rule is named with its day, never taken as zero.
pub fn rent_lines(
    holding: &Holding,
    prices: &[PriceStep],
    policy: &RentPolicy,
    month: Month,
) -> Result<Vec<Line>, BillingError> {
    let returned_on = holding.returned_on;
    if returned_on.is_some_and(|returned_on| returned_on < holding.delivered_on) {
        return Err(BillingError::ReturnedBeforeDelivery { loan: holding.loan });
    }
    let mut lines: Vec<Line> = Vec::new();
    for (from, to) in pieces(holding, prices, policy, month) {
        // The only rules there are yet; another value does not compile until it is answered here.
        let RentRule {
            unit: RentUnit::Day,
            start: RentStart::Delivery,
            end: RentEnd::ReturnRegistered,
        } = policy.rule_on(from)?;
        let piece = priced(holding, prices, from, to)?;
        match lines.last_mut() {
            Some(last) if continues(last, &piece) => {
                last.to = piece.to;
                last.days += piece.days;
                last.amount = last.unit_price.times_days(last.days)?;
            }
            Some(_) | None => lines.push(piece),
        }
    }
    Ok(lines)
}

/// The month from delivery to return, cut wherever anything may change. Within a piece nothing
/// does.
fn pieces(
    holding: &Holding,
    prices: &[PriceStep],
    policy: &RentPolicy,
    month: Month,
) -> Vec<(Date, Date)> {
    let first = month.first().max(holding.delivered_on);
    let last = month.last().min(holding.returned_on.unwrap_or(Date::MAX));
    if first > last {
        return Vec::new();
    }
    let payers = holding.segments.iter().map(|segment| segment.from);
    let steps = prices.iter().map(|step| step.from);
    let after_death = holding.died_on.and_then(|died_on| died_on.tomorrow().ok());
    let cuts: BTreeSet<Date> = payers
        .chain(steps)
        .chain(after_death)
        .chain(policy.changes())
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
    Ok(Line {
        kind: LineKind::Rent,
        customer_number: payer.customer_number.clone(),
        principal: payer.principal.clone(),
        from,
        to,
        days,
        unit_price: step.price,
        amount: step.price.times_days(days)?,
        deceased: holding.died_on.is_some_and(|died_on| died_on < from),
    })
}

/// Whether the cut between the two changed nothing.
fn continues(last: &Line, piece: &Line) -> bool {
    let same_payer =
        last.customer_number == piece.customer_number && last.principal == piece.principal;
    let same_rate = last.unit_price == piece.unit_price && last.deceased == piece.deceased;
    same_payer && same_rate && last.to.tomorrow().ok() == Some(piece.from)
}
