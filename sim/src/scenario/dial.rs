//! What can be turned up, in any scenario, until a stale read becomes possible: the dials of `leasehold margin`.
//!
//! Each dial adds steps to a scenario that a person could have written. Harm alone shows little as long as the leader is in
//! touch, so that it always comes with a cut: the leader is no longer heard and hears nobody, and whoever follows it may elect
//! another as soon as its promise is over. A lease that is good then, for whatever reason, is one too long.

use super::{
    Action, Claims, ClockFault, ClockHarm, Cluster, Cut, Drift, Ends, Hold, Leftover, MAX_DRIFT, MessageKind,
    Partition, Pause, Paused, PausedClock, Scenario, Selector, Shape, Step, When,
};
use crate::words::{Says, Spelled};
use std::time::Duration;

crate::words::told_words! {
    /// Something that a lease depends on, from nothing upward.
    pub enum Dial: "dial",
    /// What is turned up, for people.
    about {
        /// The leader's clock is too slow by half of it, the others' too fast by the other half. In parts per million.
        ClockDrift = "clock-drift": "drift between the leader's clock and the others'"
        /// What answers the leader's heartbeats and appends is so long on its way. In microseconds.
        LateAcknowledgement = "late-acknowledgement": "an acknowledgement that comes late"
        /// The leader stands still so long; its clock goes on. In microseconds.
        LeaderPause = "leader-pause": "a pause of the leader, its clock running"
        /// The leader stands still so long, and its clock with it. In microseconds.
        LeaderSuspend = "leader-suspend": "a pause of the leader, its clock standing still"
        /// Those who have promised stand still so long; their clocks go on. In microseconds.
        FollowerPause = "follower-pause": "a pause of those who promised, their clocks running"
    }
}

/// How far something may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As far as it likes.
    Any,
    /// Up to so much, in the dial's unit.
    UpTo(u64),
}

/// The largest drift that two clocks can be made to have.
const MOST_DRIFT: u64 = 1_000_000;
const _: () = assert!(-(MOST_DRIFT as i32) / 2 > *MAX_DRIFT.start() && MOST_DRIFT as i32 / 2 <= *MAX_DRIFT.end());
/// The longest that anything is made to last.
const LONGEST: Duration = Duration::from_secs(60);
/// Durations that are tried first, in quarters of an election timeout: close to each other where promises and leases end.
const QUARTERS: [u32; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64, 128];
impl Dial {
    /// Is it a drift, in parts per million? Else it is a time, in microseconds.
    pub fn is_drift(self) -> bool {
        match self {
            Self::ClockDrift => true,
            Self::LateAcknowledgement | Self::LeaderPause | Self::LeaderSuspend | Self::FollowerPause => false,
        }
    }

    /// As far as it can be turned.
    pub fn limit(self) -> u64 {
        if self.is_drift() { MOST_DRIFT } else { micros(LONGEST) }
    }

    /// What is tried first, from nothing to the limit: the cuts alone, then more and more.
    pub fn ladder(self, cluster: &Cluster) -> Vec<u64> {
        let limit = self.limit();
        let rungs: Vec<u64> = if self.is_drift() {
            std::iter::successors(Some(100), |ppm| Some(ppm * 4)).take_while(|ppm| *ppm < limit).collect()
        } else {
            let quarter = micros(cluster.election_timeout) / 4;
            [quarter / 64, quarter / 8].into_iter().chain(QUARTERS.map(|times| quarter * u64::from(times))).collect()
        };
        let inner = rungs.into_iter().filter(|rung| (1..limit).contains(rung));
        [0].into_iter().chain(inner).chain([limit]).collect()
    }

    /// How far it may go by what the scenario claims. A time that a clock counts may be as long as it likes.
    pub fn claimed(self, claims: &Claims) -> Reach {
        match self {
            Self::ClockDrift => Reach::UpTo(u64::from(claims.clock_drift.0)),
            Self::LeaderSuspend => Reach::UpTo(micros(claims.clock_step)),
            Self::LateAcknowledgement | Self::LeaderPause | Self::FollowerPause => Reach::Any,
        }
    }

    /// How far it may go by theory (`lease-bugs.md` P6), whatever else happens: until the lease of the leader lasts longer than the
    /// promises of its voters, which a tick may cut short. `None`: it does already.
    pub fn by_theory(self, cluster: &Cluster, lease: Duration) -> Option<Reach> {
        let promise = cluster.election_timeout.saturating_sub(cluster.tick);
        let room = promise.checked_sub(lease)?;
        Some(match self {
            // (1 + drift/2) / (1 - drift/2) = promise / lease
            Self::ClockDrift => {
                let both = (promise + lease).as_nanos().max(1);
                Reach::UpTo(u64::try_from(2_000_000 * room.as_nanos() / both).unwrap_or(u64::MAX))
            }
            Self::LeaderSuspend => Reach::UpTo(micros(room)),
            Self::LateAcknowledgement | Self::LeaderPause | Self::FollowerPause => Reach::Any,
        })
    }

    /// How long one cut and what comes with it take.
    fn lasts(self, value: u64, cluster: &Cluster) -> Duration {
        let alone = cluster.election_timeout * 5 / 2;
        let lead = self.lead(cluster);
        if self.is_drift() { lead + alone } else { lead + alone + Duration::from_micros(value) }
    }

    /// How long before the cut the harm begins: what is needed for the leader to be heard under it.
    fn lead(self, cluster: &Cluster) -> Duration {
        match self {
            Self::ClockDrift => cluster.heartbeat * 4,
            Self::LateAcknowledgement => cluster.heartbeat * 3 / 2,
            Self::LeaderPause | Self::LeaderSuspend | Self::FollowerPause => Duration::ZERO,
        }
    }

    /// One cut, and what comes with it.
    fn steps(self, value: u64, begin: Duration, cluster: &Cluster) -> Vec<Step> {
        let all = self.lasts(value, cluster);
        let lead = self.lead(cluster);
        let harm = if value == 0 { Vec::new() } else { self.harm(value, all) };
        let step =
            |at: Duration| move |action: Action| Step { line: 0, name: None, group: None, at: When::At(at), action };
        let harm = harm.into_iter().map(step(begin));
        harm.chain(cut_off(all.saturating_sub(lead)).map(step(begin + lead))).collect()
    }

    fn harm(self, value: u64, all: Duration) -> Vec<Action> {
        let lasts = Duration::from_micros(value);
        match self {
            Self::ClockDrift => {
                let half = i32::try_from(value / 2).unwrap_or(i32::MAX);
                let rate =
                    |node, ppm| ClockFault { nodes: vec![node], harm: ClockHarm::Rate(Drift(ppm)), lasts: Some(all) };
                let slow = (half > 0).then(|| Action::Clock(rate(Selector::Leader, -half)));
                let rest = i32::try_from(value).unwrap_or(i32::MAX) - half;
                slow.into_iter().chain([Action::Clock(rate(Selector::Followers, rest))]).collect()
            }
            Self::LateAcknowledgement => {
                vec![Action::Hold(hold(saying(is_acknowledgement), Leftover::Deliver, lasts))]
            }
            Self::LeaderPause => vec![pause(Selector::Leader, PausedClock::Running, lasts)],
            Self::LeaderSuspend => vec![pause(Selector::Leader, PausedClock::Frozen, lasts)],
            Self::FollowerPause => vec![pause(Selector::Followers, PausedClock::Running, lasts)],
        }
    }
}

/// Messages that say one of these.
fn saying(is: fn(Says) -> bool) -> Vec<MessageKind> {
    MessageKind::all().filter(|kind| is(kind.says())).collect()
}

/// What answers a leader that it is heard, or that what it has sent is durable.
fn is_acknowledgement(says: Says) -> bool {
    matches!(says, Says::Hears | Says::Holds)
}

/// What others tell a leader that is cut off, beside acknowledgements of what it has sent before.
fn is_told(says: Says) -> bool {
    !is_acknowledgement(says) && !matches!(says, Says::Calls | Says::Answers)
}

/// Nobody hears the leader any more, nor does it hear of another; acknowledgements that are on their way arrive.
fn cut_off(lasts: Duration) -> [Action; 2] {
    let shape = Shape::Sides([vec![Selector::Leader], vec![Selector::Others]]);
    let mute = Partition { shape, how: Cut::Drop, one_way: true, lasts: Some(lasts) };
    [Action::Partition(mute), Action::Hold(hold(saying(is_told), Leftover::Drop, lasts))]
}

fn hold(messages: Vec<MessageKind>, then: Leftover, lasts: Duration) -> Hold {
    let ends = Ends { from: vec![Selector::Others], to: vec![Selector::Leader] };
    Hold { messages, ends, first: None, then, lasts: Some(lasts) }
}

fn pause(node: Selector, clock: PausedClock, lasts: Duration) -> Action {
    Action::Pause(Pause { nodes: vec![node], lasts: Some(lasts), clock, at: None, what: Paused::Process })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Scenario {
    /// The same with `dial` turned up to `value`, as often as there is time for, and once at least: a run too short for that lasts
    /// longer. What the file expects is left out, and every check counts: the question is another.
    pub fn dialled(&self, dial: Dial, value: u64) -> Self {
        let calm = self.cluster.election_timeout * 3;
        let lasts = dial.lasts(value, &self.cluster);
        let until = self.until.max(calm + lasts + calm);
        // Windows are there for expectations alone.
        let is_window = |step: &&Step| matches!(step.action, Action::Tag { .. });
        let mut timeline: Vec<Step> = self.timeline.iter().filter(|step| !is_window(step)).cloned().collect();
        let begins = std::iter::successors(Some(calm), |begin| Some(*begin + lasts + calm));
        let begins = begins.take_while(|begin| *begin + lasts + calm <= until);
        timeline.extend(begins.flat_map(|begin| dial.steps(value, begin, &self.cluster)));
        timeline.sort_by_key(|step| step.at.start());
        let name = format!("{}-{}", self.name, dial.name());
        let about = format!("{} with {} of {}.", self.name, dial.about(), dial.written(value));
        let (checks, expect) = (super::Checks::default(), super::Expect::default());
        Self { name, about, until, timeline, checks, expect, floors: Vec::new(), ..self.clone() }
    }
}

impl Dial {
    /// `value` with its unit: `1,900 ppm`, `30.2ms`.
    pub fn written(self, value: u64) -> String {
        if self.is_drift() { format!("{value}ppm") } else { super::units::written(Duration::from_micros(value)) }
    }
}
