//! Bugs that the world around a node can show: the stack runs as it is.

use crate::cluster::TakenForClock;
use crate::mutant::wrap::{disk, host, tap};
use crate::mutant::{Harm, PLANTED, Variant, seen};
use crate::scenario::Engine;
use leasehold::engine::{self, RenewalKind};
use leasehold::env::NodeId;
use leasehold::error::Error;
use leasehold::node::Config;
use std::time::Duration;

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "long-lease",
        about: "planted: a lease of three election timeouts, longer than the promises it rests on",
        source: "premise P6: lease <= election timeout - 1 tick; lease-bugs LB-10",
        seen: seen("fast/stale-read", "staleness"),
        lease_length: |election_timeout, _| election_timeout * 3,
        ..PLANTED
    },
    Variant {
        name: "wall-clock",
        about: "planted: leases and timers go by the wall clock, which jumps",
        source: "sofa-jraft #26; elastickv 899c0a03; lease-bugs LB-07",
        seen: seen("fast/s-07-wall-steps", "one-lease"),
        clock: TakenForClock::Wall,
        ..PLANTED
    },
    Variant {
        name: "receipt-time-base",
        about: "planted: the lease counts from the arrival of an acknowledgement, not from when what it answers was sent",
        source: "elastickv quorum_ack.go; etcd-io/raft recent_active; lease-bugs LB-03",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        tap: Some(tap::acks::at_receipt),
        ..PLANTED
    },
    Variant {
        name: "latest-round-base",
        about: "planted: one send time for all rounds: an answer to an old one counts from the latest",
        source: "d-engine #392, #401; lease-bugs LB-05",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        tap: Some(tap::acks::of_the_latest_round),
        ..PLANTED
    },
    Variant {
        name: "clock-failure-is-zero",
        about: "planted: a clock that cannot be read shows zero, at which no lease has run out yet",
        source: "elastickv c5c27b7b; lease-bugs LB-09",
        seen: seen("planted/clock-failure", "fresh-clock"),
        host: Some(host::failure_is_zero),
        ..PLANTED
    },
    Variant {
        name: "unsynced-disk",
        about: "planted: the disk says that it has synced, and has not; votes and entries are gone after a crash",
        source: "sofa-jraft #1245; etcd #14140; lease-bugs LB-48, LB-49",
        seen: seen("planted/machine-crash", "durability"),
        disk: Some(disk::never_synced),
        ..PLANTED
    },
    Variant {
        name: "lease-past-promises",
        about: "planted: the lease is a tenth of a second longer than the election timeout, and outlives promises by that",
        source: "TiKV #9728, #9737; lease-bugs LB-10",
        seen: seen("planted/tight-lease", "one-lease"),
        lease_length: |election_timeout: Duration, _| election_timeout + Duration::from_millis(100),
        ..PLANTED
    },
    Variant {
        name: "cached-clock",
        about: "planted: a lease read is decided by a reading that was taken when a timer was last set",
        source: "TiKV #4798; riak_ensemble #41; lease-bugs LB-06",
        seen: seen("fast/s-06-pause-anywhere", "fresh-clock"),
        host: Some(host::read_at_timers),
        ..PLANTED
    },
    Variant {
        name: "clock-stops-in-suspend",
        about: "planted: the clock that leases go by stands still while the process does",
        source: "rust-lang #79462, #87906; lease-bugs LB-13",
        seen: seen("planted/suspended", "one-lease"),
        clock: TakenForClock::Uptime,
        ..PLANTED
    },
    Variant {
        name: "idle-lease-lapses",
        about: "planted: only what answers an append renews the lease: where nobody writes it runs out",
        source: "elastickv #950; TiKV #6427; lease-bugs LB-36",
        seen: seen("planted/read-only", "lease-used"),
        harm: Harm::Performance,
        tap: Some(tap::acks::without_heartbeat_acks),
        ..PLANTED
    },
    Variant {
        name: "one-path-does-not-renew",
        about: "planted: what answers an append renews no lease, as what answers a heartbeat does",
        source: "elastickv 9994bbb7; lease-bugs LB-27 (b)",
        seen: seen("planted/without-heartbeats", "lease-hit-rate"),
        harm: Harm::Performance,
        tap: Some(tap::acks::without_append_acks),
        ..PLANTED
    },
    Variant {
        name: "renewed-by-misses",
        about: "planted: reads that find no lease renew it when they end; where they take long it is over by then, or nearly",
        source: "elastickv #560, #561; lease-bugs LB-33",
        seen: seen("planted/far-quorum", "lease-hit-rate"),
        harm: Harm::Performance,
        renewal: Some(RenewalKind::Caller),
        ..PLANTED
    },
    Variant {
        name: "signed-age",
        about: "planted: leases go by stamps of the wall clock, and one that lies ahead is young (timers go by the right clock)",
        source: "elastickv 899c0a03; lease-bugs LB-08",
        seen: seen("fast/s-07-wall-steps", "fresh-clock"),
        host: Some(host::reads_the_wall),
        ..PLANTED
    },
    Variant {
        name: "uneven-timeouts",
        about: "planted: all voters but n1 promise half as long as the lease of n1 counts on",
        source: "TiKV's warning at start; sofa-jraft #372; lease-bugs LB-11",
        seen: seen("planted/uneven-timeouts", "one-lease"),
        set_up: Some(half_as_patient),
        ..PLANTED
    },
    Variant {
        name: "answers-of-former-process",
        about: "planted: a node that passes requests on takes what its former process was answered for an answer to itself",
        source: "found by slow/chaos in this stack; as lease-bugs LB-54, LB-55 for ReadIndex contexts",
        seen: seen("fast/late-answers", "committed-reads"),
        tap: Some(tap::requests::numbered_anew),
        ..PLANTED
    },
    Variant {
        name: "cached-gets",
        about: "planted: what a get found answers the next ones of the same key, as long as it is young; no write clears it",
        source: "TiKV #9517, #18570, snapshot cache by create time; lease-bugs LB-66",
        seen: seen("fast/steady", "staleness"),
        tap: Some(tap::requests::cached_gets),
        ..PLANTED
    },
    Variant {
        name: "no-vote-after-restart",
        about: "planted: who has started again gives its vote to nobody, not for an election timeout but for ever",
        source: "TiKV #15296, #15297, the cure of #15035; lease-bugs LB-46",
        seen: seen("planted/all-restart", "recovers"),
        harm: Harm::Liveness,
        tap: Some(tap::elections::no_votes_after_restart),
        ..PLANTED
    },
    Variant {
        name: "value-behind-version",
        about: "planted: a get finds the newest version of a key and the value of the one before",
        source: "TiKV #10224: a read while a snapshot is applied; lease-bugs LB-66, S3",
        seen: seen("fast/steady", "committed-reads"),
        tap: Some(tap::requests::values_behind),
        ..PLANTED
    },
    Variant {
        name: "errors-by-phrase",
        about: "planted: an error is what its words say: a write conflict on a key that is called so is a loss of leadership",
        source: "elastickv e4104901 (D6), 665ddde7 and edfa0fa2 (L21)",
        seen: seen("planted/telling-keys", "end-causes"),
        harm: Harm::Performance,
        write_ends: Some(sounds_like_loss),
        read_ends: Some(sounds_like_loss),
        ..PLANTED
    },
    Variant {
        name: "heartbeats-behind-entries",
        about: "planted: heartbeats, votes and their answers wait in one queue with entries, at both ends and between",
        source: "elastickv #522, #1044 (R10)",
        seen: seen("planted/bulk-traffic", "hit-rate"),
        harm: Harm::Performance,
        tap: Some(tap::ways::one_lane),
        ..PLANTED
    },
    Variant {
        name: "one-channel",
        about: "planted: a leader has one channel to all nodes, and calls one after the other: who is slow to answer keeps all waiting",
        source: "elastickv #522 (R8)",
        seen: seen("planted/far-followers", "steady-leadership"),
        harm: Harm::Liveness,
        tap: Some(tap::ways::one_channel),
        ..PLANTED
    },
    Variant {
        name: "renewed-at-every-tick",
        about: "planted: a ReadIndex round renews the lease at every tick, and not when a third of it is over",
        source: "invariant Pf2: at most one round in a third of a lease; TiKV renews in advance, once (#6427)",
        seen: seen("fast/steady", "read-index-budget"),
        harm: Harm::Performance,
        renewal: Some(RenewalKind::ReadRounds),
        set_up: Some(|_, config| engine(config, |it| it.renewal_interval = it.tick)),
        ..PLANTED
    },
    Variant {
        name: "short-queues",
        about: "planted: a node takes eight messages at a time, and loses what comes beside them: a burst of reads is too much",
        source: "elastickv #566 (R9): 64 and 256 there",
        seen: seen("planted/read-bursts", "heartbeats"),
        harm: Harm::Performance,
        set_up: Some(|_, config| engine(config, |it| (it.heartbeat_inbox, it.bulk_inbox) = (8, 8))),
        ..PLANTED
    },
    Variant {
        name: "snapshot-timeout-fixed",
        about: "planted: every snapshot has an election timeout to arrive: where it takes longer, others are sent after it, and fill the lane",
        source: "elastickv d82b6c14 #535 (R6), the other way round: there raft was never told that one was lost",
        seen: seen("fast/large-values", "put-availability"),
        harm: Harm::Liveness,
        set_up: Some(|_, config| engine(config, |it| it.snapshot_timeout = it.election_timeout)),
        ..PLANTED
    },
    Variant {
        name: "acknowledged-a-sync-early",
        about: "planted: what was written counts as durable when the sync before its own is done, and is acknowledged then",
        source: "raft-rs #403, #410, #433 (on_persist_ready): here in the disk; lease-bugs LB-49",
        seen: seen("planted/machine-crash", "durability"),
        disk: Some(disk::one_sync_behind),
        ..PLANTED
    },
    Variant {
        name: "group-half-written",
        about: "planted: the fsync of a write that many share begins before its last bytes are there, and answers them all",
        source: "raft-rs #403, #410 (on_persist_ready); Raft dissertation §10.2.1; lease-bugs LB-49",
        seen: seen("fast/snapshot", "durability"),
        disk: Some(disk::half_synced),
        ..PLANTED
    },
    Variant {
        name: "candidates-refuse-each-other",
        about: "planted: who stands for election hears no request for a pre-vote: once all do, nobody is elected any more",
        source: "raft-rs #83, #84; etcd #8334, #8346; lease-bugs LB-74",
        seen: seen("planted/all-alone", "recovers"),
        harm: Harm::Liveness,
        tap: Some(tap::elections::deaf_candidates),
        ..PLANTED
    },
    Variant {
        name: "every-fiftieth-lost",
        about: "planted: one request of fifty is lost inside the node that it reaches; who asked waits until its deadline",
        source: "none: a queue that drops without a word",
        seen: seen("planted/short-deadlines", "calls-succeed"),
        harm: Harm::Liveness,
        tap: Some(tap::requests::every_fiftieth_lost),
        ..PLANTED
    },
    Variant {
        name: "failures-unanswered",
        about: "planted: a request that has failed is not answered: its client waits until its deadline",
        source: "elastickv 52987615 (R4); invariant L1",
        seen: seen("planted/all-alone", "calls-return"),
        harm: Harm::Liveness,
        tap: Some(tap::requests::failures_unanswered),
        ..PLANTED
    },
    Variant {
        name: "lost-at-leader-change",
        about: "planted: a request that is passed on to a leader that is one no longer gets no answer",
        source: "elastickv 52987615 (R4): a proposal that nobody answers; here a request that was passed on",
        seen: seen("planted/plain-handovers", "served"),
        harm: Harm::Liveness,
        tap: Some(tap::requests::lost_at_leader_change),
        ..PLANTED
    },
    Variant {
        name: "higher-term-stranded",
        about: "planted: a node of a later term ignores its leader's messages without a word, and never follows it again",
        source: "etcd #5468; lease-bugs LB-76",
        seen: seen("planted/stranded", "recovers"),
        harm: Harm::Liveness,
        tap: Some(tap::elections::earlier_terms_unheard),
        ..PLANTED
    },
    Variant {
        name: "one-write-an-fsync",
        about: "planted: the engine's loop waits for its disk: one input, one write, one fsync, and only then the next",
        source: "Raft dissertation §10.2.1, §10.2.2: writing in parallel, batching and pipelining; TiKV's async-io",
        seen: seen("fast/dark-clients", "served"),
        harm: Harm::Liveness,
        only_on: Some(Engine::RaftRs),
        set_up: Some(|_, config| engine(config, |it| it.async_writes = false)),
        ..PLANTED
    },
    Variant {
        name: "logs-not-compared",
        about: "planted: voters do not ask whether a candidate's log is as good as theirs",
        source: "Raft dissertation §3.6.1; invariant R3",
        seen: seen("planted/short-log", "leader-completeness"),
        only_on: Some(Engine::RaftRs),
        tap: Some(tap::elections::any_log_will_do),
        ..PLANTED
    },
    Variant {
        name: "same-election-timeouts",
        about: "planted: all election timeouts are alike: who begins together stands together, and splits the votes for ever",
        source: "etcd #10483; openraft #1838; lease-bugs LB-77",
        seen: seen("planted/split-votes", "recovers"),
        harm: Harm::Liveness,
        host: Some(host::draws_nothing),
        ..PLANTED
    },
    Variant {
        name: "round-waits-for-tick",
        about: "planted: a ReadIndex round leaves with the next tick",
        source: "TiKV #14786, #14789; lease-bugs LB-62",
        seen: seen("fast/read-index", "read-index-latency"),
        harm: Harm::Performance,
        only_on: Some(Engine::RaftRs),
        tap: Some(tap::ways::rounds_at_ticks),
        ..PLANTED
    },
];

/// Does this error say in words that leadership is lost, or quote somebody who does?
fn sounds_like_loss(error: &Error) -> bool {
    let words = error.to_string();
    ["not leader", "not-leader", "leadership-lost", "transfer-in-progress"].iter().any(|phrase| words.contains(phrase))
}

/// `config` with its engine set up otherwise.
fn engine(mut config: Config, change: fn(&mut engine::Config)) -> Config {
    change(&mut config.engine);
    config
}

/// Another election timeout than n1 has.
fn half_as_patient(node: NodeId, config: Config) -> Config {
    if node == NodeId(1) { config } else { engine(config, |it| it.election_timeout /= 2) }
}
