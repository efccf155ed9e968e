//! From `[chaos]` and a seed to a scenario like any other: a cluster, and a timeline that a person could have written.
//!
//! A fault exists in a run or it does not (swarm testing, Groce et al., ISSTA 2012): where everything is always wrong, most of
//! what needs two things to meet in peace is never seen. Half of all durations lie about the election timeout and the lease, on
//! whose ratios every bug of a lease depends; the others are lengths that pauses, stalls and partitions were seen to have
//! (`lease-bugs.md` §5): each [`Lengths`] is quantiles of one of its distributions, evenly drawn. What is drawn stays within
//! what is claimed of clocks, so that whatever is violated is a bug: no monotonic clock stands still or jumps.

use std::time::Duration;

use super::{
    Action, Chaos, Claims, Cluster, Ends, Heal, Healed, Leftover, Moment, Phase, Ppm, Scenario, Selector, Step, Verb,
    When, profiles,
};
use crate::words::{RenewalKind, Spelled};

/// A source of numbers.
pub trait Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64;
}

impl Scenario {
    /// What a seed makes of a scenario with `[chaos]`: `dice` gives a source of numbers for each purpose. One without stays as
    /// it is.
    pub fn drawn<D: Dice>(&self, dice: impl Fn(&str) -> D) -> Self {
        let Some(chaos) = &self.chaos else { return self.clone() };
        let cluster = cluster(&self.cluster, &mut dice("cluster"));
        let claims = claims(self.claims, &mut dice("claims"));
        let mut timeline = self.timeline.clone();
        let exist = existing(&chaos.faults, &mut dice("faults"));
        for fault in exist {
            let mut steps = Steps { cluster: &cluster, claims, chaos, until: self.until, dice: dice(fault.word()) };
            steps.of(fault, &mut timeline);
        }
        timeline.push(Step {
            line: 0,
            name: None,
            at: When::At(self.until.saturating_sub(chaos.quiet)),
            action: Action::Heal(CALM),
        });
        timeline.sort_by_key(|step| step.at.start());
        Self { cluster, claims, timeline, chaos: None, ..self.clone() }
    }
}

/// By which chaos ends.
const CALM: Heal = Heal { what: Healed::Everything, messages: Leftover::Drop };

/// Each exists in two of five runs, and one always does.
fn existing(faults: &[Verb], dice: &mut impl Dice) -> Vec<Verb> {
    let always = pick(dice, faults);
    faults.iter().copied().filter(|fault| chance(dice, 40) || *fault == always).collect()
}

fn cluster(file: &Cluster, dice: &mut impl Dice) -> Cluster {
    // Election timeout, heartbeat: ten to one as in TiKV, etcd and elastickv, and tighter.
    let (election, heartbeat) = pick(dice, &[(300, 50), (500, 50), (1_000, 100), (1_000, 200), (1_000, 100)]);
    let network = |dice: &mut _| {
        let names = ["same-az", "same-az", "cross-az", "cross-region"];
        profiles::network(pick(dice, &names)).unwrap_or_else(|| file.network.clone())
    };
    Cluster {
        nodes: pick(dice, &[3, 3, 5]),
        learners: u32::from(chance(dice, 25)),
        spares: u32::from(chance(dice, 25)),
        compact_after: chance(dice, 40).then(|| pick(dice, &[50, 200, 1_000])),
        tick: Duration::from_millis(10),
        heartbeat: Duration::from_millis(heartbeat),
        election_timeout: Duration::from_millis(election),
        lease: chance(dice, 20).then(|| Duration::from_millis(election * pick(dice, &[5, 7, 9]) / 10)),
        renewal: if chance(dice, 20) { RenewalKind::ReadRounds } else { RenewalKind::Acks },
        network: network(dice),
        disk: profiles::disk(pick(dice, &["nvme", "nvme", "cloud-ssd"])).unwrap_or_else(|| file.disk.clone()),
        ..file.clone()
    }
}

/// Oscillators differ by 200 ppm at most where nobody disciplines them, by 1,000 where NTP slews one each way.
fn claims(file: Claims, dice: &mut impl Dice) -> Claims {
    Claims { clock_drift: pick(dice, &[file.clock_drift, file.clock_drift, Ppm(1_000)]), ..file }
}

/// The steps of one fault.
pub(super) struct Steps<'a, D> {
    pub cluster: &'a Cluster,
    pub claims: Claims,
    chaos: &'a Chaos,
    until: Duration,
    pub dice: D,
}

/// Milliseconds, each as likely as the others.
pub(super) type Lengths = [u64; 20];

/// Of pauses: half are live migrations (log-normal, median 50 ms, 99th percentile 300 ms), the others garbage collections
/// (Pareto from 50 ms on, up to 10 s and more), stuns of snapshots (188 ms to 3.7 s) and an overrun heartbeat (2.4 s).
pub(super) const PAUSES: Lengths =
    [14, 23, 30, 37, 45, 55, 67, 84, 111, 300, 60, 100, 188, 250, 437, 570, 1_000, 2_400, 3_700, 10_000];

/// Of partitions and of what is wrong with links: bursts of 100 ms to 10 s, flaps, and minutes, of which a run sees what it lasts.
pub(super) const BLACKOUTS: Lengths = [
    100, 100, 150, 200, 200, 300, 400, 500, 700, 800, 1_000, 1_300, 1_600, 2_000, 3_000, 4_000, 5_000, 7_000, 10_000,
    60_000,
];

/// Of what is wrong with disks and processors: stalls of 0.5 to 2 s, and degraded volumes, which last for minutes.
pub(super) const STALLS: Lengths =
    [5, 10, 10, 20, 50, 100, 200, 300, 500, 500, 700, 1_000, 1_000, 1_500, 1_500, 2_000, 2_000, 5_000, 10_000, 60_000];

impl<D: Dice> Steps<'_, D> {
    fn of(&mut self, fault: Verb, timeline: &mut Vec<Step>) {
        let election = self.cluster.election_timeout;
        // From often to seldom; a fault that acts all the time hides what happens after it.
        let apart = election * pick(&mut self.dice, &[2, 4, 8]);
        let last = self.until.saturating_sub(self.chaos.quiet);
        let mut at = election * 2 + self.within(apart);
        while at < last {
            let action = Action::drawn(fault, self);
            let at_phase = chance(&mut self.dice, 25) && !matches!(fault, Verb::Membership);
            let when = if at_phase { self.moment(at, last) } else { When::At(at) };
            timeline.push(Step { line: 0, name: None, at: when, action });
            at += apart / 5 + self.within(apart * 8 / 5);
        }
    }

    /// Some time below `most`, in milliseconds.
    fn within(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.dice.below(millis.max(1)))
    }

    pub(super) fn millis(&mut self, all: &[u64]) -> Duration {
        Duration::from_millis(pick(&mut self.dice, all))
    }

    fn moment(&mut self, from: Duration, to: Duration) -> When {
        let phases: Vec<Phase> = Phase::all().collect();
        let phase = pick(&mut self.dice, &phases);
        let shift = pick(&mut self.dice, &[0, 0, 1, 5, 20, 100]);
        let (shift, zero) = (Duration::from_millis(shift), Duration::ZERO);
        let early = phase.is_foreseen() && chance(&mut self.dice, 50);
        let (after, before) = if early { (zero, shift) } else { (shift, zero) };
        When::On { moment: Moment { phase, after, before }, from, to, times: 1 }
    }

    /// How long a fault lasts that was seen to last so long.
    pub(super) fn lasting(&mut self, seen: &Lengths) -> Option<Duration> {
        let (election, tick) = (self.cluster.election_timeout, self.cluster.tick);
        let lease = self.cluster.lease.unwrap_or(election - tick);
        let length = if chance(&mut self.dice, 50) {
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
            pick(&mut self.dice, &near)
        } else {
            self.millis(seen)
        };
        Some(length)
    }

    /// One in two faults hits the leader, or who was it.
    pub(super) fn node(&mut self) -> Selector {
        use Selector::{Any, Follower, Leader, LeaseHolder, OldLeader};
        pick(&mut self.dice, &[Leader, LeaseHolder, OldLeader, Follower, Follower, Any])
    }

    /// One in ten hits several at once: half of a rack, or all that there are.
    pub(super) fn nodes(&mut self) -> Vec<Selector> {
        use Selector::{Follower, Followers, Leader, Majority};
        if chance(&mut self.dice, 90) {
            return vec![self.node()];
        }
        let groups = [vec![Leader, Followers], vec![Leader, Follower], vec![Majority], vec![Followers]];
        let at = self.dice.below(groups.len() as u64) as usize;
        groups[at].clone()
    }

    pub(super) fn ends(&mut self) -> Ends {
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

pub(super) fn pick<T: Copy>(dice: &mut impl Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}

/// True in `percent` of a hundred cases.
pub(super) fn chance(dice: &mut impl Dice, percent: u64) -> bool {
    dice.below(100) < percent
}
