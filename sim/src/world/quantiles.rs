//! Durations and sizes drawn from a table of quantiles, in integers: no function whose last bit depends on the machine.

use super::streams::Stream;
use std::time::Duration;

/// A distribution of durations, in nanoseconds, or of other whole numbers: values at given shares of the probability, linear in between.
#[derive(Clone, Debug)]
pub struct Quantiles {
    /// Share in millionths, value in nanoseconds; ascending, from 0 to 1,000,000.
    knots: Vec<(u64, u64)>,
}

const WHOLE: u64 = 1_000_000;

impl Quantiles {
    /// Always the same.
    pub fn constant(value: Duration) -> Self {
        let value = nanos(value);
        Self { knots: vec![(0, value), (WHOLE, value)] }
    }

    /// From shares per mille and durations, both ascending; the first share is 0, the last 1000.
    pub fn per_mille(knots: &[(u32, Duration)]) -> Self {
        Self::numbers(knots.iter().map(|(share, value)| (*share, nanos(*value))))
    }

    /// The same of whole numbers.
    pub fn numbers(knots: impl IntoIterator<Item = (u32, u64)>) -> Self {
        Self { knots: knots.into_iter().map(|(share, value)| (u64::from(share) * 1000, value)).collect() }
    }

    /// Draws a duration, in nanoseconds, or a number. Draws no number where there is no choice.
    pub fn draw(&self, stream: &mut Stream) -> u64 {
        let (Some((_, least)), Some((_, most))) = (self.knots.first(), self.knots.last()) else { return 0 };
        if least == most {
            return *least;
        }
        let share = stream.below(WHOLE);
        let upper = self.knots.partition_point(|(knot, _)| *knot <= share).clamp(1, self.knots.len() - 1);
        let ((from, low), (to, high)) = (self.knots[upper - 1], self.knots[upper]);
        low + (high - low) * (share - from) / (to - from).max(1)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::*;

    #[test]
    fn draws_follow_the_table() {
        let us = Duration::from_micros;
        let quantiles = Quantiles::per_mille(&[(0, us(10)), (500, us(20)), (990, us(100)), (1000, us(1000))]);
        let mut stream = Streams::new(1).stream(&["quantiles"]);
        let mut draws: Vec<u64> = (0..100_000).map(|_| quantiles.draw(&mut stream)).collect();
        draws.sort_unstable();
        assert!(draws[0] >= 10_000 && draws[99_999] <= 1_000_000);
        assert!((19_500..20_500).contains(&draws[50_000]), "{}", draws[50_000]);
        assert!((90_000..130_000).contains(&draws[99_000]), "{}", draws[99_000]);
    }
}
