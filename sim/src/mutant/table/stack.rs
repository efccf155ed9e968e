//! Bugs that are made by switching off what the stack keeps, or by telling the lease something else than the engine says.

use crate::mutant::wrap::{engine, listener, machine};
use crate::mutant::{Harm, PLANTED, Variant, any_error, seen, tuned};
use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::RenewalKind;
use leasehold::engine::raft_rs::{ConfChangeTransition, RaftConfig, Tuning};
use leasehold::rules::Rule;

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "leader-is-lease",
        about: "planted: who leads by CheckQuorum answers, however long ago a quorum was heard",
        source: "etcd-io/raft #166; etcd #12704; lease-bugs LB-01",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::HeldInThisTerm, Rule::NotExpired],
        ..PLANTED
    },
    Variant {
        name: "leader-without-check-quorum",
        about: "planted: who leads answers, and nothing makes it step down",
        source: "raft-rs #140, #141; etcd #8450; lease-bugs LB-02",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::HeldInThisTerm, Rule::NotExpired],
        tuning: Some(without_check_quorum),
        ..PLANTED
    },
    Variant {
        name: "no-promises",
        about: "planted: without CheckQuorum voters promise nothing, and the lease counts on it",
        source: "raft-rs: the check that refuses votes asks for check_quorum; premise P2",
        seen: seen("fast/restart-promise", "one-lease"),
        tuning: Some(without_check_quorum),
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
        name: "never-expires",
        about: "planted: the gate does not ask whether the lease has run out",
        source: "rule not-expired of the gate; premise P6",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::NotExpired],
        ..PLANTED
    },
    Variant {
        name: "transfer-keeps-lease",
        about: "planted: a transfer of leadership leaves the lease as it is",
        source: "etcd-io/raft #99; openraft #1747; TiKV #1593; lease-bugs LB-18",
        seen: seen("fast/s-01-transfer-and-hold", "one-lease"),
        listener: Some(listener::hears_of_no_transfer),
        rules_off: &[Rule::NoTransfer],
        ..PLANTED
    },
    Variant {
        name: "late-timeout-now",
        about: "planted: a TimeoutNow that arrives after its leader has regained its lease is obeyed",
        source: "raft-rs #234; lease-bugs LB-19 (b)",
        seen: seen("planted/late-timeout-now", "one-lease"),
        rules_off: &[Rule::TimeoutNowNamesLog],
        ..PLANTED
    },
    Variant {
        name: "regained-by-time",
        about: "planted: a transfer that is given up gives the lease back, without an entry that proves it over",
        source: "lease-bugs LB-19 (a), LB-20",
        seen: seen("planted/late-vote", "transfer-lease"),
        rules_off: &[Rule::RegainedByEntry],
        ..PLANTED
    },
    Variant {
        name: "served-before-own-term",
        about: "planted: a new leader answers before it has applied an entry of its own term",
        source: "elastickv at d9a031d; redisraft #18; etcd #7331; lease-bugs LB-28",
        seen: seen("planted/fresh-leader", "caught-up"),
        rules_off: &[Rule::CaughtUp],
        ..PLANTED
    },
    Variant {
        name: "revived-lease",
        about: "planted: an operation that began before the lease ended brings it back",
        source: "elastickv b82ba323, 9c15a89b; lease-bugs LB-22",
        seen: seen("fast/write-conflict-storm", "monotone-lease"),
        renewal: Some(RenewalKind::Caller),
        write_ends: Some(any_error),
        rules_off: &[Rule::SameGeneration, Rule::BegunSinceEnd],
        ..PLANTED
    },
    Variant {
        name: "shortened-lease",
        about: "planted: of two operations that overlap the one that ends last sets the lease, even back",
        source: "elastickv f28bf0d5; lease-bugs LB-34",
        seen: seen("planted/overlapping", "monotone-lease"),
        harm: Harm::Performance,
        renewal: Some(RenewalKind::Caller),
        coordinator: Policy { write_fence: WriteFence::ReadIndex, ..PLANTED.coordinator },
        rules_off: &[Rule::NeverShortened],
        ..PLANTED
    },
    Variant {
        name: "promise-lost-in-restart",
        about: "planted: a voter that starts again has forgotten whom it has heard lead",
        source: "TiKV #15035, #15085; lease-bugs LB-45",
        seen: seen("fast/restart-promise", "one-lease"),
        rules_off: &[Rule::PromiseSurvivesRestart],
        ..PLANTED
    },
    Variant {
        name: "learners-counted",
        about: "planted: learners acknowledge for the lease",
        source: "hashicorp/raft #308; lease-bugs LB-39",
        seen: seen("planted/learners", "counted-voters"),
        rules_off: &[Rule::AckOfVoter],
        ..PLANTED
    },
    Variant {
        name: "removed-counted",
        about: "planted: who was removed acknowledges for the lease still",
        source: "elastickv 2b86cdc5 (Q2), 9adc6b46 (Q3), 50d3aa45 (Q4); lease-bugs LB-40",
        seen: seen("fast/membership", "counted-voters"),
        rules_off: &[Rule::AckOfVoter, Rule::AckOfMember],
        ..PLANTED
    },
    Variant {
        name: "one-acknowledgement",
        about: "planted: of five voters one acknowledgement renews the lease",
        source: "lease-bugs LB-41 (a)",
        seen: seen("planted/five-voters", "lease-base"),
        rules_off: &[Rule::AckQuorum],
        ..PLANTED
    },
    Variant {
        name: "half-of-joint",
        about: "planted: of a joint configuration the incoming half renews the lease alone",
        source: "lease-bugs LB-41 (b)",
        seen: seen("planted/slow-half", "counted-voters"),
        rules_off: &[Rule::AcksOfBothHalves],
        ..PLANTED
    },
    Variant {
        name: "acknowledged-in-another-term",
        about: "planted: an acknowledgement counts in whatever term it was given, and in every later one",
        source: "elastickv a1e1f582 and d9a031d; lease-bugs LB-37",
        seen: seen("planted/back-and-forth", "lease-base"),
        rules_off: &[Rule::StampOfThisTerm, Rule::AnswerOfThisTerm, Rule::RenewedInThisTerm, Rule::AcksOfOneTerm],
        ..PLANTED
    },
    Variant {
        name: "deposed-leader-keeps-lease",
        about: "planted: neither the role nor the term is asked, and a lost leadership leaves the lease in force",
        source: "elastickv b94ee7e0; lease-bugs LB-25",
        seen: seen("fast/s-01-transfer-and-hold", "one-lease"),
        listener: Some(listener::hears_of_no_loss),
        rules_off: &[Rule::Leader, Rule::NoTransfer, Rule::HeldInThisTerm],
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
        engine: Some(engine::asks_nobody),
        ..PLANTED
    },
    Variant {
        name: "dead-engine-keeps-lease",
        about: "planted: an engine that fails ends neither the lease nor, to readers, its leadership, and the process lives on",
        source: "elastickv 9c15a89b, f83fed54; lease-bugs LB-26",
        seen: seen("planted/failed-engine", "live-leader"),
        supervised: false,
        listener: Some(listener::hears_of_no_stop),
        engine: Some(engine::leads_on_after_stop),
        ..PLANTED
    },
    Variant {
        name: "end-leaves-expiry",
        about: "planted: the end of a lease moves the generation, and the next one finds the old expiry",
        source: "elastickv ac9b7f85: between two stores there, to the end of the lease here, as one lock guards both; lease-bugs LB-23",
        seen: seen("planted/back-and-forth", "live-leader"),
        renewal: Some(RenewalKind::Caller),
        rules_off: &[Rule::HeldInThisGeneration],
        ..PLANTED
    },
    Variant {
        name: "late-ticks-made-up",
        about: "planted: a loop that fell behind takes all its ticks at once, and with them a promise that it has just given",
        source: "TiKV #6596, #6648; lease-bugs LB-15",
        seen: seen("planted/stalled-followers", "one-lease"),
        rules_off: &[Rule::LateTickIsLost],
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
        name: "removed-leader-stays",
        about: "planted: a leader without a vote goes on to lead, and confirms ReadIndex alone where one voter is left",
        source: "raft-rs post_conf_change, is_singleton; dragonboat 31f4122; etcd #10563; lease-bugs LB-43",
        seen: seen("findings/raft-rs-removed-leader", "staleness"),
        rules_off: &[Rule::LeaderHasVote],
        ..PLANTED
    },
    Variant {
        name: "answered-before-own-term",
        about: "planted: a new leader answers a ReadIndex by the commit index that it found, before it has committed anything",
        source: "etcd #7331, #7332; TiKV #6340; elastickv ed6ff82c (R17); lease-bugs LB-51",
        seen: seen("planted/cut-at-acknowledgement", "staleness"),
        engine: Some(engine::answers_before_own_term),
        ..PLANTED
    },
    Variant {
        name: "applied-twice",
        about: "planted: what is in the snapshot and still in the log is applied again after a restart",
        source: "elastickv 1a78d0b0, 57467ed0 (R15)",
        seen: seen("planted/reopened", "state-machine-safety"),
        tuning: Some(|| tuned(|raft| RaftConfig { applied: 0, ..raft })),
        ..PLANTED
    },
    Variant {
        name: "context-reused",
        about: "planted: all ReadIndex rounds of a node have one context: an answer to an old one confirms the next",
        source: "etcd-io/raft #397; etcd #20418; lease-bugs LB-54",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        renewal: Some(RenewalKind::ReadRounds),
        rules_off: &[Rule::RoundConfirmsItself],
        ..PLANTED
    },
    Variant {
        name: "early-round-dropped",
        about: "planted: a ReadIndex that reaches a new leader before its first commit is lost without a word, until it is repeated",
        source: "raft-rs; etcd #12680, #12762; lease-bugs LB-52",
        seen: seen("planted/early-reads", "get-max"),
        harm: Harm::Liveness,
        rules_off: &[Rule::RoundAfterOwnTerm],
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
        engine: Some(engine::interrupted_is_done),
        ..PLANTED
    },
    Variant {
        name: "interrupted-is-refused",
        about: "planted: a write that was under way when leadership ended is taken for one that was not, and made again",
        source: "elastickv afd8e301 (D3), #796 and af6e4da6 (O8)",
        seen: seen("planted/unheard-answers", "serial-order"),
        engine: Some(engine::interrupted_is_refused),
        ..PLANTED
    },
    Variant {
        name: "joined-round",
        about: "planted: a read joins a ReadIndex round that began before it (and the lease is short, so that there are rounds)",
        source: "TiKV #9549, #17018, #7995; lease-bugs LB-56",
        seen: seen("planted/joined-round", "staleness"),
        lease_length: |_, tick| tick,
        engine: Some(engine::joins_rounds),
        ..PLANTED
    },
    Variant {
        name: "lease-kept-over-restart",
        about: "planted: a process that starts again has the lease of the one before it, and takes itself for the leader",
        source: "CockroachDB #10420, #23204; Nebula #5352; lease-bugs LB-47",
        seen: seen("planted/machine-crash", "lease-base"),
        listener: Some(listener::kept_over_restart),
        engine: Some(engine::leads_after_restart),
        ..PLANTED
    },
    Variant {
        name: "snapshot-too-new",
        about: "planted: a transaction names a newer snapshot than it has read from: what was written meanwhile is overwritten",
        source: "elastickv 8b4c5c72 (O1), found there by Jepsen as a lost update",
        seen: seen("planted/lost-update", "serial-order"),
        engine: Some(engine::snapshot_at_proposal),
        ..PLANTED
    },
    Variant {
        name: "vote-not-durable",
        about: "planted: term and vote are not written before the vote is given; a voter that restarts gives another",
        source: "sofa-jraft #1245; lease-bugs LB-48",
        seen: seen("planted/second-vote", "durability"),
        rules_off: &[Rule::VoteDurable],
        ..PLANTED
    },
    Variant {
        name: "end-never-settled",
        about: "planted: a lease that ended while the clock could not be read stays away as long as its leader leads",
        source: "found by slow/chaos in this stack",
        seen: seen("fast/clock-back", "lease-hit-rate"),
        harm: Harm::Performance,
        rules_off: &[Rule::EndSettledByClock],
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
        engine: Some(engine::serves_after_old_lease),
        ..PLANTED
    },
    Variant {
        name: "read-before-apply",
        about: "planted: what a ReadIndex, or a lease, permits is read from a store that lags behind what the engine has applied",
        source: "Raft dissertation §6.4, step 4; etcd #22214; lease-bugs LB-61: on leaders, as followers serve nothing here",
        seen: seen("planted/cut-at-acknowledgement", "staleness"),
        engine: Some(engine::writes_wait_for_store),
        machine: Some(machine::applied_late),
        ..PLANTED
    },
    Variant {
        name: "every-leader-is-alone",
        about: "planted: every leader takes its vote for the only one, and backs its lease by itself",
        source: "elastickv #676 (Q7): a count of voters that is zero at start opens the way of the only voter; lease-bugs LB-30",
        seen: seen("fast/s-03-cut-after-check-quorum", "lease-base"),
        rules_off: &[Rule::AloneByItsVote],
        ..PLANTED
    },
    Variant {
        name: "first-snapshot-kept",
        about: "planted: a script that met a conflict tries again with the snapshot that it had, and meets the same one each time",
        source: "elastickv 31ca8bd3 (D2): there after a change of leaders; a retry that leaves the node reads anew here",
        seen: seen("planted/second-attempts", "conflicts-per-second"),
        harm: Harm::Liveness,
        engine: Some(engine::first_snapshot),
        ..PLANTED
    },
    Variant {
        name: "ignored-transfer-awaited",
        about: "planted: a transfer that raft ignores, as to a learner, or has given up is waited for, and the lease with it, for ever",
        source: "elastickv 852b13ff (R1), 8045c2ff, 7aa08b53 and 9e9432c6 (R2)",
        seen: seen("planted/vain-transfers", "transfers-end"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransferToEligible, Rule::TransferUnderWay],
        ..PLANTED
    },
    Variant {
        name: "lost-snapshot-unreported",
        about: "planted: raft is not told of a snapshot that was lost, and sends its receiver nothing else, while heartbeats flow",
        source: "elastickv d82b6c14 #535 (R6), 7e0ce99d (R7): of entries raft finds out by the next heartbeat's answer",
        seen: seen("planted/lost-snapshot", "writes"),
        harm: Harm::Liveness,
        rules_off: &[Rule::SnapshotUnderWay],
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
        engine: Some(engine::nothing_was_read),
        ..PLANTED
    },
    Variant {
        name: "rounds-without-end",
        about: "planted: a ReadIndex round that is not answered soon is begun anew, for as long as it takes, though its caller be gone",
        source: "elastickv #745 (R12)",
        seen: seen("fast/s-03-cut-after-check-quorum", "read-index-budget"),
        harm: Harm::Liveness,
        engine: Some(engine::asks_without_end),
        ..PLANTED
    },
    Variant {
        name: "transfer-to-anybody",
        about: "planted: a transfer to who cannot lead is begun, and costs the lease until raft has not taken it up",
        source: "elastickv #972, 1a247056 (R5); lease-bugs LB-71",
        seen: seen("planted/vain-transfers", "lease-hit-rate"),
        harm: Harm::Performance,
        rules_off: &[Rule::TransferToEligible],
        ..PLANTED
    },
    Variant {
        name: "transient-errors-returned",
        about: "planted: what comes during a transfer, or finds no leader, fails at once: clients repeat it, or do not",
        source: "elastickv 18a25bdb #618 (D1)",
        seen: seen("planted/slow-transfers", "reads"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransientIsRetried],
        ..PLANTED
    },
    Variant {
        name: "joint-never-left",
        about: "planted: nobody leaves a joint configuration",
        source: "etcd #12136; lease-bugs LB-50",
        seen: seen("planted/joint", "configuration"),
        harm: Harm::Liveness,
        tuning: Some(|| Tuning { joint: ConfChangeTransition::Explicit, ..Tuning::default() }),
        ..PLANTED
    },
    Variant {
        name: "refused-proposal-hangs",
        about: "planted: a write that is refused because leadership is being handed over is never answered",
        source: "elastickv 52987615 (R4); lease-bugs LB-68",
        seen: seen("planted/slow-handover", "writes"),
        harm: Harm::Liveness,
        engine: Some(engine::refused_is_under_way),
        ..PLANTED
    },
    Variant {
        name: "transfer-flag-stuck",
        about: "planted: a leader whose transfer has failed takes no writes any more",
        source: "hashicorp/raft #493, #696; lease-bugs LB-67",
        seen: seen("planted/unreachable-target", "recovery"),
        harm: Harm::Liveness,
        engine: Some(engine::transfer_leaves_mark),
        ..PLANTED
    },
    Variant {
        name: "transfer-never-over",
        about: "planted: a transfer that raft has given up is under way for ever, and the lease does not come back",
        source: "hashicorp/raft #493; lease-bugs LB-67",
        seen: seen("planted/unreachable-target", "transfers-end"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransferUnderWay],
        ..PLANTED
    },
    Variant {
        name: "transfer-waits-for-quiet",
        about: "planted: a transfer waits until no write is under way, and writes are taken on: under load it never begins",
        source: "hashicorp/raft #581: raft-rs takes no write during a transfer, so before it; lease-bugs LB-69",
        seen: seen("planted/busy-handover", "leader-changes"),
        harm: Harm::Liveness,
        engine: Some(engine::transfer_waits_for_quiet),
        ..PLANTED
    },
];

/// raft as it comes: nothing deposes a leader that hears nobody, and voters promise nothing.
fn without_check_quorum() -> Tuning {
    tuned(|raft| RaftConfig { check_quorum: false, ..raft })
}
