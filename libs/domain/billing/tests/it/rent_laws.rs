//! What holds for every unit and every rule of start and end.

use std::collections::BTreeMap;

use hjm_billing::{Holding, Line, PriceStep, RentPolicy, quantity, rent_lines, rent_window};
use hjm_ids::Month;
use hjm_money::UnitPrice;
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use crate::regions;
use crate::support::{date, holding, policy_of, prices, segments};
use hjm_policy::PolicyDocument;

const UNITS: [&str; 3] = ["DAY", "CALENDAR_MONTH", "STARTED_30_DAYS"];
const ENDS: [&str; 4] = [
    "RETURN_REGISTERED",
    "ARRIVAL_MINUS_DAYS 5",
    "PICKUP_PLUS_DAYS 3",
    "PICKUP_PLUS_WORKING_DAYS 3",
];

fn day(number: i32) -> Date {
    date("2024-01-01").checked_add(number.days()).unwrap()
}

fn unit_at(units: &[(Date, &'static str)], on: Date) -> &'static str {
    units.iter().rfind(|(from, _)| *from <= on).unwrap().1
}

/// Units of a county, in order: months are taken up and left on a first, others on any day.
fn unit_changes() -> impl Strategy<Value = Vec<(Date, &'static str)>> {
    let later = prop::collection::btree_map(1..14_i8, (0..3_usize, 0..28_i8), 0..3);
    (0..3_usize, later).prop_map(|(first, later)| {
        let mut units = vec![(date("2017-01-01"), UNITS[first])];
        for (month, (unit, day_of_month)) in later {
            let month = Month::of(day(0)).first().saturating_add(month.months());
            let is_month = |unit: &str| unit == "CALENDAR_MONTH";
            let whole = is_month(UNITS[unit]) || is_month(units[units.len() - 1].1);
            let later = if whole { 0 } else { day_of_month };
            units.push((month.saturating_add(later.days()), UNITS[unit]));
        }
        units
    })
}

fn written(units: &[(Date, &'static str)]) -> String {
    let rows: Vec<_> = units
        .iter()
        .map(|(from, unit)| format!("{unit} from {from}"))
        .collect();
    rows.join("; ")
}

/// A loan within a year and a half, with every fact of its end.
fn holdings() -> impl Strategy<Value = Holding> {
    let days = (
        0..200_i32,
        prop::option::of(0..300_i32),
        prop::option::of(0..400_i32),
    );
    let payers = prop::collection::btree_map(1..90_i32, 0..3_usize, 0..3);
    (days, payers).prop_map(|((delivered, ended, died), payers)| {
        let from = |offset: i32| day(delivered + offset);
        let first = format!("2380 from {}", day(delivered));
        let returned_on = ended.map(|ended| from(ended + 3));
        let mut loan = holding(day(delivered), returned_on, died.map(day), &first);
        loan.pickup_ordered_on = ended.map(from);
        loan.arrived_on = ended.map(|ended| from(ended + 2));
        for (offset, payer) in payers {
            let payer = ["2380", "2309", "1201"][payer];
            loan.segments
                .extend(segments(&format!("{payer} from {}", from(offset))));
        }
        loan
    })
}

/// What a unit is known by: its kind and its first day.
type Unit = (&'static str, Date);
/// Who pays for it, at which price.
type Paid = (String, UnitPrice);

/// The unit of each day of rent and what it costs whom, walked through day by day.
fn audited(
    loan: &Holding,
    steps: &[PriceStep],
    units: &[(Date, &'static str)],
    (first, last): (Date, Date),
) -> BTreeMap<Unit, Paid> {
    let mut paid = BTreeMap::new();
    let (mut before, mut begun) = ("", first);
    for on in first.series(1.day()).take_while(|on| *on <= last) {
        let unit = unit_at(units, on);
        let anew = match unit {
            _ if unit != before => true,
            "CALENDAR_MONTH" => on.day() == 1,
            "STARTED_30_DAYS" => on == begun.saturating_add(30.days()),
            _ => true,
        };
        if anew {
            begun = on;
            let payer = loan
                .segments
                .iter()
                .rfind(|payer| payer.from <= on)
                .unwrap();
            let step = steps.iter().rfind(|step| step.from <= on).unwrap();
            paid.insert((unit, on), (payer.customer_number.to_string(), step.price));
        }
        before = unit;
    }
    paid
}

fn all_lines(loan: &Holding, steps: &[PriceStep], policy: &RentPolicy) -> Vec<Line> {
    let months = std::iter::successors(Some(Month::of(day(0))), |month| Some(month.next()));
    let lines = months.take(24).map(|month| {
        let lines = rent_lines(loan, steps, policy, month).unwrap();
        assert!(
            lines
                .iter()
                .all(|line| month.contains(line.from) && month.contains(line.to))
        );
        lines
    });
    lines.flatten().collect()
}

/// The rows of a document, in another order.
fn reversed(text: &str) -> String {
    let (head, rows) = text.split_once("\n[[").unwrap();
    let rows = rows.split("\n[[").collect::<Vec<_>>().into_iter().rev();
    rows.fold(head.to_owned(), |text, row| format!("{text}\n[[{row}\n"))
}

proptest! {
    #[test]
    fn the_order_of_rows_never_matters_in_any_shipped_rent_policy(
        loan in holdings(), on in 0..600_i32, month in 0..18_i32,
    ) {
        let month = Month::of(day(0).saturating_add(month.months()));
        let steps = prices("1.80 from 2010-01-01; 2.40 from 2024-06-01");
        for region in regions::shipped("rent") {
            let text = regions::text(&region, "rent");
            let read = |text: &str| {
                let document = PolicyDocument::parse(text).unwrap();
                RentPolicy::parse(&document).unwrap().unwrap()
            };
            let asked = |policy: RentPolicy| {
                let terms = policy.terms_on(day(on)).map(|terms| {
                    let told = terms.explanation;
                    (terms.unit, terms.start, terms.end, terms.end_days, told.rule, told.source, told.text)
                });
                let lines = rent_lines(&loan, &steps, &policy, month);
                let told = lines.iter().flatten().map(|line| policy.explain(&loan, line));
                let sources: Vec<_> = told.map(|told| (told.source, told.facts)).collect();
                format!("{terms:?} {lines:?} {sources:?}")
            };
            prop_assert_eq!(asked(read(&text)), asked(read(&reversed(&text))), "{}", region);
        }
    }
}

proptest! {
    #[test]
    fn every_unit_is_billed_once_and_to_one_payer(
        loan in holdings(), units in unit_changes(), end in 0..4_usize,
    ) {
        let policy = policy_of(&written(&units), "DELIVERY", ENDS[end]);
        let steps = prices("4.20 from 2024-01-01; 4.35 from 2024-07-15");
        let window = rent_window(&loan, &policy).unwrap();
        let last = window.last.unwrap_or(date("2025-12-31"));
        let mut expected = audited(&loan, &steps, &units, (window.first, last));
        for line in all_lines(&loan, &steps, &policy) {
            let unit = unit_at(&units, line.from);
            let days: Vec<Date> = match unit {
                "DAY" => line.from.series(1.day()).take_while(|on| *on <= line.to).collect(),
                _ => vec![line.from],
            };
            let units_billed = u32::try_from(days.len()).unwrap();
            let quantity = quantity(line.unit_price, line.days, line.amount).unwrap();
            prop_assert_eq!(quantity, units_billed);
            prop_assert_eq!(line.amount, line.unit_price.times_days(units_billed).unwrap());
            for on in days {
                let paid = expected.remove(&(unit, on));
                let billed = (line.customer_number.to_string(), line.unit_price);
                prop_assert_eq!(paid, Some(billed), "{} from {}", unit, on);
            }
        }
        prop_assert!(expected.is_empty(), "never billed: {:?}", expected);
    }

    #[test]
    fn no_two_lines_have_a_day_in_common(
        loan in holdings(), units in unit_changes(), end in 0..4_usize,
    ) {
        let policy = policy_of(&written(&units), "DELIVERY", ENDS[end]);
        let lines = all_lines(&loan, &prices("4.20 from 2024-01-01"), &policy);
        for pair in lines.windows(2) {
            prop_assert!(pair[0].to < pair[1].from);
        }
        let window = rent_window(&loan, &policy).unwrap();
        for line in &lines {
            prop_assert!(window.first <= line.from);
            prop_assert!(window.last.is_none_or(|last| line.to <= last));
            prop_assert_eq!(line.days, hjm_ids::days_inclusive(line.from, line.to));
        }
    }

    #[test]
    fn a_new_payer_of_a_running_unit_changes_no_sum(loan in holdings(), end in 0..4_usize) {
        let mut alone = loan.clone();
        alone.segments.truncate(1);
        for unit in UNITS {
            let policy = policy_of(unit, "DELIVERY", ENDS[end]);
            let steps = prices("4.00 from 2024-01-01");
            let sum = |loan: &Holding| -> i64 {
                all_lines(loan, &steps, &policy).iter().map(|line| line.amount.ore()).sum()
            };
            prop_assert_eq!(sum(&loan), sum(&alone), "{}", unit);
        }
    }
}
