//! How a leader learns that its lease may be extended: two back-ends behind one trait.
//!
//! - `Acks`: every append and heartbeat carries a send time, and answers return it (braft, sofa-jraft, openraft).
//! - `ReadRounds`: from time to time a ReadIndex round is run under a context of its own; its confirmation extends the lease
//!   from the time the round began (TiKV). Raft itself then checks quorum and own-term commit.

use super::acks::QuorumAcks;
use crate::env::{Instant, NodeId, Stamp};
use crate::observe::Membership;
use crate::rules::{Rule, same};
use std::collections::VecDeque;
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
            RenewalKind::ReadRounds => Box::new(ReadRounds { interval, rounds: VecDeque::new() }),
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

/// So many rounds may be under way. More than that many intervals no lease lasts.
const ROUNDS: usize = 8;

/// Renewal by ReadIndex rounds. One may take longer than it is to the next.
struct ReadRounds {
    interval: Duration,
    /// Those that are under way, the latest last.
    rounds: VecDeque<(Vec<u8>, Instant)>,
}

impl Renewal for ReadRounds {
    fn acknowledged(&mut self, _from: NodeId, _stamp: Stamp) -> Option<Instant> {
        None
    }

    fn due(&self, now: Instant) -> bool {
        self.rounds.back().is_none_or(|(_, begun)| now.since(*begun) >= self.interval)
    }

    fn begun(&mut self, context: &[u8], now: Instant) {
        if self.rounds.len() == ROUNDS {
            self.rounds.pop_front();
        }
        self.rounds.push_back((context.to_vec(), now));
    }

    fn confirmed(&mut self, context: &[u8]) -> Option<Instant> {
        let own = |(round, _): &(Vec<u8>, Instant)| Rule::RoundConfirmsItself.holds(round == context);
        let confirmed = self.rounds.iter().rposition(own)?;
        // The ones before it tell nothing that this one does not. It stays: the next is due an interval after it.
        self.rounds.drain(..confirmed);
        self.rounds.front().map(|(_, begun)| *begun)
    }

    fn reset(&mut self) {
        self.rounds.clear();
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
    fn a_round_that_outlasts_the_interval_counts_all_the_same() {
        let at = Instant::from_nanos;
        let mut rounds = RenewalKind::ReadRounds.build(NodeId(1), voters(3), Duration::from_nanos(10));
        assert!(rounds.due(at(100)));
        rounds.begun(b"one", at(100));
        assert!(!rounds.due(at(109)) && rounds.due(at(110)));
        rounds.begun(b"two", at(110));
        assert_eq!(rounds.confirmed(b"one"), Some(at(100)));
        assert_eq!(rounds.confirmed(b"two"), Some(at(110)));
        assert_eq!(rounds.confirmed(b"one"), None, "a later one has been confirmed");
        assert!(!rounds.due(at(119)) && rounds.due(at(120)));
        rounds.reset();
        assert_eq!(rounds.confirmed(b"two"), None, "of another term");
    }

    #[test]
    fn no_more_rounds_are_kept_than_a_lease_lasts() {
        let mut rounds = RenewalKind::ReadRounds.build(NodeId(1), voters(3), Duration::from_nanos(1));
        for begun in 0..=ROUNDS as u8 {
            rounds.begun(&[begun], Instant::from_nanos(u64::from(begun)));
        }
        assert_eq!(rounds.confirmed(&[0]), None);
        assert_eq!(rounds.confirmed(&[1]), Some(Instant::from_nanos(1)));
    }

    #[test]
    fn after_a_change_of_members_the_quorum_is_theirs() {
        let mut acks = acks();
        acks.reconfigured(voters(3));
        assert_eq!(acks.acknowledged(NodeId(2), sent(1, 10)), Some(Instant::from_nanos(10)));
    }
}
