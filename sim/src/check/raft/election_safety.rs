//! R1: a term has one leader.
//!
//! **Proves** that no two nodes became leader of the same term, which is what votes that are durable and counted once give.
//!
//! **Does not prove** that the leader had a right to be elected (R3), nor that its log is complete.
//!
//! **Costs** a look-up at each change of role; memory for each term that had a leader.
//!
//! **Seen alive by** its unit tests, and by `vote-not-durable` in `planted/second-vote`, where `durability` speaks first.

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct ElectionSafety {
    leaders: BTreeMap<u64, (NodeId, SimTime)>,
}

impl Check for ElectionSafety {
    fn leads(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>) -> Option<Finding> {
        now.judge();
        let (at, term) = (now.at, state.term);
        let (first, since) = *self.leaders.entry(term).or_insert((node, at));
        if first == node {
            return None;
        }
        let message = format!("term {term} has two leaders: {first} since {since}, {node} since {at}");
        let story = vec![
            format!("{first} became leader of term {term} at {since}"),
            format!("{node} became leader of the same term at {at}, {} later", duration(at.since(since))),
        ];
        Some(now.finding(message, story))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};

    const CHECK: Of = Of("election-safety");

    #[test]
    fn a_second_leader_of_a_term_is_a_violation_even_after_the_first_stepped_down() {
        Events::default().leads(0, 1, 4).follows(50, 1, 4).leads(100, 2, 4).breaks(
            "election-safety",
            100,
            "term 4 has two leaders: n1 since 0.000000s, n2 since 0.100000s",
        );
    }

    #[test]
    fn leaders_of_different_terms_may_overlap() {
        assert_eq!(CHECK.finds(&Events::default().leads(0, 1, 4).leads(100, 2, 5)), None);
    }

    #[test]
    fn a_leader_may_say_twice_that_it_leads() {
        assert_eq!(CHECK.finds(&Events::default().leads(0, 1, 4).leads(100, 1, 4)), None);
    }
}
