//! Never wrong, and of no use: what only asks for safety does not notice.

use crate::mutant::wrap::listener;
use crate::mutant::{DEFAULT, Harm, Kind, Variant, seen};
use std::time::Duration;

const TOO_SAFE: Variant = Variant { kind: Kind::TooSafe, harm: Harm::Performance, ..DEFAULT };

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "no-lease",
        about: "too safe: the lease is over when it begins, and every read asks a quorum",
        source: "elastickv 83b43232; lease-bugs LB-16; invariant V1",
        seen: seen("fast/steady", "lease-used"),
        lease_length: |_, _| Duration::ZERO,
        ..TOO_SAFE
    },
    Variant {
        name: "lease-within-a-heartbeat",
        about: "too safe: the lease is half as long as the time from one heartbeat to the next",
        source: "riak_ensemble #49; lease-bugs LB-16",
        seen: seen("planted/read-only", "lease-hit-rate"),
        lease_length: |_, tick| tick * 5,
        ..TOO_SAFE
    },
    Variant {
        name: "lease-ended-by-renewal",
        about: "too safe: what renews the lease ends it first",
        source: "elastickv #558 and #559 carried to the end; invariant Pf1",
        seen: seen("fast/steady", "lease-used"),
        listener: Some(listener::ended_by_renewal),
        ..TOO_SAFE
    },
];
