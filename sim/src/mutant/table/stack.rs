//! Bugs that are made between the parts of a node: by telling one something else than the other says, or by other settings.

use crate::mutant::wrap::{engine, listener, machine};
use crate::mutant::{Harm, PLANTED, Tuning, Variant, seen, tuned};
use leasehold::coordinator::{InnerReads, Policy};
use leasehold::engine::RenewalKind;
use leasehold::engine::raft_rs::{self, ConfChangeTransition, RaftConfig};

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "no-promises",
        about: "planted: without CheckQuorum voters promise nothing, and the lease counts on it",
        source: "raft-rs: the check that refuses votes asks for check_quorum; premise P2",
        seen: seen("fast/restart-promise", "one-lease"),
        tuning: Some(Tuning::RaftRs(without_check_quorum)),
        ..PLANTED
    },
    Variant {
        name: "base-after-operation",
        about: "planted: the clock is read when the ReadIndex round has succeeded, not before it began",
        source: "elastickv f28bf0d5; d-engine #392; lease-bugs LB-04",
        seen: seen("fast/s-06-pause-anywhere", "lease-base"),
        renewal: Some(RenewalKind::ReadRounds),
        listener: Some(listener::counted_from_now),
        ..PLANTED
    },
    Variant {
        name: "acknowledged-at-commit",
        about: "planted: a write is acknowledged when it is committed, and what reads look at has it 20 ms later",
        source: "premise P9; TiKV #1560; lease-bugs LB-29",
        seen: seen("fast/steady", "staleness"),
        machine: Some(machine::applied_late),
        ..PLANTED
    },
    Variant {
        name: "confirmed-by-nobody",
        about: "planted: what a leader finds in its own state counts as a round of its quorum, and renews the lease",
        source: "elastickv 76a93d77; lease-bugs LB-30",
        seen: seen("fast/s-03-cut-after-check-quorum", "lease-base"),
        renewal: Some(RenewalKind::Caller),
        engine: Some(engine::reads::asks_nobody),
        ..PLANTED
    },
    Variant {
        name: "dead-engine-keeps-lease",
        about: "planted: an engine that fails ends neither the lease nor, to readers, its leadership, and the process lives on",
        source: "elastickv 9c15a89b, f83fed54; lease-bugs LB-26",
        seen: seen("planted/failed-engine", "live-leader"),
        supervised: false,
        listener: Some(listener::hears_of_no_stop),
        engine: Some(engine::leading::leads_on_after_stop),
        ..PLANTED
    },
    Variant {
        name: "one-path-does-not-end",
        about: "planted: TimeoutNow ends the lease, the request that makes it leave, sooner or later, does not",
        source: "elastickv 7ea2a826; lease-bugs LB-27 (a)",
        seen: seen("planted/lagging-target", "transfer-lease"),
        listener: Some(listener::hears_of_transfers_late),
        ..PLANTED
    },
    Variant {
        name: "regained-by-acknowledgement",
        about: "planted: an acknowledgement is enough to win the lease back after a transfer, with a forced vote under way",
        source: "TiKV: a read index does not lift a suspect lease; lease-bugs LB-20",
        seen: seen("planted/late-vote", "transfer-lease"),
        listener: Some(listener::resumed_by_renewal),
        ..PLANTED
    },
    Variant {
        name: "vote-is-promise",
        about: "planted: a new leader takes the votes that it won for promises, and holds a lease from its election on",
        source: "raft-rs: who has granted a vote may grant the next at once; lease-bugs LB-38",
        seen: seen("fast/steady", "lease-base"),
        listener: Some(listener::leased_at_election),
        ..PLANTED
    },
    Variant {
        name: "answered-before-own-term",
        about: "planted: a new leader answers a ReadIndex by the commit index that it found, before it has committed anything",
        source: "etcd #7331, #7332; TiKV #6340; elastickv ed6ff82c (R17); lease-bugs LB-51",
        seen: seen("planted/cut-at-acknowledgement", "staleness"),
        engine: Some(engine::reads::answers_before_own_term),
        ..PLANTED
    },
    Variant {
        name: "applied-twice",
        about: "planted: what is in the snapshot and still in the log is applied again after a restart",
        source: "elastickv 1a78d0b0, 57467ed0 (R15)",
        seen: seen("planted/reopened", "state-machine-safety"),
        tuning: Some(Tuning::RaftRs(|| tuned(|raft| RaftConfig { applied: 0, ..raft }))),
        ..PLANTED
    },
    Variant {
        name: "failed-engine-goes-unnoticed",
        about: "planted: the process of an engine that has failed lives on, and nobody starts it again",
        source: "elastickv #534 (R20)",
        seen: seen("planted/failed-disks", "recovers"),
        harm: Harm::Liveness,
        supervised: false,
        ..PLANTED
    },
    Variant {
        name: "interrupted-is-done",
        about: "planted: a write that was under way when leadership ended is reported as done",
        source: "elastickv afd8e301 (D8)",
        seen: seen("planted/unheard-answers", "serial-order"),
        engine: Some(engine::proposals::interrupted_is_done),
        ..PLANTED
    },
    Variant {
        name: "interrupted-is-refused",
        about: "planted: a write that was under way when leadership ended is taken for one that was not, and made again",
        source: "elastickv afd8e301 (D3), #796 and af6e4da6 (O8)",
        seen: seen("planted/unheard-answers", "serial-order"),
        engine: Some(engine::proposals::interrupted_is_refused),
        ..PLANTED
    },
    Variant {
        name: "joined-round",
        about: "planted: a read joins a ReadIndex round that began before it (and the lease is short, so that there are rounds)",
        source: "TiKV #9549, #17018, #7995; lease-bugs LB-56",
        seen: seen("planted/joined-round", "staleness"),
        lease_length: |_, tick| tick,
        engine: Some(engine::reads::joins_rounds),
        ..PLANTED
    },
    Variant {
        name: "lease-kept-over-restart",
        about: "planted: a process that starts again has the lease of the one before it, and takes itself for the leader",
        source: "CockroachDB #10420, #23204; Nebula #5352; lease-bugs LB-47",
        seen: seen("planted/machine-crash", "lease-base"),
        listener: Some(listener::kept_over_restart),
        engine: Some(engine::leading::leads_after_restart),
        ..PLANTED
    },
    Variant {
        name: "snapshot-too-new",
        about: "planted: a transaction names a newer snapshot than it has read from: what was written meanwhile is overwritten",
        source: "elastickv 8b4c5c72 (O1), found there by Jepsen as a lost update",
        seen: seen("planted/lost-update", "serial-order"),
        engine: Some(engine::proposals::snapshot_at_proposal),
        ..PLANTED
    },
    Variant {
        name: "inner-reads-ask-quorum",
        about: "planted: every read inside a script runs a ReadIndex round of its own, past the lease",
        source: "elastickv #575 (4a585f57): 1,500 dispatch errors a second; lease-bugs LB-35",
        seen: seen("planted/lost-update", "read-index-per-inner-read"),
        harm: Harm::Performance,
        coordinator: Policy { inner_reads: InnerReads::ReadIndex, ..PLANTED.coordinator },
        ..PLANTED
    },
    Variant {
        name: "old-lease-waited-out",
        about: "planted: a new leader serves no read before the lease of the one before it, handed over or not, must be over",
        source: "YugabyteDB: leader leases, the new leader waits out the old one's; Raft dissertation §6.4.1; invariant Pf5",
        seen: seen("fast/read-gap", "read-gap"),
        harm: Harm::Performance,
        listener: Some(listener::warm_after_old_lease),
        engine: Some(engine::reads::serves_after_old_lease),
        ..PLANTED
    },
    Variant {
        name: "read-before-apply",
        about: "planted: what a ReadIndex, or a lease, permits is read from a store that lags behind what the engine has applied",
        source: "Raft dissertation §6.4, step 4; etcd #22214; lease-bugs LB-61: on leaders, as followers serve nothing here",
        seen: seen("planted/cut-at-acknowledgement", "staleness"),
        engine: Some(engine::proposals::writes_wait_for_store),
        machine: Some(machine::applied_late),
        ..PLANTED
    },
    Variant {
        name: "confirmed-is-applied",
        about: "planted: what a ReadIndex round has found committed is taken for applied, and read at once",
        source: "Raft dissertation §6.4, step 4; lease-bugs LB-61",
        seen: seen("fast/slow-apply", "staleness"),
        engine: Some(engine::reads::waits_for_no_apply),
        ..PLANTED
    },
    Variant {
        name: "first-snapshot-kept",
        about: "planted: a script that met a conflict tries again with the snapshot that it had, and meets the same one each time",
        source: "elastickv 31ca8bd3 (D2): there after a change of leaders; a retry that leaves the node reads anew here",
        seen: seen("planted/second-attempts", "conflicts-per-second"),
        harm: Harm::Liveness,
        engine: Some(engine::proposals::first_snapshot),
        ..PLANTED
    },
    Variant {
        name: "only-voter-without-lease",
        about: "planted: a leader that has nobody left to ask renews no lease, and goes by ReadIndex for ever",
        source: "elastickv 9346bbfe (Q5): the removal of a peer computes nothing anew; #676: one voter and a learner",
        seen: seen("planted/only-voter", "lease-hit-rate"),
        harm: Harm::Performance,
        listener: Some(listener::renewed_by_others_alone),
        ..PLANTED
    },
    Variant {
        name: "read-set-not-sent",
        about: "planted: a transaction does not name what it has read: only what it writes can conflict",
        source: "elastickv de68c899, 94a86e44 (O4)",
        seen: seen("planted/lost-update", "serial-order"),
        engine: Some(engine::proposals::nothing_was_read),
        ..PLANTED
    },
    Variant {
        name: "rounds-without-end",
        about: "planted: a ReadIndex round that is not answered soon is begun anew, for as long as it takes, though its caller be gone",
        source: "elastickv #745 (R12)",
        seen: seen("fast/s-03-cut-after-check-quorum", "read-index-budget"),
        harm: Harm::Liveness,
        engine: Some(engine::reads::asks_without_end),
        ..PLANTED
    },
    Variant {
        name: "joint-never-left",
        about: "planted: nobody leaves a joint configuration",
        source: "etcd #12136; lease-bugs LB-50",
        seen: seen("planted/joint", "configuration"),
        harm: Harm::Liveness,
        tuning: Some(Tuning::RaftRs(|| raft_rs::Tuning {
            joint: ConfChangeTransition::Explicit,
            ..Default::default()
        })),
        ..PLANTED
    },
    Variant {
        name: "refused-proposal-hangs",
        about: "planted: a write that is refused because leadership is being handed over is never answered",
        source: "elastickv 52987615 (R4); lease-bugs LB-68",
        seen: seen("planted/plain-handovers", "served"),
        harm: Harm::Liveness,
        engine: Some(engine::proposals::refused_is_under_way),
        ..PLANTED
    },
    Variant {
        name: "first-leader-for-ever",
        about: "planted: a node passes what it is asked on to the first leader that it has heard of, and never learns another",
        source: "none: a cache of who leads that nothing refreshes",
        seen: seen("planted/plain-handovers", "served"),
        harm: Harm::Liveness,
        engine: Some(engine::leading::knows_first_leader),
        ..PLANTED
    },
    Variant {
        name: "transfer-flag-stuck",
        about: "planted: a leader whose transfer has failed takes no writes any more",
        source: "hashicorp/raft #493, #696; lease-bugs LB-67",
        seen: seen("planted/unreachable-target", "recovery"),
        harm: Harm::Liveness,
        engine: Some(engine::leading::transfer_leaves_mark),
        ..PLANTED
    },
    Variant {
        name: "transfer-waits-for-quiet",
        about: "planted: a transfer waits until no write is under way, and writes are taken on: under load it never begins",
        source: "hashicorp/raft #581: raft-rs takes no write during a transfer, so before it; lease-bugs LB-69",
        seen: seen("planted/busy-handover", "leader-changes"),
        harm: Harm::Liveness,
        engine: Some(engine::leading::transfer_waits_for_quiet),
        ..PLANTED
    },
];

/// raft as it comes: nothing deposes a leader that hears nobody, and voters promise nothing.
pub(super) fn without_check_quorum() -> raft_rs::Tuning {
    tuned(|raft| RaftConfig { check_quorum: false, ..raft })
}
