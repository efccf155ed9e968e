//! Pf5: when leadership moves, reads are away for no longer than it takes to move.
//!
//! **Proves**, where nothing else has disturbed the cluster for six election timeouts (two after a heal), of the gets that are
//! asked for after the event:
//! - after a transfer, one of them is answered within six round trips and two fsyncs, of the slowest that there are, and the time
//!   that a node lets pass which knew of no leader;
//! - after the leader alone was killed or stands still, one of them is answered within six of the longest election timeouts
//!   (L2, B2; that mostly two are enough can be said of many runs alone).
//!
//! Time counts from where the first of these gets is asked for: a client that asks for nothing misses nothing. One of a key that goes from
//! group to group is none of them.
//!
//! **Does not prove** anything where nodes are too busy to serve: what finds a queue full meanwhile is not judged. Nor where a
//! node is no member: clients may ask that one, which does not hear who leads.
//!
//! **Costs** a comparison at each get that is asked for or answered.
//!
//! **Seen alive by** its unit tests, `sim/tests/alive.rs`, and `old-lease-waited-out` in `fast/read-gap`.

use crate::check::calm::is_moving;
use crate::check::prelude::*;
use leasehold::coordinator::RETRY_INTERVAL;

/// Why leadership moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reason {
    Transfer,
    Outage,
}

impl Reason {
    fn allows(self, premises: &Premises) -> Duration {
        match self {
            Reason::Transfer => premises.slowest_round_trip * 6 + premises.slowest_fsync * 2 + RETRY_INTERVAL,
            Reason::Outage => premises.settling(),
        }
    }
}

#[derive(Default)]
pub(in crate::check) struct ReadGap {
    /// When a process last began, ended, stood still or went on.
    stirred: SimTime,
    gap: Option<Gap>,
    wide: Option<Finding>,
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
        Disturbs::Leadership | Disturbs::Routes | Disturbs::Lives | Disturbs::Standstill => false,
    }
}

impl ReadGap {
    fn begin(&mut self, now: &Now<'_>, reason: Reason, from: NodeId) {
        let Now { at, nodes, premises, .. } = *now;
        let settled = premises.is_settled(nodes.faults.calm(is_no_reason), at);
        let alone = self.gap.is_none() && settled && at.since(self.stirred) >= premises.usual_settling();
        let members = nodes.members(from);
        let all_serve = premises.lossless && nodes.iter().all(|(node, _)| members.contains(node));
        self.gap = (alone && all_serve).then_some(Gap { reason, from, at, asked: None });
    }

    /// The gap is over, or the run is.
    fn close(&mut self, now: &Now<'_>, finding: impl Fn(String) -> Finding) {
        let Some(Gap { reason, from, at, asked: Some((_, asked)) }) = self.gap.take() else { return };
        let (took, allowed) = (now.at.since(asked), reason.allows(now.premises));
        if took <= allowed {
            return;
        }
        let what = match reason {
            Reason::Transfer => "began to hand over",
            Reason::Outage => "was taken out",
        };
        let (took, allowed) = (duration(took), duration(allowed));
        self.wide.get_or_insert_with(|| {
            finding(format!(
                "no get that was asked for after {from} {what} at {at} was answered for {took}; {allowed} is the longest"
            ))
        });
    }
}

impl Check for ReadGap {
    fn invoked(&mut self, now: &Now<'_>, Invocation { op, operation, .. }: &Invocation) -> Option<Finding> {
        if let (Operation::Get { key }, Some(gap)) = (operation, &mut self.gap)
            && !is_moving(now, *key, now.at)
        {
            gap.asked.get_or_insert((*op, now.at));
        }
        None
    }

    fn leaves(&mut self, _: &Now<'_>, op: OpId) -> Option<Finding> {
        self.gap = self.gap.take_if(|gap| gap.asked.is_none_or(|(first, _)| first != op));
        None
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, completion: &Completion) -> Option<Finding> {
        let (first, _) = self.gap?.asked?;
        if matches!(completion, Completion::Read { .. }) && op >= first {
            now.judge();
            self.close(now, |message| now.finding(message, Vec::new()));
        }
        None
    }

    fn transfer_started(&mut self, now: &Now<'_>, by: By<'_>, to: NodeId) -> Option<Finding> {
        // One to a node that is down comes to nothing.
        if !now.nodes.get(to).is_some_and(Replica::is_down) {
            self.begin(now, Reason::Transfer, by.node);
        }
        None
    }

    fn transfer_aborted(&mut self, _: &Now<'_>, _: By<'_>) -> Option<Finding> {
        self.gap = None;
        None
    }

    fn queue_full(&mut self, _: &Now<'_>, _: By<'_>, _: Lane, _: Option<NodeId>) -> Option<Finding> {
        self.gap = None;
        None
    }

    fn process(&mut self, now: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        let out = matches!(change, ProcessChange::Killed | ProcessChange::Paused);
        if out && now.nodes.led_last() == Some(node) {
            self.begin(now, Reason::Outage, node);
        } else if self.gap.is_some_and(|gap| gap.from != node) {
            self.gap = None;
        }
        self.stirred = now.at;
        None
    }

    fn fault(&mut self, _: &Now<'_>, fault: &Fault) -> Option<Finding> {
        if is_no_reason(fault.verb.disturbs()) {
            self.gap = None;
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.close(now, |message| now.bare_finding(message, Vec::new()));
        self.wide.take().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get};
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;
    use leasehold::observe::Event;

    /// n1 leads. A round trip takes 4 ms at most and an fsync 5: 34 ms and a retry are allowed after a transfer, 12.6 s after a
    /// crash.
    fn led() -> Events {
        Events::default().leads(1_000, 1, 4)
    }

    fn moves(events: Events) -> Events {
        events.event(20_000, 1, Event::TransferStarted { to: NodeId(2) })
    }

    fn judged(events: &Events) -> (usize, u64) {
        let (found, evaluated) = events.judged_by("read-gap", 60_000);
        (found.len(), evaluated)
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
    fn a_get_of_a_key_that_no_group_has_yet_is_none_of_them() {
        let gone = |key| moves(led().moves(19_000, (2, 1), &[key], 2));
        assert_eq!(judged(&gone(0).invoke(20_001, 1, get(0))), (0, 0), "nobody need answer it");
        assert_eq!(judged(&gone(9).invoke(20_001, 1, get(0))), (1, 0));
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
    fn nothing_is_judged_of_a_transfer_to_a_node_that_is_down() {
        let killed = led().killed(2_000, 2);
        assert_eq!(judged(&moves(killed).get(20_100, 21_000, 1)), (0, 0));
    }

    #[test]
    fn nothing_is_judged_amid_other_faults() {
        let cut = led().fault(15_000, 0, Verb::Partition, Activated);
        assert_eq!(judged(&moves(cut).get(20_100, 21_000, 1)), (0, 0));
        let full = moves(led()).event(20_001, 2, Event::InboxFull { lane: leasehold::env::Lane::Bulk });
        assert_eq!(judged(&full.get(20_100, 21_000, 1)), (0, 0));
    }
}
