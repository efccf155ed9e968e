//! Raft's timing: the configuration in ticks, election timeouts that a seed reaches, promises that a restart must not break.

use super::event_loop::role_of;
use super::storage::LogStore;
use crate::engine::{Config, RenewalKind};
use crate::env::NodeId;
use crate::observe::{Host, Role, Timing};
use crate::rules::{Condition, Rule, at_most, is, same};
use raft::eraftpb::{Message, MessageType};
use raft::{CAMPAIGN_TRANSFER, ReadOnlyOption};
use std::time::Duration;

/// The most bytes that are proposed and not committed, where one append may not have more.
const MAX_UNCOMMITTED: u64 = 16 << 20;

/// Election timeouts drawn from the [`Env`](crate::env::Env) instead of raft's thread-local generator, which no seed reaches.
///
/// The value is a function of role, term and number of campaigns, and is imposed after every call into raft, so that it does not
/// matter how often raft has drawn one of its own.
pub(super) struct ElectionTimeouts {
    least: usize,
    bound: usize,
    drawn_for: (Role, u64),
    campaigned: bool,
    current: usize,
    /// It has taken part in no election, and is to stand before all others.
    stands_first: bool,
}

impl ElectionTimeouts {
    pub(super) fn new(config: &Config, store: &LogStore) -> Self {
        let (least, bound) = election_range(config);
        let stands_first = config.stands_first && store.is_fresh() && !store.has_voted();
        Self { least, bound, drawn_for: (Role::Leader, u64::MAX), campaigned: false, current: least, stands_first }
    }

    /// A follower or candidate has ticked; `elapsed` begins anew when it campaigns.
    pub(super) fn ticked(&mut self, elapsed: usize) {
        self.campaigned |= elapsed == 0;
    }

    /// Does it stand for election now, whatever the timeout? It is in this term. It does so once.
    pub(super) fn stand_at_once(&mut self, term: u64) -> bool {
        std::mem::take(&mut self.stands_first) && Rule::UnheardStandsFirst.holds(same(term, 0))
    }

    /// Follows every call into raft.
    pub(super) fn impose(&mut self, raft: &mut raft::Raft<LogStore>, host: &dyn Host) {
        let now = (role_of(raft.state), raft.term);
        if self.drawn_for != now || std::mem::take(&mut self.campaigned) {
            self.drawn_for = now;
            let span = (self.bound - self.least) as u64;
            self.current = self.least + (host.entropy("election-timeout") % span) as usize;
        }
        raft.set_randomized_election_timeout(self.current);
    }
}

/// When a leader's heartbeats leave that are to leave with those of other groups ([`Config::heartbeats_together`]).
pub(super) struct Beats {
    together: bool,
    /// So many ticks lie between two.
    distance: u64,
    /// How many distances were over when the last left.
    last: u64,
}

impl Beats {
    pub(super) fn new(config: &Config) -> Self {
        let distance = ticks(config, config.heartbeat).max(1) as u64;
        Self { together: config.heartbeats_together, distance, last: 0 }
    }

    /// Does a leader not count this tick, the `ticked`th of its process, `elapsed` ticks after its last heartbeat? It begins to count to
    /// the next one when all groups do, so that none is further from the one before than twice the distance.
    pub(super) fn wait(&self, ticked: u64, elapsed: usize) -> bool {
        self.together && elapsed == 0 && ticked / self.distance == self.last
    }

    /// A tick was counted.
    pub(super) fn counted(&mut self, ticked: u64, elapsed: usize) {
        if elapsed == 0 {
            self.last = ticked / self.distance;
        }
    }
}

/// What a node that starts again has promised but forgotten (rule RL.5, premise P3).
///
/// raft keeps in memory alone whom it heard lead, and when. A restarted voter would help elect another leader at once, while the
/// one that it acknowledged just before still counts on it. So it votes for nobody until every promise that it can have given is
/// over: an election timeout after its start. A transfer of leadership is free to go on, its leader has given up its lease.
pub(super) struct RestartPromise {
    tick: Duration,
    ticks_left: usize,
}

impl RestartPromise {
    /// A node that has never taken part in an election or followed a leader has promised nothing, and the only voter of its group
    /// has nobody to promise it to. Learners are not excepted: one may be a voter by the time that it asks or is asked.
    pub(super) fn new(config: &Config, me: NodeId, store: &LogStore) -> Self {
        let fresh = !store.has_voted() && Rule::WhoFollowedHasPromised.holds(store.is_fresh());
        Self::begin(config, !fresh && !store.is_only_voter(me))
    }

    fn begin(config: &Config, promised: bool) -> Self {
        let ticks_left = if promised { ticks(config, config.election_timeout) } else { 0 };
        Self { tick: config.tick, ticks_left }
    }

    /// How long it goes on, give or take a tick.
    pub(super) fn left(&self) -> Duration {
        lasting(self.tick, self.ticks_left)
    }

    pub(super) fn tick(&mut self) {
        self.ticks_left = self.ticks_left.saturating_sub(1);
    }

    /// May this message be obeyed? What asks for a vote may not, as long as there is a promise, unless a transfer permits it.
    pub(super) fn permits(&self, message: &Message) -> Condition {
        let asks = matches!(message.msg_type, MessageType::MsgRequestVote | MessageType::MsgRequestPreVote);
        is(!asks || message.context.as_ref() == CAMPAIGN_TRANSFER).or(at_most(self.ticks_left, 0))
    }
}

/// How many ticks a leader waits for a write.
pub(super) fn stall(config: &Config) -> Option<usize> {
    config.stall.map(|stall| ticks(config, stall))
}

/// The most ticks until a snapshot counts as lost.
pub(super) fn snapshot_timeout(config: &Config) -> usize {
    ticks(config, config.snapshot_timeout.max(config.election_timeout))
}

fn ticks(config: &Config, duration: Duration) -> usize {
    usize::try_from(duration.as_nanos() / config.tick.as_nanos().max(1)).unwrap_or(usize::MAX)
}

/// Least election timeout in ticks, and the bound above it. Two ticks more than the time for which votes are refused: the first
/// candidate would otherwise ask voters that must still refuse it, and lose a whole round (etcd #10483; invariant W12).
fn election_range(config: &Config) -> (usize, usize) {
    let election = ticks(config, config.election_timeout);
    (election + 2, 2 * election + 2)
}

fn lasting(tick: Duration, ticks: usize) -> Duration {
    tick.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// See [`Factory::timing`](crate::engine::Factory::timing).
pub(super) fn timing(config: &Config, lease: Duration) -> Timing {
    let Config { tick, heartbeat, .. } = *config;
    let raft = raft_config(NodeId(1), config);
    let [promise, patience] = [raft.election_tick, raft.min_election_tick].map(|ticks| lasting(tick, ticks));
    // Without CheckQuorum raft asks no follower whom it hears before it votes.
    let promise = if config.check_quorum { promise } else { Duration::ZERO };
    let lease = config.check_quorum.then_some(lease);
    let renews = lease.is_some() && config.renewal != RenewalKind::Caller;
    Timing { tick, heartbeat, promise, patience, lease, renews }
}

/// What raft is configured with.
pub(super) fn raft_config(me: NodeId, config: &Config) -> raft::Config {
    let (min_election_tick, max_election_tick) = election_range(config);
    raft::Config {
        id: me.0,
        election_tick: ticks(config, config.election_timeout),
        heartbeat_tick: ticks(config, config.heartbeat),
        min_election_tick,
        max_election_tick,
        pre_vote: config.pre_vote,
        // A leader that hears no quorum steps down, and who hears its leader refuses its vote to others (P2; LB-02).
        check_quorum: config.check_quorum,
        // A round of heartbeats that begins after the ReadIndex confirms it. raft's other way asks whether CheckQuorum has deposed the
        // leader: its leadership may outlive the promises of its voters by up to an election timeout (LB-01).
        read_only_option: ReadOnlyOption::Safe,
        max_size_per_msg: config.max_append_bytes,
        max_committed_size_per_ready: 1 << 20,
        // What is proposed and not committed: beyond this a proposal is refused, and has had no effect.
        max_uncommitted_size: MAX_UNCOMMITTED.max(config.max_append_bytes),
        max_inflight_msgs: config.max_inflight,
        // What was proposed in one turn of the loop leaves as one append.
        batch_append: config.async_writes,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Membership;

    fn config() -> Config {
        Config {
            founders: Membership { voters: (1..=3).map(NodeId).collect(), ..Default::default() },
            compact_after: None,
            tick: Duration::from_millis(10),
            heartbeat: Duration::from_millis(100),
            election_timeout: Duration::from_secs(1),
            read_retry: Duration::from_secs(1),
            renewal: RenewalKind::Acks,
            renewal_interval: Duration::from_millis(300),
            async_writes: true,
            group_commit_delay: Duration::ZERO,
            snapshot_timeout: Duration::from_secs(60),
            max_write_bytes: 1 << 20,
            stall: None,
            admission: Duration::from_millis(100),
            max_append_bytes: 1 << 20,
            max_inflight: 1_024,
            pre_vote: true,
            check_quorum: true,
            ask_inbox: 8,
            heartbeat_inbox: 8,
            bulk_inbox: 8,
            heartbeats_together: false,
            stands_first: false,
        }
    }

    fn asks(msg_type: MessageType, context: &'static [u8]) -> Message {
        Message { msg_type, context: context.into(), ..Default::default() }
    }

    #[test]
    fn who_is_to_stand_first_does_so_once_and_not_if_it_has_heard_of_a_term() {
        let timeouts = || ElectionTimeouts {
            least: 102,
            bound: 202,
            drawn_for: (Role::Follower, 0),
            campaigned: false,
            current: 102,
            stands_first: true,
        };
        let mut first = timeouts();
        assert_eq!([first.stand_at_once(0), first.stand_at_once(0)], [true, false]);
        let mut late = timeouts();
        assert_eq!([late.stand_at_once(1), late.stand_at_once(1)], [false, false]);
    }

    #[test]
    fn a_restarted_voter_votes_for_nobody_until_an_election_timeout_has_passed() {
        let mut promise = RestartPromise::begin(&config(), true);
        for _ in 0..100 {
            assert!(!promise.permits(&asks(MessageType::MsgRequestPreVote, b"")).is_true());
            assert!(!promise.permits(&asks(MessageType::MsgRequestVote, b"CampaignElection")).is_true());
            promise.tick();
        }
        assert!(promise.permits(&asks(MessageType::MsgRequestVote, b"CampaignElection")).is_true());
    }

    #[test]
    fn a_transfer_of_leadership_may_go_on_through_a_restart() {
        let promise = RestartPromise::begin(&config(), true);
        assert!(promise.permits(&asks(MessageType::MsgRequestVote, CAMPAIGN_TRANSFER)).is_true());
        assert!(promise.permits(&asks(MessageType::MsgHeartbeat, b"")).is_true());
    }

    #[test]
    fn who_has_promised_nothing_may_vote_at_once() {
        let request = asks(MessageType::MsgRequestVote, b"CampaignElection");
        assert!(RestartPromise::begin(&config(), false).permits(&request).is_true());
    }

    #[test]
    fn the_first_candidate_asks_voters_whose_promises_are_over() {
        let (least, bound) = election_range(&config());
        assert_eq!((least, bound), (102, 202));
        assert!(raft_config(NodeId(1), &config()).validate().is_ok());
    }

    #[test]
    fn raft_goes_by_the_limits_of_the_engine() {
        let engine = Config { max_append_bytes: 7, max_inflight: 9, ..config() };
        let raft = raft_config(NodeId(1), &engine);
        assert_eq!((raft.max_size_per_msg, raft.max_inflight_msgs), (7, 9));
        let large = Config { max_append_bytes: 1 << 30, ..config() };
        assert!(
            raft_config(NodeId(1), &large).validate().is_ok(),
            "raft refuses an append that may not be under way at all"
        );
    }
}
