//! L3, L4: a transfer of leadership ends, one way or the other.
//!
//! **Proves** that no node has a transfer pending for longer than an election timeout and two ticks of its own clock: it loses
//! its leadership, or gives the transfer up. While it is pending no write is accepted, so a flag that sticks is an outage
//! (raft-rs resets its timer when the target changes: alternating targets count as one stretch, LB-21, LB-72). Where nothing
//! but transfers has disturbed the cluster for six election timeouts (two after a heal), and the target votes and lacks at most
//! what is on its way to it, leadership has moved within four round trips and two fsyncs, of the slowest that there are.
//!
//! **Does not prove** that the target itself is elected. A node that stood still meanwhile is excused, and so is everybody
//! while a pause (of a single task too), a slow node or a bad disk may keep somebody's loop from its ticks.
//!
//! **Costs** a look-up at each start and end of a transfer and each change of role.
//!
//! **Seen alive by** `raft-rs-lease-reads` (`findings/raft-rs-alternating-transfers`), under which one transfer takes the place
//! of another, by `ignored-transfer-awaited` (`planted/vain-transfers`), and by `transfer-never-over`
//! (`planted/unreachable-target`).

use crate::check::calm::{hinders, more_than_leadership};
use crate::check::prelude::*;
use crate::view::faults::Change;

#[derive(Default)]
pub(in crate::check) struct TransfersEnd {
    pending: BTreeMap<NodeId, Pending>,
    /// The longest that was too long.
    stuck: Option<(Duration, Finding)>,
    /// The first to a healthy target that took too long.
    slow: Option<Finding>,
}

/// A transfer that is pending since.
#[derive(Clone, Copy)]
struct Pending {
    to: NodeId,
    at: SimTime,
    clock: Instant,
    /// Nothing is wrong with the target, nor with anybody.
    healthy: bool,
}

/// How many entries may be on their way to a target that has caught up.
const ON_THEIR_WAY: u64 = 64;

fn is_healthy(now: &Now<'_>, from: NodeId, to: NodeId) -> bool {
    let nodes = now.nodes;
    let end = |node| nodes.get(node).map_or(0, |state| state.log.last_index());
    now.premises.lossless
        && now.premises.is_settled(nodes.faults.calm(more_than_leadership), now.at)
        && nodes.members(from).votes(to)
        && nodes.get(to).is_some_and(|state| !state.is_out())
        && end(to) + ON_THEIR_WAY >= end(from)
}

impl TransfersEnd {
    fn spoil(&mut self) {
        self.pending.values_mut().for_each(|pending| pending.healthy = false);
    }

    fn over(&mut self, now: &Now<'_>, By { node, clock, .. }: By<'_>) {
        if let Some(pending) = self.pending.remove(&node) {
            let finding = |message| now.finding(message, Vec::new());
            self.ended(now, node, pending, clock.since(pending.clock), finding);
        }
    }

    fn ended(
        &mut self,
        now: &Now<'_>,
        node: NodeId,
        Pending { to, at: since, healthy, .. }: Pending,
        by_its_clock: Duration,
        finding: impl Fn(String) -> Finding,
    ) {
        now.judge();
        let (took, may) = (now.at.since(since), now.premises.slowest_round_trip * 4 + now.premises.slowest_fsync * 2);
        if healthy && took > may && self.slow.is_none() {
            let [took, may] = [took, may].map(duration);
            self.slow = Some(finding(format!(
                "{node} took {took} from {since} on to hand over to {to}, which was healthy and caught up; {may} is the longest"
            )));
        }
        let may = now.premises.election_timeout + now.premises.tick * 2;
        if by_its_clock > self.stuck.as_ref().map_or(may, |(longest, _)| *longest) {
            let [took, may] = [by_its_clock, may].map(duration);
            let message =
                format!("{node} had a transfer to {to} pending for {took}, from {since} on; {may} is the longest");
            self.stuck = Some((by_its_clock, finding(message)));
        }
    }
}

impl Check for TransfersEnd {
    fn transfer_started(&mut self, now: &Now<'_>, By { node, clock, .. }: By<'_>, to: NodeId) -> Option<Finding> {
        if now.nodes.faults.in_force(hinders) > 0 {
            return None;
        }
        let started = Pending { to, at: now.at, clock, healthy: is_healthy(now, node, to) };
        // Targets that alternate are one stretch.
        self.pending.entry(node).and_modify(|pending| pending.healthy = false).or_insert(started);
        None
    }

    fn transfer_aborted(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.over(now, by);
        None
    }

    fn falls(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.over(now, by);
        None
    }

    // Whoever is too busy to take messages is none of this check's.
    fn queue_full(&mut self, _: &Now<'_>, _: By<'_>, _: Lane, _: Option<NodeId>) -> Option<Finding> {
        self.spoil();
        None
    }

    fn fault(&mut self, now: &Now<'_>, fault: &Fault) -> Option<Finding> {
        if more_than_leadership(fault.verb.disturbs()) {
            self.spoil();
        }
        if matches!(now.nodes.faults.change(), Change::Began(disturbs) if hinders(disturbs)) {
            self.pending.clear();
        }
        None
    }

    fn process(&mut self, _: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        if matches!(change, ProcessChange::Killed | ProcessChange::Paused) {
            self.pending.remove(&node);
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        for (node, pending) in std::mem::take(&mut self.pending) {
            let finding = |message| now.bare_finding(message, Vec::new());
            self.ended(now, node, pending, now.at.since(pending.at), finding);
        }
        let stuck = self.stuck.take().map(|(_, finding)| finding);
        stuck.into_iter().chain(self.slow.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase;
    use crate::scenario::Class;
    use crate::words::Verb;
    use leasehold::env::Lane;
    use leasehold::observe::Event;

    /// An election timeout is one second, a tick 100 ms.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        events.judged_by("transfers-end", 60_000)
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
            "n1 had a transfer to n2 pending for 1.2s, from 0.000000s on; 1.2s is the longest"
        );
        assert_eq!(findings[0].class, Class::Liveness);
        assert_eq!(judged(&started(0, 2)).0.len(), 1, "also at the end");
    }

    /// n1 and n2 vote; a round trip takes 4 ms at most and an fsync 5.
    fn hands_over(events: Events) -> Events {
        let events = (1..=2).fold(events, |events, node| events.started(0, node, 1));
        events.leads(1_000, 1, 4).event(20_000, 1, Event::TransferStarted { to: NodeId(2) })
    }

    #[test]
    fn a_healthy_target_is_reached_within_four_round_trips_and_two_fsyncs() {
        assert_eq!(judged(&hands_over(Events::default()).follows(20_026, 1, 5)).0, []);
        let (findings, _) = judged(&hands_over(Events::default()).follows(20_027, 1, 5));
        assert_eq!(
            findings[0].message,
            "n1 took 27ms from 20.000000s on to hand over to n2, which was healthy and caught up; 26ms is the longest"
        );
    }

    #[test]
    fn one_that_lags_or_is_down_or_cut_off_may_take_longer() {
        let lags = (1..100).fold(Events::default(), |events, index| events.appends(900, 1, index, 4, 0));
        assert_eq!(judged(&hands_over(lags).follows(20_100, 1, 5)).0, []);
        let cut = Events::default().fault(15_000, 0, Verb::Partition, FaultPhase::Activated);
        assert_eq!(judged(&hands_over(cut).follows(20_100, 1, 5)).0, []);
        let full = hands_over(Events::default()).event(20_001, 2, Event::InboxFull { lane: Lane::Bulk });
        assert_eq!(judged(&full.follows(20_100, 1, 5)).0, []);
    }

    #[test]
    fn alternating_targets_are_one_stretch() {
        let alternating = started(0, 2).event(900, 1, Event::TransferStarted { to: NodeId(3) });
        assert_eq!(judged(&alternating.follows(1_500, 1, 5)).0.len(), 1);
    }

    #[test]
    fn a_slow_node_excuses_what_takes_longer() {
        let slow = |events: Events, at, phase| events.fault(at, 7, Verb::Slow, phase);
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
