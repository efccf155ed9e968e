//! V1: the lease is used at all.
//!
//! **Proves** that a run in which somebody led and was caught up for five election timeouts without a break, and in which lease
//! reads came to it meanwhile, has at least one read that was answered from a lease, by anybody. A test of the lease that
//! passes with the lease switched off proves nothing (ScyllaDB #30697, in review).
//!
//! **Does not prove** that the lease is used as it should be: that is the hit rate, which a scenario bounds. Correct refusals
//! are counted by reason in every report; a scenario's floors may ask for them.
//!
//! **Costs** a counter at each lease read.
//!
//! **Seen alive by** its unit tests, and by `idle-lease-lapses` (`planted/read-only`), `no-lease` and `lease-ended-by-renewal`
//! (`fast/steady`). Such a lease is a bug and not an idle run: so its class is that of the hit rate.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Miss, Role};

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "lease-used",
    Class::Expectation,
    "where a leader stands for long and is asked, its lease answers at least once",
    "lease-bugs.md V1",
);

/// For so many election timeouts a leader must stand.
const TIMEOUTS: u32 = 5;

/// The check.
pub(in crate::check) struct LeaseUsed {
    premises: Premises,
    /// Who was last caught up, and since when it leads without a break.
    leader: Option<(NodeId, SimTime)>,
    /// Lease reads that came to a leader that had stood for that long.
    reads: u64,
    hits: u64,
}

impl LeaseUsed {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { premises: premises.clone(), leader: None, reads: 0, hits: 0 }
    }

    fn told(&mut self, at: SimTime, StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord) {
        match *event {
            Event::CaughtUp { .. } => self.leader = Some((*node, at)),
            Event::Role { role, .. } if role != Role::Leader => self.fell(*node),
            Event::Stopped { .. } => self.fell(*node),
            Event::LeaseRead { miss, .. } => self.read(at, *node, miss),
            _ => {}
        }
    }

    fn fell(&mut self, node: NodeId) {
        self.leader.take_if(|(leader, _)| *leader == node);
    }

    fn read(&mut self, at: SimTime, node: NodeId, miss: Option<Miss>) {
        self.hits += u64::from(miss.is_none());
        let stands = |(leader, since): (NodeId, SimTime)| {
            leader == node && at.since(since) > self.premises.election_timeout * TIMEOUTS
        };
        self.reads += u64::from(self.leader.is_some_and(stands) && miss.is_none_or(Miss::counts));
    }
}

impl Check for LeaseUsed {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::LeaseRead, Kind::Told, Kind::Process]
    }

    fn record(&mut self, record: &Record, _nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Stack(told) => self.told(record.at, told),
            What::Process { node, change: ProcessChange::Killed } => self.fell(*node),
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.reads
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        if self.reads == 0 || self.hits > 0 {
            return Vec::new();
        }
        let reads = words::several(self.reads, "lease read");
        let stood = words::duration(self.premises.election_timeout * TIMEOUTS);
        let message = format!(
            "{reads} came to a leader that had stood for {stood}, and none in the run was answered from a lease"
        );
        vec![INFO.finding(end, message, Vec::new())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};

    fn judged(events: &Events) -> Vec<Finding> {
        let mut check = LeaseUsed::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None);
        check.finish(ms(60_000))
    }

    fn led() -> Events {
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
    }
}
