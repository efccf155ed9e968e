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
//!
//! Which keys the group has is part of the state too, and decided by the log alone (`owned`). A range moves only while nothing was ever
//! written in it, deletes included: what a version is worth depends on the log that it is an index of.

mod command;
mod owned;

use crate::engine::{Malformed, StateMachine};
use crate::env::GroupId;
use crate::request::{Entry, Key, KeyRange, Read, Value, Version};
use crate::routes::{Route, Routes, Table};
use crate::rules::{Rule, at_most, is};
use owned::Owned;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use command::encode;
pub use command::{Command, Verdict};

/// The keys of a group, on one replica.
pub struct Store {
    state: Mutex<State>,
}

struct State {
    /// Which keys the group has.
    owned: Owned,
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

/// What a snapshot of the state machine holds; behind it, as far as there is any, the newest version of each key that has been deleted, and
/// then, where ranges have moved, who has which keys. What was saved before there were deletes and moves can be restored still.
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

/// Why a key is not read from a snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unread {
    /// It was written after the snapshot, and what it was before is not known any more.
    Overwritten {
        /// The version that the key has now.
        latest: Version,
    },
    /// The group does not have it; this it knows of who has.
    Elsewhere(Route),
}

/// That of the only group, which has all keys.
impl Default for Store {
    fn default() -> Self {
        Self::new(GroupId::FIRST, Routes::all_to(GroupId::FIRST))
    }
}

impl Store {
    /// The store of a group that was founded with the keys that `routes` give it: the same on every replica.
    pub fn new(group: GroupId, routes: Routes) -> Self {
        let owned = Owned::new(group, routes);
        let (versions, in_use) = (BTreeMap::new(), BTreeMap::new());
        Self { state: Mutex::new(State { owned, versions, last: 0, forgotten: 0, in_use }) }
    }

    /// From now on `table` learns of each range that the group releases or adopts.
    pub fn teach(&self, table: Arc<Table>) {
        self.state.lock().owned.teach(table);
    }

    /// The newest version of everything: reads at it see all that is applied.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let mut state = self.state.lock();
        let version = state.last;
        *state.in_use.entry(version).or_default() += 1;
        Snapshot { store: self, version }
    }

    /// The newest value of `key`.
    ///
    /// # Errors
    /// The group does not have the key; what it knows of who has.
    pub fn read(&self, key: &str) -> Result<Read, Route> {
        let state = self.state.lock();
        state.unread(key).map_or_else(|| Ok(state.newest(key)), Err)
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
    /// [`Unread::Overwritten`]: the replica has gone on from a leader's snapshot since, in which the key is newer. A transaction that reads
    /// from here would be refused. [`Unread::Elsewhere`]: as for [`Store::read`].
    pub fn read(&self, key: &str) -> Result<Read, Unread> {
        let state = self.store.state.lock();
        state.unread(key).map_or_else(|| state.read_at(key, self.version), |route| Err(Unread::Elsewhere(route)))
    }

    /// The first key in `range` that had a value then.
    ///
    /// # Errors
    /// As [`Snapshot::read`]: of a key that comes before any such; of a part of the range that the group does not have.
    pub fn first(&self, range: &KeyRange) -> Result<Option<Entry>, Unread> {
        let state = self.store.state.lock();
        match state.part_unread(range) {
            Some(route) => Err(Unread::Elsewhere(route)),
            None => state.first_at(range, self.version),
        }
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
    /// What is known of a key that the group does not have, and that is therefore not read.
    fn unread(&self, key: &str) -> Option<Route> {
        unless(Rule::OwnedWhenRead, self.owned.elsewhere(key))
    }

    /// The same of the first part of a range; of an empty one there is none.
    fn part_unread(&self, range: &KeyRange) -> Option<Route> {
        let elsewhere = if range.is_empty() { None } else { self.owned.part_elsewhere(range) };
        unless(Rule::OwnedWhenRead, elsewhere)
    }

    /// What is known of the first of these keys that the group does not have. An entry about it does nothing.
    fn refused<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Option<Route> {
        let elsewhere = keys.into_iter().find_map(|key| self.owned.elsewhere(key));
        unless(Rule::OwnedWhenApplied, elsewhere)
    }

    fn newest(&self, key: &str) -> Read {
        self.versions.get(key).and_then(|versions| versions.last()).map_or_else(Read::default, read)
    }

    fn read_at(&self, key: &str, snapshot: Version) -> Result<Read, Unread> {
        self.versions.get(key).map_or(Ok(Read::default()), |versions| self.held_at(versions, snapshot))
    }

    /// What a key of these versions held then.
    fn held_at(&self, versions: &[Held], snapshot: Version) -> Result<Read, Unread> {
        let newer = versions.partition_point(|(version, _)| Rule::VersionInSnapshot.holds(at_most(*version, snapshot)));
        match newer.checked_sub(1) {
            Some(position) => Ok(read(&versions[position])),
            None if snapshot < self.forgotten => Err(Unread::Overwritten { latest: newest_of(versions) }),
            None => Ok(Read::default()),
        }
    }

    fn first_at(&self, range: &KeyRange, snapshot: Version) -> Result<Option<Entry>, Unread> {
        if range.is_empty() {
            return Ok(None);
        }
        for (key, versions) in self.versions.range::<str, _>(range.bounds()) {
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
        if let Some(route) = self.refused(command.keys()) {
            return Verdict::Elsewhere(route);
        }
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
            Command::Release { range, to } => self.release(&range, to),
            Command::Adopt { range, version } => {
                self.owned.adopt(&range, version).map_or_else(Verdict::Elsewhere, |()| Verdict::Adopted)
            }
        }
    }

    /// Lets go of a range in which nothing was ever written.
    fn release(&mut self, range: &KeyRange, to: GroupId) -> Verdict {
        let written = (!range.is_empty()).then(|| self.versions.range::<str, _>(range.bounds()).next()).flatten();
        if let Some((key, _)) = written {
            return Verdict::InUse { key: key.clone() };
        }
        self.owned.release(range, to).map_or_else(Verdict::Elsewhere, |version| Verdict::Released { version })
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
        let moved = state.owned.moved();
        if !deleted.is_empty() || moved.is_some() {
            bytes.extend(encode(&deleted));
        }
        bytes.extend(moved.map(encode).unwrap_or_default());
        bytes
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        let (Saved { newest, last }, rest) = postcard::take_from_bytes(state).map_err(|_| Malformed)?;
        let (deleted, rest) = next::<Tombstones>(rest)?;
        let (moved, rest) = next::<Routes>(rest)?;
        if !rest.is_empty() {
            return Err(Malformed);
        }
        let deleted = deleted.unwrap_or_default().into_iter().map(|(key, version)| (key, (version, None)));
        let newest = newest.into_iter().map(|(key, (version, value))| (key, (version, Some(value))));
        let mut state = self.state.lock();
        state.owned.restore(moved);
        state.versions = newest.chain(deleted).map(|(key, held)| (key, vec![held])).collect();
        (state.last, state.forgotten) = (last, last);
        Ok(())
    }
}

/// What comes next in a snapshot, if anything does, and what is behind it.
fn next<T: DeserializeOwned>(bytes: &[u8]) -> Result<(Option<T>, &[u8]), Malformed> {
    if bytes.is_empty() {
        return Ok((None, bytes));
    }
    let (it, rest) = postcard::take_from_bytes(bytes).map_err(|_| Malformed)?;
    Ok((Some(it), rest))
}

/// Who has what a group does not have, unless this `rule` holds: that the group has all that is asked for.
fn unless(rule: Rule, elsewhere: Option<Route>) -> Option<Route> {
    if rule.holds(is(elsewhere.is_none())) { None } else { elsewhere }
}

fn read((version, value): &Held) -> Read {
    Read { value: value.clone(), version: *version }
}

fn newest_of(versions: &[Held]) -> Version {
    versions.last().map_or(0, |(version, _)| *version)
}

#[cfg(test)]
mod tests;
