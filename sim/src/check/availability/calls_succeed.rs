//! Where nothing is wrong, calls succeed.
//!
//! **Proves** that of the operations that were due while no fault was in force, and none had been for as long as an election may take,
//! while one leader led that a quorum followed, 999 of 1,000 were answered ok by their deadlines. A compare-and-set that finds another
//! value is answered.
//!
//! **Does not prove** anything of scripts and updates while there are conflicts, and of nodes with full cores or disks: more is asked of these than
//! they can do. Neither of reads of keys of several groups, of which another may be the one that does not answer, and of operations whose deadline is shorter than network and disk allow ([`Premises::shortest_service`]). Queues
//! excuse nothing, as disks can write any number of entries together.
//!
//! **Costs** a look at the voters when an operation ends.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, and by the planted bugs of `leasehold list variants` that name it.

use super::excuse::{self, Suspects};
use crate::check::calm::undisturbed;
use crate::check::prelude::*;

/// One of so many may fail.
const OF: u64 = 1_000;

#[derive(Default)]
pub(in crate::check) struct CallsSucceed {
    suspects: Suspects,
    /// Operations that were answered though nothing had to be excused.
    answered: u64,
}

impl Check for CallsSucceed {
    fn completed(&mut self, now: &Now<'_>, _: OpId, completion: &Completion) -> Option<Finding> {
        let operation = &now.nodes.operations.completed()?.operation;
        let (due, premises) = (operation.due, now.premises);
        if operation.operation.share() != Share::Whole {
            return None;
        }
        let too_short = due.after(premises.shortest_service()) > premises.budget(operation.client, due);
        if too_short || !undisturbed(now, due, |_| true) {
            return None;
        }
        let standing = now.nodes.standing(operation.via, excuse::excuses(premises));
        let standing = standing.filter(|standing| standing.since <= due)?;
        let Completion::Failed { error, .. } = completion else {
            now.judge();
            self.answered += 1;
            return None;
        };
        self.suspects.failed(now, operation, completion, *error, Some(standing));
        None
    }

    fn second(&mut self, now: &Now<'_>, _: NodeId, _: Duration) -> Option<Finding> {
        self.suspects.resolve(now);
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let Some((first, failed)) = self.suspects.unexcused() else { return Vec::new() };
        let due = self.answered + failed;
        if failed * OF <= due {
            return Vec::new();
        }
        let message = format!(
            "{failed} of {} that were due while nothing was wrong were not answered ok; 1 of {OF} may be. The first: {}",
            counted(due, "operation"),
            first.told,
        );
        vec![Finding { at: first.at, ..now.bare_finding(message, self.suspects.story()) }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Premises;
    use crate::check::testing::{Events, get};
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;
    use leasehold::error::Outcome;
    use std::time::Duration;

    /// So many gets are answered, each in its millisecond, and so many are not.
    fn judged(events: Events, answered: u64, failed: u64) -> Vec<Finding> {
        let gets = (0..answered + failed).fold(events, |events, op| {
            let begun = events.invoke(100 + op, op, get(0));
            if op < answered { begun.read(100 + op, op, 0) } else { begun.gave_up(100 + op, op, Outcome::NotApplied) }
        });
        let idle = |events: Events, node| events.busy(5_000, node, Duration::ZERO);
        (1..=3).fold(gets, idle).judged_by("calls-succeed", 5_000).0
    }

    #[test]
    fn one_call_of_a_thousand_may_fail() {
        let led = Events::three_and_a_leader;
        assert_eq!(judged(led(), 999, 1), []);
        let findings = judged(led(), 998, 1);
        assert!(
            findings[0].message.starts_with(
                "1 of 999 operations that were due while nothing was wrong were not answered ok; 1 of 1000 may be. The first: c998 asked n1"
            ),
            "{}",
            findings[0].message
        );
        assert_eq!(judged(led(), 4_000, 5).len(), 1);
    }

    #[test]
    fn a_deadline_that_cannot_be_kept_is_nobodys_fault() {
        let budgets = vec![Premises::of_tests().shortest_service() - Duration::from_nanos(1); 100];
        let premises = Premises { budgets: budgets.into(), ..Premises::of_tests() };
        let answered = Events::three_and_a_leader().invoke(100, 1, get(0)).read(100, 1, 0);
        assert_eq!(answered.evaluated_by("calls-succeed"), 1);
        let (_, panel) = answered.seen_with(premises, "calls-succeed");
        assert_eq!(panel.evaluated(), 0);
    }

    #[test]
    fn nothing_is_asked_under_a_fault_or_without_a_leader() {
        let disturbed = Events::three_and_a_leader().fault(50, 0, Verb::Clock, Activated);
        assert_eq!(judged(disturbed, 10, 10), []);
        assert_eq!(judged(Events::default(), 10, 10), []);
    }
}
