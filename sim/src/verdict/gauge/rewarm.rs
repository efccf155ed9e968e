//! How long a new leader's lease stayed cold: from the entry of its own term that it applied first to the first read that it
//! answered from its lease, where reads came in vain before that (`lease-bugs.md` Pf1).
//!
//! A leader that nobody asks before its lease is warm was never seen cold: nothing. One that loses leadership, or whose run
//! ends, before any read hits counts to the last that missed.

use super::{Counts, Gauged, Stretch};
use crate::verdict::prelude::*;

/// The leaders that have not answered from their leases yet.
#[derive(Default)]
pub(super) struct Rewarm {
    cold: BTreeMap<NodeId, Cold>,
    /// From when to when those were cold that are so no longer.
    pub(super) over: Vec<Gauged>,
}

/// Since when a leader could have answered, and when it last could not.
#[derive(Clone, Copy)]
struct Cold {
    since: SimTime,
    missed: Option<SimTime>,
}

impl Hears for Rewarm {
    fn caught_up(&mut self, at: SimTime, node: NodeId, _: u64, _: u64) {
        self.cold.insert(node, Cold { since: at, missed: None });
    }

    fn served(&mut self, at: SimTime, node: NodeId) {
        if let Some(Cold { since, missed }) = self.cold.remove(&node) {
            self.over.push(cold(since, if missed.is_some() { at } else { since }));
        }
    }

    fn lease_read(&mut self, at: SimTime, node: NodeId, read: LeaseRead) {
        if let Some(cold) = self.cold.get_mut(&node).filter(|_| read.counts()) {
            cold.missed = Some(at);
        }
    }

    fn falls(&mut self, _: SimTime, node: NodeId) {
        self.over.extend(self.cold.remove(&node).and_then(Cold::given_up));
    }

    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange) {
        match change {
            ProcessChange::Killed | ProcessChange::Failed { .. } => self.falls(at, node),
            ProcessChange::Started { .. } | ProcessChange::Paused | ProcessChange::Resumed => {}
        }
    }
}

impl Rewarm {
    pub(super) fn finish(&mut self) -> Vec<Gauged> {
        std::mem::take(&mut self.cold).into_values().filter_map(Cold::given_up).collect()
    }
}

impl Cold {
    fn given_up(self) -> Option<Gauged> {
        self.missed.map(|missed| cold(self.since, missed))
    }
}

fn cold(from: SimTime, to: SimTime) -> Gauged {
    Gauged { span: Span::Rewarm, stretch: Stretch { from, to }, counts: Counts::WhereItBegan }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Events;
    use leasehold::observe::{Event, Miss};

    /// When each leader could have answered, and for how long it was cold, in ms.
    fn rewarmed(events: &Events) -> Vec<(u64, u128)> {
        let mut rewarm = Rewarm::default();
        events.records().iter().for_each(|record| tell(record, &mut rewarm));
        let mut all = std::mem::take(&mut rewarm.over);
        all.extend(rewarm.finish());
        all.iter().map(|Gauged { stretch, .. }| (stretch.from.millis(), stretch.took().as_millis())).collect()
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
