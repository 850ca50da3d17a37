//! Times as they are printed.

use std::time::Duration;

/// How many in a second, of so many in a time.
pub(super) fn per_second(count: usize, time: Duration) -> u128 {
    const NANOS: u128 = 1_000_000_000;
    let count = u128::try_from(count).unwrap_or(u128::MAX);
    count.saturating_mul(NANOS) / time.as_nanos().max(1)
}

/// The time that so many of a hundred stay within: the nearest rank.
pub(super) fn percentile(times: &mut [Duration], hundredths: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * hundredths).div_ceil(100);
    times
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// Milliseconds with two decimals.
pub(super) fn millis(time: Duration) -> String {
    let hundredths = time.as_micros() / 10;
    format!("{}.{:02} ms", hundredths / 100, hundredths % 100)
}

/// Seconds with one decimal.
pub(super) fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let mut times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        for (hundredths, expected) in [(1, 2), (50, 100), (99, 198), (100, 200)] {
            let found = percentile(&mut times, hundredths);
            assert_eq!(found, Duration::from_millis(expected));
        }
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }

    #[test]
    fn times_are_printed_in_whole_parts() {
        assert_eq!(millis(Duration::from_micros(12_345)), "12.34 ms");
        assert_eq!(seconds(Duration::from_millis(9_960)), "9.9 s");
        assert_eq!(per_second(300, Duration::from_millis(1500)), 200);
    }
}
