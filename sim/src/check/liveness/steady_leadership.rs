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

use crate::check::prelude::*;
use crate::history::FaultPhase;
use crate::view::faults::Change;

#[derive(Default)]
pub(in crate::check) struct SteadyLeadership {
    /// When something last happened that may move leadership, and whether it was a fault that is in force.
    disturbed: SimTime,
    in_force: bool,
    changes: u64,
    first: Option<Finding>,
}

impl SteadyLeadership {
    /// Who leads has no reason to lose that from then on; `None`: a fault is in force.
    fn calm_from(&self, now: &Now<'_>) -> Option<SimTime> {
        (!self.in_force).then(|| self.disturbed.after(now.premises.settling()))
    }

    /// Something happened that may move leadership.
    fn disturb(&mut self, now: &Now<'_>) {
        self.close(now);
        (self.disturbed, self.in_force) = (now.at, now.nodes.faults.calm_since().is_none());
    }

    /// A stretch of calm, if there was one, is over.
    fn close(&self, now: &Now<'_>) {
        if self.calm_from(now).is_some_and(|from| from < now.at) {
            now.judge();
        }
    }
}

impl Check for SteadyLeadership {
    fn fault(&mut self, now: &Now<'_>, fault: &Fault) -> Option<Finding> {
        if now.nodes.faults.change() != Change::None || fault.phase == FaultPhase::Activated {
            self.disturb(now);
        }
        None
    }

    fn transfer_started(&mut self, now: &Now<'_>, _: By<'_>, _: NodeId) -> Option<Finding> {
        self.disturb(now);
        None
    }

    fn leads(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>) -> Option<Finding> {
        if state.since != now.at {
            return None;
        }
        now.judge();
        if self.calm_from(now).is_none_or(|from| now.at < from) {
            return None;
        }
        self.changes += 1;
        self.first.get_or_insert_with(|| {
            let term = state.term;
            let message =
                format!("{node} became leader of term {term}, and no fault or transfer had given reason for that");
            now.finding(message, Vec::new())
        });
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.close(now);
        self.first.take().map(|first| first.of(self.changes)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::scenario::Class;
    use crate::words::Verb;
    use leasehold::env::NodeId;
    use leasehold::observe::Event;

    /// With an election timeout of one second it is calm 12.6 s after anything happened.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        events.judged_by("steady-leadership", 60_000)
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
