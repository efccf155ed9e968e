//! L5: whoever passed a call on to a leader hears at once that it leads no more, and whoever took it passes it on to nobody.
//!
//! **Proves** that no call which a node had passed on to a leader was open for more than two ticks after that had ceased to lead (and the way
//! back): the node that the client asked can then ask the next leader. And that a call goes from the node that its client asked to another,
//! and no further: where nodes disagree about who leads it would go round.
//!
//! **Does not prove** anything of calls that clients made at the leader itself: it tries them again, and `calls-return` sees that they end.
//! Nor of a read whose node has yet to apply what it has when it falls: one that is confirmed may wait for that, whoever leads by then.
//! While a pause, a slow node, a bad disk, messages that are late or a clock by which no tick comes may keep an answer, and until that has
//! settled, everybody is excused.
//!
//! **Costs** a look-up for each call that is passed on, and one for each answer to one while some are interrupted.
//!
//! **Seen alive by** `interrupted-hears-late` (`fast/partition`), `passed-on-again` (`fast/late-answers`) and its unit tests.

use crate::check::calm::{delays, hinders, undisturbed};
use crate::check::prelude::*;
use crate::view::calls::Call;
use leasehold::transport::CallId;

#[derive(Default)]
pub(in crate::check) struct InterruptedCalls {
    /// Who leads.
    leaders: BTreeMap<NodeId, u64>,
    /// Calls whose node leads no more, by who passed them on.
    interrupted: BTreeMap<(NodeId, CallId), Interrupted>,
    /// The first that was open for too long.
    late: Option<Finding>,
    /// The first that went on.
    passed_on: Option<Finding>,
}

/// A call whose node leads no more.
#[derive(Clone, Copy)]
struct Interrupted {
    call: Call,
    fell: SimTime,
}

impl InterruptedCalls {
    /// The call is open no more, or the run is over.
    fn over(&mut self, now: &Now<'_>, Interrupted { call, fell }: Interrupted) {
        // What was late before is late for a while after.
        if !undisturbed(now, fell, |disturbs| hinders(disturbs) || delays(disturbs)) {
            return;
        }
        now.judge();
        // What it reads of storage it reads to the end.
        let may = now.premises.tick * 2 + now.premises.slowest_round_trip + now.premises.reading;
        let after = now.at.since(fell);
        if after <= may || self.late.is_some() {
            return;
        }
        let [after, may] = [after, may].map(duration);
        let from = call.from.map_or(String::new(), |(from, _)| format!(", which {from} had passed on to it,"));
        let message = format!(
            "call #{}{from} was open for {after} after {} had ceased to lead; {may} is the longest",
            call.op.0, call.by
        );
        self.late = Some(
            now.finding(message, vec![format!("it had come at {}; {} ceased to lead at {fell}", call.at, call.by)]),
        );
    }

    fn forget(&mut self, node: NodeId) {
        self.interrupted.retain(|_, interrupted| interrupted.call.by != node);
        self.leaders.remove(&node);
    }
}

impl Check for InterruptedCalls {
    fn leads(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        if self.leaders.insert(by.node, by.state.term).is_some_and(|term| term != by.state.term) {
            self.interrupt(now, by.node);
        }
        None
    }

    fn falls(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        if self.leaders.remove(&node).is_some() {
            self.interrupt(now, node);
        }
        None
    }

    fn returned(&mut self, now: &Now<'_>, Arrival { to, head, .. }: Arrival<'_>) -> Option<Finding> {
        if self.interrupted.is_empty() {
            return None;
        }
        let interrupted = self.interrupted.remove(&(to, head.call))?;
        self.over(now, interrupted);
        None
    }

    fn passed_on(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>, op: OpId) -> Option<Finding> {
        let asked = now.nodes.operations.get(op)?.via;
        now.judge();
        if from != asked && self.passed_on.is_none() {
            let message = format!(
                "{from} passed call #{} on to {to}; {asked} had passed it on before, and nobody else may",
                op.0
            );
            self.passed_on = Some(now.finding(message, Vec::new()));
        }
        None
    }

    fn process(&mut self, _: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        match change {
            ProcessChange::Killed | ProcessChange::Paused | ProcessChange::Failed { .. } => self.forget(node),
            ProcessChange::Started { .. } | ProcessChange::Resumed => {}
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        for interrupted in std::mem::take(&mut self.interrupted).into_values() {
            // Whose operation has ended is open to nobody.
            if now.nodes.operations.get(interrupted.call.op).is_some() {
                self.over(now, interrupted);
            }
        }
        self.late.take().into_iter().chain(self.passed_on.take()).collect()
    }
}

impl InterruptedCalls {
    fn interrupt(&mut self, now: &Now<'_>, node: NodeId) {
        let Some(state) = now.nodes.get(node) else { return };
        let is_behind = state.applied_index() < state.log.last_index();
        let waits = |call: &Call| match now.nodes.operations.get(call.op).map(|it| &it.operation) {
            Some(
                Operation::Get { .. } | Operation::Mget { .. } | Operation::Scan { .. } | Operation::Script { .. },
            ) => is_behind,
            Some(Operation::Put { .. } | Operation::Cas { .. } | Operation::Delete { .. }) | None => false,
        };
        let open = now.nodes.calls.passed_on_to(node).filter(|call| !waits(call));
        let open = open.filter_map(|call| Some((call.from?, Interrupted { call: *call, fell: now.at })));
        self.interrupted.extend(open);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, get, put};
    use crate::history::FaultPhase;
    use crate::words::Verb;

    /// A tick is 100 ms, the slowest round trip 4 ms.
    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (found, judged) = events.judged_by("interrupted-calls", 60_000);
        (found.into_iter().map(|finding| finding.message).collect(), judged)
    }

    /// n1 leads; n2, which client 1 has asked, passes its call on to n1 at 900 ms.
    fn passed_on() -> Events {
        Events::three_and_a_leader().invoke_via(890, 2, 1, put(0)).passes_on(900, (2, 1), 7, 1)
    }

    #[test]
    fn who_hears_within_two_ticks_is_well_served() {
        let events = passed_on().follows(1_000, 1, 5).returns(1_204, (1, 2), 7, None);
        assert_eq!(judged(&events), (vec![], 2), "that it was passed on is judged too");
    }

    #[test]
    fn who_hears_later_is_told_of() {
        let events = passed_on().follows(1_000, 1, 5).returns(1_205, (1, 2), 7, None);
        let message = "call #1, which n2 had passed on to it, was open for 205ms after n1 had ceased to lead; 204ms is the longest";
        assert_eq!(judged(&events).0, [message]);
    }

    #[test]
    fn who_never_hears_is_told_of_at_the_end() {
        assert_eq!(judged(&passed_on().follows(1_000, 1, 5)).0.len(), 1);
    }

    #[test]
    fn a_leader_of_another_term_has_ceased_to_lead_the_one_before() {
        assert_eq!(judged(&passed_on().leads(1_000, 1, 6)).0.len(), 1);
        assert_eq!(judged(&passed_on().leads(1_000, 1, 4)).0, [""; 0]);
    }

    #[test]
    fn a_read_may_wait_for_what_its_node_has_yet_to_apply() {
        let read =
            |events: Events| events.invoke_via(890, 2, 1, get(0)).passes_on(900, (2, 1), 7, 1).follows(1_000, 1, 5);
        let has = || Events::three_and_a_leader().appends(880, 1, 1, 4, 0);
        assert_eq!(judged(&read(has()).returns(1_300, (1, 2), 7, None)).0, [""; 0]);
        assert_eq!(judged(&read(has().applies(885, 1, 1, 4, 0)).returns(1_300, (1, 2), 7, None)).0.len(), 1);
    }

    #[test]
    fn a_process_that_is_gone_owes_nothing() {
        assert_eq!(judged(&passed_on().follows(1_000, 1, 5).killed(1_100, 1)).0, [""; 0]);
    }

    #[test]
    fn while_answers_may_be_late_everybody_is_excused() {
        let held = passed_on().fault(950, 7, Verb::Hold, FaultPhase::Activated).follows(1_000, 1, 5);
        assert_eq!(judged(&held.returns(2_000, (1, 2), 7, None)), (vec![], 1));
    }

    #[test]
    fn by_a_clock_that_stands_still_no_tick_comes() {
        let frozen = passed_on().fault(950, 7, Verb::Clock, FaultPhase::Activated).follows(1_000, 1, 5);
        assert_eq!(judged(&frozen.returns(2_000, (1, 2), 7, None)), (vec![], 1));
    }

    #[test]
    fn who_was_passed_a_call_passes_it_on_to_nobody() {
        let message = "n1 passed call #1 on to n3; n2 had passed it on before, and nobody else may";
        assert_eq!(judged(&passed_on().passes_on(910, (1, 3), 1, 1)).0, [message]);
    }
}
