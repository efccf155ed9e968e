//! R2: entries with the same index and term are the same, and so is everything before them.
//!
//! **Proves**, whenever an entry is durable in a node's log, that every other log that has an entry of this term at this index
//! agrees with it in all entries up to there, by terms and CRC-32 of their contents; and that the entry leaves no gap. What is
//! compared are the logs as the nodes told that they are durable, those of dead processes included.
//!
//! **Does not prove** anything about entries that were overwritten before another log had them, about what a leader holds in memory
//! before its own disk has it, or about a disk that loses what it had promised to keep.
//!
//! **Costs** a look-up and a comparison for each other node at each entry, and the hash of the entry; memory for the logs.
//!
//! **Seen alive by** its unit tests, and by `vote-not-durable` in `planted/second-vote`, where `durability` speaks first. Tried
//! by hand: a follower that takes entries after a wrong predecessor, with a leader that is cut off beside others that hand over
//! again and again.

use crate::check::prelude::*;
use crate::view::log::Entry;

#[derive(Default)]
pub(in crate::check) struct LogMatching;

impl Check for LogMatching {
    fn appended(
        &mut self,
        now: &Now<'_>,
        By { node, state, .. }: By<'_>,
        Place { index, .. }: Place,
    ) -> Option<Finding> {
        let Some(entry) = state.log.get(index) else {
            let last = state.log.last_index();
            let message = format!("{node} has index {index} in its log, but nothing between that and index {last}");
            return Some(now.finding(message, Vec::new()));
        };
        now.nodes.others(node).find_map(|(other, state)| {
            let theirs = state.log.get(index).filter(|theirs| theirs.term == entry.term)?;
            now.judge();
            (theirs.prefix != entry.prefix).then(|| different(now, (node, entry), index, other))
        })
    }
}

fn different(now: &Now<'_>, (node, entry): (NodeId, Entry), index: u64, other: NodeId) -> Finding {
    let term = entry.term;
    let logs = now.nodes.get(node).zip(now.nodes.get(other));
    let from = logs.and_then(|(ours, theirs)| ours.log.first_difference(&theirs.log)).unwrap_or(index);
    let how = if from == index {
        "with different content".to_owned()
    } else {
        format!("with different entries before it, from index {from} on")
    };
    let message = format!("{node} and {other} both have an entry of term {term} at index {index}, but {how}");
    let term_at = |node| now.nodes.get(node).and_then(|state| state.log.get(from)).map_or(0, |entry| entry.term);
    let (ours, theirs) = (term_at(node), term_at(other));
    let story = vec![
        format!(
            "at {} the entry of term {term} at index {index} became durable on {node}; {other} has it already",
            now.at
        ),
        format!(
            "the first entry that differs is at index {from}: on {node} of term {ours}, on {other} of term {theirs}"
        ),
        "a follower takes an entry only after the one that the leader has before it".to_owned(),
    ];
    now.finding(message, story)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};

    const CHECK: Of = Of("log-matching");

    /// n1 has entries of term 4 at indices 1 and 2.
    fn two() -> Events {
        Events::default().appends(10, 1, 1, 4, 0xa).appends(20, 1, 2, 4, 0xb)
    }

    #[test]
    fn other_content_at_the_same_index_and_term_is_a_violation() {
        two().appends(30, 2, 1, 4, 0xa).appends(40, 2, 2, 4, 0xc).breaks(
            "log-matching",
            40,
            "n2 and n1 both have an entry of term 4 at index 2, but with different content",
        );
    }

    #[test]
    fn an_entry_after_a_wrong_predecessor_is_a_violation() {
        let finding = CHECK.finds(&two().appends(30, 2, 1, 3, 0xa).appends(40, 2, 2, 4, 0xb)).expect("two pasts");
        assert_eq!(
            finding.message,
            "n2 and n1 both have an entry of term 4 at index 2, but with different entries before it, from index 1 on"
        );
        assert_eq!(finding.story[1], "the first entry that differs is at index 1: on n2 of term 3, on n1 of term 4");
    }

    #[test]
    fn logs_may_differ_where_their_terms_do() {
        assert_eq!(CHECK.finds(&two().appends(30, 2, 1, 4, 0xa).appends(40, 2, 2, 5, 0xf)), None);
    }

    #[test]
    fn what_was_overwritten_is_not_compared() {
        let overwritten = two().appends(30, 1, 1, 5, 0xd);
        assert_eq!(CHECK.finds(&overwritten.appends(40, 2, 1, 4, 0xa).appends(50, 2, 2, 4, 0xe)), None);
    }

    #[test]
    fn a_kill_takes_nothing_that_was_durable() {
        assert!(CHECK.finds(&two().killed(30, 1).appends(40, 2, 1, 4, 0xc)).is_some());
        assert_eq!(CHECK.finds(&two().killed(30, 1).started(40, 1, 2).appends(50, 1, 3, 5, 0xc)), None);
    }

    #[test]
    fn a_gap_is_a_violation() {
        let finding = CHECK.finds(&two().appends(30, 1, 4, 4, 0xd)).expect("a gap");
        assert_eq!(finding.message, "n1 has index 4 in its log, but nothing between that and index 2");
    }

    #[test]
    fn a_node_that_restores_a_snapshot_has_the_log_of_whoever_has_its_last_entry() {
        let restored = || two().restores(30, 2, 2, 4, 0x5);
        assert_eq!(CHECK.finds(&restored().appends(40, 2, 3, 4, 0xc)), None);
        let finding =
            CHECK.finds(&two().restores(30, 2, 5, 4, 0x5).appends(40, 2, 6, 4, 0xc)).expect("nobody has index 5");
        assert_eq!(finding.message, "n2 has index 6 in its log, but nothing between that and index 0");
        assert!(CHECK.finds(&restored().appends(40, 1, 3, 4, 0xc).appends(50, 2, 3, 4, 0xd)).is_some());
    }

    #[test]
    fn each_comparison_is_one_evaluation() {
        let events = two().appends(30, 2, 1, 4, 0xa).appends(40, 3, 1, 4, 0xa).appends(50, 2, 2, 5, 0xf);
        assert_eq!(events.evaluated_by("log-matching"), 3);
    }
}
