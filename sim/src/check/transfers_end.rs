//! L3, L4: a transfer of leadership ends, one way or the other.
//!
//! **Proves** that no node has a transfer pending for longer than an election timeout and two ticks of its own clock: it loses its
//! leadership, or gives the transfer up. While it is pending no write is accepted, so a flag that sticks is an outage (raft-rs resets its
//! timer when the target changes: alternating targets count as one stretch, LB-21, LB-72).
//!
//! **Does not prove** that a healthy target is reached: `leader-changes` and `recovery` bound that. A node that stood still meanwhile is
//! excused, and so is everybody while a pause (of a single task too), a slow node or a bad disk may keep somebody's loop from its ticks.
//!
//! **Costs** a look-up at each start and end of a transfer and each change of role.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`. Not tried yet, worth planting: a leader that does not notice that raft has given up (`slow/chaos`).

use super::nodes::Nodes;
use super::troubles::{Change, Troubles};
use super::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId};
use leasehold::observe::{Event, Role};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const INFO: CheckInfo = CheckInfo::new(
    "transfers-end",
    Class::Liveness,
    "a transfer succeeds or is given up within an election timeout",
    "lease-bugs.md L3, L4, LB-21, LB-72; Raft dissertation §3.10",
);

/// The check.
pub(super) struct TransfersEnd {
    premises: Premises,
    pending: BTreeMap<NodeId, Pending>,
    /// What may keep a loop from its ticks.
    hindrances: Troubles,
    /// The longest that was too long.
    stuck: Option<(Duration, Finding)>,
    evaluated: u64,
}

/// A transfer that is pending since.
#[derive(Clone, Copy)]
struct Pending {
    to: NodeId,
    at: SimTime,
    clock: Instant,
}

impl TransfersEnd {
    pub(super) fn new(premises: Premises) -> Self {
        Self { premises, pending: BTreeMap::new(), hindrances: Troubles::default(), stuck: None, evaluated: 0 }
    }

    fn told(&mut self, at: SimTime, told: &StackRecord, nodes: &Nodes) {
        match told.event {
            Event::TransferStarted { .. } if self.hindrances.calm_since().is_none() => {}
            Event::TransferStarted { to } => {
                self.pending.entry(told.node).or_insert(Pending { to, at, clock: told.clock });
            }
            Event::Role { role: Role::Leader, .. } => {}
            Event::TransferAborted { .. } | Event::Role { .. } | Event::Stopped { .. } => {
                if let Some(pending) = self.pending.remove(&told.node) {
                    self.ended(at, told.node, pending, told.clock.since(pending.clock), nodes);
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, at: SimTime, node: NodeId, pending: Pending, took: Duration, nodes: &Nodes) {
        self.evaluated += 1;
        let allowed = self.premises.election_timeout + self.premises.tick * 2;
        let longest = self.stuck.as_ref().map_or(allowed, |(longest, _)| *longest);
        if took <= longest {
            return;
        }
        let (took_in_words, allowed) = (words::duration(took), words::duration(allowed));
        let Pending { to, at: since, .. } = pending;
        let message = format!(
            "{node} had a transfer to {to} pending for {took_in_words}, from {since} on; {allowed} is the longest"
        );
        self.stuck = Some((took, INFO.finding(at, message, nodes.story(at, STORY))));
    }
}

impl Check for TransfersEnd {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told, Kind::Process, Kind::Fault]
    }

    fn record(&mut self, record: &Record, nodes: &Nodes) -> Option<Finding> {
        match &record.what {
            What::Stack(told) => self.told(record.at, told, nodes),
            What::Process { node, change: ProcessChange::Killed | ProcessChange::Paused } => {
                self.pending.remove(node);
            }
            What::Fault { verb: "pause" | "slow" | "disk" | "heal", .. }
                if self.hindrances.record(record) == Change::Began =>
            {
                self.pending.clear();
            }
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        for (node, pending) in std::mem::take(&mut self.pending) {
            self.ended(end, node, pending, end.since(pending.at), &Nodes::default());
        }
        self.stuck.take().map(|(_, finding)| finding).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase;

    /// An election timeout is one second, a tick 100 ms.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        let mut check = TransfersEnd::new(Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "L4 is judged at the end");
        (check.finish(ms(60_000)), check.evaluated())
    }

    fn started(at: u64, to: u64) -> Events {
        Events::default().event(at, 1, Event::TransferStarted { to: NodeId(to) })
    }

    #[test]
    fn a_transfer_succeeds_or_is_given_up_in_time() {
        assert_eq!(judged(&started(0, 2).follows(20, 1, 5)), (Vec::new(), 1));
        assert_eq!(judged(&started(0, 2).event(1_100, 1, Event::TransferAborted { to: NodeId(2) })), (Vec::new(), 1));
    }

    #[test]
    fn one_that_sticks_is_a_violation() {
        let (findings, _) = judged(&started(0, 2).event(1_201, 1, Event::TransferAborted { to: NodeId(2) }));
        assert_eq!(
            findings[0].message,
            "n1 had a transfer to n2 pending for 1.201 s, from 0.000000s on; 1.200 s is the longest"
        );
        assert_eq!(findings[0].class, Class::Liveness);
        assert_eq!(judged(&started(0, 2)).0.len(), 1, "also at the end");
    }

    #[test]
    fn alternating_targets_are_one_stretch() {
        let alternating = started(0, 2).event(900, 1, Event::TransferStarted { to: NodeId(3) });
        assert_eq!(judged(&alternating.follows(1_500, 1, 5)).0.len(), 1);
    }

    #[test]
    fn a_slow_node_excuses_what_takes_longer() {
        let slow = |events: Events, at, phase| events.fault(at, 7, "slow", phase);
        let during = slow(started(0, 2), 10, FaultPhase::Activated).follows(1_500, 1, 5);
        assert_eq!(judged(&during), (Vec::new(), 0));
        let before = slow(Events::default(), 0, FaultPhase::Activated);
        let before = before.event(5, 1, Event::TransferStarted { to: NodeId(2) }).follows(1_500, 1, 5);
        assert_eq!(judged(&before), (Vec::new(), 0));
        let over = slow(slow(Events::default(), 0, FaultPhase::Activated), 1, FaultPhase::Ended);
        let over = over.event(5, 1, Event::TransferStarted { to: NodeId(2) }).follows(1_500, 1, 5);
        assert_eq!(judged(&over).0.len(), 1);
    }

    #[test]
    fn who_is_killed_or_stands_still_is_excused() {
        assert_eq!(judged(&started(0, 2).killed(10, 1)), (Vec::new(), 0));
        let paused = started(0, 2).process(10, 1, ProcessChange::Paused).process(5_000, 1, ProcessChange::Resumed);
        assert_eq!(judged(&paused.follows(5_001, 1, 5)), (Vec::new(), 0));
    }
}
