//! The beginning of the log becomes a snapshot, which stands in for it wherever it is needed.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup, TICK};
use crate::engine::MembershipChange::AddLearner;
use crate::env::{Lane, NodeId, Point, Work};
use crate::error::Error;
use crate::observe::Event;
use crate::wire::Kind;

/// The index of each snapshot that `node` took.
fn taken(c: &Cluster, node: u64) -> Vec<u64> {
    let index = |event| match event {
        Event::SnapshotTaken { index, .. } => Some(index),
        _ => None,
    };
    c.events(node).into_iter().filter_map(index).collect()
}

/// The first entry that is left, after each cut.
fn cuts(c: &Cluster, node: u64) -> Vec<u64> {
    let first = |event| match event {
        Event::LogCompacted { first } => Some(first),
        _ => None,
    };
    c.events(node).into_iter().filter_map(first).collect()
}

/// Index and sender of each snapshot that `node` went on from.
fn restored(c: &Cluster, node: u64) -> Vec<(u64, Option<NodeId>)> {
    let from = |event| match event {
        Event::SnapshotRestored { index, from, .. } => Some((index, from)),
        _ => None,
    };
    c.events(node).into_iter().filter_map(from).collect()
}

fn fill(c: &mut Cluster, writes: u64) {
    for number in 0..writes {
        c.put(1, &format!("key {number}"), "v").unwrap();
    }
}

/// Three voters that take a snapshot at every tenth index; `n3` hears nothing of the next 20 writes.
fn left_behind() -> Cluster {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    c.run(HEARTBEAT);
    c.isolate(3);
    fill(&mut c, 20);
    c
}

#[test]
fn every_node_takes_a_snapshot_at_the_same_indices_and_keeps_half_as_many_entries_before_it() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 24);
    c.run(HEARTBEAT);
    for node in c.nodes() {
        assert_eq!((taken(&c, node), cuts(&c, node)), (vec![10, 20], vec![6, 16]), "n{node}");
    }
}

#[test]
fn equal_states_give_equal_snapshots() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 12);
    c.run(HEARTBEAT);
    let snapshots = |node| c.events(node).into_iter().filter(|event| matches!(event, Event::SnapshotTaken { .. }));
    assert_eq!(snapshots(1).collect::<Vec<_>>(), snapshots(2).collect::<Vec<_>>());
    assert!(snapshots(1).all(|event| matches!(event, Event::SnapshotTaken { term: 1, bytes, .. } if bytes > 0)));
}

#[test]
fn without_an_interval_no_snapshot_is_taken() {
    let mut c = Cluster::led(3);
    fill(&mut c, 50);
    assert_eq!((taken(&c, 1), cuts(&c, 1)), (vec![], vec![]));
}

#[test]
fn a_follower_that_needs_what_the_log_no_longer_has_gets_the_snapshot() {
    let mut c = left_behind();
    c.heal();
    c.run(ELECTION);
    assert_eq!(restored(&c, 3), [(20, Some(NodeId(1)))]);
    assert_eq!(c.told(1, |event| *event == Event::SnapshotSent { to: NodeId(3), index: 20 }), 1);
    assert_eq!(c.status(3).applied, c.status(1).applied);
    c.transfer(1, 3).unwrap();
    assert_eq!(c.get(3, "key 7").unwrap().0, "v");
}

#[test]
fn a_follower_that_is_a_little_behind_gets_entries() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 5);
    c.run(HEARTBEAT);
    c.isolate(3);
    fill(&mut c, 6);
    c.heal();
    c.run(ELECTION);
    assert_eq!((taken(&c, 1), restored(&c, 3)), (vec![10], vec![]));
    assert_eq!(c.status(3).applied, c.status(1).applied);
}

#[test]
fn a_snapshot_that_nobody_acknowledges_for_an_election_timeout_is_sent_again() {
    let mut c = left_behind();
    c.drop(Kind::Snapshot, 1, 3);
    c.heal();
    c.hold(Kind::Snapshot, 1, 3);
    c.run(2 * HEARTBEAT);
    let unanswered = |c: &Cluster| c.told(1, |event| *event == Event::SnapshotUnanswered { by: NodeId(3) });
    let sent = |c: &Cluster| c.moments(Kind::Snapshot, 1, 3);
    assert_eq!((sent(&c).len(), unanswered(&c)), (1, 0));
    let first = sent(&c)[0];
    c.run(ELECTION - c.now().since(first) - TICK);
    assert_eq!(unanswered(&c), 0);
    c.run(2 * TICK);
    assert_eq!(unanswered(&c), 1);
    c.run(2 * HEARTBEAT);
    assert_eq!(sent(&c).len(), 2);
    c.release();
    c.run(ELECTION);
    assert_eq!(c.status(3).applied, c.status(1).applied);
    c.run(2 * ELECTION);
    assert_eq!(unanswered(&c), 1, "what was acknowledged is not missed");
}

#[test]
fn after_each_loss_the_next_snapshot_has_twice_the_time() {
    let mut c = left_behind();
    c.heal();
    c.hold(Kind::Snapshot, 1, 3);
    let sent = |c: &Cluster| c.moments(Kind::Snapshot, 1, 3);
    c.run_until(|c| sent(c).len() == 4);
    let sent = sent(&c);
    let patience = |number: usize| sent[number + 1].since(sent[number]).as_nanos() / ELECTION.as_nanos();
    assert_eq!([0, 1, 2].map(patience), [1, 2, 4]);
    c.run(7 * ELECTION);
    c.release();
    c.run(ELECTION);
    assert_eq!(c.status(3).applied, c.status(1).applied);
}

#[test]
fn a_snapshot_costs_its_taker_and_its_receiver_time_by_its_size() {
    let mut c = left_behind();
    c.put(1, "large", &"v".repeat(200_000)).unwrap();
    c.cost(1, Work::Snapshot, TICK);
    c.cost(3, Work::Snapshot, TICK);
    let begun = c.now();
    fill(&mut c, 10);
    c.run_until(|c| taken(c, 1).contains(&30));
    assert!(c.now().since(begun) >= 4 * TICK, "three times 64 kB, and some");
    c.heal();
    c.run_until(|c| !c.all_sent(Kind::Snapshot).is_empty());
    let sent = c.now();
    c.run_until(|c| !restored(c, 3).is_empty());
    assert!(c.now().since(sent) >= 4 * TICK);
}

#[test]
fn a_snapshot_that_finds_its_lane_full_is_sent_again_at_once() {
    let mut c = left_behind();
    c.heal();
    c.fill(Lane::Bulk, 1, 3);
    c.run(3 * HEARTBEAT);
    assert!(c.told(1, |event| *event == Event::SnapshotUnanswered { by: NodeId(3) }) > 0);
    c.heal();
    c.run(3 * HEARTBEAT);
    assert_eq!(restored(&c, 3).len(), 1);
    assert_eq!(c.status(3).applied, c.status(1).applied);
}

#[test]
fn snapshots_that_are_under_way_are_nobodys_business_after_the_leader_has_changed() {
    let mut c = left_behind();
    c.heal();
    c.hold(Kind::Snapshot, 1, 3);
    c.run(2 * HEARTBEAT);
    c.transfer(1, 2).unwrap();
    c.transfer(2, 1).unwrap();
    c.forget();
    c.run(ELECTION);
    let unanswered = |event: &Event| matches!(event, Event::SnapshotUnanswered { .. });
    assert_eq!(c.told(1, unanswered), 0, "it was of another term");
}

#[test]
fn a_snapshot_is_on_disk_before_the_state_machine_goes_on_from_it() {
    let mut c = left_behind();
    c.stall_disk(3, true);
    c.heal();
    c.run(ELECTION);
    assert_eq!((restored(&c, 3), c.status(3).applied), (vec![], 1));
    c.stall_disk(3, false);
    assert_eq!(restored(&c, 3).len(), 1);
    c.run(ELECTION);
    assert_eq!(c.status(3).applied, c.status(1).applied);
}

/// `n3` has taken its snapshot at 10, and has yet to tell its loop.
fn about_to_tell() -> Cluster {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    let last = c.put(1, "k", "v").unwrap();
    fill(&mut c, 9 - last);
    c.run(HEARTBEAT);
    c.hold_at(3, Point::Applied);
    fill(&mut c, 1);
    c.run(HEARTBEAT);
    assert_eq!(taken(&c, 3), [10]);
    c
}

/// `n3` has gone on from the leader's snapshot, and does so when it starts again.
fn goes_on_from_the_leaders(mut c: Cluster) {
    let applied = c.status(1).applied;
    assert_eq!((restored(&c, 3).len(), c.status(3).applied), (1, applied));
    c.crash(3);
    c.forget();
    c.restart(3).unwrap();
    assert_eq!(c.told(3, |event| matches!(event, Event::Opened { last_index, .. } if *last_index == applied)), 1);
}

#[test]
fn a_snapshot_of_its_own_that_waits_for_the_disk_does_not_take_the_place_of_the_leaders() {
    let mut c = about_to_tell();
    // It tells it when a write is under way that does not end.
    c.stall_disk(3, true);
    fill(&mut c, 1);
    c.run(HEARTBEAT);
    c.resume(3);
    c.isolate(3);
    fill(&mut c, 20);
    c.heal();
    c.run(2 * ELECTION);
    c.stall_disk(3, false);
    c.run(ELECTION);
    goes_on_from_the_leaders(c);
}

#[test]
fn a_snapshot_of_its_own_that_is_taken_too_late_does_not_take_the_place_of_the_leaders() {
    let mut c = about_to_tell();
    // It tells it when that has adopted a later one.
    c.isolate(3);
    fill(&mut c, 20);
    c.heal();
    c.run(2 * ELECTION);
    c.resume(3);
    c.run(ELECTION);
    goes_on_from_the_leaders(c);
}

#[test]
fn who_is_writing_a_snapshot_does_not_stand_for_election() {
    let mut c = left_behind();
    c.stall_disk(3, true);
    c.heal();
    c.run(ELECTION);
    c.isolate(3);
    c.forget();
    c.run(3 * ELECTION);
    assert_eq!(c.told(3, |event| matches!(event, Event::Role { .. })), 0);
    c.heal();
    c.stall_disk(3, false);
    c.run(ELECTION);
    assert_eq!(c.status(3).applied, c.status(1).applied);
}

#[test]
fn who_is_writing_a_snapshot_follows_its_leader_meanwhile() {
    let mut c = left_behind();
    c.stall_disk(3, true);
    c.heal();
    c.run(ELECTION);
    c.forget();
    c.run(3 * HEARTBEAT);
    assert!(c.sent(Kind::HeartbeatResponse, 3, 1).len() >= 2);
    assert_eq!(restored(&c, 3), []);
}

#[test]
fn the_log_is_cut_once_the_snapshot_is_on_disk() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 8);
    c.run(HEARTBEAT);
    c.stall_disk(2, true);
    fill(&mut c, 1);
    assert_eq!((taken(&c, 1), taken(&c, 2), cuts(&c, 2)), (vec![10], vec![], vec![]));
    c.stall_disk(2, false);
    c.run(HEARTBEAT);
    assert_eq!((taken(&c, 2), cuts(&c, 2)), (vec![10], vec![6]));
}

#[test]
fn a_node_that_starts_again_goes_on_from_its_own_snapshot() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 15);
    c.run(HEARTBEAT);
    c.crash(3);
    c.forget();
    c.restart(3).unwrap();
    assert_eq!(restored(&c, 3), [(10, None)]);
    c.run(ELECTION);
    let applied: Vec<_> = c
        .events(3)
        .into_iter()
        .filter_map(|event| match event {
            Event::Applied { index, .. } => Some(index),
            _ => None,
        })
        .collect();
    assert_eq!(applied, (11..=16).collect::<Vec<_>>(), "what the snapshot has is not applied again");
    assert_eq!(c.told(3, |event| matches!(event, Event::Membership { index: 10, .. })), 1);
}

#[test]
fn who_joins_after_the_latest_snapshot_gets_one_that_knows_it() {
    let mut c = Setup::of(3).stranger(4).compact_after(10).start().elected(1);
    fill(&mut c, 15);
    c.change(1, AddLearner(NodeId(4))).unwrap();
    c.run(ELECTION);
    assert_eq!(taken(&c, 1), [10, 17]);
    assert_eq!(restored(&c, 4), [(17, Some(NodeId(1)))]);
    assert_eq!(c.status(4).applied, c.status(1).applied);
    assert_eq!(c.told(4, |event| matches!(event, Event::Membership { index: 17, .. })), 1);
}

#[test]
fn a_snapshot_that_is_not_of_this_state_machine_keeps_the_node_down() {
    let mut c = Setup::of(3).compact_after(10).start().elected(1);
    fill(&mut c, 15);
    c.run(HEARTBEAT);
    c.crash(3);
    c.corrupt(3, "raft.snapshot", |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(c.restart(3), Err(Error::Damaged));
}

#[test]
fn a_snapshot_is_taken_at_its_index_though_more_is_applied_at_once() {
    let mut c = Setup::of(3).compact_after(5).start().elected(1);
    c.hold_at(1, Point::Sent);
    let proposals: Vec<_> = (0..12).map(|_| c.begin_propose(1, b"x")).collect();
    c.run(HEARTBEAT);
    c.resume(1);
    assert!(proposals.into_iter().all(|proposal| c.wait(&proposal).is_ok()));
    assert_eq!(taken(&c, 1), [5, 10]);
}
