//! From `[chaos]` and a seed to a scenario like any other: a cluster, and a timeline that a person could have written.
//!
//! A fault exists in a run or it does not (swarm testing, Groce et al., ISSTA 2012): where everything is always wrong, most of
//! what needs two things to meet in peace is never seen. Half of all durations lie about the election timeout and the lease, on
//! whose ratios every bug of a lease depends; the others are lengths that pauses, stalls and partitions were seen to have
//! (`lease-bugs.md` §5). What is drawn stays within what is claimed of clocks, so that whatever is violated is a bug.

use std::time::Duration;

use super::{
    Action, Chaos, ClockFault, ClockHarm, Cluster, Crash, Cut, DiskFault, DiskHarm, DiskOperation, Drift, Ends,
    FaultName, Heal, Healed, Hold, Jump, LaneName, Leftover, Link, MembershipChange, MessageKind, Moment, Partition,
    Pause, Paused, PausedClock, Phase, Point, Ppm, Renewal, Scenario, Selector, Shape, Slow, Step, Tail, When,
    profiles, words::Spelled,
};

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
        let mut timeline = self.timeline.clone();
        let exist = existing(&chaos.faults, &mut dice("faults"));
        for fault in exist {
            let mut steps = Steps { cluster: &cluster, chaos, until: self.until, dice: dice(fault.word()) };
            steps.of(fault, &mut timeline);
        }
        let calm = Heal { what: Healed::Everything, messages: Leftover::Drop };
        timeline.push(Step {
            line: 0,
            at: When::At(self.until.saturating_sub(chaos.quiet)),
            action: Action::Heal(calm),
        });
        timeline.sort_by_key(|step| step.at.start());
        Self { cluster, timeline, chaos: None, ..self.clone() }
    }
}

/// Each exists in two of five runs, and one always does.
fn existing(faults: &[FaultName], dice: &mut impl Dice) -> Vec<FaultName> {
    let always = pick(dice, faults);
    faults.iter().copied().filter(|fault| chance(dice, 40) || *fault == always).collect()
}

fn cluster(file: &Cluster, dice: &mut impl Dice) -> Cluster {
    // Election timeout, heartbeat: as in TiKV and etcd (ten to one), elastickv (ten to one, twice as long), and shorter.
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
        renewal: if chance(dice, 20) { Renewal::ReadIndex } else { Renewal::Acks },
        network: network(dice),
        disk: profiles::disk(pick(dice, &["nvme", "nvme", "cloud-ssd"])).unwrap_or_else(|| file.disk.clone()),
        ..file.clone()
    }
}

/// The steps of one fault.
struct Steps<'a, D> {
    cluster: &'a Cluster,
    chaos: &'a Chaos,
    until: Duration,
    dice: D,
}

/// Lengths in milliseconds that pauses, stalls and blackouts were seen to have (`lease-bugs.md` §5: live migration 50 ms median and
/// 300 ms p99, snapshot stuns of 188 ms to 4 s, TCP retransmissions from 200 ms on, degraded volumes of 200 to 500 ms).
const SEEN: [u64; 12] = [5, 20, 50, 50, 100, 188, 200, 300, 437, 500, 1_000, 2_000];

/// Kinds of messages on whose delay the lease depends; those of which many are sent come once, as do those that decide.
const KINDS: [MessageKind; 8] = [
    MessageKind::Heartbeat,
    MessageKind::HeartbeatResponse,
    MessageKind::Append,
    MessageKind::AppendResponse,
    MessageKind::TimeoutNow,
    MessageKind::ForcedVote,
    MessageKind::Vote,
    MessageKind::VoteResponse,
];

impl<D: Dice> Steps<'_, D> {
    fn of(&mut self, fault: FaultName, timeline: &mut Vec<Step>) {
        let election = self.cluster.election_timeout;
        // From often to seldom; a fault that acts all the time hides what happens after it.
        let apart = election * pick(&mut self.dice, &[2, 4, 8]);
        let last = self.until.saturating_sub(self.chaos.quiet);
        let mut at = election * 2 + self.within(apart);
        while at < last {
            let action = self.action(fault);
            let at_phase = chance(&mut self.dice, 25) && !matches!(fault, FaultName::Membership);
            let when = if at_phase { self.moment(at, last) } else { When::At(at) };
            timeline.push(Step { line: 0, at: when, action });
            at += apart / 5 + self.within(apart * 8 / 5);
        }
    }

    /// Some time below `most`, in milliseconds.
    fn within(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.dice.below(millis.max(1)))
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

    /// How long a fault lasts.
    fn lasting(&mut self) -> Option<Duration> {
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
            Duration::from_millis(pick(&mut self.dice, &SEEN))
        };
        Some(length)
    }

    fn action(&mut self, fault: FaultName) -> Action {
        match fault {
            FaultName::Transfer => self.transfer(),
            FaultName::Partition => self.partition(),
            FaultName::Link => self.link(),
            FaultName::Hold => self.hold(),
            FaultName::Crash => self.crash(),
            FaultName::Pause => self.pause(),
            FaultName::Slow => {
                let factor = pick(&mut self.dice, &[2, 10, 100]);
                Action::Slow(Slow { nodes: vec![self.node()], factor, lasts: self.lasting() })
            }
            FaultName::Clock => self.clock(),
            FaultName::Disk => self.disk(),
            FaultName::Membership => Action::Membership(self.membership()),
        }
    }

    /// One in two faults hits the leader, or who was it.
    fn node(&mut self) -> Selector {
        use Selector::{Any, Follower, Leader, LeaseHolder, OldLeader};
        pick(&mut self.dice, &[Leader, LeaseHolder, OldLeader, Follower, Follower, Any])
    }

    fn transfer(&mut self) -> Action {
        use Selector::{Any, Follower, Lagging, Restarted};
        let to = pick(&mut self.dice, &[Follower, Follower, Follower, Lagging, Restarted, Any]);
        Action::Transfer { from: Selector::Leader, to }
    }

    /// Shapes in the shares of `lease-bugs.md` §5: mostly single nodes, some links, some splits.
    fn partition(&mut self) -> Action {
        use Selector::{Any, Follower, Leader, LeaseHolder, Majority, Others};
        let one = pick(&mut self.dice, &[Leader, LeaseHolder, Any, Follower]);
        let shape = match self.dice.below(20) {
            0..10 => Shape::Sides([vec![one], vec![Others]]),
            10..14 => Shape::Sides([vec![Leader], vec![Follower]]),
            14..17 => Shape::Sides([vec![Majority], vec![Others]]),
            17..19 => Shape::Bridge(Follower),
            _ if self.cluster.size() >= 4 => Shape::Ring,
            _ => Shape::Sides([vec![Others], vec![one]]),
        };
        let how = pick(&mut self.dice, &[Cut::Drop, Cut::Hold, Cut::Flight]);
        let one_way = chance(&mut self.dice, 20) && shape != Shape::Ring;
        Action::Partition(Partition { shape, how, one_way, lasts: self.lasting() })
    }

    fn ends(&mut self) -> Ends {
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

    fn link(&mut self) -> Action {
        let lane = chance(&mut self.dice, 40).then(|| pick(&mut self.dice, &[LaneName::Heartbeat, LaneName::Bulk]));
        let mut link = Link {
            ends: self.ends(),
            lane,
            messages: Vec::new(),
            loss: Ppm(0),
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            duplicate: Ppm(0),
            reorder: false,
            stall: Ppm(0),
            bandwidth: None,
            queue: None,
            lasts: self.lasting(),
        };
        match self.dice.below(7) {
            0 => link.loss = Ppm(pick(&mut self.dice, &[10_000, 100_000, 500_000])),
            1 => link.delay = Duration::from_millis(pick(&mut self.dice, &SEEN)),
            2 => {
                link.jitter = Duration::from_millis(pick(&mut self.dice, &SEEN));
                link.reorder = true;
            }
            3 => link.duplicate = Ppm(pick(&mut self.dice, &[10_000, 500_000])),
            4 => link.stall = Ppm(pick(&mut self.dice, &[10_000, 50_000])),
            5 => link.bandwidth = Some(pick(&mut self.dice, &[10_000, 1_000_000])),
            _ => link.queue = Some(pick(&mut self.dice, &[1, 8])),
        }
        Action::Link(link)
    }

    fn hold(&mut self) -> Action {
        let messages = vec![pick(&mut self.dice, &KINDS)];
        let first = chance(&mut self.dice, 60).then(|| pick(&mut self.dice, &[1, 2, 5]));
        let then = if chance(&mut self.dice, 80) { Leftover::Deliver } else { Leftover::Drop };
        Action::Hold(Hold { messages, ends: self.ends(), first, then, lasts: self.lasting() })
    }

    fn crash(&mut self) -> Action {
        let lasts = if chance(&mut self.dice, 30) { Some(Duration::ZERO) } else { self.lasting() };
        let tail = pick(&mut self.dice, &[Tail::Lost, Tail::Lost, Tail::Kept, Tail::Torn, Tail::Scattered]);
        Action::Crash(Crash { nodes: vec![self.node()], lasts, tail })
    }

    fn pause(&mut self) -> Action {
        let points: Vec<Point> = Point::WORDS.iter().map(|(point, _)| *point).collect();
        let at = chance(&mut self.dice, 40).then(|| pick(&mut self.dice, &points));
        let what = if at.is_some() && chance(&mut self.dice, 50) { Paused::Task } else { Paused::Process };
        Action::Pause(Pause { nodes: vec![self.node()], lasts: self.lasting(), clock: PausedClock::Running, at, what })
    }

    /// Wall clocks do as they like; monotonic ones stay within what is claimed of two clocks, half of it each.
    fn clock(&mut self) -> Action {
        let ppm = pick(&mut self.dice, &[-50, 50, 100, -100]);
        let by = Jump {
            back: chance(&mut self.dice, 50),
            by: Duration::from_millis(pick(&mut self.dice, &[130, 1_000, 10_000])),
        };
        let harm = match self.dice.below(4) {
            0 | 1 => ClockHarm::Step { by, monotonic: false },
            2 => ClockHarm::Rate(Drift(ppm)),
            _ => ClockHarm::Fail,
        };
        let lasts = if matches!(harm, ClockHarm::Step { .. }) { None } else { self.lasting() };
        Action::Clock(ClockFault { nodes: vec![self.node()], harm, lasts })
    }

    fn disk(&mut self) -> Action {
        let operation = pick(&mut self.dice, &[DiskOperation::Append, DiskOperation::Sync, DiskOperation::Read]);
        let harm = match self.dice.below(6) {
            0 => DiskHarm::Fsync(Duration::from_millis(pick(&mut self.dice, &SEEN))),
            1 => DiskHarm::Slow(pick(&mut self.dice, &[10, 100])),
            2 | 3 => DiskHarm::Stall,
            4 => DiskHarm::Fail(operation),
            _ => DiskHarm::Full,
        };
        Action::Disk(DiskFault { nodes: vec![self.node()], harm, lasts: self.lasting() })
    }

    fn membership(&mut self) -> MembershipChange {
        use Selector::{Follower, Leader, Learner, Spare};
        match self.dice.below(8) {
            0 | 1 => MembershipChange::AddLearner(Spare),
            2 | 3 => MembershipChange::Promote(Learner),
            4 => MembershipChange::Demote(Follower),
            5 => MembershipChange::Remove(pick(&mut self.dice, &[Leader, Follower])),
            _ => {
                let add = vec![pick(&mut self.dice, &[Spare, Learner])];
                MembershipChange::Joint { add, remove: vec![pick(&mut self.dice, &[Leader, Follower])] }
            }
        }
    }
}

fn pick<T: Copy>(dice: &mut impl Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}

/// True in `percent` of a hundred cases.
fn chance(dice: &mut impl Dice, percent: u64) -> bool {
    dice.below(100) < percent
}
