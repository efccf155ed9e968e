//! The Raft log on disk.
//!
//! [`LogStore`] is what `raft` reads: everything written, durable or not. Beside it goes a write-ahead log ([`wal`]); what has
//! been written to it survives a crash only after [`LogStore::sync`] has completed. The engine sends nothing that promises
//! durability before that. Compaction and snapshots will cut the log at its front; until then its first index is 1.

mod wal;

use crate::env::{BoxFuture, Disk, DiskError, NodeId};
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};
use std::sync::Arc;
use wal::Record;

/// Name of the write-ahead log on the node's disk.
const WAL: &str = "raft.wal";

/// The Raft log, hard state and configuration of one group on one node.
pub struct LogStore {
    disk: Arc<dyn Disk>,
    hard_state: HardState,
    conf_state: ConfState,
    /// Entry `i` has index `i + 1`.
    entries: Vec<Entry>,
    scratch: Vec<u8>,
}

impl LogStore {
    /// Opens the log on `disk`; a node that has none yet begins with `voters`.
    ///
    /// A torn record at the end of the file is what a crash in the middle of a write leaves: it is cut off.
    ///
    /// # Errors
    /// The disk failed.
    pub fn open(disk: Arc<dyn Disk>, voters: &[NodeId]) -> Result<Self, DiskError> {
        let bytes = disk.read(WAL)?;
        let (records, sound) = wal::decode(&bytes);
        if sound < bytes.len() {
            disk.truncate(WAL, sound as u64)?;
        }
        let mut store = Self {
            disk,
            hard_state: HardState::default(),
            conf_state: ConfState::default(),
            entries: Vec::new(),
            scratch: Vec::new(),
        };
        let fresh = records.is_empty();
        for record in records {
            match record {
                Record::HardState(state) => store.hard_state = state,
                Record::ConfState(state) => store.conf_state = state,
                Record::Entry(entry) => store.insert(entry),
            }
        }
        if fresh {
            store.conf_state.voters = voters.iter().map(|node| node.0).collect();
            wal::encode_conf_state(&store.conf_state, &mut store.scratch);
            store.flush()?;
        }
        Ok(store)
    }

    /// Writes entries and, if it changed, the hard state. Entries from the first new index on are replaced.
    ///
    /// # Errors
    /// The disk failed.
    pub fn append(&mut self, entries: Vec<Entry>, hard_state: Option<HardState>) -> Result<(), DiskError> {
        for entry in entries {
            wal::encode_entry(&entry, &mut self.scratch);
            self.insert(entry);
        }
        if let Some(state) = hard_state {
            wal::encode_hard_state(&state, &mut self.scratch);
            self.hard_state = state;
        }
        self.flush()
    }

    /// Notes the commit index. It need not be durable: it is found again from the leader.
    pub fn commit(&mut self, index: u64) {
        self.hard_state.commit = index;
    }

    /// Makes everything written so far durable.
    pub fn sync(&self) -> BoxFuture<Result<(), DiskError>> {
        self.disk.sync(WAL)
    }

    /// Has this node ever taken part in an election, or followed a leader?
    pub fn is_fresh(&self) -> bool {
        self.hard_state == HardState::default()
    }

    /// The configuration in force.
    pub fn conf_state(&self) -> &ConfState {
        &self.conf_state
    }

    fn insert(&mut self, entry: Entry) {
        let keep = usize::try_from(entry.index.saturating_sub(1)).unwrap_or(usize::MAX);
        self.entries.truncate(keep);
        debug_assert_eq!(self.entries.len(), keep, "the log has no gap before index {}", entry.index);
        self.entries.push(entry);
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        if self.scratch.is_empty() {
            return Ok(());
        }
        let written = self.disk.append(WAL, &self.scratch);
        self.scratch.clear();
        written
    }

    fn position(index: u64) -> Option<usize> {
        usize::try_from(index.checked_sub(1)?).ok()
    }
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
        let range = Self::position(low).zip(Self::position(high));
        let slice = range.and_then(|(low, high)| self.entries.get(low..high));
        let mut entries = slice.ok_or(raft::Error::Store(StorageError::Unavailable))?.to_vec();
        raft::util::limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == 0 {
            return Ok(0);
        }
        let entry = Self::position(index).and_then(|position| self.entries.get(position));
        entry.map(|entry| entry.term).ok_or(raft::Error::Store(StorageError::Unavailable))
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.entries.len() as u64)
    }

    fn snapshot(&self, _request_index: u64, _to: u64) -> raft::Result<Snapshot> {
        // The log is never cut, so no follower can need one; see the module's head.
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
    }

    fn entry(index: u64, term: u64) -> Entry {
        Entry { index, term, data: vec![index as u8; 3].into(), ..Default::default() }
    }

    fn reopen(files: &Arc<Files>) -> LogStore {
        LogStore::open(Arc::clone(files) as Arc<dyn Disk>, &[NodeId(1), NodeId(2)]).unwrap()
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

    #[test]
    fn a_flipped_bit_ends_the_log_there() {
        let files = Arc::new(Files::default());
        reopen(&files).append(vec![entry(1, 1)], None).unwrap();
        let sound = files.0.lock()[WAL].len();
        reopen(&files).append(vec![entry(2, 1)], None).unwrap();
        files.0.lock().get_mut(WAL).unwrap()[sound + 10] ^= 1;
        assert_eq!(reopen(&files).entries, [entry(1, 1)]);
    }
}
