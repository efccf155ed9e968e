//! The log's beginning becomes a snapshot; a follower that needs what the log no longer has gets that.
//!
//! Writing a snapshot and cutting the log are done in the loop, which stands still for two syncs: what comes meanwhile waits.

use super::EventLoop;
use crate::engine::raft_rs::storage::LogStore;
use crate::env::{NodeId, Work};
use crate::error::Error;
use crate::observe::{Event, Host};
use crate::rules::Rule;
use crate::wire::Kind;
use raft::eraftpb::{HardState, Message as RaftMessage, MessageType, Snapshot};
use raft::{ProgressState, SnapshotStatus};
use std::collections::BTreeMap;

/// Of the entries between two snapshots, one in so many is kept before the later one, for followers that are a little behind
/// (etcd keeps 5,000 of 10,000).
const TAIL_ONE_IN: u64 = 2;

/// Snapshots that have left and are not acknowledged, and the ticks until each counts as lost. raft sends its receiver nothing else
/// until it is told (elastickv #535).
#[derive(Default)]
pub(super) struct Sent {
    ticks_left: BTreeMap<u64, usize>,
}

/// Takes up the latest snapshot of `store`, if there is one: the state machine goes on from it. Returns index and term of the
/// last entry in it.
///
/// # Errors
/// It is not one of this state machine.
pub(super) fn reopen(
    store: &LogStore,
    machine: &dyn crate::engine::StateMachine,
    host: &dyn Host,
) -> Result<(u64, u64), Error> {
    let Some(snapshot) = store.latest_snapshot() else { return Ok((0, 0)) };
    restore(snapshot, machine, host, None)
}

fn restore(
    snapshot: &Snapshot,
    machine: &dyn crate::engine::StateMachine,
    host: &dyn Host,
    from: Option<NodeId>,
) -> Result<(u64, u64), Error> {
    machine.restore(&snapshot.data).map_err(|_| Error::Storage)?;
    let (index, term) = (snapshot.get_metadata().index, snapshot.get_metadata().term);
    host.observe(Event::SnapshotRestored { index, term, digest: crc32fast::hash(&snapshot.data), from });
    Ok((index, term))
}

impl EventLoop {
    /// Is a snapshot due at `index`?
    pub(super) fn is_snapshot_due(&self, index: u64) -> bool {
        self.compact_after.is_some_and(|every| index.is_multiple_of(every.get()))
    }

    /// Takes the state after the entry that was applied last.
    pub(super) async fn capture(&mut self) {
        self.host.work(Work::Snapshot).await;
        let ((index, term), state) = (self.applied, self.machine.save());
        let (digest, bytes) = (crc32fast::hash(&state), state.len() as u64);
        self.host.observe(Event::SnapshotTaken { index, term, digest, bytes });
        self.captured = Some(self.raft.store().snapshot_at(index, term, state));
    }

    /// Keeps what was captured as the latest snapshot, and then cuts the log.
    pub(super) async fn keep_captured(&mut self) -> Result<(), Error> {
        let Some(snapshot) = self.captured.take() else { return Ok(()) };
        let index = snapshot.get_metadata().index;
        self.raft.mut_store().keep(snapshot).await?;
        let tail = self.compact_after.map_or(0, |every| every.get() / TAIL_ONE_IN);
        if let Some(cut) = self.raft.mut_store().compact(tail) {
            let first = index.saturating_sub(tail) + 1;
            cut.await?;
            self.host.observe(Event::LogCompacted { first });
        }
        Ok(())
    }

    /// Takes a snapshot out of turn, for a follower that joined after the latest one.
    pub(super) async fn take_wanted_snapshot(&mut self) -> Result<(), Error> {
        if !self.raft.store().take_wanted() || self.applied.0 == 0 {
            return Ok(());
        }
        self.capture().await;
        self.keep_captured().await
    }

    /// Puts the leader's snapshot in the place of everything here: on disk first, then in the state machine. It is published
    /// with the rest of the round.
    pub(super) async fn install(&mut self, snapshot: &Snapshot, hard_state: Option<HardState>) -> Result<(), Error> {
        self.host.work(Work::Snapshot).await;
        self.raft.mut_store().install(snapshot.clone(), hard_state).await?;
        let from = super::known_node(self.raft.raft.leader_id);
        self.applied = restore(snapshot, &*self.machine, &*self.host, from)?;
        self.members_changed(self.applied.0);
        Ok(())
    }

    /// Notes that a snapshot leaves.
    pub(super) fn sends_snapshot(&mut self, message: &RaftMessage) {
        if message.msg_type == MessageType::MsgSnapshot {
            let index = message.get_snapshot().get_metadata().index;
            self.host.observe(Event::SnapshotSent { to: NodeId(message.to), index });
            self.snapshots.ticks_left.insert(message.to, self.raft.raft.election_timeout());
        }
    }

    /// A message did not leave: raft has to know, and of a snapshot in particular.
    pub(super) fn not_sent(&mut self, to: u64, kind: Kind) {
        if kind == Kind::Snapshot {
            self.snapshots.ticks_left.remove(&to);
            self.snapshot_lost(to);
        } else {
            self.raft.report_unreachable(to);
        }
    }

    /// Tells raft of snapshots that nobody has acknowledged for an election timeout.
    pub(super) fn give_up_lost_snapshots(&mut self) {
        let Self { snapshots, raft, .. } = self;
        snapshots.ticks_left.retain(|to, ticks_left| {
            *ticks_left = ticks_left.saturating_sub(1);
            raft.raft.prs().get(*to).is_some_and(|progress| progress.state == ProgressState::Snapshot)
        });
        let lost = snapshots.ticks_left.iter().filter(|(_, left)| !Rule::SnapshotUnderWay.holds(**left > 0));
        let lost: Vec<u64> = lost.map(|(to, _)| *to).collect();
        for to in lost {
            self.snapshots.ticks_left.remove(&to);
            self.snapshot_lost(to);
        }
    }

    fn snapshot_lost(&mut self, to: u64) {
        self.host.observe(Event::SnapshotUnanswered { by: NodeId(to) });
        self.raft.report_snapshot(to, SnapshotStatus::Failure);
    }
}
