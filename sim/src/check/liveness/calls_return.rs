//! L1: every call returns.
//!
//! **Proves** that each operation is answered, or given up at its client's deadline, and ends once: at the end of a run what
//! was invoked is what has ended, and what is still under way within its deadline.
//!
//! A client gives up by itself; so also that whatever reached a node was answered by it, with a result or an error, before a
//! cluster that nothing disturbs could have held an election six times over since the deadline.
//!
//! **Does not prove** that an answer comes in time: latencies show that. Requests of a process that was killed or stood still are
//! excused.
//!
//! **Costs** a counter, a look-up for each message of a client or to one; a look at what is under way, at the end.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, and by `failures-unanswered` (`planted/all-alone`).

use crate::check::prelude::*;
use crate::history::ByOp;
use leasehold::error::{ErrorKind, Outcome};

#[derive(Default)]
pub(in crate::check) struct CallsReturn {
    /// Those under way, and when they must have ended.
    open: ByOp<(u32, SimTime)>,
    /// Those that reached a node and were not answered by it, and when they must have ended.
    taken: ByOp<(NodeId, SimTime)>,
    twice: Vec<(OpId, SimTime)>,
}

impl CallsReturn {
    fn overdue(&self, now: &Now<'_>) -> Option<Finding> {
        let overdue: Vec<_> = self.open.iter().filter(|(_, (_, deadline))| *deadline < now.at).collect();
        let (op, (client, deadline)) = overdue.first()?;
        let calls = counted(overdue.len() as u64, "call");
        let message = format!("{calls} never returned: the first is #{} of client {client}, due by {deadline}", op.0);
        let line = |(op, (client, deadline)): &(OpId, &(u32, SimTime))| {
            format!("#{} of client {client} has been overdue for {}", op.0, duration(now.at.since(*deadline)))
        };
        Some(now.bare_finding(message, overdue.iter().take(STORY).map(line).collect()))
    }

    fn unanswered(&self, now: &Now<'_>) -> Option<Finding> {
        let calm = now.nodes.faults.calm_since()?;
        let patience = now.premises.settling();
        let never = |(_, (_, deadline)): &(OpId, &(NodeId, SimTime))| now.at.since(calm.max(*deadline)) > patience;
        let unanswered: Vec<_> = self.taken.iter().filter(never).collect();
        let (op, (node, deadline)) = unanswered.first()?;
        let requests = counted(unanswered.len() as u64, "request");
        let message = format!(
            "{requests} reached a node and got no answer: the first is #{}, by {node}, due by {deadline}",
            op.0
        );
        let line = |(op, (node, deadline)): &(OpId, &(NodeId, SimTime))| {
            format!("{node} has owed an answer to #{} for {}", op.0, duration(now.at.since(*deadline)))
        };
        Some(now.bare_finding(message, unanswered.iter().take(STORY).map(line).collect()))
    }

    fn ended_twice(&self, now: &Now<'_>) -> Option<Finding> {
        let (op, at) = *self.twice.first()?;
        let number = counted(self.twice.len() as u64, "call");
        let message = format!("{number} ended that were not under way: the first is #{}", op.0);
        Some(Finding { at, ..now.bare_finding(message, Vec::new()) })
    }
}

impl Check for CallsReturn {
    fn invoked(&mut self, now: &Now<'_>, Invocation { op, client, due, .. }: &Invocation) -> Option<Finding> {
        let deadline = now.premises.deadline(*client, *due);
        // A client behind its schedule begins what is overdue already; it gives that up at once.
        self.open.insert(*op, (*client, deadline.max(now.at)));
        None
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, _: &Completion) -> Option<Finding> {
        now.judge();
        if self.open.remove(op).is_none() {
            self.twice.push((op, now.at));
        }
        None
    }

    fn leaves(&mut self, _: &Now<'_>, op: OpId) -> Option<Finding> {
        self.open.remove(op);
        self.taken.remove(op);
        None
    }

    fn comes(&mut self, now: &Now<'_>, invocation: &Invocation, given_up: bool) -> Option<Finding> {
        if given_up { None } else { self.invoked(now, invocation) }
    }

    fn asked(&mut self, _: &Now<'_>, node: NodeId, op: OpId) -> Option<Finding> {
        let (_, deadline) = self.open.get(op)?;
        self.taken.insert(op, (node, *deadline));
        None
    }

    fn answered(&mut self, _: &Now<'_>, _: NodeId, op: OpId, _: Option<(ErrorKind, Outcome)>) -> Option<Finding> {
        self.taken.remove(op);
        None
    }

    /// A process that is gone, or stands still, owes nothing.
    fn process(&mut self, _: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        if matches!(change, ProcessChange::Killed | ProcessChange::Paused) {
            let its: Vec<OpId> = self.taken.iter().filter(|(_, (by, _))| *by == node).map(|(op, _)| op).collect();
            for op in its {
                self.taken.remove(op);
            }
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.ended_twice(now).into_iter().chain(self.overdue(now)).chain(self.unanswered(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get};
    use crate::history::FaultPhase;
    use crate::scenario::Class;
    use crate::words::Verb;
    use leasehold::error::Outcome;

    /// Clients have a deadline of one second.
    fn judged(events: &Events) -> Vec<Finding> {
        events.judged_by("calls-return", 5_000).0
    }

    #[test]
    fn a_call_that_is_overdue_at_the_end_never_returned() {
        let findings = judged(&Events::default().invoke(100, 1, get(0)).invoke(4_500, 2, get(0)));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "1 call never returned: the first is #1 of client 1, due by 1.100000s");
        assert_eq!(findings[0].class, Class::Liveness);
    }

    #[test]
    fn what_ended_and_what_has_time_left_is_in_order() {
        assert_eq!(judged(&Events::default().invoke(100, 1, get(0)).read(200, 1, 0).invoke(4_500, 2, get(0))), []);
    }

    /// Time enough to elect a leader six times over passes after the deadline.
    fn judged_late(events: &Events) -> Vec<Finding> {
        events.judged_by("calls-return", 20_000).0
    }

    fn asked() -> Events {
        Events::default().started(0, 2, 1).invoke(100, 1, get(0)).asks(150, 1, 2)
    }

    #[test]
    fn a_node_answers_what_reaches_it_even_if_the_client_has_given_up() {
        let given_up = || asked().gave_up(1_100, 1, Outcome::NotApplied);
        assert_eq!(judged_late(&given_up().answers(1_200, 2, 1)), []);
        assert_eq!(judged(&given_up()), [], "it has time yet");
        let findings = judged_late(&given_up());
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].message,
            "1 request reached a node and got no answer: the first is #1, by n2, due by 1.100000s"
        );
    }

    #[test]
    fn a_process_that_is_gone_or_disturbed_to_the_end_owes_no_answer() {
        let given_up = || asked().gave_up(1_100, 1, Outcome::NotApplied);
        assert_eq!(judged_late(&given_up().killed(1_200, 2)), []);
        assert_eq!(judged_late(&given_up().fault(1_200, 0, Verb::Slow, FaultPhase::Activated)), []);
    }

    #[test]
    fn a_call_ends_once() {
        let findings = judged(&Events::default().invoke(100, 1, get(0)).read(200, 1, 0).read(300, 1, 0));
        assert_eq!(findings[0].message, "1 call ended that were not under way: the first is #1");
    }
}
