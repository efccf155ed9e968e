//! Ranges of keys go from group to group, and nodes hear of it late.

use super::cluster::{Cluster, Setup, get, put, script};
use crate::bed::Pending;
use crate::env::{GroupId, NodeId};
use crate::error::Error;
use crate::metrics::Counter;
use crate::observe::{EndCause, Event};
use crate::request::{KeyRange, ReadPath, Request, Response};
use crate::routes::{Move, Routes};
use crate::transport::Message;
use crate::wire::Kind;
use std::time::Duration;

const SECOND: GroupId = GroupId(2);
const THIRD: GroupId = GroupId(3);

/// What a move may take.
const BUDGET: Duration = Duration::from_secs(5);

/// Three voters and three groups; keys from `m` on are the second's, and those from `x` on the third's. `n1` leads all.
fn setup() -> Setup {
    let ranges = [("", GroupId::FIRST), ("m", SECOND), ("x", THIRD)];
    Setup::of(3).groups(Routes::new(ranges.map(|(from, group)| (from.into(), Some(group)))), 3)
}

fn led() -> Cluster {
    let mut c = setup().start();
    c.lead_all(1);
    c.settle();
    c
}

/// The range of `key` alone, to the second group.
fn to_second(key: &str) -> Move {
    Move { range: KeyRange { from: key.into(), to: Some(format!("{key}0")) }, from: GroupId::FIRST, to: SECOND }
}

fn begin(c: &mut Cluster, node: u64, moved: Move) -> Pending<Result<u64, Error>> {
    let moving = c.node(node).move_range(moved, BUDGET);
    let begun = c.begin(moving);
    c.settle();
    begun
}

fn moves(c: &mut Cluster, node: u64, moved: Move) -> Result<u64, Error> {
    let begun = begin(c, node, moved);
    c.wait(&begun)
}

/// From now on the logs of `n3` get nothing more: it does not hear of moves.
fn third_lags(c: &mut Cluster) {
    c.hold(Kind::Append, 1, 3);
}

/// How often `n1` has refused a request because its group did not have the key.
fn refused(c: &Cluster) -> u64 {
    [GroupId::FIRST, SECOND, THIRD].map(|group| c.node(1).metrics(group).get(Counter::StaleRoute)).iter().sum()
}

fn value(answer: Result<(String, ReadPath), Error>) -> String {
    answer.expect("it is read").0
}

#[test]
fn a_range_that_was_never_written_moves_and_is_read_and_written_where_it_has_gone() {
    let mut c = led();
    c.get(1, "b").unwrap();
    let before = c.node(1).status(SECOND).applied;
    assert_eq!(moves(&mut c, 1, to_second("b")), Ok(2));
    assert_eq!(c.node(1).status(SECOND).applied, before + 1, "the adoption");
    c.put(2, "b", "new").unwrap();
    assert_eq!(c.node(1).status(SECOND).applied, before + 2);
    assert_eq!(c.get(3, "b"), Ok(("new".into(), ReadPath::Lease)));
    assert_eq!((1..=3).map(|node| c.node(node).route("b").owner).collect::<Vec<_>>(), [Some(SECOND); 3]);
    c.put(1, "a", "beside it").unwrap();
    assert_eq!(c.node(1).route("a").owner, Some(GroupId::FIRST));
}

#[test]
fn a_range_in_which_a_key_was_ever_written_stays() {
    let mut c = led();
    c.put(1, "b", "written").unwrap();
    assert_eq!(moves(&mut c, 1, to_second("b")), Err(Error::RangeInUse { key: "b".into() }));
    assert_eq!(value(c.get(1, "b")), "written");
    assert_eq!(moves(&mut c, 1, to_second("c")), Ok(2), "others go");
}

#[test]
fn only_a_range_of_keys_goes_from_one_group_to_another_that_there_is() {
    let mut c = led();
    let invalid = |answer| matches!(answer, Err(Error::Invalid(_)));
    let empty = KeyRange { from: "b".into(), to: Some("b".into()) };
    assert!(invalid(moves(&mut c, 1, Move { range: empty, ..to_second("b") })));
    assert!(invalid(moves(&mut c, 1, Move { to: GroupId::FIRST, ..to_second("b") })));
    assert!(invalid(moves(&mut c, 1, Move { to: GroupId(9), ..to_second("b") })));
    let of_two = KeyRange { from: "b".into(), to: Some("p".into()) };
    assert!(matches!(moves(&mut c, 1, Move { range: of_two, ..to_second("b") }), Err(Error::StaleRoute(_))));
    assert_eq!(c.node(1).route("b").version, 1);
}

#[test]
fn a_node_that_did_not_hear_of_a_move_is_refused_once_and_routes_again() {
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    c.put(1, "b", "new").unwrap();
    assert_eq!((c.node(3).route("b").owner, refused(&c)), (Some(GroupId::FIRST), 0));
    assert_eq!(c.get(3, "b"), Ok(("new".into(), ReadPath::Lease)), "and not that it was never written");
    c.put(3, "b", "newer").unwrap();
    assert_eq!((c.node(3).route("b").owner, refused(&c)), (Some(SECOND), 1));
}

#[test]
fn a_write_by_a_stale_route_does_nothing_in_the_group_that_had_the_key() {
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    c.forget();
    let version = c.put(3, "b", "new").unwrap();
    assert_eq!(version, c.node(1).status(SECOND).applied);
    let index = c.node(1).status(GroupId::FIRST).applied;
    assert_eq!(c.told(1, |event| *event == Event::StaleRoute { index: Some(index), version: 2 }), 1);
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { .. })), 0, "no lease ends by it");
}

#[test]
fn what_was_proposed_before_the_release_and_comes_after_it_in_the_log_does_nothing() {
    let mut c = led();
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    let moving = begin(&mut c, 1, to_second("b"));
    let write = c.ask(1, put("b", "new"));
    c.release();
    assert_eq!(c.wait(&moving), Ok(2));
    let Ok(Response::Written { version }) = c.answered(write) else { panic!("it is written where the range has gone") };
    assert_eq!((version, value(c.get(1, "b"))), (c.node(1).status(SECOND).applied, "new".to_owned()));
}

#[test]
fn between_release_and_adoption_requests_wait() {
    let mut c = led();
    let late = |packet: &crate::transport::Packet| packet.group == SECOND && matches!(packet.body, Message::Wire(_));
    c.bus.rule(crate::bed::Fate::Hold, late);
    let moving = begin(&mut c, 1, to_second("b"));
    c.run(Duration::from_millis(1));
    let (read, write) = (c.ask(2, get("b")), c.ask(3, put("b", "new")));
    c.run(Duration::from_millis(200));
    assert_eq!((moving.now(), c.answer(read), c.answer(write)), (None, None, None), "nobody has the range");
    c.release();
    assert_eq!(c.wait(&moving), Ok(2));
    assert!(matches!(c.answered(write), Ok(Response::Written { .. })));
    assert!(matches!(c.answered(read), Ok(Response::Value { .. })));
}

#[test]
fn whoever_is_asked_again_finishes_what_was_begun() {
    let mut c = led();
    let transfer = c.node(1).transfer(SECOND, NodeId(2));
    let handed_over = c.begin(transfer);
    c.wait(&handed_over).unwrap();
    c.run_until(|c| c.node(2).status(SECOND).caught_up() && c.node(3).status(SECOND).leader == Some(NodeId(2)));
    c.hold(crate::bed::What::Request, 3, 2);
    let moving = begin(&mut c, 3, to_second("b"));
    c.run(Duration::from_millis(50));
    c.crash(3);
    c.hold_no_more();
    assert_eq!((moving.now(), c.node(2).route("b").owner), (None, Some(SECOND)), "released, and not adopted");
    assert_eq!(moves(&mut c, 1, to_second("b")), Ok(2));
    assert_eq!(moves(&mut c, 1, to_second("b")), Ok(2), "and once more");
    c.put(1, "b", "new").unwrap();
    assert_eq!(value(c.get(2, "b")), "new");
}

#[test]
fn a_range_goes_on_to_a_third_group_and_who_adopts_it_late_does_not_have_it_back() {
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    assert_eq!(moves(&mut c, 1, Move { from: SECOND, to: THIRD, ..to_second("b") }), Ok(3));
    let Err(Error::StaleRoute(known)) = moves(&mut c, 1, to_second("b")) else { panic!("it is gone") };
    assert_eq!((known.owner, known.version), (Some(THIRD), 3), "by the log of the second group");
    c.put(3, "b", "new").unwrap();
    assert_eq!((c.node(3).route("b").owner, refused(&c)), (Some(THIRD), 3), "refused by the first and the second");
}

#[test]
fn scripts_are_of_one_group_by_the_routes_of_when_they_are_applied() {
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    assert_eq!(c.serve(3, script(&["a", "b"], "a", "v")), Err(Error::Unroutable), "found out by a refusal");
    assert_eq!(refused(&c), 1);
    assert!(matches!(c.serve(3, script(&["b", "n"], "b", "v")), Ok(Response::Script { .. })));
    let cas = Request::Cas { key: "b".into(), expected: Some("v".into()), value: "w".into() };
    assert!(matches!(c.serve(3, cas), Ok(Response::Written { .. })));
}

#[test]
fn reads_of_several_keys_find_each_where_it_has_gone_and_wait_for_what_is_on_its_way() {
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    c.put(1, "b", "moved").unwrap();
    c.put(1, "a", "stays").unwrap();
    let mget = Request::Mget { keys: vec!["a".into(), "b".into(), "n".into()] };
    let Ok(Response::Values { reads, .. }) = c.serve(3, mget) else { panic!("it is answered") };
    let values: Vec<_> = reads.into_iter().map(|read| read.value).collect();
    assert_eq!(values, [Some(b"stays".to_vec()), Some(b"moved".to_vec()), None]);
    let mut c = led();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    c.put(1, "b", "moved").unwrap();
    let scan = Request::Scan { ranges: vec![KeyRange { from: "a".into(), to: Some("c".into()) }], limit: 9 };
    let Ok(Response::Entries { entries, .. }) = c.serve(3, scan) else { panic!("it is answered") };
    assert_eq!(entries.iter().map(|entry| &*entry.key).collect::<Vec<_>>(), ["b"]);
    assert!(refused(&c) >= 1);
}

#[test]
fn who_has_what_survives_restarts_and_snapshots() {
    let mut c = setup().compact_after(10).start();
    c.lead_all(1);
    third_lags(&mut c);
    moves(&mut c, 1, to_second("b")).unwrap();
    for number in 0..30 {
        c.put(1, if number % 2 == 0 { "a" } else { "n" }, "v").unwrap();
    }
    c.release();
    c.run_until(|c| c.node(3).route("b").owner == Some(SECOND));
    for node in 1..=3 {
        c.crash(node);
    }
    for node in 1..=3 {
        c.restart(node).unwrap();
    }
    c.lead_all(3);
    c.put(3, "b", "new").unwrap();
    assert_eq!(value(c.get(3, "b")), "new");
    assert_eq!(c.node(3).route("b").version, 2);
}

#[test]
fn leases_stand_while_ranges_move() {
    let mut c = led();
    c.get(1, "a").unwrap();
    c.forget();
    moves(&mut c, 1, to_second("b")).unwrap();
    third_lags(&mut c);
    moves(&mut c, 1, to_second("c")).unwrap();
    c.get(3, "c").unwrap();
    assert_eq!(c.get(1, "a").map(|(_, path)| path), Ok(ReadPath::Lease));
    let ended = |event: &Event| matches!(event, Event::LeaseEnded { cause: EndCause::Failed(_), .. });
    assert_eq!(c.told(1, ended), 0);
}
