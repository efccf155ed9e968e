//! Lanes and inboxes: what is full, what waits for what.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup, TICK, put};
use crate::env::{Lane, NodeId, Point, Work};
use crate::metrics::Counter;
use crate::observe::Event;
use crate::wire::Kind;

#[test]
fn a_lane_that_is_full_drops_the_message_counts_it_and_says_so() {
    let mut c = Cluster::led(3);
    c.fill(Lane::Heartbeat, 1, 2);
    c.run(ELECTION);
    let told = c.told(1, |event| *event == Event::LaneFull { to: NodeId(2), lane: Lane::Heartbeat });
    assert_eq!((told as u64, told), (c.count(1, Counter::DispatchDropped), 10));
    assert!(c.leads(1));
}

#[test]
fn what_a_full_lane_did_not_take_is_sent_again_once_there_is_room() {
    let mut c = Cluster::led(3);
    c.run(HEARTBEAT);
    c.fill(Lane::Bulk, 1, 2);
    c.put(1, "k", "v").unwrap();
    c.put(1, "k", "w").unwrap();
    c.run(HEARTBEAT);
    c.heal();
    c.run(2 * HEARTBEAT);
    assert_eq!(c.status(2).applied, c.status(1).applied);
    assert_eq!(c.told(1, |event| matches!(event, Event::SnapshotUnanswered { .. })), 0, "there was none");
}

#[test]
fn raft_messages_go_by_the_lane_of_their_kind() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.run(HEARTBEAT);
    c.transfer(1, 2).unwrap();
    let lane = |kind, from, to| c.sent(kind, from, to)[0].lane;
    assert_eq!((lane(Kind::Append, 1, 2), lane(Kind::AppendResponse, 2, 1)), (Lane::Bulk, Lane::Bulk));
    for (kind, from, to) in
        [(Kind::Heartbeat, 1, 2), (Kind::HeartbeatResponse, 2, 1), (Kind::PreVote, 1, 2), (Kind::TimeoutNow, 1, 2)]
    {
        assert_eq!(lane(kind, from, to), Lane::Heartbeat, "{kind:?}");
    }
}

#[test]
fn an_inbox_that_is_full_refuses_what_comes_and_says_by_which_lane() {
    let mut c = Setup::of(3).inbox(2).start().elected(1);
    c.run(HEARTBEAT);
    c.hold_at(2, Point::Stepped);
    c.begin_propose(1, b"x");
    c.forget();
    for _ in 0..5 {
        c.begin_propose(1, b"x");
    }
    c.run(5 * HEARTBEAT);
    let full = |c: &Cluster, lane| c.told(2, |event| *event == Event::InboxFull { lane });
    assert!(full(&c, Lane::Bulk) > 0);
    assert_eq!(full(&c, Lane::Heartbeat), 3, "two of five fit");
    assert_eq!(c.count(2, Counter::StepQueueFull) as usize, full(&c, Lane::Bulk) + full(&c, Lane::Heartbeat));
    c.resume(2);
    c.run(ELECTION);
    assert_eq!(c.status(2).applied, c.status(1).applied);
}

#[test]
fn a_loop_that_falls_behind_loses_ticks() {
    let mut c = Cluster::led(3);
    c.cost(1, Work::Propose, 3 * ELECTION);
    c.ask(1, put("k", "v"));
    c.forget();
    c.run(3 * ELECTION - TICK);
    assert_eq!(c.sent(Kind::Heartbeat, 1, 2).len(), 0);
    c.run(2 * TICK);
    assert_eq!(c.told(1, |event| matches!(event, Event::QuorumChecked { .. })), 0, "one tick was taken of 300");
}

#[test]
fn messages_to_several_nodes_leave_in_the_order_of_their_numbers() {
    let mut c = Cluster::led(5);
    c.watch(3 * HEARTBEAT);
    let receivers: Vec<_> = c.all_sent(Kind::Heartbeat).into_iter().map(|packet| packet.to).collect();
    assert!(receivers.chunks(4).all(|round| round.is_sorted()), "{receivers:?}");
}
