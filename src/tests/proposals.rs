//! What is proposed is committed, applied, published and answered, in this order; or the caller hears what became of it.

use super::cluster::{Cluster, ELECTION, Setup, TICK, put};
use crate::env::{NodeId, Point};
use crate::error::{Error, Outcome};
use crate::metrics::Counter;
use crate::observe::Event;
use crate::request::Response;
use crate::wire::Kind;

#[test]
fn what_is_written_is_read_on_whoever_leads() {
    let mut c = Cluster::led(3);
    assert_eq!(c.put(1, "k", "v"), Ok(2), "the first entry is the leader's own");
    assert_eq!(c.put(1, "k", "w"), Ok(3));
    for node in [1, 2, 3] {
        if node > 1 {
            c.transfer(node - 1, node).unwrap();
        }
        assert_eq!(c.get(node, "k").unwrap().0, "w");
    }
}

#[test]
fn an_entry_is_told_when_it_is_durable_and_when_it_is_applied_and_alike_on_all() {
    let mut c = Cluster::led(3);
    c.forget();
    let index = c.put(1, "k", "v").unwrap();
    c.run(2 * ELECTION);
    let concerns = |event: &Event| matches!(event, Event::Appended { .. } | Event::Applied { .. });
    let told = |node| c.events(node).into_iter().filter(concerns).collect::<Vec<_>>();
    let [
        Event::Appended { index: appended, term: 1, digest },
        Event::Applied { index: applied, term: 1, digest: same },
    ] = told(1)[..]
    else {
        panic!("{:?}", told(1));
    };
    assert_eq!((appended, applied, digest), (index, index, same));
    assert_eq!((told(2), told(3)), (told(1), told(1)));
}

#[test]
fn a_write_needs_a_majority_to_be_answered() {
    let mut c = Cluster::led(3);
    c.isolate(2);
    assert!(c.put(1, "k", "v").is_ok());
    c.isolate(3);
    let call = c.ask(1, put("k", "w"));
    c.run(ELECTION / 2);
    assert_eq!(c.answer(call), None);
    c.heal();
    assert!(c.answered(call).is_ok());
}

#[test]
fn a_leader_sends_an_entry_before_its_own_disk_has_it() {
    let mut c = Cluster::led(3);
    c.stall_disk(1, true);
    c.forget();
    let call = c.ask(1, put("k", "v"));
    // The entry, and, once both followers have it, that it is committed.
    assert_eq!((c.sent(Kind::Append, 1, 2).len(), c.sent(Kind::AppendResponse, 2, 1).len()), (2, 2));
    assert_eq!((c.answer(call), c.told(1, |event| matches!(event, Event::Appended { .. }))), (None, 0));
    c.stall_disk(1, false);
    assert!(c.answered(call).is_ok());
}

#[test]
fn a_follower_acknowledges_an_entry_once_its_disk_has_it() {
    let mut c = Cluster::led(3);
    c.stall_disk(2, true);
    c.forget();
    assert!(c.put(1, "k", "v").is_ok(), "n3 is enough");
    assert!(!c.sent(Kind::Append, 1, 2).is_empty() && c.sent(Kind::AppendResponse, 2, 1).is_empty());
    c.stall_disk(2, false);
    assert!(!c.sent(Kind::AppendResponse, 2, 1).is_empty());
}

#[test]
fn persisted_comes_before_sent_before_applied_before_published_before_the_answer() {
    let mut c = Cluster::led(1);
    let mut version = c.put(1, "k", "v").unwrap();
    let applied = |event: &Event, version| matches!(event, Event::Applied { index, .. } if *index == version);
    let durable = |event: &Event, version| matches!(event, Event::Appended { index, .. } if *index == version);
    let points = [Point::Appended, Point::Persisted, Point::Sent, Point::Applied, Point::Published];
    for (point, expected) in points.into_iter().zip([[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]) {
        version += 1;
        c.hold_at(1, point);
        let call = c.ask(1, put("k", "v"));
        let is_published = usize::from(c.status(1).applied == version);
        let seen =
            [c.told(1, |event| durable(event, version)), c.told(1, |event| applied(event, version)), is_published];
        assert_eq!((c.held_at_point(1), seen, c.answer(call)), (1, expected, None), "{point:?}");
        c.resume(1);
        assert_eq!(c.answer(call), Some(Ok(Response::Written { version })));
    }
}

#[test]
fn what_comes_while_a_write_is_under_way_goes_into_the_next_and_leaves_at_once() {
    let mut c = Cluster::led(3);
    c.stall_disk(1, true);
    c.forget();
    let calls: Vec<_> = (0..5).map(|_| c.ask(1, put("k", "v"))).collect();
    assert!(c.sent(Kind::Append, 1, 2).len() >= 5, "it replicates beside its own write");
    let before = c.syncs(1);
    c.stall_disk(1, false);
    assert!(calls.into_iter().all(|call| c.answered(call).is_ok()));
    assert_eq!(c.syncs(1) - before, 1, "one write was under way, and one more takes the rest");
}

#[test]
fn a_loop_that_waits_for_its_disk_takes_one_input_after_the_other() {
    let mut c = Setup::of(3).async_writes(false).start().elected(1);
    c.stall_disk(1, true);
    c.forget();
    let calls: Vec<_> = (0..3).map(|_| c.ask(1, put("k", "v"))).collect();
    assert_eq!(c.sent(Kind::Append, 1, 2).len(), 1, "the others wait for the disk");
    let before = c.syncs(1);
    c.stall_disk(1, false);
    assert!(calls.into_iter().all(|call| c.answered(call).is_ok()));
    assert_eq!(c.syncs(1) - before, 2, "a write each, of which one was under way");
}

#[test]
fn a_leader_and_its_followers_are_heard_while_their_disks_stand_still() {
    let mut c = Cluster::led(3);
    [1, 2, 3].into_iter().for_each(|node| c.stall_disk(node, true));
    let call = c.ask(1, put("k", "v"));
    c.run(ELECTION / 2);
    c.forget();
    c.run(ELECTION / 4);
    assert!(c.sent(Kind::Heartbeat, 1, 2).len() > 1 && c.sent(Kind::HeartbeatResponse, 2, 1).len() > 1);
    assert_eq!((c.answer(call), c.leads(1)), (None, true));
}

#[test]
fn a_vote_leaves_once_it_is_durable_and_not_before() {
    let mut c = Cluster::of(3);
    [1, 2, 3].into_iter().for_each(|node| c.stall_disk(node, true));
    c.run(3 * ELECTION);
    assert!(c.all_sent(Kind::Vote).is_empty() && c.all_sent(Kind::VoteResponse).is_empty());
    [1, 2, 3].into_iter().for_each(|node| c.stall_disk(node, false));
    c.run(3 * ELECTION);
    assert!([1, 2, 3].into_iter().any(|node| c.leads(node)));
}

#[test]
fn a_follower_acknowledges_what_it_wrote_at_once_by_one_message() {
    let mut c = Cluster::led(3);
    c.stall_disk(2, true);
    for _ in 0..5 {
        assert!(c.put(1, "k", "v").is_ok());
    }
    c.forget();
    c.stall_disk(2, false);
    assert_eq!(c.sent(Kind::AppendResponse, 2, 1).len(), 2, "of the write that was under way, and of the rest");
}

#[test]
fn a_write_waits_as_long_as_it_is_told_for_others_to_go_with_it() {
    let mut c = Setup::of(1).group_commit_delay(TICK / 2).start().elected(1);
    c.run(TICK);
    let syncs = c.syncs(1);
    let begun = c.now();
    let first = c.ask(1, put("k", "v"));
    c.run(TICK / 4);
    let second = c.ask(1, put("k", "w"));
    assert!(c.answered(first).is_ok() && c.answered(second).is_ok());
    assert_eq!((c.now().since(begun), c.syncs(1) - syncs), (TICK / 2, 1));
    let alone = c.ask(1, put("k", "x"));
    assert!(c.answered(alone).is_ok());
    assert_eq!((c.now().since(begun), c.syncs(1) - syncs), (TICK, 2), "each write waits anew");
}

#[test]
fn what_nobody_waits_for_any_more_is_not_proposed() {
    let mut c = Setup::of(1).async_writes(false).start().elected(1);
    c.stall_disk(1, true);
    let (first, second) = (c.ask(1, put("k", "v")), c.ask_within(1, put("k", "w"), ELECTION / 4));
    c.run(ELECTION / 2);
    let last = c.status(1).commit;
    c.stall_disk(1, false);
    assert_eq!(c.answered(first), Ok(Response::Written { version: last + 1 }));
    assert_eq!(c.answered(second), Err(Error::DeadlineExceeded(Outcome::Unknown)));
    assert_eq!(c.put(1, "k", "x"), Ok(last + 2));
}

#[test]
fn what_waits_when_leadership_ends_may_or_may_not_have_been_committed() {
    let mut c = Cluster::led(3);
    c.isolate(1);
    let proposal = c.begin_propose(1, b"x");
    let round = c.begin_read_index(1);
    c.run(2 * ELECTION + TICK);
    assert_eq!(proposal.now(), Some(Err(Error::LeadershipLost(Outcome::Unknown))));
    assert_eq!(round.now(), Some(Err(Error::LeadershipLost(Outcome::Unknown))));
}

#[test]
fn a_client_whose_write_may_have_been_committed_is_not_served_again() {
    let mut c = Cluster::led(3);
    c.isolate(1);
    let call = c.ask(1, put("k", "lost"));
    c.run(2 * ELECTION + TICK);
    assert_eq!(c.answer(call), Some(Err(Error::LeadershipLost(Outcome::Unknown))));
    c.elect(2);
    c.put(2, "k", "won").unwrap();
    c.heal();
    c.run(ELECTION);
    assert_eq!((c.get(1, "k").unwrap().0.as_str(), c.status(1).applied), ("won", c.status(2).applied));
}

#[test]
fn who_does_not_lead_proposes_nothing_and_names_who_does() {
    let mut c = Cluster::led(3);
    c.settle();
    let failed = c.count(2, Counter::ProposalsFailed);
    assert_eq!(c.begin_propose(2, b"x").now(), Some(Err(Error::NotLeader { leader: Some(NodeId(1)) })));
    assert_eq!(c.begin_read_index(2).now(), Some(Err(Error::NotLeader { leader: Some(NodeId(1)) })));
    assert_eq!(c.count(2, Counter::ProposalsFailed), failed + 1);
    assert_eq!(c.count(1, Counter::ProposalsFailed), 0);
    let mut nobody = Cluster::of(3);
    assert_eq!(nobody.begin_propose(2, b"x").now(), Some(Err(Error::NotLeader { leader: None })));
}

#[test]
fn bytes_that_are_no_command_are_applied_and_refused_by_the_store() {
    let mut c = Cluster::led(3);
    let proposal = c.begin_propose(1, b"\xff\xff\xff");
    assert_eq!(c.wait(&proposal), Ok(2));
    assert_eq!(c.put(1, "k", "v"), Ok(3));
}

#[test]
fn proposals_are_applied_in_the_order_in_which_they_came() {
    let mut c = Cluster::led(3);
    c.hold(Kind::Append, 1, 2);
    c.hold(Kind::Append, 1, 3);
    let calls: Vec<_> = (0..5).map(|number| c.ask(1, put("k", &number.to_string()))).collect();
    c.release();
    let answers: Vec<_> = calls.into_iter().map(|call| c.answered(call)).collect();
    assert_eq!(answers, (2..7).map(|version| Ok(Response::Written { version })).collect::<Vec<_>>());
    assert_eq!(c.get(1, "k").unwrap().0, "4");
}

#[test]
fn followers_that_missed_entries_are_brought_up_to_date() {
    let mut c = Cluster::led(3);
    c.isolate(3);
    for number in 0..20 {
        c.put(1, "k", &number.to_string()).unwrap();
    }
    c.heal();
    c.run(ELECTION);
    assert_eq!((c.status(3).applied, c.status(3).commit), (c.status(1).applied, c.status(1).commit));
}

#[test]
fn beyond_16_mb_that_are_not_committed_a_proposal_is_refused() {
    let mut c = Cluster::led(3);
    c.isolate(1);
    let proposals = [(); 3].map(|()| c.begin_propose(1, &[0; 6 << 20]));
    let answers = proposals.map(|proposal| proposal.now());
    assert_eq!(answers, [None, None, Some(Err(Error::Overloaded))]);
}
