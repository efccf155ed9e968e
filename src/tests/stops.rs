//! A node stops, in good order or by its disk.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, TICK, What, get, put};
use crate::error::{Error, ErrorKind, Outcome};
use crate::observe::{EndCause, Event, Miss, Role};
use crate::wire::Kind;

#[test]
fn what_waits_for_a_node_that_stops_hears_so() {
    let mut c = Cluster::led(3);
    c.isolate(1);
    let (proposal, round) = (c.begin_propose(1, b"x"), c.begin_read_index(1));
    let applied = c.begin_wait(1, 99);
    c.stop(1);
    assert_eq!(proposal.now(), Some(Err(Error::Closed(Outcome::Unknown))));
    assert_eq!(round.now(), Some(Err(Error::Closed(Outcome::Unknown))));
    assert_eq!(applied.now(), Some(Err(Error::Closed(Outcome::NotApplied))));
}

#[test]
fn who_asks_a_node_that_has_stopped_hears_that_nothing_was_done() {
    let mut c = Cluster::led(3);
    c.stop(1);
    let closed = Error::Closed(Outcome::NotApplied);
    assert_eq!(c.begin_propose(1, b"x").now(), Some(Err(closed.clone())));
    assert_eq!(c.begin_transfer(1, 2).now(), Some(Err(closed.clone())));
    assert_eq!(c.begin_wait(1, 99).now(), Some(Err(closed)));
}

#[test]
fn a_stop_ends_leadership_as_readers_see_it_and_the_lease() {
    let mut c = Cluster::led(3);
    c.stop(1);
    assert_eq!((c.status(1).role, c.status(1).term, c.status(1).leader), (Role::Follower, 1, None));
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { cause: EndCause::Stopped, held: true, .. })), 1);
    assert_eq!(c.told(1, |event| *event == Event::Stopped { error: None }), 1);
    assert_eq!(c.lease(1), None);
}

#[test]
fn a_node_that_has_stopped_does_nothing_more() {
    let mut c = Cluster::led(3);
    c.stop(1);
    c.forget();
    c.run(2 * TICK);
    assert_eq!(c.tasks_of(1), 0, "its loop and its clock have ended");
    c.run(3 * ELECTION);
    assert!(c.events(1).iter().all(|event| matches!(event, Event::InboxFull { .. })), "{:?}", c.events(1));
    assert!(c.sent(Kind::Heartbeat, 1, 2).is_empty());
    assert!(c.leads(2) || c.leads(3));
}

#[test]
fn a_stop_is_over_when_nothing_runs_any_more_that_the_node_has_started() {
    let mut c = Cluster::led(3);
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    let proposed = c.ask(1, put("k", "v"));
    c.hold(What::Request, 2, 1);
    let forwarded = c.ask(2, get("k"));
    c.stall_disk(1, true);
    c.ask(1, put("l", "v"));
    for node in [1, 2] {
        let stopped = c.stop(node);
        assert_eq!(stopped.now(), None, "its clock ticks still");
        // A disk that stands still holds up no stop.
        c.run(2 * TICK);
        assert_eq!((stopped.now(), c.tasks_of(node)), (Some(()), 0));
    }
    assert_eq!(c.answer(proposed), Some(Err(Error::Closed(Outcome::Unknown))));
    assert_eq!(c.answer(forwarded), Some(Err(Error::Closed(Outcome::Unknown))));
    assert_eq!(c.serve(1, put("k", "w")), Err(Error::Closed(Outcome::NotApplied)));
}

#[test]
fn who_runs_a_node_hears_how_it_ended() {
    let mut c = Cluster::led(3);
    let ended = [1, 2, 3].map(|node| c.node(node).ended()).map(|ended| c.begin(ended));
    c.stop(2);
    c.fail_disk(3, true);
    c.put(1, "k", "v").unwrap_err();
    assert_eq!(ended.map(|ended| ended.now()), [None, Some(Ok(())), Some(Err(Error::Storage))]);
    let again = c.node(3).ended();
    assert_eq!(c.begin(again).now(), Some(Err(Error::Storage)), "who asks later hears the same");
}

#[test]
fn a_disk_that_fails_stops_the_node() {
    for stalled in [false, true] {
        let mut c = Cluster::led(3);
        c.stall_disk(1, stalled);
        if stalled {
            c.begin_propose(1, b"x");
        }
        c.fail_disk(1, true);
        c.stall_disk(1, false);
        let proposal = c.begin_propose(1, b"y");
        assert!(matches!(proposal.now(), Some(Err(Error::Closed(_)))), "{:?}", proposal.now());
        assert_eq!(c.told(1, |event| *event == Event::Stopped { error: Some(ErrorKind::Storage) }), 1);
        c.run(3 * ELECTION);
        assert!(c.leads(2) || c.leads(3));
    }
}

#[test]
fn a_follower_whose_disk_fails_stops_and_the_others_go_on() {
    let mut c = Cluster::led(3);
    c.fail_disk(3, true);
    c.put(1, "k", "v").unwrap();
    c.run(HEARTBEAT);
    assert_eq!(c.told(3, |event| *event == Event::Stopped { error: Some(ErrorKind::Storage) }), 1);
    c.put(1, "k", "w").unwrap();
    assert_eq!(c.gate(1), Ok::<(), Miss>(()));
}

#[test]
fn a_leader_whose_lease_was_held_when_its_disk_failed_reads_no_more_from_it() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.fail_disk(1, true);
    c.begin_propose(1, b"x");
    assert_eq!(c.lease(1), None);
    assert!(!c.status(1).leads());
}
