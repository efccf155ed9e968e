//! The MVCC store and its write-conflict detection.
//!
//! Until the hybrid logical clock comes, the version of a value is the Raft index of the entry that wrote it. A transaction
//! names the snapshot that it read from; it is refused at apply if a key that it read or writes has changed since
//! (optimistic concurrency control, as elastickv's FSM does it). A refusal is an answer, not a failure: the entry is committed,
//! every replica decides alike.
//!
//! All versions are kept, in a snapshot of the state machine too: a transaction or a script that began before the snapshot was
//! taken or installed finds what it would have found, and conflicts with what it would have conflicted with.

mod command;

use crate::engine::{Malformed, StateMachine};
use crate::request::{Key, Read, Value, Version};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use command::{Command, Verdict};

/// All versions of all keys of a group, on one replica.
#[derive(Default)]
pub struct Store {
    state: Mutex<State>,
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    versions: BTreeMap<Key, Vec<(Version, Value)>>,
    /// Index of the last entry that was applied.
    last: Version,
}

impl Store {
    /// The newest version of everything: reads at it see all that is applied.
    pub fn snapshot(&self) -> Version {
        self.state.lock().last
    }

    /// The newest value of `key`.
    pub fn read(&self, key: &str) -> Read {
        self.read_at(key, Version::MAX)
    }

    /// The value that `key` had at `snapshot`.
    pub fn read_at(&self, key: &str, snapshot: Version) -> Read {
        self.state.lock().read_at(key, snapshot)
    }
}

impl State {
    fn read_at(&self, key: &str, snapshot: Version) -> Read {
        let Some(versions) = self.versions.get(key) else {
            return Read::default();
        };
        let newest = versions.partition_point(|(version, _)| *version <= snapshot);
        match newest.checked_sub(1).map(|position| &versions[position]) {
            Some((version, value)) => Read { value: Some(value.clone()), version: *version },
            None => Read::default(),
        }
    }

    fn latest(&self, key: &str) -> Version {
        self.versions.get(key).and_then(|versions| versions.last()).map_or(0, |(version, _)| *version)
    }

    fn write(&mut self, key: Key, version: Version, value: Value) -> Verdict {
        self.versions.entry(key).or_default().push((version, value));
        Verdict::Written
    }

    fn apply(&mut self, index: Version, command: Command) -> Verdict {
        self.last = index;
        match command {
            Command::Put { key, value } => self.write(key, index, value),
            Command::Cas { key, expected, value } => {
                let current = self.read_at(&key, Version::MAX);
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
        postcard::to_allocvec(&*self.state.lock()).expect("encoding plain data to memory cannot fail")
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        *self.state.lock() = postcard::from_bytes(state).map_err(|_| Malformed)?;
        Ok(())
    }
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
        put(&store, 3, "a", b"three");
        put(&store, 5, "a", b"five");
        assert_eq!(store.read_at("a", 2), Read::default());
        assert_eq!(store.read_at("a", 4), Read { value: Some(b"three".to_vec()), version: 3 });
        assert_eq!(store.read("a"), Read { value: Some(b"five".to_vec()), version: 5 });
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
    fn a_restored_store_has_every_version_and_refuses_the_same_transactions() {
        let saved = Store::default();
        put(&saved, 3, "a", b"three");
        put(&saved, 5, "a", b"five");
        let store = Store::default();
        put(&store, 1, "z", b"what was there is gone");
        store.restore(&saved.save()).unwrap();
        assert_eq!((store.snapshot(), store.read("z")), (5, Read::default()));
        assert_eq!(store.read_at("a", 4), Read { value: Some(b"three".to_vec()), version: 3 });
        assert!(matches!(apply(&store, 6, transaction(4, &["a"], "b")), Verdict::Conflict { .. }));
        assert_eq!(store.save(), {
            apply(&saved, 6, transaction(4, &["a"], "b"));
            saved.save()
        });
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
