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

impl LogStore {
    /// Stages and writes.
    fn append(&mut self, entries: Vec<Entry>, hard_state: Option<HardState>) -> Result<(), DiskError> {
        let bytes = self.stage(entries, hard_state);
        self.begin_write(bytes).append()
    }

    /// Adopts a snapshot and writes it.
    fn install(&mut self, snapshot: Snapshot, hard_state: Option<HardState>) -> BoxFuture<Result<(), DiskError>> {
        self.adopt(snapshot, hard_state);
        self.replace()
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
    store.append(Vec::new(), Some(HardState { commit: 1, ..Default::default() })).unwrap();
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
    let unproven = |files: &Arc<Files>| reopen(files).unproven().iter().map(|entry| entry.index).collect::<Vec<_>>();
    assert_eq!(unproven(&files), [3]);
    reopen(&files).append(vec![entry(2, 2), entry(3, 2)], None).unwrap();
    assert_eq!(unproven(&files), [2, 3], "those that were overwritten too");
    assert_eq!(reopen(&Arc::new(Files::default())).unproven(), []);
}
