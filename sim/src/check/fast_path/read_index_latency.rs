//! Pf6: a ReadIndex round takes a round trip, and waits for no tick.
//!
//! **Proves**, of all rounds for lease misses and for reads that run one of their own, that a leader begins and ends which is
//! caught up, where nothing but transfers has disturbed the cluster for six election timeouts (two after a heal): half of them
//! take no longer than a round trip and an fsync (each the 99th percentile of its model), and all but one of 100 no longer than
//! the slowest of both. A round that is sent with the next tick or heartbeat is slower than that (LB-62). Each entry that the
//! leader made durable meanwhile may cost one fsync more: who is elected has a queue of all who waited for it, and a round is
//! served in its turn (`slow/chaos`, seed 2103).
//!
//! **Does not prove** what half of fewer rounds than [`ENOUGH`] take, nor anything of the rounds that a variant runs before its
//! writes. What finds a queue full disturbs here as a fault does: a flood of rounds is for `read-index-budget` and the scenario
//! to judge. A round that a snapshot held up is not judged either: a leader writes it in the same loop, and if everybody who
//! waited for it calls at that instant, each of them waits for those before it (`slow/chaos`, seed 9010).
//!
//! **Costs** two counters at each round that ends, and an instant for each entry of the leader.
//!
//! **Seen alive by** its unit tests, `sim/tests/alive.rs`, `round-waits-for-tick` in `fast/read-index`, and
//! `heartbeats-behind-entries` in `planted/bulk-traffic`.

use crate::check::calm::more_than_leadership;
use crate::check::prelude::*;
use std::collections::VecDeque;

/// So many rounds say something of how long they take.
const ENOUGH: u64 = 100;

/// Of so many entries it is known when the leader made them durable.
const REMEMBERED: usize = 64;

#[derive(Default)]
pub(in crate::check) struct ReadIndexLatency {
    /// Who was last caught up, and since when it has been that and written no snapshot.
    leader: Option<(NodeId, SimTime)>,
    /// When it made its last entries durable.
    appended: VecDeque<SimTime>,
    /// When a queue was last found full.
    full: Option<SimTime>,
    rounds: u64,
    /// Of those, slower than half of them may be, and than one of 100.
    slow: u64,
    slowest: u64,
    longest: Duration,
}

fn usual(premises: &Premises) -> Duration {
    premises.round_trip + premises.fsync
}

fn most(premises: &Premises) -> Duration {
    premises.slowest_round_trip + premises.slowest_fsync
}

impl ReadIndexLatency {
    fn is_leader(&self, node: NodeId) -> bool {
        self.leader.is_some_and(|(leader, _)| leader == node)
    }

    /// Writing that takes a loop away from its rounds.
    fn writes_snapshot(&mut self, now: &Now<'_>, node: NodeId) {
        if self.is_leader(node) {
            self.leader = Some((node, now.at));
        }
    }

    fn finding(&self, now: &Now<'_>, number: u64, bound: Duration, may: &str) -> Finding {
        let message = format!(
            "{} of {} took longer than {} and what was ahead of them, and {may} may",
            count(number),
            counted(self.rounds, "ReadIndex round"),
            duration(bound)
        );
        now.bare_finding(message, vec![format!("the longest took {}", duration(self.longest))])
    }
}

impl Check for ReadIndexLatency {
    fn caught_up(&mut self, now: &Now<'_>, by: By<'_>, _: u64, _: u64) -> Option<Finding> {
        self.leader = Some((by.node, now.at));
        None
    }

    fn appended(&mut self, now: &Now<'_>, by: By<'_>, _: Place) -> Option<Finding> {
        if self.is_leader(by.node) {
            if self.appended.len() == REMEMBERED {
                self.appended.pop_front();
            }
            self.appended.push_back(now.at);
        }
        None
    }

    fn round_ended(
        &mut self,
        now: &Now<'_>,
        by: By<'_>,
        cause: RoundCause,
        waited: Duration,
        confirmed: bool,
    ) -> Option<Finding> {
        let Now { at, nodes, premises, .. } = *now;
        let judged = match cause {
            RoundCause::LeaseMiss | RoundCause::InnerRead => confirmed && premises.lossless,
            RoundCause::Renewal | RoundCause::Write => false,
        };
        let full = self.full.is_some_and(|full| at.since(full) < premises.settling());
        let ready = self.leader.is_some_and(|(leader, since)| leader == by.node && at.since(since) >= waited);
        if !judged || full || !ready || !premises.is_settled(nodes.faults.calm(more_than_leadership), at) {
            return None;
        }
        now.judge();
        self.rounds += 1;
        // What the leader made durable meanwhile, an entry at a time if need be, was ahead of the round.
        let ahead = self.appended.iter().rev().take_while(|appended| at.since(**appended) <= waited).count();
        let behind = premises.fsync * ahead as u32;
        self.slow += u64::from(waited > usual(premises) + behind);
        self.slowest += u64::from(waited > most(premises) + behind);
        self.longest = self.longest.max(waited);
        None
    }

    fn queue_full(&mut self, now: &Now<'_>, _: By<'_>, _: Lane, _: Option<NodeId>) -> Option<Finding> {
        self.full = Some(now.at);
        None
    }

    fn snapshot_taken(&mut self, now: &Now<'_>, by: By<'_>, _: Place) -> Option<Finding> {
        self.writes_snapshot(now, by.node);
        None
    }

    fn log_compacted(&mut self, now: &Now<'_>, by: By<'_>, _: u64) -> Option<Finding> {
        self.writes_snapshot(now, by.node);
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let half = self.rounds >= ENOUGH && self.slow * 2 > self.rounds;
        let half = half.then(|| self.finding(now, self.slow, usual(now.premises), "half of them"));
        let one = self.slowest * 100 > self.rounds.max(100);
        let one = one.then(|| self.finding(now, self.slowest, most(now.premises), "one of 100"));
        half.into_iter().chain(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;
    use leasehold::observe::Event;

    /// A round trip takes 1 ms and an fsync 2; the slowest of both take 9.
    fn judged(rounds: &[(u64, u64)]) -> (Vec<String>, u64) {
        let rounds = rounds.iter().flat_map(|(times, waited)| std::iter::repeat_n(*waited, *times as usize));
        after(rounds.fold(led(), |events, waited| events.round_ended(20_000, 1, RoundCause::LeaseMiss, waited)))
    }

    fn led() -> Events {
        Events::default().event(15_000, 1, Event::CaughtUp { term: 2, index: 1 })
    }

    fn after(events: Events) -> (Vec<String>, u64) {
        let (findings, evaluated) = events.judged_by("read-index-latency", 60_000);
        (findings.into_iter().map(|finding| finding.message).collect(), evaluated)
    }

    #[test]
    fn half_of_the_rounds_take_a_round_trip_and_almost_all_no_longer_than_the_slowest() {
        assert_eq!(judged(&[(50, 3), (49, 8), (1, 50)]), (Vec::new(), 100));
        assert_eq!(
            judged(&[(49, 3), (51, 4)]).0,
            ["51 of 100 ReadIndex rounds took longer than 3ms and what was ahead of them, and half of them may"]
        );
        assert_eq!(
            judged(&[(98, 3), (2, 10)]).0,
            ["2 of 100 ReadIndex rounds took longer than 9ms and what was ahead of them, and one of 100 may"]
        );
    }

    #[test]
    fn of_few_one_may_be_slow() {
        assert_eq!(judged(&[(1, 50), (10, 4)]), (Vec::new(), 11));
        assert_eq!(
            judged(&[(2, 50)]).0,
            ["2 of 2 ReadIndex rounds took longer than 9ms and what was ahead of them, and one of 100 may"]
        );
    }

    #[test]
    fn who_was_not_caught_up_waited_for_that() {
        let late = |events: Events| events.round_ended(15_040, 1, RoundCause::LeaseMiss, 50);
        assert_eq!(after(late(late(led()))), (Vec::new(), 0));
    }

    #[test]
    fn an_fsync_more_is_granted_for_each_entry_that_was_ahead() {
        let slow = |entries: &[u64], waited| {
            let ended = |events: Events| events.round_ended(20_000, 1, RoundCause::LeaseMiss, waited);
            let appended = entries.iter().fold(led(), |events, at| events.appends(*at, 1, 7, 2, 0));
            !after(ended(ended(appended))).0.is_empty()
        };
        assert_eq!([13, 14].map(|waited| slow(&[19_990, 19_995], waited)), [false, true]);
        assert!(slow(&[19_985, 19_990], 14), "one was there before");
    }

    #[test]
    fn what_a_snapshot_of_the_leader_held_up_is_not_judged() {
        let slow = |events: Events, at| after(events.round_ended(at, 1, RoundCause::LeaseMiss, 50)).1;
        let cut = |events: Events, node| events.event(20_000, node, Event::LogCompacted { first: 1 });
        assert_eq!([20_000, 20_049, 20_050].map(|at| slow(cut(cut(led(), 1), 2), at)), [0, 0, 1]);
        assert_eq!(slow(cut(led(), 2), 20_000), 1, "a follower's");
        assert_eq!(slow(led().snapshots(20_000, 1, 9, 2, 7), 20_000), 0);
    }

    #[test]
    fn a_fault_excuses_and_a_transfer_does_not() {
        let moved = led().event(14_000, 1, Event::TransferStarted { to: NodeId(1) });
        assert_eq!(after(moved.round_ended(20_000, 1, RoundCause::LeaseMiss, 3)), (Vec::new(), 1));
        let cut = led().fault(10_000, 0, Verb::Partition, Activated);
        assert_eq!(after(cut.round_ended(20_000, 1, RoundCause::LeaseMiss, 90)), (Vec::new(), 0));
    }
}
