//! The MVCC store and its write-conflict detection.
//!
//! Until the hybrid logical clock comes, the version of a value is the Raft index of the entry that wrote it. A transaction
//! names the snapshot that it read from; it is refused at apply if a key that it read or writes has changed since
//! (optimistic concurrency control, as elastickv's FSM does it). A refusal is an answer, not a failure: the entry is committed,
//! every replica decides alike.
//!
//! Of each key the newest version is kept, and those that a [`Snapshot`] in use may read. A snapshot of the state machine has the newest
//! ones alone: they decide alike, and whoever read from before it is told to read anew ([`Snapshot::read`]).

mod command;

use crate::engine::{Malformed, StateMachine};
use crate::request::{Key, Read, Value, Version};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use command::{Command, Verdict};

/// The keys of a group, on one replica.
#[derive(Default)]
pub struct Store {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    versions: BTreeMap<Key, Vec<(Version, Value)>>,
    /// Index of the last entry that was applied.
    last: Version,
    /// Nothing is known of what was overwritten up to this index: the state machine went on from a snapshot.
    forgotten: Version,
    /// How many snapshots of each version are in use.
    in_use: BTreeMap<Version, usize>,
}

/// What a snapshot of the state machine holds.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// The newest version of each key.
    newest: BTreeMap<Key, (Version, Value)>,
    /// Index of the last entry that was applied.
    last: Version,
}

/// The store as it was at one version. What it may read is kept until it is dropped.
pub struct Snapshot<'a> {
    store: &'a Store,
    version: Version,
}

/// The key was written after the snapshot, and what it was before is not known any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overwritten {
    /// The version that the key has now.
    pub latest: Version,
}

impl Store {
    /// The newest version of everything: reads at it see all that is applied.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let mut state = self.state.lock();
        let version = state.last;
        *state.in_use.entry(version).or_default() += 1;
        Snapshot { store: self, version }
    }

    /// The newest value of `key`.
    pub fn read(&self, key: &str) -> Read {
        self.state.lock().newest(key)
    }
}

impl Snapshot<'_> {
    /// Index of the last entry in it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The value that `key` had then.
    ///
    /// # Errors
    /// [`Overwritten`]: the replica has gone on from a leader's snapshot since, in which the key is newer. A transaction that reads from
    /// here would be refused.
    pub fn read(&self, key: &str) -> Result<Read, Overwritten> {
        self.store.state.lock().read_at(key, self.version)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let mut state = self.store.state.lock();
        if let Some(users) = state.in_use.get_mut(&self.version) {
            *users -= 1;
            if *users == 0 {
                state.in_use.remove(&self.version);
            }
        }
    }
}

impl State {
    fn newest(&self, key: &str) -> Read {
        self.versions.get(key).and_then(|versions| versions.last()).map_or_else(Read::default, read)
    }

    fn read_at(&self, key: &str, snapshot: Version) -> Result<Read, Overwritten> {
        let Some(versions) = self.versions.get(key) else {
            return Ok(Read::default());
        };
        let newer = versions.partition_point(|(version, _)| *version <= snapshot);
        match newer.checked_sub(1) {
            Some(position) => Ok(read(&versions[position])),
            None if snapshot < self.forgotten => Err(Overwritten { latest: self.latest(key) }),
            None => Ok(Read::default()),
        }
    }

    fn latest(&self, key: &str) -> Version {
        self.versions.get(key).and_then(|versions| versions.last()).map_or(0, |(version, _)| *version)
    }

    /// Writes the newest version, and drops those that nobody can read any more.
    fn write(&mut self, key: Key, version: Version, value: Value) -> Verdict {
        let oldest = self.in_use.keys().next().copied().unwrap_or(version);
        let versions = self.versions.entry(key).or_default();
        versions.push((version, value));
        let unread = versions.partition_point(|(version, _)| *version <= oldest).saturating_sub(1);
        versions.drain(..unread);
        Verdict::Written
    }

    fn apply(&mut self, index: Version, command: Command) -> Verdict {
        self.last = index;
        match command {
            Command::Put { key, value } => self.write(key, index, value),
            Command::Cas { key, expected, value } => {
                let current = self.newest(&key);
                if current.value == expected {
                    self.write(key, index, value)
                } else {
                    Verdict::Unexpected { value: current.value, version: current.version }
                }
            }
            Command::Transaction { snapshot, reads, key, value } => match self.changed_since(snapshot, &reads, &key) {
                Some((key, latest)) => Verdict::Conflict { key, latest },
                None => self.write(key, index, value),
            },
        }
    }

    /// The first key of a transaction that has changed since its snapshot.
    fn changed_since(&self, snapshot: Version, reads: &[Key], written: &Key) -> Option<(Key, Version)> {
        let mut latest = reads.iter().chain([written]).map(|key| (key, self.latest(key)));
        latest.find(|(_, latest)| *latest > snapshot).map(|(key, latest)| (key.clone(), latest))
    }
}

impl StateMachine for Store {
    fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
        let verdict = match Command::decode(command) {
            Some(command) => self.state.lock().apply(index, command),
            None => Verdict::Malformed,
        };
        verdict.encode()
    }

    fn save(&self) -> Vec<u8> {
        let state = self.state.lock();
        let newest = state.versions.iter().filter_map(|(key, versions)| Some((key.clone(), versions.last()?.clone())));
        let saved = Saved { newest: newest.collect(), last: state.last };
        postcard::to_allocvec(&saved).expect("encoding plain data to memory cannot fail")
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        let Saved { newest, last } = postcard::from_bytes(state).map_err(|_| Malformed)?;
        let mut state = self.state.lock();
        state.versions = newest.into_iter().map(|(key, version)| (key, vec![version])).collect();
        (state.last, state.forgotten) = (last, last);
        Ok(())
    }
}

fn read((version, value): &(Version, Value)) -> Read {
    Read { value: Some(value.clone()), version: *version }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Store, index: u64, key: &str, value: &[u8]) {
        let command = Command::Put { key: key.into(), value: value.to_vec() };
        assert_eq!(apply(store, index, command), Verdict::Written);
    }

    fn apply(store: &Store, index: u64, command: Command) -> Verdict {
        Verdict::decode(&StateMachine::apply(store, index, &command.encode())).unwrap()
    }

    fn transaction(snapshot: Version, reads: &[&str], key: &str) -> Command {
        let reads = reads.iter().map(|key| Key::from(*key)).collect();
        Command::Transaction { snapshot, reads, key: key.into(), value: b"new".to_vec() }
    }

    #[test]
    fn a_read_at_a_snapshot_sees_the_newest_version_not_after_it() {
        let store = Store::default();
        let before = store.snapshot();
        put(&store, 3, "a", b"three");
        let between = store.snapshot();
        put(&store, 5, "a", b"five");
        assert_eq!((before.version(), before.read("a")), (0, Ok(Read::default())));
        assert_eq!(between.read("a"), Ok(Read { value: Some(b"three".to_vec()), version: 3 }));
        assert_eq!(store.read("a"), Read { value: Some(b"five".to_vec()), version: 5 });
    }

    fn versions_of(store: &Store, key: &str) -> Vec<Version> {
        store.state.lock().versions[key].iter().map(|(version, _)| *version).collect()
    }

    #[test]
    fn of_a_key_that_nobody_reads_the_newest_version_is_kept_alone() {
        let store = Store::default();
        (1..=100).for_each(|index| put(&store, index, "a", b"new"));
        assert_eq!(versions_of(&store, "a"), [100]);
    }

    #[test]
    fn what_the_oldest_snapshot_in_use_may_read_is_kept_until_that_is_dropped() {
        let store = Store::default();
        (1..=3).for_each(|index| put(&store, index, "a", b"new"));
        let [oldest, same] = [store.snapshot(), store.snapshot()];
        put(&store, 4, "a", b"new");
        let newest = store.snapshot();
        (5..=7).for_each(|index| put(&store, index, "a", b"new"));
        drop(oldest);
        put(&store, 8, "a", b"new");
        assert_eq!(versions_of(&store, "a"), [3, 4, 5, 6, 7, 8]);
        drop(same);
        put(&store, 9, "a", b"new");
        assert_eq!(versions_of(&store, "a"), [4, 5, 6, 7, 8, 9]);
        drop(newest);
        put(&store, 10, "a", b"new");
        assert_eq!(versions_of(&store, "a"), [10]);
        assert!(store.state.lock().in_use.is_empty());
    }

    #[test]
    fn a_transaction_conflicts_if_a_key_it_read_has_changed_since_its_snapshot() {
        let store = Store::default();
        put(&store, 3, "a", b"three");
        let verdict = apply(&store, 4, transaction(2, &["a"], "b"));
        assert_eq!(verdict, Verdict::Conflict { key: "a".into(), latest: 3 });
        assert_eq!(store.read("b"), Read::default());
    }

    #[test]
    fn a_transaction_conflicts_if_the_key_it_writes_has_changed_since_its_snapshot() {
        let store = Store::default();
        put(&store, 3, "b", b"three");
        assert!(matches!(apply(&store, 4, transaction(2, &["a"], "b")), Verdict::Conflict { .. }));
    }

    #[test]
    fn a_transaction_whose_keys_are_as_it_read_them_is_written_at_its_index() {
        let store = Store::default();
        put(&store, 3, "a", b"three");
        assert_eq!(apply(&store, 4, transaction(3, &["a"], "b")), Verdict::Written);
        assert_eq!(store.read("b").version, 4);
    }

    #[test]
    fn compare_and_set_writes_only_over_the_expected_value() {
        let store = Store::default();
        let cas = |expected: Option<&[u8]>| Command::Cas {
            key: "a".into(),
            expected: expected.map(<[u8]>::to_vec),
            value: b"new".to_vec(),
        };
        assert_eq!(apply(&store, 1, cas(Some(b"old"))), Verdict::Unexpected { value: None, version: 0 });
        assert_eq!(apply(&store, 2, cas(None)), Verdict::Written);
    }

    #[test]
    fn a_restored_store_has_the_newest_of_every_key_and_refuses_the_same_transactions() {
        let saved = Store::default();
        put(&saved, 3, "a", b"three");
        let in_use = saved.snapshot();
        put(&saved, 5, "a", b"five");
        let store = Store::default();
        put(&store, 1, "z", b"what was there is gone");
        store.restore(&saved.save()).unwrap();
        assert_eq!((store.snapshot().version(), store.read("z")), (5, Read::default()));
        assert_eq!(store.read("a"), Read { value: Some(b"five".to_vec()), version: 5 });
        assert!(matches!(apply(&store, 6, transaction(4, &["a"], "b")), Verdict::Conflict { .. }));
        apply(&saved, 6, transaction(4, &["a"], "b"));
        assert_eq!(store.save(), saved.save(), "who reads from one of them is not in it");
        drop(in_use);
    }

    #[test]
    fn who_read_from_before_a_restored_state_is_told_which_keys_are_newer_in_it() {
        let leaders = Store::default();
        put(&leaders, 2, "a", b"two");
        put(&leaders, 5, "b", b"five");
        let store = Store::default();
        put(&store, 2, "a", b"two");
        put(&store, 3, "b", b"three");
        let snapshot = store.snapshot();
        store.restore(&leaders.save()).unwrap();
        assert_eq!(snapshot.read("a"), Ok(Read { value: Some(b"two".to_vec()), version: 2 }));
        assert_eq!(snapshot.read("b"), Err(Overwritten { latest: 5 }));
        assert_eq!(snapshot.read("c"), Ok(Read::default()));
        put(&store, 6, "c", b"six");
        assert_eq!(store.snapshot().read("c"), Ok(Read { value: Some(b"six".to_vec()), version: 6 }));
    }

    #[test]
    fn bytes_that_are_no_state_change_nothing() {
        let store = Store::default();
        put(&store, 3, "a", b"three");
        assert_eq!(store.restore(&[0xff]), Err(Malformed));
        assert_eq!(store.read("a").version, 3);
    }

    #[test]
    fn bytes_that_are_no_command_change_nothing() {
        let store = Store::default();
        let verdict = Verdict::decode(&StateMachine::apply(&store, 1, &[0xff, 0xff])).unwrap();
        assert_eq!(verdict, Verdict::Malformed);
    }
}
