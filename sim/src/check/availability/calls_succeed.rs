//! L9: where nothing is wrong, calls succeed.
//!
//! **Proves** that of the operations that were due while no fault was in force, and none had been for as long as an election may take,
//! while one leader led that a quorum followed, 999 of 1,000 were answered ok by their deadlines. A compare-and-set that finds another
//! value is answered.
//!
//! **Does not prove** anything of scripts and updates while there are conflicts, and of nodes with full cores: more is asked of these than
//! they can do. Neither of operations whose deadline is shorter than network and disk allow ([`Premises::shortest_service`]). Queues
//! excuse nothing, as disks can write any number of entries together.
//!
//! **Costs** a look at the voters when an operation ends.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, and by the planted bugs of `leasehold list variants` that name it.

use super::excuse::{Suspect, Suspects};
use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{Completion, OpId, Record, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "calls-succeed",
    Class::Availability,
    "where nothing is wrong and cores are free, 999 of 1,000 operations are answered ok",
    "issue 14",
);

/// One of so many may fail.
const OF: u64 = 1_000;

/// The check.
pub(in crate::check) struct CallsSucceed {
    premises: Premises,
    suspects: Suspects,
    /// Operations that were answered though nothing had to be excused.
    answered: u64,
}

impl CallsSucceed {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { premises: premises.clone(), suspects: Suspects::new(premises), answered: 0 }
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion, nodes: &View) {
        let Some(completed) = nodes.operations.completed() else { return };
        let operation = &completed.operation;
        let deadline = self.premises.deadlines.get(operation.client as usize);
        if deadline.is_some_and(|deadline| *deadline < self.premises.shortest_service()) {
            return;
        }
        let calm = nodes.faults.calm(|_| true).map(|calm| calm.since);
        let settled = |since: SimTime| {
            since == SimTime::default() || since.after(self.premises.usual_settling()) <= operation.due
        };
        if !calm.is_some_and(settled) {
            return;
        }
        let standing = nodes.standing(operation.via, self.suspects.excuses());
        let Some(standing) = standing.filter(|standing| standing.since <= operation.due) else { return };
        let Completion::Failed { error, .. } = completion else {
            self.answered += 1;
            return;
        };
        if !self.suspects.conflicts(operation, Some(completion)) {
            let what = format!("and was told `{}` {} later", error.name(), words::duration(at.since(operation.due)));
            self.suspects.suspect(Suspect::new(at, op, operation, Some(standing), &what));
        }
    }
}

impl Check for CallsSucceed {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Completed, Kind::Told, Kind::Cpu]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        self.suspects.record(record, nodes);
        if let What::Completed { op, completion } = &record.what {
            self.completed(record.at, *op, completion, nodes);
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.answered
    }

    fn finish(&mut self, _: SimTime) -> Vec<Finding> {
        let Some((first, failed)) = self.suspects.unexcused() else { return Vec::new() };
        let due = self.answered + failed;
        if failed * OF <= due {
            return Vec::new();
        }
        let message = format!(
            "{failed} of {} that were due while nothing was wrong were not answered ok; 1 of {OF} may be. The first: {}",
            words::several(due, "operation"),
            first.told,
        );
        vec![INFO.finding(first.at, message, self.suspects.story())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get, ms};
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;
    use leasehold::env::NodeId;
    use leasehold::error::Outcome;
    use std::time::Duration;

    /// So many gets are answered, each in its millisecond, and so many are not.
    fn judged(events: Events, answered: u64, failed: u64) -> Vec<Finding> {
        let mut check = CallsSucceed::new(&Premises::of_tests());
        let gets = (0..answered + failed).fold(events, |events, op| {
            let begun = events.invoke(100 + op, op, get(0));
            if op < answered { begun.read(100 + op, op, 0) } else { begun.gave_up(100 + op, op, Outcome::NotApplied) }
        });
        let idle = |events: Events, node| events.push(5_000, What::Cpu { node: NodeId(node), busy: Duration::ZERO });
        assert_eq!((1..=3).fold(gets, idle).first(&mut check), None, "it is judged at the end");
        assert_eq!(check.evaluated() == 0, check.answered == 0);
        check.finish(ms(5_000))
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
        let deadlines = vec![Premises::of_tests().shortest_service() - Duration::from_nanos(1); 100];
        let mut check = CallsSucceed::new(&Premises { deadlines: deadlines.into(), ..Premises::of_tests() });
        Events::three_and_a_leader().invoke(100, 1, get(0)).read(100, 1, 0).first(&mut check);
        assert_eq!(check.evaluated(), 0);
    }

    #[test]
    fn nothing_is_asked_under_a_fault_or_without_a_leader() {
        let disturbed = Events::three_and_a_leader().fault(50, 0, Verb::Clock, Activated);
        assert_eq!(judged(disturbed, 10, 10), []);
        assert_eq!(judged(Events::default(), 10, 10), []);
    }
}
