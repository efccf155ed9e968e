//! Variants: the stack as it is, and as it was.
//!
//! A variant is a set of policy values. Production code knows policies; which of them were once a bug is known here alone.

use leasehold::coordinator::{InnerReads, Policy, WriteFence};
use leasehold::engine::RenewalKind;
use leasehold::error::{Error, Leadership};
use leasehold::lease::longest_safe;
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
    /// Which failed operations end the lease.
    pub ends_on: fn(&Error) -> bool,
    /// Where ReadIndex rounds are spent.
    pub coordinator: Policy,
}

/// The stack as it is.
pub const DEFAULT: Variant = Variant {
    name: "default",
    about: "the stack as it is: a lease from acknowledged send times that only a loss of leadership ends",
    source: "Raft dissertation §6.4.1",
    class: "-",
    lease_length: longest_safe,
    renewal: None,
    ends_on: loss_of_leadership,
    coordinator: Policy { write_fence: WriteFence::Commit, inner_reads: InnerReads::Snapshot },
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
    ends_on: loss_of_leadership,
    coordinator: Policy { write_fence: WriteFence::ReadIndex, inner_reads: InnerReads::Snapshot },
};

/// Every variant, the default first.
pub const VARIANTS: &[Variant] = &[
    DEFAULT,
    Variant {
        name: "elastickv-549",
        about: "caller-side lease; any error, a write conflict above all, throws it away",
        source: "elastickv PR #549 (76894ae7, 2026-04-20)",
        class: "performance",
        ends_on: any_error,
        ..ELASTICKV
    },
    Variant {
        name: "elastickv-558",
        about: "caller-side lease; of a write's errors only a loss of leadership throws it away",
        source: "elastickv PR #558 (c67b6a0e, 2026-04-20)",
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
];

/// The variant of this name.
pub fn find(name: &str) -> Option<&'static Variant> {
    VARIANTS.iter().find(|variant| variant.name == name)
}

fn loss_of_leadership(error: &Error) -> bool {
    error.leadership() == Leadership::Lost
}

fn any_error(_: &Error) -> bool {
    true
}

/// elastickv's lease: election timeout less a margin of 300 ms (`leaseSafetyMargin`).
fn margin_of_300_ms(election_timeout: Duration, _tick: Duration) -> Duration {
    election_timeout.saturating_sub(Duration::from_millis(300))
}
