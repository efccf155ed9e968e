//! Steps that wait for a moment of the protocol: `when = "lease.expiry - 5ms"`.
//!
//! What happens is read off the history as it is recorded; what waits for it acts once everything that runs at the same instant has
//! run, before the next event of the world.

use super::prelude::*;
use super::selector;
use crate::cluster::Cluster;
use crate::history::{Arrival, Completion, Extension, Hears, Observer, OpId, ProcessChange, Record, StepId, tell};
use crate::scenario::{self, Action, Moment, Phase, Scenario, When};
use crate::time::SimTime;
use crate::view::{Grouped, Replica, Replicas};
use leasehold::env::{GroupId, Instant, ReplicaId};
use leasehold::observe::{EndCause, Role};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Sees what happens in the protocol, for the steps that wait for it. A handle: clones see the same.
#[derive(Clone, Default)]
pub struct Watch {
    shared: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// What some step waits for.
    awaited: BTreeSet<Phase>,
    /// What has happened and was not yet looked at.
    happened: Vec<Happened>,
    replicas: Grouped<Replicas>,
}

/// A phase, when it happened or, of one that is foreseen, will happen, and to whom. What happens to a process happens to its first
/// replica.
#[derive(Clone, Copy)]
struct Happened {
    phase: Phase,
    at: SimTime,
    to: Option<ReplicaId>,
}

impl Watch {
    /// A watch for what the steps of `scenario` wait for. `None`: none of them waits.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let awaited: BTreeSet<Phase> =
            scenario.timeline.iter().filter_map(|step| Some(moment(step.at)?.phase)).collect();
        let seen = Seen { awaited, ..Seen::default() };
        (!seen.awaited.is_empty()).then(|| Self { shared: Arc::new(Mutex::new(seen)) })
    }

    fn take(&self) -> Vec<Happened> {
        std::mem::take(&mut self.shared.lock().happened)
    }

    /// Does the lease of `holder` still end at `until`?
    fn ends_at(&self, holder: Option<ReplicaId>, until: SimTime) -> bool {
        let lease = holder.and_then(|holder| self.shared.lock().replicas.get(holder)?.lease);
        lease.is_some_and(|lease| lease.until == until)
    }
}

pub(super) fn moment(when: When) -> Option<Moment> {
    match when {
        When::On { moment, .. } => Some(moment),
        When::At(_) | When::Window { .. } | When::Every { .. } => None,
    }
}

impl Observer for Watch {
    fn record(&mut self, record: &Record) -> bool {
        self.shared.lock().see(record);
        true
    }
}

impl Seen {
    fn see(&mut self, record: &Record) {
        let group = record.what.group().unwrap_or(GroupId::FIRST);
        tell(record, &mut Telling { seen: self, group });
        self.replicas.record(record);
    }

    fn happened(&mut self, phase: Phase, at: SimTime, to: Option<ReplicaId>) {
        if self.awaited.contains(&phase) {
            self.happened.push(Happened { phase, at, to });
        }
    }
}

/// What is told of a group; what was so before is what the replicas say.
struct Telling<'a> {
    seen: &'a mut Seen,
    group: GroupId,
}

impl Telling<'_> {
    fn happened(&mut self, phase: Phase, at: SimTime, node: NodeId) {
        self.seen.happened(phase, at, Some(ReplicaId { group: self.group, node }));
    }

    fn was(&self, node: NodeId, so: impl Fn(&Replica) -> bool) -> bool {
        self.seen.replicas.of(self.group).get(node).is_some_and(so)
    }
}

impl Hears for Telling<'_> {
    fn role(&mut self, at: SimTime, node: NodeId, role: Role, _: u64, _: Option<NodeId>) {
        match (self.was(node, |replica| replica.role == Role::Leader), role == Role::Leader) {
            (false, true) => self.happened(Phase::Election, at, node),
            (true, false) => self.happened(Phase::StepDown, at, node),
            (true, true) | (false, false) => {}
        }
    }

    fn caught_up(&mut self, at: SimTime, node: NodeId, _: u64, _: u64) {
        self.happened(Phase::CaughtUp, at, node);
    }

    fn lease_extended(&mut self, at: SimTime, node: NodeId, lease: Extension) {
        let held = self.was(node, |replica| replica.holds_lease(at));
        self.happened(if held { Phase::LeaseExtension } else { Phase::LeaseBegin }, at, node);
        self.happened(Phase::LeaseExpiry, lease.until, node);
    }

    fn lease_ended(&mut self, at: SimTime, node: NodeId, _: u64, _: EndCause, held: bool) {
        if held {
            self.happened(Phase::LeaseEnd, at, node);
        }
    }

    fn quorum_checked(&mut self, at: SimTime, node: NodeId, _: bool) {
        self.happened(Phase::CheckQuorum, at, node);
    }

    fn transfer_started(&mut self, at: SimTime, node: NodeId, _: NodeId) {
        self.happened(Phase::TransferStart, at, node);
    }

    fn transfer_aborted(&mut self, at: SimTime, node: NodeId) {
        self.happened(Phase::TransferAbort, at, node);
    }

    fn timeout_now_sent(&mut self, at: SimTime, node: NodeId) {
        self.happened(Phase::TimeoutNowSent, at, node);
    }

    fn handover(&mut self, at: SimTime, arrival: Arrival<'_>) {
        self.happened(Phase::TimeoutNowReceived, at, arrival.to);
    }

    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange) {
        match change {
            ProcessChange::Killed => self.happened(Phase::Crash, at, node),
            ProcessChange::Started { incarnation } if incarnation > 1 => self.happened(Phase::Restart, at, node),
            ProcessChange::Started { .. }
            | ProcessChange::Paused
            | ProcessChange::Resumed
            | ProcessChange::Failed { .. } => {}
        }
    }

    fn completed(&mut self, at: SimTime, _: OpId, completion: &Completion) {
        match completion {
            Completion::Written { .. } | Completion::Script { .. } => {
                self.seen.happened(Phase::WriteAcknowledged, at, None);
            }
            Completion::Read { .. }
            | Completion::Reads { .. }
            | Completion::Unexpected { .. }
            | Completion::Failed { .. } => {}
        }
    }

    /// The lease runs out at another time.
    fn clock(&mut self, _: SimTime, node: NodeId, _: Instant, lease_until: Option<SimTime>) {
        if let Some(until) = lease_until {
            self.happened(Phase::LeaseExpiry, until, node);
        }
    }
}

/// The steps that wait, and what they wait by.
pub(super) struct Waiting {
    watch: Watch,
    injector: Injector,
    steps: Vec<Arc<Step>>,
}

/// A step that waits.
struct Step {
    moment: Moment,
    /// Of a replica of which group, if it says so.
    group: Option<u32>,
    from: SimTime,
    to: SimTime,
    /// How many times it acts at most.
    times: u32,
    /// How many times it has acted.
    acted: Mutex<u32>,
    name: Arc<str>,
    action: Action,
}

impl Waiting {
    pub(super) fn new(watch: Watch, injector: Injector) -> Self {
        Self { watch, injector, steps: Vec::new() }
    }

    /// A step that waits.
    pub(super) fn add(&mut self, step: &scenario::Step, name: Arc<str>) {
        let When::On { moment, from, to, times } = step.at else { return };
        let (from, to, action, group) = (SimTime::at(from), SimTime::at(to), step.action.clone(), step.group);
        self.steps.push(Arc::new(Step { moment, group, from, to, times, acted: Mutex::new(0), name, action }));
    }

    /// Lets act what has waited for what has happened since. To be called between the events of the world.
    pub(super) fn act(&self) {
        for happened in self.watch.take() {
            for step in self.steps.iter().filter(|step| step.waits_for(happened)) {
                self.answer(step, happened);
            }
        }
    }

    fn answer(&self, step: &Arc<Step>, happened: Happened) {
        let world = self.cluster().world();
        let due =
            SimTime(happened.at.after(step.moment.after).0.saturating_sub(leasehold::env::nanos(step.moment.before)));
        if happened.phase.is_foreseen() {
            let (watch, step, injector) = (self.watch.clone(), Arc::clone(step), self.injector.clone());
            world.call_at(due, move || {
                if watch.ends_at(happened.to, happened.at) {
                    step.perform(&injector, happened.to);
                }
            });
        } else if due <= world.now() {
            step.perform(&self.injector, happened.to);
        } else {
            let (step, injector) = (Arc::clone(step), self.injector.clone());
            world.call_at(due, move || step.perform(&injector, happened.to));
        }
    }

    fn cluster(&self) -> &Cluster {
        &self.injector.cluster
    }
}

impl Step {
    fn waits_for(&self, happened: Happened) -> bool {
        let group = self.group.map(|group| selector::group(Some(group)));
        let is_of_group = group.is_none_or(|group| happened.to.is_none_or(|replica| replica.group == group));
        self.moment.phase == happened.phase && is_of_group
    }

    fn perform(&self, injector: &Injector, this: Option<ReplicaId>) {
        let now = injector.cluster.world().now();
        let time = {
            let mut acted = self.acted.lock();
            if *acted == self.times || now < self.from || now >= self.to {
                return;
            }
            *acted += 1;
            *acted - 1
        };
        Act::new(injector, StepId { name: Arc::clone(&self.name), time }, self.group, this.map(|replica| replica.node))
            .perform(&self.action);
    }
}
