//! A leader whose disk stands still leads no longer than it must.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, TICK, get, put};
use crate::engine::MembershipChange;
use crate::env::{GroupId, NodeId};
use crate::metrics::Counter;
use crate::observe::{EndCause, Event};
use crate::wire::Kind;

/// A leader, n1, whose disk stands still while it has something to write.
fn stalled() -> Cluster {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.stall_disk(1, true);
    c.forget();
    c.ask(1, put("k", "w"));
    c
}

fn told(c: &Cluster) -> usize {
    c.told(1, |event| matches!(event, Event::DiskStalled { .. }))
}

#[test]
fn a_leader_whose_disk_stands_still_for_two_election_timeouts_hands_over() {
    let mut c = stalled();
    c.run(2 * ELECTION - 2 * TICK);
    assert_eq!((c.leads(1), told(&c)), (true, 0));
    c.run(4 * TICK);
    assert!(!c.leads(1) && (c.leads(2) || c.leads(3)), "nobody waits for an election timeout");
    assert_eq!((told(&c), c.count(1, Counter::DiskStalls)), (1, 1));
    let ended = |event: &Event| matches!(event, Event::LeaseEnded { cause: EndCause::DiskStalled, held: true, .. });
    assert_eq!(c.told(1, ended), 1);
}

#[test]
fn who_has_handed_over_passes_requests_on_to_its_successor_though_its_disk_stands_still() {
    let mut c = stalled();
    c.run(2 * ELECTION + HEARTBEAT);
    assert!(c.serve(1, put("k", "x")).is_ok());
    assert_eq!(c.get(1, "k").unwrap().0, "x");
}

#[test]
fn who_cannot_write_is_not_elected_and_follows_once_it_can() {
    let mut c = stalled();
    c.run(2 * ELECTION + HEARTBEAT);
    c.isolate(1);
    c.run(4 * ELECTION);
    assert!(c.all_sent(Kind::PreVote).is_empty(), "what asks for votes waits for the disk");
    c.heal();
    c.stall_disk(1, false);
    c.run(ELECTION);
    assert!(!c.leads(1) && c.serve(1, get("k")).is_ok());
    let last = c.put(1, "k", "y").unwrap();
    c.run(HEARTBEAT);
    assert_eq!(c.status(1).applied, last);
}

#[test]
fn a_transfer_that_comes_to_nothing_ends_in_a_resignation() {
    let mut c = stalled();
    [2, 3].into_iter().for_each(|to| c.drop(Kind::TimeoutNow, 1, to));
    c.run(2 * ELECTION + HEARTBEAT);
    assert!(c.leads(1));
    c.run(ELECTION);
    assert!(!c.leads(1), "the transfer was given up after an election timeout");
    c.run(3 * ELECTION);
    assert!(c.leads(2) || c.leads(3));
}

#[test]
fn amid_a_change_of_membership_it_resigns_at_once() {
    let mut c = Cluster::led(3);
    c.stall_disk(1, true);
    let change = c.node(1).change_membership(GroupId::FIRST, MembershipChange::Demote(NodeId(3)));
    c.begin(change);
    c.run(2 * ELECTION + 2 * TICK);
    assert!(!c.leads(1) && c.all_sent(Kind::TimeoutNow).is_empty());
}

#[test]
fn a_disk_that_is_slow_costs_no_leadership() {
    let mut c = stalled();
    for _ in 0..3 {
        c.run(ELECTION);
        c.stall_disk(1, false);
        c.stall_disk(1, true);
        c.ask(1, put("k", "w"));
    }
    assert_eq!((c.leads(1), told(&c)), (true, 0));
}

#[test]
fn the_only_voter_has_nobody_to_hand_over_to() {
    let mut c = Cluster::led(1);
    c.stall_disk(1, true);
    let call = c.ask(1, put("k", "v"));
    c.run(5 * ELECTION);
    assert!(c.leads(1));
    c.stall_disk(1, false);
    assert!(c.answered(call).is_ok());
}
