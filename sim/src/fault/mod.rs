//! Faults: one file a verb. Each tells when it acted, and when it changed something.

mod heal;
mod partition;
mod selector;
mod transfer;

use crate::cluster::Cluster;
use crate::history::{FaultPhase, What};
use crate::scenario::{Action, Scenario, When};
use crate::time::SimTime;
use crate::world::streams::Stream;
use parking_lot::Mutex;
use partition::Active;
use std::sync::Arc;

/// A verb: its name, what it does, and when it counts as effective.
pub const VERBS: &[(&str, &str, &str)] = &[
    (transfer::VERB, "hands leadership to another node", "the leader that was asked gave up its leadership"),
    (
        partition::VERB,
        "cuts the links between two sides: drop, hold, or cut in flight",
        "a protocol message met the cut",
    ),
    (heal::VERB, "lifts every partition", "a partition was in force"),
];

/// Puts every step of the timeline into the world's queue.
pub fn schedule(cluster: &Cluster, scenario: &Arc<Scenario>) {
    let injector = Injector { cluster: cluster.clone(), partitions: Arc::default() };
    let stream =
        |purpose: &str, number: usize| cluster.world().streams().stream(&["fault", purpose, &number.to_string()]);
    let mut number = 0;
    for (position, step) in scenario.timeline.iter().enumerate() {
        for at in moments(step.at, &mut stream("moments", position)) {
            let targets = Mutex::new(stream("targets", number));
            let act = Act { step: number as u32, injector: injector.clone(), stream: targets };
            number += 1;
            let action = step.action.clone();
            cluster.world().call_at(at, move || act.perform(&action));
        }
    }
}

/// How many times each verb acts, by the timeline.
pub fn planned(scenario: &Scenario) -> Vec<(&'static str, u64)> {
    let verbs = scenario.timeline.iter().filter_map(|step| Some((verb(&step.action)?, count(step.at))));
    verbs.collect()
}

fn verb(action: &Action) -> Option<&'static str> {
    match action {
        Action::Tag { .. } => None,
        Action::Transfer { .. } => Some(transfer::VERB),
        Action::Partition(_) => Some(partition::VERB),
        Action::Heal => Some(heal::VERB),
    }
}

fn count(when: When) -> u64 {
    match when {
        When::At(_) | When::Window { .. } => 1,
        When::Every { from, to, every, .. } => {
            let span = to.saturating_sub(from).as_nanos();
            u64::try_from(span.div_ceil(every.as_nanos().max(1))).unwrap_or(u64::MAX)
        }
    }
}

fn moments(when: When, stream: &mut Stream) -> Vec<SimTime> {
    match when {
        When::At(at) | When::Window { from: at, .. } => vec![SimTime::at(at)],
        When::Every { from, every, jitter, .. } => {
            let jitter = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
            let regular = (0..count(when)).map(|n| SimTime::at(from).after(every.saturating_mul(n as u32)));
            regular.map(|at| SimTime(at.0.saturating_add(stream.below(jitter + 1)))).collect()
        }
    }
}

/// What all faults of a run share.
#[derive(Clone)]
struct Injector {
    cluster: Cluster,
    partitions: Arc<Mutex<Vec<Active>>>,
}

/// One step of the timeline, once.
struct Act {
    step: u32,
    injector: Injector,
    stream: Mutex<Stream>,
}

impl Act {
    fn perform(self, action: &Action) {
        match action {
            Action::Tag { .. } => {}
            Action::Transfer { from, to } => transfer::perform(&self, *from, *to),
            Action::Partition(partition) => partition::perform(&self, partition),
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
