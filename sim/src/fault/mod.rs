//! Faults: one file a verb. Each tells when it acted, and when it changed something.

mod crash;
mod heal;
mod membership;
mod partition;
mod pause;
mod phase;
mod selector;
mod transfer;

pub use phase::{Waiting, Watch};

use crate::cluster::Cluster;
use crate::history::{FaultPhase, What};
use crate::scenario::{Action, Scenario, When};
use crate::time::SimTime;
use crate::world::network::RuleId;
use crate::world::streams::Stream;
use leasehold::env::NodeId;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// A verb: its name, what it does, and when it counts as effective.
pub const VERBS: &[(&str, &str, &str)] = &[
    (transfer::VERB, "hands leadership to another node", "the leader that was asked gave up its leadership"),
    (
        partition::VERB,
        "cuts the links between two sides: drop, hold, or cut in flight",
        "a protocol message met the cut",
    ),
    (
        crash::VERB,
        "kills processes, which start again after a time on what was durable",
        "a running process was killed",
    ),
    (
        pause::VERB,
        "lets processes stand still, with their clocks running or frozen",
        "a task that could run was delayed",
    ),
    (
        membership::VERB,
        "adds, promotes, demotes and removes nodes, one by one or by a joint configuration",
        "the leader that was asked applied the change",
    ),
    (heal::VERB, "ends every partition, pause and downtime", "there was one"),
];

/// Puts every step of the timeline into the world's queue, but for those that wait for a moment of the protocol: these are given
/// back. `watch` sees what they wait for.
pub fn schedule(cluster: &Cluster, scenario: &Scenario, watch: Option<Watch>) -> Option<Waiting> {
    let injector = Injector { cluster: cluster.clone(), active: Arc::default() };
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
}

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
    Crash(NodeId),
    Pause(NodeId),
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
        {
            let mut all = self.active.lock();
            let Some(position) = all.iter().position(|other| *other == active) else { return };
            all.remove(position);
        }
        match active.harm {
            Harm::Partition(rule) => partition::end(self, active.step, rule),
            Harm::Crash(node) => crash::end(self, active.step, node),
            Harm::Pause(node) => pause::end(self, active.step, node),
        }
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
            Action::Pause(pause) => pause::perform(&self, pause),
            Action::Membership(change) => membership::perform(&self, change),
            Action::Heal => heal::perform(&self),
        }
    }

    fn record(&self, verb: &'static str, phase: FaultPhase, detail: &str) {
        record(&self.injector.cluster, self.step, verb, phase, detail);
    }
}

fn record(cluster: &Cluster, step: u32, verb: &'static str, phase: FaultPhase, detail: &str) {
    cluster.record(What::Fault { step, verb, phase, detail: Arc::from(detail) });
}
