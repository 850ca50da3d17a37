//! Months, ages and anniversaries, and what 29 February does to them.

use hjm_ids::{
    CalendarError, Month, age_on, anniversary, birthday, days_inclusive, easter_day,
    is_public_holiday, is_working_day, months_between, plus_months, plus_working_days,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const CASES: &str = include_str!("../calendar.csv");

fn day(text: &str) -> Date {
    text.parse().expect("the table writes days as YYYY-MM-DD")
}

fn yes_no(answer: bool) -> String {
    if answer { "yes" } else { "no" }.to_owned()
}

fn answer(question: &str, on: Date, argument: &str) -> String {
    match question {
        "anniversary" => anniversary(on, argument.parse().expect("years")).to_string(),
        "age" => age_on(on, day(argument)).to_string(),
        "days" => days_inclusive(on, day(argument)).to_string(),
        "months" => months_between(on, day(argument)).to_string(),
        "months later" => plus_months(on, argument.parse().expect("months")).to_string(),
        "easter" => easter_day(on.year()).to_string(),
        "holiday" => yes_no(is_public_holiday(on)),
        "working day" => yes_no(is_working_day(on)),
        "working days later" => plus_working_days(on, argument.parse().expect("days")).to_string(),
        "month" => match argument {
            "first" => Month::of(on).first().to_string(),
            "last" => Month::of(on).last().to_string(),
            "next" => Month::of(on).next().first().to_string(),
            "previous" => Month::of(on).previous().first().to_string(),
            other => panic!("month {other}"),
        },
        other => panic!("question {other}"),
    }
}

fn wrong(cases: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in csv::Reader::from_reader(cases.as_bytes()).records() {
        let row = row.expect("the table has its columns");
        let answer = answer(&row[0], day(&row[1]), &row[2]);
        if answer != row[3] {
            wrong.push(format!("{row:?}: {answer}"));
        }
    }
    wrong
}

#[test]
fn calendar_cases_come_out_as_written() {
    assert_eq!(wrong(CASES), Vec::<String>::new());
    assert!(CASES.lines().count() > 90, "the table was cut short");
}

#[test]
fn calendar_case_that_clamps_29_february_is_caught() {
    assert_eq!(
        wrong(&CASES.replacen("2025-03-01,D-3", "2025-02-28,D-3", 1)).len(),
        1
    );
}

#[test]
fn calendar_case_that_works_on_midsummer_eve_is_caught() {
    assert_eq!(
        wrong(&CASES.replacen("2020-06-19,,no", "2020-06-19,,yes", 1)).len(),
        1
    );
}

#[test]
fn month_has_one_spelling() {
    let march = Month::new(2025, 3).unwrap();
    assert_eq!("2025-03".parse(), Ok(march));
    assert_eq!(march.to_string(), "2025-03");
    assert_eq!(Month::new(33, 3).unwrap().to_string(), "0033-03");
    for text in [
        "2025-3",
        "2025-13",
        "2025-00",
        "25-03",
        "2025-03-01",
        "2025/03",
        "0000-01",
        "",
        "-",
        "+025-03",
    ] {
        assert_eq!(text.parse::<Month>(), Err(CalendarError), "{text:?}");
    }
    assert_eq!(Month::new(2025, 0), Err(CalendarError));
}

#[test]
fn calendar_ends_without_panic() {
    let last = Month::of(Date::MAX);
    assert_eq!(last.next(), last);
    assert_eq!(Month::of(Date::MIN).previous(), Month::of(Date::MIN));
    assert_eq!(anniversary(Date::MAX, 1), Date::MAX);
    assert_eq!(anniversary(date(2024, 1, 1), u16::MAX), Date::MAX);
    assert_eq!(age_on(Date::MIN, Date::MAX), 19_998);
    assert_eq!(plus_months(date(9999, 12, 1), 1), Date::MAX);
    assert_eq!(plus_months(date(2024, 1, 1), u16::MAX), date(7485, 4, 1));
    assert_eq!(plus_working_days(Date::MAX, 1), Date::MAX);
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i32..120_000).prop_map(|days| date(1850, 1, 1).saturating_add(jiff::Span::new().days(days)))
}

proptest! {
    #[test]
    fn age_is_reached_on_the_birthday_and_not_the_day_before(born in any_day(), age in 1_u16..120) {
        let reached = birthday(born, age);
        prop_assert_eq!(age_on(born, reached), age);
        prop_assert_eq!(age_on(born, reached.yesterday().unwrap()), age - 1);
    }

    #[test]
    fn easter_is_a_sunday_from_22_march_to_25_april(year in 1583_i16..9999) {
        let easter = easter_day(year);
        prop_assert_eq!(easter.weekday(), jiff::civil::Weekday::Sunday);
        prop_assert!(date(year, 3, 22) <= easter && easter <= date(year, 4, 25));
    }

    #[test]
    fn working_days_are_counted_one_by_one(from in any_day(), count in 0_u16..60) {
        let end = plus_working_days(from, count);
        let passed = from.series(jiff::Span::new().days(1)).skip(1).take_while(|on| *on <= end);
        prop_assert_eq!(passed.filter(|on| is_working_day(*on)).count(), usize::from(count));
        prop_assert!(count == 0 || is_working_day(end));
    }

    #[test]
    fn months_go_forth_and_come_round(from in any_day(), months in 0_u16..1_200) {
        let later = plus_months(from, months);
        prop_assert_eq!(months_between(from, later), months);
        if months > 0 {
            prop_assert_eq!(months_between(from, later.yesterday().unwrap()), months - 1);
        }
    }

    #[test]
    fn months_partition_the_days(on in any_day()) {
        let month = Month::of(on);
        prop_assert!(month.contains(on));
        prop_assert!(month.first() <= on && on <= month.last());
        prop_assert_eq!(month.next().first(), month.last().tomorrow().unwrap());
        prop_assert_eq!(month.next().previous(), month);
        prop_assert_eq!(month.to_string().parse(), Ok(month));
    }

    #[test]
    fn days_of_two_parts_are_the_days_of_the_whole(from in any_day(), first in 1_u32..400, rest in 1_u32..400) {
        let after = |days: u32| from.saturating_add(jiff::Span::new().days(i64::from(days)));
        let (split, end) = (after(first), after(first + rest - 1));
        let parts = days_inclusive(from, split.yesterday().unwrap()) + days_inclusive(split, end);
        prop_assert_eq!(parts, days_inclusive(from, end));
        prop_assert_eq!(parts, first + rest);
    }
}
