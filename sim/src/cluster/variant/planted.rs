//! Bugs that the world around a node can show: the stack runs as it is.

use super::{PLANTED, Variant, disk, host, seen, tap};
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
        wall_clock: true,
        ..PLANTED
    },
    Variant {
        name: "receipt-time-base",
        about: "planted: the lease counts from the arrival of an acknowledgement, not from when what it answers was sent",
        source: "elastickv quorum_ack.go; etcd-io/raft recent_active; lease-bugs LB-03",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        tap: Some(tap::at_receipt),
        ..PLANTED
    },
    Variant {
        name: "latest-round-base",
        about: "planted: one send time for all rounds: an answer to an old one counts from the latest",
        source: "d-engine #392, #401; lease-bugs LB-05",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        tap: Some(tap::of_the_latest_round),
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
];
