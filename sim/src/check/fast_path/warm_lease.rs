//! Pf3: a new leader's lease is warm as soon as it can be, and a healed one's as well.
//!
//! **Proves**, of a lease that the engine renews by itself, where no fault is in force: a leader that has applied an entry of
//! its own term answers from its lease one heartbeat round trip later; and one that led through a partition, a pause or a
//! transfer, a heartbeat interval and a round trip after it has ended. A tick is added to both, and an fsync: a loop looks at
//! its clock once a tick.
//!
//! **Does not prove** anything where nobody reads then: the first read that comes later is judged, and no other (`hit-rate`
//! is). Nor soon after other faults, which leave something behind: a node that starts again, an fsync that goes on. A transfer
//! that was given up is for `transfers-end` to judge.
//!
//! **Costs** a comparison at each lease read.
//!
//! **Seen alive by** `lease-ended-by-renewal` (`fast/steady`), where `lease-used` speaks first, `only-voter-without-lease`
//! (`planted/only-voter`), its unit tests and `sim/tests/alive.rs`.

use crate::check::prelude::*;
use leasehold::observe::Miss;

/// Is it not over when it has ended?
fn leaves_something_behind(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Members | Disturbs::Messages | Disturbs::Lives | Disturbs::Pace | Disturbs::Clocks => true,
        Disturbs::Leadership | Disturbs::Routes | Disturbs::Reach | Disturbs::Standstill | Disturbs::Nothing => false,
    }
}

#[derive(Default)]
pub(in crate::check) struct WarmLease {
    /// From when on the next read of the leader must be answered from its lease; `None`: one was judged.
    due: Option<SimTime>,
    cold: u64,
    first: Option<Finding>,
}

impl WarmLease {
    /// Something began, from which the lease must be warm some time later.
    fn reckon(&mut self, now: &Now<'_>) {
        let Premises { tick, heartbeat, slowest_round_trip, slowest_fsync, .. } = *now.premises;
        let round = tick + slowest_round_trip + slowest_fsync;
        let reckoned = now.nodes.last_caught_up().zip(now.nodes.faults.calm(|_| true));
        self.due = reckoned.map(|((_, elected), calm)| elected.after(round).max(calm.since.after(heartbeat + round)));
    }
}

impl Check for WarmLease {
    fn caught_up(&mut self, now: &Now<'_>, _: By<'_>, _: u64, _: u64) -> Option<Finding> {
        self.reckon(now);
        None
    }

    fn fault(&mut self, now: &Now<'_>, _: &Fault) -> Option<Finding> {
        self.reckon(now);
        None
    }

    fn lease_read(&mut self, now: &Now<'_>, by: By<'_>, read: LeaseRead) -> Option<Finding> {
        let is_due = self.due.is_some_and(|due| now.at > due);
        let elected = now.nodes.caught_up(by.node).filter(|_| is_due)?;
        // Who stood still for long may lead on for a moment in a term that the others have left.
        let members = now.nodes.members(by.node);
        let stays = |voter| now.nodes.get(voter).is_none_or(|replica| replica.term <= by.state.term);
        let judged = read.counts()
            && members.is_quorum(stays)
            && read.miss != Some(Miss::Transfer)
            && now.premises.lossless
            && now.nodes.renew_by_themselves()
            && now.premises.is_settled(now.nodes.faults.calm(leaves_something_behind), now.at);
        if !judged {
            return None;
        }
        self.due = None;
        now.judge();
        let (node, miss, since) = (by.node, read.miss?.name(), duration(now.at.since(elected)));
        self.cold += 1;
        self.first.get_or_insert_with(|| {
            let message = format!(
                "{node}, caught up since {elected}, answered a read not from its lease ({miss}) {since} after that, and nothing was wrong any more"
            );
            now.finding(message, Vec::new())
        });
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        self.first.take().map(|first| first.of(self.cold)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::words::Verb;
    use leasehold::observe::Event;

    /// n1 is caught up at 21 s. A tick and a heartbeat are 100 ms, a round trip takes 4 at most, an fsync 5.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(20_900, 1, 4).event(21_000, 1, Event::CaughtUp { term: 4, index: 1 })
    }

    fn judged(events: &Events) -> (usize, u64) {
        let (found, evaluated) = events.judged_by("warm-lease", 60_000);
        (found.len(), evaluated)
    }

    #[test]
    fn a_round_trip_after_it_is_caught_up_a_leader_answers_from_its_lease() {
        assert_eq!(judged(&led().missed(21_100, 1, Miss::Cold).hit(21_110, 1)), (0, 1));
        assert_eq!(judged(&led().missed(21_110, 1, Miss::Cold)), (1, 1));
        assert_eq!(judged(&led().hit(21_110, 1).missed(21_120, 1, Miss::Cold)), (0, 1), "only the first");
    }

    #[test]
    fn after_a_fault_it_has_a_heartbeat_more() {
        let cut = || led().fault(22_000, 0, Verb::Partition, Activated);
        assert_eq!(judged(&cut().missed(22_900, 1, Miss::Expired)), (0, 0), "none is owed meanwhile");
        let healed = || cut().fault(23_000, 0, Verb::Partition, Ended);
        assert_eq!(judged(&healed().missed(23_209, 1, Miss::Expired).hit(23_210, 1)), (0, 1));
        assert_eq!(judged(&healed().missed(23_210, 1, Miss::Expired)), (1, 1));
        assert_eq!(judged(&healed().missed(23_210, 1, Miss::Transfer)), (0, 0), "it is being handed over");
        assert_eq!(
            judged(&healed().follows(23_100, 1, 5).missed(23_210, 1, Miss::Expired)),
            (0, 0),
            "it leads no more"
        );
    }

    #[test]
    fn who_leads_a_term_that_a_quorum_has_left_is_owed_no_lease() {
        let paused = led().fault(22_000, 0, Verb::Pause, Activated).fault(24_000, 0, Verb::Pause, Ended);
        let left_by_one = paused.follows(23_900, 2, 5);
        assert_eq!(judged(&left_by_one.clone().missed(24_300, 1, Miss::Expired)), (1, 1));
        assert_eq!(judged(&left_by_one.follows(23_950, 3, 5).missed(24_300, 1, Miss::Expired)), (0, 0));
    }

    #[test]
    fn what_leaves_something_behind_is_not_judged() {
        let crashed = led().fault(22_000, 0, Verb::Crash, Activated).fault(23_000, 0, Verb::Crash, Ended);
        assert_eq!(judged(&crashed.missed(24_000, 1, Miss::Expired)), (0, 0));
    }

    #[test]
    fn who_is_alone_has_a_lease_as_well() {
        let alone = led().members(22_000, 1, 7, [&[1], &[], &[]]);
        assert_eq!(judged(&alone.missed(24_000, 1, Miss::Cold)), (1, 1));
    }
}
