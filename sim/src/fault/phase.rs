//! Steps that wait for a moment of the protocol: `when = "lease.expiry - 5ms"`.
//!
//! What happens is read off the history as it is recorded; what waits for it acts once everything that runs at the same instant has
//! run, before the next event of the world.

use super::{Act, Injector};
use crate::cluster::Cluster;
use crate::history::{Completion, Fate, Observer, ProcessChange, Record, What};
use crate::scenario::{Action, Moment, Phase, Scenario, When};
use crate::time::SimTime;
use crate::words::MessageKind;
use leasehold::env::{Address, NodeId, ReplicaId};
use leasehold::observe::{Event, Role};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
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
    leaders: BTreeSet<NodeId>,
    /// Until when each node holds a lease.
    leases: BTreeMap<NodeId, SimTime>,
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
        node.is_some_and(|node| self.shared.lock().leases.get(&node) == Some(&until))
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
            What::Stack(stack) => self.stack(at, stack.replica.node, &stack.event, stack.lease_until),
            What::Message { to: Address::Node(to), fate: Fate::Delivered, kind: MessageKind::TimeoutNow, .. } => {
                self.happened(Phase::TimeoutNowReceived, at, Some(*to));
            }
            What::Process { node, change: ProcessChange::Killed } => {
                self.leaders.remove(node);
                self.leases.remove(node);
                self.happened(Phase::Crash, at, Some(*node));
            }
            What::Process { node, change: ProcessChange::Started { incarnation } } if *incarnation > 1 => {
                self.happened(Phase::Restart, at, Some(*node));
            }
            What::Completed { completion: Completion::Written { .. } | Completion::Script { .. }, .. } => {
                self.happened(Phase::WriteAcknowledged, at, None);
            }
            What::Clock { replica: ReplicaId { node, .. }, lease_until: Some(until), .. } => {
                self.clock_touched(*node, *until)
            }
            What::Invoked(_)
            | What::Completed { .. }
            | What::Message { .. }
            | What::Process { .. }
            | What::Cpu { .. }
            | What::Clock { .. }
            | What::Fault(_) => {}
        }
    }

    /// The clock by which a node counts its lease was touched: the lease runs out at another time.
    fn clock_touched(&mut self, node: NodeId, until: SimTime) {
        if let Some(held) = self.leases.get_mut(&node) {
            *held = until;
            self.happened(Phase::LeaseExpiry, until, Some(node));
        }
    }

    fn stack(&mut self, at: SimTime, node: NodeId, event: &Event, lease_until: Option<SimTime>) {
        let this = Some(node);
        match event {
            Event::Role { role: Role::Leader, .. } if self.leaders.insert(node) => {
                self.happened(Phase::Election, at, this);
            }
            Event::Role { role: Role::Leader, .. } => {}
            Event::Role { .. } if self.leaders.remove(&node) => self.happened(Phase::StepDown, at, this),
            Event::CaughtUp { .. } => self.happened(Phase::CaughtUp, at, this),
            Event::LeaseExtended { .. } => {
                let Some(until) = lease_until else { return };
                let held = self.leases.insert(node, until).is_some_and(|until| until > at);
                self.happened(if held { Phase::LeaseExtension } else { Phase::LeaseBegin }, at, this);
                self.happened(Phase::LeaseExpiry, until, this);
            }
            Event::LeaseEnded { held, .. } => {
                self.leases.remove(&node);
                if *held {
                    self.happened(Phase::LeaseEnd, at, this);
                }
            }
            Event::QuorumChecked { .. } => self.happened(Phase::CheckQuorum, at, this),
            Event::TransferStarted { .. } => self.happened(Phase::TransferStart, at, this),
            Event::TransferAborted { .. } => self.happened(Phase::TransferAbort, at, this),
            Event::TimeoutNowSent { .. } => self.happened(Phase::TimeoutNowSent, at, this),
            _ => {}
        }
    }

    fn happened(&mut self, phase: Phase, at: SimTime, node: Option<NodeId>) {
        if self.awaited.contains(&phase) {
            self.happened.push(Happened { phase, at, node });
        }
    }
}

/// The steps that wait, and what they wait by.
pub struct Waiting {
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
    /// The number of its first act.
    first: usize,
    action: Action,
}

impl Waiting {
    pub(super) fn new(watch: Watch, injector: Injector) -> Self {
        Self { watch, injector, steps: Vec::new() }
    }

    /// A step that waits; its acts are numbered from `first` on.
    pub(super) fn add(&mut self, at: When, action: &Action, first: usize) {
        let When::On { moment, from, to, times } = at else { return };
        let (from, to, action) = (SimTime::at(from), SimTime::at(to), action.clone());
        self.steps.push(Arc::new(Step { moment, from, to, times, acted: Mutex::new(0), first, action }));
    }

    /// Lets act what has waited for what has happened since. To be called between the events of the world.
    pub fn act(&self) {
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
        let nth = {
            let mut acted = self.acted.lock();
            if *acted == self.times || now < self.from || now >= self.to {
                return;
            }
            *acted += 1;
            *acted - 1
        };
        Act::new(injector, self.first + nth as usize, this).perform(&self.action);
    }
}
