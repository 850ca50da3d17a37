//! Callers that each wait for an answer before they ask again.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::Status;

use super::machine::micros;
use crate::cli::Error;

/// One caller's work.
pub(crate) trait Work: Send + 'static {
    /// Asks once and looks at the answer.
    fn once(&mut self) -> impl Future<Output = Result<(), Status>> + Send;

    /// It has nothing more to ask.
    fn is_done(&self) -> bool {
        false
    }
}

/// What some callers came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// Answers a second.
    pub(crate) per_second: u64,
    /// Half of the answers took no longer, in microseconds.
    pub(crate) p50_us: u64,
    /// All but a hundredth of them took no longer.
    pub(crate) p99_us: u64,
    /// CPU time that the callers, the service and PostgreSQL took for an answer, in microseconds.
    pub(crate) cpu_us: [u64; 3],
}

impl Reading {
    /// From the time each answer took, and the time they took together.
    pub(crate) fn of(mut times: Vec<u64>, took_us: u64) -> Self {
        times.sort_unstable();
        let count = times.len();
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        Self {
            per_second: count as u64 * 1_000_000 / took_us.max(1),
            p50_us: at(count / 2),
            p99_us: at(count * 99 / 100),
            ..Self::default()
        }
    }
}

/// Lets callers work for a time; answers them back, with what they came to.
///
/// # Errors
/// The first status that is not OK.
pub(crate) async fn work_for<W: Work>(
    workers: Vec<W>,
    time: Duration,
) -> Result<(Vec<W>, Reading), Error> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for mut worker in workers {
        running.spawn(async move {
            let mut times = Vec::new();
            while began.elapsed() < time && !worker.is_done() {
                let asked = Instant::now();
                worker.once().await?;
                times.push(micros(asked));
            }
            Ok::<_, Status>((worker, times))
        });
    }
    let (mut workers, mut times) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (worker, own) = ended.map_err(|error| Error::Bench(error.to_string()))??;
        workers.push(worker);
        times.extend(own);
    }
    let took = micros(began);
    Ok((workers, Reading::of(times, took)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_took_no_longer_than_the_middle_one() {
        let reading = Reading::of((1..=100).rev().collect(), 1_000_000);
        assert_eq!(reading.per_second, 100);
        assert_eq!((reading.p50_us, reading.p99_us), (51, 100));
        assert_eq!(Reading::of(Vec::new(), 0).per_second, 0);
    }
}
