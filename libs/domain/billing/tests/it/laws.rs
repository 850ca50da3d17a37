//! What holds for every loan.

use std::collections::BTreeMap;

use hjm_billing::{Difference, Holding, Line, PostedLine, PriceStep, difference, rent_lines};
use hjm_ids::{ChargeId, Month};
use hjm_money::{Money, UnitPrice};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::{date, holding, policy, segments};

fn day(number: i32) -> Date {
    date("2024-01-01").checked_add(number.days()).unwrap()
}

/// A loan within two years: up to three payers, perhaps a death, perhaps a return.
fn holdings() -> impl Strategy<Value = Holding> {
    let lengths = (
        0..400_i32,
        prop::option::of(0..200_i32),
        prop::option::of(0..400_i32),
    );
    let payers = prop::collection::btree_map(1..90_i32, 0..3_usize, 0..3);
    (lengths, payers).prop_map(|((delivered, returned, died), payers)| {
        let from = |offset: i32| day(delivered + offset);
        let first = format!("2380 from {}", day(delivered));
        let mut loan = holding(day(delivered), returned.map(from), died.map(day), &first);
        for (offset, payer) in payers {
            let payer = ["2380", "2309", "1201"][payer];
            loan.segments
                .extend(segments(&format!("{payer} from {}", from(offset))));
        }
        loan
    })
}

fn price_steps() -> impl Strategy<Value = Vec<PriceStep>> {
    let later = prop::collection::btree_map(1..500_i32, 0..5_000_000_i64, 0..3);
    (0..5_000_000_i64, later).prop_map(|(first, later)| {
        let steps = [(0, first)].into_iter().chain(later);
        let price = |millionths| UnitPrice::new(Decimal::new(millionths, 5)).unwrap();
        steps
            .map(|(from, amount)| PriceStep {
                from: day(from),
                price: price(amount),
            })
            .collect()
    })
}

fn months() -> impl Iterator<Item = Month> {
    std::iter::successors(Some(Month::of(day(0))), |month| Some(month.next())).take(24)
}

/// What a day costs whom, read straight from the facts: the independent auditor.
fn audited(loan: &Holding, prices: &[PriceStep], on: Date) -> Option<(String, UnitPrice, bool)> {
    let held = loan.delivered_on <= on && loan.returned_on.is_none_or(|back| on <= back);
    let payers = loan.segments.iter().filter(|payer| payer.from <= on);
    let payer = payers.max_by_key(|payer| payer.from)?;
    let price = prices
        .iter()
        .filter(|step| step.from <= on)
        .max_by_key(|step| step.from)?;
    let deceased = loan.died_on.is_some_and(|died_on| on > died_on);
    held.then(|| (payer.customer_number.to_string(), price.price, deceased))
}

fn days_of(line: &Line) -> impl Iterator<Item = Date> {
    line.from.series(1.day()).take_while(|on| *on <= line.to)
}

fn posted(lines: &[Line]) -> Vec<PostedLine> {
    let numbered = (1..).zip(lines);
    numbered
        .map(|(number, line)| PostedLine {
            id: ChargeId::new(uuid::Uuid::from_u64_pair(3, number)),
            line: line.clone(),
        })
        .collect()
}

fn sorted(lines: impl IntoIterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort();
    lines
}

proptest! {
    #[test]
    fn i19_to_i22_each_billable_day_is_in_one_line(
        loan in holdings(), prices in price_steps(),
    ) {
        let policy = policy();
        let mut billed: BTreeMap<Date, (String, UnitPrice, bool)> = BTreeMap::new();
        for month in months() {
            let lines = rent_lines(&loan, &prices, &policy, month).unwrap();
            for line in &lines {
                prop_assert_eq!(line.amount, line.unit_price.times_days(line.days).unwrap());
                let mut days = 0;
                for on in days_of(line) {
                    prop_assert!(month.contains(on));
                    let payer = line.customer_number.to_string();
                    let twice = billed.insert(on, (payer, line.unit_price, line.deceased));
                    prop_assert!(twice.is_none(), "{} is billed twice", on);
                    days += 1;
                }
                prop_assert_eq!(line.days, days);
            }
        }
        for on in day(0).series(1.day()).take_while(|on| *on <= date("2025-12-31")) {
            prop_assert_eq!(billed.remove(&on), audited(&loan, &prices, on), "{}", on);
        }
    }

    #[test]
    fn neighbours_differ(loan in holdings(), prices in price_steps()) {
        for month in months() {
            let lines = rent_lines(&loan, &prices, &policy(), month).unwrap();
            for pair in lines.windows(2) {
                let same = |line: &Line| {
                    (line.customer_number.clone(), line.unit_price, line.deceased)
                };
                prop_assert_ne!(same(&pair[0]), same(&pair[1]));
            }
        }
    }

    #[test]
    fn posting_the_difference_gives_what_is_desired(
        was in holdings(), is in holdings(), prices in price_steps(),
    ) {
        let policy = policy();
        let lines = |loan: &Holding| -> Vec<Line> {
            months().flat_map(|month| rent_lines(loan, &prices, &policy, month).unwrap()).collect()
        };
        let (before, after) = (posted(&lines(&was)), lines(&is));
        let Difference { reverse, post } = difference(&before, &after);
        let kept = before.iter().filter(|charge| !reverse.contains(&charge.id));
        let books = kept.map(|charge| charge.line.clone()).chain(post.clone());
        prop_assert_eq!(sorted(books), sorted(after.clone()));
        let sum = |lines: &[Line]| Money::sum(lines.iter().map(|line| line.amount)).unwrap();
        let credited: Vec<_> = before.iter().filter(|charge| reverse.contains(&charge.id))
            .map(|charge| charge.line.clone()).collect();
        let net = sum(&post).checked_sub(sum(&credited)).unwrap();
        prop_assert_eq!(sum(&lines(&was)).checked_add(net).unwrap(), sum(&after));
        prop_assert!(difference(&posted(&after), &after).is_empty());
    }
}
