//! What a real system did: elastickv from the incident of April 2026 on, as far as it bears on leases, by its pull requests.

use super::{DEFAULT, Harm, Kind, Variant, any_error, seen};
use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::RenewalKind;
use std::time::Duration;

/// What elastickv had in common from #549 to #559, as far as it bears on the incident: the caller extends the lease when its own
/// quorum operation succeeded, and its LeaderProxy runs a ReadIndex round before every proposal.
const ELASTICKV: Variant = Variant {
    kind: Kind::History,
    harm: Harm::Performance,
    lease_length: margin_of_300_ms,
    renewal: Some(RenewalKind::Caller),
    coordinator: Policy { write_fence: WriteFence::ReadIndex, inner_reads: InnerReads::Snapshot, reads_per_get: 1 },
    ..DEFAULT
};

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "elastickv-549",
        about: "caller-side lease; any error, a write conflict above all, throws it away",
        source: "elastickv PR #549 (76894ae7, 2026-04-20)",
        seen: seen("incidents/pr-558", "end-causes"),
        write_ends: Some(any_error),
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-558",
        about: "caller-side lease; of a write's errors only a loss of leadership throws it away, of a read's still any",
        source: "elastickv PR #558 (c67b6a0e, 2026-04-20)",
        seen: seen("incidents/pr-559", "end-causes"),
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-559",
        about: "caller-side lease; only a loss of leadership throws it away",
        source: "elastickv PR #559 (1a85d7dc, 2026-04-20)",
        seen: seen("fast/steady", "read-index-budget"),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-561",
        about: "lease from the acknowledgements that reach the engine; a read inside a request still runs its own ReadIndex",
        source: "elastickv PR #561 (a9a9faf9, 2026-04-21)",
        seen: seen("fast/steady", "read-index-budget"),
        renewal: Some(RenewalKind::Acks),
        coordinator: Policy { inner_reads: InnerReads::ReadIndex, ..ELASTICKV.coordinator },
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-575",
        about: "as elastickv-561, and a read inside a request goes by the lease as well",
        source: "elastickv PR #575 (82bbaa3c, 2026-04-22)",
        seen: seen("fast/steady", "read-index-budget"),
        renewal: Some(RenewalKind::Acks),
        coordinator: Policy { inner_reads: InnerReads::Lease, ..ELASTICKV.coordinator },
        ..ELASTICKV
    },
    #[cfg(feature = "planted")]
    HEAD,
];

/// elastickv's head, as read (`reference` of the source): everything of it that bears on leases, transfers and acknowledgements and that
/// this stack can show. Its caller-side lease beside the one from acknowledgements, which its followers consult too, is not: a node here
/// has one lease.
#[cfg(feature = "planted")]
const HEAD: Variant = {
    use super::tap::at_receipt;
    use leasehold::rules::Rule;

    Variant {
        name: "elastickv-head",
        about: "lease from the arrival of acknowledgements, of any term; neither a transfer nor a fresh term closes the fast path",
        source: "elastickv d9a031d (quorum_ack.go, kv/coordinator.go), as read: LB-03, LB-18, LB-28, LB-37, LB-45",
        harm: Harm::StaleRead,
        seen: seen("fast/s-01-transfer-and-hold", "lease-base"),
        renewal: Some(RenewalKind::Acks),
        coordinator: Policy { inner_reads: InnerReads::Lease, ..ELASTICKV.coordinator },
        tap: Some(at_receipt),
        rules_off: &[
            Rule::CaughtUp,
            Rule::NoTransfer,
            Rule::TransferEndsLease,
            Rule::TimeoutNowEndsLease,
            Rule::TimeoutNowNamesLog,
            Rule::RegainedByEntry,
            Rule::StampOfThisTerm,
            Rule::AnswerOfThisTerm,
            Rule::PromiseSurvivesRestart,
        ],
        ..ELASTICKV
    }
};

/// elastickv's lease: election timeout less a margin of 300 ms (`leaseSafetyMargin`).
fn margin_of_300_ms(election_timeout: Duration, _tick: Duration) -> Duration {
    election_timeout.saturating_sub(Duration::from_millis(300))
}
