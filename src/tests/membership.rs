//! Who belongs to the group.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup};
use crate::engine::MembershipChange::{AddLearner, Demote, Joint, Promote, Remove};
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use crate::observe::{EndCause, Event, Membership, Role};
use crate::wire::Kind;

fn nodes(ids: &[u64]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

/// The members by which `node` goes, and from which index on.
fn members(c: &Cluster, node: u64) -> Option<(u64, Membership)> {
    let members = |event| match event {
        Event::Membership { index, members } => Some((index, (*members).clone())),
        _ => None,
    };
    c.events(node).into_iter().rev().find_map(members)
}

fn simple(voters: &[u64], learners: &[u64]) -> Membership {
    Membership { voters: nodes(voters), learners: nodes(learners), ..Membership::default() }
}

fn refused(why: &'static str) -> Result<u64, Error> {
    Err(Error::MembershipRefused(why))
}

/// Three voters led by `n1`, a learner `n4`, a stranger `n5`.
fn five() -> Cluster {
    Setup::of(3).learner(4).stranger(5).start().elected(1)
}

#[test]
fn a_stranger_becomes_a_learner_and_then_a_voter() {
    let mut c = five();
    assert_eq!(c.change(1, AddLearner(NodeId(5))), Ok(2));
    assert_eq!(members(&c, 1), Some((2, simple(&[1, 2, 3], &[4, 5]))));
    c.put(1, "k", "v").unwrap();
    c.run(2 * HEARTBEAT);
    assert_eq!(c.status(5).applied, c.status(1).applied, "a learner takes the log");
    assert_eq!(c.change(1, Promote(NodeId(5))), Ok(4));
    c.run(HEARTBEAT);
    for node in c.nodes() {
        assert_eq!(members(&c, node), Some((4, simple(&[1, 2, 3, 5], &[4]))), "n{node}");
    }
}

#[test]
fn a_voter_becomes_a_learner_and_leaves() {
    let mut c = Cluster::led(3);
    assert_eq!(c.change(1, Demote(NodeId(3))), Ok(2));
    assert_eq!(members(&c, 1), Some((2, simple(&[1, 2], &[3]))));
    assert_eq!(c.change(1, Remove(NodeId(3))), Ok(3));
    assert_eq!(members(&c, 1), Some((3, simple(&[1, 2], &[]))));
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let mut c = five();
    for member in [1, 3, 4] {
        assert_eq!(c.change(1, AddLearner(NodeId(member))), refused("it is a member already"));
    }
    for no_learner in [1, 5] {
        assert_eq!(c.change(1, Promote(NodeId(no_learner))), refused("it is no learner"));
    }
    for no_voter in [4, 5] {
        assert_eq!(c.change(1, Demote(NodeId(no_voter))), refused("it is no voter"));
    }
    assert_eq!(c.change(1, Remove(NodeId(5))), refused("it is no member"));
    let joint = |add: &[u64], remove: &[u64]| Joint { add: nodes(add), remove: nodes(remove) };
    assert_eq!(c.change(1, joint(&[3], &[])), refused("it is a voter already"));
    assert_eq!(c.change(1, joint(&[], &[5])), refused("it is no member"));
    assert_eq!(c.change(1, joint(&[], &[])), refused("it changes nothing"));
    assert_eq!(c.change(1, joint(&[], &[1, 2, 3])), refused("nobody would vote"));
    assert_eq!(members(&c, 1), None, "nothing has changed");
    assert_eq!(c.put(1, "k", "v"), Ok(2), "nothing was proposed");
}

#[test]
fn a_joint_change_may_only_add_or_only_remove() {
    let mut c = five();
    assert!(c.change(1, Joint { add: nodes(&[4]), remove: vec![] }).is_ok());
    assert_eq!(members(&c, 1).unwrap().1, simple(&[1, 2, 3, 4], &[]));
    assert!(c.change(1, Joint { add: vec![], remove: nodes(&[2, 3]) }).is_ok());
    assert_eq!(members(&c, 1).unwrap().1, simple(&[1, 4], &[]));
}

#[test]
fn a_lease_stays_when_others_come_or_go() {
    let mut c = five();
    c.forget();
    c.change(1, AddLearner(NodeId(5))).unwrap();
    c.change(1, Remove(NodeId(3))).unwrap();
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { .. })), 0);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn who_was_added_counts_for_the_lease_once_it_votes() {
    let mut c = Cluster::led(3);
    c.change(1, Demote(NodeId(3))).unwrap();
    c.run(HEARTBEAT);
    c.change(1, Promote(NodeId(3))).unwrap();
    c.isolate(2);
    c.watch(3 * HEARTBEAT);
    assert!(c.told(1, |event| matches!(event, Event::LeaseExtended { .. })) >= 2);
}

#[test]
fn the_last_voter_stays() {
    let mut c = Setup::of(1).learner(2).start().elected(1);
    assert_eq!(c.change(1, Demote(NodeId(1))), refused("it is the last voter"));
    assert_eq!(c.change(1, Remove(NodeId(1))), refused("it is the last voter"));
    assert_eq!(c.change(1, Remove(NodeId(2))), Ok(2), "a learner may go");
}

#[test]
fn a_learner_that_does_not_keep_up_is_not_promoted() {
    let mut c = five();
    c.isolate(5);
    c.change(1, AddLearner(NodeId(5))).unwrap();
    assert_eq!(c.change(1, Promote(NodeId(5))), refused("it has not caught up"));
    c.heal();
    c.run(ELECTION);
    assert_eq!(c.change(1, Promote(NodeId(5))), Ok(3));
}

#[test]
fn one_change_at_a_time() {
    let mut c = five();
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    let first = c.begin_change(1, AddLearner(NodeId(5)));
    assert_eq!(c.begin_change(1, Remove(NodeId(4))).now(), Some(refused("another change is under way")));
    assert_eq!(first.now(), None);
    c.release();
    assert_eq!(first.now(), Some(Ok(2)));
    assert_eq!(c.change(1, Remove(NodeId(4))), Ok(3));
}

#[test]
fn a_leader_changes_nothing_before_it_has_applied_an_entry_of_its_own_term() {
    let mut c = five();
    c.crash(1);
    for node in [1, 3] {
        c.hold(Kind::AppendResponse, node, 2);
    }
    c.stand(2);
    let why = "the leader has not applied an entry of its own term";
    assert_eq!(c.begin_change(2, AddLearner(NodeId(5))).now(), Some(refused(why)));
    c.release();
    assert!(c.change(2, AddLearner(NodeId(5))).is_ok());
}

#[test]
fn a_follower_changes_nothing() {
    let mut c = Cluster::led(3);
    c.settle();
    assert_eq!(c.change(2, Remove(NodeId(3))), Err(Error::NotLeader { leader: Some(NodeId(1)) }));
}

#[test]
fn a_change_that_waits_when_leadership_ends_may_or_may_not_have_been_committed() {
    let mut c = five();
    c.isolate(1);
    let change = c.begin_change(1, AddLearner(NodeId(5)));
    assert_eq!(c.wait(&change), Err(Error::LeadershipLost(Outcome::Unknown)));
}

#[test]
fn a_joint_configuration_is_entered_and_left_by_itself() {
    let mut c = five();
    let joint = Joint { add: nodes(&[4, 5]), remove: nodes(&[2, 3]) };
    let left = c.change(1, joint).unwrap();
    let seen = c.events(1).into_iter().filter_map(|event| match event {
        Event::Membership { members, .. } => Some((*members).clone()),
        _ => None,
    });
    let both = Membership { voters: nodes(&[1, 4, 5]), outgoing: nodes(&[1, 2, 3]), learners: vec![] };
    assert_eq!(seen.collect::<Vec<_>>(), [both, simple(&[1, 4, 5], &[])]);
    assert_eq!(left, 3);
    [2, 3].into_iter().for_each(|node| c.isolate(node));
    assert!(c.put(1, "k", "v").is_ok(), "whoever has left is needed no more");
}

#[test]
fn a_joint_change_is_answered_only_once_it_is_left() {
    let mut c = five();
    c.isolate(2);
    c.isolate(3);
    let change = c.begin_change(1, Joint { add: nodes(&[4, 5]), remove: nodes(&[2, 3]) });
    c.run(ELECTION / 2);
    assert_eq!((change.now(), members(&c, 1)), (None, None), "the old half has not agreed");
    c.heal();
    assert_eq!(c.wait(&change), Ok(3));
}

#[test]
fn no_change_is_begun_in_a_joint_configuration() {
    let mut c = five();
    let change = c.begin_change(1, AddLearner(NodeId(5)));
    c.wait(&change).unwrap();
    c.run(HEARTBEAT);
    for node in [4, 5] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    let joint = c.begin_change(1, Joint { add: nodes(&[4, 5]), remove: nodes(&[2, 3]) });
    assert!(members(&c, 1).unwrap().1.is_joint());
    assert_eq!(c.begin_change(1, Remove(NodeId(4))).now(), Some(refused("another change is under way")));
    assert_eq!(joint.now(), None);
    c.release();
    assert!(c.wait(&joint).is_ok());
}

#[test]
fn a_change_is_told_when_it_is_durable_in_the_log() {
    let mut c = five();
    c.change(1, AddLearner(NodeId(5))).unwrap();
    c.put(1, "k", "v").unwrap();
    c.settle();
    for node in [1, 2, 3, 4] {
        let told = |event: &Event| matches!(event, Event::ChangeAppended { .. });
        assert_eq!(c.told(node, |event| *event == Event::ChangeAppended { index: 2 }), 1);
        assert_eq!(c.told(node, told), 1, "n{node}");
    }
}

#[test]
fn a_leader_that_is_removed_ends_its_lease_and_hands_over_at_once() {
    let mut c = Cluster::led(3);
    c.forget();
    let removed = c.now();
    c.change(1, Remove(NodeId(1))).unwrap();
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { cause: EndCause::Removal, held: true, .. })), 1);
    assert_eq!(c.status(1).role, Role::Follower);
    c.run_until(|c| c.leads(2) || c.leads(3));
    assert_eq!(c.now(), removed, "nobody waits for an election timeout");
    assert!(c.leads(2), "the least of those that have everything");
}

#[test]
fn a_leader_that_is_made_a_learner_leads_no_more() {
    let mut c = Cluster::led(2);
    c.change(1, Demote(NodeId(1))).unwrap();
    c.run_until(|c| c.leads(2));
    assert_eq!(c.status(1).role, Role::Follower);
    assert!(c.put(1, "k", "v").is_ok(), "as a learner it forwards");
}

#[test]
fn an_heir_is_a_voter_that_has_everything() {
    let mut c = Setup::of(4).start().elected(1);
    c.run(HEARTBEAT);
    c.drop(Kind::Append, 1, 2);
    c.put(1, "k", "v").unwrap();
    c.change(1, Remove(NodeId(1))).unwrap();
    c.run_until(|c| c.leads(3));
    assert_eq!(c.sent(Kind::TimeoutNow, 1, 2).len(), 0);
}

#[test]
fn acknowledgements_of_a_learner_renew_no_lease() {
    let mut c = five();
    c.run(ELECTION / 2);
    c.isolate(2);
    c.isolate(3);
    c.watch(3 * HEARTBEAT);
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseExtended { .. })), 0);
}

#[test]
fn a_node_that_stands_for_election_amid_a_change_says_so() {
    let mut c = five();
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    c.begin_change(1, AddLearner(NodeId(5)));
    c.crash(1);
    c.run(3 * ELECTION);
    let told = c.told(2, |event| matches!(event, Event::CampaignedAmidChange { index: 2, .. }));
    let other = c.told(3, |event| matches!(event, Event::CampaignedAmidChange { index: 2, .. }));
    assert!(told + other > 0);
}

#[test]
fn a_candidate_without_a_change_in_its_log_says_nothing_of_one() {
    let mut c = five();
    c.change(1, AddLearner(NodeId(5))).unwrap();
    c.run(HEARTBEAT);
    c.crash(1);
    c.elect(2);
    assert_eq!(c.told(2, |event| matches!(event, Event::CampaignedAmidChange { .. })), 0, "it is applied");
}
