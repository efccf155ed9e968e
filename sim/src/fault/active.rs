//! Faults in force: each is a guard, and ends when that is dropped. What is told of a fault is told here.

use super::Injector;
use crate::cluster::{Cluster, Effective, Guard};
use crate::history::{Evidence, Fault, FaultPhase, Targets, What};
use crate::words::{Healed, Verb};
use leasehold::env::{GroupId, NodeId};
use std::time::Duration;

/// What a step does to its targets, as the history is told of it.
#[derive(Clone)]
pub(super) struct Deed {
    pub(super) cluster: Cluster,
    pub(super) fault: Fault,
}

impl Deed {
    /// It is about this group.
    pub(super) fn within(mut self, group: GroupId) -> Self {
        self.fault.group = Some(group);
        self
    }

    /// It acts.
    pub(super) fn acts(&self) {
        self.tell(FaultPhase::Activated, None);
    }

    /// It has changed something.
    pub(super) fn is_effective(&self, evidence: Option<Evidence>) {
        self.tell(FaultPhase::Effective, evidence);
    }

    /// It cannot act.
    pub(super) fn cannot_act(&self, evidence: Option<Evidence>) {
        self.tell(FaultPhase::Refused, evidence);
    }

    /// It is over.
    pub(super) fn is_over(&self) {
        self.tell(FaultPhase::Ended, None);
    }

    /// It takes the run beyond what is claimed.
    pub(super) fn leaves_the_claims(&self, evidence: Evidence) {
        self.tell(FaultPhase::BeyondClaims, Some(evidence));
    }

    /// What tells that it is effective.
    pub(super) fn effective(&self) -> Effective {
        let fault = self.fault.clone();
        self.cluster.effective(move |cluster, evidence| Deed { cluster: cluster.clone(), fault }.is_effective(evidence))
    }

    /// It is in force from now on, for so long or until a heal, and ends when `end` is dropped.
    pub(super) fn begins(self, injector: &Injector, end: Guard, lasts: Option<Duration>) {
        let world = self.cluster.world().clone();
        let id = injector.in_force.lock().add(Active { deed: self, acted: true, end });
        if let Some(lasts) = lasts {
            let injector = injector.clone();
            world.call_at(world.now().after(lasts), move || injector.end(id));
        }
    }

    /// It waits for its targets to come to a point; `arm` sees to that, and its guard calls it off. It has not acted, and nothing
    /// is told of its end.
    pub(super) fn awaits(self, injector: &Injector, arm: impl FnOnce(ActiveId) -> Guard) {
        let id = injector.in_force.lock().next();
        let end = arm(id);
        injector.in_force.lock().all.push((id, Active { deed: self, acted: false, end }));
    }

    fn tell(&self, phase: FaultPhase, evidence: Option<Evidence>) {
        self.cluster.record(What::Fault(Box::new(self.fault.now(phase, evidence))));
    }
}

/// A fault that lasts.
pub(super) struct Active {
    deed: Deed,
    /// It has acted, and does not wait for its targets to come to a point.
    acted: bool,
    /// What ends it, dropped.
    end: Guard,
}

/// A fault in force, by number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ActiveId(u64);

/// The faults in force, in the order in which they began.
#[derive(Default)]
pub(super) struct InForce {
    last: u64,
    all: Vec<(ActiveId, Active)>,
}

impl InForce {
    fn next(&mut self) -> ActiveId {
        self.last += 1;
        ActiveId(self.last)
    }

    fn add(&mut self, active: Active) -> ActiveId {
        let id = self.next();
        self.all.push((id, active));
        id
    }

    fn take(&mut self, id: ActiveId) -> Option<Active> {
        let position = self.all.iter().position(|(other, _)| *other == id)?;
        Some(self.all.remove(position).1)
    }

    /// What faults do that are in force and have acted.
    pub(super) fn deeds(&self) -> impl Iterator<Item = &Fault> {
        self.all.iter().filter(|(_, active)| active.acted).map(|(_, active)| &active.deed.fault)
    }

    /// Does a fault of this verb do something to this node?
    pub(super) fn any(&self, verb: Verb, node: NodeId) -> bool {
        self.deeds().any(|fault| fault.verb == verb && fault.targets == Targets::Node(node))
    }
}

impl Injector {
    /// Ends a fault, unless that has been done.
    pub(super) fn end(&self, id: ActiveId) {
        let taken = self.in_force.lock().take(id);
        if let Some(Active { deed, acted, end }) = taken {
            drop(end);
            if acted {
                deed.is_over();
            }
        }
    }

    /// What waited acts now, or never will.
    pub(super) fn call_off(&self, id: ActiveId) {
        let taken = self.in_force.lock().take(id);
        drop(taken);
    }

    /// Ends all faults that this heals; returns whether there was one.
    pub(super) fn heal(&self, healed: Healed) -> bool {
        let in_force = self.in_force.lock();
        let over = in_force.all.iter().filter(|(_, active)| healed.ends(active.deed.fault.verb)).map(|(id, _)| *id);
        let over: Vec<ActiveId> = over.collect();
        drop(in_force);
        over.iter().for_each(|id| self.end(*id));
        !over.is_empty()
    }
}
