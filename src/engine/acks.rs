//! Quorum acknowledgements: until when back has a quorum heard this leader?
//!
//! For every voter the latest *send time* that it has acknowledged is kept; the quorum's time is the latest that a majority,
//! this leader included, has reached. Under a joint configuration that must hold in both halves. Learners, removed nodes and
//! acknowledgements of another term or incarnation never count (premises P1, P5, P10; invariant W11; LB-39 to LB-41).
//!
//! A lease that is in force stays so when the configuration changes, as long as its holder keeps its vote. Why an election that
//! the lease does not know of cannot win: the lease is backed by a quorum of the configuration C that this leader has applied.
//! Who votes by C, or by the one before or after it, votes by a configuration whose quorums all meet that one (single changes
//! and joint configurations are made so: dissertation §4.1, §4.3). The one after *that* cannot be committed before this leader
//! applies its predecessor and sends it to a quorum of that, which thereby renews its promises (LB-42: promises ride on appends
//! here). And nobody who is two changes behind can win: a quorum that it needs has a member with the change in its log, which
//! refuses a shorter log, and who has the change in its log knows that the one before it is committed (`LogStore::commit`), and
//! applies it before it stands for election (LB-44).

use crate::env::{Instant, NodeId};
use crate::observe::Membership;
use crate::rules::{Rule, at_least, is};

/// The send times that a leader's peers have acknowledged in its term.
#[derive(Debug)]
pub struct QuorumAcks {
    me: NodeId,
    members: Membership,
    /// Latest acknowledged send time of each peer.
    latest: Vec<(NodeId, Instant)>,
    quorum: Option<Instant>,
}

impl QuorumAcks {
    /// No acknowledgements yet.
    pub fn new(me: NodeId, members: Membership) -> Self {
        Self { me, members, latest: Vec::new(), quorum: None }
    }

    /// Another configuration is in force at this leader. What a node acknowledged before it was removed is forgotten: it must
    /// not count once the node is back (LB-40). What a learner acknowledged counts once it votes: it has promised the same.
    pub fn reconfigured(&mut self, members: Membership) {
        self.latest.retain(|(peer, _)| Rule::AckOfMember.holds(members.contains(*peer)));
        self.members = members;
    }

    /// Forgets all acknowledgements: a new term.
    pub fn reset(&mut self) {
        self.latest.clear();
        self.quorum = None;
    }

    /// Notes that `from` acknowledged what was sent at `sent_at`; returns the quorum's time if that moved it forward. What
    /// comes late from a node that is no member any more is not even noted.
    pub fn acknowledged(&mut self, from: NodeId, sent_at: Instant) -> Option<Instant> {
        if !Rule::AckOfMember.holds(self.members.contains(from)) {
            return None;
        }
        match self.latest.iter_mut().find(|(peer, _)| *peer == from) {
            Some((_, latest)) if *latest >= sent_at => return None,
            Some((_, latest)) => *latest = sent_at,
            None => self.latest.push((from, sent_at)),
        }
        self.advance(sent_at)
    }

    /// A leader whose vote is the only one backs itself, at `now`: who is to be elected by any later configuration needs its
    /// vote, or its hand in the change that takes that away. Returns the quorum's time if that moved it forward.
    pub fn alone(&mut self, now: Instant) -> Option<Instant> {
        let alone = Rule::AloneByItsVote.holds(is(self.members.voters == [self.me]).and(!self.members.is_joint()));
        alone.then(|| self.moved(now)).flatten()
    }

    fn advance(&mut self, known: Instant) -> Option<Instant> {
        let Membership { voters, outgoing, .. } = &self.members;
        let quorum = self.quorum_time(voters, known)?;
        let decides_alone = Rule::AcksOfBothHalves.holds(outgoing.is_empty());
        self.moved(if decides_alone { quorum } else { quorum.min(self.quorum_time(outgoing, known)?) })
    }

    /// The quorum's time is `at`, unless it is later already.
    fn moved(&mut self, at: Instant) -> Option<Instant> {
        if self.quorum.is_some_and(|previous| previous >= at) {
            return None;
        }
        self.quorum = Some(at);
        Some(at)
    }

    /// The latest time that a majority of `voters` has acknowledged. Where none is needed but this leader it is `known`, the
    /// present or the time of the message just acknowledged, and not "for ever": others may vote from the next change on.
    fn quorum_time(&self, voters: &[NodeId], known: Instant) -> Option<Instant> {
        let peers_needed = (voters.len() / 2 + 1).saturating_sub(usize::from(voters.contains(&self.me)));
        if peers_needed == 0 {
            return Some(known.max(self.quorum.unwrap_or_default()));
        }
        let mut times: Vec<Instant> = self
            .latest
            .iter()
            .filter(|(peer, _)| Rule::AckOfVoter.holds(voters.contains(peer)))
            .map(|(_, at)| *at)
            .collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let enough = |(others, _): &(usize, &Instant)| Rule::AckQuorum.holds(at_least(others + 1, peers_needed));
        times.iter().enumerate().find(enough).map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(ids: &[u64]) -> Vec<NodeId> {
        ids.iter().copied().map(NodeId).collect()
    }

    fn acks(me: u64, voters: &[u64], outgoing: &[u64]) -> QuorumAcks {
        QuorumAcks::new(NodeId(me), members(voters, outgoing, &[]))
    }

    fn members(voters: &[u64], outgoing: &[u64], learners: &[u64]) -> Membership {
        Membership { voters: nodes(voters), outgoing: nodes(outgoing), learners: nodes(learners) }
    }

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn of_three_voters_one_peer_is_enough() {
        let mut acks = acks(1, &[1, 2, 3], &[]);
        assert_eq!(acks.acknowledged(NodeId(2), at(10)), Some(at(10)));
        assert_eq!(acks.acknowledged(NodeId(3), at(7)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(20)), Some(at(20)));
    }

    #[test]
    fn of_five_voters_the_second_latest_peer_decides() {
        let mut acks = acks(1, &[1, 2, 3, 4, 5], &[]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
        assert_eq!(acks.acknowledged(NodeId(4), at(20)), Some(at(20)));
    }

    #[test]
    fn of_four_voters_two_peers_are_needed() {
        let mut acks = acks(1, &[1, 2, 3, 4], &[]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
    }

    #[test]
    fn learners_and_strangers_never_count() {
        let mut acks = acks(1, &[1, 2, 3], &[]);
        assert_eq!(acks.acknowledged(NodeId(9), at(10)), None);
    }

    #[test]
    fn a_leader_that_is_no_voter_needs_a_majority_of_the_others() {
        let mut acks = acks(1, &[2, 3, 4], &[]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
    }

    #[test]
    fn a_joint_configuration_needs_both_halves() {
        let mut acks = acks(1, &[1, 2, 3], &[1, 4, 5]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(5), at(10)), Some(at(10)));
    }

    #[test]
    fn a_removed_node_counts_neither_after_its_removal_nor_by_what_it_acknowledged_before_once_it_is_back() {
        let mut acks = acks(1, &[1, 2, 3], &[]);
        acks.acknowledged(NodeId(3), at(10));
        acks.reconfigured(members(&[1, 2], &[], &[]));
        assert_eq!(acks.acknowledged(NodeId(3), at(20)), None);
        acks.reconfigured(members(&[1, 2, 3, 4, 5], &[], &[]));
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None, "n3 is not known to have heard anything since");
    }

    #[test]
    fn a_learner_counts_from_its_promotion_on() {
        let mut acks = QuorumAcks::new(NodeId(1), members(&[1, 2, 3], &[], &[4]));
        assert_eq!(acks.acknowledged(NodeId(4), at(10)), None);
        acks.reconfigured(members(&[1, 2, 3, 4], &[], &[]));
        assert_eq!(acks.acknowledged(NodeId(2), at(20)), Some(at(10)));
    }

    #[test]
    fn an_only_voter_goes_by_what_was_last_acknowledged_and_not_for_ever() {
        let mut acks = QuorumAcks::new(NodeId(1), members(&[1], &[], &[2]));
        assert_eq!(acks.acknowledged(NodeId(2), at(10)), Some(at(10)));
        acks.reconfigured(members(&[1, 2], &[], &[]));
        assert_eq!(acks.acknowledged(NodeId(2), at(20)), Some(at(20)));
    }

    #[test]
    fn an_only_voter_backs_itself_as_long_as_it_is_alone() {
        let mut acks = QuorumAcks::new(NodeId(1), members(&[1], &[], &[2]));
        assert_eq!(acks.alone(at(10)), Some(at(10)));
        assert_eq!(acks.acknowledged(NodeId(2), at(7)), None, "a learner's old news");
        acks.reconfigured(members(&[1, 2], &[1], &[]));
        assert_eq!(acks.alone(at(20)), None);
        acks.reconfigured(members(&[2], &[], &[]));
        assert_eq!(acks.alone(at(30)), None, "the only vote is another's");
    }

    #[test]
    fn a_quorum_that_the_new_configuration_needs_does_not_move_the_time_back() {
        let mut acks = acks(1, &[1, 2, 3], &[]);
        acks.acknowledged(NodeId(2), at(30));
        acks.reconfigured(members(&[1, 2, 3], &[1, 2, 4], &[]));
        assert_eq!(acks.acknowledged(NodeId(4), at(20)), None);
        assert_eq!(acks.acknowledged(NodeId(4), at(40)), None, "the other half is at 30");
    }

    #[test]
    fn an_older_acknowledgement_changes_nothing() {
        let mut acks = acks(1, &[1, 2, 3], &[]);
        acks.acknowledged(NodeId(2), at(10));
        assert_eq!(acks.acknowledged(NodeId(2), at(5)), None);
    }
}
