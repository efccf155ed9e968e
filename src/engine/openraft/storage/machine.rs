//! The state machine, and the snapshot that it starts again from.

use super::log::Logs;
use super::records::{self, Encoder, Record};
use super::{Told, failed};
use crate::engine::StateMachine;
use crate::engine::openraft::types::{
    Entry, LogId, Payload, Response, Snapshot, SnapshotMeta, State, StoredMembers, Types, content, membership,
    position, voted_for,
};
use crate::engine::wal::Damaged;
use crate::env::{Disk, NodeId, Point, Work};
use crate::error::Error;
use crate::observe::{Event, Host};
use futures_util::{Stream, StreamExt};
use openraft::OptionalSend;
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Name of the snapshot on the node's disk.
const SNAPSHOT: &str = "openraft.snapshot";

/// The most entries that are paid for in one go, and that are applied before readers see it.
const BATCH: usize = 16;

/// The state machine of one group on one node.
pub(in crate::engine::openraft) struct Machine {
    host: Arc<dyn Host>,
    disk: Arc<dyn Disk>,
    machine: Arc<dyn StateMachine>,
    logs: Logs,
    told: Arc<dyn Told>,
    compact_after: Option<NonZeroU64>,
    applied: Option<LogId>,
    members: StoredMembers,
    /// The state at the last index at which a snapshot was due.
    captured: Option<Captured>,
    /// The latest snapshot; locked while another is put in its place.
    kept: Arc<tokio::sync::Mutex<Option<Captured>>>,
}

/// A snapshot, in memory.
#[derive(Clone)]
struct Captured {
    meta: SnapshotMeta,
    state: State,
}

impl Machine {
    /// Opens the snapshot on `disk`.
    ///
    /// # Errors
    /// [`Error::Storage`]: the disk failed. [`Error::Damaged`]: the snapshot is damaged, which is replaced as a whole.
    pub(in crate::engine::openraft) fn open(
        host: Arc<dyn Host>,
        disk: Arc<dyn Disk>,
        machine: Arc<dyn StateMachine>,
        logs: Logs,
        told: Arc<dyn Told>,
        compact_after: Option<NonZeroU64>,
    ) -> Result<Self, Error> {
        let kept = read(&*disk)?;
        logs.align(kept.as_ref().and_then(|kept| kept.meta.last_log_id));
        let (applied, members, captured) = (None, StoredMembers::default(), None);
        let kept = Arc::new(tokio::sync::Mutex::new(kept));
        Ok(Self { host, disk, machine, logs, told, compact_after, applied, members, captured, kept })
    }

    /// Goes on from the snapshot that it has, if it has one.
    ///
    /// # Errors
    /// [`Error::Storage`]: it is not one of this state machine.
    pub(in crate::engine::openraft) async fn recover(&mut self) -> Result<(), Error> {
        let kept = self.kept.lock().await.clone();
        match kept {
            Some(kept) => self.restore(&kept, None).map_err(|_| Error::Storage),
            None => Ok(()),
        }
    }

    fn restore(&mut self, Captured { meta, state }: &Captured, from: Option<NodeId>) -> Result<(), io::Error> {
        self.machine.restore(state).map_err(|_| failed())?;
        (self.applied, self.members) = (meta.last_log_id, meta.last_membership.clone());
        let (index, term) = position(self.applied);
        self.host.observe(Event::SnapshotRestored { index, term, digest: crc32fast::hash(state), from });
        self.tell_members(index);
        if let Some(applied) = self.applied {
            self.told.applied(applied);
            self.told.publishes();
        }
        Ok(())
    }

    fn tell_members(&self, index: u64) {
        let members = Arc::new(membership(self.members.membership()));
        self.told.members(index, &members);
        self.host.observe(Event::Membership { index, members });
    }

    fn apply_one(&mut self, entry: &Entry) -> Response {
        let (index, term) = position(Some(entry.log_id));
        let response = match &entry.payload {
            Payload::Blank => Vec::new(),
            Payload::Normal(command) => {
                let response = self.machine.apply(index, &command.0);
                self.host.effect(index, &command.0, &response);
                response
            }
            Payload::Membership(members) => {
                self.members = StoredMembers::new(Some(entry.log_id), members.clone());
                Vec::new()
            }
        };
        self.applied = Some(entry.log_id);
        if index == 0 {
            self.told.members(index, &membership(self.members.membership()));
        }
        // The first of all has no index of its own: it is what the group was founded with.
        if index > 0 {
            self.host.observe(Event::Applied { index, term, digest: crc32fast::hash(&content(entry)) });
            self.told.applied(entry.log_id);
            if matches!(entry.payload, Payload::Membership(_)) {
                self.tell_members(index);
            }
            if self.compact_after.is_some_and(|every| index.is_multiple_of(every.get())) {
                self.captured = Some(self.capture());
                self.told.snapshot_due();
            }
        }
        Response { index, response }
    }

    fn capture(&self) -> Captured {
        let state = Arc::new(self.machine.save());
        let (index, term) = position(self.applied);
        let (digest, bytes) = (crc32fast::hash(&state), state.len() as u64);
        self.host.observe(Event::SnapshotTaken { index, term, digest, bytes });
        let meta = SnapshotMeta { last_log_id: self.applied, last_membership: self.members.clone() };
        Captured { meta, state }
    }
}

/// Writes a snapshot that was taken.
pub(in crate::engine::openraft) struct Builder {
    host: Arc<dyn Host>,
    disk: Arc<dyn Disk>,
    captured: Captured,
    kept: Arc<tokio::sync::Mutex<Option<Captured>>>,
}

impl RaftSnapshotBuilder<Types> for Builder {
    type SnapshotData = State;

    /// The latest, which may be one that the leader has sent meanwhile.
    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        let Captured { meta, state } = &self.captured;
        self.host.work_times(Work::Snapshot, Work::of_bytes(state.len() as u64)).await;
        let mut kept = self.kept.lock().await;
        if let Some(later) = kept.as_ref().filter(|kept| kept.meta.last_log_id > meta.last_log_id) {
            return Ok(later.snapshot());
        }
        self.disk.replace(SNAPSHOT, self.captured.encoded()).await.map_err(|_| failed())?;
        *kept = Some(self.captured.clone());
        Ok(self.captured.snapshot())
    }
}

impl Captured {
    fn snapshot(&self) -> Snapshot {
        Snapshot { meta: self.meta.clone(), snapshot: Arc::clone(&self.state) }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        Encoder { durable: 0, out: &mut bytes }.snapshot(&self.meta, &self.state);
        bytes
    }
}

fn read(disk: &dyn Disk) -> Result<Option<Captured>, Error> {
    let bytes = disk.read(SNAPSHOT)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let decoded = records::decode(&bytes).map_err(|Damaged| Error::Damaged)?;
    match decoded.records.into_iter().next_back() {
        Some((_, Record::Snapshot(meta, state))) => Ok(Some(Captured { meta, state: Arc::new(state) })),
        Some(_) | None => Err(Error::Damaged),
    }
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = State;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembers), io::Error> {
        Ok((self.applied, self.members.clone()))
    }

    async fn apply<S>(&mut self, entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<Types>, io::Error>> + Unpin + OptionalSend,
    {
        self.host.point(Point::Sent).await;
        let mut batches = entries.ready_chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
            self.host.work_times(Work::Apply, batch.len() as u32).await;
            let answers: Vec<_> =
                batch.into_iter().map(|(entry, responder)| (self.apply_one(&entry), responder)).collect();
            self.host.point(Point::Applied).await;
            self.told.publishes();
            self.host.point(Point::Published).await;
            for (response, responder) in answers {
                if let Some(responder) = responder {
                    responder.send(response);
                }
            }
        }
        Ok(())
    }

    /// That of the last index at which one was due; of the present, where one is needed and there is none.
    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<Builder> {
        let captured = match self.captured.take() {
            Some(captured) => captured,
            None if force => self.capture(),
            None => return None,
        };
        let (host, disk, kept) = (Arc::clone(&self.host), Arc::clone(&self.disk), Arc::clone(&self.kept));
        Some(Builder { host, disk, captured, kept })
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        let captured = self.captured.take().unwrap_or_else(|| self.capture());
        let (host, disk, kept) = (Arc::clone(&self.host), Arc::clone(&self.disk), Arc::clone(&self.kept));
        Builder { host, disk, captured, kept }
    }

    /// Durable, and only then what the state machine goes on from. What was written of the log before it is told before it.
    async fn install_snapshot(&mut self, meta: &SnapshotMeta, state: State) -> Result<(), io::Error> {
        self.host.work_times(Work::Snapshot, Work::of_bytes(state.len() as u64)).await;
        let installed = Captured { meta: meta.clone(), state };
        {
            let mut kept = self.kept.lock().await;
            self.disk.replace(SNAPSHOT, installed.encoded()).await.map_err(|_| failed())?;
            *kept = Some(installed.clone());
        }
        self.logs.flushed().await.map_err(|_| failed())?;
        self.captured = None;
        let from = self.logs.vote().as_ref().and_then(voted_for);
        self.restore(&installed, from)
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        Ok(self.kept.lock().await.as_ref().map(Captured::snapshot))
    }
}
