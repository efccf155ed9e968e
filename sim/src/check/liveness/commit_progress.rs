//! L7: a leader that cannot commit does not go on to answer.
//!
//! **Potential**: a node answers reads from its lease although it has applied nothing for three election timeouts, in which
//! clients asked for writes all the time and not one was acknowledged. Leadership should have moved to a node that can commit
//! (LB-80: a leader whose disk stalls while its heartbeats go out). No promise is broken by that, whether it matters is a
//! policy: so it fails no run.
//!
//! **Does not prove** that the writes were the leader's to commit: clients may have asked others.
//!
//! **Costs** a comparison at each read answered from a lease.
//!
//! **Seen alive by** `heartbeats-beside-disk` (`planted/stalled-disks`) and `transfer-flag-stuck` (`planted/unreachable-target`).

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{Completion, OpKind, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::Event;
use std::collections::BTreeMap;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "commit-progress",
    Class::Liveness,
    "a leader that cannot commit does not go on to answer from its lease",
    "lease-bugs.md L7, LB-80",
);

/// How many election timeouts are too long.
const TIMEOUTS: u32 = 3;

/// The check.
pub(in crate::check) struct CommitProgress {
    premises: Premises,
    /// When each node last applied something.
    applied: BTreeMap<NodeId, SimTime>,
    /// When the first write was asked for since one was last acknowledged.
    asked: Option<SimTime>,
    /// Told already, for what was asked then.
    told: Option<SimTime>,
    evaluated: u64,
}

impl CommitProgress {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { premises: premises.clone(), applied: BTreeMap::new(), asked: None, told: None, evaluated: 0 }
    }

    fn served(&mut self, at: SimTime, node: NodeId, nodes: &View) -> Option<Finding> {
        self.evaluated += 1;
        let applied = self.applied.get(&node).copied().unwrap_or_default();
        let asked = self.asked?;
        let waited = at.since(asked.max(applied));
        if waited <= self.premises.election_timeout * TIMEOUTS || self.told == Some(asked) {
            return None;
        }
        self.told = Some(asked);
        let message = format!(
            "{node} answers from its lease, has applied nothing since {applied}, and no write was acknowledged for {}",
            words::duration(at.since(asked))
        );
        Some(INFO.potential(at, message, nodes.story(at, STORY)))
    }
}

impl Check for CommitProgress {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Invoked, Kind::Completed, Kind::Applied, Kind::LeaseRead]
    }

    fn record(&mut self, Record { at, what }: &Record, nodes: &View) -> Option<Finding> {
        match what {
            What::Invoked(invocation) if invocation.operation.kind() != OpKind::Get => {
                self.asked.get_or_insert(*at);
            }
            What::Completed { completion: Completion::Written { .. } | Completion::Script { .. }, .. } => {
                self.asked = None
            }
            What::Stack(StackRecord { replica: ReplicaId { node, .. }, event: Event::Applied { .. }, .. }) => {
                self.applied.insert(*node, *at);
            }
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::LeaseRead { miss: None, .. },
                ..
            }) => {
                return self.served(*at, *node, nodes);
            }
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Severity;
    use crate::check::testing::{Events, get, put};

    /// An election timeout is one second.
    fn first(events: &Events) -> Option<Finding> {
        events.first(&mut CommitProgress::new(&Premises::of_tests()))
    }

    fn asked() -> Events {
        Events::default().applies(100, 1, 1, 4, 0).invoke(200, 1, put(0))
    }

    #[test]
    fn to_answer_for_long_without_a_commit_that_is_asked_for_might_be_wrong() {
        let finding = first(&asked().hit(3_201, 1)).expect("three election timeouts");
        assert_eq!((finding.severity, finding.class), (Severity::Potential, Class::Liveness));
        assert_eq!(
            finding.message,
            "n1 answers from its lease, has applied nothing since 0.100000s, and no write was acknowledged for 3s"
        );
    }

    #[test]
    fn it_is_told_once_for_what_was_asked() {
        let mut check = CommitProgress::new(&Premises::of_tests());
        let events = asked().hit(3_201, 1).hit(3_202, 1);
        let mut nodes = View::default();
        let found = events.records().iter().filter_map(|record| {
            nodes.record(record);
            check.record(record, &nodes)
        });
        assert_eq!(found.count(), 1);
    }

    #[test]
    fn progress_and_nothing_to_do_are_in_order() {
        assert_eq!(first(&asked().hit(3_200, 1)), None);
        assert_eq!(first(&asked().applies(3_000, 1, 2, 4, 0).hit(3_201, 1)), None);
        assert_eq!(first(&asked().written(300, 1, 2).hit(9_000, 1)), None);
        assert_eq!(first(&Events::default().applies(100, 1, 1, 4, 0).invoke(200, 1, get(0)).hit(9_000, 1)), None);
    }
}
