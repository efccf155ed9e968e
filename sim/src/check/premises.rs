//! What a run takes for granted, for the checks that judge how long something takes. Plain numbers: a check knows no scenario.

use std::sync::Arc;
use std::time::Duration;

/// What the checks are told of a run before it begins.
#[derive(Clone, Debug)]
pub struct Premises {
    /// The names of the keys, by number.
    pub keys: Arc<[String]>,
    /// How long each client waits for an answer, by number.
    pub deadlines: Arc<[Duration]>,
    /// A follower hears nobody for so long at least before it stands for election.
    pub election_timeout: Duration,
    /// One tick of Raft's clock.
    pub tick: Duration,
}

/// Longest time to a leader after the last fault, in longest election timeouts: the first campaign may be ignored under a promise, the
/// second may split, and each further one costs another (`lease-bugs.md` L2, B2).
const CAMPAIGNS: u32 = 6;

impl Premises {
    /// The longest that a follower waits before it stands for election: timeouts are drawn from the shortest and two ticks to twice the
    /// shortest and one.
    fn longest_election_timeout(&self) -> Duration {
        self.election_timeout * 2 + self.tick
    }

    /// When leadership must be settled again after the last fault.
    pub(super) fn settling(&self) -> Duration {
        self.longest_election_timeout() * CAMPAIGNS
    }

    #[cfg(test)]
    pub(super) fn of_tests() -> Self {
        let (second, tick) = (Duration::from_secs(1), Duration::from_millis(100));
        Self { keys: Arc::from([]), deadlines: Arc::from([second; 8]), election_timeout: second, tick }
    }
}
