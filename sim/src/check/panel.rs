//! All checks of a run: each record goes to those that look at its kind.
//!
//! A call to a check that has nothing to say costs about as much as most that have: kinds are as fine as it takes for the
//! frequent records to reach only those who look at them.

use super::{Check, CheckInfo, Finding, Leaderless};
use crate::history::{Record, StackRecord, What};
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::Address;
use leasehold::observe::Event;

/// The kinds of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`What::Invoked`].
    Invoked,
    /// [`What::Completed`].
    Completed,
    /// [`What::Message`] between nodes.
    BetweenNodes,
    /// [`What::Message`] from or to a client.
    WithClient,
    /// [`Event::Appended`].
    Appended,
    /// [`Event::Applied`].
    Applied,
    /// [`Event::LeaseRead`].
    LeaseRead,
    /// [`Event::LeaseExtended`].
    LeaseExtended,
    /// [`Event::RoundStarted`] and [`Event::RoundEnded`].
    Round,
    /// What else a node tells: all that happens now and then.
    Told,
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
    pub const ALL: [Kind; 14] = [
        Kind::Invoked,
        Kind::Completed,
        Kind::BetweenNodes,
        Kind::WithClient,
        Kind::Appended,
        Kind::Applied,
        Kind::LeaseRead,
        Kind::LeaseExtended,
        Kind::Round,
        Kind::Told,
        Kind::Process,
        Kind::Cpu,
        Kind::Clock,
        Kind::Fault,
    ];

    /// The kind of `what`.
    pub fn of(what: &What) -> Self {
        match what {
            What::Invoked(_) => Kind::Invoked,
            What::Completed { .. } => Kind::Completed,
            What::Message { from: Address::Node(_), to: Address::Node(_), .. } => Kind::BetweenNodes,
            What::Message { .. } => Kind::WithClient,
            What::Stack(StackRecord { event, .. }) => Kind::of_event(event),
            What::Process { .. } => Kind::Process,
            What::Cpu { .. } => Kind::Cpu,
            What::Clock { .. } => Kind::Clock,
            What::Fault(_) => Kind::Fault,
        }
    }

    fn of_event(event: &Event) -> Self {
        match event {
            Event::Appended { .. } => Kind::Appended,
            Event::Applied { .. } => Kind::Applied,
            Event::LeaseRead { .. } => Kind::LeaseRead,
            Event::LeaseExtended { .. } => Kind::LeaseExtended,
            Event::RoundStarted { .. } | Event::RoundEnded { .. } => Kind::Round,
            Event::Configured(_)
            | Event::Role { .. }
            | Event::CaughtUp { .. }
            | Event::LeaseEnded { .. }
            | Event::TransferStarted { .. }
            | Event::TransferAborted { .. }
            | Event::TimeoutNowSent { .. }
            | Event::QuorumChecked { .. }
            | Event::StaleTimeoutNow
            | Event::VoteWithheld { .. }
            | Event::Opened { .. }
            | Event::Voted { .. }
            | Event::ChangeAppended { .. }
            | Event::Membership { .. }
            | Event::CampaignedAmidChange { .. }
            | Event::SnapshotTaken { .. }
            | Event::SnapshotSent { .. }
            | Event::SnapshotUnanswered { .. }
            | Event::SnapshotRestored { .. }
            | Event::LogCompacted { .. }
            | Event::Conflict { .. }
            | Event::Script { .. }
            | Event::LaneFull { .. }
            | Event::InboxFull { .. }
            | Event::Stopped { .. } => Kind::Told,
        }
    }
}

/// A check at work, and what it is.
pub struct Watch {
    /// What it is.
    pub info: &'static CheckInfo,
    check: Box<dyn Check>,
}

impl Watch {
    /// `check`, which is what `info` says.
    pub fn new(info: &'static CheckInfo, check: impl Check + 'static) -> Self {
        Self { info, check: Box::new(check) }
    }

    /// How often the property was evaluated so far.
    pub fn evaluated(&self) -> u64 {
        self.check.evaluated()
    }
}

/// The checks of one run, and what they have in common.
pub struct Panel {
    nodes: View,
    checks: Vec<Watch>,
    /// For each kind, the positions of the checks that look at it.
    by_kind: [Vec<usize>; Kind::ALL.len()],
}

impl Panel {
    /// Nothing seen yet; `nodes` may know who founded the group.
    pub fn new(nodes: View, checks: Vec<Watch>) -> Self {
        let looking_at = |kind| {
            let looking = checks.iter().enumerate().filter(|(_, watch)| watch.check.looks_at().contains(&kind));
            looking.map(|(position, _)| position).collect()
        };
        Self { nodes, by_kind: Kind::ALL.map(looking_at), checks }
    }

    /// Sees one record. Returns what was found, in the order of the checks.
    pub fn record(&mut self, record: &Record) -> Vec<Finding> {
        self.nodes.record(record);
        let looking = &self.by_kind[Kind::of(&record.what) as usize];
        looking.iter().filter_map(|position| self.checks[*position].check.record(record, &self.nodes)).collect()
    }

    /// The run is over, at `end`.
    pub fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        self.checks.iter_mut().flat_map(|watch| watch.check.finish(end)).collect()
    }

    /// How long it took after faults until there was a leader again.
    pub fn recoveries(&self) -> impl Iterator<Item = &Leaderless> {
        self.checks.iter().flat_map(|watch| watch.check.recoveries())
    }

    /// What is known of the nodes.
    pub fn nodes(&self) -> &View {
        &self.nodes
    }

    /// Each check.
    pub fn checks(&self) -> impl Iterator<Item = &Watch> {
        self.checks.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::ALL;
    use crate::check::testing::Events;
    use crate::history::ProcessChange;
    use leasehold::observe::Miss;

    /// Counts what it sees.
    struct Counts(&'static [Kind], u64);

    impl Check for Counts {
        fn looks_at(&self) -> &'static [Kind] {
            self.0
        }
        fn record(&mut self, _record: &Record, nodes: &View) -> Option<Finding> {
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
        let wishes: [&'static [Kind]; 4] =
            [&Kind::ALL, &[Kind::LeaseRead], &[Kind::Process, Kind::LeaseRead], &[Kind::Fault]];
        let mut panel = Panel::new(View::default(), wishes.map(|kinds| Watch::new(&ALL[0], Counts(kinds, 0))).into());
        let events =
            Events::default().process(1, 1, ProcessChange::Paused).hit(2, 1).missed(3, 1, Miss::Cold).put(4, 5, 1);
        events.records().iter().for_each(|record| assert_eq!(panel.record(record), []));
        assert_eq!(panel.checks().map(Watch::evaluated).collect::<Vec<_>>(), [5, 2, 3, 0]);
    }
}
