//! Who can be served is served, in time.
//!
//! **Proves** that an operation is answered ok within [`Premises::service`] of when it was due, if all that time nothing was wrong on
//! its way: the node that was asked and the leader run and no fault aims at them, a quorum follows that leader in its term, the
//! links between them are whole. A leader whose disk stands still is excused for two election timeouts, and writes for as long from the
//! first of them on, as who writes nothing cannot know: then another must lead, and who asks the old one must be passed on. Where only the leader changed meanwhile, with no fault, the operation is answered, or told
//! that its fate is unknown, in the same time after the new leader can serve; and an error that is worth another try is not told
//! before the deadline.
//!
//! **Does not prove** anything of operations whose deadline is shorter than that time (`calls-succeed` judges them), of scripts
//! and updates while there are conflicts, of keys that go from one group to another, of reads of keys of several groups, of which another may be the one that does not answer, of nodes with full cores or disks (of cores all must be full: where
//! a node has several, and the engine's loop alone is too slow for what it is asked, this check fails), and of the last second of a run, of which nobody is told how busy
//! nodes were. Queues excuse nothing: what the model's disks could have written together was not to be written one by one.
//!
//! **Costs** a place in a heap for each operation, a look at the voters when it ends, and one at the heap whenever time passes.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, and by the planted bugs of `leasehold list variants` that name it.

use super::excuse::{self, Stalled, Suspect, Suspects};
use crate::check::calm::{self, more_than_leadership};
use crate::check::prelude::*;
use crate::history::ByOp;
use leasehold::error::{ErrorKind, Outcome};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

#[derive(Default)]
pub(in crate::check) struct Served {
    suspects: Suspects,
    stalled: Stalled,
    /// Those under way of which it is known that they are late.
    late: ByOp<()>,
    /// Those under way, by when they must have been answered.
    owed: BinaryHeap<Reverse<(SimTime, OpId)>>,
    /// Those that have reached the node that they were sent to, and that it has not answered.
    taken: ByOp<NodeId>,
    /// Those of them that were given up, the first first.
    given_up: VecDeque<GivenUp>,
}

/// An operation whose client waits no longer.
struct GivenUp {
    operation: UnderWay,
    /// When its node must have answered all the same.
    by: SimTime,
}

fn deadline(now: &Now<'_>, operation: &UnderWay) -> SimTime {
    now.premises.budget(operation.client, operation.due)
}

/// Has nothing been lost since the operation was due, and no fault been there but such as move leadership only?
fn undisturbed(now: &Now<'_>, operation: &UnderWay) -> bool {
    !now.nodes.lost_any_since(operation.due) && calm::undisturbed(now, operation.due, more_than_leadership)
}

impl Served {
    /// This one had not been answered by `by`.
    fn late(&mut self, now: &Now<'_>, by: SimTime, operation: &UnderWay) {
        let excused = excuse::lost(now, None) || self.stalled.excuses(now, operation);
        if excused || excuse::conflicts(now, operation, None) || excuse::moves(now, operation) {
            return;
        }
        let service = now.premises.service();
        match now.nodes.standing(operation.via, excuse::excuses(now.premises)) {
            Some(standing) if standing.since.after(service) <= by => {
                if standing.since <= operation.due || undisturbed(now, operation) {
                    let what = format!("and had no answer {} later", duration(by.since(operation.due)));
                    self.suspects.suspect(Suspect::new(by, operation, Some(standing), &what));
                    self.late.insert(operation.op, ());
                }
            }
            // It is owed an answer when there is who can give it.
            standing => {
                let from = standing.map_or(by, |standing| standing.since.max(operation.due));
                let again = from.after(service);
                if again > by && again < deadline(now, operation) && undisturbed(now, operation) {
                    self.owed.push(Reverse((again, operation.op)));
                }
            }
        }
    }

    /// This one was given up, and its node had not answered it by `by` either.
    fn unanswered(&mut self, now: &Now<'_>, by: SimTime, operation: &UnderWay) {
        let sound = now.nodes.sound(operation.via, excuse::excuses(now.premises));
        if sound.is_some_and(|since| since <= operation.due) {
            let waited = duration(by.since(operation.due));
            let what = format!("which has not answered it, even with an error, {waited} later");
            self.suspects.suspect(Suspect::new(by, operation, None, &what));
        }
    }
}

/// Is it one of the errors that a node tries again after, as long as there is time (`leasehold::error::Error::is_transient`)?
fn is_worth_another_try(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::NotLeader
            | ErrorKind::LeadershipLost
            | ErrorKind::TransferInProgress
            | ErrorKind::LeaderNotFound
            | ErrorKind::StaleRoute
    )
}

impl Check for Served {
    fn time_passed(&mut self, now: &Now<'_>) -> Option<Finding> {
        while let Some(Reverse((by, op))) = self.owed.peek().copied().filter(|Reverse((by, _))| *by < now.at) {
            self.owed.pop();
            let completed = now.nodes.operations.completed().map(|completed| &completed.operation);
            let operation = now.nodes.operations.get(op).or(completed.filter(|operation| operation.op == op));
            if let Some(operation) = operation {
                self.late(now, by, operation);
            }
        }
        while let Some(GivenUp { operation, by }) = self.given_up.pop_front_if(|given_up| given_up.by < now.at) {
            if self.taken.remove(operation.op).is_some() {
                self.unanswered(now, by, &operation);
            }
        }
        None
    }

    fn invoked(&mut self, now: &Now<'_>, Invocation { op, .. }: &Invocation) -> Option<Finding> {
        let operation = now.nodes.operations.get(*op)?;
        self.stalled.invoked(now, operation);
        if operation.operation.share() != Share::Whole {
            return None;
        }
        let by = operation.due.after(now.premises.service());
        if by <= deadline(now, operation) {
            self.owed.push(Reverse((by, *op)));
        }
        None
    }

    fn asked(&mut self, now: &Now<'_>, node: NodeId, op: OpId) -> Option<Finding> {
        if now.nodes.operations.get(op).is_some() {
            self.taken.insert(op, node);
        }
        None
    }

    fn leaves(&mut self, _: &Now<'_>, op: OpId) -> Option<Finding> {
        self.taken.remove(op);
        None
    }

    fn answered(&mut self, _: &Now<'_>, _: NodeId, op: OpId, _: Option<(ErrorKind, Outcome)>) -> Option<Finding> {
        self.taken.remove(op);
        None
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, completion: &Completion) -> Option<Finding> {
        let operation = &now.nodes.operations.completed()?.operation;
        let was_late = self.late.remove(op).is_some();
        let (service, deadline) = (now.premises.service(), deadline(now, operation));
        if operation.operation.share() != Share::Whole {
            self.taken.remove(op);
            return None;
        }
        if now.at >= deadline && self.taken.get(op).is_some() {
            self.given_up.push_back(GivenUp { operation: operation.clone(), by: now.at.after(service) });
        } else {
            self.taken.remove(op);
        }
        if operation.due.after(service) > deadline {
            return None;
        }
        let standing = now.nodes.standing(operation.via, excuse::excuses(now.premises));
        let stood = standing.is_some_and(|standing| standing.since <= operation.due);
        let Completion::Failed { error, outcome } = completion else {
            if stood {
                now.judge();
            }
            return None;
        };
        let given_up = now.at < deadline && *outcome == Outcome::NotApplied && is_worth_another_try(*error);
        let owed = stood || given_up && undisturbed(now, operation);
        if owed && !was_late && !self.stalled.excuses(now, operation) {
            self.suspects.failed(now, operation, completion, *error, standing);
        }
        None
    }

    fn second(&mut self, now: &Now<'_>, _: NodeId, _: Duration) -> Option<Finding> {
        self.suspects.resolve(now);
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let Some((first, number)) = self.suspects.unexcused() else { return Vec::new() };
        let message = format!(
            "{} not served, though nothing stood in the way; {} are enough. The first: {}",
            counted(number, "operation"),
            duration(now.premises.service()),
            first.told,
        );
        vec![Finding { at: first.at, ..now.bare_finding(message, self.suspects.story()) }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get, put, script};
    use crate::history::FaultPhase::{self, Activated, Ended};
    use crate::history::testing::ms;
    use crate::history::{How, Targets};
    use crate::words::{DiskHarm, Verb};
    use leasehold::env::NodeId;
    use leasehold::observe::Event;
    use std::time::Duration;

    /// Clients have a deadline of one second, and 580 ms are enough to serve them.
    fn led() -> Events {
        Events::three_and_a_leader()
    }

    /// The CPU of n1 is slow.
    fn slow(events: Events, at: u64, phase: FaultPhase) -> Events {
        events.fault_of(at, 0, (Verb::Slow, How::Slows(2)), Targets::Node(NodeId(1)), phase)
    }

    /// It is told at the end that no core was busy.
    fn judged(events: Events) -> Vec<Finding> {
        judged_if_busy(events, 0)
    }

    /// So much core time was spent in all in the last second.
    fn judged_if_busy(events: Events, millis: u64) -> Vec<Finding> {
        judged_under(Premises::of_tests(), events, millis)
    }

    fn judged_under(premises: Premises, events: Events, millis: u64) -> Vec<Finding> {
        let told = |events: Events, at, busy| {
            let busy = Duration::from_millis(busy);
            (1..=3).fold(events, |events, node| events.busy(at, node, busy))
        };
        let before = told(Events::default(), 20_000, 0);
        let events = told(told(before.then(events), 21_000, millis), 22_000, millis);
        let (found, mut panel) = events.seen_with(premises, "served");
        assert_eq!(found, [], "it is judged at the end");
        panel.finish(ms(30_000))
    }

    #[test]
    fn who_is_answered_in_time_has_been_served() {
        assert_eq!(judged(led().invoke(20_000, 1, get(0)).read(20_580, 1, 0)), []);
        assert_eq!(led().invoke(100, 1, get(0)).read(200, 1, 0).evaluated_by("served"), 1);
    }

    #[test]
    fn who_waits_for_longer_than_everything_takes_has_not() {
        let findings = judged(led().invoke(20_000, 1, get(0)).read(20_581, 1, 0));
        assert_eq!(
            findings[0].message,
            "1 operation not served, though nothing stood in the way; 580ms are enough. The first: c1 asked n1 for a get (#1, due at \
             20.000000s), and had no answer 580ms later; n1 has led term 4, followed by a quorum and in reach of n1, since 0.020000s"
        );
    }

    #[test]
    fn failing_early_is_no_service() {
        assert_eq!(judged(led().invoke(20_000, 1, put(0)).gave_up(20_010, 1, Outcome::NotApplied)).len(), 1);
        assert_eq!(judged(led().invoke(20_000, 1, put(0)).gave_up(20_010, 1, Outcome::Unknown)).len(), 1);
    }

    #[test]
    fn what_stands_in_the_way_excuses() {
        let late = |events: Events| judged(events.invoke(20_000, 1, put(0)).gave_up(20_900, 1, Outcome::Unknown)).len();
        assert_eq!(late(led()), 1);
        assert_eq!(late(slow(led(), 19_000, Activated)), 0);
        assert_eq!(late(led().killed(19_000, 1)), 0);
        let healed = |at| slow(slow(led(), 100, Activated), at, Ended);
        assert_eq!(late(healed(19_000)), 0, "what it has left behind may still be there");
        assert_eq!(late(healed(10_000)), 1);
    }

    #[test]
    fn who_writes_nothing_cannot_know_of_a_disk_that_stands_still() {
        let premises = || Premises { election_timeout: Duration::from_millis(300), ..Premises::of_tests() };
        let late = |events: Events, due: [u64; 2]| {
            let read = events.invoke(19_500, 1, get(0)).read(19_510, 1, 0);
            let first = read.invoke(due[0], 2, put(1)).gave_up(due[0] + 590, 2, Outcome::Unknown);
            let second = first.invoke(due[1], 3, put(1)).gave_up(due[1] + 590, 3, Outcome::Unknown);
            judged_under(premises(), second, 0)
                .iter()
                .map(|finding| finding.message[..11].to_owned())
                .collect::<Vec<_>>()
        };
        let stalls = (Verb::Disk, How::Disk(DiskHarm::Stall));
        let stalled = || led().fault_of(19_000, 0, stalls.clone(), Targets::Node(NodeId(1)), Activated);
        assert_eq!(late(led(), [20_000, 20_590]), ["2 operation"]);
        assert_eq!(late(stalled(), [20_000, 20_590]), [""; 0]);
        assert_eq!(
            late(stalled(), [20_000, 20_600]),
            ["1 operation"],
            "so long after the first write it must be known"
        );
    }

    #[test]
    fn an_answer_is_owed_when_another_leads_as_nothing_but_a_transfer_has_happened() {
        let moved = |events: Events| {
            let begun = events.invoke(20_000, 1, put(0)).event(20_001, 1, Event::TransferStarted { to: NodeId(2) });
            let moved = begun.follows(20_010, 1, 5).follows(20_010, 3, 5).leads(20_010, 2, 5);
            moved.event(20_020, 2, Event::CaughtUp { term: 5, index: 9 })
        };
        assert_eq!(judged(moved(led()).written(20_600, 1, 9)), []);
        assert_eq!(judged(moved(led()).written(20_601, 1, 9)).len(), 1);
        assert_eq!(judged(moved(led()).gave_up(20_300, 1, Outcome::Unknown)), [], "it is told that nobody knows");
        assert_eq!(judged(moved(slow(led(), 19_000, Activated)).written(20_900, 1, 9)), []);
    }

    #[test]
    fn an_error_that_is_worth_another_try_is_not_told_before_the_deadline() {
        let handing_over = |after: u64, error| {
            let begun = led().event(19_999, 1, Event::TransferStarted { to: NodeId(2) }).invoke(20_000, 1, put(0));
            judged(begun.complete(20_000 + after, 1, Completion::Failed { error, outcome: Outcome::NotApplied })).len()
        };
        assert_eq!(handing_over(5, ErrorKind::TransferInProgress), 1);
        assert_eq!(handing_over(5, ErrorKind::Overloaded), 0);
        assert_eq!(handing_over(1_000, ErrorKind::TransferInProgress), 0);
    }

    #[test]
    fn what_reaches_a_node_that_runs_is_answered_after_its_deadline_at_the_latest() {
        let given_up = || led().killed(15_000, 2).killed(15_000, 3).invoke(20_000, 1, put(0)).asks(20_001, 1, 1);
        let given_up = || given_up().gave_up(21_000, 1, Outcome::Unknown);
        assert_eq!(judged_if_busy(given_up().answers(21_580, 1, 1), 0), []);
        assert_eq!(judged_if_busy(given_up(), 0).len(), 1);
        assert_eq!(judged_if_busy(slow(given_up(), 20_500, Activated), 0), []);
    }

    #[test]
    fn what_a_network_that_loses_some_may_have_lost_is_excused() {
        let told = |premises: Premises, error| {
            let failed = Completion::Failed { error, outcome: Outcome::NotApplied };
            judged_under(premises, led().invoke(20_000, 1, put(0)).complete(20_900, 1, failed), 0).len()
        };
        let lossy = || Premises { clients_lossless: false, ..Premises::of_tests() };
        for error in [ErrorKind::DeadlineExceeded, ErrorKind::Unroutable] {
            assert_eq!(told(Premises::of_tests(), error), 1, "{error:?}");
        }
        assert_eq!([told(lossy(), ErrorKind::DeadlineExceeded), told(lossy(), ErrorKind::Unroutable)], [0, 1]);
    }

    #[test]
    fn scripts_are_excused_while_there_are_conflicts() {
        let late = |conflict| {
            let run = led().invoke(20_000, 1, script(&[0], 1)).event(conflict, 1, Event::Conflict { index: 7 });
            judged(run.gave_up(20_900, 1, Outcome::Unknown)).len()
        };
        assert_eq!([late(20_500), late(19_999)], [0, 1]);
    }

    #[test]
    fn full_cores_excuse() {
        let late = || led().invoke(20_500, 1, put(0)).gave_up(20_900, 1, Outcome::Unknown);
        assert_eq!(judged_if_busy(late(), 3_100).len(), 1);
        assert_eq!(judged_if_busy(late(), 3_300), [], "of four cores");
    }
}
