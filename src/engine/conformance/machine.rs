//! What the state machine is told to apply, and to go on from.

use super::checked::{Checked, holds, same};
use super::group::Group;
use super::kit::{Kit, tests};
use super::setup::{ELECTION, HEARTBEAT};
use super::trace::Told;

tests! {
    every_command_is_applied_once_in_order_and_alike_on_all:
        "apply is called once for each index after the one that was restored, in order",
        "engine::StateMachine::apply";
    a_node_that_starts_again_applies_its_log_again:
        "a state machine that is new is told everything that is committed",
        "engine::StateMachine";
    a_node_that_starts_again_goes_on_from_its_snapshot:
        "a state machine is given what save returned, and then the entries after that",
        "engine::StateMachine::restore";
    a_follower_that_needs_what_the_log_has_not_any_more_gets_the_snapshot:
        "who lags behind the log goes on from a snapshot, and has then applied the same",
        "engine::StateMachine; Raft dissertation 5";
    what_follows_a_snapshot_is_published_as_applied:
        "the applied index that is published after a snapshot is that of the snapshot, or later",
        "engine::Status::applied";
}

/// Expects the nodes that are up to have applied the same.
fn agree(group: &Group) -> Checked {
    let first = group.ledger(1);
    for node in group.nodes().into_iter().filter(|node| *node != super::setup::STRANGER) {
        same(&format!("what n{node} has applied, beside n1"), group.ledger(node), first.clone())?;
        let indices: Vec<_> = first.iter().map(|(index, _)| *index).collect();
        holds(indices.is_sorted_by(|a, b| a < b), || format!("not in order: {indices:?}"))?;
    }
    Ok(())
}

/// Writes so many entries at `n1`.
fn write(group: &mut Group, count: u8) -> Checked {
    (0..count).try_for_each(|number| group.write(1, &[number]).map(|_| ()))
}

fn every_command_is_applied_once_in_order_and_alike_on_all(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    write(&mut group, 10)?;
    group.hand_over(1, 2)?;
    group.write(2, b"by n2")?;
    group.hand_over(2, 1)?;
    write(&mut group, 10)?;
    group.run(ELECTION);
    let commands: Vec<_> = group.ledger(1).into_iter().map(|(_, command)| command).collect();
    let ten = || (0..10).map(|number| vec![number]);
    same("what was applied", commands, ten().chain([b"by n2".to_vec()]).chain(ten()).collect())?;
    agree(&group)
}

/// Crashes a node and starts it again.
fn start_again(group: &mut Group, node: u64) -> Checked<usize> {
    group.crash(node);
    let mark = group.mark();
    group.restart(node).map_err(|error| format!("n{node} does not open its own log: {error}"))?;
    group.run(2 * HEARTBEAT);
    Ok(mark)
}

fn a_node_that_starts_again_applies_its_log_again(kit: &Kit) -> Checked {
    let mut group = kit.led(3)?;
    write(&mut group, 10)?;
    group.run(2 * HEARTBEAT);
    start_again(&mut group, 2)?;
    agree(&group)
}

fn a_node_that_starts_again_goes_on_from_its_snapshot(kit: &Kit) -> Checked {
    let mut group = kit.compacting(5)?;
    group.elect(1)?;
    write(&mut group, 13)?;
    group.run(2 * HEARTBEAT);
    let mark = start_again(&mut group, 2)?;
    same("how often n2 was restored", group.count(2, mark, |told| matches!(told, Told::Restored)), 1)?;
    agree(&group)
}

/// `n3` was away while the log was cut.
fn behind_the_log(kit: &Kit) -> Checked<(Group, usize)> {
    let mut group = kit.compacting(5)?;
    group.elect(1)?;
    write(&mut group, 2)?;
    group.isolate(3);
    write(&mut group, 30)?;
    let mark = group.mark();
    group.heal();
    group.run(2 * ELECTION);
    Ok((group, mark))
}

fn a_follower_that_needs_what_the_log_has_not_any_more_gets_the_snapshot(kit: &Kit) -> Checked {
    let (group, mark) = behind_the_log(kit)?;
    let restored = group.count(3, mark, |told| matches!(told, Told::Restored));
    holds(restored >= 1, || "n3 was not restored".to_owned())?;
    agree(&group)
}

fn what_follows_a_snapshot_is_published_as_applied(kit: &Kit) -> Checked {
    let (group, _) = behind_the_log(kit)?;
    same("what n3 publishes as applied, beside n1", group.status(3).applied, group.status(1).applied)
}
