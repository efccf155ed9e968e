//! openraft's timing: its configuration, and promises that a restart must not break.

use crate::engine::{Config, RenewalKind};
use crate::observe::Timing;
use openraft::{SnapshotPolicy, StepDownPolicy};
use std::time::Duration;

/// Of the entries between two snapshots, one in so many is kept before the later one, for followers that are a little behind.
const TAIL_ONE_IN: u64 = 2;

/// So much of the longest election timeout is the shortest: who hears its leader no more stands after one to two of its promises.
const LEAST_ONE_IN: u64 = 2;

/// See [`Factory::timing`](crate::engine::Factory::timing). A follower's promise, and openraft's own lease, last for the longest election
/// timeout; who has not heard its leader for that long stands for election a shortest to a longest election timeout later.
pub(super) fn timing(config: &Config, lease: Duration) -> Timing {
    let set = openraft(config);
    let promise = Duration::from_millis(set.election_timeout_max);
    let patience = promise + Duration::from_millis(set.election_timeout_min);
    let lease = config.check_quorum.then_some(lease);
    let renews = lease.is_some() && config.renewal != RenewalKind::Caller;
    Timing { tick: config.tick, heartbeat: config.heartbeat, promise, patience, lease, renews }
}

/// What openraft is configured with. It counts in milliseconds.
pub(super) fn openraft(config: &Config) -> openraft::Config {
    let (heartbeat, election) = (millis(config.heartbeat), millis(config.election_timeout));
    openraft::Config {
        cluster_name: "leasehold".to_owned(),
        heartbeat_interval: heartbeat,
        election_timeout_min: (election / LEAST_ONE_IN).max(heartbeat + 1),
        election_timeout_max: election.max(heartbeat + 2),
        enable_pre_vote: Some(config.pre_vote),
        // A leader that starts again in its term would not know that it was handing over: what permits the other's election may still come.
        enable_leader_restore: Some(false),
        install_snapshot_timeout: millis(config.snapshot_timeout.max(config.election_timeout)),
        // Snapshots are taken at the same indexes by all, and asked for then.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: config.compact_after.map_or(0, |every| every.get() / TAIL_ONE_IN),
        replication_lag_threshold: u64::MAX,
        removed_leader_step_down: StepDownPolicy::Never,
        backoff: format!("{heartbeat}ms {heartbeat}ms {heartbeat}ms"),
        api_channel_size: Some(config.ask_inbox as u64),
        // A leader's own write is under way while the followers' are.
        broadcast_submitted_on_append: Some(true),
        ..openraft::Config::default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// How many ticks `duration` has.
pub(super) fn ticks(config: &Config, duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos() / config.tick.as_nanos().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::conformance;
    use crate::observe::Membership;

    #[test]
    fn the_configuration_is_one_that_openraft_accepts_and_a_promise_lasts_an_election_timeout() {
        let config = conformance::config(Membership::default());
        assert!(openraft(&config).validate().is_ok());
        let timing = timing(&config, Duration::from_millis(700));
        assert_eq!((timing.promise, timing.patience), (config.election_timeout, config.election_timeout * 3 / 2));
    }
}
