//! All checks of a run: each record goes to those that look at its kind.
//!
//! Three records in four are messages and operations, which few checks look at.

use super::{Check, Finding, Leaderless, Nodes};
use crate::history::{Record, What};
use crate::time::SimTime;

/// The kinds of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`What::Invoked`] and [`What::Completed`].
    Operation,
    /// [`What::Stack`].
    Stack,
    /// [`What::Message`].
    Message,
    /// [`What::Process`].
    Process,
    /// [`What::Cpu`].
    Cpu,
    /// [`What::Clock`].
    Clock,
    /// [`What::Fault`].
    Fault,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] =
        [Kind::Operation, Kind::Stack, Kind::Message, Kind::Process, Kind::Cpu, Kind::Clock, Kind::Fault];

    /// The kind of `what`.
    pub fn of(what: &What) -> Self {
        match what {
            What::Invoked(_) | What::Completed { .. } => Kind::Operation,
            What::Stack(_) => Kind::Stack,
            What::Message { .. } => Kind::Message,
            What::Process { .. } => Kind::Process,
            What::Cpu { .. } => Kind::Cpu,
            What::Clock { .. } => Kind::Clock,
            What::Fault { .. } => Kind::Fault,
        }
    }
}

/// The checks of one run, and what they have in common.
pub struct Panel {
    nodes: Nodes,
    checks: Vec<Box<dyn Check>>,
    /// For each kind, the positions of the checks that look at it.
    by_kind: [Vec<usize>; Kind::ALL.len()],
}

impl Panel {
    /// Nothing seen yet; `nodes` may know who founded the group.
    pub fn new(nodes: Nodes, checks: Vec<Box<dyn Check>>) -> Self {
        let looking_at = |kind| {
            let looking = checks.iter().enumerate().filter(|(_, check)| check.looks_at().contains(&kind));
            looking.map(|(position, _)| position).collect()
        };
        Self { nodes, by_kind: Kind::ALL.map(looking_at), checks }
    }

    /// Sees one record. Returns what was found, in the order of the checks.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        self.nodes.record(record);
        let looking = &self.by_kind[Kind::of(&record.what) as usize];
        looking.iter().filter_map(|position| self.checks[*position].record(record, &self.nodes)).collect()
    }

    /// The run is over, at `end`.
    pub fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        self.checks.iter_mut().flat_map(|check| check.finish(end)).collect()
    }

    /// How long it took after faults until there was a leader again.
    pub fn recoveries(&self) -> impl Iterator<Item = &Leaderless> {
        self.checks.iter().flat_map(|check| check.recoveries())
    }

    /// What is known of the nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Each check.
    pub fn checks(&self) -> impl Iterator<Item = &dyn Check> {
        self.checks.iter().map(|check| &**check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::ProcessChange;
    use leasehold::observe::Miss;

    /// Counts what it sees.
    struct Counts(&'static [Kind], u64);

    impl Check for Counts {
        fn name(&self) -> &'static str {
            "counts"
        }
        fn looks_at(&self) -> &'static [Kind] {
            self.0
        }
        fn record(&mut self, _record: &Record, nodes: &Nodes) -> Option<Finding> {
            assert!(nodes.count() > 0, "the nodes know of a record before any check does");
            self.1 += 1;
            None
        }
        fn evaluated(&self) -> u64 {
            self.1
        }
    }

    #[test]
    fn a_check_sees_the_kinds_that_it_looks_at() {
        let wishes: [&'static [Kind]; 4] = [&Kind::ALL, &[Kind::Stack], &[Kind::Process, Kind::Stack], &[Kind::Fault]];
        let mut panel =
            Panel::new(Nodes::default(), wishes.map(|kinds| Box::new(Counts(kinds, 0)) as Box<dyn Check>).into());
        let events =
            Events::default().process(1, 1, ProcessChange::Paused).hit(2, 1).missed(3, 1, Miss::Cold).put(4, 5, 1);
        events.records().iter().for_each(|record| assert_eq!(panel.record(record), []));
        assert_eq!(panel.checks().map(Check::evaluated).collect::<Vec<_>>(), [5, 2, 3, 0]);
    }
}
