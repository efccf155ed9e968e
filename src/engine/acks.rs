//! Quorum acknowledgements: until when back has a quorum heard this leader?
//!
//! For every voter the latest *send time* that it has acknowledged is kept; the quorum's time is the latest that a majority,
//! this leader included, has reached. Under a joint configuration that must hold in both halves. Learners, removed nodes and
//! acknowledgements of another term or incarnation never count (premises P1, P5, P10).

use crate::env::{Instant, NodeId};

/// The send times that a leader's peers have acknowledged in its term.
#[derive(Debug)]
pub struct QuorumAcks {
    me: NodeId,
    incoming: Vec<NodeId>,
    outgoing: Vec<NodeId>,
    /// Latest acknowledged send time of each peer.
    latest: Vec<(NodeId, Instant)>,
    quorum: Option<Instant>,
}

impl QuorumAcks {
    /// No acknowledgements yet. `outgoing` is empty unless the configuration is joint.
    pub fn new(me: NodeId, incoming: Vec<NodeId>, outgoing: Vec<NodeId>) -> Self {
        Self { me, incoming, outgoing, latest: Vec::new(), quorum: None }
    }

    /// Forgets all acknowledgements: a new term.
    pub fn reset(&mut self) {
        self.latest.clear();
        self.quorum = None;
    }

    /// Notes that `from` acknowledged what was sent at `sent_at`; returns the quorum's time if that moved it forward.
    pub fn acknowledged(&mut self, from: NodeId, sent_at: Instant) -> Option<Instant> {
        match self.latest.iter_mut().find(|(peer, _)| *peer == from) {
            Some((_, latest)) if *latest >= sent_at => return None,
            Some((_, latest)) => *latest = sent_at,
            None => self.latest.push((from, sent_at)),
        }
        let quorum = self.quorum_time(&self.incoming)?.min(self.quorum_time(&self.outgoing)?);
        if self.quorum.is_some_and(|previous| previous >= quorum) {
            return None;
        }
        self.quorum = Some(quorum);
        Some(quorum)
    }

    /// The latest time that a majority of `voters` has acknowledged; unbounded for no voters, so that it does not bind.
    fn quorum_time(&self, voters: &[NodeId]) -> Option<Instant> {
        let Some(peers_needed) = (voters.len() / 2 + 1).checked_sub(usize::from(voters.contains(&self.me))) else {
            return Some(UNBOUNDED);
        };
        if voters.is_empty() || peers_needed == 0 {
            return Some(UNBOUNDED);
        }
        let mut times: Vec<Instant> =
            self.latest.iter().filter(|(peer, _)| voters.contains(peer)).map(|(_, at)| *at).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        times.get(peers_needed - 1).copied()
    }
}

const UNBOUNDED: Instant = Instant::from_nanos(u64::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(ids: &[u64]) -> Vec<NodeId> {
        ids.iter().copied().map(NodeId).collect()
    }

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn of_three_voters_one_peer_is_enough() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3]), vec![]);
        assert_eq!(acks.acknowledged(NodeId(2), at(10)), Some(at(10)));
        assert_eq!(acks.acknowledged(NodeId(3), at(7)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(20)), Some(at(20)));
    }

    #[test]
    fn of_five_voters_the_second_latest_peer_decides() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3, 4, 5]), vec![]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
        assert_eq!(acks.acknowledged(NodeId(4), at(20)), Some(at(20)));
    }

    #[test]
    fn of_four_voters_two_peers_are_needed() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3, 4]), vec![]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
    }

    #[test]
    fn learners_and_strangers_never_count() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3]), vec![]);
        assert_eq!(acks.acknowledged(NodeId(9), at(10)), None);
    }

    #[test]
    fn a_leader_that_is_no_voter_needs_a_majority_of_the_others() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[2, 3, 4]), vec![]);
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(3), at(10)), Some(at(10)));
    }

    #[test]
    fn a_joint_configuration_needs_both_halves() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3]), nodes(&[1, 4, 5]));
        assert_eq!(acks.acknowledged(NodeId(2), at(30)), None);
        assert_eq!(acks.acknowledged(NodeId(5), at(10)), Some(at(10)));
    }

    #[test]
    fn an_older_acknowledgement_changes_nothing() {
        let mut acks = QuorumAcks::new(NodeId(1), nodes(&[1, 2, 3]), vec![]);
        acks.acknowledged(NodeId(2), at(10));
        assert_eq!(acks.acknowledged(NodeId(2), at(5)), None);
    }
}
