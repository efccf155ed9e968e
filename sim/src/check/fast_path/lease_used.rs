//! V1: the lease is used at all.
//!
//! **Proves** that a run in which somebody led and was caught up for five election timeouts without a break, and in which lease
//! reads came to it meanwhile, has at least one read that was answered from a lease, by anybody. A test of the lease that
//! passes with the lease switched off proves nothing (ScyllaDB #30697, in review).
//!
//! Where nobody is answered at all nothing is asked of the lease: it may be renewed by rounds of ReadIndex alone, and none of them come to
//! an end within what clients have for them. Nor is it where voters promise nothing, so that none is granted, nor of a read that finds its
//! clock unreadable while a fault of a clock is in force.
//!
//! **Does not prove** that the lease is used as it should be: that is the hit rate, which a scenario bounds. Correct refusals
//! are counted by reason in every report; a scenario's floors may ask for them.
//!
//! **Costs** a counter at each lease read.
//!
//! **Seen alive by** its unit tests, and by `idle-lease-lapses` (`planted/read-only`), `no-lease` and `lease-ended-by-renewal`
//! (`fast/steady`). Such a lease is a bug and not an idle run: so its class is that of the hit rate.

use crate::check::prelude::*;
use leasehold::observe::Miss;

/// For so many election timeouts a leader must stand.
const TIMEOUTS: u32 = 5;

#[derive(Default)]
pub(in crate::check) struct LeaseUsed {
    /// Lease reads that came to a leader that had stood for that long.
    reads: u64,
    hits: u64,
    /// Somebody was answered.
    answered: bool,
}

impl Check for LeaseUsed {
    fn lease_read(&mut self, now: &Now<'_>, by: By<'_>, read: LeaseRead) -> Option<Finding> {
        self.hits += u64::from(read.miss.is_none());
        let stood = now.at.since(now.nodes.caught_up(by.node)?);
        if read.counts() && now.nodes.may_hold_lease(by.node) && stood > now.premises.election_timeout * TIMEOUTS {
            now.judge();
            let of_clocks = |disturbs| disturbs == Disturbs::Clocks;
            let excused = read.miss == Some(Miss::Clock) && now.nodes.faults.in_force(of_clocks) > 0;
            self.reads += u64::from(!excused);
        }
        None
    }

    fn completed(&mut self, _: &Now<'_>, _: OpId, completion: &Completion) -> Option<Finding> {
        self.answered |= !matches!(completion, Completion::Failed { .. });
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        if self.reads == 0 || self.hits > 0 || !self.answered {
            return Vec::new();
        }
        let reads = counted(self.reads, "lease read");
        let stood = duration(now.premises.election_timeout * TIMEOUTS);
        let message = format!(
            "{reads} came to a leader that had stood for {stood}, and none in the run was answered from a lease"
        );
        vec![now.bare_finding(message, Vec::new())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase;
    use crate::scenario::Class;
    use crate::words::Verb;
    use leasehold::observe::Event;

    fn judged(events: &Events) -> Vec<Finding> {
        events.judged_by("lease-used", 60_000).0
    }

    fn led() -> Events {
        unserved().get(200, 210, 0)
    }

    fn unserved() -> Events {
        Events::default().leads(0, 1, 1).event(100, 1, Event::CaughtUp { term: 1, index: 1 })
    }

    #[test]
    fn a_leader_that_stands_and_never_answers_from_a_lease_has_none() {
        let findings = judged(&led().missed(5_200, 1, Miss::Cold));
        assert_eq!(
            findings[0].message,
            "1 lease read came to a leader that had stood for 5s, and none in the run was answered from a lease"
        );
        assert_eq!(findings[0].class, Class::Expectation);
    }

    #[test]
    fn one_hit_is_enough_and_a_short_leader_or_none_owes_none() {
        assert_eq!(judged(&led().hit(200, 1).missed(5_200, 1, Miss::Cold)), []);
        assert_eq!(judged(&led().missed(5_100, 1, Miss::Cold)), []);
        assert_eq!(judged(&led().follows(3_000, 1, 2).missed(5_200, 1, Miss::Cold)), []);
        assert_eq!(judged(&led()), []);
        assert_eq!(judged(&unserved().missed(5_200, 1, Miss::Cold)), [], "nobody was answered");
        let fails = led().fault(5_100, 1, Verb::Clock, FaultPhase::Activated);
        assert_eq!(judged(&fails.missed(5_200, 1, Miss::Clock)), [], "no clock can be read");
        assert_eq!(judged(&led().missed(5_200, 1, Miss::Clock)).len(), 1, "so it says, and nothing is wrong with it");
    }
}
