//! How a node may stand when it is asked for something, and how it is brought there.

use super::checked::{Checked, holds};
use super::group::Group;
use super::kit::Kit;
use super::setup::{ELECTION, HEARTBEAT, LEARNER, STALL, TICK};
use super::trace::PANICS;
use crate::engine::{Config, MembershipChange};
use crate::env::{NodeId, Point};
use crate::observe::Role;
use crate::wire::Kind;

/// A group, and the node of it that is asked.
pub(super) type Stands = Checked<(Group, u64)>;

pub(super) fn leader(kit: &Kit) -> Stands {
    Ok((kit.led(3)?, 1))
}

pub(super) fn follower(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    Ok((group, 2))
}

pub(super) fn learner(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    Ok((group, LEARNER))
}

/// Nobody has led yet.
pub(super) fn just_started(kit: &Kit) -> Stands {
    Ok((kit.group(3)?, 2))
}

/// It has been there before, and hears nobody.
pub(super) fn restarted(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.isolate(3);
    group.crash(3);
    group.restart(3).map_err(|error| format!("an engine does not open its own log: {error}"))?;
    Ok((group, 3))
}

/// Who asks whether it would be elected, or asks for votes, and hears nothing.
pub(super) fn candidate(kit: &Kit) -> Stands {
    let mut group = kit.group(3)?;
    group.let_others_not_stand(2);
    for voter in [1, 3] {
        group.drop(Kind::PreVoteResponse, voter, 2);
        group.drop(Kind::VoteResponse, voter, 2);
    }
    let stands = |group: &Group| matches!(group.status(2).role, Role::PreCandidate | Role::Candidate);
    group.until("n2 stands for election", stands)?;
    Ok((group, 2))
}

/// Its votes are on their way.
pub(super) fn candidate_for_votes(kit: &Kit) -> Stands {
    let mut group = kit.group(3)?;
    group.let_others_not_stand(2);
    for voter in [1, 3] {
        group.drop(Kind::VoteResponse, voter, 2);
    }
    group.until("n2 asks for votes", |group| group.status(2).role == Role::Candidate)?;
    Ok((group, 2))
}

/// Nothing of its own term is committed.
pub(super) fn elected_just_now(kit: &Kit) -> Stands {
    let mut group = kit.group(3)?;
    group.hold_all(Kind::AppendResponse);
    let quiet = group.let_others_not_stand(1);
    group.until("n1 is elected", |group| group.status(1).leads())?;
    group.bus.end(quiet);
    holds(!group.leads(1), || "n1 is said to have applied an entry that nobody has acknowledged".to_owned())?;
    Ok((group, 1))
}

/// A transfer is under way, its `TimeoutNow` on the way.
pub(super) fn handing_over(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.hold(Kind::TimeoutNow, 1, 2);
    let transfer = group.transfer(1, 2);
    group.run(TICK);
    holds(transfer.now().is_none(), || format!("a transfer to n2, who was not told, is over: {:?}", transfer.now()))?;
    Ok((group, 1))
}

/// A transfer was given up; the entry that proves that is not applied yet.
pub(super) fn suspended(kit: &Kit) -> Stands {
    let (mut group, node) = handing_over(kit)?;
    group.hold_all(Kind::AppendResponse);
    group.until("the transfer is given up", |group| group.status(1).transferee.is_none())?;
    holds(group.status(1).leads(), || "n1 gave a transfer up and leads no more".to_owned())?;
    Ok((group, node))
}

pub(super) fn stopped(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.stop(1);
    group.run(2 * TICK);
    Ok((group, 1))
}

pub(super) fn failed(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.fail_disk(1, true);
    group.propose(1, b"other");
    group.run(2 * TICK);
    Ok((group, 1))
}

/// The state machine has panicked.
pub(super) fn panicked(kit: &Kit) -> Stands {
    panicked_at(kit, |group| {
        group.propose(1, PANICS);
    })
}

/// Whoever of its tasks came to this.
pub(super) fn panicked_at(kit: &Kit, comes_to: fn(&mut Group)) -> Stands {
    let mut group = kit.group_that_may_panic()?;
    group.live();
    comes_to(&mut group);
    group.run(2 * HEARTBEAT);
    holds(!group.world.take_panics().is_empty(), || "no task has panicked".to_owned())?;
    Ok((group, 1))
}

/// Its loop is held, and its queue for requests is full.
pub(super) fn full(kit: &Kit) -> Stands {
    const ROOM: usize = 4;
    let mut group = kit.group_with(3, |config| Config { ask_inbox: ROOM, ..config })?;
    group.elect(1)?;
    group.live();
    group.hold_at(1, Point::Stepped);
    for _ in 0..=ROOM {
        group.propose(1, b"other");
    }
    Ok((group, 1))
}

/// What is committed has waited for the applier for longer than it should.
pub(super) fn behind(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.hold_at(1, Point::Sent);
    group.propose(1, b"other");
    group.run(2 * HEARTBEAT);
    Ok((group, 1))
}

/// Its disk stands still, and not yet for too long.
pub(super) fn stalled(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.stall_disk(1, true);
    group.propose(1, b"other");
    group.run(ELECTION);
    holds(group.leads(1), || "n1 leads no more, though its disk has been slow for one election timeout".to_owned())?;
    Ok((group, 1))
}

/// Its disk has stood still for too long, and nobody hears that they are to take over.
pub(super) fn stalled_for_long(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    for successor in [2, 3] {
        group.drop(Kind::TimeoutNow, 1, successor);
    }
    group.stall_disk(1, true);
    group.propose(1, b"other");
    group.run(STALL + 3 * TICK);
    Ok((group, 1))
}

/// Its disk stands still, and another leads.
pub(super) fn succeeded_for_stall(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    group.live();
    group.stall_disk(1, true);
    group.propose(1, b"other");
    group.until("another leads than n1, whose disk stands still", |group| group.leads(2) || group.leads(3))?;
    group.run(HEARTBEAT);
    Ok((group, 1))
}

/// It has lost its vote, and its leadership with it.
pub(super) fn removed(kit: &Kit) -> Stands {
    let mut group = kit.led(3)?;
    let change = group.change(1, MembershipChange::Remove(NodeId(1)));
    group.succeeded("a change of membership", &change)?;
    group.until("another leads than n1, who was removed", |group| group.leads(2) || group.leads(3))?;
    Ok((group, 1))
}
