//! What readers beside the engine see, and when.

use super::checked::{Checked, holds, same};
use super::group::Group;
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT, TICK};
use super::stands;
use super::trace::Told;
use crate::engine::Status;
use crate::env::{NodeId, Point};
use crate::observe::Role;

tests! {
    who_is_answered_finds_its_index_published_and_applied:
        "status is published when what it tells is durable and applied; a caller is answered after that",
        "engine::Engine, the paragraph on status";
    at_each_point_it_is_applied_published_and_answered_as_the_point_says:
        "between persist, send, apply, publish and answer the engine stops at the points of these names",
        "engine::Engine; env::Point";
    nothing_is_published_as_applied_that_the_state_machine_has_not_applied:
        "readers see only what is applied",
        "engine::Status::applied";
    who_waits_for_an_index_waits_until_it_is_published:
        "wait_applied returns once the published applied index is at least that",
        "Engine::wait_applied";
    terms_and_indices_that_are_published_never_go_back:
        "what was published stays so as long as the engine runs; what is applied is committed",
        "engine::Status";
    who_leads_is_published_though_the_disk_stands_still:
        "the leader hint is volatile, and published at once",
        "engine::Status::leader";
    a_transfer_is_published_while_it_is_under_way:
        "to whom leadership goes is published, so that no lease is trusted meanwhile",
        "engine::Status::transferee; elastickv, whose lease reads go on during a transfer";
    a_new_leader_is_not_caught_up_before_an_entry_of_its_term_is_applied:
        "the term of the last entry applied is published with its index",
        "engine::Status::applied_term; premise P7";
    who_is_behind_says_so:
        "what waits longer than it should is published, so that others hold back",
        "engine::Status::behind";
    who_has_stopped_leads_no_more_as_readers_see_it:
        "an engine that has stopped publishes that it follows nobody, in the term that it had",
        "Engine::stop";
    who_has_panicked_leads_no_more_as_readers_see_it:
        "an engine of which a task has panicked publishes that it follows nobody",
        "Engine::status";
}

fn who_is_answered_finds_its_index_published_and_applied(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    for number in 0..20 {
        let index = group.write(1, &[number])?;
        let applied = group.status(1).applied;
        holds(applied >= index, || format!("index {index} is answered, and {applied} is published"))?;
        let found = group.ledger(1).contains(&(index, vec![number]));
        holds(found, || format!("index {index} is answered, and the state machine does not have it"))?;
    }
    Ok(())
}

fn at_each_point_it_is_applied_published_and_answered_as_the_point_says(kit: &Kit) -> Checked {
    let mut group = kit.group(1)?;
    group.elect(1)?;
    let points = [Point::Appended, Point::Persisted, Point::Sent, Point::Applied, Point::Published];
    for (point, expected) in points.into_iter().zip([[0, 0], [0, 0], [0, 0], [1, 0], [1, 1]]) {
        let (last, mark) = (group.status(1).applied, group.mark());
        group.hold_at(1, point);
        let proposal = group.propose(1, b"held");
        group.run(TICK);
        let is_published = usize::from(group.status(1).applied > last);
        let applied = group.count(1, mark, |told| matches!(told, Told::Applied { .. }));
        same(&format!("how many tasks are held at {point:?}"), group.held_at_point(1), 1)?;
        same(&format!("applied, published at {point:?}"), [applied, is_published], expected)?;
        same(&format!("the answer at {point:?}"), proposal.now(), None)?;
        group.resume(1);
        group.succeeded("a proposal", &proposal)?;
    }
    Ok(())
}

/// The group does some of all.
fn busy(kit: &Kit) -> Checked<Group> {
    let mut group = kit.led(3)?;
    for number in 0..10 {
        group.propose(1, &[number]);
        if number == 5 {
            group.hand_over(1, 2)?;
        }
        group.propose(2, &[number]);
        group.run(TICK);
    }
    group.isolate(2);
    group.elect(3)?;
    group.write(3, b"after")?;
    group.heal();
    group.run(ELECTION);
    Ok(group)
}

/// What each node has published, in order.
fn published(group: &Group, node: u64) -> Vec<Status> {
    let status = |told: Told| match told {
        Told::Published(status) => Some(status),
        _ => None,
    };
    group.noted(node, 0).into_iter().filter_map(|entry| status(entry.told)).collect()
}

fn nothing_is_published_as_applied_that_the_state_machine_has_not_applied(kit: &Kit) -> Checked {
    let group = busy(kit)?;
    for node in [1, 2, 3] {
        let (mut ledger, mut seen, all) = (Vec::new(), 0, group.ledger(node));
        for entry in group.noted(node, 0) {
            match entry.told {
                Told::Applied { index, .. } => ledger.push(index),
                Told::Published(status) => {
                    seen += 1;
                    let missing = all.iter().find(|(index, _)| *index <= status.applied && !ledger.contains(index));
                    holds(missing.is_none(), || {
                        format!("n{node} publishes {} as applied, and {missing:?} is not yet", status.applied)
                    })?;
                }
                _ => {}
            }
        }
        holds(seen > 5, || format!("n{node} published {seen} times"))?;
    }
    Ok(())
}

fn who_waits_for_an_index_waits_until_it_is_published(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let applied = group.status(2).applied;
    let (now, next) = (group.wait_for(2, applied), group.wait_for(2, applied + 1));
    same("to wait for what is applied", now.now(), Some(Ok(())))?;
    group.run(HEARTBEAT);
    same("to wait for what is not", next.now(), None)?;
    group.hold_at(2, Point::Applied);
    group.write(1, b"next")?;
    group.run(HEARTBEAT);
    same("to wait for what is applied and not published", next.now(), None)?;
    group.resume(2);
    group.succeeded("to wait for what is published", &next)
}

fn terms_and_indices_that_are_published_never_go_back(kit: &Kit) -> Checked {
    let group = busy(kit)?;
    for node in [1, 2, 3] {
        for pair in published(&group, node).windows(2) {
            let ([earlier, later], of) = (pair, |status: &Status| [status.term, status.commit, status.applied]) else {
                continue;
            };
            let grows = of(earlier).iter().zip(of(later)).all(|(earlier, later)| *earlier <= later);
            holds(grows, || format!("n{node} publishes {later:?} after {earlier:?}"))?;
            holds(later.applied <= later.commit, || format!("n{node} applies what is not committed: {later:?}"))?;
        }
    }
    Ok(())
}

fn who_leads_is_published_though_the_disk_stands_still(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.stall_disk(3, true);
    group.hand_over(1, 2)?;
    group.run(2 * HEARTBEAT);
    same("who leads, as n3 says", group.status(3).leader, Some(NodeId(2)))
}

fn a_transfer_is_published_while_it_is_under_way(kit: &Kit) -> Checked {
    let (group, _) = stands::handing_over(kit)?;
    same("to whom n1 hands over", group.status(1).transferee, Some(NodeId(2)))?;
    let (group, _) = stands::suspended(kit)?;
    same("to whom n1 hands over, who has given that up", group.status(1).transferee, None)
}

fn a_new_leader_is_not_caught_up_before_an_entry_of_its_term_is_applied(kit: &Kit) -> Checked {
    let (mut group, _) = stands::elected_just_now(kit)?;
    group.live();
    holds(!group.status(1).caught_up(), || format!("{:?}", group.status(1)))?;
    group.release();
    group.until("n1 has caught up", |group| group.leads(1))
}

fn who_is_behind_says_so(kit: &Kit) -> Checked {
    let (mut group, _) = stands::behind(kit)?;
    group.run(HEARTBEAT);
    holds(group.status(1).behind, || format!("{:?}", group.status(1)))?;
    group.resume(1);
    group.run(HEARTBEAT);
    holds(!group.status(1).behind, || format!("{:?}, and all is applied", group.status(1)))
}

fn follows_nobody(status: Status, term: u64) -> Checked {
    let seen = (status.role, status.leader, status.transferee, status.term);
    same("role, leader, transferee and term that are published", seen, (Role::Follower, None, None, term))
}

fn who_has_stopped_leads_no_more_as_readers_see_it(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    let term = group.status(1).term;
    group.stop(1);
    follows_nobody(group.status(1), term)
}

fn who_has_panicked_leads_no_more_as_readers_see_it(kit: &Kit) -> Checked {
    let (group, _) = stands::panicked(kit)?;
    follows_nobody(group.status(1), group.status(1).term)
}
