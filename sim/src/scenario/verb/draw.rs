//! What chaos draws the faults of one verb from.
//!
//! Half of all durations lie about the election timeout and the lease, on whose ratios every bug of a lease depends; the others are
//! lengths that pauses, stalls and partitions were seen to have (`lease-bugs.md` §5): each [`Lengths`] is quantiles of one of its
//! distributions, evenly drawn.

use std::time::Duration;

use super::nodes::Ends;
use crate::scenario::{Claims, Cluster, Selector};

/// A source of numbers.
pub trait Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64;
}

impl dyn Dice + '_ {
    pub(in crate::scenario) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// True in `percent` of a hundred cases.
    pub(in crate::scenario) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What the steps of one fault are drawn from.
pub(in crate::scenario) struct Steps<'a> {
    pub cluster: &'a Cluster,
    /// The keys that workloads use, in the order of their names.
    pub keys: &'a [String],
    pub claims: Claims,
    pub dice: &'a mut dyn Dice,
}

/// Milliseconds, each as likely as the others.
pub(in crate::scenario) type Lengths = [u64; 20];

/// Of pauses: half are live migrations (log-normal, median 50 ms, 99th percentile 300 ms), the others garbage collections
/// (Pareto from 50 ms on, up to 10 s and more), stuns of snapshots (188 ms to 3.7 s) and an overrun heartbeat (2.4 s).
pub(in crate::scenario) const PAUSES: Lengths =
    [14, 23, 30, 37, 45, 55, 67, 84, 111, 300, 60, 100, 188, 250, 437, 570, 1_000, 2_400, 3_700, 10_000];

/// Of partitions and of what is wrong with links: bursts of 100 ms to 10 s, flaps, and minutes, of which a run sees what it lasts.
pub(in crate::scenario) const BLACKOUTS: Lengths = [
    100, 100, 150, 200, 200, 300, 400, 500, 700, 800, 1_000, 1_300, 1_600, 2_000, 3_000, 4_000, 5_000, 7_000, 10_000,
    60_000,
];

/// Of what is wrong with disks and processors: stalls of 0.5 to 2 s, and degraded volumes, which last for minutes.
pub(in crate::scenario) const STALLS: Lengths =
    [5, 10, 10, 20, 50, 100, 200, 300, 500, 500, 700, 1_000, 1_000, 1_500, 1_500, 2_000, 2_000, 5_000, 10_000, 60_000];

impl Steps<'_> {
    /// Some time below `most`, in milliseconds.
    pub(in crate::scenario) fn within(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.dice.below(millis.max(1)))
    }

    pub(in crate::scenario) fn millis(&mut self, all: &[u64]) -> Duration {
        Duration::from_millis(self.dice.pick(all))
    }

    /// How long a fault lasts that was seen to last so long.
    pub(in crate::scenario) fn lasting(&mut self, seen: &Lengths) -> Option<Duration> {
        let (election, tick) = (self.cluster.election_timeout, self.cluster.tick);
        let lease = self.cluster.lease.unwrap_or(election - tick);
        let length = if self.dice.chance(50) {
            let near = [
                election / 2,
                election * 9 / 10,
                election,
                election * 11 / 10,
                election * 3 / 2,
                election * 21 / 10,
                lease - tick,
                lease + tick,
            ];
            self.dice.pick(&near)
        } else {
            self.millis(seen)
        };
        Some(length)
    }

    /// One in two faults hits the leader, or who was it.
    pub(in crate::scenario) fn node(&mut self) -> Selector {
        use Selector::{Any, Follower, Leader, LeaseHolder, OldLeader};
        self.dice.pick(&[Leader, LeaseHolder, OldLeader, Follower, Follower, Any])
    }

    /// One in ten hits several at once: half of a rack, or all that there are.
    pub(in crate::scenario) fn nodes(&mut self) -> Vec<Selector> {
        use Selector::{Follower, Followers, Leader, Majority};
        if self.dice.chance(90) {
            return vec![self.node()];
        }
        let groups = [vec![Leader, Followers], vec![Leader, Follower], vec![Majority], vec![Followers]];
        let at = self.dice.below(groups.len() as u64) as usize;
        groups[at].clone()
    }

    pub(in crate::scenario) fn ends(&mut self) -> Ends {
        use Selector::{Follower, Leader, Others};
        let ends = [
            (vec![], vec![]),
            (vec![Leader], vec![Others]),
            (vec![Others], vec![Leader]),
            (vec![Leader], vec![Follower]),
            (vec![Follower], vec![Leader]),
        ];
        let at = self.dice.below(ends.len() as u64) as usize;
        let (from, to) = ends[at].clone();
        Ends { from, to }
    }
}
