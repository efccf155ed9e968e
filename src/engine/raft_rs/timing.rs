//! Raft's timing: the configuration in ticks, and election timeouts that a seed reaches.

use super::event_loop::role_of;
use crate::engine::Config;
use crate::env::NodeId;
use crate::observe::{Host, Role};
use crate::storage::LogStore;
use raft::ReadOnlyOption;
use std::time::Duration;

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
}

impl ElectionTimeouts {
    pub(super) fn new(config: &Config) -> Self {
        let (least, bound) = election_range(config);
        Self { least, bound, drawn_for: (Role::Leader, u64::MAX), campaigned: false, current: least }
    }

    /// A follower or candidate has ticked; `elapsed` begins anew when it campaigns.
    pub(super) fn ticked(&mut self, elapsed: usize) {
        self.campaigned |= elapsed == 0;
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

fn ticks(config: &Config, duration: Duration) -> usize {
    usize::try_from(duration.as_nanos() / config.tick.as_nanos().max(1)).unwrap_or(usize::MAX)
}

/// Least election timeout in ticks, and the bound above it. Two ticks more than the time for which votes are refused: the first
/// candidate would otherwise ask voters that must still refuse it, and lose a whole round (etcd #10483; invariant W12).
fn election_range(config: &Config) -> (usize, usize) {
    let election = ticks(config, config.election_timeout);
    (election + 2, 2 * election + 2)
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
        check_quorum: true,
        pre_vote: true,
        read_only_option: ReadOnlyOption::Safe,
        max_size_per_msg: 1 << 20,
        max_committed_size_per_ready: 1 << 20,
        max_inflight_msgs: 1024,
        ..Default::default()
    }
}
