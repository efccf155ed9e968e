//! Simulated time.

use std::fmt;
use std::time::Duration;

/// A moment in simulated time: nanoseconds since the run began. Printed in seconds, as `2.500000s`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SimTime(pub u64);

impl SimTime {
    /// Later than everything that happens.
    pub const NEVER: SimTime = SimTime(u64::MAX);

    /// The moment `since_start` after the run began.
    pub fn at(since_start: Duration) -> Self {
        Self(nanos(since_start))
    }

    /// The moment `duration` after this one; saturates.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// Time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Milliseconds since the run began, whole ones.
    pub fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// To the nanosecond: `2.500123456s`.
    pub fn exact(self) -> String {
        format!("{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1_000)
    }
}

/// The mean of `sum` over `number` of them; zero of none.
pub fn mean(sum: Duration, number: u64) -> Duration {
    let nanos = sum.as_nanos().checked_div(u128::from(number)).unwrap_or(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_none_is_zero() {
        assert_eq!(mean(Duration::from_secs(1), 0), Duration::ZERO);
        assert_eq!(mean(Duration::from_nanos(7), 2), Duration::from_nanos(3));
    }
}
