//! How long a new leader's lease stayed cold: from the entry of its own term that it applied first to the first read that it
//! answered from its lease, where reads came in vain before that (`lease-bugs.md` Pf1).
//!
//! A leader that nobody asks before its lease is warm was never seen cold: nothing. One that loses leadership, or whose run
//! ends, before any read hits counts to the last that missed.

use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::time::SimTime;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Role};
use std::collections::BTreeMap;
use std::time::Duration;

/// The leaders that have not answered from their leases yet.
#[derive(Default)]
pub(super) struct Rewarm {
    cold: BTreeMap<NodeId, Cold>,
}

/// Since when a leader could have answered, and when it last could not.
#[derive(Clone, Copy)]
struct Cold {
    since: SimTime,
    missed: Option<SimTime>,
}

/// A leader that could have answered since `since` was cold for so long.
pub(super) struct Rewarmed {
    pub(super) since: SimTime,
    pub(super) took: Duration,
}

impl Rewarm {
    /// Sees a record; what is known of a leader by it.
    pub(super) fn record(&mut self, record: &Record) -> Option<Rewarmed> {
        let at = record.at;
        match &record.what {
            What::Stack(StackRecord { replica: ReplicaId { node, .. }, event, .. }) => self.told(at, *node, event),
            What::Process { node, change: ProcessChange::Killed | ProcessChange::Failed { .. } } => self.lost(*node),
            _ => None,
        }
    }

    fn told(&mut self, at: SimTime, node: NodeId, event: &Event) -> Option<Rewarmed> {
        match event {
            Event::CaughtUp { .. } => {
                self.cold.insert(node, Cold { since: at, missed: None });
                None
            }
            Event::LeaseRead { miss: None, .. } => {
                let cold = self.cold.remove(&node)?;
                Some(if cold.missed.is_some() { cold.until(at) } else { cold.until(cold.since) })
            }
            Event::LeaseRead { miss: Some(miss), .. } if miss.counts() => {
                self.cold.get_mut(&node)?.missed = Some(at);
                None
            }
            Event::Role { role: Role::Follower | Role::PreCandidate | Role::Candidate, .. } | Event::Stopped { .. } => {
                self.lost(node)
            }
            _ => None,
        }
    }

    /// It leads no longer.
    fn lost(&mut self, node: NodeId) -> Option<Rewarmed> {
        self.cold.remove(&node)?.given_up()
    }

    /// The run is over.
    pub(super) fn finish(&mut self) -> Vec<Rewarmed> {
        std::mem::take(&mut self.cold).into_values().filter_map(Cold::given_up).collect()
    }
}

impl Cold {
    fn until(self, at: SimTime) -> Rewarmed {
        Rewarmed { since: self.since, took: at.since(self.since) }
    }

    fn given_up(self) -> Option<Rewarmed> {
        self.missed.map(|missed| self.until(missed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Events;
    use leasehold::observe::Miss;

    /// When each leader could have answered, and for how long it was cold, in ms.
    fn rewarmed(events: &Events) -> Vec<(u64, u128)> {
        let mut rewarm = Rewarm::default();
        let mut all: Vec<_> = events.records().iter().filter_map(|record| rewarm.record(record)).collect();
        all.extend(rewarm.finish());
        all.iter().map(|rewarmed| (rewarmed.since.0 / 1_000_000, rewarmed.took.as_millis())).collect()
    }

    fn elected() -> Events {
        Events::default().leads(90, 1, 4).event(100, 1, Event::CaughtUp { term: 4, index: 7 })
    }

    #[test]
    fn a_lease_is_cold_until_the_first_read_that_it_answers() {
        let events = elected().missed(101, 1, Miss::Cold).missed(105, 1, Miss::Cold).hit(109, 1).hit(110, 1);
        assert_eq!(rewarmed(&events), [(100, 9)]);
    }

    #[test]
    fn who_is_first_asked_when_its_lease_is_warm_was_never_seen_cold() {
        assert_eq!(rewarmed(&elected().hit(900, 1)), [(100, 0)]);
        assert_eq!(rewarmed(&elected()), []);
    }

    #[test]
    fn misses_elsewhere_or_before_the_leader_was_caught_up_do_not_count() {
        let events = elected().missed(105, 2, Miss::Cold).missed(106, 1, Miss::NotCaughtUp).hit(109, 1);
        assert_eq!(rewarmed(&events), [(100, 0)]);
    }

    #[test]
    fn one_that_never_answers_is_cold_to_its_last_miss() {
        let events = || elected().missed(150, 1, Miss::Cold).missed(300, 1, Miss::Expired);
        assert_eq!(rewarmed(&events()), [(100, 200)]);
        assert_eq!(rewarmed(&events().follows(400, 1, 5).hit(500, 1)), [(100, 200)]);
        assert_eq!(rewarmed(&events().killed(400, 1)), [(100, 200)]);
    }
}
