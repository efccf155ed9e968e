//! Latencies of one kind of operation.

use super::OpMeasures;
use crate::history::{Completion, OpKind};
use crate::time::mean;
use hdrhistogram::Histogram;
use leasehold::error::Outcome;
use std::time::Duration;

/// Significant decimal digits of a percentile; mean and longest are exact.
const DIGITS: u8 = 3;

/// Counts of completions, and latencies of the successful.
pub(super) struct Latencies {
    error: u64,
    unknown: u64,
    /// By half of the window: how many succeeded, and their latencies in sum.
    halves: [(u64, Duration); 2],
    max: Duration,
    histogram: Histogram<u64>,
}

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new(DIGITS).expect("three digits are within the library's 0 to 5");
        Self { error: 0, unknown: 0, halves: Default::default(), max: Duration::ZERO, histogram }
    }
}

impl Latencies {
    /// An operation of `kind` completed, `latency` after it was due in the first (0) or second (1) half of the window. Failed
    /// reads are without effect, whatever became of them.
    pub(super) fn completed(&mut self, kind: OpKind, completion: &Completion, latency: Duration, half: usize) {
        match completion {
            Completion::Failed { outcome: Outcome::Unknown, .. } if kind != OpKind::Get => self.unknown += 1,
            Completion::Failed { .. } => self.error += 1,
            _ => self.succeeded(latency, half),
        }
    }

    fn succeeded(&mut self, latency: Duration, half: usize) {
        let (count, sum) = &mut self.halves[half];
        *count += 1;
        *sum = sum.saturating_add(latency);
        self.max = self.max.max(latency);
        let recorded = self.histogram.record(nanos(latency));
        debug_assert!(recorded.is_ok(), "a histogram that grows as needed takes any value");
    }

    pub(super) fn measures(&self) -> OpMeasures {
        let [first, second] = self.halves;
        let ok = first.0 + second.0;
        OpMeasures {
            ok,
            error: self.error,
            unknown: self.unknown,
            mean: mean(first.1.saturating_add(second.1), ok),
            halves: [first, second].map(|(count, sum)| mean(sum, count)),
            p50: self.quantile(0.5),
            p99: self.quantile(0.99),
            max: self.max,
        }
    }

    /// The histogram answers with the upper edge of a bucket, which may lie beyond the longest.
    fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(quantile)).min(self.max)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use leasehold::error::ErrorKind;

    fn failed(outcome: Outcome) -> Completion {
        Completion::Failed { error: ErrorKind::DeadlineExceeded, outcome }
    }

    #[test]
    fn the_mean_is_exact_and_percentiles_are_good_to_three_digits() {
        let mut latencies = Latencies::default();
        for nanos in 1..=1_000 {
            latencies.completed(
                OpKind::Put,
                &Completion::Written { version: 1 },
                Duration::from_nanos(nanos * 1_000_001),
                0,
            );
        }
        let measures = latencies.measures();
        assert_eq!((measures.ok, measures.mean), (1_000, Duration::from_nanos(500_500_500)));
        assert_eq!(measures.max, Duration::from_nanos(1_000_001_000));
        let near = |value: Duration, ms: u64| value.abs_diff(Duration::from_millis(ms)) <= Duration::from_micros(ms);
        assert!(near(measures.p50, 500) && near(measures.p99, 990), "{measures:?}");
    }

    #[test]
    fn no_percentile_is_beyond_the_longest() {
        let mut latencies = Latencies::default();
        latencies.completed(OpKind::Put, &Completion::Written { version: 1 }, Duration::from_nanos(123_456_789), 0);
        let measures = latencies.measures();
        assert_eq!((measures.p50, measures.p99), (measures.max, measures.max));
    }

    #[test]
    fn failures_have_no_latency_and_a_failed_get_has_no_unknown_effect() {
        let mut latencies = Latencies::default();
        latencies.completed(OpKind::Put, &failed(Outcome::Unknown), Duration::from_secs(2), 0);
        latencies.completed(OpKind::Put, &failed(Outcome::NotApplied), Duration::from_secs(2), 0);
        latencies.completed(OpKind::Get, &failed(Outcome::Unknown), Duration::from_secs(2), 0);
        assert_eq!(latencies.measures(), OpMeasures { error: 2, unknown: 1, ..OpMeasures::default() });
    }
}
