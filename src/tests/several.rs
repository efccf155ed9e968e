//! Deletes, and reads of several keys: of one group from one snapshot, of several groups each by its own lease.

use super::cluster::{Cluster, Setup, delete, get, mget, put, scan, script};
use crate::coordinator::{InnerReads, Policy};
use crate::env::{GroupId, NodeId, Point, Work};
use crate::error::Error;
use crate::observe::Event;
use crate::request::{Entry, KeyRange, Part, Read, ReadPath, Request, Response};
use crate::routes::Routes;
use std::time::Duration;

const SECOND: GroupId = GroupId(2);
const MS: Duration = Duration::from_millis(1);

/// Two groups: keys from `m` on are the second's, and those from `x` on nobody's. `n1` leads both.
fn led() -> Cluster {
    let routes = Routes::new([("".into(), Some(GroupId::FIRST)), ("m".into(), Some(SECOND)), ("x".into(), None)]);
    let mut c = Setup::of(3).groups(routes, 2).start();
    c.lead_all(1);
    c.settle();
    c
}

/// The same, and `n3` leads the second group.
fn led_apart() -> Cluster {
    let mut c = led();
    let transfer = c.node(1).transfer(SECOND, NodeId(3));
    let handed_over = c.begin(transfer);
    c.wait(&handed_over).unwrap();
    c.run_until(|c| c.node(3).status(SECOND).caught_up() && c.node(2).status(SECOND).leader == Some(NodeId(3)));
    c
}

fn lease_reads(c: &Cluster, node: u64) -> usize {
    c.told(node, |event| matches!(event, Event::LeaseRead { .. }))
}

fn read(value: &str, version: u64) -> Read {
    Read { value: Some(value.into()), version }
}

/// What was read, and of which groups.
fn values(answer: Result<Response, Error>) -> (Vec<Read>, Vec<GroupId>) {
    match answer {
        Ok(Response::Values { reads, parts }) => (reads, parts.into_iter().map(|part| part.group).collect()),
        other => panic!("several keys were answered {other:?}"),
    }
}

/// The keys that were found, and of which groups.
fn found(answer: Result<Response, Error>) -> (Vec<String>, Vec<GroupId>) {
    match answer {
        Ok(Response::Entries { entries, parts }) => {
            let keys = entries.into_iter().map(|Entry { key, .. }| key).collect();
            (keys, parts.into_iter().map(|part| part.group).collect())
        }
        other => panic!("a scan was answered {other:?}"),
    }
}

#[test]
fn a_deleted_key_is_read_as_no_value_with_the_version_of_its_tombstone() {
    let mut c = Cluster::led(3);
    c.put(1, "a", "one").unwrap();
    assert_eq!(c.serve(2, delete("a")), Ok(Response::Written { version: 3 }), "a follower passes it on");
    let gone = Response::Value { value: None, version: 3, path: ReadPath::Lease };
    assert_eq!(c.serve(1, get("a")), Ok(gone));
    let cas = |expected| Request::Cas { key: "a".into(), expected, value: b"two".to_vec() };
    assert_eq!(c.serve(1, cas(Some(b"one".to_vec()))), Ok(Response::Unexpected { value: None, version: 3 }));
    assert_eq!(c.serve(1, cas(None)), Ok(Response::Written { version: 5 }));
}

#[test]
fn a_script_that_has_read_what_is_deleted_meanwhile_is_tried_again() {
    let mut c = Cluster::led(3);
    c.put(1, "a", "one").unwrap();
    c.cost(1, Work::ScriptRead, 4 * MS);
    let call = c.ask(1, script(&["a"], "b", "script"));
    c.run(MS);
    c.serve(1, delete("a")).unwrap();
    let Ok(Response::Script { attempts, reads, .. }) = c.answered(call) else { panic!("it runs again") };
    assert_eq!((attempts, &reads[..]), (2, &[Read { value: None, version: 3 }][..]));
}

#[test]
fn several_keys_of_one_group_are_read_from_one_snapshot() {
    let mut c = Cluster::led(3);
    c.put(1, "a", "one").unwrap();
    c.put(1, "b", "one").unwrap();
    c.cost(1, Work::Read, 4 * MS);
    let calls = [c.ask(1, mget(&["b", "none", "a"])), c.ask(1, scan("a", "c", 9))];
    c.run(MS);
    c.cost(1, Work::Read, Duration::ZERO);
    c.put(1, "a", "two").unwrap();
    c.serve(1, delete("b")).unwrap();
    let parts = vec![Part { group: GroupId::FIRST, snapshot: 3, path: ReadPath::Lease }];
    let reads = vec![read("one", 3), Read::default(), read("one", 2)];
    assert_eq!(c.answered(calls[0]), Ok(Response::Values { reads, parts }));
    assert_eq!(found(c.answered(calls[1])).0, ["a", "b"], "as they were when it began");
    assert_eq!(found(c.serve(1, scan("a", "c", 9))).0, ["a"]);
}

#[test]
fn each_group_is_asked_by_its_own_gate_and_once_for_all_of_its_keys() {
    let mut c = led_apart();
    for (key, value) in [("a", "1"), ("b", "2"), ("m", "3"), ("n", "4")] {
        c.put(1, key, value).unwrap();
    }
    let before = [1, 2, 3].map(|node| lease_reads(&c, node));
    let (reads, groups) = values(c.serve(2, mget(&["n", "a", "m", "b", "w"])));
    let texts: Vec<_> = reads.iter().map(|read| read.value.as_deref().unwrap_or(b"-")).collect();
    assert_eq!((texts, groups), (vec![&b"4"[..], b"1", b"3", b"2", b"-"], vec![GroupId::FIRST, SECOND]));
    let (keys, groups) = found(c.serve(2, scan("b", "n", 9)));
    assert_eq!((keys, groups), (vec!["b".to_owned(), "m".into()], vec![GroupId::FIRST, SECOND]));
    let asked = [0, 1, 2].map(|node| lease_reads(&c, node as u64 + 1) - before[node]);
    assert_eq!(asked, [2, 0, 2], "one gate of each group for each of the two, where its leader is");
}

#[test]
fn a_key_that_no_group_has_fails_the_whole_before_anything_is_read() {
    let mut c = led();
    let before = lease_reads(&c, 1);
    assert_eq!(c.serve(1, mget(&["a", "m", "xyz"])), Err(Error::Unroutable));
    assert_eq!(c.serve(2, scan("a", "y", 9)), Err(Error::Unroutable));
    assert_eq!(c.serve(2, delete("y")), Err(Error::Unroutable));
    assert_eq!(lease_reads(&c, 1), before);
}

#[test]
fn a_scan_has_the_first_keys_of_all_groups_in_their_order() {
    let mut c = led();
    for key in ["a", "b", "m", "n"] {
        c.put(1, key, "v").unwrap();
    }
    c.serve(1, delete("b")).unwrap();
    assert_eq!(found(c.serve(1, scan("a", "x", 9))).0, ["a", "m", "n"]);
    assert_eq!(found(c.serve(1, scan("a", "x", 2))).0, ["a", "m"]);
    let prefix = Request::Scan { ranges: vec![KeyRange::of_prefix("m")], limit: 9 };
    assert_eq!(found(c.serve(1, prefix)), (vec!["m".into()], vec![SECOND]));
}

#[test]
fn the_first_error_of_a_group_ends_a_read_of_several() {
    let mut c = led_apart();
    c.isolate(3);
    let before = lease_reads(&c, 1);
    let call = c.ask_within(1, mget(&["m", "a"]), Duration::from_millis(300));
    assert!(matches!(c.answered(call), Err(Error::Transport(_) | Error::DeadlineExceeded(_))));
    assert_eq!(lease_reads(&c, 1) - before, 1, "the first group had been asked");
}

#[test]
fn a_part_whose_leader_leads_no_more_is_asked_of_the_next() {
    let mut c = led();
    c.put(1, "a", "one").unwrap();
    c.put(1, "m", "two").unwrap();
    c.hold_at(1, Point::LeaseChecked);
    let call = c.ask(1, mget(&["a", "m"]));
    let transfer = c.node(1).transfer(SECOND, NodeId(2));
    let handed_over = c.begin(transfer);
    c.wait(&handed_over).unwrap();
    c.put(2, "m", "three").unwrap();
    c.resume(1);
    let (reads, _) = values(c.answered(call));
    assert_eq!(reads.iter().map(|read| read.value.clone().unwrap()).collect::<Vec<_>>(), [&b"one"[..], b"three"]);
}

#[test]
fn requests_for_several_keys_that_make_no_sense_are_refused() {
    let mut c = led();
    let ranges = |ranges: &[(&str, &str)], limit| {
        let range = |(from, to): &(&str, &str)| KeyRange { from: (*from).into(), to: Some((*to).into()) };
        Request::Scan { ranges: ranges.iter().map(range).collect(), limit }
    };
    let many = vec!["a"; 10_001];
    let wrong = [
        mget(&[]),
        mget(&["a", ""]),
        mget(&many),
        scan("b", "a", 1),
        scan("a", "b", 0),
        scan("a", "b", 10_001),
        ranges(&[], 1),
        ranges(&[("c", "d"), ("a", "b")], 1),
        delete(""),
    ];
    for request in wrong {
        let answer = c.serve(1, request.clone());
        assert!(matches!(answer, Err(Error::Invalid(_))), "{request:?} was answered {answer:?}");
    }
    assert_eq!(found(c.serve(1, ranges(&[("a", "b"), ("b", "c")], 1))), (Vec::new(), vec![GroupId::FIRST]));
}

#[test]
fn each_key_of_several_pays_for_its_own_fence_where_reads_of_storage_do() {
    let policy = Policy { inner_reads: InnerReads::Lease, ..Policy::default() };
    let mut c = Setup::of(3).policy(policy).start().elected(1);
    c.serve(1, put("a", "one")).unwrap();
    let before = lease_reads(&c, 1);
    c.serve(1, mget(&["a", "b", "c"])).unwrap();
    assert_eq!(lease_reads(&c, 1) - before, 4);
}
