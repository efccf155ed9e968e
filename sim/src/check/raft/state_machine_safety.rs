//! R4: all nodes apply the same entries, in order.
//!
//! **Proves** that no two nodes applied different entries (term, or CRC-32 of the content) at the same index, and that each
//! process applied from index 1 on without leaving one out or repeating one. A process that starts again has an empty store and
//! begins at 1 again, or after the snapshot that it goes on from; what it then applies is compared as well. And that equal
//! entries had equal effects, where a node has told the CRC-32 of its whole state: whoever takes a snapshot at an index, or
//! goes on from one, has the state that everybody else has had there.
//!
//! **Does not prove** that states are the same at indices at which only one node took a snapshot, nor that what was applied was
//! committed (R3, R7).
//!
//! **Costs** a comparison for each entry applied; memory of 40 bytes an index.
//!
//! **Seen alive by** its unit tests, and by `applied-twice` in `planted/reopened`. Tried by hand: a node that starts again with
//! an empty store behind the commit index that it finds on its disk (`fast/restart`). A store that loses a key when it is saved
//! is seen first by the clients (`fast/snapshot`).

use crate::check::{Check, CheckInfo, Finding, Kind, STORY};
use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::Event;
use std::collections::BTreeMap;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "state-machine-safety",
    Class::RaftInvariant,
    "all nodes apply the same entries, in order and without gaps",
    "lease-bugs.md R4; Raft §5.4.3",
);

/// The check.
#[derive(Default)]
pub(in crate::check) struct StateMachineSafety {
    /// Who first applied which entry; entry `i` has index `i + 1`.
    applied: Vec<Applied>,
    /// The index of the last entry that each process has applied.
    last: BTreeMap<NodeId, u64>,
    /// The state of the state machine after an index, as the first node that told it had it.
    states: BTreeMap<u64, State>,
    evaluated: u64,
}

#[derive(Clone, Copy)]
struct State {
    digest: u32,
    node: NodeId,
    at: SimTime,
}

/// A snapshot that a node took or goes on from.
#[derive(Clone, Copy)]
struct Snapshot {
    index: u64,
    term: u64,
    state: State,
}

#[derive(Clone, Copy)]
struct Applied {
    term: u64,
    digest: u32,
    node: NodeId,
    at: SimTime,
}

impl Applied {
    fn is_same_entry(&self, other: &Applied) -> bool {
        (self.term, self.digest) == (other.term, other.digest)
    }

    fn describe(&self, index: u64) -> String {
        let Applied { term, digest, node, at } = self;
        format!("{node} applied the entry of term {term} with content {digest:08x} at index {index}, at {at}")
    }
}

impl StateMachineSafety {
    fn applied(&mut self, index: u64, entry: Applied, nodes: &View) -> Option<Finding> {
        self.evaluated += 1;
        let last = self.last.entry(entry.node).or_default();
        if index != *last + 1 {
            return Some(out_of_order(*last, index, entry, nodes));
        }
        *last = index;
        // Every process begins at 1 and leaves nothing out, so nobody applies beyond the end of what was applied.
        match self.applied.get(index as usize - 1) {
            Some(first) if !first.is_same_entry(&entry) => Some(different(index, first, entry, nodes)),
            Some(_) => None,
            None => {
                self.applied.push(entry);
                None
            }
        }
    }
}

impl StateMachineSafety {
    /// A snapshot holds what was applied: the entry at its end, and the state after it.
    fn snapshot(&mut self, snapshot: Snapshot, nodes: &View) -> Option<Finding> {
        self.evaluated += 1;
        let Snapshot { index, term, state } = snapshot;
        let applied = usize::try_from(index).ok()?.checked_sub(1).and_then(|position| self.applied.get(position));
        if applied.is_none_or(|applied| applied.term != term) {
            return Some(of_nothing_applied(snapshot, applied, nodes));
        }
        let first = *self.states.entry(index).or_insert(state);
        (first.digest != state.digest).then(|| different_states(snapshot, first, nodes))
    }

    /// A process goes on from a snapshot, and never back.
    fn restored(&mut self, snapshot: Snapshot, nodes: &View) -> Option<Finding> {
        let Snapshot { index, state: State { node, at, .. }, .. } = snapshot;
        let last = self.last.insert(node, index).unwrap_or_default();
        if index < last {
            let message = format!("{node} went back from index {last} to a snapshot of index {index}");
            return Some(INFO.finding(at, message, nodes.story(at, STORY)));
        }
        self.snapshot(snapshot, nodes)
    }
}

fn of_nothing_applied(snapshot: Snapshot, applied: Option<&Applied>, nodes: &View) -> Finding {
    let Snapshot { index, term, state: State { node, at, .. } } = snapshot;
    let message =
        format!("{node} has a snapshot that ends with an entry of term {term} at index {index}, which nobody applied");
    let there = match applied {
        Some(applied) => applied.describe(index),
        None => format!("nobody has applied anything at index {index}"),
    };
    let story = vec![there];
    INFO.finding(at, message, nodes.complete(at, story))
}

fn different_states(snapshot: Snapshot, first: State, nodes: &View) -> Finding {
    let Snapshot { index, state: State { digest, node, at }, .. } = snapshot;
    let other = first.node;
    let message =
        format!("{node} and {other} had different states after they had applied the same entries up to index {index}");
    let told = |state: State| {
        format!("the state of {} after index {index} was {:08x}, told at {}", state.node, state.digest, state.at)
    };
    let story = vec![told(first), told(State { digest, node, at })];
    INFO.finding(at, message, nodes.complete(at, story))
}

fn out_of_order(last: u64, index: u64, entry: Applied, nodes: &View) -> Finding {
    let Applied { node, at, .. } = entry;
    let what = if index <= last { "applied again what it had applied" } else { "left out what comes before" };
    let message = format!("{node} applied index {index} after index {last}: it {what}");
    let before = match last {
        0 => format!("the process of {node} had applied nothing yet"),
        last => format!("the last entry that {node} had applied was at index {last}"),
    };
    let story = vec![before, entry.describe(index), format!("index {} was due", last + 1)];
    INFO.finding(at, message, nodes.complete(at, story))
}

fn different(index: u64, first: &Applied, entry: Applied, nodes: &View) -> Finding {
    let Applied { node, at, .. } = entry;
    let message = if first.term == entry.term {
        format!(
            "{node} and {} applied entries of term {} with different content at index {index}",
            first.node, first.term
        )
    } else {
        format!(
            "{node} applied an entry of term {} at index {index}, where {} had applied one of term {}",
            entry.term, first.node, first.term
        )
    };
    let consequence = format!("from index {index} on the replicas of {} and {node} are not the same", first.node);
    let story = vec![first.describe(index), entry.describe(index), consequence];
    INFO.finding(at, message, nodes.complete(at, story))
}

impl Check for StateMachineSafety {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Applied, Kind::Told, Kind::Process]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::Applied { index, term, digest },
                ..
            }) => {
                let entry = Applied { term: *term, digest: *digest, node: *node, at: record.at };
                self.applied(*index, entry, nodes)
            }
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::SnapshotTaken { index, term, digest, .. },
                ..
            }) => {
                let state = State { digest: *digest, node: *node, at: record.at };
                self.snapshot(Snapshot { index: *index, term: *term, state }, nodes)
            }
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::SnapshotRestored { index, term, digest, .. },
                ..
            }) => {
                let state = State { digest: *digest, node: *node, at: record.at };
                self.restored(Snapshot { index: *index, term: *term, state }, nodes)
            }
            What::Process { node, change: ProcessChange::Started { .. } } => {
                self.last.remove(node);
                None
            }
            _ => None,
        }
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};

    fn first(events: &Events) -> Option<Finding> {
        events.first(&mut StateMachineSafety::default())
    }

    /// n1 has applied indices 1 and 2.
    fn two() -> Events {
        Events::default().applies(10, 1, 1, 4, 0xa).applies(20, 1, 2, 4, 0xb)
    }

    #[test]
    fn another_term_at_the_same_index_is_a_violation() {
        let finding = first(&two().applies(30, 2, 1, 4, 0xa).applies(40, 2, 2, 5, 0xb)).expect("two terms");
        assert_eq!((finding.check, finding.class, finding.at), (INFO.name, Class::RaftInvariant, ms(40)));
        assert_eq!(finding.message, "n2 applied an entry of term 5 at index 2, where n1 had applied one of term 4");
        assert_eq!(
            finding.story[..3],
            [
                "n1 applied the entry of term 4 with content 0000000b at index 2, at 0.020000s",
                "n2 applied the entry of term 5 with content 0000000b at index 2, at 0.040000s",
                "from index 2 on the replicas of n1 and n2 are not the same",
            ]
        );
    }

    #[test]
    fn other_content_at_the_same_index_is_a_violation() {
        let finding = first(&two().applies(30, 2, 1, 4, 0xc)).expect("two contents");
        assert_eq!(finding.message, "n2 and n1 applied entries of term 4 with different content at index 1");
    }

    #[test]
    fn the_same_entries_in_the_same_order_are_right() {
        assert_eq!(first(&two().applies(30, 2, 1, 4, 0xa).applies(40, 2, 2, 4, 0xb)), None);
    }

    #[test]
    fn an_entry_left_out_is_a_violation() {
        let finding = first(&two().applies(30, 1, 4, 4, 0xd)).expect("a gap");
        assert_eq!(finding.message, "n1 applied index 4 after index 2: it left out what comes before");
        assert_eq!(finding.story[2], "index 3 was due");
        assert!(first(&Events::default().applies(10, 1, 2, 4, 0xb)).is_some(), "a store begins empty");
    }

    #[test]
    fn an_entry_applied_twice_is_a_violation() {
        let finding = first(&two().applies(30, 1, 2, 4, 0xb)).expect("a repetition");
        assert_eq!(finding.message, "n1 applied index 2 after index 2: it applied again what it had applied");
    }

    #[test]
    fn a_node_goes_on_after_the_snapshot_that_it_restored() {
        let restored = || two().restores(30, 2, 2, 4, 0x5);
        assert_eq!(first(&restored().applies(40, 2, 3, 4, 0xc)), None);
        assert!(first(&restored().applies(40, 2, 2, 4, 0xb)).is_some(), "it is in the snapshot");
        assert!(first(&restored().applies(40, 2, 4, 4, 0xd)).is_some(), "index 3 is not");
    }

    #[test]
    fn another_state_after_the_same_entries_is_a_violation() {
        let taken = || two().snapshots(30, 1, 2, 4, 0x5);
        assert_eq!(first(&taken().restores(40, 2, 2, 4, 0x5)), None);
        let finding = first(&taken().restores(40, 2, 2, 4, 0x6)).expect("two states");
        assert_eq!(
            finding.message,
            "n2 and n1 had different states after they had applied the same entries up to index 2"
        );
        assert_eq!(finding.story[0], "the state of n1 after index 2 was 00000005, told at 0.030000s");
    }

    #[test]
    fn a_snapshot_of_what_nobody_applied_is_a_violation() {
        let finding = first(&two().restores(30, 2, 3, 4, 0x5)).expect("index 3 is nobody's");
        assert_eq!(
            finding.message,
            "n2 has a snapshot that ends with an entry of term 4 at index 3, which nobody applied"
        );
        assert!(first(&two().snapshots(30, 1, 2, 5, 0x5)).is_some(), "index 2 is of term 4");
    }

    #[test]
    fn a_process_that_goes_back_to_an_older_snapshot_is_a_violation_and_one_that_starts_on_it_is_not() {
        let finding = first(&two().restores(30, 1, 1, 4, 0x5)).expect("back");
        assert_eq!(finding.message, "n1 went back from index 2 to a snapshot of index 1");
        assert_eq!(first(&two().killed(30, 1).started(40, 1, 2).restores(50, 1, 1, 4, 0x5)), None);
    }

    #[test]
    fn a_process_that_starts_again_begins_at_the_first_entry() {
        let again = || two().killed(30, 1).started(40, 1, 2);
        assert_eq!(first(&again().applies(50, 1, 1, 4, 0xa)), None);
        assert!(first(&again().applies(50, 1, 3, 4, 0xc)).is_some(), "its store is empty");
        assert!(first(&again().applies(50, 1, 1, 4, 0xf)).is_some(), "another entry than before");
    }
}
