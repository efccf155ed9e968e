//! Pf5: when leadership moves, reads are away for no longer than it takes to move.
//!
//! **Proves**, where nothing else has disturbed the cluster for six election timeouts (two after a heal), of the gets that are
//! asked for after the event:
//! - after a transfer, one of them is answered within six round trips and two fsyncs, of the slowest that there are, and the time
//!   that a node lets pass which knew of no leader;
//! - after the leader alone was killed or stands still, one of them is answered within six of the longest election timeouts
//!   (L2, B2; that mostly two are enough can be said of many runs alone).
//!
//! Time counts from where the first of these gets is asked for: a client that asks for nothing misses nothing.
//!
//! **Does not prove** anything where nodes are too busy to serve: what finds a queue full meanwhile is not judged. Nor where a
//! node is no member: clients may ask that one, which does not hear who leads.
//!
//! **Costs** a comparison at each get that is asked for or answered.
//!
//! **Seen alive by** its unit tests, `sim/tests/alive.rs`, and `old-lease-waited-out` in `fast/read-gap`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{Completion, Invocation, OpId, Operation, ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::words::Disturbs;
use leasehold::coordinator::RETRY_INTERVAL;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Role};
use std::time::Duration;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "read-gap",
    Class::Expectation,
    "when leadership moves, reads are away for no longer than it takes to move",
    "lease-bugs.md Pf5",
);

/// Why leadership moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reason {
    Transfer,
    Outage,
}

/// The check.
pub(in crate::check) struct ReadGap {
    premises: Premises,
    /// But for what makes gaps itself.
    /// When a process last began, ended, stood still or went on.
    stirred: SimTime,
    leader: Option<NodeId>,
    gap: Option<Gap>,
    wide: Vec<Finding>,
    evaluated: u64,
}

/// Leadership moves.
#[derive(Clone, Copy)]
struct Gap {
    reason: Reason,
    from: NodeId,
    at: SimTime,
    /// The first get that was asked for after that, and when.
    asked: Option<(OpId, SimTime)>,
}

/// Is it none of the reasons for a gap that are judged, but spoils the judgement?
fn is_no_reason(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Members
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Pace
        | Disturbs::Clocks
        | Disturbs::Nothing => true,
        Disturbs::Leadership | Disturbs::Lives | Disturbs::Standstill => false,
    }
}

impl ReadGap {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        let stirred = SimTime::default();
        Self { premises: premises.clone(), stirred, leader: None, gap: None, wide: Vec::new(), evaluated: 0 }
    }

    fn allowed(&self, reason: Reason) -> Duration {
        let Premises { slowest_round_trip, slowest_fsync, .. } = self.premises;
        match reason {
            Reason::Transfer => slowest_round_trip * 6 + slowest_fsync * 2 + RETRY_INTERVAL,
            Reason::Outage => self.premises.settling(),
        }
    }

    fn begin(&mut self, at: SimTime, reason: Reason, from: NodeId, nodes: &View) {
        let settling = self.premises.usual_settling();
        let settled = self.premises.is_settled(nodes.faults.calm(is_no_reason), at);
        let alone = self.gap.is_none() && settled && at.since(self.stirred) >= settling;
        let members = nodes.members(from);
        let all_serve = self.premises.lossless && nodes.iter().all(|(node, _)| members.contains(node));
        self.gap = (alone && all_serve).then_some(Gap { reason, from, at, asked: None });
    }

    fn told(
        &mut self,
        at: SimTime,
        StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord,
        nodes: &View,
    ) {
        match event {
            Event::Role { role: Role::Leader, .. } => self.leader = Some(*node),
            Event::TransferStarted { .. } => self.begin(at, Reason::Transfer, *node, nodes),
            Event::TransferAborted { .. } | Event::LaneFull { .. } | Event::InboxFull { .. } => self.gap = None,
            _ => {}
        }
    }

    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange, nodes: &View) {
        let out = matches!(change, ProcessChange::Killed | ProcessChange::Paused);
        if out && self.leader == Some(node) {
            self.begin(at, Reason::Outage, node, nodes);
        } else if self.gap.is_some_and(|gap| gap.from != node) {
            self.gap = None;
        }
        self.stirred = at;
    }

    fn asked(&mut self, at: SimTime, op: OpId) {
        if let Some(gap) = &mut self.gap {
            gap.asked.get_or_insert((op, at));
        }
    }

    fn answered(&mut self, at: SimTime, op: OpId, nodes: &View) {
        if let Some(gap) = self.gap
            && gap.asked.is_some_and(|(first, _)| op >= first)
        {
            self.evaluated += 1;
            self.close(at, gap, nodes.story(at, STORY));
        }
    }

    fn close(&mut self, at: SimTime, gap: Gap, story: Vec<String>) {
        self.gap = None;
        let Some((_, asked)) = gap.asked else { return };
        let (took, allowed) = (at.since(asked), self.allowed(gap.reason));
        if took <= allowed {
            return;
        }
        let what = match gap.reason {
            Reason::Transfer => "began to hand over",
            Reason::Outage => "was taken out",
        };
        let message = format!(
            "no get that was asked for after {} {what} at {} was answered for {}; {} is the longest",
            gap.from,
            gap.at,
            words::duration(took),
            words::duration(allowed)
        );
        self.wide.push(INFO.finding(at, message, story));
    }
}

impl Check for ReadGap {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Invoked, Kind::Completed, Kind::Told, Kind::Process, Kind::Fault]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        let at = record.at;
        match &record.what {
            What::Invoked(Invocation { op, operation: Operation::Get { .. }, .. }) => self.asked(at, *op),
            What::Completed { op, completion: Completion::Read { .. } } => self.answered(at, *op, nodes),
            What::Stack(told) => self.told(at, told, nodes),
            What::Process { node, change } => self.process(at, *node, *change, nodes),
            What::Fault(fault) if is_no_reason(fault.verb.disturbs()) => self.gap = None,
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        if let Some(gap) = self.gap {
            self.close(end, gap, Vec::new());
        }
        self.wide.drain(..).take(1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get, ms};
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;

    /// n1 leads. A round trip takes 4 ms at most and an fsync 5: 34 ms and a retry are allowed after a transfer, 12.6 s after a
    /// crash.
    fn led() -> Events {
        Events::default().leads(1_000, 1, 4)
    }

    fn moves(events: Events) -> Events {
        events.event(20_000, 1, Event::TransferStarted { to: NodeId(2) })
    }

    fn judged(events: &Events) -> (usize, u64) {
        let mut check = ReadGap::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "Pf5 is judged at the end");
        (check.finish(ms(60_000)).len(), check.evaluated())
    }

    #[test]
    fn a_transfer_keeps_reads_waiting_for_six_round_trips_two_fsyncs_and_a_retry() {
        let read = |asked, answered| judged(&moves(led()).get(asked, answered, 1));
        assert_eq!(read(20_100, 20_159), (0, 1), "from where it is asked for");
        assert_eq!(read(20_100, 20_160), (1, 1));
    }

    #[test]
    fn any_get_that_was_asked_for_meanwhile_will_do() {
        let two = moves(led()).invoke(20_001, 1, get(0)).invoke(20_010, 2, get(0));
        assert_eq!(judged(&two.read(20_020, 2, 1).read(21_000, 1, 1)), (0, 1));
        let before = moves(led().invoke(19_999, 1, get(0))).invoke(20_001, 2, get(0));
        assert_eq!(judged(&before.read(20_005, 1, 1).read(20_070, 2, 1)), (1, 1), "but none from before");
    }

    #[test]
    fn a_leader_that_is_killed_keeps_them_waiting_for_an_election() {
        let killed = || led().fault(20_000, 0, Verb::Crash, Activated).killed(20_000, 1).invoke(20_001, 1, get(0));
        assert_eq!(judged(&killed().read(22_000, 1, 1)), (0, 1));
        assert_eq!(judged(&killed().read(32_700, 1, 1)), (1, 1));
        assert_eq!(judged(&killed()), (1, 0), "also where none is ever answered");
        assert_eq!(judged(&killed().killed(21_000, 2)), (0, 0), "two that are gone are another matter");
    }

    #[test]
    fn nothing_is_judged_while_a_node_is_no_member() {
        let without = |learners: &[u64]| led().started(2_000, 4, 1).members(2_001, 1, 7, [&[1, 2, 3], &[], learners]);
        assert_eq!(judged(&moves(without(&[])).get(20_100, 21_000, 1)), (0, 0));
        assert_eq!(
            judged(&moves(without(&[4])).get(20_100, 21_000, 1)),
            (1, 1),
            "a learner passes on what it is asked"
        );
    }

    #[test]
    fn nothing_is_judged_amid_other_faults() {
        let cut = led().fault(15_000, 0, Verb::Partition, Activated);
        assert_eq!(judged(&moves(cut).get(20_100, 21_000, 1)), (0, 0));
        let full = moves(led()).event(20_001, 2, Event::InboxFull { lane: leasehold::env::Lane::Bulk });
        assert_eq!(judged(&full.get(20_100, 21_000, 1)), (0, 0));
    }
}
