//! Figures of rounds: medians with the least and the most, and ratios within a round.

use std::collections::BTreeMap;

use super::load::Reading;
use crate::print;

/// The readings of each name, a round each.
pub(crate) type Rounds = BTreeMap<String, Vec<Reading>>;

/// A limit that varies by more than this, in thousandths, proves nothing.
const NOISY: u64 = 1500;

/// What a reading is measured against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Against {
    /// The best rate of these; at least so many thousandths of it.
    Rate(&'static [&'static str], u64),
    /// The median time of this; at most so many thousandths of it.
    Median(&'static str, u64),
    /// All but a hundredth under so many microseconds.
    SlowestUs(u64),
}

/// Something that is aimed at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aim {
    pub(crate) what: &'static str,
    pub(crate) against: Against,
    /// Readings of what it cannot do without, one after the other: with nothing else it would come
    /// to so much. None where that says nothing.
    pub(crate) alone: &'static [&'static str],
}

impl Aim {
    pub(crate) const fn rate(
        what: &'static str,
        limits: &'static [&'static str],
        thousandths: u64,
    ) -> Self {
        Self::of(what, Against::Rate(limits, thousandths))
    }

    pub(crate) const fn median(what: &'static str, limit: &'static str, thousandths: u64) -> Self {
        Self::of(what, Against::Median(limit, thousandths))
    }

    pub(crate) const fn of(what: &'static str, against: Against) -> Self {
        let alone = &[];
        Self {
            what,
            against,
            alone,
        }
    }

    pub(crate) const fn with(self, alone: &'static [&'static str]) -> Self {
        Self { alone, ..self }
    }
}

/// The middle one with the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spread {
    least: u64,
    median: u64,
    most: u64,
}

impl Spread {
    fn of(values: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut values: Vec<u64> = values.into_iter().collect();
        values.sort_unstable();
        Some(Self {
            least: *values.first()?,
            median: *values.get(values.len() / 2)?,
            most: *values.last()?,
        })
    }
}

/// A ratio as it is read: `1.250`.
fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}

fn ratio(value: u64, limit: u64) -> u64 {
    value * 1000 / limit.max(1)
}

/// Every reading.
pub(crate) fn readings(rounds: &Rounds) {
    print::heading("Readings: median (least to most) of the rounds");
    print::line(format!(
        "  {:<16} {:>26} {:>8} {:>8} {:>11} {:>11} {:>12}",
        "", "a second", "p50 µs", "p99 µs", "callers µs", "service µs", "postgres µs"
    ));
    for (name, readings) in rounds {
        let of = |part: fn(&Reading) -> u64| Spread::of(readings.iter().map(part));
        let Some(rate) = of(|reading| reading.per_second) else {
            continue;
        };
        let middle = |part| of(part).map_or(0, |spread| spread.median);
        print::line(format!(
            "  {name:<16} {:>8} {:>17} {:>8} {:>8} {:>11} {:>11} {:>12}",
            rate.median,
            format!("({} to {})", rate.least, rate.most),
            middle(|reading| reading.p50_us),
            middle(|reading| reading.p99_us),
            middle(|reading| reading.cpu_us[0]),
            middle(|reading| reading.cpu_us[1]),
            middle(|reading| reading.cpu_us[2]),
        ));
    }
}

/// Every aim whose readings there are, with whether it is met.
pub(crate) fn aims(rounds: &Rounds, aims: &[Aim]) {
    print::heading("Ratios within a round: median (least to most)");
    for aim in aims {
        if let Some(line) = aim_line(rounds, aim) {
            print::line(line);
        }
    }
}

fn aim_line(rounds: &Rounds, aim: &Aim) -> Option<String> {
    let ours = rounds.get(aim.what)?;
    let (limit, name, wanted, at_least) = match aim.against {
        Against::Rate(limits, wanted) => (best(rounds, limits)?, limits.join(", "), wanted, true),
        Against::Median(limit, wanted) => {
            let times = rounds.get(limit)?.iter().map(|reading| reading.p50_us);
            (times.collect(), format!("{limit} (p50)"), wanted, false)
        }
        Against::SlowestUs(wanted) => {
            let spread = Spread::of(ours.iter().map(|reading| reading.p99_us))?;
            let met = met(spread.median < wanted, false);
            return Some(format!(
                "  {:<16} p99 {} µs ({} to {}); aim: under {wanted}: {met}",
                aim.what, spread.median, spread.least, spread.most
            ));
        }
    };
    let of = |reading: &Reading| {
        if at_least {
            reading.per_second
        } else {
            reading.p50_us
        }
    };
    let ratios = ours
        .iter()
        .zip(&limit)
        .map(|(own, limit)| ratio(of(own), *limit));
    let spread = Spread::of(ratios)?;
    let varied = Spread::of(limit.iter().copied())?;
    let noisy = ratio(varied.most, varied.least) > NOISY;
    let (sign, reached) = if at_least {
        ("at least", spread.median >= wanted)
    } else {
        ("at most", spread.median <= wanted)
    };
    let alone = alone(rounds, aim.alone, at_least).into_iter().flatten();
    let alone = Spread::of(alone.zip(&limit).map(|(alone, limit)| ratio(alone, *limit)));
    let alone = alone.map_or(String::new(), |spread| {
        let names = aim.alone.join(" and ");
        format!("; {names} alone: {} ×", thousandths(spread.median))
    });
    Some(format!(
        "  {:<16} {} × {name} ({} to {}); aim: {sign} {}: {}{alone}",
        aim.what,
        thousandths(spread.median),
        thousandths(spread.least),
        thousandths(spread.most),
        thousandths(wanted),
        met(reached, noisy)
    ))
}

/// What some readings come to in each round, one after the other: the rate, or the time.
fn alone(rounds: &Rounds, names: &[&str], is_rate: bool) -> Option<Vec<u64>> {
    let known = names.iter().map(|name| rounds.get(*name));
    let known = known.collect::<Option<Vec<_>>>()?;
    let count = known.iter().map(|readings| readings.len()).min()?;
    let of_round = |round: usize| {
        let readings = known.iter().filter_map(|readings| readings.get(round));
        if is_rate {
            let times = readings.map(|reading| 1_000_000_000 / reading.per_second.max(1));
            1_000_000_000 / times.sum::<u64>().max(1)
        } else {
            readings.map(|reading| reading.p50_us).sum()
        }
    };
    Some((0..count).map(of_round).collect())
}

/// The best rate of some limits in each round.
fn best(rounds: &Rounds, names: &[&str]) -> Option<Vec<u64>> {
    let known = names.iter().map(|name| rounds.get(*name));
    let known = known.collect::<Option<Vec<_>>>()?;
    let count = known.iter().map(|readings| readings.len()).min()?;
    let of_round = |round: usize| {
        let rates = known.iter().filter_map(|readings| readings.get(round));
        rates.map(|reading| reading.per_second).max().unwrap_or(0)
    };
    Some((0..count).map(of_round).collect())
}

fn met(reached: bool, noisy: bool) -> &'static str {
    match (reached, noisy) {
        (_, true) => "noisy, nothing is claimed",
        (true, false) => "met",
        (false, false) => "not met",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(rates: &[(&str, &[u64])]) -> Rounds {
        let readings = |rates: &[u64]| {
            let reading = rates.iter().map(|rate| Reading {
                per_second: *rate,
                p50_us: *rate,
                ..Reading::default()
            });
            reading.collect()
        };
        let named = rates
            .iter()
            .map(|(name, rates)| ((*name).to_owned(), readings(rates)));
        named.collect()
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_against_the_best_limit() {
        let rounds = rounds(&[("ours", &[300, 100]), ("a", &[100, 90]), ("b", &[90, 100])]);
        let aim = Aim::rate("ours", &["a", "b"], 1200);
        let line = aim_line(&rounds, &aim).unwrap();
        assert!(line.contains("3.000 × a, b (1.000 to 3.000)"), "{line}");
        assert!(line.ends_with("at least 1.200: met"), "{line}");
        let slow = Aim::median("ours", "a", 1500);
        let line = aim_line(&rounds, &slow).unwrap();
        assert!(line.ends_with("at most 1.500: not met"), "{line}");
    }

    #[test]
    fn what_it_cannot_do_without_is_put_beside_the_limit() {
        let rounds = rounds(&[("ours", &[300]), ("a", &[100]), ("b", &[40])]);
        let line = aim_line(&rounds, &Aim::rate("ours", &["a"], 1).with(&["b"])).unwrap();
        assert!(line.ends_with("met; b alone: 0.400 ×"), "{line}");
        let aim = Aim::median("ours", "a", 1).with(&["a", "b"]);
        let line = aim_line(&rounds, &aim).unwrap();
        assert!(line.ends_with("not met; a and b alone: 1.400 ×"), "{line}");
    }

    #[test]
    fn a_limit_that_varies_proves_nothing_and_one_that_is_not_there_is_left_out() {
        let rounds = rounds(&[("ours", &[300, 300]), ("a", &[100, 200])]);
        let line = aim_line(&rounds, &Aim::rate("ours", &["a"], 1)).unwrap();
        assert!(line.ends_with("noisy, nothing is claimed"), "{line}");
        assert_eq!(aim_line(&rounds, &Aim::rate("ours", &["b"], 1)), None);
        let slowest = Aim::of("a", Against::SlowestUs(1));
        assert!(
            aim_line(&rounds, &slowest)
                .unwrap()
                .ends_with("under 1: met")
        );
    }
}
