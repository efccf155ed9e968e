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
//! **Costs** a comparison for each entry applied; memory of 40 bytes an index that is in somebody's log.
//!
//! **Seen alive by** its unit tests, and by `applied-twice` in `planted/reopened`. Tried by hand: a node that starts again with
//! an empty store behind the commit index that it finds on its disk (`fast/restart`). A store that loses a key when it is saved
//! is seen first by the clients (`fast/snapshot`).

use crate::check::prelude::*;
use std::collections::VecDeque;

#[derive(Default)]
pub(in crate::check) struct StateMachineSafety {
    /// How many entries are forgotten: nobody has them in its log any more.
    forgotten: u64,
    /// Who first applied which entry; entry `i` has index `forgotten + i + 1`.
    applied: VecDeque<Told>,
    /// The index of the last entry that each process has applied.
    last: BTreeMap<NodeId, u64>,
    /// The state of the state machine after an index, as the first node that told it had it.
    states: BTreeMap<u64, Told>,
}

/// An entry, or the state after it, and who told of it when.
#[derive(Clone, Copy)]
struct Told {
    place: Place,
    node: NodeId,
    at: SimTime,
}

impl Told {
    fn entry(&self) -> String {
        let Told { place: Place { index, term, digest }, node, at } = self;
        format!("{node} applied the entry of term {term} with content {digest:08x} at index {index}, at {at}")
    }

    fn state(&self) -> String {
        let Told { place: Place { index, digest, .. }, node, at } = self;
        format!("the state of {node} after index {index} was {digest:08x}, told at {at}")
    }
}

impl StateMachineSafety {
    /// Where the entry of `index` stands; `None`: it is forgotten.
    fn position(&self, index: u64) -> Option<usize> {
        usize::try_from(index.checked_sub(1)?.checked_sub(self.forgotten)?).ok()
    }

    /// A snapshot holds what was applied: the entry at its end, and the state after it.
    fn snapshot(&mut self, now: &Now<'_>, node: NodeId, last: Place) -> Option<Finding> {
        now.judge();
        let Place { index, term, digest } = last;
        // A snapshot that was long on its way may be of an index that everybody else has cut, and that is forgotten.
        let applied = self.applied.get(self.position(index)?);
        if applied.is_none_or(|applied| applied.place.term != term) {
            let message = format!(
                "{node} has a snapshot that ends with an entry of term {term} at index {index}, which nobody applied"
            );
            let there = applied.map_or_else(|| format!("nobody has applied anything at index {index}"), Told::entry);
            return Some(now.finding(message, vec![there]));
        }
        let own = Told { place: last, node, at: now.at };
        let first = *self.states.entry(index).or_insert(own);
        (first.place.digest != digest).then(|| {
            let message = format!(
                "{node} and {} had different states after they had applied the same entries up to index {index}",
                first.node
            );
            now.finding(message, vec![first.state(), own.state()])
        })
    }
}

impl Check for StateMachineSafety {
    fn applied(&mut self, now: &Now<'_>, By { node, .. }: By<'_>, place: Place) -> Option<Finding> {
        now.judge();
        let (entry, index) = (Told { place, node, at: now.at }, place.index);
        let last = self.last.entry(node).or_default();
        if index != *last + 1 {
            return Some(out_of_order(now, *last, entry));
        }
        *last = index;
        // Every process begins at 1 and leaves nothing out, so nobody applies beyond the end of what was applied.
        match self.applied.get(self.position(index)?) {
            Some(first) if (first.place.term, first.place.digest) == (place.term, place.digest) => None,
            Some(first) => Some(different(now, first, entry)),
            None => {
                self.applied.push_back(entry);
                None
            }
        }
    }

    fn log_compacted(&mut self, now: &Now<'_>, _: By<'_>, _: u64) -> Option<Finding> {
        let before = self.position(now.nodes.forgotten()).unwrap_or_default();
        let before = before.min(self.applied.len().saturating_sub(1));
        self.applied.drain(..before);
        self.forgotten += before as u64;
        self.states = self.states.split_off(&self.forgotten);
        None
    }

    fn snapshot_taken(&mut self, now: &Now<'_>, by: By<'_>, last: Place) -> Option<Finding> {
        self.snapshot(now, by.node, last)
    }

    /// A process goes on from a snapshot, and never back.
    fn snapshot_restored(
        &mut self,
        now: &Now<'_>,
        By { node, .. }: By<'_>,
        last: Place,
        _: Option<NodeId>,
    ) -> Option<Finding> {
        let (before, index) = (self.last.insert(node, last.index).unwrap_or_default(), last.index);
        if index < before {
            let message = format!("{node} went back from index {before} to a snapshot of index {index}");
            return Some(now.finding(message, Vec::new()));
        }
        self.snapshot(now, node, last)
    }

    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.last.remove(&node);
        None
    }
}

fn out_of_order(now: &Now<'_>, last: u64, entry: Told) -> Finding {
    let (node, index) = (entry.node, entry.place.index);
    let what = if index <= last { "applied again what it had applied" } else { "left out what comes before" };
    let message = format!("{node} applied index {index} after index {last}: it {what}");
    let before = match last {
        0 => format!("the process of {node} had applied nothing yet"),
        last => format!("the last entry that {node} had applied was at index {last}"),
    };
    now.finding(message, vec![before, entry.entry(), format!("index {} was due", last + 1)])
}

fn different(now: &Now<'_>, first: &Told, entry: Told) -> Finding {
    let (node, other) = (entry.node, first.node);
    let (Place { index, term, .. }, before) = (entry.place, first.place.term);
    let message = if before == term {
        format!("{node} and {other} applied entries of term {before} with different content at index {index}")
    } else {
        format!(
            "{node} applied an entry of term {term} at index {index}, where {other} had applied one of term {before}"
        )
    };
    let consequence = format!("from index {index} on the replicas of {other} and {node} are not the same");
    now.finding(message, vec![first.entry(), entry.entry(), consequence])
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};
    use leasehold::env::NodeId;
    use leasehold::observe::Event;

    const CHECK: Of = Of("state-machine-safety");

    /// n1 has applied indices 1 and 2.
    fn two() -> Events {
        Events::default().applies(10, 1, 1, 4, 0xa).applies(20, 1, 2, 4, 0xb)
    }

    #[test]
    fn another_term_at_the_same_index_is_a_violation() {
        let finding = two().applies(30, 2, 1, 4, 0xa).applies(40, 2, 2, 5, 0xb).breaks(
            "state-machine-safety",
            40,
            "n2 applied an entry of term 5 at index 2, where n1 had applied one of term 4",
        );
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
    fn a_snapshot_that_was_long_on_its_way_may_be_of_what_everybody_has_cut() {
        let has = |events: Events, index| events.appends(10, 1, index, 4, 0xa).applies(11, 1, index, 4, 0xa);
        let cut = || (1..=5).fold(Events::default(), has).event(20, 1, Event::LogCompacted { first: 5 });
        let arrives = |index| {
            let from = Some(NodeId(1));
            CHECK.finds(&cut().event(30, 2, Event::SnapshotRestored { index, term: 4, digest: 1, from }))
        };
        assert!(arrives(2).is_none() && arrives(5).is_none() && arrives(6).is_some());
    }

    #[test]
    fn other_content_at_the_same_index_is_a_violation() {
        let finding = CHECK.finds(&two().applies(30, 2, 1, 4, 0xc)).expect("two contents");
        assert_eq!(finding.message, "n2 and n1 applied entries of term 4 with different content at index 1");
    }

    #[test]
    fn the_same_entries_in_the_same_order_are_right() {
        assert_eq!(CHECK.finds(&two().applies(30, 2, 1, 4, 0xa).applies(40, 2, 2, 4, 0xb)), None);
    }

    #[test]
    fn an_entry_left_out_is_a_violation() {
        let finding = CHECK.finds(&two().applies(30, 1, 4, 4, 0xd)).expect("a gap");
        assert_eq!(finding.message, "n1 applied index 4 after index 2: it left out what comes before");
        assert_eq!(finding.story[2], "index 3 was due");
        assert!(CHECK.finds(&Events::default().applies(10, 1, 2, 4, 0xb)).is_some(), "a store begins empty");
    }

    #[test]
    fn an_entry_applied_twice_is_a_violation() {
        let finding = CHECK.finds(&two().applies(30, 1, 2, 4, 0xb)).expect("a repetition");
        assert_eq!(finding.message, "n1 applied index 2 after index 2: it applied again what it had applied");
    }

    #[test]
    fn a_node_goes_on_after_the_snapshot_that_it_restored() {
        let restored = || two().restores(30, 2, 2, 4, 0x5);
        assert_eq!(CHECK.finds(&restored().applies(40, 2, 3, 4, 0xc)), None);
        assert!(CHECK.finds(&restored().applies(40, 2, 2, 4, 0xb)).is_some(), "it is in the snapshot");
        assert!(CHECK.finds(&restored().applies(40, 2, 4, 4, 0xd)).is_some(), "index 3 is not");
    }

    #[test]
    fn another_state_after_the_same_entries_is_a_violation() {
        let taken = || two().snapshots(30, 1, 2, 4, 0x5);
        assert_eq!(CHECK.finds(&taken().restores(40, 2, 2, 4, 0x5)), None);
        let finding = CHECK.finds(&taken().restores(40, 2, 2, 4, 0x6)).expect("two states");
        assert_eq!(
            finding.message,
            "n2 and n1 had different states after they had applied the same entries up to index 2"
        );
        assert_eq!(finding.story[0], "the state of n1 after index 2 was 00000005, told at 0.030000s");
    }

    #[test]
    fn a_snapshot_of_what_nobody_applied_is_a_violation() {
        let finding = CHECK.finds(&two().restores(30, 2, 3, 4, 0x5)).expect("index 3 is nobody's");
        assert_eq!(
            finding.message,
            "n2 has a snapshot that ends with an entry of term 4 at index 3, which nobody applied"
        );
        assert!(CHECK.finds(&two().snapshots(30, 1, 2, 5, 0x5)).is_some(), "index 2 is of term 4");
    }

    #[test]
    fn a_process_that_goes_back_to_an_older_snapshot_is_a_violation_and_one_that_starts_on_it_is_not() {
        let finding = CHECK.finds(&two().restores(30, 1, 1, 4, 0x5)).expect("back");
        assert_eq!(finding.message, "n1 went back from index 2 to a snapshot of index 1");
        assert_eq!(CHECK.finds(&two().killed(30, 1).started(40, 1, 2).restores(50, 1, 1, 4, 0x5)), None);
    }

    #[test]
    fn a_process_that_starts_again_begins_at_the_first_entry() {
        let again = || two().killed(30, 1).started(40, 1, 2);
        assert_eq!(CHECK.finds(&again().applies(50, 1, 1, 4, 0xa)), None);
        assert!(CHECK.finds(&again().applies(50, 1, 3, 4, 0xc)).is_some(), "its store is empty");
        assert!(CHECK.finds(&again().applies(50, 1, 1, 4, 0xf)).is_some(), "another entry than before");
    }
}
