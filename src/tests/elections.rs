//! Who leads, and when.

use super::cluster::{Cluster, ELECTION, TICK};
use crate::env::{NodeId, nanos};
use crate::metrics::Counter;
use crate::observe::{Event, Role};
use crate::wire::Kind;

#[test]
fn nobody_stands_for_election_before_an_election_timeout_has_passed() {
    let mut c = Cluster::of(3);
    c.run(ELECTION);
    assert!(c.nodes().iter().all(|node| c.status(*node).role == Role::Follower && c.status(*node).term == 0));
}

#[test]
fn a_candidate_that_a_majority_votes_for_leads_in_the_next_term_and_all_know_it() {
    let mut c = Cluster::of(3).elected(2);
    c.settle();
    for node in c.nodes() {
        assert_eq!((c.status(node).term, c.status(node).leader), (1, Some(NodeId(2))), "n{node}");
    }
}

#[test]
fn role_term_leader_and_vote_are_told() {
    let mut c = Cluster::of(3).elected(2);
    c.settle();
    let roles = [(Role::PreCandidate, 0, None), (Role::Candidate, 1, None), (Role::Leader, 1, Some(NodeId(2)))];
    let told: Vec<_> = c.events(2).into_iter().filter(|event| matches!(event, Event::Role { .. })).collect();
    assert_eq!(told, roles.map(|(role, term, leader)| Event::Role { role, term, leader }));
    let vote = Event::Voted { term: 1, vote: Some(NodeId(2)) };
    for node in c.nodes() {
        assert_eq!(c.told(node, |event| *event == vote), 1, "n{node}");
        assert_eq!(c.told(node, |event| matches!(event, Event::Voted { .. })), 1, "n{node}");
    }
}

#[test]
fn a_vote_is_told_once_it_is_durable_and_not_before() {
    let mut c = Cluster::of(3);
    c.stall_disk(3, true);
    c.elect(2);
    let votes = |c: &Cluster| c.told(3, |event| matches!(event, Event::Voted { .. }));
    assert_eq!((votes(&c), c.sent(Kind::VoteResponse, 3, 2).len()), (0, 0));
    c.stall_disk(3, false);
    assert_eq!((votes(&c), c.sent(Kind::VoteResponse, 3, 2).len()), (1, 1));
}

#[test]
fn a_leader_that_is_heard_is_not_challenged() {
    let mut c = Cluster::led(3);
    c.run(10 * ELECTION);
    assert!(c.nodes().iter().all(|node| c.status(*node).term == 1 && c.status(*node).leader == Some(NodeId(1))));
}

#[test]
fn voters_that_hear_their_leader_do_not_vote_for_another() {
    let mut c = Cluster::led(3);
    c.cut(1, 3);
    c.run(5 * ELECTION);
    assert!(c.sent(Kind::PreVote, 3, 2).len() > 1);
    assert_eq!(c.status(3).role, Role::PreCandidate);
    assert!(c.leads(1) && c.status(1).term == 1);
}

#[test]
fn a_leader_that_dies_is_succeeded_in_a_later_term() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.crash(1);
    c.elect(3);
    assert_eq!(c.status(3).term, 2);
    assert_eq!(c.get(3, "k").unwrap().0, "v");
}

#[test]
fn a_leader_that_no_quorum_answers_for_an_election_timeout_leads_no_more() {
    let mut c = Cluster::led(3);
    c.isolate(1);
    c.run(2 * ELECTION + TICK);
    assert_eq!((c.status(1).role, c.status(1).leader), (Role::Follower, None));
    assert_eq!(c.told(1, |event| *event == Event::QuorumChecked { confirmed: false }), 1);
}

#[test]
fn a_leader_counts_its_quorum_once_an_election_timeout_and_nobody_else_does() {
    let mut c = Cluster::led(3);
    c.watch(10 * ELECTION);
    assert_eq!(c.told(1, |event| *event == Event::QuorumChecked { confirmed: true }), 10);
    assert_eq!(c.told(1, |event| *event == Event::QuorumChecked { confirmed: false }), 0);
    assert_eq!(c.told(2, |event| matches!(event, Event::QuorumChecked { .. })), 0);
}

#[test]
fn a_candidate_without_success_tries_again_after_another_time_between_one_election_timeout_and_two() {
    let mut c = Cluster::of(3);
    c.isolate(1);
    c.run(30 * ELECTION);
    let moments = c.moments(Kind::PreVote, 1, 2);
    let gaps: Vec<_> = moments.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(gaps.len() >= 10, "{gaps:?}");
    assert!(gaps.iter().all(|gap| (ELECTION + 2 * TICK..=2 * ELECTION + 2 * TICK).contains(gap)), "{gaps:?}");
    let distinct: std::collections::BTreeSet<_> = gaps.iter().map(|gap| nanos(*gap)).collect();
    assert!(distinct.len() >= 8, "{gaps:?}");
}

#[test]
fn a_candidate_draws_its_time_once_for_each_attempt() {
    let mut c = Cluster::of(3);
    c.isolate(1);
    c.run(30 * ELECTION);
    let moments = c.moments(Kind::PreVote, 1, 2);
    let longest = moments.windows(2).map(|pair| pair[1].since(pair[0])).max();
    assert!(longest > Some(3 * ELECTION / 2), "drawn again and again, the least would win: {longest:?}");
}

#[test]
fn what_is_drawn_comes_from_the_seam_and_two_runs_are_equal() {
    let run = || {
        let mut c = Cluster::of(3);
        c.isolate(1);
        c.run(10 * ELECTION);
        c.nodes().into_iter().map(|node| (c.events(node), c.moments(Kind::PreVote, node, 2))).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn nodes_do_not_wait_equally_long() {
    let mut c = Cluster::of(3);
    for node in c.nodes() {
        c.isolate(node);
    }
    c.run(3 * ELECTION);
    let first = |node, to| c.moments(Kind::PreVote, node, to)[0];
    assert!(first(1, 2) != first(2, 1) && first(2, 1) != first(3, 1) && first(1, 2) != first(3, 1));
}

#[test]
fn the_only_voter_elects_itself() {
    let c = Cluster::led(1);
    assert_eq!((c.status(1).term, c.status(1).leader), (1, Some(NodeId(1))));
}

#[test]
fn each_change_of_leader_is_counted() {
    let mut c = Cluster::led(3);
    c.settle();
    assert_eq!(c.count(2, Counter::LeaderChangesSeen), 1);
    c.run(5 * ELECTION);
    assert_eq!(c.count(2, Counter::LeaderChangesSeen), 1);
    c.crash(1);
    c.elect(2);
    assert_eq!(c.count(2, Counter::LeaderChangesSeen), 3, "n1, nobody, n2");
}
