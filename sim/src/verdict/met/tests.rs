//! What is met, and in which situation.

use super::*;
use crate::history::testing::{Events, ms};
use crate::verdict::testing::scenario;
use crate::words::{Lane, MessageKind};
use leasehold::error::Outcome;

/// The situations in which this was met.
fn met_in(events: Events, thing: &str) -> Vec<Situation> {
    let meets = met(events);
    meets.met().into_keys().filter(|(met, _)| met == thing).map(|(_, situation)| situation).collect()
}

fn met(events: Events) -> Meets {
    let mut meets = Meets::new(&scenario("[cluster]"));
    events.records().iter().for_each(|record| _ = meets.record(record));
    meets
}

/// n1 leads term 4, has applied an entry of it, and has a lease.
fn leads() -> Events {
    Events::default().started(0, 1, 1).leads(10, 1, 4).applies(20, 1, 1, 4, 0xa).extended(20, 1, 4, 1_000)
}

/// An answer of n1, to a request of n2, that is an error.
fn answers(at: u64, fate: Fate) -> Events {
    let head = Head { error: Some((ErrorKind::LeadershipLost, Outcome::Unknown)), ..Head::default() };
    Events::default().push(
        at,
        What::Message {
            from: Address::Node(NodeId(1)),
            to: Address::Node(NodeId(2)),
            lane: Lane::Request,
            fate,
            kind: MessageKind::Reply,
            head,
            stamp: None,
            echo: None,
        },
    )
}

#[test]
fn what_begins_a_situation_is_not_met_in_it() {
    let handed_over = || leads().transfers(30, 1, 2).aborts(40, 1, 2);
    assert_eq!(met_in(handed_over(), "transfer begun"), [Situation::Plain]);
    assert_eq!(met_in(handed_over(), "transfer given up"), [Situation::HandsOver]);
    let fails = Event::Stopped { error: Some(ErrorKind::Storage) };
    assert_eq!(met_in(leads().transfers(30, 1, 2).event(40, 1, fails), "error: storage"), [Situation::HandsOver]);
}

#[test]
fn a_transfer_of_another_term_is_not_given_up_in_this_one() {
    let again = |events: Events| events.missed(90, 1, Miss::Transfer);
    let thing = "lease read: transfer";
    let given_up = || leads().transfers(30, 1, 2).ended(30, 1, EndCause::Transfer).aborts(40, 1, 2);
    assert_eq!(met_in(again(given_up()), thing), [Situation::GivenUp]);
    let elected_again = given_up().follows(50, 1, 5).leads(60, 1, 6).applies(70, 1, 2, 6, 0xb);
    assert_eq!(met_in(again(elected_again), thing), [Situation::Plain]);
}

#[test]
fn an_answer_that_is_held_back_was_told_when_it_was_sent() {
    let late = || leads().transfers(30, 1, 2).then(answers(40, Fate::Held)).follows(50, 1, 5);
    assert_eq!(met_in(late().then(answers(60, Fate::Delivered)), "error: leadership-lost"), [Situation::HandsOver]);
    let twice = late().then(answers(60, Fate::Delivered)).then(answers(70, Fate::Delivered));
    assert_eq!(met_in(twice, "error: leadership-lost"), [Situation::Plain, Situation::HandsOver]);
}

#[test]
fn a_process_has_started_again_for_as_long_as_a_promise() {
    let restarted = |at| Events::default().started(0, 1, 1).killed(10, 1).started(100, 1, 2).missed(at, 1, Miss::Cold);
    assert_eq!(met_in(restarted(1_099), "lease read: cold"), [Situation::Restarted]);
    assert_eq!(met_in(restarted(1_100), "lease read: cold"), [Situation::Plain]);
    assert_eq!(ms(1_000), SimTime::at(scenario("[cluster]").cluster.election_timeout));
}

#[cfg(feature = "planted")]
#[test]
fn a_rule_is_met_where_it_is_asked() {
    let meets = met(leads().transfers(30, 1, 2));
    meets.asked(NodeId(1), Rule::NoTransfer);
    meets.asked(NodeId(2), Rule::NoTransfer);
    let met = meets.met();
    let times = |situation| met.get(&("rule: no-transfer".to_owned(), situation)).copied().unwrap_or_default();
    assert_eq!((times(Situation::HandsOver), times(Situation::Plain)), (1, 1));
}
