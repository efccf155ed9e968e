//! R3: what was committed in a term is in the log of every leader of a later one.
//!
//! **Proves**, whenever a node becomes leader of a term, that its log has everything that any node applied as member of an earlier
//! term, entry for entry; and whenever a node applies an entry as member of an earlier term than the present leader's, that this
//! leader has it. What a node in term T applies was committed in T or before: it has learned that from a leader of its own term.
//!
//! **Does not prove** anything about entries that are committed and applied nowhere yet (R7), nor, by whoever applies an entry before it is
//! durable in its own log, of that one: its log may have another there, which is about to go. What a node applied in the
//! leader's own term or a later one may have been committed there, and is not asked for: a candidate may learn late that it has
//! won.
//!
//! **Costs** a look-up for each entry applied, and one comparison at each election: a hash stands for the log up to an index.
//!
//! **Seen alive by** `logs-not-compared` (`planted/short-log`).

use crate::check::prelude::*;
use crate::view::log::Entry;

#[derive(Default)]
pub(in crate::check) struct LeaderCompleteness {
    /// The furthest entry that was applied, by the term of who applied it.
    committed: BTreeMap<u64, Committed>,
    /// The leader of the latest term, and that term.
    latest: Option<(u64, NodeId)>,
}

/// An entry that was applied.
#[derive(Clone, Copy)]
struct Committed {
    index: u64,
    entry: Entry,
    /// Who first applied it, in which term, and when.
    node: NodeId,
    term: u64,
    at: SimTime,
}

impl Check for LeaderCompleteness {
    fn leads(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>) -> Option<Finding> {
        let term = state.term;
        if self.latest.is_none_or(|(latest, _)| latest < term) {
            self.latest = Some((term, node));
        }
        let committed = self.committed.range(..term).map(|(_, committed)| committed).max_by_key(|one| one.index)?;
        judge(now, (node, term), committed)
    }

    fn applied(
        &mut self,
        now: &Now<'_>,
        By { node, state, .. }: By<'_>,
        Place { index, term, .. }: Place,
    ) -> Option<Finding> {
        let entry = state.log.get(index).filter(|entry| entry.term == term)?;
        let committed = Committed { index, entry, node, term: state.term, at: now.at };
        let furthest = self.committed.entry(state.term).or_insert(committed);
        if furthest.index < index {
            *furthest = committed;
        }
        let (term, leader) = self.latest.filter(|(term, _)| *term > committed.term)?;
        let still_leads = now.nodes.get(leader).is_some_and(|state| state.leads(term));
        if still_leads { judge(now, (leader, term), &committed) } else { None }
    }
}

fn judge(now: &Now<'_>, (leader, term): (NodeId, u64), committed: &Committed) -> Option<Finding> {
    now.judge();
    let Committed { index, entry, node, term: applied_in, at: applied_at } = *committed;
    let log = &now.nodes.get(leader)?.log;
    if log.get(index) == Some(entry) {
        return None;
    }
    let missing = now.nodes.get(node).and_then(|holds| log.first_difference(&holds.log)).unwrap_or(index);
    let message = format!(
        "{leader} leads term {term} without what was committed before: from index {missing} on it lacks what {node} had applied \
         in term {applied_in}, up to index {index}"
    );
    let (of, has) = (entry.term, log.last_index());
    let story = vec![
        format!(
            "{node} applied the entry of term {of} at index {index} as member of term {applied_in}, at {applied_at}"
        ),
        format!(
            "{leader}, which leads term {term}, has {has} entries; the first that is not as on {node} is at index {missing}"
        ),
        format!("what was acknowledged from index {missing} on is lost once {leader} overwrites it"),
    ];
    Some(now.finding(message, story))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of, ms};

    const CHECK: Of = Of("leader-completeness");

    /// n1 leads term 4 and has applied indices 1 and 2; n2 follows and has index 1.
    fn committed() -> Events {
        let events = Events::default().leads(0, 1, 4).follows(0, 2, 4);
        let events = events.appends(10, 1, 1, 4, 0xa).appends(10, 2, 1, 4, 0xa).appends(20, 1, 2, 4, 0xb);
        events.applies(30, 1, 1, 4, 0xa).applies(30, 1, 2, 4, 0xb)
    }

    #[test]
    fn a_leader_whose_log_is_too_short_is_a_violation() {
        committed().leads(40, 2, 5).breaks("leader-completeness", 40, "n2 leads term 5 without what was committed before: from index 2 on it lacks what n1 had applied in term 4, up to index 2");
    }

    #[test]
    fn a_leader_with_other_entries_is_a_violation() {
        let finding = CHECK.finds(&committed().appends(35, 2, 2, 3, 0xc).leads(40, 2, 5)).expect("index 2 is another");
        assert_eq!(
            finding.story[1],
            "n2, which leads term 5, has 2 entries; the first that is not as on n1 is at index 2"
        );
    }

    #[test]
    fn a_leader_that_has_everything_and_more_is_right() {
        let events = committed().appends(35, 2, 2, 4, 0xb).appends(36, 2, 3, 4, 0xc);
        assert_eq!(CHECK.finds(&events.leads(40, 2, 5)), None);
    }

    #[test]
    fn a_late_winner_need_not_have_what_a_later_term_committed() {
        let events = committed().follows(35, 2, 3);
        assert_eq!(CHECK.finds(&events.leads(40, 2, 4)), None);
    }

    #[test]
    fn what_an_old_leader_commits_after_the_election_of_another_is_asked_for() {
        let events = committed().appends(35, 2, 2, 4, 0xb).leads(40, 2, 5).appends(50, 1, 3, 4, 0xc);
        assert_eq!(CHECK.finds(&events), None);
        let events = committed().appends(35, 2, 2, 4, 0xb).leads(40, 2, 5).appends(50, 1, 3, 4, 0xc);
        let finding = CHECK.finds(&events.applies(60, 1, 3, 4, 0xc)).expect("index 3 is missing");
        assert_eq!(finding.at, ms(60));
    }

    #[test]
    fn what_is_applied_before_it_is_durable_is_not_what_the_log_has_there() {
        let events = Events::default().leads(0, 1, 3).follows(0, 3, 3).follows(0, 2, 3);
        let events = (1..=3).fold(events, |events, node| events.appends(10, node, 1, 2, 0xa));
        let events = events.appends(15, 3, 2, 2, 0xc).appends(20, 1, 2, 3, 0xb).appends(20, 2, 2, 3, 0xb);
        let events = events.leads(30, 2, 4).applies(40, 3, 1, 2, 0xa).applies(41, 3, 2, 3, 0xb);
        assert_eq!(CHECK.finds(&events), None, "n3 applies the entry of term 3, while its log has one of term 2 there");
    }

    #[test]
    fn a_process_that_starts_again_and_applies_anew_asks_for_nothing_else() {
        let again = committed().appends(35, 2, 2, 4, 0xb).killed(36, 1).started(37, 1, 2).applies(38, 1, 1, 4, 0xa);
        assert_eq!(CHECK.finds(&again.leads(40, 2, 5)), None);
    }
}
