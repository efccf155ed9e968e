//! Who may serve a group, and whether it hands over.

use crate::history::{Hears, ProcessChange};
use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::observe::{Membership, Role};
use std::sync::Arc;

/// Who may serve, as the replicas of a group tell.
#[derive(Default)]
pub(crate) struct Serving {
    led: Option<Led>,
    /// Who hands over, and since its election nobody else has led.
    hands_over: Option<NodeId>,
}

/// A leader that may serve.
#[derive(Clone, Copy)]
pub(super) struct Led {
    pub(super) by: NodeId,
    pub(super) term: u64,
    pub(super) since: SimTime,
    hands_over: bool,
}

impl Hears for Serving {
    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange) {
        match change {
            ProcessChange::Killed | ProcessChange::Failed { .. } => self.stopped(at, node),
            ProcessChange::Started { .. } | ProcessChange::Paused | ProcessChange::Resumed => {}
        }
    }

    fn stopped(&mut self, _: SimTime, node: NodeId) {
        self.led = self.led.filter(|led| led.by != node);
    }

    fn caught_up(&mut self, at: SimTime, node: NodeId, term: u64, _: u64) {
        if self.led.is_none_or(|led| led.term < term) {
            // It may hand over before it has applied anything.
            self.led = Some(Led { by: node, term, since: at, hands_over: self.hands_over == Some(node) });
        }
    }

    fn role(&mut self, _: SimTime, node: NodeId, role: Role, term: u64, _: Option<NodeId>) {
        self.led = self.led.filter(|led| led.by != node || (role, term) == (Role::Leader, led.term));
        self.hands_over = self.hands_over.filter(|handing| *handing != node);
    }

    fn transfer_started(&mut self, _: SimTime, node: NodeId, _: NodeId) {
        self.hands_over = Some(node);
        if let Some(led) = self.leads(node) {
            led.hands_over = true;
        }
    }

    fn transfer_aborted(&mut self, at: SimTime, node: NodeId) {
        self.hands_over = self.hands_over.filter(|handing| *handing != node);
        if let Some(led) = self.leads(node) {
            (led.since, led.hands_over) = (at, false);
        }
    }

    // Who belongs to it changes.
    fn membership(&mut self, at: SimTime, _: NodeId, _: u64, _: &Arc<Membership>) {
        if let Some(led) = &mut self.led {
            led.since = at;
        }
    }
}

impl Serving {
    fn leads(&mut self, node: NodeId) -> Option<&mut Led> {
        self.led.as_mut().filter(|led| led.by == node)
    }

    /// The leader that may serve and is not handing over.
    pub(super) fn leader(&self) -> Option<Led> {
        self.led.filter(|led| !led.hands_over)
    }
}
