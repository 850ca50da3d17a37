//! What happens in a generated year: a pure function of the seed.

use hjm_ids::age_on;
use jiff::{
    ToSpan as _,
    civil::{Date, date},
};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};

use super::county::{Article, County, DALARNA, JAMTLAND};

/// First day of the year.
pub(crate) const FIRST: Date = date(2025, 5, 1);
/// Last day of the year.
pub(crate) const LAST: Date = date(2026, 4, 30);
const DAYS: i32 = 365;

/// How large a year is, and which one of all it is.
#[derive(Debug, Clone, Copy)]
pub struct YearSize {
    /// The same seed gives the same year.
    pub seed: u64,
    /// Persons, half of them in each county; 2,000 at most.
    pub persons: usize,
    /// Loans, about.
    pub loans: usize,
}

/// Something that happens to a person on a day.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A device is prescribed and handed out.
    HandOut {
        customer: String,
        article: &'static Article,
        unit: String,
    },
    /// A unit comes back.
    Return { unit: String },
    /// A return is found to have happened some days earlier.
    CorrectReturn { unit: String, days_earlier: i32 },
    /// The person moves to another municipality's home care; open loans follow.
    Move { municipality: &'static str },
    /// The person dies.
    Die,
}

/// A person's year: steps in order of their days.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) number: &'static str,
    pub(crate) county: &'static County,
    pub(crate) home_care: Option<&'static str>,
    pub(crate) steps: Vec<(Date, Step)>,
}

/// The Tax Agency's test numbers that play the year.
fn numbers() -> impl Iterator<Item = &'static str> {
    include_str!("../../data/test_persons.csv").lines().skip(1)
}

/// The lives of a year.
pub(crate) fn lives(size: YearSize) -> Vec<Life> {
    let mut rng = ChaCha8Rng::seed_from_u64(size.seed);
    let persons = size.persons.min(numbers().count());
    let mut all: Vec<&str> = numbers().collect();
    // A year of few persons still has young and old among them.
    let mut lives = Vec::with_capacity(persons);
    for index in 0..persons {
        let number = all.swap_remove(rng.random_range(0..all.len()));
        let county = if index % 2 == 0 { &JAMTLAND } else { &DALARNA };
        lives.push(life(&mut rng, number, county));
    }
    let mut units = 0;
    for loan in 0..size.loans {
        // Four in five go round evenly; the fifth goes to few, who need much and reach a card.
        let at = if loan % 5 == 4 {
            rng.random_range(0..persons.div_ceil(12))
        } else {
            loan % persons
        };
        units += 1;
        lend(&mut rng, &mut lives[at], units);
    }
    for life in &mut lives {
        turn(&mut rng, life);
        // Who moves does so before anything is handed out that day.
        life.steps
            .sort_by_key(|(on, step)| (*on, !matches!(step, Step::Move { .. })));
    }
    lives
}

fn life(rng: &mut ChaCha8Rng, number: &'static str, county: &'static County) -> Life {
    let born: Date = number[..8].parse().unwrap_or(FIRST);
    let needs_home_care = age_on(born, FIRST) >= 65 && rng.random_range(0..10) < 7;
    let municipality = county.municipalities[rng.random_range(0..county.municipalities.len())].0;
    let home_care = needs_home_care.then_some(municipality);
    Life {
        number,
        county,
        home_care,
        steps: Vec::new(),
    }
}

fn lend(rng: &mut ChaCha8Rng, life: &mut Life, units: u32) {
    let day = rng.random_range(0..DAYS);
    let article = &life.county.articles[rng.random_range(0..life.county.articles.len())];
    let units_of_region = life.county.region_units;
    let region = units_of_region[rng.random_range(0..units_of_region.len())].0;
    let customer = life.home_care.unwrap_or(region).to_owned();
    let unit = format!("Y{units:06}");
    let kept = article.rental && rng.random_range(0..100) < 65;
    let back = day + rng.random_range(5..200);
    if article.rental && !kept && back < DAYS {
        life.steps
            .push((on(back), Step::Return { unit: unit.clone() }));
        if rng.random_range(0..20) == 0 && back + 20 < DAYS {
            let days_earlier = rng.random_range(1..5);
            let step = Step::CorrectReturn {
                unit: unit.clone(),
                days_earlier,
            };
            life.steps.push((on(back + 20), step));
        }
    }
    life.steps.push((
        on(day),
        Step::HandOut {
            customer,
            article,
            unit,
        },
    ));
}

/// Some move, a few die: what they were to get after that they do not get.
fn turn(rng: &mut ChaCha8Rng, life: &mut Life) {
    let day = on(rng.random_range(30..DAYS - 30));
    match (rng.random_range(0..100), life.home_care) {
        (0..4, Some(from)) => {
            let others = life.county.municipalities;
            let to = others[rng.random_range(0..others.len())].0;
            if to != from {
                for (at, step) in &mut life.steps {
                    if let Step::HandOut { customer, .. } = step
                        && *at >= day
                    {
                        to.clone_into(customer);
                    }
                }
                life.steps.push((day, Step::Move { municipality: to }));
            }
        }
        (4..6, _) => {
            let late = |step: &Step| matches!(step, Step::HandOut { .. });
            let lent: Vec<String> = life
                .steps
                .iter()
                .filter(|(at, step)| *at >= day && late(step))
                .filter_map(|(_, step)| unit_of(step))
                .collect();
            life.steps
                .retain(|(_, step)| unit_of(step).is_none_or(|unit| !lent.contains(&unit)));
            life.steps.push((day, Step::Die));
        }
        _ => {}
    }
}

fn unit_of(step: &Step) -> Option<String> {
    match step {
        Step::HandOut { unit, .. } | Step::Return { unit } | Step::CorrectReturn { unit, .. } => {
            Some(unit.clone())
        }
        Step::Move { .. } | Step::Die => None,
    }
}

fn on(day: i32) -> Date {
    FIRST.saturating_add(day.days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_year() {
        let size = YearSize {
            seed: 7,
            persons: 200,
            loans: 500,
        };
        assert_eq!(format!("{:?}", lives(size)), format!("{:?}", lives(size)));
        let other = YearSize { seed: 8, ..size };
        assert_ne!(format!("{:?}", lives(size)), format!("{:?}", lives(other)));
    }

    #[test]
    fn a_year_lends_about_as_much_as_it_was_asked_to() {
        let size = YearSize {
            seed: 7,
            persons: 200,
            loans: 500,
        };
        let handed_out = |step: &&(Date, Step)| matches!(step.1, Step::HandOut { .. });
        let all = lives(size);
        let count = all
            .iter()
            .flat_map(|life| &life.steps)
            .filter(handed_out)
            .count();
        assert!((450..=500).contains(&count), "{count} loans");
        assert!(
            all.iter()
                .flat_map(|life| &life.steps)
                .all(|(on, _)| *on <= LAST)
        );
    }
}
