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
use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, RoundCause};
use std::collections::VecDeque;
use std::time::Duration;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "read-index-latency",
    Class::Expectation,
    "a ReadIndex round takes a round trip, and waits for no tick",
    "lease-bugs.md Pf6, LB-62",
);

/// So many rounds say something of how long they take.
const ENOUGH: u64 = 100;

/// Of so many entries it is known when the leader made them durable.
const REMEMBERED: usize = 64;

/// The check.
pub(in crate::check) struct ReadIndexLatency {
    premises: Premises,
    /// But for transfers: the leader that follows has no lease yet, and runs rounds.
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

impl ReadIndexLatency {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        let longest = Duration::ZERO;
        Self {
            premises: premises.clone(),
            leader: None,
            appended: VecDeque::new(),
            full: None,
            rounds: 0,
            slow: 0,
            slowest: 0,
            longest,
        }
    }

    fn usual(&self) -> Duration {
        self.premises.round_trip + self.premises.fsync
    }

    fn most(&self) -> Duration {
        self.premises.slowest_round_trip + self.premises.slowest_fsync
    }

    fn leads(&self, node: NodeId) -> bool {
        self.leader.is_some_and(|(leader, _)| leader == node)
    }

    fn append(&mut self, at: SimTime) {
        if self.appended.len() == REMEMBERED {
            self.appended.pop_front();
        }
        self.appended.push_back(at);
    }

    /// What the leader made durable meanwhile, an entry at a time if need be, was ahead of the round.
    fn behind(&self, at: SimTime, waited: Duration) -> Duration {
        let ahead = self.appended.iter().rev().take_while(|appended| at.since(**appended) <= waited).count();
        self.premises.fsync * ahead as u32
    }

    fn ended(&mut self, at: SimTime, node: NodeId, waited: Duration, nodes: &View) {
        let full = self.full.is_some_and(|full| at.since(full) < self.premises.settling());
        let ready = self.leader.is_some_and(|(leader, since)| leader == node && at.since(since) >= waited);
        let settled = || self.premises.is_settled(nodes.faults.calm(more_than_leadership), at);
        if self.premises.lossless && !full && ready && settled() {
            self.rounds += 1;
            let behind = self.behind(at, waited);
            self.slow += u64::from(waited > self.usual() + behind);
            self.slowest += u64::from(waited > self.most() + behind);
            self.longest = self.longest.max(waited);
        }
    }

    fn finding(&self, end: SimTime, number: u64, bound: Duration, may: &str) -> Finding {
        let message = format!(
            "{} of {} took longer than {} and what was ahead of them, and {may} may",
            words::count(number),
            words::several(self.rounds, "ReadIndex round"),
            words::duration(bound)
        );
        INFO.finding(end, message, vec![format!("the longest took {}", words::duration(self.longest))])
    }
}

impl Check for ReadIndexLatency {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told, Kind::Round, Kind::Appended]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        let What::Stack(StackRecord { replica: ReplicaId { node, .. }, event, .. }) = &record.what else {
            return None;
        };
        match event {
            Event::CaughtUp { .. } => self.leader = Some((*node, record.at)),
            Event::RoundEnded { cause: RoundCause::LeaseMiss | RoundCause::InnerRead, waited, confirmed: true } => {
                self.ended(record.at, *node, *waited, nodes);
            }
            Event::Appended { .. } if self.leads(*node) => self.append(record.at),
            Event::LaneFull { .. } | Event::InboxFull { .. } => self.full = Some(record.at),
            Event::SnapshotTaken { .. } | Event::LogCompacted { .. } if self.leads(*node) => {
                self.leader = Some((*node, record.at));
            }
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.rounds
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let half = self.rounds >= ENOUGH && self.slow * 2 > self.rounds;
        let half = half.then(|| self.finding(end, self.slow, self.usual(), "half of them"));
        let most = self.slowest * 100 > self.rounds.max(100);
        let most = most.then(|| self.finding(end, self.slowest, self.most(), "one of 100"));
        half.into_iter().chain(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::Activated;
    use crate::words::Verb;

    /// A round trip takes 1 ms and an fsync 2; the slowest of both take 9.
    fn judged(rounds: &[(u64, u64)]) -> (Vec<String>, u64) {
        let rounds = rounds.iter().flat_map(|(times, waited)| std::iter::repeat_n(*waited, *times as usize));
        after(rounds.fold(led(), |events, waited| events.round_ended(20_000, 1, RoundCause::LeaseMiss, waited)))
    }

    fn led() -> Events {
        Events::default().event(15_000, 1, Event::CaughtUp { term: 2, index: 1 })
    }

    fn after(events: Events) -> (Vec<String>, u64) {
        let mut check = ReadIndexLatency::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "Pf6 is judged at the end");
        let findings = check.finish(ms(60_000));
        (findings.into_iter().map(|finding| finding.message).collect(), check.evaluated())
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
