//! Overload: of which node more was asked than it has of something, and from when on.
//!
//! Cores are full in the seconds in which most of their time was spent ([`FULL`]), a disk in those in which it moved bytes most of the
//! time: what is not served then is excused by the checks that ask for service. The latency of a sync is no such thing: it takes as
//! long whatever it makes durable. A queue is full when it refuses a message; that is told and excuses nothing, as an append carries any
//! number of entries: how the stack goes about it fills a queue. Links are narrow only where a fault makes them so, and that is told as
//! the fault that it is.

use super::prelude::*;
use crate::view::load::FULL;
use std::fmt;

/// Stretches of one node's overload less than this apart are one.
const APART: Duration = Duration::from_secs(2);

/// No more stretches are told apart: a lane may flap all day.
const MOST: usize = 64;

/// Of what a node had too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// Its cores.
    Cores,
    /// The bandwidth of its disk.
    Disk,
    /// A queue of this lane, to it or from it.
    Queue(Lane),
}

impl Resource {
    /// Does it excuse that clients were not served?
    pub fn excuses(self) -> bool {
        match self {
            Resource::Cores | Resource::Disk => true,
            Resource::Queue(_) => false,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Cores => f.write_str("cores"),
            Resource::Disk => f.write_str("disk"),
            Resource::Queue(lane) => write!(f, "{} queue", lane.name()),
        }
    }
}

/// More was asked of a node than it had, between these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overload {
    /// The node.
    pub node: NodeId,
    /// What was full.
    pub of: Resource,
    /// From when on.
    pub from: SimTime,
    /// Until when.
    pub to: SimTime,
    /// How many operations were due meanwhile, of any node.
    pub due: u64,
    /// How many of these were not answered ok.
    pub unanswered: u64,
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, of, from, to, due, unanswered } = self;
        match of {
            Resource::Cores => write!(f, "the cores of {node} were {FULL}% busy or more from {from} to {to}")?,
            Resource::Disk => {
                write!(f, "the disk of {node} moved bytes {FULL}% of the time or more from {from} to {to}")?
            }
            Resource::Queue(lane) => {
                write!(f, "a {} queue of {node} was full now and then from {from} to {to}", lane.name())?;
            }
        }
        let share = percent(*unanswered as f64 / (*due).max(1) as f64);
        write!(f, "; of {} operations due then {} ({share}) were not answered ok", count(*due), count(*unanswered))?;
        f.write_str(match of {
            Resource::Cores | Resource::Disk => "",
            Resource::Queue(_) => ", and a queue excuses none",
        })
    }
}

/// What is known of overload.
pub(super) struct Overloads {
    cores: u32,
    found: Vec<Overload>,
    /// Operations that were due in each second: how many, and how many of them were not answered ok.
    due: Vec<[u64; 2]>,
}

impl Overloads {
    pub(super) fn new(cores: u32) -> Self {
        Self { cores, found: Vec::new(), due: Vec::new() }
    }

    /// Its cores, or its disk, were busy for so long since then.
    pub(super) fn busy(&mut self, node: NodeId, of: Resource, from: SimTime, to: SimTime, busy: Duration) {
        let number = if of == Resource::Cores { self.cores } else { 1 };
        if to > from && busy * 100 >= to.since(from) * number * FULL {
            self.full(node, of, from, to);
        }
    }

    pub(super) fn full(&mut self, node: NodeId, of: Resource, from: SimTime, to: SimTime) {
        let goes_on = |it: &Overload| (it.node, it.of) == (node, of) && from <= it.to.after(APART);
        match self.found.iter().rposition(goes_on) {
            Some(last) => self.found[last].to = to,
            None if self.found.len() < MOST => {
                self.found.push(Overload { node, of, from, to, due: 0, unanswered: 0 });
            }
            None => {}
        }
    }

    /// An operation that was due then has been answered ok, or not.
    pub(super) fn due(&mut self, due: SimTime, answered: bool) {
        let second = (due.0 / 1_000_000_000) as usize;
        if second >= self.due.len() {
            self.due.resize(second + 1, [0; 2]);
        }
        self.due[second][0] += 1;
        self.due[second][1] += u64::from(!answered);
    }

    /// Takes in what is known by another group: the operations that were due there, and the queues that were full. Cores and disks are of the
    /// nodes, and every group knows as much of them.
    pub(super) fn absorb(&mut self, other: &Self) {
        let queues = other.found.iter().filter(|it| matches!(it.of, Resource::Queue(_)));
        self.found.extend(queues);
        self.found.sort_by_key(|it| it.from);
        if self.due.len() < other.due.len() {
            self.due.resize(other.due.len(), [0; 2]);
        }
        for (own, due) in self.due.iter_mut().zip(&other.due) {
            *own = [own[0] + due[0], own[1] + due[1]];
        }
    }

    /// All of it, in the order in which it began.
    pub(super) fn finish(&mut self) -> Vec<Overload> {
        let seconds = |from: SimTime, to: SimTime| {
            let (first, end) = (from.0 / 1_000_000_000, to.0.div_ceil(1_000_000_000));
            self.due
                .iter()
                .take(end as usize)
                .skip(first as usize)
                .fold([0; 2], |[due, failed], [more, worse]| [due + more, failed + worse])
        };
        let with = |it: Overload| {
            let [due, unanswered] = seconds(it.from, it.to);
            Overload { due, unanswered, ..it }
        };
        self.found.iter().copied().map(with).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::ms;

    #[test]
    fn it_is_told_what_was_full_from_when_on_and_who_was_not_served_meanwhile() {
        let mut overloads = Overloads::new(4);
        let mut second = |of, at: u64, busy| {
            overloads.busy(NodeId(1), of, ms(at - 1_000), ms(at), Duration::from_millis(busy));
        };
        for (at, busy) in [(1_000, 3_199), (2_000, 3_200), (3_000, 4_000), (9_000, 4_000)] {
            second(Resource::Cores, at, busy);
        }
        for (at, busy) in [(1_000, 799), (2_000, 800)] {
            second(Resource::Disk, at, busy);
        }
        overloads.full(NodeId(2), Resource::Queue(Lane::Bulk), ms(1_500), ms(1_500));
        overloads.full(NodeId(2), Resource::Queue(Lane::Bulk), ms(2_700), ms(2_700));
        for (due, answered) in [(500, false), (1_000, true), (2_900, false), (3_000, false)] {
            overloads.due(ms(due), answered);
        }
        let told: Vec<String> = overloads.finish().iter().map(Overload::to_string).collect();
        assert_eq!(
            told,
            [
                "the cores of n1 were 80% busy or more from 1.000000s to 3.000000s; of 2 operations due then 1 (50%) were not answered ok",
                "the cores of n1 were 80% busy or more from 8.000000s to 9.000000s; of 0 operations due then 0 (0%) were not answered ok",
                "the disk of n1 moved bytes 80% of the time or more from 1.000000s to 2.000000s; of 1 operations due then 0 (0%) were not \
                 answered ok",
                "a bulk queue of n2 was full now and then from 1.500000s to 2.700000s; of 2 operations due then 1 (50%) were not \
                 answered ok, and a queue excuses none",
            ]
        );
    }
}
