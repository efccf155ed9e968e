//! A node's own clocks: a monotonic one, and the wall clock that people read.
//!
//! Both are driven by one oscillator: local time is a linear function of the true time for as long as nobody touches it, with an
//! offset, so that readings of two nodes cannot be compared by accident, and a rate. Whatever touches it (another rate, a slew, a
//! step, a freeze) begins a new line where the last one ended. Integer arithmetic; exact to a nanosecond.

use crate::time::SimTime;
use std::time::Duration;

/// The clocks of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// How much faster than true time the oscillator runs, in parts per billion.
    own_ppb: i64,
    /// The rate that it has instead, while a fault lasts.
    imposed_ppb: Option<i64>,
    /// What is added to the rate, as NTP slews a clock.
    slew_ppb: i64,
    /// Since when it goes on as it does now.
    since: SimTime,
    /// What the monotonic clock showed then, in nanoseconds since its origin.
    monotonic: u64,
    /// What the wall clock showed then, in nanoseconds since the run's epoch.
    wall: i64,
    /// Since when both show the same, and for how many reasons.
    frozen: Option<(SimTime, u32)>,
    failing: bool,
}

/// The clocks cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unreadable;

const BILLION: u64 = 1_000_000_000;

impl Clock {
    /// Clocks that show `offset` at the beginning of the run and run `rate_ppb` parts per billion fast.
    pub fn new(offset: Duration, rate_ppb: i64) -> Self {
        let offset = u64::try_from(offset.as_nanos()).unwrap_or(u64::MAX).min(i64::MAX as u64 / 2);
        Self {
            own_ppb: rate_ppb,
            imposed_ppb: None,
            slew_ppb: 0,
            since: SimTime(0),
            monotonic: offset,
            wall: offset as i64,
            frozen: None,
            failing: false,
        }
    }

    /// How much faster than true time it runs now, in parts per billion. One that stands still has the rate at which it will go on.
    pub fn rate_ppb(&self) -> i64 {
        self.imposed_ppb.unwrap_or(self.own_ppb) + self.slew_ppb
    }

    /// The oscillator runs at this rate from `now` on; `None`: at its own again.
    pub fn impose_rate(&mut self, now: SimTime, rate_ppb: Option<i64>) {
        self.begin_anew(now);
        self.imposed_ppb = rate_ppb;
    }

    /// It is slewed by this much from `now` on; 0 ends that.
    pub fn slew(&mut self, now: SimTime, by_ppb: i64) {
        self.begin_anew(now);
        self.slew_ppb = by_ppb;
    }

    /// The wall clock jumps by so many nanoseconds.
    pub fn step_wall(&mut self, now: SimTime, by: i64) {
        self.begin_anew(now);
        self.wall = self.wall.saturating_add(by);
    }

    /// The monotonic clock jumps by so many nanoseconds, which it should not; not back beyond its origin.
    pub fn step_monotonic(&mut self, now: SimTime, by: i64) {
        self.begin_anew(now);
        self.monotonic = self.monotonic.saturating_add_signed(by);
    }

    /// Both stand still from `now` on, until they are thawed as often as they were frozen.
    pub fn freeze(&mut self, now: SimTime) {
        let frozen = self.frozen.get_or_insert((now, 0));
        frozen.1 += 1;
    }

    /// One reason to stand still is gone. Without any, the monotonic clock goes on where it stood; the wall clock, which a machine
    /// that wakes sets from elsewhere, where it would be by now.
    pub fn thaw(&mut self, now: SimTime) {
        match &mut self.frozen {
            Some((_, reasons)) if *reasons > 1 => *reasons -= 1,
            Some(_) => {
                self.begin_anew(now);
                self.frozen = None;
            }
            None => {}
        }
    }

    /// Whether readings fail.
    pub fn set_failing(&mut self, failing: bool) {
        self.failing = failing;
    }

    /// The monotonic clock, as its node reads it.
    ///
    /// # Errors
    /// Readings fail.
    pub fn read(&self, now: SimTime) -> Result<u64, Unreadable> {
        if self.failing { Err(Unreadable) } else { Ok(self.reading(now)) }
    }

    /// The wall clock, as its node reads it: nanoseconds since the run's epoch.
    ///
    /// # Errors
    /// Readings fail.
    pub fn read_wall(&self, now: SimTime) -> Result<i64, Unreadable> {
        let then = self.frozen.map_or(now, |(since, _)| since.min(now));
        if self.failing { Err(Unreadable) } else { Ok(self.wall_at(then)) }
    }

    /// What the monotonic clock shows at `now`, in nanoseconds, whether or not anybody can read it.
    pub fn reading(&self, now: SimTime) -> u64 {
        let then = self.frozen.map_or(now, |(since, _)| since.min(now));
        self.monotonic.saturating_add(self.elapsed(then.0.saturating_sub(self.since.0)))
    }

    /// The first moment at which the monotonic clock shows at least `reading`, if nobody touches it from now on: the moment since
    /// which it goes on as it does now, if it did by then. `None`: it stands still before.
    pub fn when(&self, reading: u64) -> Option<SimTime> {
        let elapsed = reading.saturating_sub(self.monotonic);
        let estimate = i128::from(elapsed) * i128::from(BILLION) / (i128::from(BILLION) + i128::from(self.rate_ppb()));
        let mut moment = u64::try_from(estimate).unwrap_or(u64::MAX);
        while moment > 0 && self.elapsed(moment - 1) >= elapsed {
            moment -= 1;
        }
        while moment < u64::MAX && self.elapsed(moment) < elapsed {
            moment += 1;
        }
        let moment = SimTime(moment.saturating_add(self.since.0));
        self.frozen.is_none_or(|(since, _)| moment <= since).then_some(moment)
    }

    /// A new line begins where the last one is at `now`.
    fn begin_anew(&mut self, now: SimTime) {
        (self.monotonic, self.wall) = (self.reading(now), self.wall_at(now));
        self.since = now;
        if let Some((since, _)) = &mut self.frozen {
            *since = now;
        }
    }

    /// What the wall clock shows at `now`, were it not frozen.
    fn wall_at(&self, now: SimTime) -> i64 {
        let elapsed = self.elapsed(now.0.saturating_sub(self.since.0));
        self.wall.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }

    /// What the oscillator makes of so much true time. Whole seconds and the rest apart: 128 bits are divided by software. So
    /// the rate may be at most nine times too fast, far beyond what a scenario may ask for.
    fn elapsed(&self, moment: u64) -> u64 {
        let (seconds, rest) = (moment / BILLION, moment % BILLION);
        let rate = self.rate_ppb();
        let of_rest = rest as i64 * rate / BILLION as i64;
        let gained = i128::from(seconds) * i128::from(rate) + i128::from(of_rest);
        u64::try_from(i128::from(moment) + gained).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn right() -> Clock {
        Clock::new(Duration::from_secs(5), 0)
    }

    #[test]
    fn two_clocks_at_plus_and_minus_200_ppm_differ_by_400_microseconds_after_a_second() {
        let fast = Clock::new(Duration::ZERO, 200_000);
        let slow = Clock::new(Duration::ZERO, -200_000);
        let apart = fast.reading(SimTime(SECOND)) - slow.reading(SimTime(SECOND));
        assert_eq!(apart, 400_000);
    }

    #[test]
    fn time_elapses_as_by_one_division_to_the_nanosecond() {
        for rate in [-990_000_000, -200_001, -1, 0, 1, 333_333, 1_000_000_000] {
            let clock = Clock::new(Duration::ZERO, rate);
            for moment in (0..1_000).map(|i| i * 123_456_789_123).chain([1, 999_999_999, u64::MAX]) {
                let whole = i128::from(moment);
                let exact = whole + whole * i128::from(rate) / i128::from(BILLION);
                assert_eq!(clock.elapsed(moment), u64::try_from(exact).unwrap_or(0), "{moment} at {rate} ppb");
            }
        }
    }

    #[test]
    fn when_is_the_first_moment_of_a_reading() {
        for rate in [-500_000, -1, 0, 1, 333_333] {
            let mut clock = Clock::new(Duration::from_secs(77), rate);
            clock.slew(SimTime(SECOND), 40_000);
            for reading in (0..1000).map(|i| clock.monotonic + i * 7_654_321) {
                let moment = clock.when(reading).expect("it goes on");
                assert!(clock.reading(moment) >= reading);
                assert!(moment.0 == SECOND || clock.reading(SimTime(moment.0 - 1)) < reading);
            }
        }
    }

    #[test]
    fn a_frozen_clock_stands_still_and_goes_on_where_it_stood() {
        let mut clock = right();
        clock.freeze(SimTime(100));
        assert_eq!(clock.reading(SimTime(400)), 5 * SECOND + 100);
        assert_eq!(clock.when(5 * SECOND + 101), None);
        clock.thaw(SimTime(400));
        assert_eq!(clock.reading(SimTime(450)), 5 * SECOND + 150);
        assert_eq!(clock.when(5 * SECOND + 150), Some(SimTime(450)));
    }

    #[test]
    fn the_wall_clock_jumps_to_the_right_time_at_the_end_of_a_freeze() {
        let mut clock = right();
        clock.freeze(SimTime(100));
        assert_eq!(clock.read_wall(SimTime(400)), Ok(5 * SECOND as i64 + 100));
        clock.thaw(SimTime(400));
        assert_eq!(clock.read_wall(SimTime(450)), Ok(5 * SECOND as i64 + 450));
    }

    #[test]
    fn a_clock_that_is_frozen_for_two_reasons_is_thawed_twice() {
        let mut clock = right();
        clock.freeze(SimTime(100));
        clock.freeze(SimTime(200));
        clock.thaw(SimTime(300));
        assert_eq!(clock.reading(SimTime(350)), 5 * SECOND + 100);
        clock.thaw(SimTime(400));
        assert_eq!(clock.reading(SimTime(401)), 5 * SECOND + 101);
    }

    #[test]
    fn another_rate_changes_nothing_that_was_shown_before() {
        let mut clock = right();
        clock.impose_rate(SimTime(SECOND), Some(500_000_000));
        assert_eq!(clock.reading(SimTime(SECOND)), 6 * SECOND);
        assert_eq!(clock.reading(SimTime(3 * SECOND)), 9 * SECOND);
        assert_eq!(clock.when(9 * SECOND), Some(SimTime(3 * SECOND)));
        clock.impose_rate(SimTime(3 * SECOND), None);
        assert_eq!(clock.reading(SimTime(4 * SECOND)), 10 * SECOND);
    }

    #[test]
    fn a_slew_adds_to_the_rate_of_both_clocks() {
        let mut clock = Clock::new(Duration::ZERO, 100_000);
        clock.slew(SimTime(0), 500_000);
        assert_eq!(clock.rate_ppb(), 600_000);
        let after = [clock.reading(SimTime(SECOND)) as i64, clock.wall_at(SimTime(SECOND))];
        assert_eq!(after, [1_000_600_000; 2]);
    }

    #[test]
    fn a_step_of_the_wall_clock_leaves_the_monotonic_one_alone() {
        let mut clock = right();
        clock.step_wall(SimTime(100), -3 * SECOND as i64);
        assert_eq!(clock.reading(SimTime(200)), 5 * SECOND + 200);
        assert_eq!(clock.read_wall(SimTime(200)), Ok(2 * SECOND as i64 + 200));
    }

    #[test]
    fn a_step_of_the_monotonic_clock_ends_at_its_origin() {
        let mut clock = right();
        clock.step_monotonic(SimTime(0), -(SECOND as i64));
        assert_eq!(clock.when(5 * SECOND), Some(SimTime(SECOND)));
        clock.step_monotonic(SimTime(0), -9 * SECOND as i64);
        assert_eq!(clock.reading(SimTime(7)), 7);
    }

    #[test]
    fn a_failing_clock_goes_on_unseen() {
        let mut clock = right();
        clock.set_failing(true);
        assert_eq!((clock.read(SimTime(1)), clock.read_wall(SimTime(1))), (Err(Unreadable), Err(Unreadable)));
        clock.set_failing(false);
        assert_eq!(clock.read(SimTime(9)), Ok(5 * SECOND + 9));
    }
}
