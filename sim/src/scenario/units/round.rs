//! Round numbers: what a person would have written.

use std::time::Duration;

/// What times are multiples of, the roundest first.
const GRAINS: [Duration; 10] = [
    Duration::from_secs(10),
    Duration::from_secs(1),
    Duration::from_millis(500),
    Duration::from_millis(100),
    Duration::from_millis(50),
    Duration::from_millis(10),
    Duration::from_millis(5),
    Duration::from_millis(1),
    Duration::from_micros(100),
    Duration::from_micros(10),
];

/// Rounder times not long before `time`, the roundest first; none is zero.
pub fn rounder(time: Duration) -> Vec<Duration> {
    let mut found: Vec<Duration> = GRAINS.iter().map(|grain| down(time, *grain)).collect();
    found.retain(|rounder| *rounder < time && !rounder.is_zero());
    found.dedup();
    found
}

/// Nobody writes a shorter time than this, but to say that there is none.
const SHORT: Duration = Duration::from_millis(1);

/// Shorter times, the shortest first: a quarter, a half and three quarters in round numbers, and what is [`rounder`].
pub fn shorter(time: Duration) -> Vec<Duration> {
    let parts = [time / 4, time / 2, time / 4 * 3].into_iter().map(roughly);
    let mut found: Vec<Duration> = parts.chain(rounder(time)).collect();
    found.retain(|shorter| *shorter < time && *shorter >= SHORT);
    found.sort_unstable();
    found.dedup();
    found
}

/// The first time from `time` on that is a multiple of `grain`.
pub fn up(time: Duration, grain: Duration) -> Duration {
    let down = down(time, grain);
    if down == time { time } else { down + grain }
}

/// The last time up to `time` that is a multiple of `grain`.
pub fn down(time: Duration, grain: Duration) -> Duration {
    let over = time.as_nanos().checked_rem(grain.as_nanos()).unwrap_or_default();
    time.saturating_sub(Duration::from_nanos(u64::try_from(over).unwrap_or_default()))
}

/// `time`, rounded down to a grain of which it has two at least.
fn roughly(time: Duration) -> Duration {
    let grain = GRAINS.iter().find(|grain| **grain * 2 <= time);
    grain.map_or(time, |grain| down(time, *grain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(times: Vec<Duration>) -> Vec<u128> {
        times.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn a_rounder_time_is_earlier_and_the_roundest_comes_first() {
        assert_eq!(millis(rounder(Duration::from_millis(1_937))), [1_000, 1_500, 1_900, 1_930, 1_935]);
        assert_eq!(millis(rounder(Duration::from_millis(2_000))), [0_u128; 0], "of two seconds nothing is rounder");
        assert_eq!(millis(rounder(Duration::from_millis(70))), [50]);
    }

    #[test]
    fn a_shorter_time_is_a_part_of_it_in_round_numbers() {
        assert_eq!(millis(shorter(Duration::from_millis(700))), [150, 300, 500]);
        assert_eq!(millis(shorter(Duration::from_secs(2))), [500, 1_000, 1_500]);
        assert_eq!([shorter(SHORT), shorter(Duration::ZERO)].concat(), []);
    }

    #[test]
    fn whoever_goes_to_shorter_times_comes_to_an_end() {
        let (mut time, mut steps) = (Duration::from_nanos(59_123_456_789), 0);
        while let Some(shorter) = shorter(time).last() {
            (time, steps) = (*shorter, steps + 1);
        }
        assert!(steps < 100, "{steps} steps to {time:?}");
    }

    #[test]
    fn a_time_is_rounded_to_either_side() {
        let (time, grain) = (Duration::from_millis(2_130), Duration::from_millis(100));
        assert_eq!([down(time, grain), up(time, grain)].map(|time| time.as_millis()), [2_100, 2_200]);
        assert_eq!(up(grain, grain), grain);
    }
}
