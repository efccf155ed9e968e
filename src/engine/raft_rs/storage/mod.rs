//! The Raft log and the snapshot that stands in for its beginning, on disk.
//!
//! [`LogStore`] is what `raft` reads: everything written, durable or not. Beside it goes a write-ahead log ([`wal`](crate::engine::wal)); what has
//! been written to it survives a crash only after [`LogStore::sync`] has completed. The engine sends nothing that promises
//! durability before that.
//!
//! A snapshot is durable before the log is cut ([`LogStore::keep`], then [`LogStore::compact`]), and each file is replaced as a
//! whole: a crash in between leaves a log that overlaps the snapshot, or, where the snapshot came from the leader, one that
//! ends before it and is then dropped ([`LogStore::open`]). What the log no longer has, a follower gets as the snapshot.
//!
//! The configuration is not a record of its own: that at the snapshot is in the snapshot, changes after it are entries. A node that
//! starts again applies them anew, up to a commit index that is durable with every entry after it ([`LogStore::stage`]).

mod records;

use crate::engine::wal::Damaged;
use crate::env::{BoxFuture, Disk, DiskError, NodeId};
use crate::error::Error;
use crate::observe::Membership;
use crate::rules::{Rule, same};
use raft::eraftpb::{ConfState, Entry, EntryType, HardState, Snapshot, SnapshotMetadata};
use raft::{GetEntriesContext, INVALID_ID, RaftState, Storage, StorageError};
use records::{Encoder, Record, decode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Name of the write-ahead log on the node's disk.
const WAL: &str = "raft.wal";

/// Name of the snapshot on the node's disk.
const SNAPSHOT: &str = "raft.snapshot";

/// The Raft log, hard state, snapshot and configuration of one group on one node.
pub(super) struct LogStore {
    disk: Arc<dyn Disk>,
    hard_state: HardState,
    /// As of the last change that was applied.
    conf_state: ConfState,
    /// The latest; at index 0 before there is one.
    snapshot: Snapshot,
    /// A follower needs a snapshot that the latest one is not.
    wanted: AtomicBool,
    /// The log begins after this.
    base: Position,
    /// Entry `i` has index `base.index + 1 + i`.
    entries: Vec<Entry>,
    scratch: Vec<u8>,
    /// Length of the write-ahead log.
    written: u64,
    /// How much of it is known to be durable.
    durable: Arc<AtomicU64>,
    /// The first entry of which, when the log was opened, nothing proved that it had been durable before.
    unproven: u64,
}

/// A place in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Position {
    index: u64,
    term: u64,
}

/// A write to the end of the log.
pub(super) struct Write {
    disk: Arc<dyn Disk>,
    bytes: Vec<u8>,
    /// How long the log is then.
    length: u64,
    durable: Arc<AtomicU64>,
}

impl Write {
    /// Hands the bytes to the disk; they are not durable.
    pub(super) fn append(&self) -> Result<(), DiskError> {
        self.disk.append(WAL, &self.bytes)
    }

    /// Makes them durable.
    pub(super) async fn sync(self) -> Result<(), DiskError> {
        self.disk.sync(WAL).await?;
        self.durable.fetch_max(self.length, Ordering::Relaxed);
        Ok(())
    }
}

impl LogStore {
    /// Opens log and snapshot on `disk`; a node that has none yet begins as one of the group that `founders` founded, or will
    /// join it.
    ///
    /// A torn tail is what a crash in the middle of a write leaves: it is cut off. What is left may have been written and never
    /// synced: nothing may rely on it before [`LogStore::sync`].
    ///
    /// # Errors
    /// [`Error::Storage`]: the disk failed. [`Error::Damaged`]: the log is damaged where it had been durable, or the snapshot,
    /// which is replaced as a whole.
    pub(super) fn open(disk: Arc<dyn Disk>, founders: &Membership) -> Result<Self, Error> {
        let bytes = disk.read(WAL)?;
        let decoded = decode(&bytes).map_err(|Damaged| Error::Damaged)?;
        if decoded.sound < bytes.len() as u64 {
            disk.truncate(WAL, decoded.sound)?;
        }
        let mut store = Self {
            snapshot: read_snapshot(&*disk)?,
            disk,
            hard_state: HardState::default(),
            conf_state: ConfState::default(),
            wanted: AtomicBool::new(false),
            base: Position::default(),
            entries: Vec::new(),
            scratch: Vec::new(),
            written: decoded.sound,
            durable: Arc::new(AtomicU64::new(decoded.proven)),
            unproven: u64::MAX,
        };
        let fresh = decoded.records.is_empty();
        for (start, record) in decoded.records {
            match record {
                Record::HardState(state) => store.hard_state = state,
                Record::ConfState(state) => store.conf_state = state,
                Record::Entry(entry) => {
                    if start >= decoded.proven {
                        store.unproven = store.unproven.min(entry.index);
                    }
                    store.insert(entry);
                }
                Record::Base(base) => store.base = position(&base),
                Record::Snapshot(_) => return Err(Error::Damaged),
            }
        }
        if fresh {
            store.conf_state = conf_state(founders);
            let conf_state = store.conf_state.clone();
            store.encoder().conf_state(&conf_state);
            store.flush()?;
        }
        store.align();
        Ok(store)
    }

    /// Lets log, commit index and configuration fit the snapshot, where a crash came between writing it and cutting the log.
    fn align(&mut self) {
        let at = position(self.snapshot.get_metadata());
        if at.index == 0 {
            return;
        }
        self.conf_state = self.snapshot.get_metadata().get_conf_state().clone();
        self.hard_state.commit = self.hard_state.commit.max(at.index);
        if self.term(at.index) != Ok(at.term) {
            (self.base, self.entries) = (at, Vec::new());
        }
    }

    /// Takes up entries and, if it changed, the hard state. Entries from the first new index on are replaced. Returns what is to be
    /// written, in this order, by [`LogStore::begin_write`].
    ///
    /// The commit index is durable at the latest with the next entry, so that nobody who has a change of membership in its log forgets
    /// that the change before it is in force: it would hold an election by a configuration two changes old, and that of one voter
    /// need not ask anybody.
    pub(super) fn stage(&mut self, entries: Vec<Entry>, hard_state: Option<HardState>) -> Vec<u8> {
        for entry in entries {
            self.encoder().entry(&entry);
            self.insert(entry);
        }
        if let Some(state) = hard_state {
            let HardState { term, vote, commit, .. } = self.hard_state;
            let is_durable = Rule::CommitDurable.holds(same(commit, state.commit));
            if !Rule::VoteDurable.holds(same(term, state.term).and(same(vote, state.vote)).and(is_durable)) {
                self.encoder().hard_state(&state);
            }
            self.hard_state = state;
        }
        std::mem::take(&mut self.scratch)
    }

    /// What writes these `bytes`, which were staged, to the end of the log.
    pub(super) fn begin_write(&mut self, bytes: Vec<u8>) -> Write {
        self.written += bytes.len() as u64;
        Write { disk: Arc::clone(&self.disk), bytes, length: self.written, durable: Arc::clone(&self.durable) }
    }

    /// Makes everything written so far durable.
    pub(super) fn sync(&self) -> BoxFuture<Result<(), DiskError>> {
        let (sync, durable, written) = (self.disk.sync(WAL), Arc::clone(&self.durable), self.written);
        Box::pin(async move {
            sync.await?;
            durable.fetch_max(written, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Is everything known to be durable that was written?
    pub(super) fn is_durable(&self) -> bool {
        self.durable.load(Ordering::Relaxed) == self.written
    }

    /// The hard state, as written last.
    pub(super) fn hard_state(&self) -> &HardState {
        &self.hard_state
    }

    /// The entries found when the log was opened of which nothing proved that they had been durable before, and those after them.
    pub(super) fn unproven(&self) -> &[Entry] {
        let from = self.entries.partition_point(|entry| entry.index < self.unproven);
        self.entries.get(from..).unwrap_or_default()
    }

    /// The snapshot of `state`, that of the state machine after the entry at `index`, of `term`, under the configuration in force.
    pub(super) fn snapshot_at(&self, index: u64, term: u64, state: Vec<u8>) -> Snapshot {
        let mut snapshot = Snapshot { data: state.into(), ..Default::default() };
        *snapshot.mut_metadata() =
            SnapshotMetadata { index, term, conf_state: Some(self.conf_state.clone()).into(), ..Default::default() };
        snapshot
    }

    /// Keeps `snapshot` as the latest. Durable when the future is done.
    pub(super) fn keep(&mut self, snapshot: Snapshot) -> BoxFuture<Result<(), DiskError>> {
        self.snapshot = snapshot;
        self.disk.replace(SNAPSHOT, self.encoded_snapshot())
    }

    /// Cuts the log at its front, up to `tail` entries before the latest snapshot, which must be durable. Done when the future is;
    /// `None` if there is nothing to cut. Whatever was staged is in the new file, and must not be written again.
    pub(super) fn compact(&mut self, tail: u64) -> Option<BoxFuture<Result<(), DiskError>>> {
        let last_cut = self.snapshot.get_metadata().index.saturating_sub(tail);
        let term = self.term(last_cut).ok()?;
        let cut = usize::try_from(last_cut.checked_sub(self.base.index)?).ok()?;
        if cut == 0 {
            return None;
        }
        self.entries.drain(..cut);
        self.base = Position { index: last_cut, term };
        let (log, durable) = self.rewritten();
        let (replace, length) = (self.disk.replace(WAL, log), self.written);
        Some(Box::pin(async move {
            replace.await?;
            durable.fetch_max(length, Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Puts a snapshot that came from the leader in the place of log, snapshot and configuration. Durable once the future of
    /// [`LogStore::replace`] is done.
    pub(super) fn adopt(&mut self, snapshot: Snapshot, hard_state: Option<HardState>) {
        self.hard_state = hard_state.unwrap_or_else(|| self.hard_state.clone());
        self.snapshot = snapshot;
        (self.base, self.entries) = (Position::default(), Vec::new());
        self.align();
    }

    /// Puts what is here in the place of both files. Whatever was staged is among it, and must not be written again.
    pub(super) fn replace(&mut self) -> BoxFuture<Result<(), DiskError>> {
        let (disk, snapshot) = (Arc::clone(&self.disk), self.encoded_snapshot());
        let (log, durable) = self.rewritten();
        let length = self.written;
        Box::pin(async move {
            disk.replace(SNAPSHOT, snapshot).await?;
            disk.replace(WAL, log).await?;
            durable.fetch_max(length, Ordering::Relaxed);
            Ok(())
        })
    }

    /// The latest snapshot, if there is one.
    pub(super) fn latest_snapshot(&self) -> Option<&Snapshot> {
        Some(&self.snapshot).filter(|snapshot| snapshot.get_metadata().index > 0)
    }

    /// Was a snapshot asked for that the latest one is not? Asks once.
    pub(super) fn take_wanted(&self) -> bool {
        self.wanted.swap(false, Ordering::Relaxed)
    }

    /// Has this node ever taken part in an election, or followed a leader?
    pub(super) fn is_fresh(&self) -> bool {
        self.hard_state == HardState::default()
    }

    /// Has this node ever voted, in the term that it is in?
    pub(super) fn has_voted(&self) -> bool {
        self.hard_state.vote != INVALID_ID
    }

    /// Is `node` the group's only voter, by the configuration that is known to be in force and by every change in the log?
    pub(super) fn is_only_voter(&self, node: NodeId) -> bool {
        let alone = self.conf_state.voters == [node.0] && !self.is_joint();
        alone && !self.entries.iter().any(is_change)
    }

    /// The configuration in force.
    pub(super) fn conf_state(&self) -> &ConfState {
        &self.conf_state
    }

    /// A change of configuration was applied.
    pub(super) fn set_conf_state(&mut self, conf_state: ConfState) {
        self.conf_state = conf_state;
    }

    /// Is the configuration in force joint?
    pub(super) fn is_joint(&self) -> bool {
        !self.conf_state.voters_outgoing.is_empty()
    }

    /// Has `node` a vote, by the configuration in force?
    pub(super) fn has_vote(&self, node: NodeId) -> bool {
        let ConfState { voters, voters_outgoing, .. } = &self.conf_state;
        voters.contains(&node.0) || voters_outgoing.contains(&node.0)
    }

    /// The members, by the configuration in force.
    pub(super) fn membership(&self) -> Membership {
        let nodes = |ids: &[u64]| {
            let mut nodes: Vec<NodeId> = ids.iter().copied().map(NodeId).collect();
            nodes.sort_unstable();
            nodes
        };
        let ConfState { voters, voters_outgoing, learners, .. } = &self.conf_state;
        Membership { voters: nodes(voters), outgoing: nodes(voters_outgoing), learners: nodes(learners) }
    }

    /// Index of the first entry after `index` that changes the configuration.
    pub(super) fn first_change_after(&self, index: u64) -> Option<u64> {
        let skip = usize::try_from(index.saturating_sub(self.base.index)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip).find(|entry| is_change(entry)).map(|entry| entry.index)
    }

    fn insert(&mut self, entry: Entry) {
        let keep = usize::try_from((entry.index - 1).saturating_sub(self.base.index)).unwrap_or(usize::MAX);
        self.entries.truncate(keep);
        debug_assert_eq!(self.entries.len(), keep, "the log has no gap before index {}", entry.index);
        self.entries.push(entry);
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        if self.scratch.is_empty() {
            return Ok(());
        }
        let length = self.scratch.len() as u64;
        let written = self.disk.append(WAL, &self.scratch);
        self.scratch.clear();
        self.written += length;
        written
    }

    fn encoder(&mut self) -> Encoder<'_> {
        Encoder { durable: self.durable.load(Ordering::Relaxed), out: &mut self.scratch }
    }

    fn encoded_snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        Encoder { durable: 0, out: &mut bytes }.snapshot(&self.snapshot);
        bytes
    }

    /// The log as a new file, and what will say how much of it is durable.
    fn rewritten(&mut self) -> (Vec<u8>, Arc<AtomicU64>) {
        let log = self.encoded_log();
        (self.written, self.durable) = (log.len() as u64, Arc::default());
        (log, Arc::clone(&self.durable))
    }

    fn encoded_log(&self) -> Vec<u8> {
        let Position { index, term } = self.base;
        let mut bytes = Vec::new();
        let mut encoder = Encoder { durable: 0, out: &mut bytes };
        encoder.base(&SnapshotMetadata { index, term, ..Default::default() });
        encoder.hard_state(&self.hard_state);
        self.entries.iter().for_each(|entry| encoder.entry(entry));
        bytes
    }

    /// Where the entry of `index` stands; that of the last one before the first is refused as compacted.
    fn place(&self, index: u64) -> raft::Result<usize> {
        let after = index.checked_sub(self.base.index + 1).ok_or(raft::Error::Store(StorageError::Compacted))?;
        usize::try_from(after).map_err(|_| raft::Error::Store(StorageError::Unavailable))
    }
}

/// Does this entry change the configuration?
pub(super) fn is_change(entry: &Entry) -> bool {
    match entry.entry_type {
        EntryType::EntryConfChange | EntryType::EntryConfChangeV2 => true,
        EntryType::EntryNormal => false,
    }
}

fn read_snapshot(disk: &dyn Disk) -> Result<Snapshot, Error> {
    let bytes = disk.read(SNAPSHOT)?;
    if bytes.is_empty() {
        return Ok(Snapshot::default());
    }
    let decoded = decode(&bytes).map_err(|Damaged| Error::Damaged)?;
    match decoded.records.into_iter().next_back() {
        Some((_, Record::Snapshot(snapshot))) => Ok(snapshot),
        Some(_) | None => Err(Error::Damaged),
    }
}

/// The vote, and in which term.
fn position(metadata: &SnapshotMetadata) -> Position {
    Position { index: metadata.index, term: metadata.term }
}

fn conf_state(members: &Membership) -> ConfState {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.0).collect();
    ConfState { voters: ids(&members.voters), learners: ids(&members.learners), ..Default::default() }
}

impl Storage for LogStore {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState::new(self.hard_state.clone(), self.conf_state.clone()))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        let slice = self.entries.get(self.place(low)?..self.place(high)?);
        let mut entries = slice.ok_or(raft::Error::Store(StorageError::Unavailable))?.to_vec();
        raft::util::limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.base.index {
            return Ok(self.base.term);
        }
        let entry = self.entries.get(self.place(index)?);
        entry.map(|entry| entry.term).ok_or(raft::Error::Store(StorageError::Unavailable))
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.base.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.base.index + self.entries.len() as u64)
    }

    /// The latest snapshot, if it will do: one without the receiver among its members is refused by the receiver (a node that was
    /// added since). The engine then takes another.
    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let ConfState { voters, voters_outgoing, learners, .. } = self.snapshot.get_metadata().get_conf_state();
        let has_receiver = [voters, voters_outgoing, learners].iter().any(|nodes| nodes.contains(&to));
        if has_receiver && self.snapshot.get_metadata().index >= request_index {
            return Ok(self.snapshot.clone());
        }
        self.wanted.store(true, Ordering::Relaxed);
        Err(raft::Error::Store(StorageError::SnapshotTemporarilyUnavailable))
    }
}

#[cfg(test)]
mod tests;
