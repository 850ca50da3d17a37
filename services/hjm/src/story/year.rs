//! A generated year in both counties: May 2025 to April 2026, all twelve months closed.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use hjm_ids::Month;
use hjm_money::Money;
use hjm_proto::{billing::v1 as b, common::v1::Occasion, prescription::v1 as p};
use hjm_service::{Violations, convert::from_pb_date};
use jiff::{ToSpan as _, civil::Date};

use super::{
    StoryError, Teller,
    books::amount,
    county::County,
    year_plan::{FIRST, LAST, Life, Step, lives},
};

pub use super::year_plan::YearSize;

/// People who are served at the same time.
const SIDE_BY_SIDE: usize = 16;
const MONTHS: usize = 12;

/// What an owner is charged for the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerTotal {
    /// The tenant.
    pub tenant: String,
    /// The owner.
    pub principal_id: String,
    /// Its name.
    pub name: String,
    /// Rent, credits included.
    pub rent: Money,
    /// Sales, credits included.
    pub sales: Money,
    /// Own fees of persons on its customer numbers, credits included.
    pub own_fees: Money,
    /// Lines stated.
    pub lines: u64,
}

/// A year that was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Year {
    /// Every owner's totals, by tenant and owner.
    pub totals: Vec<OwnerTotal>,
    /// Steps that were played: deliveries, returns, moves, deaths, corrections.
    pub steps: usize,
}

/// A person as the year goes on.
#[derive(Debug)]
struct Person<'t> {
    teller: &'t Teller,
    life: Life,
    done: usize,
    recipient: String,
    loans: BTreeMap<String, p::LoanTimeline>,
}

/// Plays a year for the counties' tellers; `progress` hears of every step and of its total.
///
/// # Errors
/// A service's refusal.
pub async fn play(
    tellers: &[(&'static County, Teller)],
    size: YearSize,
    progress: impl Fn(usize, usize),
) -> Result<Year, StoryError> {
    let mut people = settle_in(tellers, lives(size)).await?;
    let steps: usize = people.iter().map(|person| person.life.steps.len()).sum();
    let mut played = 0;
    let mut day = FIRST;
    while day <= LAST {
        for (_, teller) in tellers {
            teller.day(day)?;
        }
        let due = people.iter_mut().filter(|person| person.due(day));
        let done: Vec<usize> = stream::iter(due.map(|person| person.live(day)))
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        played += done.into_iter().sum::<usize>();
        progress(played, steps);
        let next = day.saturating_add(1.day());
        if next.day() == 1 {
            close(tellers, next, Month::of(day)).await?;
        }
        day = next;
    }
    Ok(Year {
        totals: totals(tellers).await?,
        steps,
    })
}

/// Closes what an earlier story left open, so that the year's first month comes next.
///
/// # Errors
/// A service's refusal.
pub async fn close_before(teller: &Teller, last_closed: Month) -> Result<(), StoryError> {
    teller.day(FIRST)?;
    let mut month = last_closed.next();
    while month < Month::of(FIRST) {
        teller.close(month).await?;
        month = month.next();
    }
    Ok(())
}

async fn close(
    tellers: &[(&'static County, Teller)],
    on: Date,
    month: Month,
) -> Result<(), StoryError> {
    for (_, teller) in tellers {
        teller.day(on)?;
        teller.close(month).await?;
    }
    Ok(())
}

/// Registers everybody, and puts every unit of the year in store.
async fn settle_in<'t>(
    tellers: &'t [(&'static County, Teller)],
    lives: Vec<Life>,
) -> Result<Vec<Person<'t>>, StoryError> {
    for (county, teller) in tellers {
        let mut stock: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for life in lives
            .iter()
            .filter(|life| life.county.tenant == county.tenant)
        {
            for (_, step) in &life.steps {
                if let Step::HandOut { article, unit, .. } = step
                    && article.rental
                {
                    stock.entry(article.number).or_default().push(unit.clone());
                }
            }
        }
        for (article, units) in stock {
            County::stock(teller, article, &units).await?;
        }
    }
    let people = lives.into_iter().map(|life| async move {
        let found = tellers
            .iter()
            .find(|(county, _)| county.tenant == life.county.tenant);
        let (_, teller) = found.ok_or(StoryError::Missing("a teller for the county"))?;
        let recipient = teller.person(life.number, life.home_care, FIRST).await?;
        Ok::<_, StoryError>(Person {
            teller,
            life,
            done: 0,
            recipient,
            loans: BTreeMap::new(),
        })
    });
    stream::iter(people)
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
}

impl Person<'_> {
    fn due(&self, day: Date) -> bool {
        self.life
            .steps
            .get(self.done)
            .is_some_and(|(on, _)| *on == day)
    }

    /// Everything that happens to the person on a day, in order.
    async fn live(&mut self, day: Date) -> Result<usize, StoryError> {
        let before = self.done;
        while let Some((on, step)) = self.life.steps.get(self.done).cloned() {
            if on != day {
                break;
            }
            self.step(day, step).await?;
            self.done += 1;
        }
        Ok(self.done - before)
    }

    async fn step(&mut self, day: Date, step: Step) -> Result<(), StoryError> {
        match step {
            Step::HandOut {
                customer,
                article,
                unit,
            } => {
                let lines = [(article.number, Occasion::First)];
                let request =
                    self.teller
                        .prescription(&self.recipient, &customer, day, &lines, false);
                let marked = if article.rental { unit.as_str() } else { "" };
                for loan in self.teller.hand_out(request, &[marked], day).await? {
                    self.loans.insert(unit.clone(), loan);
                }
            }
            Step::Return { unit } => {
                let loan = self.teller.take_back(&unit, day).await?;
                self.loans.insert(unit, loan);
            }
            Step::CorrectReturn { unit, days_earlier } => self.correct(&unit, days_earlier).await?,
            Step::Move { municipality } => {
                self.teller
                    .move_to(&self.recipient, municipality, day)
                    .await?;
                let open: Vec<String> = self
                    .loans
                    .values()
                    .filter(|loan| !loan.unit_number.is_empty() && loan.returned_on.is_none())
                    .map(|loan| loan.loan_id.clone())
                    .collect();
                if !open.is_empty() {
                    self.teller.transfer(&open, municipality, day).await?;
                }
            }
            Step::Die => self.teller.death(&self.recipient, day).await?,
        }
        Ok(())
    }

    /// The return was earlier; never earlier than the delivery or the last transfer.
    async fn correct(&self, unit: &str, days_earlier: i32) -> Result<(), StoryError> {
        let loan = self
            .loans
            .get(unit)
            .ok_or(StoryError::Missing("the returned loan"))?;
        // A death or a transfer since is a version of its own, so the newest is asked for.
        let newest = self.teller.loan(&loan.loan_id).await?;
        let returned_on = day(newest.returned_on.as_ref())?;
        let mut on = returned_on.saturating_sub(days_earlier.days());
        for segment in &newest.segments {
            on = on.max(day(segment.from.as_ref())?);
        }
        self.teller
            .correct_return(&newest, on, "came back earlier than registered")
            .await
    }
}

fn day(date: Option<&hjm_proto::common::v1::Date>) -> Result<Date, StoryError> {
    let mut violations = Violations::default();
    from_pb_date(&mut violations, "date", date).ok_or(StoryError::Missing("a date"))
}

async fn totals(tellers: &[(&'static County, Teller)]) -> Result<Vec<OwnerTotal>, StoryError> {
    let mut totals: BTreeMap<(String, String), OwnerTotal> = BTreeMap::new();
    for (county, teller) in tellers {
        let owners = county.municipalities.iter().chain([&county.region]);
        for (id, name) in owners {
            let mut month = Month::of(FIRST);
            let key = (county.tenant.to_owned(), (*id).to_owned());
            let total = totals.entry(key).or_insert_with(|| OwnerTotal {
                tenant: county.tenant.to_owned(),
                principal_id: (*id).to_owned(),
                name: (*name).to_owned(),
                rent: Money::ZERO,
                sales: Money::ZERO,
                own_fees: Money::ZERO,
                lines: 0,
            });
            for _ in 0..MONTHS {
                for statement in teller.statements(id, month).await? {
                    total.add(&statement)?;
                }
                month = month.next();
            }
        }
    }
    Ok(totals.into_values().collect())
}

impl OwnerTotal {
    fn add(&mut self, statement: &b::Statement) -> Result<(), StoryError> {
        let add = |sum: Money, more: Option<&hjm_proto::common::v1::Money>| {
            sum.checked_add(amount(more)?)
                .map_err(|_| StoryError::Missing("a sum that fits"))
        };
        self.rent = add(self.rent, statement.rent.as_ref())?;
        self.sales = add(self.sales, statement.sales.as_ref())?;
        self.own_fees = add(self.own_fees, statement.own_fees.as_ref())?;
        self.lines += u64::from(statement.lines);
        Ok(())
    }
}
