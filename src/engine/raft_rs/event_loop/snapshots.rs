//! A follower that needs what the log no longer has gets the snapshot.

use super::EventLoop;
use crate::env::NodeId;
use crate::observe::Event;
use crate::rules::{Rule, before};
use crate::wire::Kind;
use raft::eraftpb::{Message as RaftMessage, MessageType};
use raft::{ProgressState, SnapshotStatus};
use std::collections::BTreeMap;

/// Snapshots that have left and are not acknowledged. raft sends their receivers nothing else until it is told (elastickv #535).
#[derive(Default)]
pub(super) struct Sent {
    /// The ticks until each counts as lost.
    ticks_left: BTreeMap<u64, usize>,
    /// How many to the same receiver have been, one after the other. Each has twice as long as the one before, or a slow
    /// link is filled with snapshots, each of which arrives after the next was sent.
    lost: BTreeMap<u64, u32>,
}

impl EventLoop {
    /// Notes that a snapshot leaves.
    pub(super) fn sends_snapshot(&mut self, message: &RaftMessage) {
        if message.msg_type == MessageType::MsgSnapshot {
            let index = message.get_snapshot().get_metadata().index;
            self.host.observe(Event::SnapshotSent { to: NodeId(message.to), index });
            let lost = self.snapshots.lost.get(&message.to).copied().unwrap_or_default();
            let ticks = self.raft.raft.election_timeout().saturating_mul(1 << lost.min(16));
            self.snapshots.ticks_left.insert(message.to, ticks.min(self.snapshot_timeout));
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

    /// Tells raft of snapshots that nobody has acknowledged in time: an election timeout, or longer after a loss.
    pub(super) fn give_up_lost_snapshots(&mut self) {
        let Self { snapshots, raft, .. } = self;
        snapshots.ticks_left.retain(|to, ticks_left| {
            *ticks_left = ticks_left.saturating_sub(1);
            raft.raft.prs().get(*to).is_some_and(|progress| progress.state == ProgressState::Snapshot)
        });
        snapshots.lost.retain(|to, _| {
            raft.raft.prs().get(*to).is_some_and(|progress| progress.state != ProgressState::Replicate)
        });
        let lost = snapshots.ticks_left.iter().filter(|(_, left)| !Rule::SnapshotUnderWay.holds(before(0, **left)));
        let lost: Vec<u64> = lost.map(|(to, _)| *to).collect();
        for to in lost {
            self.snapshots.ticks_left.remove(&to);
            *self.snapshots.lost.entry(to).or_default() += 1;
            self.snapshot_lost(to);
        }
    }

    fn snapshot_lost(&mut self, to: u64) {
        self.host.observe(Event::SnapshotUnanswered { by: NodeId(to) });
        self.raft.report_snapshot(to, SnapshotStatus::Failure);
    }
}
