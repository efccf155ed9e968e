//! W11: the acknowledgements behind a lease are those of voters, by the membership that its holder has applied, or by the one that its engine
//! counts by.
//!
//! **Proves**, at each extension, that those who have answered something that left the leader at the base or later, in the
//! lease's term and in this life of its process, hold with the leader itself a majority of the voters in force at it; in a
//! joint configuration, of both halves. An engine that counts by the last change in its log confirms a round of ReadIndex by that, and a
//! majority of those will do. Learners, and nodes that are no member or not any more, do not count (LB-39, LB-40);
//! nor does the leader where it has no vote (LB-43).
//!
//! **Does not prove** that no election by another membership can go past that quorum: that is W3; why it cannot is written at
//! `engine::acks`. Nor what a stamp is worth (W4).
//!
//! **Costs** a look-up for each voter at each extension; the view follows the answers.
//!
//! **Seen alive by** `learners-counted` (`planted/learners`), `removed-counted` (`fast/membership`) and `half-of-joint`
//! (`planted/slow-half`), and its unit tests.

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct CountedVoters;

impl Check for CountedVoters {
    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, lease: Extension) -> Option<Finding> {
        now.judge();
        let (node, process) = (by.node, by.process());
        let members = now.nodes.members(node);
        let backs = |voter| voter == node || now.nodes.acknowledged.backs(process, &lease, voter);
        if members.is_quorum(backs) || now.nodes.counted_by(node).is_quorum(backs) {
            return None;
        }
        let message = format!(
            "{node} extended its lease of term {} without the acknowledgements of a quorum of those who vote: {members}",
            lease.term
        );
        let peers = now.nodes.others(node).take(STORY - 4).map(|(peer, _)| {
            let vote = match (members.votes(peer), members.contains(peer)) {
                (true, _) => "votes",
                (false, true) => "is a learner",
                (false, false) => "is no member",
            };
            format!("{peer} {vote}: {}", now.nodes.acknowledged.describe(process, &lease, peer))
        });
        let itself = (!members.votes(node)).then(|| format!("{node} has no vote itself"));
        Some(now.finding(message, peers.chain(itself).collect()))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};
    use leasehold::env::NodeId;
    use leasehold::observe::{Event, Membership};
    use std::sync::Arc;

    const CHECK: Of = Of("counted-voters");

    /// n1 leads term 4 of n1, n2 and n3, which vote, and n4, which learns; n5 is no member.
    fn leads() -> Events {
        let events = (1..=5).fold(Events::default(), |events, node| events.started(0, node, 1));
        events.members(1, 1, 7, [&[1, 2, 3], &[], &[4]]).leads(2, 1, 4)
    }

    #[test]
    fn a_voter_with_the_leader_is_a_quorum_of_three() {
        let events = leads().acknowledges(20, 3, 1, 4, 10).leased(21, 1, 4, 0, 10);
        assert_eq!(events.evaluated_by("counted-voters"), 1);
    }

    #[test]
    fn a_learner_does_not_count() {
        let finding = leads().acknowledges(20, 4, 1, 4, 10).leased(21, 1, 4, 0, 10).breaks("counted-voters", 21, "n1 extended its lease of term 4 without the acknowledgements of a quorum of those who vote: n1 n2 n3, learning n4");
        assert_eq!(
            finding.story[2],
            "n4 is a learner: the latest that n4 has acknowledged is round 1, which left 0s after the lease's base"
        );
    }

    #[test]
    fn a_node_that_is_no_member_does_not_count() {
        assert!(CHECK.finds(&leads().acknowledges(20, 5, 1, 4, 10).leased(21, 1, 4, 0, 10)).is_some());
        let removed = leads().acknowledges(20, 3, 1, 4, 10).members(20, 1, 8, [&[1, 2], &[], &[]]);
        assert!(CHECK.finds(&removed.leased(21, 1, 4, 0, 10)).is_some());
    }

    #[test]
    fn a_leader_without_a_vote_does_not_count() {
        let removed = || leads().members(10, 1, 8, [&[2, 3], &[], &[]]).acknowledges(20, 3, 1, 4, 10);
        assert!(CHECK.finds(&removed().leased(21, 1, 4, 0, 10)).is_some());
        assert_eq!(CHECK.finds(&removed().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10)), None);
    }

    #[test]
    fn a_joint_configuration_needs_a_majority_of_both_halves() {
        let joint = || leads().members(10, 1, 8, [&[1, 4, 5], &[1, 2, 3], &[]]).acknowledges(20, 4, 1, 4, 10);
        assert!(CHECK.finds(&joint().leased(21, 1, 4, 0, 10)).is_some());
        assert_eq!(CHECK.finds(&joint().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10)), None);
    }

    #[test]
    fn a_majority_of_those_by_whom_the_engine_counts_will_do() {
        let joint = || leads().members(10, 1, 8, [&[1, 2, 3], &[1, 4, 5], &[]]).acknowledges(20, 3, 1, 4, 10);
        assert!(CHECK.finds(&joint().leased(21, 1, 4, 0, 10)).is_some());
        let members = Membership { voters: [1, 2, 3].map(NodeId).to_vec(), ..Membership::default() };
        let leaves = joint().event(15, 1, Event::Counts { members: Arc::new(members) });
        assert_eq!(CHECK.finds(&leaves.leased(21, 1, 4, 0, 10)), None);
    }

    #[test]
    fn what_was_sent_before_the_base_does_not_back_it() {
        assert!(CHECK.finds(&leads().acknowledges(20, 3, 1, 4, 9).leased(21, 1, 4, 0, 10)).is_some());
    }
}
