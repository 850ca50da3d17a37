//! Days of cards as PostgreSQL writes a set of ranges of dates: `{[2026-03-03,2027-03-03)}`.

use jiff::civil::Date;

/// First and last days as such a set: touching ones joined, ends open.
pub(crate) fn card_days(days: &[(Date, Date)]) -> String {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<(Date, Date)> = Vec::new();
    for (from, to) in sorted {
        let end = to.tomorrow().unwrap_or(to);
        match joined.last_mut() {
            Some((_, last)) if from <= *last => *last = end.max(*last),
            Some(_) | None => joined.push((from, end)),
        }
    }
    let ranges: Vec<String> = joined
        .iter()
        .map(|(from, end)| format!("[{from},{end})"))
        .collect();
    format!("{{{}}}", ranges.join(","))
}

/// Whether a day is in such a set; none where it is not one.
pub(crate) fn covers(days: &str, on: Date) -> Option<bool> {
    let ranges = days.strip_prefix('{')?.strip_suffix('}')?;
    if ranges.is_empty() {
        return Some(false);
    }
    for range in ranges.split_inclusive(')') {
        let range = range.trim_start_matches(',').strip_prefix('[')?;
        let (from, end) = range.strip_suffix(')')?.split_once(',')?;
        let (from, end): (Date, Date) = (from.parse().ok()?, end.parse().ok()?);
        if (from..end).contains(&on) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_written_covers_its_days_and_no_others() {
        let days = [
            (date(2026, 3, 3), date(2027, 3, 2)),
            (date(2024, 2, 29), date(2024, 2, 29)),
        ];
        let written = card_days(&days);
        assert_eq!(written, "{[2024-02-29,2024-03-01),[2026-03-03,2027-03-03)}");
        let cases = [
            (date(2024, 2, 28), false),
            (date(2024, 2, 29), true),
            (date(2024, 3, 1), false),
            (date(2026, 3, 2), false),
            (date(2026, 3, 3), true),
            (date(2027, 3, 2), true),
            (date(2027, 3, 3), false),
        ];
        for (on, expected) in cases {
            assert_eq!(covers(&written, on), Some(expected), "{on}");
        }
        assert_eq!(covers(&card_days(&[]), date(2026, 3, 3)), Some(false));
    }

    #[test]
    fn what_is_no_set_of_days_is_not_read() {
        for text in [
            "",
            "{",
            "{[2026-03-03)}",
            "{(2026-03-03,2027-03-03)}",
            "{[a,b)}",
        ] {
            assert_eq!(covers(text, date(2026, 3, 3)), None, "{text}");
        }
    }
}
