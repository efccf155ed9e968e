//! ReadIndex rounds: the slow path of reads.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Pending, TICK};
use crate::env::Point;
use crate::error::{Error, Outcome};
use crate::observe::{Event, RoundCause};
use crate::wire::Kind;
use std::time::Duration;

fn started(c: &Cluster, repeated: bool) -> usize {
    c.told(1, |event| matches!(event, Event::RoundStarted { again, .. } if *again == repeated))
}

/// A round that nobody answers; and what it waits for.
fn unanswered() -> (Cluster, Pending<Result<u64, Error>>) {
    let mut c = Cluster::led(3);
    for node in [2, 3] {
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    let round = c.begin_read_index(1);
    (c, round)
}

#[test]
fn a_round_returns_the_commit_index_as_of_its_beginning() {
    let (mut c, round) = unanswered();
    let begun = c.status(1).commit;
    c.put(1, "k", "v").unwrap();
    assert_eq!(round.now(), None);
    c.release();
    assert_eq!(round.now(), Some(Ok(begun)));
}

#[test]
fn a_round_needs_one_follower_of_two() {
    let mut c = Cluster::led(3);
    c.isolate(3);
    assert_eq!(c.begin_read_index(1).now(), Some(Ok(1)));
    assert_eq!((started(&c, false), started(&c, true)), (1, 0));
}

#[test]
fn a_round_takes_a_message_to_a_follower_and_back_and_its_end_is_told() {
    let mut c = Cluster::led(3);
    c.latency(Duration::from_millis(7));
    let begun = c.now();
    let round = c.begin_read_index(1);
    assert_eq!(c.wait(&round), Ok(1));
    let waited = Duration::from_millis(14);
    assert_eq!(c.now().since(begun), waited);
    let end = Event::RoundEnded { cause: RoundCause::LeaseMiss, waited, confirmed: true };
    assert_eq!(c.told(1, |event| *event == end), 1);
}

#[test]
fn a_round_that_is_lost_is_repeated_under_a_new_context() {
    let mut c = Cluster::led(3);
    c.drop(Kind::HeartbeatResponse, 2, 1);
    c.drop(Kind::HeartbeatResponse, 3, 1);
    let round = c.begin_read_index(1);
    c.run(ELECTION / 2 - HEARTBEAT / 10);
    assert_eq!((started(&c, false), started(&c, true)), (1, 0));
    c.run(HEARTBEAT / 10);
    assert_eq!((started(&c, false), started(&c, true)), (1, 1));
    c.heal();
    assert_eq!(c.wait(&round), Ok(1));
    let ends = c.told(1, |event| matches!(event, Event::RoundEnded { .. }));
    assert_eq!(ends, 1, "a request ends once, however often it was repeated");
}

#[test]
fn a_late_answer_to_a_round_that_was_repeated_confirms_nobody_elses() {
    let (mut c, first) = unanswered();
    c.run(ELECTION / 2);
    assert_eq!((started(&c, true), first.now()), (1, None));
    c.hold_no_more();
    let second = c.begin_read_index(1);
    assert_eq!(second.now(), Some(Ok(1)));
}

#[test]
fn rounds_of_callers_who_have_gone_are_forgotten() {
    let (mut c, round) = unanswered();
    drop(round);
    c.run(3 * ELECTION / 4);
    c.release();
    assert_eq!(c.begin_read_index(1).now(), Some(Ok(1)));
}

#[test]
fn a_round_that_comes_before_an_entry_of_the_term_is_committed_waits_for_that() {
    let mut c = Cluster::of(3);
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    c.stand(1);
    let (first, second) = (c.begin_read_index(1), c.begin_read_index(1));
    c.run(2 * HEARTBEAT);
    assert_eq!((first.now(), second.now()), (None, None));
    c.release();
    assert_eq!((first.now(), second.now()), (Some(Ok(1)), Some(Ok(1))));
}

#[test]
fn a_round_that_waits_for_an_entry_of_the_term_fails_with_leadership() {
    let mut c = Cluster::of(3);
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    c.stand(1);
    let round = c.begin_read_index(1);
    c.isolate(1);
    c.run(5 * ELECTION / 2);
    assert_eq!(round.now(), Some(Err(Error::LeadershipLost(Outcome::Unknown))));
}

#[test]
fn a_round_fails_with_leadership_before_it_is_repeated() {
    let mut c = Cluster::led(3);
    c.begin_transfer(1, 2);
    assert!(c.leads(2));
    for node in [1, 3] {
        c.drop(Kind::HeartbeatResponse, node, 2);
    }
    let round = c.begin_read_index(2);
    c.transfer(2, 1).unwrap();
    assert_eq!(round.now(), Some(Err(Error::LeadershipLost(Outcome::Unknown))));
}

#[test]
fn who_waits_for_an_index_waits_until_it_is_applied_and_published() {
    let mut c = Cluster::led(3);
    c.run(HEARTBEAT);
    assert_eq!(c.begin_wait(2, 1).now(), Some(Ok(())));
    let (next, later) = (c.begin_wait(2, 2), c.begin_wait(2, 3));
    c.run(ELECTION);
    assert_eq!((next.now(), later.now()), (None, None));
    c.put(1, "k", "v").unwrap();
    c.settle();
    assert_eq!((next.now(), later.now()), (Some(Ok(())), None));
    c.stop(2);
    assert_eq!(later.now(), Some(Err(Error::Closed(Outcome::NotApplied))));
}

#[test]
fn reads_that_wait_for_the_loop_together_are_confirmed_by_one_round() {
    let mut c = Cluster::led(3);
    c.hold_at(1, Point::Stepped);
    c.run(TICK);
    let rounds: Vec<_> = (0..10).map(|_| c.begin_read_index(1)).collect();
    c.forget();
    c.resume(1);
    c.settle();
    assert!(rounds.iter().all(|round| round.now() == Some(Ok(1))));
    assert_eq!((started(&c, false), c.moments(Kind::Heartbeat, 1, 2).len()), (10, 1));
}
