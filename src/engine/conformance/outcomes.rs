//! What became of a proposal: what is answered, and whether it was applied.

use super::asked::is_applied_nowhere;
use super::checked::{Checked, holds, same};
use super::group::{COMMAND, Group};
use super::kit::{Kit, tests};
use super::setup::{ELECTION, TICK};
use super::stands;
use super::trace::Ledger;
use crate::error::{Error, Leadership, Outcome};
use crate::wire::Kind;

tests! {
    a_proposal_is_answered_what_the_state_machine_answered_to_it:
        "an answer is that of the entry which was proposed, at the index at which it is applied",
        "Engine::propose; elastickv HZ-2";
    proposals_are_applied_in_the_order_in_which_they_came:
        "the log keeps the order of a node's proposals",
        "Engine::propose";
    a_proposal_that_is_lost_with_its_leader_may_have_been_applied_and_has_not:
        "the outcome is unknown where another leader decides: here it overwrites",
        "Engine::propose; Error::outcome";
    a_proposal_that_its_leader_leaves_behind_may_have_been_applied_and_has:
        "the outcome is unknown where another leader decides: here it commits",
        "Engine::propose; Error::outcome";
    what_is_refused_during_a_transfer_is_never_applied:
        "TransferInProgress means that nothing was proposed",
        "Error::TransferInProgress";
    what_is_refused_by_a_follower_is_never_applied:
        "NotLeader means that nothing was proposed",
        "Error::NotLeader";
    only_a_loss_of_leadership_is_called_one:
        "a target that cannot lead, and a change that makes no sense, say nothing about leadership",
        "Error::leadership; elastickv #558";
    a_transfer_that_gets_nowhere_is_given_up_after_an_election_timeout:
        "a transfer that has not happened within an election timeout is over, and the leader leads on",
        "Engine::transfer; lease-bugs LB-67";
    a_transfer_to_who_cannot_lead_is_refused_before_it_costs_anything:
        "this node, who has no vote and who is no member cannot lead",
        "Engine::transfer; lease-bugs LB-71";
    a_transfer_that_succeeds_is_answered_when_it_has:
        "who asked for a transfer hears that the other leads, and it does",
        "Engine::transfer";
    a_change_of_membership_is_answered_once_it_is_in_force:
        "who asked for a change finds the members that it asked for",
        "Engine::change_membership";
    a_joint_configuration_is_left_though_whoever_asked_has_gone:
        "who leads leaves a joint configuration, be there a caller or not: until then two majorities are needed, and no change is taken",
        "Engine::change_membership; lease-bugs LB-50";
    a_change_amid_another_is_refused:
        "one change at a time",
        "Engine::change_membership; Ongaro, raft-dev 2015";
}

fn a_proposal_is_answered_what_the_state_machine_answered_to_it(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    let proposals: Vec<_> = (0..10).map(|number| (number, group.propose(1, &[number]))).collect();
    for (number, proposal) in proposals {
        let applied = group.succeeded("a proposal", &proposal)?;
        let answer = Ledger::answer(applied.index, &[number]);
        same(&format!("what proposal {number} was answered"), applied.response, answer)?;
        let found = group.ledger(1).contains(&(applied.index, vec![number]));
        holds(found, || format!("proposal {number} was not applied at {}", applied.index))?;
    }
    Ok(())
}

fn proposals_are_applied_in_the_order_in_which_they_came(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.hold_all(Kind::AppendResponse);
    let proposals: Vec<_> = (0..10).map(|number| group.propose(1, &[number])).collect();
    group.release();
    for proposal in &proposals {
        group.succeeded("a proposal", proposal)?;
    }
    let order: Vec<_> = group.ledger(1).into_iter().map(|(_, command)| command).collect();
    same("the order", order, (0..10).map(|number| vec![number]).collect())
}

/// Expects the outcome to be open.
fn is_unknown(answered: Option<Result<(), Error>>) -> Checked {
    same("a proposal whose leader was lost", answered, Some(Err(Error::LeadershipLost(Outcome::Unknown))))
}

fn is_applied(group: &Group, node: u64) -> bool {
    group.ledger(node).iter().any(|(_, command)| command == COMMAND)
}

fn a_proposal_that_is_lost_with_its_leader_may_have_been_applied_and_has_not(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.isolate(1);
    let proposal = group.call(1, super::group::Call::Propose);
    group.elect(2)?;
    group.write(2, b"won")?;
    group.until("n1 answers that it leads no more", |_| proposal.now().is_some())?;
    is_unknown(proposal.now())?;
    is_applied_nowhere(&mut group)
}

fn a_proposal_that_its_leader_leaves_behind_may_have_been_applied_and_has(kit: &Kit) -> Checked {
    let mut group = kit.led(5)?;
    group.live();
    [3, 4, 5].into_iter().for_each(|voter| group.hold(Kind::AppendResponse, voter, 1));
    let proposal = group.call(1, super::group::Call::Propose);
    group.hand_over(1, 2)?;
    is_unknown(proposal.now())?;
    group.until("n2 applies what n1 has left behind", |group| is_applied(group, 2))
}

fn what_is_refused_during_a_transfer_is_never_applied(kit: &Kit) -> Checked {
    let (mut group, _) = stands::handing_over(kit)?;
    let proposal = group.call(1, super::group::Call::Propose);
    same("a proposal during a transfer", proposal.now(), Some(Err(Error::TransferInProgress)))?;
    group.run(2 * ELECTION);
    is_applied_nowhere(&mut group)
}

fn what_is_refused_by_a_follower_is_never_applied(kit: &Kit) -> Checked {
    let (mut group, node) = stands::follower(kit)?;
    let proposal = group.call(node, super::group::Call::Propose);
    holds(matches!(proposal.now(), Some(Err(Error::NotLeader { .. }))), || format!("{:?}", proposal.now()))?;
    group.hand_over(1, node)?;
    is_applied_nowhere(&mut group)
}

/// Expects it to have been refused, and not for leadership.
fn is_refused<T: std::fmt::Debug>(what: &str, answered: &Option<Result<T, Error>>, expected: &[&str]) -> Checked {
    let Some(Err(error)) = answered else { return Err(format!("{what}: {answered:?}")) };
    holds(error.leadership() == Leadership::Unaffected, || format!("{what} is called a loss of leadership: {error}"))?;
    holds(expected.contains(&error.kind().name()), || format!("{what}: {error}, and none of {expected:?}"))
}

fn only_a_loss_of_leadership_is_called_one(kit: &Kit) -> Checked {
    use crate::engine::MembershipChange::{AddLearner, Demote, Promote, Remove};
    use crate::env::NodeId;
    let mut group = kit.led(3)?;
    group.live();
    let [voter, learner, stranger] = [1, super::setup::LEARNER, super::setup::STRANGER].map(NodeId);
    for change in [AddLearner(learner), Promote(voter), Promote(stranger), Demote(learner), Remove(stranger)] {
        let answered = group.change(1, change.clone());
        group.run_at_most(TICK, |_| answered.now().is_some());
        is_refused(&format!("{change:?}"), &answered.now(), &["membership-refused"])?;
    }
    holds(group.leads(1), || "a change that makes no sense has cost the leadership".to_owned())
}

fn a_transfer_that_gets_nowhere_is_given_up_after_an_election_timeout(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.drop(Kind::TimeoutNow, 1, 2);
    let begun = group.now();
    let transfer = group.transfer(1, 2);
    group.within(ELECTION + 2 * TICK, "a transfer is given up", |_| transfer.now().is_some())?;
    let waited = group.now().since(begun);
    holds(waited + 2 * TICK >= ELECTION, || format!("it was given up after {waited:?}"))?;
    is_refused("a transfer that gets nowhere", &transfer.now(), &["transfer-refused"])?;
    group.write(1, b"goes on")?;
    Ok(())
}

fn a_transfer_to_who_cannot_lead_is_refused_before_it_costs_anything(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    let mark = group.mark();
    for target in [1, super::setup::LEARNER, super::setup::STRANGER, 77] {
        let transfer = group.transfer(1, target);
        group.run_at_most(TICK, |_| transfer.now().is_some());
        is_refused(&format!("a transfer to n{target}"), &transfer.now(), &["transfer-refused"])?;
    }
    let suspended = group.count(1, mark, |told| matches!(told, super::trace::Told::Suspended));
    same("how often the lease was suspended for that", suspended, 0)
}

fn a_transfer_that_succeeds_is_answered_when_it_has(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    group.live();
    group.hold(Kind::TimeoutNow, 1, 2);
    let transfer = group.transfer(1, 2);
    group.run(ELECTION / 2);
    same("a transfer of which n2 has not heard", transfer.now(), None)?;
    group.release();
    group.succeeded("a transfer", &transfer)?;
    group.until("n2 leads", |group| group.leads(2))?;
    holds(!group.status(1).leads(), || "n1 leads as well".to_owned())
}

fn a_change_of_membership_is_answered_once_it_is_in_force(kit: &Kit) -> Checked {
    use crate::engine::MembershipChange;
    use crate::env::NodeId;
    use crate::observe::Event;
    let mut group = kit.led(3)?;
    group.live();
    group.latency(TICK / 2);
    let stranger = NodeId(super::setup::STRANGER);
    let joint = MembershipChange::Joint { add: vec![stranger], remove: vec![NodeId(3)] };
    for (change, votes) in [(MembershipChange::AddLearner(stranger), false), (joint, true)] {
        let mark = group.mark();
        let answered = group.change(1, change);
        let index = group.succeeded("a change of membership", &answered)?;
        let in_force = group.noted(1, mark).into_iter().rev().find_map(|entry| match entry.told {
            super::trace::Told::Event(Event::Membership { members, .. }) => Some(members),
            _ => None,
        });
        let in_force = in_force.ok_or("no membership was told")?;
        same("a vote of the stranger, joint", (in_force.votes(stranger), in_force.is_joint()), (votes, false))?;
        holds(group.status(1).applied >= index, || format!("{index} is answered, and not published"))?;
    }
    Ok(())
}

fn a_joint_configuration_is_left_though_whoever_asked_has_gone(kit: &Kit) -> Checked {
    use crate::engine::MembershipChange;
    use crate::env::{Elapsed, NodeId, timeout};
    use crate::observe::Event;
    let mut group = kit.led(3)?;
    group.live();
    group.hold_all(Kind::AppendResponse);
    let (stranger, host) = (NodeId(super::setup::STRANGER), std::sync::Arc::clone(&group.process(1).host));
    let joint = MembershipChange::Joint { add: vec![stranger], remove: vec![NodeId(3)] };
    let change = group.engine(1).change_membership(joint);
    let given_up = group.begin(async move { timeout(&*host, TICK, change).await });
    group.run(2 * TICK);
    same("the change", given_up.now(), Some(Err(Elapsed)))?;
    group.release();
    group.until("the joint configuration is left", |group| {
        let told = group.noted(1, 0).into_iter().rev();
        let mut members = told.filter_map(|entry| match entry.told {
            super::trace::Told::Event(Event::Membership { members, .. }) => Some(members),
            _ => None,
        });
        members.next().is_some_and(|members| members.votes(stranger) && !members.is_joint())
    })
}

fn a_change_amid_another_is_refused(kit: &Kit) -> Checked {
    use crate::engine::MembershipChange::{AddLearner, Demote};
    use crate::env::NodeId;
    let mut group = kit.led(3)?;
    group.live();
    group.hold_all(Kind::AppendResponse);
    let first = group.change(1, AddLearner(NodeId(super::setup::STRANGER)));
    let second = group.change(1, Demote(NodeId(3)));
    group.run_at_most(TICK, |_| second.now().is_some());
    is_refused("a change amid another", &second.now(), &["membership-refused"])?;
    group.release();
    group.succeeded("the first change", &first)?;
    Ok(())
}
