//! The Raft log and the snapshot that stands in for its beginning, on disk.
//!
//! [`LogStore`] is what `raft` reads: everything written, durable or not. Beside it goes a write-ahead log ([`wal`]); what has
//! been written to it survives a crash only after [`LogStore::sync`] has completed. The engine sends nothing that promises
//! durability before that.
//!
//! A snapshot is durable before the log is cut ([`LogStore::keep`], then [`LogStore::compact`]), and each file is replaced as a
//! whole: a crash in between leaves a log that overlaps the snapshot, or, where the snapshot came from the leader, one that
//! ends before it and is then dropped ([`LogStore::open`]). What the log no longer has, a follower gets as the snapshot.
//!
//! The configuration is not a record of its own: that at the snapshot is in the snapshot, changes after it are entries. A node that
//! starts again applies them anew, up to a commit index that is durable with every entry after it ([`LogStore::commit`]).

mod wal;

use crate::env::{BoxFuture, Disk, DiskError, NodeId};
use crate::error::Error;
use crate::observe::Membership;
use raft::eraftpb::{ConfState, Entry, EntryType, HardState, Snapshot, SnapshotMetadata};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wal::{Encoder, Record};

/// Name of the write-ahead log on the node's disk.
const WAL: &str = "raft.wal";

/// Name of the snapshot on the node's disk.
const SNAPSHOT: &str = "raft.snapshot";

/// The Raft log, hard state, snapshot and configuration of one group on one node.
pub struct LogStore {
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
    pub fn open(disk: Arc<dyn Disk>, founders: &Membership) -> Result<Self, Error> {
        let bytes = disk.read(WAL)?;
        let decoded = wal::decode(&bytes).map_err(|wal::Damaged| Error::Damaged)?;
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

    /// Writes entries and, if it changed, the hard state. Entries from the first new index on are replaced.
    ///
    /// # Errors
    /// The disk failed.
    pub fn append(&mut self, entries: Vec<Entry>, hard_state: Option<HardState>) -> Result<(), DiskError> {
        for entry in entries {
            self.encoder().entry(&entry);
            self.insert(entry);
        }
        if let Some(state) = hard_state {
            rule!(VoteDurable => self.encoder().hard_state(&state));
            self.hard_state = state;
        }
        self.flush()
    }

    /// Notes the commit index. It is durable at the latest with the next entry, so that nobody who has a change of membership
    /// in its log forgets that the change before it is in force: it would hold an election by a configuration two changes old,
    /// and that of one voter need not ask anybody.
    ///
    /// # Errors
    /// The disk failed.
    pub fn commit(&mut self, index: u64) -> Result<(), DiskError> {
        self.hard_state.commit = index;
        let state = self.hard_state.clone();
        self.encoder().hard_state(&state);
        self.flush()
    }

    /// Makes everything written so far durable.
    pub fn sync(&self) -> BoxFuture<Result<(), DiskError>> {
        let (sync, durable, written) = (self.disk.sync(WAL), Arc::clone(&self.durable), self.written);
        Box::pin(async move {
            sync.await?;
            durable.fetch_max(written, Ordering::Relaxed);
            Ok(())
        })
    }

    /// The hard state, as written last.
    pub fn hard_state(&self) -> &HardState {
        &self.hard_state
    }

    /// The entries found when the log was opened of which nothing proved that they had been durable before, and those after them.
    pub fn unproven(&self) -> &[Entry] {
        let from = self.entries.partition_point(|entry| entry.index < self.unproven);
        self.entries.get(from..).unwrap_or_default()
    }

    /// The snapshot of `state`, that of the state machine after the entry at `index`, of `term`, under the configuration in force.
    pub fn snapshot_at(&self, index: u64, term: u64, state: Vec<u8>) -> Snapshot {
        let mut snapshot = Snapshot { data: state.into(), ..Default::default() };
        *snapshot.mut_metadata() =
            SnapshotMetadata { index, term, conf_state: Some(self.conf_state.clone()).into(), ..Default::default() };
        snapshot
    }

    /// Keeps `snapshot` as the latest. Durable when the future is done.
    pub fn keep(&mut self, snapshot: Snapshot) -> BoxFuture<Result<(), DiskError>> {
        self.snapshot = snapshot;
        self.disk.replace(SNAPSHOT, self.encoded_snapshot())
    }

    /// Cuts the log at its front, up to `tail` entries before the latest snapshot, which must be durable. Done when the future is;
    /// `None` if there is nothing to cut.
    pub fn compact(&mut self, tail: u64) -> Option<BoxFuture<Result<(), DiskError>>> {
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

    /// Puts a snapshot that came from the leader in the place of log, snapshot and configuration. Durable when the future is done.
    pub fn install(&mut self, snapshot: Snapshot, hard_state: Option<HardState>) -> BoxFuture<Result<(), DiskError>> {
        self.hard_state = hard_state.unwrap_or_else(|| self.hard_state.clone());
        self.snapshot = snapshot;
        (self.base, self.entries) = (Position::default(), Vec::new());
        self.align();
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
    pub fn latest_snapshot(&self) -> Option<&Snapshot> {
        Some(&self.snapshot).filter(|snapshot| snapshot.get_metadata().index > 0)
    }

    /// Was a snapshot asked for that the latest one is not? Asks once.
    pub fn take_wanted(&self) -> bool {
        self.wanted.swap(false, Ordering::Relaxed)
    }

    /// Has this node ever taken part in an election, or followed a leader?
    pub fn is_fresh(&self) -> bool {
        self.hard_state == HardState::default()
    }

    /// Is `node` the group's only voter, by the configuration that is known to be in force and by every change in the log?
    pub fn is_only_voter(&self, node: NodeId) -> bool {
        let alone = self.conf_state.voters == [node.0] && !self.is_joint();
        alone && !self.entries.iter().any(is_change)
    }

    /// The configuration in force.
    pub fn conf_state(&self) -> &ConfState {
        &self.conf_state
    }

    /// A change of configuration was applied.
    pub fn set_conf_state(&mut self, conf_state: ConfState) {
        self.conf_state = conf_state;
    }

    /// Is the configuration in force joint?
    pub fn is_joint(&self) -> bool {
        !self.conf_state.voters_outgoing.is_empty()
    }

    /// Has `node` a vote, by the configuration in force?
    pub fn has_vote(&self, node: NodeId) -> bool {
        let ConfState { voters, voters_outgoing, .. } = &self.conf_state;
        voters.contains(&node.0) || voters_outgoing.contains(&node.0)
    }

    /// The members, by the configuration in force.
    pub fn membership(&self) -> Membership {
        let nodes = |ids: &[u64]| {
            let mut nodes: Vec<NodeId> = ids.iter().copied().map(NodeId).collect();
            nodes.sort_unstable();
            nodes
        };
        let ConfState { voters, voters_outgoing, learners, .. } = &self.conf_state;
        Membership { voters: nodes(voters), outgoing: nodes(voters_outgoing), learners: nodes(learners) }
    }

    /// Index of the first entry after `index` that changes the configuration.
    pub fn first_change_after(&self, index: u64) -> Option<u64> {
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
pub fn is_change(entry: &Entry) -> bool {
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
    let decoded = wal::decode(&bytes).map_err(|wal::Damaged| Error::Damaged)?;
    match decoded.records.into_iter().next_back() {
        Some((_, Record::Snapshot(snapshot))) => Ok(snapshot),
        Some(_) | None => Err(Error::Damaged),
    }
}

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
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Files(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Disk for Files {
        fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
            Ok(self.0.lock().get(file).cloned().unwrap_or_default())
        }
        fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
            self.0.lock().entry(file.into()).or_default().extend_from_slice(bytes);
            Ok(())
        }
        fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
            self.0.lock().entry(file.into()).or_default().truncate(length as usize);
            Ok(())
        }
        fn sync(&self, _file: &str) -> BoxFuture<Result<(), DiskError>> {
            Box::pin(std::future::ready(Ok(())))
        }
        fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
            self.0.lock().insert(file.into(), bytes);
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn entry(index: u64, term: u64) -> Entry {
        Entry { index, term, data: vec![index as u8; 3].into(), ..Default::default() }
    }

    fn reopen(files: &Arc<Files>) -> LogStore {
        LogStore::open(Arc::clone(files) as Arc<dyn Disk>, &founders()).unwrap()
    }

    fn founders() -> Membership {
        Membership { voters: vec![NodeId(1), NodeId(2)], learners: vec![NodeId(3)], ..Default::default() }
    }

    /// Has entries 1 to 6 of term 1, of which 4 are applied and in a snapshot.
    fn kept(files: &Arc<Files>) -> LogStore {
        let mut store = reopen(files);
        let state = HardState { term: 1, vote: 2, commit: 4, ..Default::default() };
        store.append((1..=6).map(|index| entry(index, 1)).collect(), Some(state)).unwrap();
        drop(store.keep(store.snapshot_at(4, 1, b"four".to_vec())));
        store
    }

    fn from_leader(index: u64, term: u64) -> Snapshot {
        let mut snapshot = Snapshot { data: b"theirs".to_vec().into(), ..Default::default() };
        let conf_state = ConfState { voters: vec![1, 2, 9], ..Default::default() };
        *snapshot.mut_metadata() =
            SnapshotMetadata { index, term, conf_state: Some(conf_state).into(), ..Default::default() };
        snapshot
    }

    #[test]
    fn a_compacted_log_has_a_tail_before_its_snapshot_and_is_found_again_so() {
        let files = Arc::new(Files::default());
        let mut store = kept(&files);
        assert!(store.compact(1).is_some());
        for store in [store, reopen(&files)] {
            assert_eq!((store.first_index().unwrap(), store.last_index().unwrap()), (4, 6));
            assert_eq!((store.term(3), store.term(4)), (Ok(1), Ok(1)));
            assert_eq!(store.term(2), Err(raft::Error::Store(StorageError::Compacted)));
            let read = |low, high| store.entries(low, high, None, GetEntriesContext::empty(false));
            assert_eq!(read(4, 7).unwrap(), [entry(4, 1), entry(5, 1), entry(6, 1)]);
            assert_eq!(read(3, 5), Err(raft::Error::Store(StorageError::Compacted)));
            assert_eq!(read(4, 9), Err(raft::Error::Store(StorageError::Unavailable)));
            assert_eq!(store.hard_state.commit, 4);
            assert_eq!(store.latest_snapshot().unwrap().data, b"four".as_slice());
        }
    }

    #[test]
    fn a_log_is_not_cut_where_its_tail_reaches_back_to_its_beginning() {
        let files = Arc::new(Files::default());
        assert!(kept(&files).compact(4).is_none());
        assert!(reopen(&files).compact(0).is_some());
        assert!(reopen(&files).compact(2).is_none(), "it is cut already");
    }

    #[test]
    fn a_crash_between_snapshot_and_cut_leaves_a_log_that_overlaps_the_snapshot() {
        let files = Arc::new(Files::default());
        drop(kept(&files));
        let store = reopen(&files);
        assert_eq!((store.first_index().unwrap(), store.last_index().unwrap()), (1, 6));
        assert_eq!(store.latest_snapshot().unwrap().get_metadata().index, 4);
    }

    #[test]
    fn a_snapshot_of_the_leader_replaces_log_and_configuration() {
        let files = Arc::new(Files::default());
        let state = HardState { term: 3, vote: 9, commit: 10, ..Default::default() };
        let installed = kept(&files).install(from_leader(10, 3), Some(state.clone()));
        assert_eq!(reopen(&files).last_index().unwrap(), 6, "nothing is on disk before the future runs");
        futures_done(installed);
        let mut store = reopen(&files);
        assert_eq!((store.first_index().unwrap(), store.last_index().unwrap()), (11, 10));
        assert_eq!((store.term(10), &store.hard_state), (Ok(3), &state));
        assert_eq!(store.membership().voters, [NodeId(1), NodeId(2), NodeId(9)]);
        store.append(vec![entry(11, 3)], None).unwrap();
        assert_eq!(reopen(&files).entries, [entry(11, 3)]);
    }

    #[test]
    fn a_crash_in_the_middle_of_an_installation_leaves_the_snapshot_and_drops_the_log_before_it() {
        let files = Arc::new(Files::default());
        let log = {
            kept(&files);
            files.0.lock()[WAL].clone()
        };
        futures_done(reopen(&files).install(from_leader(10, 3), None));
        files.0.lock().insert(WAL.into(), log);
        let store = reopen(&files);
        assert_eq!((store.first_index().unwrap(), store.last_index().unwrap()), (11, 10));
        assert_eq!((store.hard_state.term, store.hard_state.commit), (1, 10));
    }

    #[test]
    fn a_damaged_snapshot_is_damage() {
        let files = Arc::new(Files::default());
        drop(kept(&files));
        files.0.lock().get_mut(SNAPSHOT).unwrap()[30] ^= 1;
        assert_eq!(opened(&files), Err(Error::Damaged));
    }

    #[test]
    fn a_snapshot_without_its_receiver_is_not_sent_but_another_wanted() {
        let store = kept(&Arc::default());
        assert_eq!(store.snapshot(0, 3).unwrap().get_metadata().index, 4, "a learner of the founders");
        assert!(!store.take_wanted());
        assert!(store.snapshot(0, 7).is_err(), "it was added later");
        assert!(store.take_wanted() && !store.take_wanted());
    }

    #[test]
    fn a_commit_index_is_durable_with_what_is_synced_after_it() {
        let files = Arc::new(Files::default());
        let mut store = reopen(&files);
        store.append(vec![entry(1, 1)], None).unwrap();
        store.commit(1).unwrap();
        assert_eq!(reopen(&files).hard_state.commit, 1);
    }

    #[test]
    fn the_only_voter_is_alone_by_its_log_too() {
        let files: Arc<Files> = Arc::default();
        let alone = Membership { voters: vec![NodeId(1)], ..Default::default() };
        let mut store = LogStore::open(files as Arc<dyn Disk>, &alone).unwrap();
        assert!(store.is_only_voter(NodeId(1)) && !store.is_only_voter(NodeId(2)));
        let change = Entry { entry_type: EntryType::EntryConfChangeV2, ..entry(2, 1) };
        store.append(vec![entry(1, 1), change], None).unwrap();
        assert!(!store.is_only_voter(NodeId(1)));
        assert_eq!((store.first_change_after(0), store.first_change_after(2)), (Some(2), None));
    }

    /// Runs a future that never waits.
    fn futures_done(future: BoxFuture<Result<(), DiskError>>) {
        let mut future = future;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(future.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(())));
    }

    #[test]
    fn what_was_written_is_found_again() {
        let files = Arc::new(Files::default());
        let state = HardState { term: 3, vote: 2, commit: 1, ..Default::default() };
        reopen(&files).append(vec![entry(1, 1), entry(2, 3)], Some(state.clone())).unwrap();
        let store = reopen(&files);
        assert_eq!(store.hard_state, state);
        assert_eq!(store.entries, [entry(1, 1), entry(2, 3)]);
        assert_eq!(store.conf_state.voters, [1, 2]);
    }

    #[test]
    fn a_new_entry_replaces_those_from_its_index_on() {
        let files = Arc::new(Files::default());
        let mut store = reopen(&files);
        store.append(vec![entry(1, 1), entry(2, 1), entry(3, 1)], None).unwrap();
        store.append(vec![entry(2, 2)], None).unwrap();
        assert_eq!(reopen(&files).entries, [entry(1, 1), entry(2, 2)]);
    }

    #[test]
    fn a_torn_tail_is_cut_off_at_every_length() {
        let files = Arc::new(Files::default());
        reopen(&files).append(vec![entry(1, 1)], None).unwrap();
        let sound = files.0.lock()[WAL].len();
        reopen(&files).append(vec![entry(2, 1)], None).unwrap();
        let whole = files.0.lock()[WAL].clone();
        for length in sound..whole.len() {
            files.0.lock().insert(WAL.into(), whole[..length].to_vec());
            assert_eq!(reopen(&files).entries, [entry(1, 1)], "cut at {length} of {}", whole.len());
            assert_eq!(files.0.lock()[WAL].len(), sound);
        }
    }

    /// Three entries, each synced before the next is written; and where each begins.
    fn three_synced(files: &Arc<Files>) -> Vec<usize> {
        let mut store = reopen(files);
        let length = || files.0.lock()[WAL].len();
        let each = (1..=3).map(|index| {
            let start = length();
            store.append(vec![entry(index, 1)], None).unwrap();
            futures_done(store.sync());
            start
        });
        each.collect()
    }

    fn flip(files: &Files, at: usize) {
        files.0.lock().get_mut(WAL).unwrap()[at] ^= 1;
    }

    fn opened(files: &Arc<Files>) -> Result<usize, Error> {
        LogStore::open(Arc::clone(files) as Arc<dyn Disk>, &founders()).map(|store| store.entries.len())
    }

    #[test]
    fn a_flipped_bit_in_what_was_durable_is_damage_wherever_it_is() {
        let files = Arc::new(Files::default());
        let last = three_synced(&files)[2];
        for at in 0..last {
            flip(&files, at);
            assert_eq!(opened(&files), Err(Error::Damaged), "at {at} of {last}");
            flip(&files, at);
        }
        assert_eq!(opened(&files), Ok(3));
    }

    #[test]
    fn in_what_nothing_proves_durable_it_ends_the_log() {
        let files = Arc::new(Files::default());
        let last = three_synced(&files)[2];
        let whole = files.0.lock()[WAL].clone();
        for at in last..whole.len() {
            files.0.lock().insert(WAL.into(), whole.clone());
            flip(&files, at);
            assert_eq!(opened(&files), Ok(2), "at {at}");
        }
    }

    #[test]
    fn a_hole_in_what_was_never_synced_is_a_torn_tail_though_later_records_are_whole() {
        let files = Arc::new(Files::default());
        three_synced(&files);
        let sound = files.0.lock()[WAL].len();
        reopen(&files).append(vec![entry(4, 1), entry(5, 1), entry(6, 1)], None).unwrap();
        files.0.lock().get_mut(WAL).unwrap()[sound..sound + 9].fill(0);
        assert_eq!(opened(&files), Ok(3));
        assert_eq!(files.0.lock()[WAL].len(), sound, "and is cut off");
    }

    #[test]
    fn what_nothing_proves_durable_is_known() {
        let files = Arc::new(Files::default());
        three_synced(&files);
        let unproven =
            |files: &Arc<Files>| reopen(files).unproven().iter().map(|entry| entry.index).collect::<Vec<_>>();
        assert_eq!(unproven(&files), [3]);
        reopen(&files).append(vec![entry(2, 2), entry(3, 2)], None).unwrap();
        assert_eq!(unproven(&files), [2, 3], "those that were overwritten too");
        assert_eq!(reopen(&Arc::new(Files::default())).unproven(), []);
    }
}
