//! Faults: one file a verb. Each tells when it acted, and when it changed something.

mod claims;
mod clock;
mod crash;
mod disk;
mod heal;
mod hold;
mod link;
mod membership;
mod partition;
mod pause;
mod phase;
mod selector;
mod slow;
mod transfer;

pub use phase::{Waiting, Watch};

use crate::cluster::{Cluster, TrapId};
use crate::history::{FaultPhase, What};
use crate::scenario::{Action, Leftover, Scenario, When};
use crate::time::SimTime;
use crate::world;
use crate::world::network::RuleId;
use crate::world::streams::Stream;
use leasehold::env::NodeId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// A verb: its name, what it does, and when it counts as effective.
pub const VERBS: &[(&str, &str, &str)] = &[
    (transfer::VERB, "hands leadership to another node", "the leader that was asked gave up its leadership"),
    (
        partition::VERB,
        "cuts the links between two sides, or into a bridge or a ring: drop, hold, or cut in flight",
        "a protocol message met the cut",
    ),
    (
        link::VERB,
        "impairs links: loss, delay, duplication, disorder, stalls, bandwidth, queues; of a lane or of kinds of messages",
        "a message was lost, late, doubled, out of order or refused",
    ),
    (hold::VERB, "sets messages of some kinds aside, and delivers or drops them later", "a message was set aside"),
    (
        crash::VERB,
        "kills processes, which start again after a time on what was durable",
        "a running process was killed",
    ),
    (
        pause::VERB,
        "lets processes stand still, at once or at a point of the code, with their clocks running or frozen",
        "a task that could run was delayed",
    ),
    (slow::VERB, "lets all work of a node take many times as long", "there was work"),
    (
        membership::VERB,
        "adds, promotes, demotes and removes nodes, one by one or by a joint configuration",
        "the leader that was asked applied the change",
    ),
    (
        clock::VERB,
        "makes clocks go wrong: rate, slew, step, freeze, fail",
        "a process read a clock that would have shown something else",
    ),
    (
        disk::VERB,
        "makes disks go wrong: fsync, slow, stall, fail, full",
        "an operation failed, or a sync took another time",
    ),
    (heal::VERB, "ends faults, and drops what they have left in flight", "there was a fault"),
];

/// Puts every step of the timeline into the world's queue, but for those that wait for a moment of the protocol: these are given
/// back. `watch` sees what they wait for.
pub fn schedule(cluster: &Cluster, scenario: &Scenario, watch: Option<Watch>) -> Option<Waiting> {
    let injector =
        Injector { cluster: cluster.clone(), active: Arc::default(), tasks: Arc::default(), jumped: Arc::default() };
    let mut waiting = watch.map(|watch| Waiting::new(watch, injector.clone()));
    let mut number = 0;
    for (position, step) in scenario.timeline.iter().enumerate() {
        if let (Some(_), Some(waiting)) = (phase::moment(step.at), &mut waiting) {
            waiting.add(step.at, &step.action, number);
            number += step.at.times() as usize;
            continue;
        }
        for at in moments(step.at, &mut injector.stream("moments", position)) {
            let act = Act::new(&injector, number, None);
            number += 1;
            let action = step.action.clone();
            cluster.world().call_at(at, move || act.perform(&action));
        }
    }
    waiting
}

/// When a step acts that waits for nothing.
fn moments(when: When, stream: &mut Stream) -> Vec<SimTime> {
    match when {
        When::At(at) | When::Window { from: at, .. } => vec![SimTime::at(at)],
        When::On { .. } => Vec::new(),
        When::Every { from, every, jitter, .. } => {
            let jitter = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
            let regular = (0..when.times()).map(|n| SimTime::at(from).after(every.saturating_mul(n as u32)));
            regular.map(|at| SimTime(at.0.saturating_add(stream.below(jitter + 1)))).collect()
        }
    }
}

/// What all faults of a run share.
#[derive(Clone)]
struct Injector {
    cluster: Cluster,
    active: Arc<Mutex<Vec<Active>>>,
    /// Tasks that stand still, by the trap that they have sprung; what is dropped lets them go on.
    tasks: Arc<Mutex<Tasks>>,
    /// How much monotonic clocks have jumped or stood still, all together.
    jumped: Arc<Mutex<Duration>>,
}

type Tasks = BTreeMap<(NodeId, TrapId), oneshot::Sender<()>>;

/// A fault that lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Active {
    step: u32,
    harm: Harm,
}

/// What has to be undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Harm {
    Partition(RuleId),
    Link(RuleId),
    Hold(RuleId, Leftover),
    Crash(NodeId),
    Pause(NodeId),
    /// A pause that waits for a task to come to a point.
    Trap(NodeId, TrapId),
    /// A single task that has.
    Task(NodeId, TrapId),
    /// With the core time that the node had spent when it began.
    Slow(NodeId, Duration),
    Clock(NodeId, ClockPart),
    Disk(NodeId, world::disk::Harm),
}

/// What of a clock a fault holds: one fault at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ClockPart {
    Rate,
    Slew,
    /// It stands still.
    Hands,
    /// It cannot be read.
    Face,
}

impl Injector {
    fn stream(&self, purpose: &str, number: usize) -> Stream {
        self.cluster.world().streams().stream(&["fault", purpose, &number.to_string()])
    }

    /// Notes a fault that lasts, for so long or until a heal.
    fn begin(&self, active: Active, lasts: Option<Duration>) {
        self.active.lock().push(active);
        if let Some(lasts) = lasts {
            let injector = self.clone();
            let end = self.cluster.world().now().after(lasts);
            self.cluster.world().call_at(end, move || injector.end(active));
        }
    }

    /// Ends a fault, unless a heal has ended it already.
    fn end(&self, active: Active) {
        if !self.forget(active) {
            return;
        }
        match active.harm {
            Harm::Partition(rule) => partition::end(self, active.step, rule),
            Harm::Crash(node) => crash::end(self, active.step, node),
            Harm::Link(rule) => link::end(self, active.step, rule),
            Harm::Hold(rule, then) => hold::end(self, active.step, rule, then),
            Harm::Pause(node) => pause::end(self, active.step, node),
            Harm::Trap(node, trap) => pause::disarm(self, node, trap),
            Harm::Task(node, trap) => pause::end_task(self, active.step, node, trap),
            Harm::Slow(node, spent) => slow::end(self, active.step, node, spent),
            Harm::Clock(node, part) => clock::end(self, active.step, node, part),
            Harm::Disk(node, harm) => disk::end(self, active.step, node, harm),
        }
    }

    /// Strikes a fault off the list. Returns whether it was there.
    fn forget(&self, active: Active) -> bool {
        let mut all = self.active.lock();
        let position = all.iter().position(|other| *other == active);
        position.map(|position| all.remove(position)).is_some()
    }
}

/// One step of the timeline, once.
struct Act {
    step: u32,
    injector: Injector,
    stream: Mutex<Stream>,
    /// To whom it happened that the step waited for.
    this: Option<NodeId>,
}

impl Act {
    fn new(injector: &Injector, number: usize, this: Option<NodeId>) -> Self {
        let stream = Mutex::new(injector.stream("targets", number));
        Self { step: number as u32, injector: injector.clone(), stream, this }
    }

    fn perform(self, action: &Action) {
        match action {
            Action::Tag { .. } => {}
            Action::Transfer { from, to } => transfer::perform(&self, *from, *to),
            Action::Partition(partition) => partition::perform(&self, partition),
            Action::Crash(crash) => crash::perform(&self, crash),
            Action::Link(link) => link::perform(&self, link),
            Action::Hold(hold) => hold::perform(&self, hold),
            Action::Pause(pause) => pause::perform(&self, pause),
            Action::Slow(slow) => slow::perform(&self, slow),
            Action::Membership(change) => membership::perform(&self, change),
            Action::Clock(clock) => clock::perform(&self, clock),
            Action::Disk(disk) => disk::perform(&self, disk),
            Action::Heal(heal) => heal::perform(&self, *heal),
        }
    }

    fn record(&self, verb: &'static str, phase: FaultPhase, detail: &str) {
        record(&self.injector.cluster, self.step, verb, phase, detail);
    }
}

fn record(cluster: &Cluster, step: u32, verb: &'static str, phase: FaultPhase, detail: &str) {
    cluster.record(What::Fault { step, verb, phase, detail: Arc::from(detail) });
}

/// `n1 n3`
fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
