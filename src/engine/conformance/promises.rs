//! What has to be durable before anybody is told.

use super::checked::{Checked, holds, same};
use super::group::Group;
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use super::trace::Told;
use crate::env::Point;
use crate::observe::{Event, Role};
use crate::wire::Kind;

tests! {
    a_proposal_is_answered_once_it_is_durable_at_a_quorum:
        "an acknowledgement is a copy that no crash takes away",
        "engine::Engine, Appended; Raft 5.3; lease-bugs LB-49";
    what_was_answered_is_there_after_a_crash_of_all:
        "what was answered survives",
        "Engine::propose; Raft 5.3";
    nobody_is_elected_by_votes_that_are_not_durable:
        "term and vote are written before anybody is asked or told: who forgets its vote gives another",
        "engine::Engine, Voted; Raft 5.2; lease-bugs LB-48";
    a_vote_is_given_once_a_term_whatever_crashes:
        "no term has two leaders",
        "Raft 5.2";
    what_is_told_to_be_durable_is_there_after_a_crash:
        "Appended is told once the entry is durable",
        "engine::Engine, the table of events";
    what_comes_while_a_write_is_under_way_is_durable_once_the_next_is:
        "a leader counts itself for what has been written, and for no more",
        "engine::Engine, Appended; raft-rs #410; lease-bugs LB-49";
    who_was_held_does_not_make_up_for_its_ticks:
        "a promise lasts for the time that has passed, and not for ticks that come late and at once",
        "premise P2; lease-bugs LB-15";
    a_restarted_voter_keeps_the_promise_that_it_may_have_given:
        "who has heard a leader helps to elect no other for an election timeout, also where it has started again since",
        "premise P3; rule RL.5; lease-bugs LB-45";
}

fn a_proposal_is_answered_once_it_is_durable_at_a_quorum(kit: &Kit) -> Checked {
    for stalled in [[2, 3], [1, 2]] {
        let mut group = kit.led(3)?;
        group.live();
        stalled.iter().for_each(|node| group.stall_disk(*node, true));
        let proposal = group.propose(1, b"durable");
        group.run(ELECTION / 2);
        same(&format!("a proposal while the disks of {stalled:?} stand still"), proposal.now(), None)?;
        stalled.iter().for_each(|node| group.stall_disk(*node, false));
        group.succeeded("a proposal", &proposal)?;
    }
    Ok(())
}

/// Everybody crashes and starts again.
fn crash_all(group: &mut Group) -> Checked {
    let nodes = group.nodes();
    nodes.iter().for_each(|node| group.crash(*node));
    for node in nodes {
        group.stall_disk(node, false);
        group.restart(node).map_err(|error| format!("n{node} does not open its own log: {error}"))?;
    }
    Ok(())
}

fn what_was_answered_is_there_after_a_crash_of_all(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    let index = group.write(1, b"kept")?;
    crash_all(&mut group)?;
    group.elect(2)?;
    let found = group.ledger(2).contains(&(index, b"kept".to_vec()));
    holds(found, || format!("index {index} was answered, and is gone after a crash of all"))
}

fn nobody_is_elected_by_votes_that_are_not_durable(kit: &Kit) -> Checked {
    let mut group = kit.group(3)?;
    group.nodes().into_iter().for_each(|node| group.stall_disk(node, true));
    group.run(4 * ELECTION);
    let trace = group.software.trace.all();
    let voted = trace.iter().find(|entry| match &entry.told {
        Told::Sent { kind: Kind::VoteResponse, head, .. } => !head.rejected,
        Told::Published(status) => status.leads(),
        _ => false,
    });
    holds(voted.is_none(), || format!("no disk has made anything durable, and {voted:?}"))?;
    group.nodes().into_iter().for_each(|node| group.stall_disk(node, false));
    group.until("somebody leads once the disks go on", |group| [1, 2, 3].iter().any(|node| group.leads(*node)))
}

fn a_vote_is_given_once_a_term_whatever_crashes(kit: &Kit) -> Checked {
    let mut group = kit.group(3)?;
    group.cut(2, 3);
    group.hold(Kind::VoteResponse, 1, 2);
    let quiet = group.let_others_not_stand(2);
    group.until("n1 has given a vote", |group| !votes(group).is_empty())?;
    group.bus.end(quiet);
    group.isolate(2);
    group.crash(1);
    group.restart(1).map_err(|error| format!("n1 does not open its own log: {error}"))?;
    group.elect(3)?;
    let mut terms = votes(&group);
    let given = terms.len();
    terms.dedup();
    holds(given >= 2, || "n3 was elected without a vote of n1".to_owned())?;
    same("how many votes n1 has given, and in how many terms", given, terms.len())
}

/// The terms in which `n1` has given a vote, for each.
fn votes(group: &Group) -> Vec<u64> {
    let given = |told: &Told| match told {
        Told::Sent { kind: Kind::VoteResponse, head } if !head.rejected => Some(head.term),
        _ => None,
    };
    group.noted(1, 0).iter().filter_map(|entry| given(&entry.told)).collect()
}

fn what_is_told_to_be_durable_is_there_after_a_crash(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.stall_disk(2, true);
    group.write(1, b"first")?;
    group.run(HEARTBEAT);
    let appended = |told: &Told| matches!(told, Told::Event(Event::Appended { .. }));
    let before = group.count(2, 0, appended);
    group.stall_disk(2, false);
    group.run(HEARTBEAT);
    let after = group.count(2, 0, appended);
    same("how many entries n2 has told to be durable since its disk goes on", after - before, 1)
}

fn what_comes_while_a_write_is_under_way_is_durable_once_the_next_is(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    // Of n1 and n2 both have to have it.
    group.isolate(3);
    group.hold_at(1, Point::Persisted);
    let first = group.propose(1, b"first");
    let second = group.propose(1, b"second");
    group.run(TICK);
    group.stall_disk(1, true);
    group.resume(1);
    group.run(HEARTBEAT);
    holds(matches!(first.now(), Some(Ok(_))), || format!("what was written is answered {:?}", first.now()))?;
    same("what is being written", second.now(), None)?;
    group.stall_disk(1, false);
    group.succeeded("what was written next", &second)?;
    Ok(())
}

fn who_was_held_does_not_make_up_for_its_ticks(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.isolate(2);
    group.hold_at(2, Point::Stepped);
    group.run(3 * ELECTION);
    group.resume(2);
    same("the role of n2 as soon as it goes on", group.status(2).role, Role::Follower)?;
    group.until("n2 stands for election in its time", |group| group.status(2).role != Role::Follower)
}

fn a_restarted_voter_keeps_the_promise_that_it_may_have_given(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.let_others_not_stand(3);
    group.cut(1, 3);
    group.hold(Kind::PreVote, 3, 2);
    group.hold(Kind::Vote, 3, 2);
    group.run(3 * ELECTION);
    group.crash(1);
    let heard = group.now();
    group.crash(2);
    group.restart(2).map_err(|error| format!("n2 does not open its own log: {error}"))?;
    group.release();
    group.until("n3, who has long stood for election, leads", |group| group.status(3).leads())?;
    let waited = group.now().since(heard);
    holds(waited + TICK >= ELECTION, || format!("n3 was elected {waited:?} after n1 was last heard by n2"))
}
