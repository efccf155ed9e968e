//! W7: no read from a lease before an entry of the leader's own term is applied.
//!
//! **Proves**, at each read that was answered from a lease, that the last entry which this process has applied is of the term
//! that the node leads. Entries are applied in order (R4) and a new leader's log has everything that was acknowledged before
//! (R3), so by then it has applied all of that.
//!
//! **Does not prove** that everything is applied that this leader has itself committed since: it acknowledges a write only
//! after it has applied it (premise P9), and S1 sees if not.
//!
//! **Costs** a look-up at each such read.
//!
//! **Seen alive by** `served-before-own-term` (`planted/fresh-leader`) and its unit tests.

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct CaughtUp;

impl Check for CaughtUp {
    fn served(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>) -> Option<Finding> {
        now.judge();
        let term = state.term;
        let applied = match state.applied {
            Some((_, of)) if of == term => return None,
            Some((index, of)) => format!("the last entry that it had applied was at index {index}, of term {of}"),
            None => "it had applied nothing at all".to_owned(),
        };
        let message = format!(
            "{node} answered a read from its lease before it had applied an entry of its term {term}: {applied}"
        );
        let story = vec![
            format!("{node} leads term {term} since {}, for {}", state.since, duration(now.at.since(state.since))),
            format!("{applied}; its log has {} entries", state.log.last_index()),
            "what earlier leaders committed and acknowledged may be among the entries that it has not applied"
                .to_owned(),
        ];
        Some(now.finding(message, story))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};
    use leasehold::observe::Miss;

    const CHECK: Of = Of("caught-up");

    /// n1 has applied index 7 of term 4 and leads term 5.
    fn elected() -> Events {
        Events::default().applies(5, 1, 7, 4, 0xa).leads(10, 1, 5)
    }

    #[test]
    fn a_read_before_an_entry_of_the_own_term_is_applied_is_a_violation() {
        let finding = elected().hit(20, 1).breaks(
            "caught-up",
            20,
            "n1 answered a read from its lease before it had applied an entry of its term 5: \
             the last entry that it had applied was at index 7, of term 4",
        );
        assert_eq!(finding.story[0], "n1 leads term 5 since 0.010000s, for 10ms");
    }

    #[test]
    fn after_that_reads_are_answered() {
        let events = elected().missed(11, 1, Miss::NotCaughtUp).applies(15, 1, 8, 5, 0).hit(20, 1);
        assert_eq!(events.evaluated_by("caught-up"), 1);
    }

    #[test]
    fn a_snapshot_that_ends_with_an_entry_of_the_own_term_is_as_good_as_having_applied_it() {
        assert_eq!(CHECK.finds(&Events::default().restores(5, 1, 7, 5, 0xa).leads(10, 1, 5).hit(20, 1)), None);
        assert!(CHECK.finds(&elected().restores(15, 1, 8, 4, 0xa).hit(20, 1)).is_some(), "an older term");
    }

    #[test]
    fn what_another_node_or_an_earlier_life_has_applied_does_not_count() {
        assert!(CHECK.finds(&elected().applies(15, 2, 8, 5, 0).hit(20, 1)).is_some());
        let again = elected().applies(15, 1, 8, 5, 0).killed(16, 1).started(17, 1, 2).leads(18, 1, 5);
        assert!(CHECK.finds(&again.hit(20, 1)).is_some());
    }
}
