//! How soon there is a leader again after faults: of one run, and of many together (`lease-bugs.md` L2).
//!
//! That it never takes longer than six election timeouts (B2) is for each run to show: check `recovers`. That it *mostly* takes
//! no longer than two of them, three round trips and two fsyncs (B1) can be said of many runs alone.

use super::prelude::*;
use crate::check::{Leaderless, Premises};

/// The recoveries of one run, and the bounds on them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recoveries {
    /// Each, in the order in which faults ended.
    pub took: Vec<Leaderless>,
    /// Most take no longer (B1).
    pub usual: Duration,
    /// None may take longer (B2).
    pub longest: Duration,
}

impl Recoveries {
    /// None yet.
    pub fn bounded_by(premises: &Premises) -> Self {
        Self { took: Vec::new(), usual: premises.usual_settling(), longest: premises.settling() }
    }
}

/// Recoveries that say something of a share.
const ENOUGH: usize = 20;

/// The share that must keep to the usual bound, in per cent.
const USUAL_PERCENT: usize = 90;

/// The recoveries of many runs of one scenario under one variant.
#[derive(Clone, Debug, Default)]
pub struct ManyRecoveries {
    took: Vec<Duration>,
    within_usual: usize,
    /// The least and the greatest of the runs' bounds: a scenario may leave its timing to the seed.
    usual: Option<(Duration, Duration)>,
    longest: Option<(Duration, Duration)>,
    /// Some run fails as its scenario expects: what is wrong there is meant to be.
    failure_expected: bool,
}

/// How recoveries are distributed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Distributed {
    /// How many there were.
    pub number: usize,
    /// Of those, how many took no longer than usual.
    pub within_usual: usize,
    /// Median, 90th and 99th percentile, longest.
    pub quantiles: [Duration; 4],
    /// The bounds B1 of the runs, from the least to the greatest.
    pub usual: (Duration, Duration),
    /// The bounds B2.
    pub longest: (Duration, Duration),
}

impl ManyRecoveries {
    /// Counts a run's.
    pub fn add(&mut self, Recoveries { took, usual, longest }: &Recoveries, failure_expected: bool) {
        self.failure_expected |= failure_expected;
        if took.is_empty() {
            return;
        }
        self.within_usual += took.iter().filter(|recovery| recovery.took <= *usual).count();
        self.took.extend(took.iter().map(|recovery| recovery.took));
        widen(&mut self.usual, *usual);
        widen(&mut self.longest, *longest);
    }

    /// How they are distributed; `None` where there were none.
    pub fn distributed(&self) -> Option<Distributed> {
        let mut took = self.took.clone();
        took.sort_unstable();
        let number = took.len();
        let at_least = |percent: usize| took.get((number * percent).div_ceil(100).max(1) - 1).copied();
        let quantiles = [at_least(50)?, at_least(90)?, at_least(99)?, at_least(100)?];
        let (within_usual, usual, longest) = (self.within_usual, self.usual?, self.longest?);
        Some(Distributed { number, within_usual, quantiles, usual, longest })
    }

    /// Too few kept to the usual bound, in words.
    pub fn shortfall(&self) -> Option<String> {
        let number = self.took.len();
        let few = self.within_usual * 100 < number * USUAL_PERCENT;
        if self.failure_expected || number < ENOUGH || !few {
            return None;
        }
        let (least, greatest) = self.usual?;
        Some(format!(
            "only {} of {} recoveries took no longer than {} (two election timeouts, three round trips, two fsyncs), where {USUAL_PERCENT}% must",
            count(self.within_usual as u64),
            count(number as u64),
            if least == greatest { duration(least) } else { format!("{} to {}", duration(least), duration(greatest)) },
        ))
    }
}

fn widen(range: &mut Option<(Duration, Duration)>, by: Duration) {
    let (least, greatest) = range.unwrap_or((by, by));
    *range = Some((least.min(by), greatest.max(by)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    const SECOND: Duration = Duration::from_secs(1);

    /// As many recoveries as there are numbers, each of so many ms; two seconds are usual.
    fn many(took: impl IntoIterator<Item = u64>) -> ManyRecoveries {
        let mut many = ManyRecoveries::default();
        let took = took.into_iter().map(Duration::from_millis).collect::<Vec<_>>();
        many.within_usual = took.iter().filter(|took| **took <= SECOND * 2).count();
        many.took = took;
        widen(&mut many.usual, SECOND * 2);
        widen(&mut many.longest, SECOND * 12);
        many
    }

    #[test]
    fn nine_of_ten_must_take_no_longer_than_usual() {
        let slow = |number| many((0..100).map(move |n| if n < number { 3_000 } else { 1_000 }));
        assert_eq!(slow(10).shortfall(), None);
        assert_eq!(
            slow(11).shortfall().as_deref(),
            Some(
                "only 89 of 100 recoveries took no longer than 2s (two election timeouts, three round trips, two fsyncs), where 90% must"
            )
        );
    }

    #[test]
    fn a_few_say_nothing_of_a_share() {
        assert_eq!(many([9_000; 19]).shortfall(), None);
        assert!(many([9_000; 20]).shortfall().is_some());
    }

    #[test]
    fn what_is_expected_to_fail_is_not_judged() {
        let expected = ManyRecoveries { failure_expected: true, ..many([9_000; 20]) };
        assert_eq!(expected.shortfall(), None);
    }

    #[test]
    fn quantiles_are_recoveries_that_there_were() {
        let distributed = many(1..=200).distributed().expect("there are some");
        assert_eq!(distributed.quantiles.map(|took| took.as_millis()), [100, 180, 198, 200]);
        assert_eq!((distributed.number, distributed.within_usual), (200, 200));
        assert_eq!(ManyRecoveries::default().distributed(), None);
    }

    #[test]
    fn each_run_is_held_to_its_own_bound() {
        let mut premises = Premises::of_tests();
        let bound = Recoveries::bounded_by(&premises).usual;
        premises.election_timeout *= 2;
        assert!(Recoveries::bounded_by(&premises).usual > bound);
        let took = Leaderless { since: SimTime(0), took: bound };
        assert_eq!(Recoveries { took: vec![took], ..Recoveries::bounded_by(&premises) }.took.len(), 1);
    }
}
