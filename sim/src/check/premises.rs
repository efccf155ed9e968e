//! What a run takes for granted, for the checks that judge how long something takes. Plain numbers: a check knows no scenario.

use crate::history::KeyId;
use crate::time::SimTime;
use leasehold::coordinator::RETRY_INTERVAL;
use leasehold::env::GroupId;
use std::sync::Arc;
use std::time::Duration;

/// What the checks are told of a run before it begins.
#[derive(Clone, Debug)]
pub struct Premises {
    /// The names of the keys, by number.
    pub keys: Arc<[String]>,
    /// Clients delete keys.
    pub deletes: bool,
    /// The group that was founded with each key, by number; of a key beyond them, the only group.
    pub owners: Arc<[Option<GroupId>]>,
    /// How long each client waits for an answer, by number.
    pub deadlines: Arc<[Duration]>,
    /// How long a node has to answer it, likewise: no longer than that.
    pub budgets: Arc<[Duration]>,
    /// A follower hears nobody for so long at least before it stands for election.
    pub election_timeout: Duration,
    /// One tick of Raft's clock.
    pub tick: Duration,
    /// How often a leader lets itself be heard.
    pub heartbeat: Duration,
    /// There and back between two nodes, on the slowest link: 99 of 100 are no slower each way.
    pub round_trip: Duration,
    /// There and back at the slowest that the model has.
    pub slowest_round_trip: Duration,
    /// There and back between a client and a node, at the slowest that the model has.
    pub client_round_trip: Duration,
    /// How many cores each node has.
    pub cores: u32,
    /// Nothing is lost or doubled on the way between two nodes, unless a fault sees to it.
    pub lossless: bool,
    /// Nothing is lost between clients and nodes either.
    pub clients_lossless: bool,
    /// There are ranges of keys that no group has at the beginning.
    pub unowned: bool,
    /// How long an fsync takes: 99 of 100 take no longer.
    pub fsync: Duration,
    /// How long the slowest takes that the model has.
    pub slowest_fsync: Duration,
    /// The CPU time that one operation takes at most to read storage.
    pub reading: Duration,
    /// How long after its end a process is started again that a fault has ended.
    pub started_again_after: Duration,
    /// By how much the rates of two clocks differ at most, in parts per million, as far as the run claims.
    pub drift_ppm: u32,
    /// The seed of the run, for what is judged of a sample alone.
    pub seed: u64,
}

/// Longest time to a leader after the last fault, in longest election timeouts: the first campaign may be ignored under a
/// promise, the second may split, and each further one costs another (`lease-bugs.md` L2, B2).
const CAMPAIGNS: u32 = 6;

/// In how many of them there mostly is one: the first campaign or the second succeeds (L2, B1).
const USUAL_CAMPAIGNS: u32 = 2;

impl Premises {
    /// The name of a key.
    pub(crate) fn key(&self, KeyId(number): KeyId) -> String {
        self.keys.get(number as usize).cloned().unwrap_or_else(|| format!("key {number}"))
    }

    /// Until when a client waits for what was due then.
    pub(crate) fn deadline(&self, client: u32, due: SimTime) -> SimTime {
        self.deadlines.get(client as usize).map_or(SimTime::NEVER, |deadline| due.after(*deadline))
    }

    /// Until when a node tries to answer it.
    pub(crate) fn budget(&self, client: u32, due: SimTime) -> SimTime {
        self.budgets.get(client as usize).map_or(SimTime::NEVER, |budget| due.after(*budget))
    }

    /// The longest that a follower waits before it stands for election: timeouts are drawn from the shortest and two ticks to
    /// twice the shortest and one.
    fn longest_election_timeout(&self) -> Duration {
        self.election_timeout * 2 + self.tick
    }

    /// When leadership must be settled again after the last fault. It may have ended a process that it takes for a quorum.
    pub fn settling(&self) -> Duration {
        let campaigns = |number| self.longest_election_timeout() * number;
        campaigns(CAMPAIGNS).max(self.started_again_after + campaigns(USUAL_CAMPAIGNS))
    }

    /// How long an operation takes at least, at the slowest of the model: the way to its node and back, the way on to the leader and back, a
    /// round or its replication, each behind one that is under way; the fsyncs of leader and follower likewise; its reads of storage.
    pub fn shortest_service(&self) -> Duration {
        self.client_round_trip + self.slowest_round_trip * 4 + self.slowest_fsync * 4 + self.reading
    }

    /// How long it takes at most where nothing is wrong: a heartbeat more, until its node knows who leads; twice [`RETRY_INTERVAL`], as the
    /// node may ask again; and all of that twice over, as CPU time and queues come on top.
    pub fn service(&self) -> Duration {
        (self.shortest_service() + self.heartbeat + self.tick + RETRY_INTERVAL * 2) * 2
    }

    /// When it mostly is (`lease-bugs.md` L2, B1).
    pub fn usual_settling(&self) -> Duration {
        self.longest_election_timeout() * USUAL_CAMPAIGNS + self.round_trip * 3 + self.fsync * 2
    }

    #[cfg(test)]
    pub(crate) fn of_keys(names: &[&str]) -> Self {
        Self { keys: names.iter().map(|name| (*name).to_owned()).collect(), ..Self::of_tests() }
    }

    #[cfg(test)]
    pub(crate) fn of_tests() -> Self {
        let (second, tick) = (Duration::from_secs(1), Duration::from_millis(100));
        Self {
            keys: Arc::from([]),
            deletes: false,
            owners: Arc::from([]),
            deadlines: Arc::from([second; 8]),
            budgets: Arc::from([second; 8]),
            election_timeout: second,
            tick,
            heartbeat: tick,
            round_trip: Duration::from_millis(1),
            slowest_round_trip: Duration::from_millis(4),
            client_round_trip: Duration::from_millis(4),
            cores: 4,
            lossless: true,
            clients_lossless: true,
            unowned: false,
            fsync: Duration::from_millis(2),
            slowest_fsync: Duration::from_millis(5),
            reading: Duration::ZERO,
            started_again_after: second,
            drift_ppm: 200,
            seed: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_elections_are_short_a_supervisor_is_waited_for() {
        let settling = |millis| {
            let election_timeout = Duration::from_millis(millis);
            Premises { election_timeout, tick: Duration::from_millis(1), ..Premises::of_tests() }.settling()
        };
        assert_eq!(settling(1_000), Duration::from_millis(6 * 2_001));
        assert_eq!(settling(30), Duration::from_millis(1_000 + 2 * 61));
    }
}
