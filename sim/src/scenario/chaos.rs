//! From `[chaos]` and a seed to a scenario like any other: a cluster, and a timeline that a person could have written.
//!
//! A fault exists in a run or it does not (swarm testing, Groce et al., ISSTA 2012): where everything is always wrong, most of
//! what needs two things to meet in peace is never seen. Half of all durations lie about the election timeout and the lease, on
//! whose ratios every bug of a lease depends; the others are lengths that pauses, stalls and partitions were seen to have
//! (`lease-bugs.md` §5): each [`Lengths`] is quantiles of one of its distributions, evenly drawn. What is drawn stays within
//! what is claimed of clocks, so that whatever is violated is a bug: no monotonic clock stands still or jumps.

use std::time::Duration;

use super::{
    Action, Chaos, Claims, ClockFault, ClockHarm, Cluster, Crash, Cut, DiskFault, DiskHarm, DiskOperation, Drift, Ends,
    Heal, Healed, Hold, Jump, Lane, Leftover, Link, MembershipChange, MessageKind, Moment, Partition, Pause, Paused,
    PausedClock, Phase, Point, Ppm, Renewal, Scenario, Selector, Shape, Slow, Step, Tail, Verb, When, profiles,
    words::Spelled,
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
        let claims = claims(self.claims, &mut dice("claims"));
        let mut timeline = self.timeline.clone();
        let exist = existing(&chaos.faults, &mut dice("faults"));
        for fault in exist {
            let mut steps = Steps { cluster: &cluster, claims, chaos, until: self.until, dice: dice(fault.word()) };
            steps.of(fault, &mut timeline);
        }
        timeline.push(Step {
            line: 0,
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
        renewal: if chance(dice, 20) { Renewal::ReadIndex } else { Renewal::Acks },
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
struct Steps<'a, D> {
    cluster: &'a Cluster,
    claims: Claims,
    chaos: &'a Chaos,
    until: Duration,
    dice: D,
}

/// Milliseconds, each as likely as the others.
type Lengths = [u64; 20];

/// Of pauses: half are live migrations (log-normal, median 50 ms, 99th percentile 300 ms), the others garbage collections
/// (Pareto from 50 ms on, up to 10 s and more), stuns of snapshots (188 ms to 3.7 s) and an overrun heartbeat (2.4 s).
const PAUSES: Lengths =
    [14, 23, 30, 37, 45, 55, 67, 84, 111, 300, 60, 100, 188, 250, 437, 570, 1_000, 2_400, 3_700, 10_000];

/// Of partitions and of what is wrong with links: bursts of 100 ms to 10 s, flaps, and minutes, of which a run sees what it lasts.
const BLACKOUTS: Lengths = [
    100, 100, 150, 200, 200, 300, 400, 500, 700, 800, 1_000, 1_300, 1_600, 2_000, 3_000, 4_000, 5_000, 7_000, 10_000,
    60_000,
];

/// Of what is wrong with disks and processors: stalls of 0.5 to 2 s, and degraded volumes, which last for minutes.
const STALLS: Lengths =
    [5, 10, 10, 20, 50, 100, 200, 300, 500, 500, 700, 1_000, 1_000, 1_500, 1_500, 2_000, 2_000, 5_000, 10_000, 60_000];

/// Of one fsync: etcd warns from 10 ms on; degraded volumes take 200 to 500 ms, an etcd under report took 1.5 s.
const FSYNCS: [u64; 8] = [5, 10, 20, 50, 200, 300, 500, 1_500];

/// By which messages are late: spikes between zones (12 ms), retransmissions of TCP, whose timeout begins at 200 ms and doubles.
const DELAYS: [u64; 8] = [1, 3, 12, 12, 50, 200, 400, 800];

/// Kinds of messages on whose delay the lease depends; those of which many are sent come once, as do those that decide.
const KINDS: [MessageKind; 12] = [
    MessageKind::Heartbeat,
    MessageKind::HeartbeatResponse,
    MessageKind::Append,
    MessageKind::AppendResponse,
    MessageKind::TimeoutNow,
    MessageKind::ForcedVote,
    MessageKind::Vote,
    MessageKind::VoteResponse,
    MessageKind::PreVote,
    MessageKind::Snapshot,
    MessageKind::Request,
    MessageKind::Reply,
];

impl<D: Dice> Steps<'_, D> {
    fn of(&mut self, fault: Verb, timeline: &mut Vec<Step>) {
        let election = self.cluster.election_timeout;
        // From often to seldom; a fault that acts all the time hides what happens after it.
        let apart = election * pick(&mut self.dice, &[2, 4, 8]);
        let last = self.until.saturating_sub(self.chaos.quiet);
        let mut at = election * 2 + self.within(apart);
        while at < last {
            let action = self.action(fault);
            let at_phase = chance(&mut self.dice, 25) && !matches!(fault, Verb::Membership);
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

    fn millis(&mut self, all: &[u64]) -> Duration {
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
    fn lasting(&mut self, seen: &Lengths) -> Option<Duration> {
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

    fn action(&mut self, fault: Verb) -> Action {
        match fault {
            Verb::Transfer => self.transfer(),
            Verb::Partition => self.partition(),
            Verb::Link => self.link(),
            Verb::Hold => self.hold(),
            Verb::Crash => self.crash(),
            Verb::Pause => self.pause(),
            Verb::Slow => {
                let factor = pick(&mut self.dice, &[2, 10, 100]);
                Action::Slow(Slow { nodes: self.nodes(), factor, lasts: self.lasting(&STALLS) })
            }
            Verb::Clock => self.clock(),
            Verb::Disk => self.disk(),
            Verb::Membership => Action::Membership(self.membership()),
            Verb::Heal => Action::Heal(CALM),
        }
    }

    /// One in two faults hits the leader, or who was it.
    fn node(&mut self) -> Selector {
        use Selector::{Any, Follower, Leader, LeaseHolder, OldLeader};
        pick(&mut self.dice, &[Leader, LeaseHolder, OldLeader, Follower, Follower, Any])
    }

    /// One in ten hits several at once: half of a rack, or all that there are.
    fn nodes(&mut self) -> Vec<Selector> {
        use Selector::{Follower, Followers, Leader, Majority};
        if chance(&mut self.dice, 90) {
            return vec![self.node()];
        }
        let groups = [vec![Leader, Followers], vec![Leader, Follower], vec![Majority], vec![Followers]];
        let at = self.dice.below(groups.len() as u64) as usize;
        groups[at].clone()
    }

    fn transfer(&mut self) -> Action {
        use Selector::{Any, Follower, Lagging, Learner, Paused, Restarted};
        let to =
            pick(&mut self.dice, &[Follower, Follower, Follower, Follower, Lagging, Restarted, Paused, Learner, Any]);
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
        Action::Partition(Partition { shape, how, one_way, lasts: self.lasting(&BLACKOUTS) })
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
        let lane = chance(&mut self.dice, 40).then(|| pick(&mut self.dice, &[Lane::Heartbeat, Lane::Bulk]));
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
            lasts: self.lasting(&BLACKOUTS),
        };
        match self.dice.below(7) {
            0 => link.loss = Ppm(pick(&mut self.dice, &[10_000, 100_000, 500_000])),
            1 => link.delay = self.millis(&DELAYS),
            2 => {
                link.jitter = self.millis(&DELAYS);
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
        Action::Hold(Hold { messages, ends: self.ends(), first, then, lasts: self.lasting(&BLACKOUTS) })
    }

    fn crash(&mut self) -> Action {
        let lasts = if chance(&mut self.dice, 30) { Some(Duration::ZERO) } else { self.lasting(&BLACKOUTS) };
        let tail = pick(&mut self.dice, &[Tail::Lost, Tail::Lost, Tail::Kept, Tail::Torn, Tail::Scattered]);
        Action::Crash(Crash { nodes: self.nodes(), lasts, tail })
    }

    fn pause(&mut self) -> Action {
        let points: Vec<Point> = Point::WORDS.iter().map(|(point, _)| *point).collect();
        let at = chance(&mut self.dice, 40).then(|| pick(&mut self.dice, &points));
        let what = if at.is_some() && chance(&mut self.dice, 50) { Paused::Task } else { Paused::Process };
        let (nodes, lasts) = (self.nodes(), self.lasting(&PAUSES));
        Action::Pause(Pause { nodes, lasts, clock: PausedClock::Running, at, what })
    }

    /// Wall clocks do as they like; monotonic ones stay within what is claimed of two clocks, half of it each.
    fn clock(&mut self) -> Action {
        let harm = match self.dice.below(4) {
            0 | 1 => ClockHarm::Step { by: self.jump(), monotonic: false },
            2 => ClockHarm::Rate(self.drift()),
            _ => ClockHarm::Fail,
        };
        let lasts = if matches!(harm, ClockHarm::Step { .. }) { None } else { self.lasting(&STALLS) };
        Action::Clock(ClockFault { nodes: self.nodes(), harm, lasts })
    }

    /// The least that NTP steps by, a leap second, a node 4 min 37 s ahead, ntpd's bound, a virtual machine eight hours off.
    fn jump(&mut self) -> Jump {
        let by = self.millis(&[130, 500, 1_000, 1_000, 10_000, 277_000, 600_000, 28_800_000]);
        Jump { back: chance(&mut self.dice, 50), by }
    }

    /// Half of what is claimed of two clocks, or a quarter.
    fn drift(&mut self) -> Drift {
        let half = i32::try_from(self.claims.clock_drift.0 / 2).unwrap_or(i32::MAX);
        let by = pick(&mut self.dice, &[half, half, half / 2]).max(1);
        Drift(if chance(&mut self.dice, 50) { by } else { -by })
    }

    fn disk(&mut self) -> Action {
        let operation = pick(&mut self.dice, &[DiskOperation::Append, DiskOperation::Sync, DiskOperation::Read]);
        let harm = match self.dice.below(6) {
            0 => DiskHarm::Fsync(self.millis(&FSYNCS)),
            1 => DiskHarm::Slow(pick(&mut self.dice, &[10, 100])),
            2 | 3 => DiskHarm::Stall,
            4 => DiskHarm::Fail(operation),
            _ => DiskHarm::Full,
        };
        Action::Disk(DiskFault { nodes: self.nodes(), harm, lasts: self.lasting(&STALLS) })
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
