//! The store as the log makes it: which operation wrote which version of each key, in the order of the log.
//!
//! An operation has a *place* in that order. A write's is its index. A read, which may be of several keys, takes place
//! somewhere from the newest version that it found on, and no later than the next write of any key that it read. So it *fits*
//! at the first place that real time allows it: later ones only make it harder, for itself and for all that follow.
//!
//! Forgotten is what no operation under way can still be placed before; of each key the newest version always stays.

use crate::history::{Answer, Condition, Effect, Found, KeyId, OpId};
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
struct Versions(VecDeque<(Version, OpId)>);

/// What does not fit at its place: an operation found `found` of `key`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Misfit {
    pub(crate) key: KeyId,
    pub(crate) found: Version,
    /// The version that had replaced it, and whose it is; `None`: what it found was only written later.
    pub(crate) newer: Option<(Version, OpId)>,
}

impl Ledger {
    /// The entry at `index` did this; `floor` is the least place that an operation under way may still take.
    pub(crate) fn take(&mut self, index: Version, effect: &Effect, floor: Version) {
        self.last = index;
        if effect.answer == Answer::Wrote {
            let number = effect.key.0 as usize;
            if number >= self.keys.len() {
                self.keys.resize_with(number + 1, Versions::default);
            }
            self.keys[number].push(index, effect.op, floor, self.patience);
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
    fn before(&self, key: KeyId, index: Version) -> Found {
        let versions = self.versions(key);
        let newest = versions.and_then(|versions| versions.iter().rev().find(|(version, _)| *version < index));
        newest.map_or(Found::default(), |(version, op)| Found { version: *version, value: Some(*op) })
    }

    /// Who wrote `version` of `key`; `None`: nobody, or nobody remembers.
    pub(crate) fn writer(&self, key: KeyId, version: Version) -> Option<OpId> {
        let versions = self.versions(key)?;
        let position = versions.binary_search_by_key(&version, |(version, _)| *version).ok()?;
        Some(versions[position].1)
    }

    /// Is everything remembered of `key` that is newer than `version`?
    pub(crate) fn remembers(&self, key: KeyId, version: Version) -> bool {
        self.versions(key).and_then(VecDeque::front).is_none_or(|(oldest, _)| *oldest <= version)
    }

    /// May an operation that found these versions take place right at `place`: was each written by then, and none overwritten?
    pub(crate) fn fits(&self, reads: impl Iterator<Item = (KeyId, Version)>, place: Version) -> Result<(), Misfit> {
        for (key, found) in reads {
            let newer = self.next(key, found).filter(|(version, _)| *version <= place);
            if newer.is_some() || found > place {
                return Err(Misfit { key, found, newer });
            }
        }
        Ok(())
    }

    /// The first version of `key` after `version` that is remembered.
    fn next(&self, key: KeyId, version: Version) -> Option<(Version, OpId)> {
        let versions = self.versions(key)?;
        versions.get(versions.partition_point(|(other, _)| *other <= version)).copied()
    }

    fn versions(&self, key: KeyId) -> Option<&VecDeque<(Version, OpId)>> {
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
    fn push(&mut self, version: Version, op: OpId, floor: Version, patience: usize) {
        self.0.push_back((version, op));
        if self.0.len() > patience {
            // A read at the floor may find the newest version that is not beyond it.
            let needed = self.0.partition_point(|(version, _)| *version <= floor);
            self.0.drain(..needed.saturating_sub(1));
        }
    }
}
