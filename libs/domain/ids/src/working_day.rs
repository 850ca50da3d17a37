//! Working days in Sweden: which days are none, and how they are counted.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};

/// Easter Day of the year, by the Gregorian reckoning.
pub fn easter_day(year: i16) -> Date {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let lunar = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - lunar + 15).rem_euclid(30);
    let to_sunday = (32 + 2 * century.rem_euclid(4) + 2 * in_century.div_euclid(4)
        - epact
        - in_century.rem_euclid(4))
    .rem_euclid(7);
    let late = (golden + 11 * epact + 22 * to_sunday).div_euclid(451);
    // Days after 22 March, the first day Easter can fall on.
    let after = epact + to_sunday - 7 * late;
    let first = Date::new(i16::try_from(year).unwrap_or(i16::MAX), 3, 22).unwrap_or(Date::MAX);
    first.saturating_add(after.days())
}

/// Whether a day is a public holiday in Sweden, Sundays apart (Act 1989:253): Whit Monday until
/// 2004, the national day from 2005.
pub fn is_public_holiday(on: Date) -> bool {
    let year = on.year();
    let fixed = match (on.month(), on.day()) {
        (1, 1 | 6) | (5, 1) | (12, 25 | 26) => true,
        (6, 6) => year >= 2005,
        _ => false,
    };
    // Midsummer Day and All Saints' Day are Saturdays.
    let saturday = on.weekday() == Weekday::Saturday
        && ((on.month() == 6 && (20..=26).contains(&on.day())) || is_all_saints_week(on));
    let after_easter = i64::from(on.since(easter_day(year)).map_or(0, |span| span.get_days()));
    let movable = match after_easter {
        -2..=1 | 39 | 49 => true,
        50 => year < 2005,
        _ => false,
    };
    fixed || saturday || movable
}

fn is_all_saints_week(on: Date) -> bool {
    let first = date(on.year(), 10, 31);
    (first..=first.saturating_add(6.days())).contains(&on)
}

/// Whether a day is a working day: no Saturday, Sunday or public holiday, and not Midsummer Eve,
/// Christmas Eve or New Year's Eve (decisions 8).
pub fn is_working_day(on: Date) -> bool {
    let weekend = matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday);
    let midsummer_eve =
        on.weekday() == Weekday::Friday && on.month() == 6 && (19..=25).contains(&on.day());
    let eve = midsummer_eve || (on.month() == 12 && matches!(on.day(), 24 | 31));
    !(weekend || eve || is_public_holiday(on))
}

/// The `count`th working day after a day; the day itself for none. The day need not be a working
/// day (R5 to R7).
pub fn plus_working_days(from: Date, count: u16) -> Date {
    let mut on = from;
    let mut left = count;
    while left > 0 {
        let Ok(next) = on.tomorrow() else {
            return Date::MAX;
        };
        on = next;
        left -= u16::from(is_working_day(on));
    }
    on
}
