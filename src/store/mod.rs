//! The MVCC store and its write-conflict detection.
//!
//! Until the hybrid logical clock comes, the version of a value is the Raft index of the entry that wrote it. A transaction
//! names the snapshot that it read from; it is refused at apply if a key that it read or writes has changed since
//! (optimistic concurrency control, as elastickv's FSM does it). A refusal is an answer, not a failure: the entry is committed,
//! every replica decides alike.
//!
//! Of each key the newest version is kept, and those that a [`Snapshot`] in use may read. A snapshot of the state machine has the newest
//! ones alone: they decide alike, and whoever read from before it is told to read anew ([`Snapshot::read`]).
//!
//! A delete leaves a *tombstone*: a version without a value. It stays, as the newest of its key, in snapshots of the state machine
//! too: without it the key's version would go back to 0, a transaction that has read the key from before the delete would not be refused,
//! and of two replicas one would refuse and the other not, as the one was given a snapshot and the other the log. Nobody collects
//! tombstones yet.

mod command;

use crate::engine::{Malformed, StateMachine};
use crate::request::{Entry, Key, KeyRange, Read, Value, Version};
use crate::rules::{Rule, at_most};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Bound;

use command::encode;
pub use command::{Command, Verdict};

/// The keys of a group, on one replica.
#[derive(Default)]
pub struct Store {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    versions: BTreeMap<Key, Vec<Held>>,
    /// Index of the last entry that was applied.
    last: Version,
    /// Nothing is known of what was overwritten up to this index: the state machine went on from a snapshot.
    forgotten: Version,
    /// How many snapshots of each version are in use.
    in_use: BTreeMap<Version, usize>,
}

/// What a key holds from a version on: a value; `None`: a tombstone.
type Held = (Version, Option<Value>);

/// What a snapshot of the state machine holds, and behind it the newest version of each key that has been deleted, if there is one: what was
/// saved before there were deletes can be restored still.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// The newest version of each key that has a value.
    newest: BTreeMap<Key, (Version, Value)>,
    /// Index of the last entry that was applied.
    last: Version,
}

/// The newest version of each key that has been deleted.
type Tombstones = BTreeMap<Key, Version>;

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

    /// The first key in `range` that had a value then.
    ///
    /// # Errors
    /// As [`Snapshot::read`], of a key that comes before any such.
    pub fn first(&self, range: &KeyRange) -> Result<Option<Entry>, Overwritten> {
        self.store.state.lock().first_at(range, self.version)
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
        self.versions.get(key).map_or(Ok(Read::default()), |versions| self.held_at(versions, snapshot))
    }

    /// What a key of these versions held then.
    fn held_at(&self, versions: &[Held], snapshot: Version) -> Result<Read, Overwritten> {
        let newer = versions.partition_point(|(version, _)| Rule::VersionInSnapshot.holds(at_most(*version, snapshot)));
        match newer.checked_sub(1) {
            Some(position) => Ok(read(&versions[position])),
            None if snapshot < self.forgotten => Err(Overwritten { latest: newest_of(versions) }),
            None => Ok(Read::default()),
        }
    }

    fn first_at(&self, range: &KeyRange, snapshot: Version) -> Result<Option<Entry>, Overwritten> {
        if range.is_empty() {
            return Ok(None);
        }
        let to = range.to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        for (key, versions) in self.versions.range::<str, _>((Bound::Included(range.from.as_str()), to)) {
            if let Read { value: Some(value), version } = self.held_at(versions, snapshot)? {
                return Ok(Some(Entry { key: key.clone(), value, version }));
            }
        }
        Ok(None)
    }

    fn latest(&self, key: &str) -> Version {
        self.versions.get(key).map_or(0, |versions| newest_of(versions))
    }

    /// Writes the newest version, and drops those that nobody can read any more.
    fn write(&mut self, key: Key, version: Version, value: Option<Value>) -> Verdict {
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
            Command::Put { key, value } => self.write(key, index, Some(value)),
            Command::Delete { key, origin: _ } => self.write(key, index, None),
            Command::Cas { key, expected, value } => {
                let current = self.newest(&key);
                if current.value == expected {
                    self.write(key, index, Some(value))
                } else {
                    Verdict::Unexpected { value: current.value, version: current.version }
                }
            }
            Command::Transaction { snapshot, reads, key, value } => match self.changed_since(snapshot, &reads, &key) {
                Some((key, latest)) => Verdict::Conflict { key, latest },
                None => self.write(key, index, Some(value)),
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
        let (mut saved, mut deleted) = (Saved { newest: BTreeMap::new(), last: state.last }, Tombstones::new());
        for (key, versions) in &state.versions {
            match versions.last() {
                Some((version, Some(value))) => drop(saved.newest.insert(key.clone(), (*version, value.clone()))),
                Some((version, None)) => drop(deleted.insert(key.clone(), *version)),
                None => {}
            }
        }
        let mut bytes = encode(&saved);
        if !deleted.is_empty() {
            bytes.extend(encode(&deleted));
        }
        bytes
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        let (Saved { newest, last }, rest) = postcard::take_from_bytes(state).map_err(|_| Malformed)?;
        let deleted = if rest.is_empty() { Ok(Tombstones::new()) } else { postcard::from_bytes(rest) };
        let deleted = deleted.map_err(|_| Malformed)?.into_iter().map(|(key, version)| (key, (version, None)));
        let newest = newest.into_iter().map(|(key, (version, value))| (key, (version, Some(value))));
        let mut state = self.state.lock();
        state.versions = newest.chain(deleted).map(|(key, held)| (key, vec![held])).collect();
        (state.last, state.forgotten) = (last, last);
        Ok(())
    }
}

fn read((version, value): &Held) -> Read {
    Read { value: value.clone(), version: *version }
}

fn newest_of(versions: &[Held]) -> Version {
    versions.last().map_or(0, |(version, _)| *version)
}

#[cfg(test)]
mod tests;
