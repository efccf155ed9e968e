//! L6: nobody is elected for no reason.
//!
//! **Proves** that while no fault has been in force for six of the longest election timeouts, none is and no transfer was asked
//! for, leadership does not change: not under any load, and not in a storm of write conflicts either. The election with which a
//! run begins is not one of those. Evaluated is each election, whether there was a reason for it, and each stretch of calm
//! without one.
//!
//! **Does not prove** anything of a network that loses messages of its own accord: where a heartbeat may be lost without any
//! fault, so may ten in a row, but that is rare enough to be looked at when it happens. Nor that heartbeats are sent: those that
//! wait behind entries cost the lease and no leader (`heartbeats-behind-entries`), by the entries its followers hear of it.
//!
//! **Costs** a look at each fault, each transfer and each change of role.
//!
//! **Seen alive by** `one-channel` (`planted/far-followers`), its unit tests and `sim/tests/alive.rs`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{FaultPhase, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::view::faults::Change;
use leasehold::env::ReplicaId;
use leasehold::observe::{Event, Role};

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "steady-leadership",
    Class::Liveness,
    "leadership changes for a fault or a transfer, never under load alone",
    "lease-bugs.md L6, Pf4",
);

/// The check.
pub(in crate::check) struct SteadyLeadership {
    premises: Premises,
    /// Who leads has no reason to lose that from here on; `None`: a fault is in force.
    calm_from: Option<SimTime>,
    changes: u64,
    first: Option<Finding>,
    evaluated: u64,
}

impl SteadyLeadership {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        let calm_from = Some(SimTime::default().after(premises.settling()));
        Self { premises: premises.clone(), calm_from, changes: 0, first: None, evaluated: 0 }
    }

    /// Something happened that may move leadership.
    fn disturbed(&mut self, at: SimTime, nodes: &View) {
        self.close(at);
        self.calm_from = nodes.faults.calm_since().map(|_| at.after(self.premises.settling()));
    }

    /// A stretch of calm, if there was one, is over.
    fn close(&mut self, at: SimTime) {
        self.evaluated += u64::from(self.calm_from.is_some_and(|from| from < at));
    }

    fn elected(
        &mut self,
        at: SimTime,
        StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord,
        nodes: &View,
    ) {
        let Event::Role { role: Role::Leader, term, .. } = event else { return };
        // It tells this again when nothing but its knowledge of the leader has changed.
        let since = nodes.get(*node).map_or(at, |state| state.since);
        if since != at {
            return;
        }
        self.evaluated += 1;
        if self.calm_from.is_none_or(|from| at < from) {
            return;
        }
        self.changes += 1;
        if self.first.is_none() {
            let message =
                format!("{node} became leader of term {term}, and no fault or transfer had given reason for that");
            self.first = Some(INFO.finding(at, message, nodes.story(at, STORY)));
        }
    }
}

impl Check for SteadyLeadership {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told, Kind::Fault]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Fault(fault) if nodes.faults.change() != Change::None || fault.phase == FaultPhase::Activated => {
                self.disturbed(record.at, nodes);
            }
            What::Stack(StackRecord { event: Event::TransferStarted { .. }, .. }) => self.disturbed(record.at, nodes),
            What::Stack(told) => self.elected(record.at, told, nodes),
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        self.close(end);
        let changes = words::several(self.changes, "time");
        let counted =
            |finding: Finding| Finding { message: format!("{}; {changes} in all", finding.message), ..finding };
        self.first.take().map(counted).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::words::Verb;
    use leasehold::env::NodeId;

    /// With an election timeout of one second it is calm 12.6 s after anything happened.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        let mut check = SteadyLeadership::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "L6 is judged at the end");
        (check.finish(ms(60_000)), check.evaluated())
    }

    fn led() -> Events {
        Events::default().leads(1_000, 1, 1)
    }

    #[test]
    fn an_election_in_the_calm_is_a_violation() {
        let (findings, _) = judged(&led().leads(20_000, 2, 2).leads(30_000, 1, 3));
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].message,
            "n2 became leader of term 2, and no fault or transfer had given reason for that; 2 times in all"
        );
        assert_eq!((findings[0].class, findings[0].at), (Class::Liveness, ms(20_000)));
    }

    #[test]
    fn the_first_and_a_leader_that_repeats_itself_are_none() {
        assert_eq!(judged(&led()), (Vec::new(), 2));
        assert_eq!(judged(&led().leads(20_000, 1, 1)), (Vec::new(), 2));
    }

    #[test]
    fn a_fault_is_a_reason_and_so_is_what_it_leaves_behind() {
        let cut = || led().fault(14_000, 0, Verb::Partition, Activated);
        assert_eq!(judged(&cut().leads(20_000, 2, 2)).0, []);
        let healed = || cut().fault(20_000, 0, Verb::Partition, Ended);
        assert_eq!(judged(&healed().leads(31_000, 2, 2)), (Vec::new(), 4));
        assert_eq!(judged(&healed().leads(33_000, 2, 2)).0.len(), 1);
    }

    #[test]
    fn a_transfer_is_a_reason() {
        let moved = led().event(20_000, 1, Event::TransferStarted { to: NodeId(2) });
        assert_eq!(judged(&moved.leads(20_050, 2, 2)).0, []);
    }
}
