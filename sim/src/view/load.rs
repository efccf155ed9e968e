//! How busy the cores of each node were, and its disk with moving bytes, by the seconds in which that is told.

use crate::history::Hears;
use crate::time::SimTime;
use leasehold::env::NodeId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// From so many percent of its time on a node's cores, or its disk, are overloaded: queues of random arrivals grow without bound near all of it.
pub(crate) const FULL: u32 = 80;

/// For so many seconds what was told is kept.
const KEPT: usize = 64;

/// How busy nodes were.
#[derive(Default)]
pub(crate) struct Load {
    cores: BTreeMap<NodeId, Told>,
    disks: BTreeMap<NodeId, Told>,
}

/// The time that something of a node was busy.
#[derive(Default)]
struct Told {
    /// Since the run began, and when it was told.
    last: (SimTime, Duration),
    /// Between two times at which it was told, queued work included.
    spent: VecDeque<Spent>,
}

/// What was spent between these.
#[derive(Clone, Copy)]
struct Spent {
    from: SimTime,
    to: SimTime,
    busy: Duration,
}

impl Told {
    fn second(&mut self, at: SimTime, busy: Duration) {
        let (from, before) = std::mem::replace(&mut self.last, (at, busy));
        if self.spent.len() == KEPT {
            self.spent.pop_front();
        }
        self.spent.push_back(Spent { from, to: at, busy: busy.saturating_sub(before) });
    }

    /// Were so many of them full at some time between these?
    fn is_full(&self, [from, to]: [SimTime; 2], number: u32) -> bool {
        let full = |spent: &Spent| spent.busy * 100 >= spent.to.since(spent.from) * number * FULL;
        self.spent.iter().filter(|spent| spent.from < to && spent.to > from).any(full)
    }
}

impl Hears for Load {
    fn second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.cores.entry(node).or_default().second(at, busy);
    }

    fn disk_second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.disks.entry(node).or_default().second(at, busy);
    }
}

impl Load {
    /// Is it told yet how busy `node` was at `at`?
    pub(crate) fn is_told(&self, node: NodeId, at: SimTime) -> bool {
        self.cores.get(&node).is_some_and(|told| told.last.0 >= at)
    }

    /// Were the node's `cores`, or its disk, full at some time between these?
    pub(crate) fn is_full(&self, node: NodeId, between: [SimTime; 2], cores: u32) -> bool {
        let full = |of: &BTreeMap<_, Told>, number| of.get(&node).is_some_and(|told| told.is_full(between, number));
        full(&self.cores, cores) || full(&self.disks, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tell;
    use crate::history::testing::{Events, ms};

    #[test]
    fn a_node_is_full_in_the_seconds_in_which_most_of_its_core_time_was_spent() {
        let told = |events: Events, at, busy| events.busy(at, 1, Duration::from_millis(busy));
        let mut load = Load::default();
        let events = told(told(told(Events::default(), 1_000, 100), 2_000, 1_900), 3_000, 2_000);
        events.records().iter().for_each(|record| tell(record, &mut load));
        let full = |from, to, cores| load.is_full(NodeId(1), [ms(from), ms(to)], cores);
        assert!(full(0, 3_000, 2), "1.8 s of 2");
        assert_eq!([full(0, 1_000, 2), full(2_000, 3_000, 2), full(0, 3_000, 4)], [false; 3]);
        assert!(load.is_told(NodeId(1), ms(3_000)) && !load.is_told(NodeId(1), ms(3_001)));
        assert!(!load.is_full(NodeId(2), [ms(0), ms(3_000)], 1), "nothing is known of it");
    }

    #[test]
    fn a_node_is_full_in_the_seconds_in_which_its_disk_moves_bytes_most_of_the_time() {
        let mut load = Load::default();
        load.disk_second(ms(1_000), NodeId(1), Duration::from_millis(799));
        load.disk_second(ms(2_000), NodeId(1), Duration::from_millis(1_599));
        assert_eq!([0, 1_000].map(|from| load.is_full(NodeId(1), [ms(from), ms(from + 1_000)], 4)), [false, true]);
    }
}
