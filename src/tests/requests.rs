//! What the coordinator makes of a request: served, forwarded, tried again, refused.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup, TICK, What, get, put, script};
use crate::coordinator::{InnerReads, Policy, RETRY_INTERVAL, WriteFence};
use crate::env::{Lane, NodeId, Point, Work};
use crate::error::{Error, Outcome};
use crate::metrics::Counter;
use crate::observe::{EndCause, Event, Miss, RoundCause};
use crate::request::{ReadPath, Request, Response};
use crate::transport::Hop;
use crate::wire::Kind;
use std::time::Duration;

fn rounds(c: &Cluster, node: u64, for_what: RoundCause) -> usize {
    c.told(node, |event| matches!(event, Event::RoundStarted { cause, .. } if *cause == for_what))
}

fn cas(expected: Option<&str>, value: &str) -> Request {
    Request::Cas { key: "k".into(), expected: expected.map(Into::into), value: value.into() }
}

#[test]
fn a_follower_forwards_to_the_leader() {
    let mut c = Cluster::led(3);
    c.settle();
    assert_eq!(c.put(2, "k", "v"), Ok(2));
    assert_eq!(c.get(3, "k"), Ok(("v".into(), ReadPath::Lease)));
    assert_eq!((c.sent(What::Request, 2, 1).len(), c.sent(What::Request, 3, 1).len()), (1, 1));
}

#[test]
fn a_request_that_was_forwarded_is_neither_forwarded_again_nor_tried_again() {
    let mut c = Cluster::led(3);
    c.settle();
    let asked = c.now();
    assert_eq!(c.pass_on(2, get("k")), Err(Error::NotLeader { leader: Some(NodeId(1)) }));
    assert_eq!((c.sent(What::Request, 2, 1).len(), c.now()), (0, asked));
}

#[test]
fn a_follower_that_was_told_of_another_leader_asks_that_one() {
    let mut c = Cluster::led(3);
    c.settle();
    c.hold(What::Request, 2, 1);
    let call = c.ask(2, put("k", "v"));
    c.transfer(1, 3).unwrap();
    c.release();
    assert_eq!(c.answered(call), Ok(Response::Written { version: 3 }));
    assert_eq!((c.sent(What::Request, 2, 1).len(), c.sent(What::Request, 2, 3).len()), (1, 1));
}

#[test]
fn a_node_without_a_part_in_the_group_asks_a_founder_who_leads() {
    let mut c = Setup::of(3).stranger(4).start().elected(2);
    c.settle();
    assert!(c.put(4, "k", "v").is_ok());
    assert_eq!(c.get(4, "k"), Ok(("v".into(), ReadPath::Lease)));
    assert_eq!([1, 2, 3].map(|asked| c.sent(What::Request, 4, asked).len()), [1, 2, 0], "the first names the leader");
}

#[test]
fn where_a_founder_does_not_answer_a_stranger_asks_the_next() {
    let mut c = Setup::of(3).stranger(4).start().elected(1);
    c.settle();
    c.crash(1);
    let short = Duration::from_millis(50);
    let late = c.ask_within(4, put("k", "v"), short);
    assert_eq!(c.answered(late).map_err(|error| error.outcome()), Err(Outcome::Unknown));
    c.elect(2);
    assert!(c.put(4, "k", "v").is_ok());
}

#[test]
fn a_request_that_finds_no_leader_is_tried_again_until_there_is_one() {
    let mut c = Cluster::of(3);
    let call = c.ask(1, put("k", "v"));
    assert_eq!(c.answer(call), None);
    c.stand(2);
    let led = c.now();
    assert!(c.answered(call).is_ok());
    assert!(c.now().since(led) <= RETRY_INTERVAL);
}

#[test]
fn a_request_during_a_transfer_is_tried_again_until_it_is_over() {
    let mut c = Cluster::led(3);
    c.hold(Kind::TimeoutNow, 1, 2);
    c.begin_transfer(1, 2);
    let call = c.ask(1, put("k", "v"));
    c.run(ELECTION / 2);
    assert_eq!(c.answer(call), None);
    c.release();
    assert!(c.answered(call).is_ok());
}

#[test]
fn a_request_has_until_its_deadline_and_not_longer() {
    let mut c = Cluster::of(3);
    let budget = Duration::from_millis(333);
    let call = c.ask_within(1, get("k"), budget);
    c.run(budget - Duration::from_nanos(1));
    assert_eq!(c.answer(call), None);
    c.run(Duration::from_nanos(1));
    assert_eq!(c.answer(call), Some(Err(Error::DeadlineExceeded(Outcome::Unknown))));
}

#[test]
fn a_forwarded_request_is_given_what_is_left_of_the_deadline() {
    let mut c = Cluster::of(3);
    let budget = 3 * ELECTION;
    let asked = c.now();
    c.hold(What::Request, 1, 2);
    let call = c.ask_within(1, put("k", "v"), budget);
    c.elect(2);
    c.run(RETRY_INTERVAL);
    let passed_on = c.moments(What::Request, 1, 2)[0];
    c.run(budget - c.now().since(asked) - TICK);
    assert_eq!(c.answer(call), None);
    c.run(TICK);
    assert!(c.answer(call).is_some());
    let forwarded = c.sent(What::Request, 1, 2).remove(0);
    let crate::transport::Message::Request { budget: given, hop: Hop { forwarded: true, .. }, .. } = forwarded.body
    else {
        panic!()
    };
    assert_eq!(given, budget - passed_on.since(asked));
}

#[test]
fn an_answer_that_is_lost_leaves_the_outcome_unknown() {
    let mut c = Cluster::led(3);
    c.settle();
    c.drop(What::Reply, 1, 2);
    let asked = c.now();
    let call = c.ask_within(2, put("k", "v"), ELECTION);
    assert_eq!(c.answered(call), Err(Error::Transport(Outcome::Unknown)));
    assert_eq!(c.now().since(asked), ELECTION);
    assert_eq!(c.get(1, "k").unwrap().0, "v");
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_is_dropped() {
    let mut c = Cluster::led(3);
    c.settle();
    c.hold(What::Reply, 1, 2);
    let first = c.ask_within(2, put("k", "v"), TICK);
    assert!(c.answered(first).is_err());
    let second = c.ask(2, put("l", "w"));
    c.release();
    assert_eq!(c.answered(second), Ok(Response::Written { version: 3 }));
}

#[test]
fn a_full_lane_is_an_overload_and_no_loss_of_leadership() {
    let mut c = Cluster::led(3);
    c.settle();
    c.fill(Lane::Request, 2, 1);
    assert_eq!(c.put(2, "k", "v"), Err(Error::Overloaded));
    c.heal();
    assert_eq!(c.put(2, "k", "v"), Ok(2));
}

#[test]
fn requests_that_make_no_sense_are_refused_before_anything_is_done() {
    let mut c = Cluster::of(3);
    let many = |count: usize| Request::Script { reads: vec!["k".into(); count], key: "k".into(), value: vec![] };
    for request in [get(""), put("", "v"), script(&["a", ""], "k", "v"), script(&[], "", "v")] {
        let call = c.ask(1, request);
        assert_eq!(c.answer(call), Some(Err(Error::Invalid("an empty key"))));
    }
    let call = c.ask(1, many(10_001));
    assert_eq!(c.answer(call), Some(Err(Error::Invalid("more than 10,000 keys read"))));
    c.elect(1);
    assert!(c.serve(1, many(10_000)).is_ok());
}

#[test]
fn compare_and_set_writes_where_the_expectation_holds_and_else_says_what_is_there() {
    let mut c = Cluster::led(3);
    assert_eq!(c.serve(1, cas(None, "a")), Ok(Response::Written { version: 2 }));
    let found = Response::Unexpected { value: Some(b"a".to_vec()), version: 2 };
    assert_eq!(c.serve(1, cas(None, "b")), Ok(found.clone()));
    assert_eq!(c.serve(1, cas(Some("b"), "c")), Ok(found));
    assert_eq!(c.serve(1, cas(Some("a"), "b")), Ok(Response::Written { version: 5 }));
}

#[test]
fn a_miss_is_answered_by_a_round_and_counted() {
    let mut c = Cluster::led(3);
    c.get(1, "k").unwrap();
    c.break_clock(1, true);
    assert_eq!(c.get(1, "k").unwrap().1, ReadPath::ReadIndex);
    assert_eq!((c.count(1, Counter::LeaseReadHit), c.count(1, Counter::LeaseReadMiss)), (1, 1));
    assert_eq!(rounds(&c, 1, RoundCause::LeaseMiss), 1);
    assert_eq!(c.told(1, |event| *event == Event::LeaseRead { miss: Some(Miss::Clock), now: None, again: false }), 1);
}

#[test]
fn a_slow_read_waits_until_what_was_committed_is_applied() {
    let mut c = Cluster::led(3);
    c.break_clock(1, true);
    c.cost(1, Work::Apply, TICK);
    let write = c.ask(1, put("k", "v"));
    let read = c.ask(1, get("k"));
    let Ok(Response::Value { value, .. }) = c.answered(read) else { panic!() };
    assert!(c.answered(write).is_ok());
    assert_eq!(value, Some(b"v".to_vec()));
}

#[test]
fn a_read_can_be_held_between_its_fence_and_the_store() {
    let mut c = Cluster::led(3);
    for (broken, point) in [(false, Point::LeaseChecked), (true, Point::IndexConfirmed)] {
        c.break_clock(1, broken);
        c.hold_at(1, point);
        let call = c.ask(1, get("k"));
        assert_eq!((c.held_at_point(1), c.answer(call)), (1, None));
        c.resume(1);
        assert!(c.answer(call).is_some());
    }
}

#[test]
fn a_slow_read_that_loses_its_leader_ends_the_lease_and_one_that_runs_out_of_time_does_not() {
    let failed = |event: &Event| matches!(event, Event::LeaseEnded { cause: EndCause::Failed(_), .. });
    let mut c = Cluster::led(3);
    c.break_clock(1, true);
    for node in [2, 3] {
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    let call = c.ask_within(1, get("k"), HEARTBEAT);
    assert_eq!(c.answered(call), Err(Error::DeadlineExceeded(Outcome::Unknown)));
    assert_eq!(c.told(1, failed), 0);
    let call = c.ask(1, get("k"));
    c.transfer(1, 2).unwrap();
    assert_eq!(c.told(1, failed), 1);
    assert_eq!(c.answered(call), Err(Error::LeadershipLost(Outcome::Unknown)));
}

#[test]
fn a_write_that_loses_its_leader_ends_the_lease() {
    let mut c = Cluster::led(3);
    c.hold(Kind::TimeoutNow, 1, 2);
    c.begin_transfer(1, 2);
    c.forget();
    let call = c.ask_within(1, put("k", "v"), TICK);
    let ends = EndCause::Failed(crate::error::ErrorKind::TransferInProgress);
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { cause, .. } if *cause == ends)), 1);
    assert_eq!(c.answered(call), Err(Error::DeadlineExceeded(Outcome::Unknown)));
}

#[test]
fn a_leader_that_verifies_before_a_write_spends_a_round_on_each() {
    let policy = Policy { write_fence: WriteFence::ReadIndex, ..Policy::default() };
    let mut fenced = Setup::of(3).policy(policy).start().elected(1);
    let mut plain = Cluster::led(3);
    for c in [&mut fenced, &mut plain] {
        c.put(1, "k", "v").unwrap();
        c.put(1, "k", "w").unwrap();
    }
    assert_eq!((rounds(&fenced, 1, RoundCause::Write), rounds(&plain, 1, RoundCause::Write)), (2, 0));
}

#[test]
fn each_inner_read_of_a_get_is_fenced_as_the_policy_says() {
    for (inner_reads, lease_reads, inner_rounds) in
        [(InnerReads::Snapshot, 1, 0), (InnerReads::Lease, 4, 0), (InnerReads::ReadIndex, 1, 3)]
    {
        let policy = Policy { inner_reads, reads_per_get: 3, ..Policy::default() };
        let mut c = Setup::of(3).policy(policy).start().elected(1);
        c.get(1, "k").unwrap();
        let decided = c.told(1, |event| matches!(event, Event::LeaseRead { .. }));
        assert_eq!((decided, rounds(&c, 1, RoundCause::InnerRead)), (lease_reads, inner_rounds), "{inner_reads:?}");
    }
}

#[test]
fn a_get_takes_as_long_as_its_parts() {
    let mut c = Cluster::led(3);
    for (work, millis) in [(Work::Request, 1), (Work::LeaseCheck, 2), (Work::Read, 4)] {
        c.cost(1, work, Duration::from_millis(millis));
    }
    let asked = c.now();
    c.get(1, "k").unwrap();
    assert_eq!(c.now().since(asked), Duration::from_millis(7));
}

#[test]
fn every_message_that_a_node_takes_costs_it_a_step() {
    let mut c = Cluster::led(3);
    c.cost(1, Work::Step, Duration::from_millis(1));
    for number in 1..=3 {
        let asked = c.now();
        c.put(1, "k", "v").unwrap();
        assert!(c.now().since(asked) >= Duration::from_millis(1), "put {number} waits for the answer of a voter");
    }
}

#[test]
fn an_entry_that_the_store_cannot_read_is_the_callers_fault() {
    let mut c = Cluster::led(3);
    let proposal = c.begin_propose(1, &[0xff]);
    assert!(c.wait(&proposal).is_ok());
    assert_eq!(c.gate(1), Ok(()));
}

/// Of each lease read at `n1`, whether it was told as tried again.
fn tried_again(c: &Cluster) -> Vec<bool> {
    let again = |event| match event {
        Event::LeaseRead { again, .. } => Some(again),
        _ => None,
    };
    c.events(1).into_iter().filter_map(again).collect()
}

#[test]
fn a_read_that_a_leader_has_decided_is_told_as_tried_again_wherever_it_was_asked() {
    for asked in [1, 2] {
        let mut c = Cluster::led(3);
        c.settle();
        c.hold(Kind::TimeoutNow, 1, 3);
        c.begin_transfer(1, 3);
        let call = c.ask(asked, get("k"));
        c.run(RETRY_INTERVAL * 3);
        assert_eq!(c.answer(call), None);
        let again = tried_again(&c);
        assert!(again.len() > 2 && !again[0] && again[1..].iter().all(|again| *again), "n{asked}: {again:?}");
    }
}

#[test]
fn a_read_that_finds_no_leader_at_first_is_decided_once() {
    let mut c = Cluster::of(3);
    let call = c.ask(1, get("k"));
    c.stand(1);
    assert!(c.answered(call).is_ok());
    assert!(!tried_again(&c)[0]);
}
