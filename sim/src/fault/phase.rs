//! Steps that wait for a moment of the protocol: `when = "lease.expiry - 5ms"`.
//!
//! What happens is read off the history as it is recorded; what waits for it acts once everything that runs at the same instant has
//! run, before the next event of the world.

use super::{Act, Injector};
use crate::cluster::Cluster;
use crate::history::{Completion, Fate, Observer, ProcessChange, Record, StackRecord, StepId, What};
use crate::scenario::{Action, Moment, Phase, Scenario, When};
use crate::time::SimTime;
use crate::view::Replicas;
use crate::words::MessageKind;
use leasehold::env::{Address, NodeId};
use leasehold::observe::{Event, Role};
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
    replicas: Replicas,
}

/// A phase, when it happened or, of one that is foreseen, will happen, and to whom.
#[derive(Clone, Copy)]
struct Happened {
    phase: Phase,
    at: SimTime,
    node: Option<NodeId>,
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

    /// Does the lease of `node` still end at `until`?
    fn ends_at(&self, node: Option<NodeId>, until: SimTime) -> bool {
        let lease = node.and_then(|node| self.shared.lock().replicas.lease(node));
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
        let at = record.at;
        match &record.what {
            What::Stack(stack) => self.stack(at, stack),
            What::Message { to: Address::Node(to), fate: Fate::Delivered, kind: MessageKind::TimeoutNow, .. } => {
                self.happened(Phase::TimeoutNowReceived, at, Some(*to));
            }
            What::Process { node, change: ProcessChange::Killed } => {
                self.happened(Phase::Crash, at, Some(*node));
            }
            What::Process { node, change: ProcessChange::Started { incarnation } } if *incarnation > 1 => {
                self.happened(Phase::Restart, at, Some(*node));
            }
            What::Completed { completion: Completion::Written { .. } | Completion::Script { .. }, .. } => {
                self.happened(Phase::WriteAcknowledged, at, None);
            }
            // The clock by which a node counts its lease was touched: the lease runs out at another time.
            What::Clock { replica, lease_until: Some(until), .. } => {
                self.happened(Phase::LeaseExpiry, *until, Some(replica.node));
            }
            What::Invoked(_)
            | What::Completed { .. }
            | What::Message { .. }
            | What::Process { .. }
            | What::Cpu { .. }
            | What::Clock { .. }
            | What::Fault(_) => {}
        }
        self.replicas.record(record);
    }

    /// A node tells something; what it told before is what the replicas say.
    fn stack(&mut self, at: SimTime, told: &StackRecord) {
        let node = told.replica.node;
        let before = self.replicas.get(node);
        let led = before.is_some_and(|replica| replica.role == Role::Leader);
        let held = before.is_some_and(|replica| replica.holds_lease(at));
        let phase = match told.event {
            Event::Role { role: Role::Leader, .. } if !led => Phase::Election,
            Event::Role { role, .. } if led && role != Role::Leader => Phase::StepDown,
            Event::CaughtUp { .. } => Phase::CaughtUp,
            Event::LeaseExtended { .. } if held => Phase::LeaseExtension,
            Event::LeaseExtended { .. } => Phase::LeaseBegin,
            Event::LeaseEnded { held: true, .. } => Phase::LeaseEnd,
            Event::QuorumChecked { .. } => Phase::CheckQuorum,
            Event::TransferStarted { .. } => Phase::TransferStart,
            Event::TransferAborted { .. } => Phase::TransferAbort,
            Event::TimeoutNowSent { .. } => Phase::TimeoutNowSent,
            _ => return,
        };
        self.happened(phase, at, Some(node));
        if let Some(until) = told.lease_until {
            self.happened(Phase::LeaseExpiry, until, Some(node));
        }
    }

    fn happened(&mut self, phase: Phase, at: SimTime, node: Option<NodeId>) {
        if self.awaited.contains(&phase) {
            self.happened.push(Happened { phase, at, node });
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
    pub(super) fn add(&mut self, at: When, action: &Action, name: Arc<str>) {
        let When::On { moment, from, to, times } = at else { return };
        let (from, to, action) = (SimTime::at(from), SimTime::at(to), action.clone());
        self.steps.push(Arc::new(Step { moment, from, to, times, acted: Mutex::new(0), name, action }));
    }

    /// Lets act what has waited for what has happened since. To be called between the events of the world.
    pub(super) fn act(&self) {
        for happened in self.watch.take() {
            for step in self.steps.iter().filter(|step| step.moment.phase == happened.phase) {
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
                if watch.ends_at(happened.node, happened.at) {
                    step.perform(&injector, happened.node);
                }
            });
        } else if due <= world.now() {
            step.perform(&self.injector, happened.node);
        } else {
            let (step, injector) = (Arc::clone(step), self.injector.clone());
            world.call_at(due, move || step.perform(&injector, happened.node));
        }
    }

    fn cluster(&self) -> &Cluster {
        &self.injector.cluster
    }
}

impl Step {
    fn perform(&self, injector: &Injector, this: Option<NodeId>) {
        let now = injector.cluster.world().now();
        let time = {
            let mut acted = self.acted.lock();
            if *acted == self.times || now < self.from || now >= self.to {
                return;
            }
            *acted += 1;
            *acted - 1
        };
        Act::new(injector, StepId { name: Arc::clone(&self.name), time }, this).perform(&self.action);
    }
}
