//! A node's own clock.
//!
//! Local time is a linear function of the true time for which it runs: an offset, so that readings of two nodes cannot be compared
//! by accident, and a rate. It can be frozen and thawed. Integer arithmetic; exact to a nanosecond.

use crate::time::SimTime;
use std::time::Duration;

/// A clock that runs at its own rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// What it shows at the beginning of the run, in nanoseconds.
    offset: u64,
    /// How much faster than true time it runs, in parts per billion.
    rate_ppb: i64,
    /// True time during which it stood still, freezes that are over.
    stood: u64,
    /// Since when it stands still.
    frozen: Option<SimTime>,
}

const BILLION: i128 = 1_000_000_000;

impl Clock {
    /// A clock that shows `offset` at the beginning of the run and runs `rate_ppb` parts per billion fast.
    pub fn new(offset: Duration, rate_ppb: i64) -> Self {
        Self { offset: u64::try_from(offset.as_nanos()).unwrap_or(u64::MAX / 2), rate_ppb, stood: 0, frozen: None }
    }

    /// It stands still from `now` on.
    pub fn freeze(&mut self, now: SimTime) {
        self.frozen.get_or_insert(now);
    }

    /// It goes on at `now`.
    pub fn thaw(&mut self, now: SimTime) {
        if let Some(since) = self.frozen.take() {
            self.stood += now.0 - since.0;
        }
    }

    /// What it shows at `now`, in nanoseconds.
    pub fn reading(&self, now: SimTime) -> u64 {
        let running = self.frozen.unwrap_or(now).min(now).0 - self.stood;
        self.offset + self.elapsed(running)
    }

    /// The first moment at which it shows at least `reading`, if it is not frozen from now on: an estimate for a frozen clock.
    pub fn when(&self, reading: u64) -> SimTime {
        let elapsed = reading.saturating_sub(self.offset);
        let estimate = i128::from(elapsed) * BILLION / (BILLION + i128::from(self.rate_ppb));
        let mut moment = u64::try_from(estimate).unwrap_or(u64::MAX);
        while moment > 0 && self.elapsed(moment - 1) >= elapsed {
            moment -= 1;
        }
        while self.elapsed(moment) < elapsed {
            moment += 1;
        }
        SimTime(moment.saturating_add(self.stood))
    }

    /// The moment at which `duration` has passed on this clock since `now`.
    pub fn after(&self, now: SimTime, duration: Duration) -> SimTime {
        let duration = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.when(self.reading(now).saturating_add(duration)).max(now)
    }

    fn elapsed(&self, moment: u64) -> u64 {
        let moment = i128::from(moment);
        u64::try_from(moment + moment * i128::from(self.rate_ppb) / BILLION).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn two_clocks_at_plus_and_minus_200_ppm_differ_by_400_microseconds_after_a_second() {
        let fast = Clock::new(Duration::ZERO, 200_000);
        let slow = Clock::new(Duration::ZERO, -200_000);
        let apart = fast.reading(SimTime(SECOND)) - slow.reading(SimTime(SECOND));
        assert_eq!(apart, 400_000);
    }

    #[test]
    fn when_is_the_first_moment_of_a_reading() {
        for rate in [-500_000, -1, 0, 1, 333_333] {
            let clock = Clock::new(Duration::from_secs(77), rate);
            for reading in (0..1000).map(|i| clock.offset + i * 7_654_321) {
                let moment = clock.when(reading);
                assert!(clock.reading(moment) >= reading);
                assert!(moment.0 == 0 || clock.reading(SimTime(moment.0 - 1)) < reading);
            }
        }
    }

    #[test]
    fn a_frozen_clock_stands_still_and_goes_on_where_it_stood() {
        let mut clock = Clock::new(Duration::from_secs(5), 0);
        clock.freeze(SimTime(100));
        assert_eq!(clock.reading(SimTime(400)), 5 * SECOND + 100);
        clock.thaw(SimTime(400));
        assert_eq!(clock.reading(SimTime(450)), 5 * SECOND + 150);
        assert_eq!(clock.when(5 * SECOND + 150), SimTime(450));
    }

    #[test]
    fn a_slow_clock_sleeps_longer() {
        let slow = Clock::new(Duration::ZERO, -1_000_000);
        let woken = slow.after(SimTime(SECOND), Duration::from_secs(1));
        assert_eq!(woken.0, 2_001_001_001);
    }
}
