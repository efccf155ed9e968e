//! How busy the cores of each node were, by the seconds in which they are told.

use crate::history::Hears;
use crate::time::SimTime;
use leasehold::env::NodeId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// From so many percent of a node's core time on it is overloaded: queues of random arrivals grow without bound near all of it.
pub(crate) const FULL: u32 = 80;

/// For so many seconds what was told is kept.
const KEPT: usize = 64;

/// Core time by node.
#[derive(Default)]
pub(crate) struct Load {
    nodes: BTreeMap<NodeId, Node>,
}

#[derive(Default)]
struct Node {
    /// Core time since the run began, and when it was told.
    told: (SimTime, Duration),
    /// Core time between two times at which it was told, queued work included.
    spent: VecDeque<Spent>,
}

/// Core time that was spent between these.
#[derive(Clone, Copy)]
struct Spent {
    from: SimTime,
    to: SimTime,
    busy: Duration,
}

impl Hears for Load {
    fn second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let node = self.nodes.entry(node).or_default();
        let (from, before) = std::mem::replace(&mut node.told, (at, busy));
        if node.spent.len() == KEPT {
            node.spent.pop_front();
        }
        node.spent.push_back(Spent { from, to: at, busy: busy.saturating_sub(before) });
    }
}

impl Load {
    /// Is it told yet how busy `node` was at `at`?
    pub(crate) fn is_told(&self, node: NodeId, at: SimTime) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.told.0 >= at)
    }

    /// Were the node's `cores` full at some time between these?
    pub(crate) fn is_full(&self, node: NodeId, between: [SimTime; 2], cores: u32) -> bool {
        let [from, to] = between;
        let full = |spent: &Spent| spent.busy * 100 >= spent.to.since(spent.from) * cores * FULL;
        let spent = self.nodes.get(&node).into_iter().flat_map(|node| &node.spent);
        spent.filter(|spent| spent.from < to && spent.to > from).any(full)
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
}
