//! The one task that applies, so that the loop goes on meanwhile: one batch at a time, in order.

use super::Shared;
use super::storage::is_change;
use crate::engine::StateMachine;
use crate::env::{NodeId, Point, Work};
use crate::error::Error;
use crate::observe::{Event, Host};
use crate::tasks::caught;
use raft::eraftpb::{Entry, Snapshot};
use std::num::NonZeroU64;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;

/// What the loop wants done.
pub(super) enum Job {
    /// Apply these. Only the last may change the configuration, or be where a snapshot is due.
    Apply(Vec<Entry>),
    /// Go on from this snapshot, which has come from a leader, if it is known which, and is on disk.
    Restore(Snapshot, Option<NodeId>),
    /// Take the state as it is.
    Save,
}

/// What was done.
pub(super) struct Done {
    /// The entries, and what applying each has answered.
    pub(super) entries: Vec<(Entry, Vec<u8>)>,
    /// Index and term of the snapshot from which the state machine goes on.
    pub(super) restored: Option<(u64, u64)>,
    /// The state after all that.
    pub(super) saved: Option<Vec<u8>>,
}

/// Applies for one engine.
pub(super) struct Applier {
    pub(super) host: Arc<dyn Host>,
    pub(super) machine: Arc<dyn StateMachine>,
    pub(super) compact_after: Option<NonZeroU64>,
    /// Index and term of what was applied last.
    pub(super) applied: (u64, u64),
}

impl Applier {
    /// Does what it is told, until nobody is there to tell it anything.
    pub(super) async fn run(mut self, mut jobs: UnboundedReceiver<Job>, shared: Arc<Shared>) {
        while let Some(job) = jobs.recv().await {
            match caught(pin!(self.work(job))).await {
                Ok(done) => shared.inbox.applied(done),
                Err(panic) => {
                    shared.inbox.applied(Err(Error::Panicked));
                    resume_unwind(panic);
                }
            }
        }
    }

    async fn work(&mut self, job: Job) -> Result<Done, Error> {
        let mut done = Done { entries: Vec::new(), restored: None, saved: None };
        match job {
            Job::Apply(entries) => {
                self.host.point(Point::Sent).await;
                let mut entries = entries.into_iter().peekable();
                while entries.peek().is_some() {
                    // Who has several to apply does so in one go.
                    let some: Vec<_> = entries.by_ref().take(ENTRIES).collect();
                    self.host.work_times(Work::Apply, some.len() as u32).await;
                    for entry in some {
                        let response = self.apply(&entry);
                        done.entries.push((entry, response));
                    }
                }
                if is_snapshot_due(self.compact_after, self.applied.0) {
                    done.saved = Some(self.save().await);
                }
                self.host.point(Point::Applied).await;
            }
            Job::Restore(snapshot, from) => {
                self.host.work_times(Work::Snapshot, Work::of_bytes(snapshot.data.len() as u64)).await;
                self.applied = restore(&snapshot, &*self.machine, &*self.host, from)?;
                done.restored = Some(self.applied);
            }
            Job::Save => done.saved = Some(self.save().await),
        }
        Ok(done)
    }

    fn apply(&mut self, entry: &Entry) -> Vec<u8> {
        let (index, term) = (entry.index, entry.term);
        let is_command = !is_change(entry) && !entry.data.is_empty();
        let response = if is_command { self.machine.apply(index, &entry.data) } else { Vec::new() };
        if is_command {
            self.host.effect(index, &entry.data, &response);
        }
        self.host.observe(Event::Applied { index, term, digest: crc32fast::hash(&entry.data) });
        self.applied = (index, term);
        response
    }

    async fn save(&mut self) -> Vec<u8> {
        let ((index, term), state) = (self.applied, self.machine.save());
        self.host.work_times(Work::Snapshot, Work::of_bytes(state.len() as u64)).await;
        let (digest, bytes) = (crc32fast::hash(&state), state.len() as u64);
        self.host.observe(Event::SnapshotTaken { index, term, digest, bytes });
        state
    }
}

/// The most entries that are paid for in one go.
const ENTRIES: usize = 16;

/// Is a snapshot due at `index`?
pub(super) fn is_snapshot_due(compact_after: Option<NonZeroU64>, index: u64) -> bool {
    compact_after.is_some_and(|every| index.is_multiple_of(every.get()))
}

/// Lets the state machine go on from `snapshot`. Returns index and term of the last entry in it.
///
/// # Errors
/// It is not one of this state machine.
pub(super) fn restore(
    snapshot: &Snapshot,
    machine: &dyn StateMachine,
    host: &dyn Host,
    from: Option<NodeId>,
) -> Result<(u64, u64), Error> {
    machine.restore(&snapshot.data).map_err(|_| Error::Storage)?;
    let (index, term) = (snapshot.get_metadata().index, snapshot.get_metadata().term);
    host.observe(Event::SnapshotRestored { index, term, digest: crc32fast::hash(&snapshot.data), from });
    Ok((index, term))
}
