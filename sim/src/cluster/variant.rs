//! Variants: the stack as it is, and as it was.
//!
//! A variant is a set of policy values. Production code knows policies; which of them were once a bug is known here alone.

use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::RenewalKind;
use leasehold::error::Error;
use leasehold::lease::{self, longest_safe};
use std::time::Duration;

/// A set of policies under a name.
pub struct Variant {
    /// Its name, for `--variant`.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// What is wrong with it: `-`, `performance`, `stale-read`, `liveness`.
    pub class: &'static str,
    /// The lease's length, of election timeout and tick, where the scenario gives none.
    pub lease_length: fn(Duration, Duration) -> Duration,
    /// What renews the lease; `None`: as the scenario says.
    pub renewal: Option<RenewalKind>,
    /// Which errors of a write end the lease, where that is not as it should be.
    pub write_ends: Option<fn(&Error) -> bool>,
    /// Which errors of a lease read's slow path do.
    pub read_ends: Option<fn(&Error) -> bool>,
    /// Where ReadIndex rounds are spent.
    pub coordinator: Policy,
    /// What the node takes for its monotonic clock is the wall clock: every step moves it.
    pub wall_clock: bool,
}

/// The stack as it is.
pub const DEFAULT: Variant = Variant {
    name: "default",
    about: "the stack as it is: a lease from acknowledged send times that only a loss of leadership ends",
    source: "Raft dissertation §6.4.1",
    class: "-",
    lease_length: longest_safe,
    renewal: None,
    write_ends: None,
    read_ends: None,
    coordinator: Policy { write_fence: WriteFence::Commit, inner_reads: InnerReads::Snapshot, reads_per_get: 1 },
    wall_clock: false,
};

/// What elastickv had in common from #549 to #559, as far as it bears on the incident: the caller extends the lease when its own
/// quorum operation succeeded, and its LeaderProxy runs a ReadIndex round before every proposal.
const ELASTICKV: Variant = Variant {
    name: "",
    about: "",
    source: "",
    class: "-",
    lease_length: margin_of_300_ms,
    renewal: Some(RenewalKind::Caller),
    write_ends: None,
    read_ends: None,
    coordinator: Policy { write_fence: WriteFence::ReadIndex, inner_reads: InnerReads::Snapshot, reads_per_get: 1 },
    wall_clock: false,
};

/// Every variant, the default first.
pub const VARIANTS: &[Variant] = &[
    DEFAULT,
    Variant {
        name: "elastickv-549",
        about: "caller-side lease; any error, a write conflict above all, throws it away",
        source: "elastickv PR #549 (76894ae7, 2026-04-20)",
        class: "performance",
        write_ends: Some(any_error),
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-558",
        about: "caller-side lease; of a write's errors only a loss of leadership throws it away, of a read's still any",
        source: "elastickv PR #558 (c67b6a0e, 2026-04-20)",
        class: "performance",
        read_ends: Some(any_error),
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-559",
        about: "caller-side lease; only a loss of leadership throws it away",
        source: "elastickv PR #559 (1a85d7dc, 2026-04-20)",
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-561",
        about: "lease from the acknowledgements that reach the engine; a read inside a request still runs its own ReadIndex",
        source: "elastickv PR #561 (a9a9faf9, 2026-04-21)",
        class: "performance",
        renewal: Some(RenewalKind::Acks),
        coordinator: Policy { inner_reads: InnerReads::ReadIndex, ..ELASTICKV.coordinator },
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-575",
        about: "as elastickv-561, and a read inside a request goes by the lease as well",
        source: "elastickv PR #575 (82bbaa3c, 2026-04-22)",
        renewal: Some(RenewalKind::Acks),
        coordinator: Policy { inner_reads: InnerReads::Lease, ..ELASTICKV.coordinator },
        ..ELASTICKV
    },
    Variant {
        name: "long-lease",
        about: "planted: a lease of three election timeouts, longer than the promises it rests on",
        source: "premise P6: lease <= election timeout - 1 tick",
        class: "stale-read",
        lease_length: |election_timeout, _| election_timeout * 3,
        ..DEFAULT
    },
    Variant {
        name: "wall-clock",
        about: "planted: leases and timers go by the wall clock, which jumps",
        source: "sofa-jraft #26; elastickv 899c0a03; lease-bugs LB-07",
        class: "stale-read",
        wall_clock: true,
        ..DEFAULT
    },
];

/// The variant of this name.
pub fn find(name: &str) -> Option<&'static Variant> {
    VARIANTS.iter().find(|variant| variant.name == name)
}

impl Variant {
    /// The lease of this variant.
    pub(super) fn lease_policy(&self, length: Duration, renewal: RenewalKind) -> lease::Policy {
        let right = lease::Policy::new(length, renewal);
        lease::Policy {
            write_ends: self.write_ends.unwrap_or(right.write_ends),
            read_ends: self.read_ends.unwrap_or(right.read_ends),
            ..right
        }
    }
}

fn any_error(_: &Error) -> bool {
    true
}

/// elastickv's lease: election timeout less a margin of 300 ms (`leaseSafetyMargin`).
fn margin_of_300_ms(election_timeout: Duration, _tick: Duration) -> Duration {
    election_timeout.saturating_sub(Duration::from_millis(300))
}
