//! What became of operations, and how long they took.
//!
//! Every operation counts. One that was not answered ok (refused, unknown, still open beyond its deadline) has taken at least its
//! deadline, however soon its failure was told: so failing fast improves no number. A figure that such operations decide is
//! a lower bound, [`Took::AtLeast`], and not a latency.

use super::prelude::*;
use super::{OpMeasures, Took};
use hdrhistogram::Histogram;

/// Significant decimal digits of a percentile; mean and longest are exact.
const DIGITS: u8 = 3;

/// What became of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Answered. A compare-and-set that found another value is answered.
    Ok,
    /// It has not taken effect and never will; a get that failed has none to take.
    Refused,
    /// It may have taken effect.
    Unknown,
    /// Nobody knows yet: the run is over.
    Open,
}

impl Fate {
    pub(super) fn of(kind: OpKind, completion: &Completion) -> Self {
        match completion {
            Completion::Failed { outcome: Outcome::Unknown, .. } if !kind.only_reads() => Fate::Unknown,
            Completion::Failed { .. } => Fate::Refused,
            Completion::Read { .. }
            | Completion::Reads { .. }
            | Completion::Written { .. }
            | Completion::Unexpected { .. }
            | Completion::Script { .. } => Fate::Ok,
        }
    }
}

/// Counts of operations, and what they took.
#[derive(Clone)]
pub(super) struct Latencies {
    counts: OpMeasures,
    halves: [Half; 2],
    longest: Duration,
    answered: Histogram<u64>,
    /// Of those that were not answered: how many took at least so long. There are few different ones: deadlines.
    unanswered: BTreeMap<Duration, u64>,
}

/// One half of a window.
#[derive(Clone, Copy, Default)]
struct Half {
    number: u64,
    sum: Duration,
    unanswered: u64,
}

impl Half {
    fn mean(self) -> Took {
        Took::new(mean(self.sum, self.number), self.unanswered == 0)
    }

    fn and(self, other: Half) -> Half {
        Half {
            number: self.number + other.number,
            sum: self.sum.saturating_add(other.sum),
            unanswered: self.unanswered + other.unanswered,
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        let answered = Histogram::new(DIGITS).expect("three digits are within the library's 0 to 5");
        Self {
            counts: OpMeasures::default(),
            halves: [Half::default(); 2],
            longest: Duration::ZERO,
            answered,
            unanswered: BTreeMap::new(),
        }
    }
}

impl Latencies {
    /// This became of an operation within `took` from when it was due, in the first (0) or second (1) half of the window.
    pub(super) fn ended(&mut self, fate: Fate, took: Duration, deadline: Duration, half: usize) {
        match fate {
            Fate::Ok => {
                self.counts.ok += 1;
                let recorded = self.answered.record(nanos(took));
                debug_assert!(recorded.is_ok(), "a histogram that grows as needed takes any value");
                self.took(took, 0, half);
            }
            Fate::Refused => self.counts.refused += 1,
            Fate::Unknown => self.counts.unknown += 1,
            Fate::Open => self.counts.open += 1,
        }
        let early = fate == Fate::Open && took < deadline;
        if fate != Fate::Ok && !early {
            self.counts.overdue += u64::from(fate == Fate::Open);
            let least = took.max(deadline);
            *self.unanswered.entry(least).or_default() += 1;
            self.took(least, 1, half);
        }
    }

    fn took(&mut self, took: Duration, unanswered: u64, half: usize) {
        self.halves[half] = self.halves[half].and(Half { number: 1, sum: took, unanswered });
        self.longest = self.longest.max(took);
    }

    /// These and those.
    pub(super) fn add(&mut self, other: &Latencies) {
        self.counts.count(&other.counts);
        for half in 0..2 {
            self.halves[half] = self.halves[half].and(other.halves[half]);
        }
        self.longest = self.longest.max(other.longest);
        let added = self.answered.add(&other.answered);
        debug_assert!(added.is_ok(), "a histogram that grows as needed takes any other");
        other.unanswered.iter().for_each(|(least, number)| *self.unanswered.entry(*least).or_default() += number);
    }

    pub(super) fn measures(&self) -> OpMeasures {
        let [first, second] = self.halves;
        let whole = first.and(second);
        OpMeasures {
            mean: whole.mean(),
            halves: [first.mean(), second.mean()],
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: Took::new(self.longest, self.unanswered.is_empty()),
            ..self.counts
        }
    }

    /// The least latency that so many of all operations do not exceed. Those that were not answered stand where their deadline puts
    /// them; what comes after the first of them is a lower bound.
    fn quantile(&self, share: f64) -> Took {
        let answered = self.answered.len();
        let total = answered + self.unanswered.values().sum::<u64>();
        if answered == total {
            return Took::Exactly(self.answered(self.answered.value_at_quantile(share)));
        }
        let rank = ((share * total as f64).ceil() as u64).clamp(1, total);
        let mut before = 0;
        for (least, number) in &self.unanswered {
            let sooner = self.answered.count_between(0, nanos(*least));
            if rank <= sooner + before {
                break;
            }
            before += number;
            if rank <= sooner + before {
                return Took::AtLeast(*least);
            }
        }
        // Half a rank less, so that no rounding makes it the next.
        let share = ((rank - before) as f64 - 0.5) / answered as f64;
        Took::new(self.answered(self.answered.value_at_quantile(share)), before == 0)
    }

    /// The histogram answers with the upper edge of a bucket, which may lie beyond the longest.
    fn answered(&self, nanos: u64) -> Duration {
        Duration::from_nanos(nanos).min(self.longest)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use leasehold::error::ErrorKind;

    const DEADLINE: Duration = Duration::from_secs(1);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// So many operations that were answered after 1, 2, 3, ... ms, and so many that failed after a microsecond.
    fn some(answered: u64, failed: u64) -> OpMeasures {
        let mut latencies = Latencies::default();
        (1..=answered).for_each(|took| latencies.ended(Fate::Ok, ms(took), DEADLINE, 0));
        (0..failed).for_each(|_| latencies.ended(Fate::Refused, Duration::from_micros(1), DEADLINE, 0));
        latencies.measures()
    }

    #[test]
    fn the_mean_is_exact_and_percentiles_are_good_to_three_digits() {
        let mut latencies = Latencies::default();
        for nanos in 1..=1_000 {
            latencies.ended(Fate::Ok, Duration::from_nanos(nanos * 1_000_001), DEADLINE, 0);
        }
        let measures = latencies.measures();
        assert_eq!((measures.ok, measures.mean), (1_000, Took::Exactly(Duration::from_nanos(500_500_500))));
        assert_eq!(measures.max, Took::Exactly(Duration::from_nanos(1_000_001_000)));
        let near = |took: Took, millis: u64| took.least().abs_diff(ms(millis)) <= Duration::from_micros(millis);
        assert!(near(measures.p50, 500) && near(measures.p90, 900) && near(measures.p99, 990), "{measures:?}");
    }

    #[test]
    fn no_percentile_is_beyond_the_longest() {
        let mut latencies = Latencies::default();
        latencies.ended(Fate::Ok, Duration::from_nanos(123_456_789), DEADLINE, 0);
        let measures = latencies.measures();
        assert_eq!((measures.p50, measures.p99), (measures.max, measures.max));
    }

    #[test]
    fn what_failed_at_once_has_taken_its_deadline_at_least() {
        let measures = some(98, 2);
        assert_eq!((measures.p99, measures.max), (Took::AtLeast(DEADLINE), Took::AtLeast(DEADLINE)));
        assert!(matches!(measures.p90, Took::Exactly(p90) if p90.abs_diff(ms(90)) < ms(1)), "{measures:?}");
        let sum: Duration = (1..=98).map(ms).sum();
        assert_eq!(measures.mean, Took::AtLeast((sum + 2 * DEADLINE) / 100));
    }

    #[test]
    fn failing_improves_no_figure() {
        for failed in 1..=50 {
            let (better, worse) = (some(100 - failed + 1, failed - 1), some(100 - failed, failed));
            let figures = |ops: &OpMeasures| [ops.mean, ops.p50, ops.p90, ops.p99, ops.p999, ops.max].map(Took::least);
            let pairs = figures(&better).into_iter().zip(figures(&worse));
            assert!(pairs.clone().all(|(better, worse)| worse >= better), "{failed}: {better:?} {worse:?}");
        }
    }

    #[test]
    fn where_nothing_was_answered_every_figure_is_a_bound() {
        let measures = some(0, 3);
        assert_eq!([measures.mean, measures.p50, measures.max], [Took::AtLeast(DEADLINE); 3]);
    }

    #[test]
    fn an_answer_beyond_the_deadline_of_others_that_failed_is_a_bound_too() {
        let mut latencies = Latencies::default();
        latencies.ended(Fate::Unknown, ms(100), ms(100), 0);
        latencies.ended(Fate::Ok, ms(50), DEADLINE, 0);
        latencies.ended(Fate::Ok, ms(500), DEADLINE, 0);
        let measures = latencies.measures();
        assert_eq!(measures.p50, Took::AtLeast(ms(100)));
        assert!(matches!(measures.p90, Took::AtLeast(p90) if p90.abs_diff(ms(500)) < ms(1)), "{measures:?}");
    }

    #[test]
    fn an_operation_that_is_open_and_younger_than_its_deadline_is_told_and_counts_for_nothing() {
        let mut latencies = Latencies::default();
        latencies.ended(Fate::Ok, ms(5), DEADLINE, 0);
        latencies.ended(Fate::Open, ms(999), DEADLINE, 0);
        let young = latencies.measures();
        assert_eq!((young.open, young.overdue, young.due(), young.max), (1, 0, 1, Took::Exactly(ms(5))));
        latencies.ended(Fate::Open, DEADLINE, DEADLINE, 1);
        let overdue = latencies.measures();
        assert_eq!((overdue.open, overdue.overdue, overdue.due(), overdue.max), (2, 1, 2, Took::AtLeast(DEADLINE)));
        assert_eq!((overdue.availability(), overdue.halves[0]), (Some(0.5), Took::Exactly(ms(5))));
    }

    #[test]
    fn all_kinds_together_are_as_if_they_were_one() {
        let (mut gets, mut puts, mut both) = (Latencies::default(), Latencies::default(), Latencies::default());
        for took in 1..=100 {
            let fate = if took % 9 == 0 { Fate::Unknown } else { Fate::Ok };
            let one = if took % 2 == 0 { &mut gets } else { &mut puts };
            one.ended(fate, ms(took), DEADLINE, (took % 2) as usize);
            both.ended(fate, ms(took), DEADLINE, (took % 2) as usize);
        }
        gets.add(&puts);
        assert_eq!(gets.measures(), both.measures());
    }

    #[test]
    fn a_failed_get_has_no_unknown_effect() {
        let failed = Completion::Failed { error: ErrorKind::DeadlineExceeded, outcome: Outcome::Unknown };
        assert_eq!([OpKind::Get, OpKind::Put].map(|kind| Fate::of(kind, &failed)), [Fate::Refused, Fate::Unknown]);
    }
}
