//! What real systems did, as far as it bears on leases: elastickv from the incident of April 2026 on, by its pull requests, and
//! the crate `raft` as it comes.

use crate::mutant::wrap::{listener, tap};
use crate::mutant::{DEFAULT, Harm, Kind, Tuning, Variant, any_error, no_error, seen, tuned};
use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::RenewalKind;
use leasehold::engine::raft_rs::{RaftConfig, ReadOnlyOption};
use std::time::Duration;

const HISTORY: Variant = Variant { kind: Kind::History, ..DEFAULT };

/// What elastickv had in common from #549 to #559: the caller extends the lease when its own quorum operation succeeded, from
/// when that began and unless the lease has ended since; its LeaderProxy runs a ReadIndex round before every proposal. A
/// transfer leaves the lease alone, and of Raft it has what its library gives: voters that forget their promises in a restart,
/// `TimeoutNow` that is never too late.
const ELASTICKV: Variant = Variant {
    harm: Harm::Performance,
    lease_length: margin_of_300_ms,
    renewal: Some(RenewalKind::Caller),
    coordinator: Policy { write_fence: WriteFence::ReadIndex, ..DEFAULT.coordinator },
    listener: Some(listener::hears_of_no_transfer),
    rules_off: flaws::OF_CALLERS,
    ..HISTORY
};

/// From #561 to its head: the engine extends the lease when an answer arrives, of whatever term and to whatever message, and
/// asks for no entry of the leader's own term. It ends when it has published that it leads no more, not by what fails.
const BY_ARRIVALS: Variant = Variant {
    harm: Harm::StaleRead,
    renewal: Some(RenewalKind::Acks),
    write_ends: Some(no_error),
    read_ends: Some(no_error),
    tap: Some(tap::acks::any_answer_at_receipt),
    listener: Some(listener::ended_by_next_election),
    rules_off: flaws::OF_ARRIVALS,
    ..ELASTICKV
};

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "elastickv-549",
        about: "caller-side lease; any error, a write conflict above all, throws it away",
        source: "elastickv PR #549 (76894ae7, 2026-04-20); lease-bugs LB-31, LB-32",
        seen: seen("incidents/pr-558", "end-causes"),
        write_ends: Some(any_error),
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-558",
        about: "caller-side lease; of a write's errors only a loss of leadership throws it away, of a read's still any",
        source: "elastickv PR #558 (c67b6a0e, 2026-04-20); lease-bugs LB-32",
        seen: seen("incidents/pr-559", "end-causes"),
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-559",
        about: "caller-side lease; only a loss of leadership throws it away",
        source: "elastickv PR #559 (1a85d7dc, 2026-04-20)",
        seen: seen("fast/steady", "read-index-per-write"),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-561",
        about: "lease from the acknowledgements that reach the engine; a read inside a request still runs its own ReadIndex",
        source: "elastickv PR #561 (a9a9faf9, 2026-04-21), learners counted until #676",
        seen: seen("findings/elastickv-late-answers", "staleness"),
        coordinator: Policy { inner_reads: InnerReads::ReadIndex, ..ELASTICKV.coordinator },
        ..BY_ARRIVALS
    },
    Variant {
        name: "elastickv-575",
        about: "as elastickv-561, and a read inside a request goes by the lease as well",
        source: "elastickv PR #575 (82bbaa3c, 2026-04-22), learners counted until #676",
        seen: seen("findings/elastickv-fresh-leader", "staleness"),
        coordinator: Policy { inner_reads: InnerReads::Lease, ..ELASTICKV.coordinator },
        ..BY_ARRIVALS
    },
    Variant {
        name: "elastickv-head",
        about: "lease from the arrival of acknowledgements, of any term; neither a transfer nor a fresh term closes the fast path",
        source: "elastickv d9a031d (quorum_ack.go, kv/coordinator.go), as read: LB-03, LB-18, LB-28, LB-37, LB-45",
        seen: seen("findings/elastickv-transfer", "staleness"),
        coordinator: Policy { inner_reads: InnerReads::Lease, ..ELASTICKV.coordinator },
        rules_off: flaws::OF_HEAD,
        ..BY_ARRIVALS
    },
    SECONDARY,
    RAFT_RS,
];

/// elastickv's caller-side lease, which its head has beside the one by arrivals, alone: a node here has one lease.
const SECONDARY: Variant = Variant {
    name: "elastickv-secondary",
    about: "elastickv's other lease alone: a write that a follower has forwarded extends the follower's own",
    source: "elastickv d9a031d (leaseRefreshingTxn, kv/sharded_coordinator.go), as read",
    harm: Harm::StaleRead,
    seen: seen("findings/elastickv-secondary", "staleness"),
    tap: Some(tap::requests::forwarded_writes_extend),
    rules_off: flaws::OF_SECONDARY,
    ..ELASTICKV
};

/// raft-rs without what the engine adds to it, and with the reads that it calls lease-based.
const RAFT_RS: Variant = Variant {
    name: "raft-rs-lease-reads",
    about: "raft-rs as it comes, its reads LeaseBased: who leads by CheckQuorum answers",
    source: "raft 0.7.0 (ReadOnlyOption::LeaseBased): LB-01, LB-18, LB-19, LB-21, LB-43",
    harm: Harm::StaleRead,
    seen: seen("findings/raft-rs-alternating-transfers", "staleness"),
    // No lease but raft's: every read asks it.
    lease_length: |_, _| Duration::ZERO,
    tuning: Some(Tuning::RaftRs(|| tuned(|raft| RaftConfig { read_only_option: ReadOnlyOption::LeaseBased, ..raft }))),
    rules_off: flaws::OF_RAFT_RS,
    ..HISTORY
};

/// elastickv's lease: election timeout less a margin of 300 ms (`leaseSafetyMargin`).
fn margin_of_300_ms(election_timeout: Duration, _tick: Duration) -> Duration {
    election_timeout.saturating_sub(Duration::from_millis(300))
}

/// The rules that real systems do not keep. Whose fast path asks what, and why: `scenarios/findings/README.md`.
mod flaws {
    use leasehold::rules::Rule::{self, *};

    /// What the caller-side lease of elastickv does not keep, and more.
    macro_rules! of_callers {
        ($($more:ident),*) => {
            &[NoTransfer, TimeoutNowNamesLog, RegainedByEntry, PromiseSurvivesRestart, CaughtUp, $($more),*]
        };
    }

    pub(super) const OF_CALLERS: &[Rule] = of_callers!();

    /// Until #676 learners counted.
    pub(super) const OF_ARRIVALS: &[Rule] =
        of_callers!(StampOfThisTerm, AnswerOfThisTerm, RenewedInThisTerm, AckOfVoter);

    pub(super) const OF_HEAD: &[Rule] = of_callers!(StampOfThisTerm, AnswerOfThisTerm, RenewedInThisTerm);

    pub(super) const OF_SECONDARY: &[Rule] = of_callers!(RenewedInThisTerm, HeldInThisTerm);

    pub(super) const OF_RAFT_RS: &[Rule] =
        &[TimeoutNowNamesLog, PromiseSurvivesRestart, NothingDuringTransfer, LeaderHasVote];
}
