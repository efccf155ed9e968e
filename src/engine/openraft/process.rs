//! The engine's own task: it brings openraft up on what is on the disk, does what openraft is to be told, and takes it down.

use super::errors::{of_fatal, of_round};
use super::leadership::Shared;
use super::network::{Network, serve};
use super::storage::{Logs, Machine, Told};
use super::timing;
use super::types::{NOBODY, Types, Vote, position};
use super::wants::Want;
use super::wire::{self, Says};
use crate::env::{Address, Point, Work};
use crate::error::Error;
use crate::observe::{Event, RoundCause};
use crate::rules::Rule;
use crate::tasks::caught;
use crate::transport::{Message, Packet};
use openraft::raft::VoteRequest;
use openraft::{ChangeMembers, LinearizerOption, Raft};
use openraft_rt::WatchReceiver;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// The most messages that are paid for in one go.
const STEPS: usize = 16;

/// A round of heartbeats that begins now, and waits for so long to be answered.
pub(super) fn round(limit: Duration) -> LinearizerOption {
    LinearizerOption::new(Some(Duration::ZERO), true).with_wait_timeout(limit)
}

/// Runs the engine until it is stopped, or fails.
pub(super) async fn run(shared: Arc<Shared>, logs: Logs, machine: Machine) {
    let served = caught(pin!(serving(&shared, logs, machine))).await;
    // What openraft has under way is left as a crash would leave it: a disk that stands still holds up no stop.
    shared.tasks.stop();
    match served {
        Ok(end) => {
            shared.tasks.joined().await;
            shared.ends(end);
        }
        Err(panic) => {
            shared.ends(Err(Error::Panicked));
            resume_unwind(panic);
        }
    }
}

async fn serving(shared: &Arc<Shared>, logs: Logs, machine: Machine) -> Result<(), Error> {
    let log = logs.clone();
    let mut started = pin!(shared.scope.enter(start(shared, logs, machine)));
    let mut stopped = pin!(shared.stopped());
    let raft = poll_fn(|cx| match started.as_mut().poll(cx) {
        Poll::Ready(started) => Poll::Ready(started.map(Some)),
        Poll::Pending => stopped.as_mut().poll(cx).map(|()| Ok(None)),
    });
    let Some(raft) = raft.await? else { return Ok(()) };
    loop {
        match shared.next().await {
            Want::Stop(end) => return end,
            want => shared.scope.spawn(does(Arc::clone(shared), raft.clone(), log.clone(), want)),
        }
    }
}

/// Goes on from what was found, once that is durable: what a process before this one wrote and did not sync was readable when the log was
/// opened, and may yet be lost.
async fn start(shared: &Arc<Shared>, logs: Logs, mut machine: Machine) -> Result<Raft<Types, Machine>, Error> {
    let is_alone = shared.config.founders.voters == [shared.host.node()];
    let is_fresh = logs.is_fresh();
    let has_promised = !Rule::WhoFollowedHasPromised.holds(is_fresh) && !is_alone;
    let promise = if has_promised { timing::ticks(&shared.config, shared.config.election_timeout) } else { 0 };
    shared.promises(promise);
    logs.sync().await?;
    if !is_fresh {
        let (last_index, last_term) = position(logs.last());
        let (term, of) = logs.voted().unwrap_or_default();
        let withholds = shared.config.tick.saturating_mul(u32::try_from(promise).unwrap_or(u32::MAX));
        shared.host.observe(Event::Opened { term, vote: of, last_index, last_term, withholds });
        logs.unproven().into_iter().for_each(|event| shared.host.observe(event));
        shared.found(logs.vote());
        Told::last_change(&**shared, logs.last_change());
    }
    machine.recover().await?;
    let mut config = timing::openraft(&shared.config);
    // Who has promised its vote does not give it to itself either.
    config.enable_elect = promise == 0;
    let config = config.validate().map_err(|_| Error::Invalid("the timing is none that openraft takes"))?;
    let me = shared.host.node().0;
    let raft = Raft::new(me, Arc::new(config), Network(Arc::clone(shared)), logs.clone(), machine).await;
    let raft = raft.map_err(|fatal| of_fatal(&fatal))?;
    // Before it hears anybody: who has heard a leader has promised not to stand.
    if shared.config.stands_first && is_fresh {
        let _ = raft.trigger().elect(false).await;
    }
    let _ = shared.raft.set(raft.clone());
    shared.scope.spawn(receive(Arc::clone(shared), logs));
    shared.scope.spawn(watch(Arc::clone(shared), raft.clone()));
    Ok(raft)
}

/// Does one thing that openraft is to be told.
async fn does(shared: Arc<Shared>, raft: Raft<Types, Machine>, log: Logs, want: Want) {
    match want {
        Want::Stop(_) => {}
        Want::Leave => {
            if let Some(heir) = shared.heir() {
                if let Some(left) = &mut shared.state.lock().left {
                    left.is_told = true;
                }
                let _ = raft.trigger().transfer_leader(heir.0).await;
            }
        }
        Want::StepDown { term } => {
            // openraft has no other word for it, and neither proposes nor elects once it has begun to hand over.
            let vote = Vote::new(term + 1, NOBODY);
            let _ = raft.vote(VoteRequest { vote, last_log_id: log.last(), leadership_transfer: true }).await;
        }
        Want::HandOver(to) => {
            let _ = raft.trigger().transfer_leader(to.0).await;
        }
        // One that comes to nothing is asked for again at the next tick.
        Want::LeaveJoint { retains } => {
            let nothing_else = ChangeMembers::AddVoterIds(BTreeSet::new());
            let _ = raft.change_membership(nothing_else, retains).await;
        }
        Want::Snapshot => {
            let _ = raft.trigger().snapshot().await;
        }
        Want::MayStand => raft.runtime_config().elect(shared.may_stand()),
        Want::Round(context) => {
            shared.host.observe(Event::RoundStarted { cause: RoundCause::Renewal, again: false });
            match raft.get_read_linearizer(round(shared.config.read_retry)).await {
                Ok(_) => shared.confirmed(&context),
                // Who waits for it is told by what ends its leadership; nobody waits for this one.
                Err(error) => drop(of_round(error)),
            }
        }
    }
}

/// Takes what comes from the other nodes.
async fn receive(shared: Arc<Shared>, logs: Logs) {
    loop {
        let packets = shared.mail.next(STEPS).await;
        shared.host.work_times(Work::Step, packets.len() as u32).await;
        for packet in packets {
            take(&shared, &logs, packet);
        }
        shared.host.point(Point::Stepped).await;
    }
}

fn take(shared: &Arc<Shared>, logs: &Logs, packet: Packet) {
    let (stamp, echo) = (packet.stamp, packet.echo);
    let Packet { from: Address::Node(from), body: Message::Wire(wire), .. } = packet else { return };
    let Some(message) = wire::open(wire) else { return };
    match &message.says {
        Says::Appended(..) | Says::Installed(..) | Says::PreVoted(_) | Says::Voted(_) => {
            shared.take_answer(from, message, echo);
            return;
        }
        Says::Vote(request) if !request.leadership_transfer && shared.has_promised() => {
            shared.host.observe(Event::VoteWithheld { from });
            return;
        }
        Says::PreVote(_) if shared.has_promised() => {
            shared.host.observe(Event::VoteWithheld { from });
            return;
        }
        Says::Append(request, _) if request.vote.committed => shared.hears(from, request.vote.leader_id.term),
        Says::Append(..) | Says::Snapshot(..) | Says::Vote(_) | Says::PreVote(_) | Says::Transfer(_) => {}
    }
    shared.scope.spawn(serve(Arc::clone(shared), logs.clone(), from, message, stamp));
}

/// Follows openraft's metrics: how far the log is committed, what a quorum has acknowledged, and whether openraft has stopped by itself.
async fn watch(shared: Arc<Shared>, raft: Raft<Types, Machine>) {
    let mut metrics = raft.metrics();
    while metrics.changed().await.is_ok() {
        let (commit, end, term, acknowledged) = {
            let seen = metrics.borrow_and_update();
            let end = seen.running_state.as_ref().err().map(of_fatal);
            let acknowledged = seen.last_quorum_acked.map(|at| shared.scope.reading(at.into_inner()));
            (position(seen.local_committed).0, end, seen.vote.leader_id.term, acknowledged)
        };
        shared.committed(commit);
        if let Some(base) = acknowledged {
            shared.accounted(term, base);
        }
        if let Some(error) = end {
            shared.stops(Err(error));
        }
    }
}
