//! What a node owes to others when it starts again, and what it finds.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup, TICK, put};
use crate::engine::MembershipChange::AddLearner;
use crate::env::NodeId;
use crate::error::Error;
use crate::observe::{Event, Role};
use crate::wire::Kind;

fn withheld(c: &Cluster, node: u64) -> usize {
    c.told(node, |event| matches!(event, Event::VoteWithheld { .. }))
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash_of_all() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    for node in c.nodes() {
        c.crash(node);
    }
    for node in c.nodes() {
        c.restart(node).unwrap();
    }
    c.elect(2);
    assert_eq!(c.get(2, "k").unwrap().0, "v");
    assert_eq!(c.status(2).term, 2);
}

#[test]
fn what_was_not_synced_is_lost_and_was_acknowledged_by_nobody() {
    let mut c = Cluster::led(3);
    c.stall_disk(1, true);
    c.stall_disk(2, true);
    c.stall_disk(3, true);
    let call = c.ask(1, put("k", "v"));
    assert_eq!(c.answer(call), None);
    for node in c.nodes() {
        c.crash(node);
        c.stall_disk(node, false);
        c.restart(node).unwrap();
    }
    c.elect(1);
    assert_eq!(c.get(1, "k").unwrap().0, "");
}

#[test]
fn a_voter_that_starts_again_grants_no_vote_until_what_it_may_have_promised_is_over() {
    let mut c = Cluster::led(3);
    c.run(ELECTION);
    c.crash(2);
    c.restart(2).unwrap();
    c.crash(1);
    c.run(ELECTION - TICK);
    c.isolate(1);
    assert_eq!(c.status(3).term, 1);
    c.elect(3);
    assert_eq!(c.status(3).term, 2);
}

#[test]
fn a_vote_is_withheld_from_who_asks_too_early_and_that_is_told() {
    let mut c = Cluster::led(3);
    c.cut(1, 3);
    c.hold(Kind::PreVote, 3, 2);
    c.watch(3 * ELECTION);
    c.crash(1);
    c.crash(2);
    c.restart(2).unwrap();
    let asked = c.sent(Kind::PreVote, 3, 2).len();
    c.release();
    assert_eq!((c.told(2, |event| *event == Event::VoteWithheld { from: NodeId(3) }), withheld(&c, 2)), (asked, asked));
    let started = c.now();
    c.run_until(|c| c.leads(3));
    assert!(c.now().since(started) >= ELECTION - TICK);
}

#[test]
fn a_transfer_goes_on_though_a_voter_has_just_started() {
    let mut c = Cluster::led(3);
    c.run(ELECTION);
    c.crash(3);
    c.restart(3).unwrap();
    c.run(HEARTBEAT);
    c.cut(1, 2);
    c.heal();
    assert_eq!(c.transfer(1, 2), Ok(()));
    assert_eq!((withheld(&c, 3), withheld(&c, 1)), (0, 0));
}

#[test]
fn what_a_node_finds_is_told_before_anything_else_and_a_fresh_one_finds_nothing() {
    let mut c = Cluster::led(3);
    let index = c.put(1, "k", "v").unwrap();
    c.run(HEARTBEAT);
    assert_eq!(c.told(2, |event| matches!(event, Event::Opened { .. })), 0);
    c.crash(2);
    c.forget();
    c.restart(2).unwrap();
    let vote = Some(NodeId(1));
    let opened = Event::Opened { term: 1, vote, last_index: index, last_term: 1, withholds: ELECTION };
    assert_eq!(c.events(2)[1..][0..2], [Event::Role { role: Role::Follower, term: 1, leader: None }, opened]);
    c.run(HEARTBEAT);
    assert_eq!(c.told(2, |event| matches!(event, Event::Voted { .. })), 0, "nothing new");
}

#[test]
fn what_nothing_proves_durable_is_made_so_and_told_again() {
    let mut c = Cluster::led(3);
    let index = c.put(1, "k", "v").unwrap();
    c.settle();
    c.crash(2);
    c.forget();
    c.stall_disk(2, true);
    c.restart(2).unwrap();
    assert_eq!(c.told(2, |event| matches!(event, Event::Opened { .. } | Event::Appended { .. })), 0);
    c.stall_disk(2, false);
    assert_eq!(c.told(2, |event| matches!(event, Event::Appended { index: told, .. } if *told == index)), 1);
    assert_eq!(c.told(2, |event| matches!(event, Event::Opened { .. })), 1);
}

#[test]
fn the_only_voter_owes_nobody_anything_and_leads_as_soon_as_it_would_have() {
    let mut c = Setup::of(1).learner(2).start().elected(1);
    c.run(ELECTION);
    c.crash(1);
    c.forget();
    c.restart(1).unwrap();
    assert_eq!(c.told(1, |event| matches!(event, Event::Opened { withholds, .. } if withholds.is_zero())), 1);
    c.elect(1);
    assert_eq!(c.status(1).term, 2);
}

#[test]
fn a_node_that_has_never_heard_anybody_owes_nobody_anything() {
    let mut c = Cluster::of(3);
    c.crash(2);
    c.restart(2).unwrap();
    assert_eq!(c.told(2, |event| matches!(event, Event::Opened { .. })), 0);
    c.elect(1);
    assert_eq!(withheld(&c, 2), 0);
}

#[test]
fn members_that_were_added_are_known_after_a_restart() {
    let mut c = Setup::of(3).stranger(4).start().elected(1);
    c.change(1, AddLearner(NodeId(4))).unwrap();
    c.run(HEARTBEAT);
    c.crash(2);
    c.forget();
    c.restart(2).unwrap();
    c.run(HEARTBEAT);
    let knows = |event: &Event| matches!(event, Event::Membership { members, .. } if members.contains(NodeId(4)));
    assert_eq!(c.told(2, knows), 1);
}

#[test]
fn a_process_numbers_its_incarnation() {
    let mut c = Cluster::led(3);
    c.crash(1);
    c.restart(1).unwrap();
    c.forget();
    c.elect(1);
    assert!(c.stamps(Kind::Append, 1, 2).iter().all(|stamp| stamp.incarnation == 2));
}

#[test]
fn a_damaged_log_keeps_the_node_down() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.put(1, "k", "w").unwrap();
    c.run(HEARTBEAT);
    c.crash(2);
    c.corrupt(2, "raft.wal", |bytes| bytes[10] ^= 1);
    assert_eq!(c.restart(2), Err(Error::Damaged));
    assert!(c.put(1, "k", "x").is_ok());
}

#[test]
fn a_disk_that_cannot_be_read_keeps_the_node_down() {
    let mut c = Cluster::led(3);
    c.crash(2);
    c.fail_disk(2, true);
    assert_eq!(c.restart(2), Err(Error::Storage));
    c.fail_disk(2, false);
    assert_eq!(c.restart(2), Ok(()));
}
