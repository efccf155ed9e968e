//! Bugs that are made between the groups of a process, of which group has which keys, and of what is read and deleted there.

use crate::mutant::wrap::engine::heard;
use crate::mutant::wrap::{groups, machine, tap};
use crate::mutant::{Harm, PLANTED, Variant, seen};
use leasehold::coordinator::{GroupFence, Policy};
use leasehold::rules::Rule;

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "renewed-by-any-group",
        about: "planted: what a quorum of one group acknowledges renews the leases of all groups of the node",
        source: "elastickv ShardedCoordinator, groupLeaseRead: a lease for each group; lease-bugs RL.1",
        seen: seen("fast/groups-storm", "lease-base"),
        groups: Some(groups::renewed_by_any),
        ..PLANTED
    },
    Variant {
        name: "one-lease-for-all-groups",
        about: "planted: reads of every group ask for the lease of the first",
        source: "elastickv Coordinate.LeaseRead of the default group, called for any key; lease-bugs RL.2",
        harm: Harm::Performance,
        seen: seen("fast/groups-one-loses-leader", "lease-used"),
        groups: Some(groups::one_lease),
        ..PLANTED
    },
    Variant {
        name: "ended-by-any-group",
        about: "planted: a loss of leadership in one group ends the leases of all groups of the node",
        source: "elastickv: a leader-loss callback registered for each group, not for the node",
        harm: Harm::Performance,
        seen: seen("fast/groups-one-loses-leader", "end-causes"),
        groups: Some(groups::ended_by_any),
        ..PLANTED
    },
    Variant {
        name: "suspended-by-any-group",
        about: "planted: a transfer in one group suspends the leases of all groups of the node",
        source: "lease-bugs RL.4, per group",
        harm: Harm::Performance,
        seen: seen("fast/groups-one-loses-leader", "end-causes"),
        groups: Some(groups::suspended_by_any),
        ..PLANTED
    },
    Variant {
        name: "heartbeat-of-any-group",
        about: "planted: a peer's heartbeat of one group stands for those of all groups that it has led",
        source: "CockroachDB's coalesced heartbeats: each bears the groups that it is for",
        harm: Harm::Liveness,
        seen: seen("fast/groups-one-cut-off", "leader-changes"),
        groups: Some(heard::heartbeat_of_any),
        ..PLANTED
    },
    Variant {
        name: "acknowledged-by-any-group",
        about: "planted: what a peer acknowledges of one group, it acknowledges of all groups",
        source: "CockroachDB's coalesced heartbeats: each bears the groups that it is for; lease-bugs RL.1",
        seen: seen("fast/groups-one-cut-off", "lease-base"),
        groups: Some(heard::acknowledged_by_any),
        ..PLANTED
    },
    Variant {
        name: "conflict-ends-other-groups",
        about: "planted: a write conflict in one group ends the leases of the other groups of the node",
        source: "elastickv leaseRefreshingTxn before #558, one group too far; lease-bugs LB-31",
        harm: Harm::Performance,
        seen: seen("fast/groups-storm", "end-causes"),
        groups: Some(groups::conflict_ends_others),
        ..PLANTED
    },
    Variant {
        name: "stores-exchanged",
        about: "planted: the store of the first group applies what the second commits, and the other way round",
        source: "none: a slip of the wiring",
        seen: seen("fast/groups-steady", "one-owner"),
        groups: Some(groups::stores_exchanged),
        ..PLANTED
    },
    Variant {
        name: "routes-all-to-one",
        about: "planted: one node takes all keys for those of the first group",
        source: "elastickv route catalog: a node that never learns of a split",
        harm: Harm::Liveness,
        seen: seen("fast/groups-steady", "served"),
        routes: Some(groups::second_node_routes_to_first),
        ..PLANTED
    },
    Variant {
        name: "first-group-fences-all",
        about: "planted: of a read of several keys only the first group's part asks for a lease",
        source: "elastickv fae225ca (L24): a scan of all groups fenced the default one alone",
        seen: seen("fast/groups-reads", "serial-order"),
        coordinator: Policy { group_fence: GroupFence::FirstAlone, ..PLANTED.coordinator },
        ..PLANTED
    },
    Variant {
        name: "unroutable-left-out",
        about: "planted: one node does not know who has the second group's keys, and reads of several leave out what has no group",
        source: "elastickv LeaseReadGroupKeys: keys of no group are kept, so that the check fails closed",
        seen: seen("fast/groups-reads", "serial-order"),
        routes: Some(groups::second_node_misses_second_group),
        rules_off: &[Rule::EveryKeyIsRouted],
        ..PLANTED
    },
    Variant {
        name: "part-without-snapshot",
        about: "planted: of several keys each is read as it is when its turn comes, and not from the snapshot",
        source: "S5; elastickv: a transaction reads at its start timestamp",
        seen: seen("fast/groups-reads", "serial-order"),
        rules_off: &[Rule::VersionInSnapshot],
        ..PLANTED
    },
    Variant {
        name: "tombstone-without-version",
        about: "planted: what was deleted is read as what was never written",
        source: "none: a tombstone that is dropped too early",
        seen: seen("fast/groups-reads", "serial-order"),
        tap: Some(tap::requests::tombstones_without_version),
        ..PLANTED
    },
    Variant {
        name: "deletes-not-applied",
        about: "planted: a delete is committed and answered, and the key keeps its value",
        source: "none: a command that the state machine does not know, and takes for done",
        seen: seen("fast/groups-reads", "serial-order"),
        machine: Some(machine::keeps_what_is_deleted),
        ..PLANTED
    },
    Variant {
        name: "scan-without-its-last-key",
        about: "planted: a scan leaves out the last key that it has found",
        source: "none: a range whose end is off by one",
        seen: seen("fast/groups-reads", "serial-order"),
        tap: Some(tap::requests::last_of_scans_left_out),
        ..PLANTED
    },
    Variant {
        name: "older-route-replaces",
        about: "planted: what is learned of a range replaces what is known, however old it is",
        source: "elastickv C3: ApplySnapshot's race installs older routes",
        seen: seen("planted/late-adoption", "one-owner"),
        rules_off: &[Rule::NewerRouteReplaces],
        ..PLANTED
    },
    Variant {
        name: "reads-what-it-released",
        about: "planted: whether its group still has the key, a read does not ask",
        source: "elastickv Composed-1: a gate for mutations, and none for reads",
        seen: seen("fast/groups-stale-route", "staleness"),
        rules_off: &[Rule::OwnedWhenRead],
        ..PLANTED
    },
    Variant {
        name: "applies-what-it-released",
        about: "planted: an entry takes effect whether or not its group has the key by then",
        source: "elastickv Composed-1, T8: ObservedRouteVersion lost",
        seen: seen("fast/groups-stale-route", "one-owner"),
        rules_off: &[Rule::OwnedWhenApplied],
        ..PLANTED
    },
    Variant {
        name: "release-lets-nothing-go",
        about: "planted: a group answers that it has released a range, and goes on to have it",
        source: "elastickv Composed-1: two groups own a route at the present version",
        seen: seen("fast/groups-stale-route", "one-owner"),
        machine: Some(machine::releases_nothing),
        ..PLANTED
    },
    Variant {
        name: "routed-again-though-applied",
        about: "planted: of each write that has taken effect its group says at first that the key is not its own",
        source: "elastickv Composed-1 retry wrapper; O17; a request is routed again only if nothing was done",
        seen: seen("fast/groups-steady", "one-owner"),
        machine: Some(machine::refused_though_written),
        ..PLANTED
    },
    Variant {
        name: "stale-route-is-the-clients",
        about: "planted: a request that came by a stale route fails, and is not routed again",
        source: "elastickv 1.2: no retry of what has read keys",
        harm: Harm::Liveness,
        seen: seen("fast/groups-stale-route", "all-availability"),
        rules_off: &[Rule::StaleRouteIsRoutedAgain],
        ..PLANTED
    },
    Variant {
        name: "strangers-ask-one-for-ever",
        about: "planted: a node without a part in a group asks the same one of it, whatever comes of that",
        source: "none: found by slow/groups-chaos in this stack, which asked nobody at all",
        harm: Harm::Liveness,
        seen: seen("fast/groups-strangers", "all-availability"),
        rules_off: &[Rule::AsksWhoAnswers],
        ..PLANTED
    },
];
