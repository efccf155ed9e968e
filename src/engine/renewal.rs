//! How a leader learns that its lease may be extended: two back-ends behind one trait.
//!
//! - `Acks`: every append and heartbeat carries a send time, and answers return it (braft, sofa-jraft, openraft).
//! - `ReadRounds`: from time to time a ReadIndex round is run under a context of its own; its confirmation extends the lease
//!   from the time the round began (TiKV). Raft itself then checks quorum and own-term commit.

use super::acks::QuorumAcks;
use crate::env::{Instant, NodeId, Stamp};
use crate::observe::Membership;
use crate::rules::{Rule, same};
use std::time::Duration;

/// Which back-end renews the lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RenewalKind {
    /// Acknowledged send times.
    #[default]
    Acks,
    /// ReadIndex rounds.
    ReadRounds,
    /// Neither: the caller extends the lease when its own operations succeed (elastickv #549).
    Caller,
}

/// A back-end. Each returns the base of an extension: the time since which a quorum is known to follow this leader.
pub trait Renewal: Send {
    /// A peer answered a message that this leader stamped in its present term and incarnation.
    fn acknowledged(&mut self, from: NodeId, stamp: Stamp) -> Option<Instant>;

    /// The clock of a leader that may have nobody to ask has ticked.
    fn ticked(&mut self, _now: Instant) -> Option<Instant> {
        None
    }

    /// Should a ReadIndex round that renews the lease begin now?
    fn due(&self, now: Instant) -> bool;

    /// Such a round has begun.
    fn begun(&mut self, context: &[u8], now: Instant);

    /// A ReadIndex round was confirmed.
    fn confirmed(&mut self, context: &[u8]) -> Option<Instant>;

    /// A new term or role: no round that has begun so far counts. What goes by stamps sees the term in those.
    fn reset(&mut self) {}

    /// Other members from here on. What asks Raft itself needs not know.
    fn reconfigured(&mut self, _members: Membership) {}
}

impl RenewalKind {
    /// The back-end for a group of these members.
    pub fn build(self, me: NodeId, members: Membership, interval: Duration) -> Box<dyn Renewal> {
        match self {
            RenewalKind::Acks => Box::new(Acks { quorum: QuorumAcks::new(me, members), term: 0 }),
            RenewalKind::ReadRounds => Box::new(ReadRounds { interval, latest: None }),
            RenewalKind::Caller => Box::new(Nothing),
        }
    }
}

/// Renewal by acknowledged send times.
struct Acks {
    quorum: QuorumAcks,
    /// The term in which what is acknowledged left.
    term: u64,
}

impl Renewal for Acks {
    fn acknowledged(&mut self, from: NodeId, stamp: Stamp) -> Option<Instant> {
        if !Rule::AcksOfOneTerm.holds(same(self.term, stamp.term)) {
            self.quorum.reset();
            self.term = stamp.term;
        }
        self.quorum.acknowledged(from, stamp.sent_at)
    }

    fn ticked(&mut self, now: Instant) -> Option<Instant> {
        self.quorum.alone(now)
    }

    fn due(&self, _now: Instant) -> bool {
        false
    }

    fn begun(&mut self, _context: &[u8], _now: Instant) {}

    fn confirmed(&mut self, _context: &[u8]) -> Option<Instant> {
        None
    }

    fn reconfigured(&mut self, members: Membership) {
        self.quorum.reconfigured(members);
    }
}

/// Renewal by ReadIndex rounds. Only the latest round counts: it is the one whose base is worth having.
struct ReadRounds {
    interval: Duration,
    latest: Option<(Vec<u8>, Instant)>,
}

impl Renewal for ReadRounds {
    fn acknowledged(&mut self, _from: NodeId, _stamp: Stamp) -> Option<Instant> {
        None
    }

    fn due(&self, now: Instant) -> bool {
        self.latest.as_ref().is_none_or(|(_, begun)| now.since(*begun) >= self.interval)
    }

    fn begun(&mut self, context: &[u8], now: Instant) {
        self.latest = Some((context.to_vec(), now));
    }

    fn confirmed(&mut self, context: &[u8]) -> Option<Instant> {
        let own = |(latest, _): &&(Vec<u8>, Instant)| Rule::RoundConfirmsItself.holds(latest == context);
        self.latest.as_ref().filter(own).map(|(_, begun)| *begun)
    }

    fn reset(&mut self) {
        self.latest = None;
    }
}

/// No renewal by the engine.
struct Nothing;

impl Renewal for Nothing {
    fn acknowledged(&mut self, _from: NodeId, _stamp: Stamp) -> Option<Instant> {
        None
    }

    fn due(&self, _now: Instant) -> bool {
        false
    }

    fn begun(&mut self, _context: &[u8], _now: Instant) {}

    fn confirmed(&mut self, _context: &[u8]) -> Option<Instant> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voters(count: u64) -> Membership {
        Membership { voters: (1..=count).map(NodeId).collect(), ..Membership::default() }
    }

    /// A leader `n1` of five, renewed by acknowledgements.
    fn acks() -> Box<dyn Renewal> {
        RenewalKind::Acks.build(NodeId(1), voters(5), Duration::ZERO)
    }

    fn sent(term: u64, at: u64) -> Stamp {
        Stamp { term, incarnation: 1, round: at, sent_at: Instant::from_nanos(at) }
    }

    #[test]
    fn acknowledgements_of_one_term_add_up_to_a_quorum() {
        let mut acks = acks();
        assert_eq!(acks.acknowledged(NodeId(2), sent(1, 10)), None);
        assert_eq!(acks.acknowledged(NodeId(3), sent(1, 20)), Some(Instant::from_nanos(10)));
    }

    #[test]
    fn acknowledgements_of_two_terms_do_not() {
        let mut acks = acks();
        assert_eq!(acks.acknowledged(NodeId(2), sent(1, 10)), None);
        assert_eq!(acks.acknowledged(NodeId(3), sent(2, 20)), None);
    }

    #[test]
    fn after_a_change_of_members_the_quorum_is_theirs() {
        let mut acks = acks();
        acks.reconfigured(voters(3));
        assert_eq!(acks.acknowledged(NodeId(2), sent(1, 10)), Some(Instant::from_nanos(10)));
    }
}
