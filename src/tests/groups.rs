//! Several groups on the same nodes: which of them serves a request, and what is nothing to the others.

use super::cluster::{Cluster, Setup, get, put, script};
use crate::engine::conformance::HEARTBEAT;
use crate::env::{GroupId, NodeId};
use crate::error::Error;
use crate::observe::Event;
use crate::request::{ReadPath, Response};
use crate::routes::Routes;
use crate::transport::Message;
use crate::wire::Kind;

const SECOND: GroupId = GroupId(2);

/// Two groups: keys from `m` on are the second's, and those from `x` on nobody's.
fn routes() -> Routes {
    Routes::new([("".into(), Some(GroupId::FIRST)), ("m".into(), Some(SECOND)), ("x".into(), None)])
}

/// Three voters; `n1` leads both groups.
fn led() -> Cluster {
    let mut c = Setup::of(3).groups(routes(), 2).start();
    c.lead_all(1);
    c.settle();
    c
}

fn applied(c: &Cluster, node: u64) -> [u64; 2] {
    [GroupId::FIRST, SECOND].map(|group| c.node(node).status(group).applied)
}

#[test]
fn a_key_is_written_and_read_in_the_group_that_has_it() {
    let mut c = led();
    let before = applied(&c, 1);
    assert!(c.put(1, "z", "nobody's").is_err());
    c.put(1, "m", "second").unwrap();
    c.put(1, "n", "second").unwrap();
    c.put(1, "a", "first").unwrap();
    assert_eq!(applied(&c, 1), [before[0] + 1, before[1] + 2]);
    assert_eq!(c.get(1, "m"), Ok(("second".into(), ReadPath::Lease)));
    assert_eq!(c.get(1, "a"), Ok(("first".into(), ReadPath::Lease)));
}

#[test]
fn a_key_that_no_group_has_and_keys_of_two_groups_are_refused_and_nothing_is_proposed() {
    let mut c = led();
    let before = applied(&c, 1);
    assert_eq!(c.serve(1, get("xyz")), Err(Error::Unroutable));
    assert_eq!(c.serve(2, put("y", "v")), Err(Error::Unroutable));
    assert_eq!(c.serve(1, script(&["a", "m"], "a", "v")), Err(Error::Unroutable));
    assert_eq!(applied(&c, 1), before);
    assert!(matches!(c.serve(1, script(&["m", "n"], "o", "v")), Ok(Response::Script { .. })));
}

#[test]
fn a_follower_forwards_to_the_leader_of_the_keys_group() {
    let mut c = led();
    let transfer = c.node(1).transfer(SECOND, NodeId(3));
    let handed_over = c.begin(transfer);
    c.wait(&handed_over).unwrap();
    c.run_until(|c| c.node(3).status(SECOND).caught_up() && c.node(2).status(SECOND).leader == Some(NodeId(3)));
    let before = [applied(&c, 1)[0], applied(&c, 3)[1]];
    c.put(2, "m", "second").unwrap();
    c.put(2, "a", "first").unwrap();
    assert_eq!([applied(&c, 1)[0], applied(&c, 3)[1]], before.map(|index| index + 1));
}

#[test]
fn a_transfer_in_one_group_leaves_the_leases_of_the_others() {
    let mut c = led();
    c.put(1, "a", "first").unwrap();
    c.forget();
    let transfer = c.node(1).transfer(SECOND, NodeId(2));
    let handed_over = c.begin(transfer);
    c.wait(&handed_over).unwrap();
    assert_eq!(c.get(1, "a"), Ok(("first".into(), ReadPath::Lease)));
    let ended = c.events(1).into_iter().filter(|event| matches!(event, Event::LeaseEnded { held: true, .. }));
    assert_eq!(ended.count(), 1, "that of the second group alone");
}

#[test]
fn what_groups_write_while_the_disk_is_busy_goes_into_one_flush() {
    let mut c = led();
    let before = c.syncs(1);
    c.stall_disk(1, true);
    let writes = ["a", "m", "b", "n"].map(|key| c.ask(1, put(key, "v")));
    assert_eq!(c.syncs(1) - before, 1, "for the first; what comes meanwhile waits");
    c.stall_disk(1, false);
    assert!(writes.into_iter().all(|call| c.answered(call).is_ok()));
    assert_eq!(c.syncs(1) - before, 3, "then for the first write of the second group, and for the last of both");
}

#[test]
fn heartbeats_of_all_groups_to_a_peer_go_as_one_message_and_each_bears_the_stamp_of_its_own() {
    let mut c = led();
    c.run(2 * HEARTBEAT);
    c.forget();
    c.run(HEARTBEAT);
    let sent = c.sent(Kind::Heartbeat, 1, 2);
    let [Message::Wires(packets)] = &sent.iter().map(|packet| packet.body.clone()).collect::<Vec<_>>()[..] else {
        panic!("one message of several: {sent:?}");
    };
    assert_eq!(packets.iter().map(|packet| packet.group).collect::<Vec<_>>(), [GroupId::FIRST, SECOND]);
    assert!(packets.iter().all(|packet| packet.stamp.is_some_and(|stamp| stamp.term == term(&c, packet.group))));
}

fn term(c: &Cluster, group: GroupId) -> u64 {
    c.node(1).status(group).term
}

#[test]
fn after_a_restart_each_group_finds_its_own_log() {
    let mut c = led();
    c.put(1, "a", "first").unwrap();
    c.put(1, "m", "second").unwrap();
    c.put(1, "n", "second").unwrap();
    let before = applied(&c, 1);
    for node in 1..=3 {
        c.crash(node);
    }
    for node in 1..=3 {
        c.restart(node).unwrap();
    }
    c.lead_all(1);
    assert_eq!(applied(&c, 1), before.map(|index| index + 1), "and the first entry of its new leader");
    assert_eq!(c.get(1, "n").map(|(value, _)| value), Ok("second".into()));
    assert_eq!(c.get(1, "a").map(|(value, _)| value), Ok("first".into()));
}
