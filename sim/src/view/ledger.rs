//! The store as the log makes it: which operation wrote or deleted which version of each key, in the order of the log.
//!
//! An operation has a *place* in that order. A write's is its index. A read, which may be of several keys, takes place
//! somewhere from the newest version that it found on, and no later than the next write of any key that it read. So it *fits*
//! at the first place that real time allows it: later ones only make it harder, for itself and for all that follow.
//!
//! Forgotten is what no operation under way can still be placed before; of each key the newest version always stays.

use crate::history::{Answer, Condition, Effect, Found, KeyId, OpId};
use crate::time::SimTime;
use leasehold::request::Version;
use std::collections::VecDeque;

/// What is remembered of each key before anything is forgotten: to look for what can be forgotten costs, too.
const PATIENCE: usize = 16;

/// The log's own account of the store.
pub(crate) struct Ledger {
    /// By number.
    keys: Vec<Versions>,
    /// The index of the last entry that was taken.
    last: Version,
    patience: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { keys: Vec::new(), last: 0, patience: PATIENCE }
    }
}

/// The versions of a key, oldest first.
#[derive(Default)]
struct Versions(VecDeque<Wrote>);

/// A version of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wrote {
    pub(crate) version: Version,
    /// Whose it is.
    pub(crate) op: OpId,
    /// It is a tombstone.
    pub(crate) deleted: bool,
    /// Whose client waits for it still, when it is first applied; `None`: nobody does.
    pub(crate) client: Option<u32>,
    /// When it was first applied anywhere.
    pub(crate) at: SimTime,
}

impl Wrote {
    /// What a read of it finds.
    pub(crate) fn found(self) -> Found {
        Found { version: self.version, value: (!self.deleted).then_some(self.op) }
    }
}

/// What does not fit at its place: an operation found `found` of `key`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Misfit {
    pub(crate) key: KeyId,
    /// The version; `None`: that it has no value.
    pub(crate) found: Option<Version>,
    /// What had replaced it; `None`: what it found was only written later.
    pub(crate) newer: Option<Wrote>,
}

impl Ledger {
    /// The entry at `index`, first applied at `at`, did this for `client`, where that waits for it still; `floor` is the least place that
    /// an operation under way may still take.
    pub(crate) fn take(
        &mut self,
        (at, index): (SimTime, Version),
        effect: &Effect,
        client: Option<u32>,
        floor: Version,
    ) {
        self.last = index;
        if effect.answer == Answer::Wrote {
            let number = effect.key.0 as usize;
            if number >= self.keys.len() {
                self.keys.resize_with(number + 1, Versions::default);
            }
            let wrote = Wrote { version: index, op: effect.op, deleted: effect.deletes, client, at };
            self.keys[number].push(wrote, floor, self.patience);
        }
    }

    /// The index of the last entry that was taken.
    pub(crate) fn last(&self) -> Version {
        self.last
    }

    /// What applying the entry at `index` must have answered, by what all entries before it did.
    pub(crate) fn due(&self, index: Version, effect: &Effect) -> Answer {
        match &effect.condition {
            Condition::Always => Answer::Wrote,
            Condition::Holds(expected) => {
                let found = self.before(effect.key, index);
                if found.value == *expected { Answer::Wrote } else { Answer::Found(found) }
            }
            Condition::Unchanged { since, reads } => {
                let mut latest = reads.iter().chain([&effect.key]).map(|key| (*key, self.before(*key, index).version));
                let changed = latest.find(|(_, latest)| latest > since);
                changed.map_or(Answer::Wrote, |(key, latest)| Answer::Conflict { key, latest })
            }
        }
    }

    /// What `key` held right before the entry at `index`, as far as that is remembered.
    pub(crate) fn before(&self, key: KeyId, index: Version) -> Found {
        let versions = self.versions(key);
        let newest = versions.and_then(|versions| versions.iter().rev().find(|wrote| wrote.version < index));
        newest.map_or(Found::default(), |wrote| wrote.found())
    }

    /// What `version` of `key` is; `None`: nobody wrote it, or nobody remembers.
    pub(crate) fn wrote(&self, key: KeyId, version: Version) -> Option<Wrote> {
        let versions = self.versions(key)?;
        let position = versions.binary_search_by_key(&version, |wrote| wrote.version).ok()?;
        Some(versions[position])
    }

    /// Is everything remembered of `key` that is newer than `version`?
    pub(crate) fn remembers(&self, key: KeyId, version: Version) -> bool {
        self.versions(key).and_then(VecDeque::front).is_none_or(|oldest| oldest.version <= version)
    }

    /// May an operation that found these take place right at `place`: was each written by then, and none overwritten? `None`: it found
    /// that the key has no value.
    pub(crate) fn fits(
        &self,
        reads: impl Iterator<Item = (KeyId, Option<Version>)>,
        place: Version,
    ) -> Result<(), Misfit> {
        for (key, found) in reads {
            let newer = match found {
                Some(found) => self.next(key, found).filter(|wrote| wrote.version <= place),
                None => self.at(key, place).filter(|wrote| !wrote.deleted),
            };
            if newer.is_some() || found.is_some_and(|found| found > place) {
                return Err(Misfit { key, found, newer });
            }
        }
        Ok(())
    }

    /// The version of `key` at `place`; `None`: it was never written by then, or nobody remembers.
    fn at(&self, key: KeyId, place: Version) -> Option<Wrote> {
        self.versions(key)?.iter().rev().find(|wrote| wrote.version <= place).copied()
    }

    /// What who found at `place` that `key` has no value would have read of it; `None`: it has one.
    pub(crate) fn without_value(&self, key: KeyId, place: Version) -> Option<Found> {
        self.at(key, place).map_or(Some(Found::default()), |wrote| wrote.deleted.then(|| wrote.found()))
    }

    /// The first version of `key` after `version` that is remembered.
    fn next(&self, key: KeyId, version: Version) -> Option<Wrote> {
        let versions = self.versions(key)?;
        versions.get(versions.partition_point(|other| other.version <= version)).copied()
    }

    fn versions(&self, key: KeyId) -> Option<&VecDeque<Wrote>> {
        self.keys.get(key.0 as usize).map(|versions| &versions.0)
    }

    #[cfg(test)]
    pub(crate) fn with_patience(patience: usize) -> Self {
        Self { patience, ..Self::default() }
    }

    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.keys.iter().map(|versions| versions.0.len()).sum()
    }
}

impl Versions {
    fn push(&mut self, wrote: Wrote, floor: Version, patience: usize) {
        self.0.push_back(wrote);
        if self.0.len() > patience {
            // A read at the floor may find the newest version that is not beyond it.
            let needed = self.0.partition_point(|wrote| wrote.version <= floor);
            self.0.drain(..needed.saturating_sub(1));
        }
    }
}
